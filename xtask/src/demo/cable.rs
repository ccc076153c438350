//! The network between handhelds and server, with a plug that can be pulled.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Passes connections on to the server while it is plugged in.
pub(crate) struct Cable {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pulled: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Cable {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A connection that is dropped at once is what a dead network feels like.
                if !of_thread.pulled.load(Ordering::SeqCst) {
                    let _ = of_thread.connect(near, server);
                }
            }
        });
        Ok(Self { address, shared })
    }

    /// What handhelds call the server.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts all connections; new ones die.
    pub(crate) fn pull(&self) {
        self.shared.pulled.store(true, Ordering::SeqCst);
        for stream in self.shared.lock().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub(crate) fn plug_in(&self) {
        self.shared.pulled.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self, near: TcpStream, server: SocketAddr) -> io::Result<()> {
        let far = TcpStream::connect(server)?;
        self.lock().extend([near.try_clone()?, far.try_clone()?]);
        for (mut from, mut to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
            thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::time::Duration;

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

    fn connect(cable: &Cable) -> TcpStream {
        let stream = TcpStream::connect(cable.address).unwrap();
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).unwrap();
        stream
    }

    fn hears(mut stream: &TcpStream) -> bool {
        let mut heard = [0; 2];
        stream.write_all(b"hi").is_ok() && stream.read_exact(&mut heard).is_ok()
    }

    #[test]
    fn a_pulled_cable_carries_nothing() {
        let cable = Cable::to(echo()).unwrap();
        let stream = connect(&cable);
        assert!(hears(&stream));
        cable.pull();
        assert!(!hears(&stream), "the open connection is cut");
        assert!(!hears(&connect(&cable)), "a new one dies");
        cable.plug_in();
        assert!(hears(&connect(&cable)));
    }
}
