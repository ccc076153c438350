//! The live connection of the sync driver: which line is the one, and what its frames mean.

use protocol::live::LIVE_REQUEST_BYTES_MAX;
use protocol::{LiveEntries, LiveFrame, LivePacking, WireError};
use replica::{Replica, ReplicaError};
use sync_core::{Event, Failure, LiveEffect, LiveEvent};

use super::ToWorker;
use super::sync_driver::{SyncDriver, SyncNews, failed};
use crate::transport::{LiveLine, LiveNews, Server};

/// The line under way, if there is one.
#[derive(Default)]
pub(super) struct LiveState {
    line: Option<LiveLine>,
    packing: LivePacking,
    /// News of earlier lines are none any more.
    number: u64,
    open: bool,
    /// A request went out on it, and its answer has not come.
    awaited: bool,
}

/// Why a frame is not taken.
#[derive(Debug, thiserror::Error)]
enum FrameError {
    #[error("the frame cannot be read")]
    Unreadable(#[from] WireError),
    #[error("the replica failed")]
    Replica(#[from] ReplicaError),
}

impl LiveState {
    /// Leaves the line. What was asked on it has failed.
    fn leave(&mut self) -> Option<Event> {
        self.line = None;
        self.open = false;
        std::mem::take(&mut self.awaited).then_some(Event::Failed(Failure::Cut))
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
        self.live.packing = LivePacking::default();
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
            LiveNews::Frame(bytes) => match self.frame_event(&bytes, replica, now) {
                Ok(event) => event,
                Err(FrameError::Replica(error)) => Some(failed(&error)),
                // Nothing that follows on this line can be trusted to be the answer.
                Err(FrameError::Unreadable(_)) => return self.line_gone(replica, now),
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
        frame: &[u8],
        replica: &mut Replica,
        now: i64,
    ) -> Result<Option<Event>, FrameError> {
        let entries = |entries: LiveEntries, position| {
            Some(Event::Live(LiveEvent::Entries { entries, position }))
        };
        Ok(match LiveFrame::from_bytes(frame)? {
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
            LiveFrame::Entries(plain) => {
                let position = exchange::position(replica, plain.partition)?;
                entries(plain, position)
            }
            LiveFrame::Packed(packed) => {
                let unpacked = self.live.packing.unpack(&packed)?;
                let position = exchange::position(replica, unpacked.partition)?;
                entries(unpacked.at(&position), position)
            }
            LiveFrame::Hint(hint) => Some(Event::Live(LiveEvent::Hint {
                position: exchange::position(replica, hint.partition)?,
                hint,
            })),
        })
    }
}
