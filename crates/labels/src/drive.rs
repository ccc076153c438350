//! Runs a job's steps over a transport, on a thread that may block.

use std::sync::Arc;
use std::time::Duration;

use crate::address::Address;
use crate::job::{Event, Keep, Need, PrintJob, Question, Step};
use crate::transport::{self, Transport, TransportError};

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a printer may take nothing before it counts as lost: it feeds and heats for seconds.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// What the caller has to do before the driver goes on.
#[derive(Debug)]
pub enum Pause {
    /// Wait so long, show what is needed, then tell the job [`Event::Rested`].
    Rest {
        ms: u32,
        need: Option<Need>,
    },
    /// Ask a person, then tell the job [`Event::Answered`].
    Ask(Question),
    Done,
}

/// Opens a connection, as [`transport::open`] does; systems whose printers are reached in another way have their own.
pub type Open =
    dyn Fn(&Address, Duration) -> Result<Box<dyn Transport>, TransportError> + Send + Sync;

/// Holds the connection of one job.
pub struct Driver {
    address: Address,
    open: Arc<Open>,
    connection: Option<Box<dyn Transport>>,
    /// Why the connection was lost last, for the log and the screen.
    trouble: Option<TransportError>,
}

impl Driver {
    /// A driver that is not connected yet.
    pub fn new(address: Address) -> Self {
        Self::through(address, Arc::new(transport::open))
    }

    /// A driver that is not connected yet, and will be through `open`.
    pub fn through(address: Address, open: Arc<Open>) -> Self {
        Self {
            address,
            open,
            connection: None,
            trouble: None,
        }
    }

    /// Why there is no connection.
    pub fn trouble(&self) -> Option<&TransportError> {
        self.trouble.as_ref()
    }

    /// Does steps until one needs the caller. `store` is called before any step that must not be done unstored.
    ///
    /// # Errors
    /// What `store` fails with. The job is then not to be driven further, but to be loaded again.
    pub fn run<E>(
        &mut self,
        job: &mut PrintJob,
        mut store: impl FnMut(&PrintJob) -> Result<(), E>,
    ) -> Result<Pause, E> {
        loop {
            let event = match job.step() {
                Step::Done => {
                    self.connection = None;
                    return Ok(Pause::Done);
                }
                Step::Rest { ms, need } => return Ok(Pause::Rest { ms, need }),
                Step::Ask(question) => return Ok(Pause::Ask(question)),
                Step::Connect => self.connect(),
                Step::Send(bytes) => self.with_connection(|connection| {
                    connection.write(&bytes, WRITE_WITHIN)?;
                    Ok(Event::Sent)
                }),
                Step::Read { within_ms } => self.with_connection(|connection| {
                    let bytes = connection.read(Duration::from_millis(within_ms.into()))?;
                    Ok(if bytes.is_empty() {
                        Event::Silence
                    } else {
                        Event::Received(bytes)
                    })
                }),
            };
            if job.handle(event) == Keep::Store {
                store(job)?;
            }
        }
    }

    fn connect(&mut self) -> Event {
        // Most printers take one connection at a time.
        self.connection = None;
        match (self.open)(&self.address, CONNECT_WITHIN) {
            Ok(connection) => {
                self.connection = Some(connection);
                self.trouble = None;
                Event::Connected
            }
            Err(error) => {
                self.trouble = Some(error);
                Event::ConnectionLost
            }
        }
    }

    fn with_connection(
        &mut self,
        act: impl FnOnce(&mut dyn Transport) -> Result<Event, TransportError>,
    ) -> Event {
        let Some(connection) = self.connection.as_mut() else {
            return Event::ConnectionLost;
        };
        act(connection.as_mut()).unwrap_or_else(|error| {
            self.connection = None;
            self.trouble = Some(error);
            Event::ConnectionLost
        })
    }
}
