//! A fake printer at the end of a wire.

#![expect(
    clippy::disallowed_methods,
    reason = "a fake printer listens to a socket, and wakes itself up to end"
)]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::fake::FakePrinter;

/// A fake printer that listens on the loopback. Its time goes on when it is sent something. It ends when dropped.
#[derive(Debug)]
pub struct FakeServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    printer: FakePrinter,
    /// The connection is cut once so many bytes more have come.
    cut_after: Option<usize>,
    restart_when_cut: bool,
    ends: bool,
}

impl FakeServer {
    /// Begins to listen on a free port.
    ///
    /// # Errors
    /// There is no loopback.
    pub fn start(printer: FakePrinter) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            printer,
            cut_after: None,
            restart_when_cut: false,
            ends: false,
        }));
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            // One connection at a time, as a printer does it.
            for stream in listener.incoming().flatten() {
                if lock(&shared).ends {
                    break;
                }
                // A connection that breaks is what this is for.
                let _ = attend(stream, &shared);
                let mut state = lock(&shared);
                if std::mem::take(&mut state.restart_when_cut) {
                    state.printer.restart();
                } else {
                    state.printer.disconnect();
                }
            }
        });
        Ok(Self {
            address,
            state,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts the connection after so many bytes more; switches off and on then, if asked to.
    pub fn cut_after(&self, bytes: usize, restart: bool) {
        let mut state = lock(&self.state);
        state.cut_after = Some(bytes);
        state.restart_when_cut = restart;
    }

    /// Does something with the printer, as a person in front of it.
    pub fn with<T>(&self, act: impl FnOnce(&mut FakePrinter) -> T) -> T {
        act(&mut lock(&self.state).printer)
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        lock(&self.state).ends = true;
        // Wakes the thread up.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn attend(mut stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let mut cut = false;
        let said = {
            let mut state = lock(state);
            let mut taken = buffer.get(..count).unwrap_or_default();
            if let Some(left) = state.cut_after {
                cut = left <= count;
                taken = taken.get(..left.min(count)).unwrap_or_default();
                state.cut_after = (!cut).then(|| left - count);
            }
            state.printer.receive(taken);
            for _ in 0..4 {
                state.printer.tick();
            }
            state.printer.take_said()
        };
        if cut {
            return Ok(());
        }
        stream.write_all(&said)?;
    }
}
