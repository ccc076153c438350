//! Asking the hub for other chains, and going on under them.

use protocol::{EnrolReply, RENEW_PATH, RenewReason};
use replica::{Replica, ReplicaError};
use sync_core::{Event, Failure};

use super::ToWorker;
use super::machine::{Showing, Worker};
use super::sync_driver::{SyncDriver, SyncNews, failed};
use crate::transport::{Answer, PostError};
use crate::view::{Message, Outcome};

impl SyncDriver {
    /// Asks the hub. What comes of it comes back at once only if nothing was asked.
    pub(super) fn renew(&mut self, reason: RenewReason, replica: &mut Replica) -> Option<Event> {
        match self.ask_to_renew(reason, replica) {
            Ok(true) => None,
            Ok(false) => Some(Event::Renewed { done: false }),
            Err(error) => Some(failed(&error)),
        }
    }

    fn ask_to_renew(
        &mut self,
        reason: RenewReason,
        replica: &mut Replica,
    ) -> Result<bool, ReplicaError> {
        // Work that was begun here is ended here.
        if reason == RenewReason::SiteMoved && !replica.query().drafts()?.is_empty() {
            return Ok(false);
        }
        let mut seed = [0; 32];
        if getrandom::fill(&mut seed).is_err() {
            return Ok(false);
        }
        let request = exchange::renewal::request(replica, reason, seed)?;
        self.renewing = Some(reason);
        let body = request.to_bytes();
        self.post_to_hub(replica, RENEW_PATH, body, ToWorker::RenewAnswered)?;
        Ok(true)
    }

    /// The hub answered, or did not.
    pub(crate) fn renew_answered(
        &mut self,
        answer: Answer,
        replica: &mut Replica,
        now: i64,
    ) -> SyncNews {
        let Some(reason) = self.renewing.take() else {
            return SyncNews::default();
        };
        let mut renewed = None;
        let event = match answer {
            Ok(bytes) => match EnrolReply::from_bytes(&bytes) {
                Ok(reply) => match exchange::renewal::take(replica, reason, reply, now) {
                    Ok(Some(said_again)) => {
                        tracing::warn!(
                            ?reason,
                            ?said_again,
                            "this device goes on under other chains"
                        );
                        self.forget_trouble();
                        renewed = Some(reason);
                        Event::Renewed { done: true }
                    }
                    Ok(None) => Event::Failed(Failure::Unreachable),
                    Err(error) => failed(&error),
                },
                Err(_) => Event::Failed(Failure::Unreachable),
            },
            Err(PostError::Refused(refusal)) => Event::Refused(refusal),
            Err(PostError::CertificateWrong) => Event::Failed(Failure::CertificateWrong),
            Err(_) => Event::Failed(Failure::Unreachable),
        };
        let mut news = self.handle(event, replica, now);
        news.renewed = renewed;
        news.took_in |= renewed.is_some();
        news
    }
}

impl Worker {
    /// This device is another one now, or elsewhere: whoever holds it is told.
    pub(crate) fn renewed(&mut self, reason: RenewReason) -> Result<(), ReplicaError> {
        self.refresh()?;
        let identity = self.replica.enrolled()?;
        let message = match reason {
            RenewReason::Fork => Message::new("device-copied").with(identity.device_name.clone()),
            RenewReason::SiteMoved => {
                let site = self.replica.query().site(identity.site)?;
                let code = site.map(|s| s.code).unwrap_or_default();
                self.look_up = Default::default();
                if !matches!(self.showing, Showing::SignIn | Showing::Enrol) {
                    self.showing = Showing::Home;
                }
                Message::new("site-moved").with(code)
            }
            // Nobody has to do anything about a new key.
            RenewReason::KeyRotation | RenewReason::Later => return Ok(()),
        };
        self.tell(Outcome::Attention, message, "");
        Ok(())
    }
}
