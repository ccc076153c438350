//! Rights: who may begin what, how far they go alone, and a supervisor's approval on the same device.
//!
//! What is not allowed is held back before anything is written: the work stays as it was before the input, and goes on from
//! there whether or not somebody approves.

use documents::catalogue::Operator;
use domain::rights::Action;
use domain::{EventBody, Lack, OperatorId};
use operations::{Operation, Step, limits};
use replica::ReplicaError;

use super::machine::{Showing, SignInState, Worker};
use super::tasks::{cause, message};
use crate::view::{Message, Outcome};

/// Names of people who may that are told at once.
const NAMES_MAX: usize = 3;
/// Between names, in any language.
const BETWEEN_NAMES: &str = " · ";

/// Who approved what the operator may not do alone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Approved {
    /// The procedure as a whole, until it ends.
    pub(crate) work: Option<OperatorId>,
    /// This step, which goes further than the operator may.
    pub(crate) step: Option<OperatorId>,
}

impl Approved {
    /// Who answers for what is written.
    pub(crate) fn by(self) -> Option<OperatorId> {
        self.step.or(self.work)
    }
}

/// What waits for an approval.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// New work.
    Start(Operation),
    /// Work that was begun before.
    Resume,
    /// Work that somebody else began: the id of the operator.
    TakeOver(String),
    /// What an input led to. Nothing of it is written.
    Write {
        step: Box<Step>,
        stale: bool,
        raw: String,
        approved: Approved,
    },
}

/// An approval that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) why: Message,
    held: Held,
    /// Whether it is the step that goes too far, and not the procedure that is not allowed.
    is_about_step: bool,
    /// Where the person goes back to.
    behind: Showing,
}

impl Worker {
    /// The time by which grants are judged: the latest that anything signed or this device's clock has shown. Who puts the
    /// clock back wins no time.
    fn time_of_grants(&self) -> i64 {
        let granted = self.operator.as_ref().and_then(|o| {
            let last = o.grants.all().keys().next_back();
            last.copied()
        });
        let seen = self
            .replica
            .highest_clock()
            .max(granted.unwrap_or(i64::MIN));
        self.now().max(seen)
    }

    /// Why who is signed in may do none of these; `None`: they may, or only practise.
    pub(crate) fn lack(&self, actions: &[Action]) -> Option<Lack> {
        let (Some(operator), Some(site)) = (&self.operator, self.site) else {
            return None;
        };
        if self.practises() {
            return None;
        }
        let judged = self.times_of_grants().into_iter();
        let lacks = |at| operator.grants.allow(actions, site, at).err();
        judged.filter_map(lacks).next()
    }

    /// The times that a step is judged by: the latest that is known, and the one that its events will bear, by which every
    /// replica judges them. They differ only where this device's clock is minutes slow.
    fn times_of_grants(&self) -> [i64; 2] {
        let known = self.time_of_grants();
        let near = known <= self.now() + domain::SKEW_LIMIT_MS;
        let written = match near {
            true => known,
            false => self.now().max(self.replica.highest_clock()),
        };
        [known, written]
    }

    /// People who may approve here, and can show with their PIN that they do.
    pub(crate) fn approvers(&self) -> Result<Vec<Operator>, ReplicaError> {
        let (Some(site), at) = (self.site, self.time_of_grants()) else {
            return Ok(Vec::new());
        };
        let here = self.operator.as_ref().map(|o| o.id);
        let may = |o: &Operator| {
            let can = o.active && !o.pin_verifier.is_empty() && Some(o.id) != here;
            can && o.grants.may_approve(site, at)
        };
        let mut people = self.replica.query().operators()?;
        people.retain(may);
        Ok(people)
    }

    /// The sentence for what is lacking. `code`: of the right. `can_ask`: whether somebody may approve it here.
    fn lack_message(&self, lack: Lack, code: &str, can_ask: bool) -> Result<Message, ReplicaError> {
        let name = self.operator.as_ref().map(|o| o.name.clone());
        let name = name.unwrap_or_default();
        Ok(match lack {
            Lack::Expired(until) => Message::new("right-expired")
                .with(name)
                .with(self.site_clock.show(until, self.now())),
            Lack::Site => Message::new("right-elsewhere")
                .with(name)
                .with(self.site_name()?),
            Lack::Right if can_ask => Message::new("needs-right").with(name).with(code),
            Lack::Right => {
                let names = self.names_of_allowed(code)?;
                let sentence = match names.is_empty() {
                    true => "needs-right-of-nobody",
                    false => "needs-right-of",
                };
                Message::new(sentence).with(name).with(code).with(names)
            }
        })
    }

    /// Who may do it here, as far as this device knows.
    fn names_of_allowed(&self, code: &str) -> Result<String, ReplicaError> {
        let (Some(site), Some(action)) = (self.site, Action::from_code(code)) else {
            return Ok(String::new());
        };
        let at = self.time_of_grants();
        let mut people = self.replica.query().operators()?;
        people.retain(|o| {
            let signs_in = o.active && !(o.badge.is_empty() && o.pin_verifier.is_empty());
            signs_in && o.grants.allow(&[action], site, at).is_ok()
        });
        let names: Vec<String> = people.into_iter().map(|o| o.name).take(NAMES_MAX).collect();
        Ok(names.join(BETWEEN_NAMES))
    }

    /// Whether who is signed in may do this; if not, somebody is asked to approve it.
    pub(crate) fn may(&mut self, actions: &[Action], held: Held) -> Result<bool, ReplicaError> {
        let Some(lack) = self.lack(actions) else {
            return Ok(true);
        };
        let code = actions.first().map_or("", |action| action.code());
        let can_ask = !self.approvers()?.is_empty();
        let why = self.lack_message(lack, code, can_ask)?;
        self.ask_for_approval(why, held, false, can_ask);
        Ok(false)
    }

    /// New work, if they may, or once somebody has approved it. What the work before has written stays written.
    pub(crate) fn begin(&mut self, operation: Operation) -> Result<(), ReplicaError> {
        match self.may(operation.takes(), Held::Start(operation))? {
            true => self.start(operation),
            false => Ok(()),
        }
    }

    /// Whether who is signed in may do this; if not, they are told who may. Nobody can approve it.
    pub(crate) fn may_alone(&mut self, action: Action) -> Result<bool, ReplicaError> {
        let Some(lack) = self.lack(&[action]) else {
            return Ok(true);
        };
        let why = self.lack_message(lack, action.code(), false)?;
        self.tell(Outcome::Refused, why, "");
        Ok(false)
    }

    /// Whether a step may be written as it is; if not, it is held back.
    pub(crate) fn may_write(
        &mut self,
        step: Step,
        stale: bool,
        raw: &str,
        approved: Approved,
    ) -> Result<Option<Step>, ReplicaError> {
        let operation = step.task.operation();
        let goes_on = self
            .work
            .as_ref()
            .is_some_and(|w| w.task.operation() == operation);
        let concerns_rights = !goes_on || !step.events.is_empty();
        let hold = |step: Step| Held::Write {
            step: Box::new(step),
            stale,
            raw: raw.to_owned(),
            approved,
        };
        if concerns_rights && approved.work.is_none() && self.lack(operation.takes()).is_some() {
            self.may(operation.takes(), hold(step))?;
            return Ok(None);
        }
        let (Some(operator), Some(view)) = (&self.operator, self.stock_view()) else {
            return Ok(Some(step));
        };
        if self.practises() || approved.step.is_some() {
            return Ok(Some(step));
        }
        let judged = approved.work.is_none().then_some(&step.events);
        let lacking = judged.into_iter().flatten().find_map(|said| {
            // Which right an act takes, only the act says: without a ticket it is another one.
            let EventBody::Custody(_) = &said.body else {
                return None;
            };
            let actions = Action::that_write(&said.body, said.order.is_some(), None);
            Some((self.lack(actions)?, actions.first()?.code()))
        });
        if let Some((lack, code)) = lacking {
            let can_ask = !self.approvers()?.is_empty();
            let why = self.lack_message(lack, code, can_ask)?;
            self.ask_for_approval(why, hold(step), true, can_ask);
            return Ok(None);
        }
        let mut beyond = None;
        for at in self.times_of_grants() {
            let most = operator.grants.limits(at);
            let found = limits::beyond(operation, &step.events, &most, &view).map_err(cause)?;
            beyond = beyond.or(found);
        }
        let Some(why) = beyond else {
            return Ok(Some(step));
        };
        let can_ask = !self.approvers()?.is_empty();
        self.ask_for_approval(message(&why), hold(step), true, can_ask);
        Ok(None)
    }

    fn ask_for_approval(&mut self, why: Message, held: Held, is_about_step: bool, can_ask: bool) {
        if !can_ask {
            self.tell(Outcome::Refused, why, "");
            return;
        }
        self.tell(Outcome::Attention, why.clone(), "");
        self.approval = Some(Asked {
            why,
            held,
            is_about_step,
            behind: self.showing,
        });
        self.sign_in = SignInState::default();
        self.showing = Showing::Approve;
    }

    /// Nobody approves: the work is as it was before.
    pub(crate) fn forget_approval(&mut self) {
        if let Some(asked) = self.approval.take() {
            self.sign_in = SignInState::default();
            self.feedback = None;
            // What the customer signed for is not done.
            self.signature = None;
            self.showing = asked.behind;
        }
    }

    /// A code while an approval is asked for: the badge says who, the PIN that it is them.
    pub(crate) fn approver_scanned(&mut self, code: &str) -> Result<(), ReplicaError> {
        let Some(operator) = self.replica.query().operator_by_badge(code)? else {
            self.tell(Outcome::Refused, Message::new("no-such-badge"), code);
            return Ok(());
        };
        if self.approvers()?.iter().any(|o| o.id == operator.id) {
            self.choose_operator(operator.id.to_string());
            self.feedback = None;
        } else {
            let message = Message::new("cannot-approve").with(operator.name);
            self.tell(Outcome::Refused, message, code);
        }
        Ok(())
    }

    /// The right PIN was typed while an approval is asked for.
    pub(crate) fn approved(&mut self, approver: &Operator) -> Result<(), ReplicaError> {
        if self.approvers()?.iter().all(|o| o.id != approver.id) {
            let message = Message::new("cannot-approve").with(approver.name.clone());
            self.tell(Outcome::Refused, message, "");
            return Ok(());
        }
        let Some(asked) = self.approval.take() else {
            return Ok(());
        };
        self.sign_in = SignInState::default();
        self.showing = asked.behind;
        let name = approver.name.clone();
        self.tell(Outcome::Accepted, Message::new("approved").with(name), "");
        let by = Some(approver.id);
        match asked.held {
            Held::Start(operation) => {
                let told = self.feedback.take();
                self.start(operation)?;
                self.feedback = told;
                self.approve_work(by);
            }
            Held::Resume => {
                self.go_on()?;
                self.approve_work(by);
            }
            Held::TakeOver(id) => return self.ask_whether_to_take_over(&id),
            Held::Write {
                step,
                stale,
                raw,
                mut approved,
            } => {
                match asked.is_about_step {
                    true => approved.step = by,
                    false => approved.work = by,
                }
                return self.apply_approved(*step, stale, &raw, approved);
            }
        }
        Ok(())
    }

    fn approve_work(&mut self, by: Option<OperatorId>) {
        if let Some(work) = &mut self.work {
            work.approved_by = by;
        }
    }
}
