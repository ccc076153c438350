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
