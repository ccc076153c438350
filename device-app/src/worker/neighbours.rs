//! Handhelds nearby: when this one listens, whom it calls, and when again.
//!
//! It listens and calls by itself only while the server does not answer: a device in reach of its server gains nothing
//! by an open port. Opening the screen of neighbours opens it too, because somebody is standing there to pair.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use documents::{Certificate, PublicKey};
use protocol::{Judge, Offer, Pairing};
use replica::{Identity, Replica, ReplicaError};
use sync_core::backoff::Backoff;

use super::ToWorker;
use super::machine::{Showing, Worker};
use crate::peer::{Call, Caller, Own, PeerError, PeerNews, Peers, SetUpSecret};
use crate::view::{Line, Message, Outcome};

/// Between two exchanges with a neighbour that go well.
const INTERVAL_MS: i64 = 15_000;
/// A commit waits this long for others to go with it.
const GATHER_MS: i64 = 1_000;
/// Neighbours that are remembered.
const KNOWN_MAX: usize = 32;
/// A name is shown no longer than this.
const NAME_CHARACTERS_MAX: usize = 40;

/// The handhelds nearby, as far as this one knows.
pub(crate) struct Neighbours {
    listen: Option<SocketAddr>,
    to_worker: Sender<ToWorker>,
    /// Started when it is first needed.
    peers: Option<Peers>,
    /// As whom this device is served now.
    own: Option<Arc<Own>>,
    /// Where others reach this device.
    pub(super) listening: Vec<SocketAddr>,
    known: Vec<Neighbour>,
    /// Who is called now, and whether somebody asked for it.
    calling: Option<(PublicKey, bool)>,
    /// A set-up of this device is under way.
    pub(super) setting_up: bool,
    finished: u64,
    seed: u64,
}

struct Neighbour {
    key: PublicKey,
    name: String,
    /// Empty: it called, and nobody knows where it listens.
    addresses: Vec<SocketAddr>,
    /// When it is called next.
    next_at: i64,
    /// It is called even while the server answers.
    asked: bool,
    backoff: Backoff,
    last: Option<i64>,
    error: Option<PeerError>,
}

/// A handheld that a neighbour has set up and the server has not: it holds the data and writes nothing.
pub(crate) fn stands_in(identity: &Identity) -> bool {
    identity.token.is_empty()
}

impl Neighbours {
    pub(crate) fn new(listen: Option<SocketAddr>, to_worker: Sender<ToWorker>, seed: u64) -> Self {
        Self {
            listen,
            to_worker,
            peers: None,
            own: None,
            listening: Vec::new(),
            known: Vec::new(),
            calling: None,
            setting_up: false,
            finished: 0,
            seed,
        }
    }

    /// Whether this program may listen at all.
    pub(super) fn may_listen(&self) -> bool {
        self.listen.is_some()
    }

    /// Calls to neighbours that have ended, well or badly.
    pub(crate) fn finished(&self) -> u64 {
        self.finished
    }

    /// Whether a neighbour is called, or is to be called as soon as can be.
    pub(crate) fn is_busy(&self) -> bool {
        self.calling.is_some() || self.setting_up || self.known.iter().any(|n| n.asked)
    }

    fn peers(&mut self) -> Option<&Peers> {
        if self.peers.is_none() {
            match Peers::start(self.listen, self.to_worker.clone()) {
                Ok(peers) => self.peers = Some(peers),
                Err(error) => tracing::error!(%error, "no thread for neighbours"),
            }
        }
        self.peers.as_ref()
    }

    fn neighbour(&mut self, key: PublicKey, now: i64) -> &mut Neighbour {
        let at = match self.known.iter().position(|n| n.key == key) {
            Some(at) => at,
            None => {
                if self.known.len() >= KNOWN_MAX {
                    // The one that was silent for longest makes room.
                    let oldest = (0..self.known.len()).min_by_key(|at| self.known[*at].last);
                    oldest.map(|at| self.known.swap_remove(at));
                }
                self.seed = self.seed.wrapping_add(1);
                self.known.push(Neighbour {
                    key,
                    name: String::new(),
                    addresses: Vec::new(),
                    next_at: now,
                    asked: false,
                    backoff: Backoff::new(self.seed),
                    last: None,
                    error: None,
                });
                self.known.len() - 1
            }
        };
        &mut self.known[at]
    }

    /// Something was committed: others should have it soon.
    pub(crate) fn hurry(&mut self, now: i64) {
        let well = |n: &&mut Neighbour| n.error.is_none();
        for neighbour in self.known.iter_mut().filter(well) {
            neighbour.next_at = neighbour.next_at.min(now + GATHER_MS);
        }
    }

    /// When the next call is due.
    fn due(&self) -> Option<i64> {
        if self.calling.is_some() {
            return None;
        }
        let callable = self.known.iter().filter(|n| !n.addresses.is_empty());
        callable.map(|n| n.next_at).min()
    }

    /// Offers to set up one handheld, or withdraws that.
    pub(super) fn offer(&mut self, secret: Option<SetUpSecret>) {
        if let Some(peers) = &self.peers {
            peers.offer(secret);
        }
    }

    fn ended(
        &mut self,
        key: PublicKey,
        name: &str,
        called: bool,
        result: Result<(), PeerError>,
        now: i64,
    ) {
        if called {
            self.finished += 1;
            self.calling = None;
        }
        let known = self.known.iter().any(|n| n.key == key);
        if !known && name.is_empty() {
            // A handheld that was set up: nobody to call.
            return;
        }
        let neighbour = self.neighbour(key, now);
        if !name.is_empty() {
            neighbour.name = name.chars().take(NAME_CHARACTERS_MAX).collect();
        }
        match result {
            Ok(()) => {
                neighbour.last = Some(now);
                neighbour.error = None;
                neighbour.backoff.reset();
                neighbour.next_at = now + INTERVAL_MS;
            }
            Err(error) if called => {
                neighbour.error = Some(error);
                let wait = i64::try_from(neighbour.backoff.next_wait_ms()).unwrap_or(INTERVAL_MS);
                neighbour.next_at = now + wait.max(INTERVAL_MS / 3);
            }
            Err(_) => {}
        }
    }
}

impl Worker {
    /// Whether neighbours are served now.
    fn wants_neighbours(&self) -> bool {
        let certified = self.replica.identity().is_some_and(|i| !stands_in(i));
        let alone = self.settings.neighbours && self.without_server();
        certified && self.neighbours.may_listen() && (alone || self.showing == Showing::Nearby)
    }

    /// Whether the server does not answer, or is not to be asked. While it is being asked, what was true stays true.
    fn without_server(&self) -> bool {
        match self.sync.connection() {
            sync_core::Connection::StayOffline => true,
            sync_core::Connection::Offline => self.sync.is_unreachable(),
            sync_core::Connection::Online => false,
            sync_core::Connection::Syncing => self.neighbours.own.is_some(),
        }
    }

    /// Whether neighbours are called without being asked for.
    fn calls_by_itself(&self) -> bool {
        self.neighbours.own.is_some() && self.settings.neighbours && self.without_server()
    }

    /// When a neighbour is to be called next.
    pub(crate) fn neighbours_due(&self) -> Option<i64> {
        self.neighbours.due().filter(|_| self.calls_by_itself())
    }

    /// Begins or ends listening, and calls whose time has come.
    pub(crate) fn watch_neighbours(&mut self) -> Result<(), ReplicaError> {
        let now = self.now();
        let wanted = self.wants_neighbours();
        if wanted && self.neighbours.own.is_none() {
            let own = own_to_neighbours(&self.replica)?.map(Arc::new);
            if let (Some(own), Some(peers)) = (&own, self.neighbours.peers()) {
                peers.serve(Some(own.clone()));
            }
            self.neighbours.own = own;
        } else if !wanted && self.neighbours.own.take().is_some() {
            self.neighbours.listening.clear();
            if let Some(peers) = &self.neighbours.peers {
                peers.serve(None);
            }
        }
        self.call_next(now)
    }

    fn call_next(&mut self, now: i64) -> Result<(), ReplicaError> {
        if self.neighbours.calling.is_some() {
            return Ok(());
        }
        let by_itself = self.calls_by_itself();
        let due = |n: &&mut Neighbour| {
            !n.addresses.is_empty() && (n.asked || (by_itself && n.next_at <= now))
        };
        let next = self
            .neighbours
            .known
            .iter_mut()
            .find(due)
            .map(|n| (n.key, std::mem::take(&mut n.asked), n.addresses.clone()));
        let Some((key, asked, addresses)) = next else {
            return Ok(());
        };
        let own = match &self.neighbours.own {
            Some(own) => own.clone(),
            None => match own_to_neighbours(&self.replica)? {
                Some(own) => Arc::new(own),
                None => return Ok(()),
            },
        };
        self.neighbours.calling = Some((key, asked));
        if let Some(peers) = self.neighbours.peers() {
            peers.call(Call {
                addresses,
                key,
                caller: Caller::Certified(own),
            });
        }
        Ok(())
    }

    /// What was learnt may concern who is let in.
    pub(crate) fn refresh_neighbours(&mut self) -> Result<(), ReplicaError> {
        if self.neighbours.own.is_none() {
            return Ok(());
        }
        let own = own_to_neighbours(&self.replica)?.map(Arc::new);
        let judge = |own: &Option<Arc<Own>>| own.as_ref().map(|o| o.judge.clone());
        if judge(&own) != judge(&self.neighbours.own) {
            if let Some(peers) = self.neighbours.peers() {
                peers.serve(own.clone());
            }
            self.neighbours.own = own;
        }
        Ok(())
    }

    /// The button: all neighbours that are known, whether or not the server answers.
    pub(crate) fn sync_neighbours(&mut self) {
        let mut any = false;
        for neighbour in &mut self.neighbours.known {
            neighbour.asked = !neighbour.addresses.is_empty();
            any |= neighbour.asked;
        }
        if !any {
            self.tell(Outcome::Attention, Message::new("no-neighbours"), "");
        }
    }

    /// Another handheld's QR was scanned.
    pub(crate) fn pair(&mut self, text: &str) {
        let now = self.now();
        let Some(pairing) = Pairing::from_text(text) else {
            return self.tell(Outcome::Refused, Message::new("pairing-wrong"), text);
        };
        let identity = self.replica.identity();
        if identity.is_some_and(|i| i.key.public() == pairing.key) {
            return self.tell(Outcome::Refused, Message::new("pairing-own"), "");
        }
        let certified = identity.is_some_and(|i| !stands_in(i));
        match (pairing.offer, certified) {
            (Offer::Sync, true) => {
                let neighbour = self.neighbours.neighbour(pairing.key, now);
                neighbour.addresses = pairing.addresses;
                neighbour.asked = true;
                self.showing = Showing::Nearby;
            }
            (Offer::Sync, false) => {
                self.tell(Outcome::Refused, Message::new("pairing-not-enrolled"), "");
            }
            (Offer::SetUp(_), true) => {
                self.tell(Outcome::Refused, Message::new("set-up-not-needed"), "");
            }
            (Offer::SetUp(secret), false) => self.begin_set_up(&pairing, secret),
        }
    }

    fn begin_set_up(&mut self, pairing: &Pairing, secret: SetUpSecret) {
        if self.neighbours.setting_up {
            return;
        }
        let mut seed = [0; 32];
        if getrandom::fill(&mut seed).is_err() {
            return self.tell(Outcome::Refused, Message::new("internal"), "");
        }
        self.enrol.error = None;
        self.neighbours.setting_up = true;
        if let Some(peers) = self.neighbours.peers() {
            peers.call(Call {
                addresses: pairing.addresses.clone(),
                key: pairing.key,
                caller: Caller::New {
                    key: Box::new(documents::SigningKey::from_seed(&seed)),
                    secret,
                },
            });
        }
    }

    /// The thread of neighbours has something to say.
    pub(crate) fn peer(&mut self, news: PeerNews) -> Result<(), ReplicaError> {
        let now = self.now();
        match news {
            PeerNews::Listening(addresses) => {
                self.neighbours.listening = addresses;
                self.draw_pairing();
            }
            PeerNews::Found { key, addresses } => {
                let neighbour = self.neighbours.neighbour(key, now);
                if neighbour.addresses != addresses {
                    neighbour.addresses = addresses;
                    neighbour.next_at = now;
                }
            }
            PeerNews::Turn(turn) => return self.turn(turn),
            PeerNews::Ended {
                key,
                name,
                called,
                result,
            } => {
                if called && self.neighbours.setting_up {
                    self.neighbours.finished += 1;
                    return self.set_up_ended(result);
                }
                let by_hand = called && self.neighbours.calling == Some((key, true));
                self.neighbours.ended(key, &name, called, result, now);
                if by_hand {
                    match result {
                        Ok(()) => {
                            let message = Message::new("neighbour-synced").with(name);
                            self.tell(Outcome::Accepted, message, "");
                        }
                        Err(error) => {
                            self.tell(Outcome::Refused, Message::new(error.code()), "");
                        }
                    }
                }
                self.refresh()?;
            }
        }
        Ok(())
    }

    /// How many exchanges that this device began have ended.
    pub fn calls_ended(&self) -> u64 {
        self.neighbours.finished()
    }

    /// Whether an exchange with a neighbour, or a set-up by one, is under way or asked for.
    pub fn is_with_neighbours(&self) -> bool {
        self.neighbours.is_busy()
    }

    /// The neighbours as lines: name, state, when last.
    pub fn neighbours(&self) -> Vec<Line> {
        let now = self.now();
        let calling = self.neighbours.calling.map(|(key, _)| key);
        let line = |n: &Neighbour| {
            let short = n.key.as_bytes().iter().take(3);
            Line {
                title: if n.name.is_empty() {
                    short.map(|b| format!("{b:02X}")).collect()
                } else {
                    n.name.clone()
                },
                subtitle: n
                    .last
                    .map(|at| self.site_clock.show(at, now))
                    .unwrap_or_default(),
                quantity: String::new(),
                status: match (&n.error, n.last) {
                    _ if calling == Some(n.key) => "syncing",
                    (Some(error), _) => error.code(),
                    (None, Some(_)) => "synced",
                    (None, None) => "found",
                }
                .to_owned(),
            }
        };
        self.neighbours.known.iter().map(line).collect()
    }
}

/// Who this device is to others; `None` while the server has not certified it.
fn own_to_neighbours(replica: &Replica) -> Result<Option<Own>, ReplicaError> {
    let Some(identity) = replica.identity().filter(|i| !stands_in(i)) else {
        return Ok(None);
    };
    let key = identity.key.public();
    let verified = |bytes: &Vec<u8>| Certificate::verify(bytes, &identity.server_key);
    let certificate = replica
        .certificates()?
        .into_iter()
        .find(|bytes| verified(bytes).is_some_and(|c| c.key == key));
    let Some(certificate) = certificate else {
        return Ok(None);
    };
    let devices = replica.query().devices()?;
    let revoked = devices.iter().filter(|d| d.revoked);
    Ok(Some(Own {
        key: identity.key.clone(),
        certificate,
        name: identity.device_name.clone(),
        judge: Judge {
            organisation: identity.organisation,
            server_key: identity.server_key,
            revoked: revoked
                .filter_map(|d| verified(&d.certificate))
                .map(|c| c.key)
                .collect(),
        },
    }))
}
