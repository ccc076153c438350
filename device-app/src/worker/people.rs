//! Who is signed in.

use documents::catalogue::Operator;
use domain::OperatorId;
use replica::ReplicaError;

use super::machine::{Asking, Showing, SignInState, Worker};
use super::neighbours::stands_in;
use super::pin;
use crate::view::{Message, OperatorTile, Outcome, PadKey, SignInView};

/// Longer PINs are typing slips.
const PIN_DIGITS_MAX: usize = 12;

impl Worker {
    pub(crate) fn choose_operator(&mut self, id: String) {
        self.sign_in = SignInState {
            chosen: Some(id),
            ..SignInState::default()
        };
    }

    pub(crate) fn forget_operator(&mut self) {
        self.sign_in = SignInState::default();
    }

    pub(crate) fn pin_key(&mut self, key: PadKey) {
        let pin = &mut self.sign_in.pin;
        match key {
            PadKey::Digit(digit) if pin.len() < PIN_DIGITS_MAX && digit < 10 => {
                pin.push(char::from(b'0' + digit));
            }
            PadKey::Backspace => {
                pin.pop();
            }
            PadKey::Clear => pin.clear(),
            _ => {}
        }
        self.sign_in.error = None;
    }

    /// A PIN as a script or a test gives it.
    pub fn type_pin(&mut self, operator: &str, pin: &str) {
        self.choose_operator(operator.to_owned());
        pin.clone_into(&mut self.sign_in.pin);
        let result = self.pin_done();
        self.report(result);
    }

    pub(crate) fn pin_done(&mut self) -> Result<(), ReplicaError> {
        let pin = std::mem::take(&mut self.sign_in.pin);
        let Some(chosen) = self.sign_in.chosen.clone() else {
            return Ok(());
        };
        let now = self.now();
        if self.tries.locked_seconds(&chosen, now) > 0 {
            self.refuse_pin(&chosen, now);
            return Ok(());
        }
        let id: Option<OperatorId> = chosen.parse().ok();
        let operator = match id {
            Some(id) => self.replica.query().operator(id)?,
            None => None,
        };
        let Some(operator) = operator.filter(|o| o.active) else {
            self.sign_in.error = Some(Message::new("operator-disabled"));
            self.tell(Outcome::Refused, Message::new("operator-disabled"), "");
            return Ok(());
        };
        let identity = self.replica.enrolled()?;
        if stands_in(identity) {
            // What PINs are checked with comes from the server only.
            self.sign_in.error = Some(Message::new("badge-only"));
            self.tell(Outcome::Refused, Message::new("badge-only"), "");
            return Ok(());
        }
        let pepper = identity.pepper;
        if pin::is_right(&pin, &operator.pin_verifier, &pepper) {
            self.tries.right(&chosen, &mut self.replica)?;
            return match self.approval {
                Some(_) => self.approved(&operator),
                None => self.enter(operator),
            };
        }
        self.tries.wrong(&chosen, now, &mut self.replica)?;
        self.refuse_pin(&chosen, now);
        Ok(())
    }

    fn refuse_pin(&mut self, operator: &str, now: i64) {
        let message = match self.tries.locked_seconds(operator, now) {
            0 => Message::new("wrong-pin"),
            seconds => Message::new("locked-out").with(seconds.to_string()),
        };
        self.sign_in.error = Some(message.clone());
        self.tell(Outcome::Refused, message, "");
    }

    /// A scan while nobody is signed in, or somebody else's badge: the next user within a second.
    pub(crate) fn badge(&mut self, code: &str) -> Result<(), ReplicaError> {
        match self.replica.query().operator_by_badge(code)? {
            Some(operator) => self.enter(operator),
            None => {
                self.sign_in.error = Some(Message::new("no-such-badge"));
                self.tell(Outcome::Refused, Message::new("no-such-badge"), code);
                Ok(())
            }
        }
    }

    /// Whether the code is the badge of somebody who is not signed in now.
    pub(crate) fn is_badge_of_another(&self, code: &str) -> Result<bool, ReplicaError> {
        let operator = self.replica.query().operator_by_badge(code)?;
        let here = self.operator.as_ref().map(|o| o.id);
        Ok(operator.is_some_and(|operator| Some(operator.id) != here))
    }

    fn enter(&mut self, operator: Operator) -> Result<(), ReplicaError> {
        if self.lock.is_some() {
            // Without a person nothing can be recorded, whichever way it is tried.
            self.tell(Outcome::Refused, Message::new("device-locked"), "");
            return Ok(());
        }
        self.approval = None;
        self.end_practice()?;
        let name = operator.name.clone();
        self.sign_in = SignInState::default();
        self.operator = Some(operator);
        self.showing = Showing::Home;
        self.asking = None;
        self.last_input = self.now();
        self.banner = None;
        if self.load_draft()? {
            self.banner = Some(Message::new("recovered-session"));
        }
        self.tell(Outcome::Accepted, Message::new("signed-in").with(name), "");
        Ok(())
    }

    /// Signs out, after naming what waits on this device.
    pub(crate) fn sign_out(&mut self) {
        if self.operator.is_some() && self.waiting.total() > 0 {
            self.asking = Some(Asking::SignOut);
        } else {
            self.leave(None);
        }
    }

    /// The shift was handed over: who goes on signs in, which shows that they are there.
    pub(crate) fn next_person(&mut self, next: OperatorId) {
        let told = self.feedback.take();
        self.leave(None);
        self.feedback = told;
        self.choose_operator(next.to_string());
    }

    /// Nobody is signed in any more; their draft is kept.
    pub(crate) fn leave(&mut self, why: Option<Message>) {
        let result = self.end_practice();
        self.report(result);
        self.operator = None;
        self.work = None;
        self.asking = None;
        self.approval = None;
        self.signature = None;
        self.signs_for = None;
        self.feedback = None;
        self.look_up = Default::default();
        self.sign_in = SignInState {
            error: why,
            ..SignInState::default()
        };
        self.showing = self.entrance();
    }

    pub(crate) fn sign_in_view(&self) -> Result<SignInView, ReplicaError> {
        let operators = match &self.approval {
            Some(_) => self.approvers()?,
            None => self.replica.query().operators()?,
        };
        let tiles = operators.into_iter().filter(|o| o.active);
        let locked_seconds = match &self.sign_in.chosen {
            Some(chosen) => self.tries.locked_seconds(chosen, self.now()),
            None => 0,
        };
        Ok(SignInView {
            site: self.site_name()?,
            operators: tiles
                .map(|o| OperatorTile {
                    id: o.id.to_string(),
                    name: o.name,
                })
                .collect(),
            chosen: self.sign_in.chosen.clone(),
            pin_length: u32::try_from(self.sign_in.pin.len()).unwrap_or(0),
            error: self.sign_in.error.clone(),
            locked_seconds,
            approval: self.approval.as_ref().map(|asked| asked.why.clone()),
        })
    }
}
