//! Codes of one pull of the trigger. What the step asks for is taken at once; a code that does not fit waits a moment for
//! one that does, and is refused if none comes.

use operations::trigger::{Choice, Chosen, Next, choose, follow};
use operations::{Operation, Scanned, Task};
use replica::ReplicaError;
use scan::{Payload, trigger};

use super::machine::{Showing, Work, Worker};
use super::tasks::{cause, message, outcome};

/// The trigger that was pulled last.
#[derive(Debug, Default)]
pub(crate) struct Trigger {
    /// The work as it was before, as long as nothing was written since.
    before: Option<Work>,
    /// What was taken of it, in order.
    taken: Vec<Scanned>,
    /// What did not fit, until then.
    waiting: Vec<Scanned>,
    until: i64,
    /// When the camera showed it last.
    seen: Option<i64>,
    aside: usize,
}

impl Trigger {
    /// When what waits is refused, in unix milliseconds.
    pub(crate) fn due(&self) -> Option<i64> {
        (!self.waiting.is_empty()).then_some(self.until)
    }
}

impl Worker {
    pub(crate) fn wedge_scan(&mut self, text: &str, follows: bool) -> Result<(), ReplicaError> {
        let payload = Payload::from_keys(text);
        if !self.note_raw(&payload, "wedge") {
            return Ok(());
        }
        self.scanned(&[payload], follows, false)
    }

    /// The codes of one picture. Each counts once for as long as it is in view.
    pub(crate) fn camera_scan(&mut self, payloads: &[Payload]) -> Result<(), ReplicaError> {
        let now = self.now();
        let codes = payloads.iter().flat_map(trigger::lines);
        let fresh: Vec<Payload> = codes.filter(|c| self.note_raw(c, "camera")).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let gap_ms = i64::try_from(trigger::GAP_MS).unwrap_or(i64::MAX);
        let follows = self.trigger.seen.is_some_and(|at| now - at <= gap_ms);
        self.scanned(&fresh, follows, true)?;
        self.trigger.seen = Some(now);
        Ok(())
    }

    /// Nothing more comes of the trigger: what waits is refused.
    pub fn end_trigger(&mut self) {
        let result = self.settle_trigger();
        self.report(result);
    }

    pub(crate) fn settle_trigger(&mut self) -> Result<(), ReplicaError> {
        let waiting = std::mem::take(&mut self.trigger.waiting);
        match waiting.is_empty() {
            true => Ok(()),
            false => self.take_codes(&waiting, true),
        }
    }

    /// Hands the codes to the work, or to whatever is shown.
    pub(crate) fn trigger_codes(
        &mut self,
        mut codes: Vec<Scanned>,
        follows: bool,
        one_label: bool,
    ) -> Result<(), ReplicaError> {
        if !follows {
            self.settle_trigger()?;
            self.trigger = Trigger::default();
            // "5 then scan": the number is meant before the code is looked at.
            if self.is_at_work() && !self.mean_pad()? {
                return Ok(());
            }
        } else if !self.trigger.taken.is_empty() {
            for code in codes {
                self.take_next(code, one_label)?;
            }
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.trigger.waiting);
        codes.splice(0..0, waiting);
        self.take_codes(&codes, false)
    }

    /// Unfinished work goes on where it stopped when something is scanned.
    fn is_at_work(&self) -> bool {
        let open = |work: &Work| self.showing == Showing::Task || work.task.has_open_work();
        self.showing != Showing::LookUp && self.work.as_ref().is_some_and(open)
    }

    /// Takes the code that is meant. `last`: none that fits better can come.
    fn take_codes(&mut self, codes: &[Scanned], last: bool) -> Result<(), ReplicaError> {
        let at_work = self.is_at_work();
        let any = Task::start(Operation::LookUp);
        let Some(view) = self.stock_view() else {
            return Ok(());
        };
        let task = match &self.work {
            Some(work) if at_work => &work.task,
            _ => &any,
        };
        let choice = choose(task, codes, &view, &self.context()).map_err(cause)?;
        let stale = view.told_stale.get();
        match choice {
            Choice::Taken(chosen) => {
                let before = self.work.clone().filter(|_| at_work);
                self.take(chosen, stale, at_work)?;
                self.trigger.before = before.filter(|_| self.committed.is_empty());
            }
            Choice::Refused(chosen) if last => self.take(chosen, stale, at_work)?,
            Choice::Refused(_) => {
                let gap_ms = i64::try_from(trigger::GAP_MS).unwrap_or(i64::MAX);
                if self.trigger.until == 0 {
                    self.trigger.until = self.now() + gap_ms;
                }
                self.trigger.waiting = codes.to_vec();
            }
            Choice::Several(refusal) => self.refuse_several(&refusal, &codes[0].raw),
        }
        Ok(())
    }

    fn refuse_several(&mut self, refusal: &operations::Feedback, raw: &str) {
        self.tell(outcome(refusal.outcome), message(refusal), raw);
    }

    fn take(&mut self, chosen: Chosen, stale: bool, at_work: bool) -> Result<(), ReplicaError> {
        let Chosen { step, code, aside } = chosen;
        self.trigger.taken.push(code.clone());
        self.trigger.aside += aside;
        match self.showing {
            _ if at_work => self.apply(*step, stale, &code.raw)?,
            Showing::LookUp => self.look_up_scan(&code)?,
            _ => self.home_scan(&code)?,
        }
        self.tell_aside();
        Ok(())
    }

    fn tell_aside(&mut self) {
        let aside = u32::try_from(self.trigger.aside).unwrap_or(u32::MAX);
        if let Some(feedback) = &mut self.feedback {
            feedback.also_read = aside;
        }
    }

    /// A code right behind one that was taken.
    fn take_next(&mut self, code: Scanned, one_label: bool) -> Result<(), ReplicaError> {
        let next = match (self.stock_view(), &self.work) {
            (Some(view), Some(work)) if self.is_at_work() => {
                let before = self.trigger.before.as_ref().map(|work| &work.task);
                let taken = &self.trigger.taken;
                let ctx = self.context();
                let next = follow(before, &work.task, taken, &code, one_label, &view, &ctx);
                Some((next.map_err(cause)?, view.told_stale.get()))
            }
            _ => None,
        };
        match next {
            Some((Next::Own(chosen), stale)) => {
                // As if the trigger was pulled again: what comes next is compared with this code alone. A scanner that
                // never stops would else be one trigger, and lose what it scanned before.
                self.trigger.taken.clear();
                self.trigger.aside = 0;
                let before = self.work.clone();
                self.take(chosen, stale, true)?;
                self.trigger.before = before.filter(|_| self.committed.is_empty());
            }
            Some((Next::Instead(chosen), stale)) => {
                let before = self.trigger.before.take();
                self.work.clone_from(&before);
                self.trigger.taken.clear();
                // What was taken before it is part of it, or left aside now.
                self.take(chosen, stale, true)?;
                self.trigger.before = before.filter(|_| self.committed.is_empty());
            }
            Some((Next::Several(refusal), _)) => {
                if let Some(before) = self.trigger.before.take() {
                    self.restore(before)?;
                }
                self.refuse_several(&refusal, &code.raw);
            }
            Some((Next::Aside, _)) | None => {
                self.trigger.aside += 1;
                self.tell_aside();
            }
        }
        Ok(())
    }
}
