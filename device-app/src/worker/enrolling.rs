//! First run: the console's QR, or an address and a code typed from it.

use documents::SigningKey;
use protocol::{Becomes, ENROL_PATH, EnrolReply, EnrolRequest, Invitation};
use replica::{Identity, ReplicaError};

use super::ToWorker;
use super::machine::{Showing, Worker};
use super::sync_driver::sentence_code;
use crate::transport::{Answer, Post, PostError, Server};
use crate::view::{EnrolView, Message, Outcome};

impl Worker {
    /// Any code on the enrolment screen is taken as the console's.
    pub(crate) fn enrol_by_scan(&mut self, text: &str) {
        match Invitation::from_text(text) {
            Some(invitation) => self.enrol_with(invitation, String::new()),
            None => self.enrol_failed(Message::new("enrol-qr-wrong")),
        }
    }

    /// The address field takes the QR's whole text too, for those who have it as text.
    pub(crate) fn enrol_by_hand(&mut self, url: &str, code: &str, device_name: &str) {
        let url = url.trim();
        let invitation = Invitation::from_text(url).unwrap_or_else(|| Invitation {
            url: url.trim_end_matches('/').to_owned(),
            code: code.trim().to_owned(),
            // What a QR said of this server before still holds.
            fingerprint: self.pinned_for(url),
        });
        self.enrol_with(invitation, device_name.trim().to_owned());
    }

    /// What a QR said of this server, or the neighbour that set this device up.
    fn pinned_for(&self, url: &str) -> Option<[u8; 32]> {
        let scanned = self.enrol.fingerprint;
        let known = self.replica.identity().filter(|i| i.server_url == url);
        scanned
            .filter(|_| self.enrol.server_url == url)
            .or_else(|| known.and_then(|i| i.pinned_certificate))
    }

    fn enrol_with(&mut self, invitation: Invitation, device_name: String) {
        if self.enrol.asked.is_some() {
            return;
        }
        self.enrol.server_url = invitation.url.clone();
        self.enrol.code = invitation.code.clone();
        self.enrol.fingerprint = invitation.fingerprint;
        self.enrol.device_name = device_name;
        self.enrol.error = None;
        let server = Server {
            url: invitation.url,
            fingerprint: invitation.fingerprint,
        };
        if !server.is_well_formed() {
            return self.enrol_failed(Message::new("enrol-url-malformed"));
        }
        if invitation.code.is_empty() {
            return self.enrol_failed(Message::new("enrol-code-wrong"));
        }
        if self.waiting.total() > 0 {
            // A new enrolment starts new chains; what waits on the old ones must go first.
            let waiting = self.waiting.total().to_string();
            return self.enrol_failed(Message::new("enrol-waiting").with(waiting));
        }
        let mut seed = [0; 32];
        if getrandom::fill(&mut seed).is_err() {
            return self.enrol_failed(Message::new("internal"));
        }
        let key = SigningKey::from_seed(&seed);
        let (counter, other) = match self.replica.may_become() {
            Ok(may) => may,
            Err(error) => return self.enrol_failed(Message::new(error.code())),
        };
        let request = EnrolRequest::new(&self.enrol.code, &self.enrol.device_name, &key)
            .becoming(Becomes { counter, other });
        self.enrol.asked = Some((key, server.fingerprint));
        let post = Post {
            server,
            path: ENROL_PATH,
            token: None,
            body: request.to_bytes(),
        };
        self.sync.post(post, ToWorker::EnrolAnswered);
    }

    fn enrol_failed(&mut self, message: Message) {
        self.enrol.asked = None;
        self.enrol.error = Some(message.clone());
        self.tell(Outcome::Refused, message, "");
    }

    pub(crate) fn enrol_answered(&mut self, answer: Answer) -> Result<(), ReplicaError> {
        let Some((key, fingerprint)) = self.enrol.asked.take() else {
            return Ok(());
        };
        let reply = answer
            .and_then(|bytes| EnrolReply::from_bytes(&bytes).map_err(|_| PostError::NotTheServer));
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                self.enrol_failed(Message::new(sentence_code(error.code())));
                return Ok(());
            }
        };
        let other = |known: &Identity| known.organisation != reply.organisation;
        if self.replica.identity().is_some_and(other) {
            // Two organisations in one database could never be told apart again.
            self.enrol_failed(Message::new("enrol-other-organisation"));
            return Ok(());
        }
        let identity = Identity {
            organisation: reply.organisation,
            device: reply.device,
            device_name: reply.device_name,
            site: reply.site,
            key,
            server_key: reply.server_key,
            server_url: self.enrol.server_url.clone(),
            pinned_certificate: fingerprint,
            token: reply.token,
            pepper: reply.pepper,
        };
        let certificates: Vec<Vec<u8>> = reply.certificates.into_iter().map(Into::into).collect();
        match self.replica.enrol(identity, &certificates) {
            Err(error @ ReplicaError::OtherRole) => {
                self.enrol_failed(Message::new(error.code()));
                return Ok(());
            }
            other => other?,
        }
        self.enrol = Default::default();
        self.feedback = None;
        self.refresh()?;
        self.showing = Showing::SignIn;
        self.sync_event(sync_core::Event::Started)
    }

    /// Whether an enrolment is under way.
    pub fn is_enrolling(&self) -> bool {
        self.enrol.asked.is_some()
    }

    pub(crate) fn enrol_view(&self) -> EnrolView {
        let known = self.replica.identity();
        EnrolView {
            server_url: match known {
                Some(identity) if self.enrol.server_url.is_empty() => identity.server_url.clone(),
                _ => self.enrol.server_url.clone(),
            },
            code: self.enrol.code.clone(),
            device_name: self.enrol.device_name.clone(),
            busy: self.enrol.asked.is_some() || self.neighbours.setting_up,
            error: self.enrol.error.clone(),
            can_skip: known.is_some(),
        }
    }
}
