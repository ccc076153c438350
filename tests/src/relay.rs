//! A TCP relay between a handheld and the server, whose line can be made bad on command.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use testkit::random::Random;

/// What the line does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// It passes them on.
    Good,
    /// Open connections are closed, new ones die at once.
    Cut,
    /// Connections stay open and nothing passes; what was said meanwhile arrives when the line is good again.
    Stalled,
    /// So many bytes a second in each direction of each connection.
    Slow(u32),
    /// In about every third piece one bit arrives wrong.
    Corrupt,
}

/// Passes connections on to the server. Dropping it cuts them.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    corrupted: AtomicU64,
}

#[derive(Debug)]
struct State {
    line: Line,
    /// Connections before this one were lost without a word.
    first_alive: u64,
    next: u64,
    open: HashMap<u64, [TcpStream; 2]>,
    random: Random,
}

impl Relay {
    /// Listens on a free port of this machine. `seed`: which bits arrive wrong.
    ///
    /// # Errors
    /// There is no free port.
    pub fn to(server: SocketAddr, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                line: Line::Good,
                first_alive: 0,
                next: 0,
                open: HashMap::new(),
                random: Random::new(seed),
            }),
            changed: Condvar::new(),
            corrupted: AtomicU64::new(0),
        });
        let of_thread = shared.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A connection that cannot be passed on is dropped, which is what a dead server feels like.
                if of_thread.lock().line != Line::Cut {
                    let _ = of_thread.connect(near, server);
                }
            }
        });
        Ok(Self { address, shared })
    }

    /// Where handhelds find it.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes the line so, for open connections and for new ones.
    pub fn set(&self, line: Line) {
        let mut state = self.shared.lock();
        state.line = line;
        if line == Line::Cut {
            for (_, streams) in state.open.drain() {
                close(&streams);
            }
        }
        self.shared.changed.notify_all();
    }

    /// Loses the open connections without a word, as a router does that forgets them: neither end is told, and what
    /// they say vanishes. New connections are not concerned.
    pub fn lose_open(&self) {
        let mut state = self.shared.lock();
        state.first_alive = state.next;
    }

    /// Pieces that arrived wrong.
    pub fn corrupted(&self) -> u64 {
        self.shared.corrupted.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.set(Line::Cut);
    }
}

/// An end that is closed already stays closed.
fn close(streams: &[TcpStream; 2]) {
    for stream in streams {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// What becomes of a piece.
enum Fate {
    /// It goes on after this wait.
    Passes(Duration),
    Vanishes,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, near: TcpStream, server: SocketAddr) -> io::Result<()> {
        let far = TcpStream::connect(server)?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let id = {
            let mut state = self.lock();
            let id = state.next;
            state.next += 1;
            let both = [near.try_clone()?, far.try_clone()?];
            if state.line == Line::Cut {
                close(&both);
            }
            state.open.insert(id, both);
            id
        };
        for (from, to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
            let shared = self.clone();
            thread::spawn(move || shared.pump(id, from, to));
        }
        Ok(())
    }

    /// Passes one direction on until an end closes.
    fn pump(&self, id: u64, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 2_048];
        loop {
            let n = from.read(&mut buffer).unwrap_or(0);
            let Some(piece) = buffer.get_mut(..n) else {
                break;
            };
            match self.fate(id, piece) {
                Fate::Passes(_) if n == 0 => {
                    let _ = to.shutdown(Shutdown::Both);
                    break;
                }
                Fate::Passes(wait) => {
                    thread::sleep(wait);
                    if to.write_all(piece).is_err() {
                        break;
                    }
                }
                // Not even the end of the connection is told.
                Fate::Vanishes if n == 0 => return,
                Fate::Vanishes => {}
            }
        }
        self.lock().open.remove(&id);
    }

    /// Waits while the line is stalled. An empty piece is the end of the connection.
    fn fate(&self, id: u64, piece: &mut [u8]) -> Fate {
        let mut state = self.lock();
        loop {
            if id < state.first_alive {
                return Fate::Vanishes;
            }
            match state.line {
                Line::Good | Line::Cut => return Fate::Passes(Duration::ZERO),
                Line::Slow(rate) => {
                    let seconds = piece.len() as f64 / f64::from(rate);
                    return Fate::Passes(Duration::from_secs_f64(seconds));
                }
                Line::Corrupt => {
                    if !piece.is_empty() && state.random.one_in(3) {
                        let bit = state.random.below(piece.len() as u64 * 8) as usize;
                        if let Some(byte) = piece.get_mut(bit / 8) {
                            *byte ^= 1 << (bit % 8);
                        }
                        self.corrupted.fetch_add(1, Ordering::Relaxed);
                    }
                    return Fate::Passes(Duration::ZERO);
                }
                Line::Stalled => {
                    let waited = self.changed.wait(state);
                    state = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says back what it hears.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || io::copy(&mut stream.try_clone()?, &mut &stream));
            }
        });
        address
    }

    fn connect(relay: &Relay, patience_ms: u64) -> TcpStream {
        let stream = TcpStream::connect(relay.address()).unwrap();
        let patience = Some(Duration::from_millis(patience_ms));
        stream.set_read_timeout(patience).unwrap();
        stream
    }

    fn hears(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
        let mut heard = vec![0; 64];
        stream.write_all(&[7; 64])?;
        stream.read_exact(&mut heard)?;
        Ok(heard)
    }

    #[test]
    fn a_good_line_passes_and_a_cut_one_closes() {
        let relay = Relay::to(echo(), 1).unwrap();
        let stream = connect(&relay, 10_000);
        assert_eq!(hears(&stream).unwrap(), [7; 64]);
        relay.set(Line::Cut);
        assert!(hears(&stream).is_err(), "the open connection is cut");
        assert!(hears(&connect(&relay, 10_000)).is_err(), "a new one dies");
        relay.set(Line::Good);
        assert_eq!(hears(&connect(&relay, 10_000)).unwrap(), [7; 64]);
    }

    #[test]
    fn a_stalled_line_passes_nothing_and_then_everything() {
        let relay = Relay::to(echo(), 1).unwrap();
        let mut stream = connect(&relay, 200);
        relay.set(Line::Stalled);
        let told = hears(&stream).unwrap_err().kind();
        assert_eq!(told, io::ErrorKind::WouldBlock, "open, and silent");
        stream.set_read_timeout(None).unwrap();
        relay.set(Line::Good);
        let mut heard = [0; 64];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(heard, [7; 64]);
    }

    #[test]
    fn a_lost_connection_stays_silent_and_a_new_one_works() {
        let relay = Relay::to(echo(), 1).unwrap();
        let stream = connect(&relay, 200);
        assert_eq!(hears(&stream).unwrap(), [7; 64]);
        relay.lose_open();
        let told = hears(&stream).unwrap_err().kind();
        assert_eq!(told, io::ErrorKind::WouldBlock);
        assert_eq!(hears(&connect(&relay, 10_000)).unwrap(), [7; 64]);
    }

    #[test]
    fn a_corrupting_line_changes_single_bits_and_a_slow_one_none() {
        let relay = Relay::to(echo(), 1).unwrap();
        let stream = connect(&relay, 10_000);
        relay.set(Line::Slow(1_000_000));
        assert_eq!(hears(&stream).unwrap(), [7; 64]);
        relay.set(Line::Corrupt);
        let wrong: u32 = (0..20)
            .flat_map(|_| hears(&stream).unwrap())
            .map(|byte| (byte ^ 7).count_ones())
            .sum();
        // A bit that is turned twice is right again.
        assert!(wrong > 0 && u64::from(wrong) <= relay.corrupted());
    }
}
