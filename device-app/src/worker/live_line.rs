//! The live connection of the sync driver: which line is the one, and what its frames mean.

use protocol::LiveFrame;
use protocol::live::LIVE_REQUEST_BYTES_MAX;
use replica::{Replica, ReplicaError};
use sync_core::{Event, Failure, LiveEffect, LiveEvent};

use super::ToWorker;
use super::sync_driver::{SyncDriver, SyncNews, failed};
use crate::transport::{LiveLine, LiveNews, Server};

/// The line under way, if there is one.
#[derive(Default)]
pub(super) struct LiveState {
    line: Option<LiveLine>,
    /// News of earlier lines are none any more.
    number: u64,
    open: bool,
    /// A request went out on it, and its answer has not come.
    awaited: bool,
}

impl LiveState {
    /// Leaves the line. What was asked on it has failed.
    fn leave(&mut self) -> Option<Event> {
        self.line = None;
        self.open = false;
        std::mem::take(&mut self.awaited).then_some(Event::Failed(Failure::Unreachable))
    }
}

impl SyncDriver {
    /// Whether the live connection is open.
    pub(crate) fn is_live(&self) -> bool {
        self.live.open
    }

    /// Sends over the line, or gives the request back to be posted.
    pub(super) fn send_live(&mut self, request: Vec<u8>) -> Option<Vec<u8>> {
        match &self.live.line {
            Some(line) if self.live.open && request.len() <= LIVE_REQUEST_BYTES_MAX => {
                line.request(request);
                self.live.awaited = true;
                None
            }
            _ => Some(request),
        }
    }

    /// Carries out what the device half wants; what follows at once comes back.
    pub(super) fn live_effect(&mut self, effect: LiveEffect, replica: &Replica) -> Option<Event> {
        match effect {
            LiveEffect::Open => self.open_live(replica),
            LiveEffect::Ping => {
                if let Some(line) = &self.live.line {
                    line.ping();
                }
                None
            }
            LiveEffect::Close => self.live.leave(),
        }
    }

    fn open_live(&mut self, replica: &Replica) -> Option<Event> {
        let closed = Some(Event::Live(LiveEvent::Closed));
        let Ok(identity) = replica.enrolled() else {
            return closed;
        };
        let server = Server {
            url: identity.server_url.clone(),
            fingerprint: identity.pinned_certificate,
        };
        self.live.number += 1;
        let (number, to) = (self.live.number, self.answers.clone());
        let tell = Box::new(move |news| {
            // The worker may have ended meanwhile.
            let _ = to.send(ToWorker::Live(number, news));
        });
        self.live.line = self.network.open_live(server, identity.token.clone(), tell);
        if self.live.line.is_none() {
            return closed;
        }
        None
    }

    /// Something happened to a line.
    pub(crate) fn live_news(
        &mut self,
        line: u64,
        news: LiveNews,
        replica: &mut Replica,
        now: i64,
    ) -> SyncNews {
        if line != self.live.number || self.live.line.is_none() {
            return SyncNews::default();
        }
        let event = match news {
            LiveNews::Opened => {
                self.live.open = true;
                Some(Event::Live(LiveEvent::Opened))
            }
            LiveNews::Heard => Some(Event::Live(LiveEvent::Heard)),
            LiveNews::Frame(bytes) => match LiveFrame::from_bytes(&bytes) {
                Ok(frame) => self
                    .frame_event(frame, replica, now)
                    .unwrap_or_else(|error| Some(failed(&error))),
                // Nothing that follows on this line can be trusted to be the answer.
                Err(_) => return self.line_gone(replica, now),
            },
            LiveNews::Closed => return self.line_gone(replica, now),
        };
        event.map_or_else(SyncNews::default, |event| self.handle(event, replica, now))
    }

    fn line_gone(&mut self, replica: &mut Replica, now: i64) -> SyncNews {
        let mut news = SyncNews::default();
        if let Some(event) = self.live.leave() {
            news = self.handle(event, replica, now);
        }
        self.handle(Event::Live(LiveEvent::Closed), replica, now);
        news
    }

    fn frame_event(
        &mut self,
        frame: LiveFrame,
        replica: &mut Replica,
        now: i64,
    ) -> Result<Option<Event>, ReplicaError> {
        Ok(match frame {
            LiveFrame::Reply(reply) if self.live.awaited => {
                self.live.awaited = false;
                Some(self.replied(reply, replica, now))
            }
            LiveFrame::Refused(refusal) if self.live.awaited => {
                self.live.awaited = false;
                Some(Event::Refused(refusal))
            }
            // Late answers to what has failed.
            LiveFrame::Reply(_) | LiveFrame::Refused(_) => None,
            LiveFrame::Entries(entries) => Some(Event::Live(LiveEvent::Entries {
                position: exchange::position(replica, entries.partition)?,
                entries,
            })),
            LiveFrame::Hint(hint) => Some(Event::Live(LiveEvent::Hint {
                position: exchange::position(replica, hint.partition)?,
                hint,
            })),
        })
    }
}
