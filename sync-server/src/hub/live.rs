//! Live connections: exchanges over one WebSocket, and new entries as soon as they are in the log.
//!
//! A connection holds no queue. What a slow reader has not been told yet is looked up when it can be told, so it gets the
//! newest state once, and costs no more than one frame.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use documents::Partition;
use protocol::{
    LIVE_PACKED_QUERY, LiveFrame, LiveHint, LivePacking, LogPosition, PushOutcome, RefusalCode,
    SyncReply,
};
use replica::Cursor;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout};

use super::gate::too_many;
use super::routes::{HubState, bearer, live_exchange, live_refusal, read_request, refuse};
use super::socket::{self, Gone, Message, Socket};
use super::sync::token_hash;
use super::tail::{self, News};
use crate::store::hub_devices::DeviceRow;

/// Entries that are sent unasked: one scan is a few hundred bytes; what gathers in [`PACE`] under load may be more.
const UNASKED_BYTES_MAX: usize = 16 << 10;
/// After unasked entries the next ones gather so long, so that a busy site does not cost a frame for each scan and device.
const PACE: Duration = Duration::from_millis(100);
/// The hub pings this often.
const PING: Duration = Duration::from_secs(30);
/// A device of which nothing was heard for so long is gone.
const DEAD: Duration = Duration::from_secs(60);
/// A frame that takes longer to be taken: the reader is gone, or too slow to be connected.
const SEND: Duration = Duration::from_secs(20);

/// How far a device has read a log, as it will be when it has taken in what was sent.
struct Followed {
    position: LogPosition,
    /// It was told, or knows, that it has to ask.
    must_ask: bool,
}

struct Line {
    state: HubState,
    token: String,
    /// Whose connection it is. What it is for never changes.
    device: DeviceRow,
    socket: Socket,
    /// Of a device that reads packed entries.
    packing: Option<LivePacking>,
    followed: BTreeMap<Partition, Followed>,
    grown: watch::Receiver<u64>,
    access: u64,
    heard: Instant,
    push_at: Option<Instant>,
    pushed: Instant,
}

pub(super) async fn open(State(state): State<HubState>, mut request: Request) -> Response {
    let Some(token) = bearer(request.headers()) else {
        return refuse(RefusalCode::DeviceUnknown);
    };
    let Some((response, opened)) = socket::upgrade(&mut request) else {
        return refuse(RefusalCode::Malformed);
    };
    let Some(room) = state.gate.live() else {
        return super::routes::refusal(too_many());
    };
    let packed = request.uri().query() == Some(LIVE_PACKED_QUERY);
    let hub = state.hub.clone();
    let asked = token.clone();
    let device = match super::routes::blocking(move || hub.admit(&asked)).await {
        Ok(device) => device,
        Err(refused) => return refuse(refused),
    };
    tokio::spawn(async move {
        let _room: OwnedSemaphorePermit = room;
        let Ok(socket) = opened.await else {
            return;
        };
        let line = Line {
            token,
            device,
            socket,
            packing: packed.then(LivePacking::default),
            followed: BTreeMap::new(),
            grown: state.hub.tail.grown(),
            access: state.hub.tail.access(),
            heard: Instant::now(),
            push_at: None,
            pushed: Instant::now() - PACE,
            state,
        };
        line.run().await;
    });
    response
}

/// A reader that takes nothing is gone.
async fn within(sending: impl Future<Output = Result<(), Gone>>) -> Result<(), Gone> {
    timeout(SEND, sending).await.unwrap_or(Err(Gone))
}

impl Line {
    async fn run(mut self) {
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        loop {
            let push_at = self.push_at.unwrap_or(self.heard);
            let done = tokio::select! {
                frame = self.socket.next() => match frame {
                    Ok(frame) => self.take(frame).await,
                    Err(gone) => Err(gone),
                },
                grown = self.grown.changed() => match grown {
                    Ok(()) => {
                        self.push_at = Some(self.pushed + PACE);
                        Ok(())
                    }
                    Err(_) => Err(Gone),
                },
                () = tokio::time::sleep_until(push_at), if self.push_at.is_some() => self.push().await,
                _ = ping.tick() => match self.heard.elapsed() < DEAD {
                    true => within(self.socket.ping()).await,
                    false => Err(Gone),
                },
            };
            if done.is_err() {
                return;
            }
        }
    }

    async fn send_frame(&mut self, frame: &LiveFrame) -> Result<(), Gone> {
        within(self.socket.send(frame.to_bytes())).await
    }

    async fn take(&mut self, frame: Message) -> Result<(), Gone> {
        self.heard = Instant::now();
        match frame {
            Message::Binary(bytes) => self.exchange(bytes).await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Text(_) | Message::Close(_) | Message::Frame(_) => Err(Gone),
        }
    }

    async fn exchange(&mut self, bytes: Bytes) -> Result<(), Gone> {
        let request = read_request(&bytes);
        // Many may wait for a long time; each keeps its request once.
        drop(bytes);
        let request = match request {
            Ok(request) => request,
            Err(code) => {
                let refusal = live_refusal(&self.state, token_hash(&self.token), code);
                return self.send_frame(&LiveFrame::Refused(refusal)).await;
            }
        };
        let asked: Vec<(Partition, LogPosition)> = request
            .partitions
            .iter()
            .map(|p| (p.partition, p.position))
            .collect();
        // A change during the exchange is told again, rather than missed.
        let access = self.state.hub.tail.access();
        let state = self.state.clone();
        let work = live_exchange(&state, self.token.clone(), request);
        tokio::pin!(work);
        // The device may ping meanwhile: it must see that a busy hub is there.
        let outcome = loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                frame = self.socket.next() => match frame {
                    Ok(Message::Ping(_) | Message::Pong(_)) => self.heard = Instant::now(),
                    _ => return Err(Gone),
                },
            }
        };
        match outcome {
            Ok((reply, leave)) => {
                self.follow(&asked, &reply);
                self.access = access;
                let bytes = LiveFrame::Reply(reply).to_bytes();
                let _sending = leave.into_reply(bytes.len());
                within(self.socket.send(bytes)).await?;
                self.push().await
            }
            Err(refusal) => self.send_frame(&LiveFrame::Refused(refusal)).await,
        }
    }

    /// Where the device will stand once it has taken the reply in.
    fn follow(&mut self, asked: &[(Partition, LogPosition)], reply: &SyncReply) {
        self.followed.clear();
        for ((partition, position), part) in asked.iter().zip(&reply.partitions) {
            if part.outcome == PushOutcome::Revoked {
                continue;
            }
            let start = if part.restart || position.number == 0 {
                Cursor::start(reply.epoch)
            } else {
                Cursor {
                    epoch: position.epoch,
                    number: position.number,
                    running_hash: position.running_hash,
                }
            };
            let end = part.entries.iter().fold(start, |at, e| at.after(e.hash));
            let position = tail::position(end);
            self.followed.insert(
                *partition,
                Followed {
                    position,
                    must_ask: part.more || part.restart || !part.snapshot.is_empty(),
                },
            );
        }
    }

    /// Tells the device what it does not know yet.
    async fn push(&mut self) -> Result<(), Gone> {
        self.push_at = None;
        self.grown.mark_unchanged();
        if self.access != self.state.hub.tail.access() {
            // What it may read has changed: it hears that from its next exchange.
            self.access = self.state.hub.tail.access();
            self.followed.clear();
            let partition = Partition::Shared;
            let number = u64::MAX;
            return self
                .send_frame(&LiveFrame::Hint(LiveHint { partition, number }))
                .await;
        }
        // The shared partition sorts first: it brings the certificates that the others need.
        let partitions: Vec<Partition> = self.followed.keys().copied().collect();
        for partition in partitions {
            let Some(followed) = self.followed.get_mut(&partition) else {
                continue;
            };
            if followed.must_ask {
                return Ok(());
            }
            let frame =
                match self
                    .state
                    .hub
                    .tail
                    .since(partition, &followed.position, UNASKED_BYTES_MAX)
                {
                    News::Nothing => continue,
                    News::Unknown => {
                        let hub = self.state.hub.clone();
                        // Then it is known, and this line hears of it.
                        tokio::task::spawn_blocking(move || {
                            hub.tail.refresh(&hub.database, &[partition])
                        });
                        continue;
                    }
                    News::Much(number) => {
                        followed.must_ask = true;
                        LiveFrame::Hint(LiveHint { partition, number })
                    }
                    // It is given less than the log, and more than entries: how far others have counted.
                    News::Entries(entries) if self.device.is_counter_in(partition) => {
                        followed.must_ask = true;
                        let number = entries.after.number + entries.entries.len() as u64;
                        LiveFrame::Hint(LiveHint { partition, number })
                    }
                    News::Entries(entries) => {
                        let at = Cursor {
                            epoch: followed.position.epoch,
                            number: followed.position.number,
                            running_hash: followed.position.running_hash,
                        };
                        let end = entries.entries.iter().fold(at, |at, e| at.after(e.hash));
                        followed.position = tail::position(end);
                        let packed = self.packing.as_mut().and_then(|p| p.pack(&entries));
                        packed.map_or(LiveFrame::Entries(entries), LiveFrame::Packed)
                    }
                };
            self.pushed = Instant::now();
            self.send_frame(&frame).await?;
        }
        Ok(())
    }
}
