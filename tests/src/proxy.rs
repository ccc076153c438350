//! A line that breaks: passes bytes on to a server, and cuts every connection after so many of them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use anyhow::Result;

/// Listens until the process ends.
pub struct CuttingProxy {
    /// Where it listens.
    pub url: String,
    state: Arc<State>,
}

struct State {
    /// Bytes from the clients until the next cut.
    left: AtomicI64,
    /// Bytes between two cuts.
    between: AtomicI64,
    cuts: AtomicU64,
}

impl CuttingProxy {
    /// In front of `http://host:port`; it cuts nothing at first.
    ///
    /// # Errors
    /// No port is free.
    pub fn start(server_url: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let target = server_url.trim_start_matches("http://").to_owned();
        let state = Arc::new(State {
            left: AtomicI64::new(i64::MAX),
            between: AtomicI64::new(i64::MAX),
            cuts: AtomicU64::new(0),
        });
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (state, target) = (shared.clone(), target.clone());
                std::thread::spawn(move || serve(&client, &target, &state));
            }
        });
        Ok(Self { url, state })
    }

    /// From now on, cuts after each so many bytes that clients send.
    pub fn cut_every(&self, bytes: i64) {
        self.state.between.store(bytes, Ordering::Relaxed);
        self.state.left.store(bytes, Ordering::Relaxed);
    }

    /// How often it has cut.
    pub fn cuts(&self) -> u64 {
        self.state.cuts.load(Ordering::Relaxed)
    }
}

/// Broken connections are what this is for: errors end the connection and nothing else.
fn serve(client: &TcpStream, target: &str, state: &State) {
    let Ok(server) = TcpStream::connect(target) else {
        return;
    };
    std::thread::scope(|threads| {
        threads.spawn(|| {
            pass(&server, client, |_| true);
            let _ = client.shutdown(Shutdown::Both);
        });
        pass(client, &server, |bytes| {
            let left = state.left.fetch_sub(bytes, Ordering::Relaxed) - bytes;
            if left <= 0 {
                state.cuts.fetch_add(1, Ordering::Relaxed);
                let between = state.between.load(Ordering::Relaxed);
                state.left.store(between, Ordering::Relaxed);
            }
            left > 0
        });
        for end in [client, &server] {
            let _ = end.shutdown(Shutdown::Both);
        }
    });
}

/// Until the end, an error, or `go_on` says no.
fn pass(mut from: &TcpStream, mut to: &TcpStream, go_on: impl Fn(i64) -> bool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(n) = from.read(&mut buffer) {
        let sent = buffer.get(..n).is_some_and(|b| to.write_all(b).is_ok());
        if n == 0 || !sent || !go_on(n as i64) {
            return;
        }
    }
}
