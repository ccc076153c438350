//! What is said to a neighbour at each turn of an exchange, and how a neighbour sets up a new handheld.

use documents::SigningKey;
use domain::DeviceId;
use protocol::peer_keys::PeerKeys;
use protocol::{PeerMessage, SetUp};
use replica::{Identity, ReplicaError};

use super::machine::{Showing, Worker};
use super::neighbours::stands_in;
use super::sync_driver::SyncNews;
use crate::peer::{PeerError, Turn, TurnKind};
use crate::view::{Message, Outcome};

/// Bodies of one turn: what is taken in at once must not hold up a scan.
const TURN_BYTES_MAX: usize = 64 << 10;

impl Worker {
    /// Answers one turn. Nothing is said on a failure of the database, which ends the exchange.
    pub(crate) fn turn(&mut self, turn: Turn) -> Result<(), ReplicaError> {
        let said = self.say(turn.kind);
        let (reply, result) = match said {
            Ok(reply) => (reply, Ok(())),
            Err(error) => (None, Err(error)),
        };
        // A connection that broke meanwhile waits for nothing.
        let _ = turn.reply.send(reply);
        result
    }

    fn say(&mut self, kind: TurnKind) -> Result<Option<Vec<u8>>, ReplicaError> {
        match kind {
            TurnKind::Begin => self.first_words().map(Some),
            TurnKind::SetUpAsked => self.set_up_words().map(Some),
            TurnKind::SetUp(bytes, key) => match SetUp::from_bytes(&bytes) {
                Ok(set_up) => self.be_set_up(&set_up, *key),
                Err(_) => Ok(None),
            },
            TurnKind::Answered(bytes) => match PeerMessage::from_bytes(&bytes) {
                Ok(message) => {
                    let theirs = message.parcel.is_some();
                    let reply = self.answer_neighbour(&message)?;
                    // Neither lacks anything: it is over.
                    Ok((theirs || reply.parcel.is_some()).then(|| reply.to_bytes()))
                }
                Err(_) => Ok(None),
            },
            TurnKind::Asked(bytes) => match PeerMessage::from_bytes(&bytes) {
                Ok(message) => Ok(Some(self.answer_neighbour(&message)?.to_bytes())),
                Err(_) => Ok(None),
            },
            TurnKind::BeginKeys => {
                Ok(exchange::first_keys(&self.replica)?.map(|keys| keys.to_bytes()))
            }
            TurnKind::KeysAnswered(bytes) => match PeerKeys::from_bytes(&bytes) {
                Ok(said) => {
                    let reply = self.take_keys_of_neighbour(&said)?;
                    let reply = reply.filter(|reply| !exchange::is_over(reply, &said));
                    Ok(reply.map(|reply| reply.to_bytes()))
                }
                Err(_) => Ok(None),
            },
            TurnKind::KeysAsked(bytes) => match PeerKeys::from_bytes(&bytes) {
                Ok(said) => {
                    let reply = self.take_keys_of_neighbour(&said)?;
                    Ok(reply.map(|reply| reply.to_bytes()))
                }
                Err(_) => Ok(None),
            },
            TurnKind::AskedByNew(bytes) => match PeerMessage::from_bytes(&bytes) {
                Ok(mut message) => {
                    message.parcel = None;
                    Ok(Some(self.answer_neighbour(&message)?.to_bytes()))
                }
                Err(_) => Ok(None),
            },
        }
    }

    fn first_words(&mut self) -> Result<Vec<u8>, ReplicaError> {
        let message = PeerMessage {
            versions: protocol::VERSIONS,
            have: exchange::holdings(&mut self.replica)?,
            parcel: None,
        };
        Ok(message.to_bytes())
    }

    fn answer_neighbour(&mut self, message: &PeerMessage) -> Result<PeerMessage, ReplicaError> {
        let now = self.now();
        let (reply, taken) = exchange::answer(&mut self.replica, message, TURN_BYTES_MAX, now)?;
        if let Some(rejected) = taken.rejected {
            tracing::warn!(%rejected, "part of what a neighbour sent was left out");
        }
        if taken.fresh > 0 || taken.entries > 0 {
            self.note(SyncNews {
                took_in: true,
                ..SyncNews::default()
            })?;
        }
        Ok(reply)
    }

    /// Persons may have become known or unknown by it.
    fn take_keys_of_neighbour(
        &mut self,
        said: &PeerKeys,
    ) -> Result<Option<PeerKeys>, ReplicaError> {
        let answered = exchange::answer_keys(&mut self.replica, said)?;
        let Some((reply, fresh)) = answered else {
            return Ok(None);
        };
        if fresh > 0 {
            self.keys.hurry(&self.replica)?;
            self.refresh()?;
        }
        Ok(Some(reply))
    }

    /// For a handheld that is to be set up. The secret that keys PIN verifiers stays here: the server gives it to those
    /// it has certified.
    fn set_up_words(&self) -> Result<Vec<u8>, ReplicaError> {
        let identity = self.replica.enrolled()?;
        let set_up = SetUp {
            organisation: identity.organisation,
            site: identity.site,
            server_key: identity.server_key,
            server_url: identity.server_url.clone(),
            fingerprint: identity.pinned_certificate.map(Into::into),
        };
        Ok(set_up.to_bytes())
    }

    fn be_set_up(
        &mut self,
        set_up: &SetUp,
        key: SigningKey,
    ) -> Result<Option<Vec<u8>>, ReplicaError> {
        let other = |i: &Identity| i.organisation != set_up.organisation || !stands_in(i);
        if self.replica.identity().is_some_and(other) {
            return Ok(None);
        }
        let now = self.now();
        let identity = Identity {
            organisation: set_up.organisation,
            device: DeviceId::from_bytes(self.replica.new_id(now)),
            device_name: String::new(),
            site: set_up.site,
            key,
            server_key: set_up.server_key,
            server_url: set_up.server_url.clone(),
            pinned_certificate: set_up.fingerprint.map(|f| *f),
            token: String::new(),
            pepper: [0; 32],
        };
        self.replica.enrol(identity, &[])?;
        self.first_words().map(Some)
    }

    pub(crate) fn set_up_ended(
        &mut self,
        result: Result<(), PeerError>,
    ) -> Result<(), ReplicaError> {
        self.neighbours.setting_up = false;
        self.refresh()?;
        match result {
            Ok(()) if self.replica.identity().is_none() => {
                self.set_up_failed(PeerError::Malformed.code())
            }
            // The neighbour itself began from a snapshot: its log has no beginning that could be handed on.
            Ok(()) if self.replica.query().sites()?.is_empty() => {
                self.set_up_failed("set-up-empty")
            }
            Ok(()) => {
                self.enrol = Default::default();
                self.showing = Showing::SignIn;
                self.tell(Outcome::Accepted, Message::new("set-up-done"), "");
            }
            Err(error) => self.set_up_failed(error.code()),
        }
        Ok(())
    }

    fn set_up_failed(&mut self, code: &'static str) {
        let message = Message::new(code);
        self.enrol.error = Some(message.clone());
        self.tell(Outcome::Refused, message, "");
    }
}
