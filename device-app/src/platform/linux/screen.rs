//! Keeps the screen on, through all who could switch it off: the X server's own timer, which is what a kiosk without a
//! desktop has, and the desktop, where there is one.
//!
//! Both forget it when the program ends, however it ends, since they watch its connection.

use std::sync::mpsc::{Sender, channel};

use x11rb::connection::Connection as _;
use x11rb::protocol::screensaver::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use zbus::blocking::Connection as Bus;

/// Somebody who keeps the screen on for as long as this lives.
type Hold = Box<dyn Send>;

/// Does it on a thread of its own: a desktop that hangs holds nobody up.
pub(super) struct ScreenKeeper {
    queue: Sender<bool>,
}

impl ScreenKeeper {
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let (queue, wanted) = channel();
        std::thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || {
                let mut holds: Vec<Hold> = Vec::new();
                while let Ok(mut on) = wanted.recv() {
                    // Only the newest wish counts.
                    while let Ok(newer) = wanted.try_recv() {
                        on = newer;
                    }
                    if on && holds.is_empty() {
                        holds = hold_all();
                    } else if !on {
                        holds.clear();
                    }
                }
            })?;
        Ok(Self { queue })
    }

    pub(super) fn keep(&self, on: bool) {
        // Without the thread the screen goes off at its time, which is no reason to stop.
        let _ = self.queue.send(on);
    }
}

fn hold_all() -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    match suspend() {
        Ok(server) => holds.push(Box::new(server)),
        Err(error) => tracing::debug!(%error, "the X server does not keep the screen on"),
    }
    match Bus::session().and_then(Inhibition::ask) {
        Ok(inhibition) => holds.push(Box::new(inhibition)),
        Err(error) => tracing::debug!(%error, "the desktop does not keep the screen on"),
    }
    if holds.is_empty() {
        tracing::warn!("nobody keeps the screen on");
    }
    holds
}

/// Stops the timers of the X server (blanking and DPMS) until the connection is closed: XScreenSaverSuspend of the
/// MIT-SCREEN-SAVER extension.
fn suspend() -> Result<RustConnection, Box<dyn std::error::Error>> {
    let (server, _) = RustConnection::connect(None)?;
    // From this version on it can be suspended.
    server.screensaver_query_version(1, 1)?.reply()?;
    server.screensaver_suspend(1)?.check()?;
    server.flush()?;
    Ok(server)
}

const SERVICE: &str = "org.freedesktop.ScreenSaver";
const PATH: &str = "/org/freedesktop/ScreenSaver";

/// What the desktop has been asked, by the interface that GNOME, KDE and Xfce share.
struct Inhibition {
    bus: Bus,
    cookie: u32,
}

impl Inhibition {
    fn ask(bus: Bus) -> zbus::Result<Self> {
        let by = ("tallyman", "work under way");
        let answer = bus.call_method(Some(SERVICE), PATH, Some(SERVICE), "Inhibit", &by)?;
        let cookie = answer.body().deserialize()?;
        Ok(Self { bus, cookie })
    }
}

impl Drop for Inhibition {
    fn drop(&mut self) {
        let answer = self.bus.call_method(
            Some(SERVICE),
            PATH,
            Some(SERVICE),
            "UnInhibit",
            &self.cookie,
        );
        if let Err(error) = answer {
            // The desktop sees the connection end.
            tracing::debug!(%error, "the desktop was not told");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::sync::{Arc, Mutex};

    use zbus::Guid;
    use zbus::blocking::connection::Builder;

    use super::*;

    #[derive(Default, Clone)]
    struct Desktop {
        told: Arc<Mutex<Vec<String>>>,
    }

    #[zbus::interface(name = "org.freedesktop.ScreenSaver")]
    impl Desktop {
        fn inhibit(&self, who: &str, _why: &str) -> u32 {
            self.told.lock().unwrap().push(format!("inhibit {who}"));
            42
        }

        fn un_inhibit(&self, cookie: u32) {
            self.told.lock().unwrap().push(format!("allow {cookie}"));
        }
    }

    #[test]
    fn a_desktop_is_asked_and_released_with_its_own_number() {
        let desktop = Desktop::default();
        let (ours, its) = UnixStream::pair().unwrap();
        let serves = desktop.clone();
        let server = std::thread::spawn(move || {
            Builder::async_io_unix_stream(its)
                .server(Guid::generate())
                .unwrap()
                .p2p()
                .serve_at(PATH, serves)
                .unwrap()
                .build()
                .unwrap()
        });
        let bus = Builder::async_io_unix_stream(ours).p2p().build().unwrap();
        let _server = server.join().unwrap();
        let told = || desktop.told.lock().unwrap().clone();
        let inhibition = Inhibition::ask(bus).unwrap();
        assert_eq!(told(), ["inhibit tallyman"]);
        drop(inhibition);
        assert_eq!(told(), ["inhibit tallyman", "allow 42"]);
    }
}
