//! One signature for all that was done in the work under way.

use domain::EventBody;
use operations::Said;
use replica::ReplicaError;
use replica::query::EventRow;

use super::machine::{Showing, Work, Worker};
use crate::signature;
use crate::view::{Message, Outcome, SigningView, Strokes};

/// So many lines of work are signed for at once.
const LINES_MAX: u32 = 500;

impl Worker {
    /// Whether somebody can sign: something was done, and it is no practice.
    pub(crate) fn can_sign(&self) -> bool {
        let done = |work: &Work| work.task.line_count() > 0;
        !self.practises() && self.work.as_ref().is_some_and(done)
    }

    /// Hands the device to whoever signs.
    pub(crate) fn open_signing(&mut self) -> Result<(), ReplicaError> {
        if !self.may_keep_pictures() {
            return Ok(());
        }
        if self.lines_to_sign()?.is_empty() {
            self.tell(Outcome::Attention, Message::new("signature-nothing"), "");
        } else {
            self.feedback = None;
            self.showing = Showing::Signing;
        }
        Ok(())
    }

    pub(crate) fn signing_view(&self) -> Result<SigningView, ReplicaError> {
        if self.signs_for.is_some()
            && let Some(view) = self.custody_signing_view()?
        {
            return Ok(view);
        }
        let (order, party) = match self.work.as_ref().and_then(|work| work.task.order_facts()) {
            Some(order) => (order.code.clone(), order.party.clone()),
            None => Default::default(),
        };
        let lines = u32::try_from(self.lines_to_sign()?.len()).unwrap_or(u32::MAX);
        Ok(SigningView {
            order,
            party,
            lines,
        })
    }

    /// The picture is on the disk before the events that name it; one of them for each line.
    pub(crate) fn signed(&mut self, strokes: &Strokes) -> Result<(), ReplicaError> {
        if self.showing != Showing::Signing {
            return Ok(());
        }
        if let Some(action) = self.signs_for {
            return self.customer_signed(action, strokes);
        }
        let made = match signature::drawn(strokes) {
            Ok(made) => made,
            Err(error) => {
                self.tell(Outcome::Attention, Message::new(error.code()), "");
                return Ok(());
            }
        };
        let lines = self.lines_to_sign()?;
        let Some(newest) = lines.first().map(|row| row.placed.event.hash) else {
            return Ok(());
        };
        let now = self.now();
        let kept = (self.blobs.store).put(newest, &[made.photo, made.thumbnail], now)?;
        let [blob, thumbnail] = kept.as_slice() else {
            return Ok(());
        };
        let attached = |row: &EventRow| {
            Said::from(EventBody::Attached {
                to: row.placed.event.hash,
                blob: blob.clone(),
                thumbnail: Some(thumbnail.clone()),
            })
        };
        self.write(lines.iter().map(attached).collect(), &[], &[], None, None)?;
        self.blobs.store.bind(&kept)?;
        self.blobs.refresh()?;
        self.showing = Showing::Task;
        let signed = Message::new("signature-saved").with(lines.len().to_string());
        self.tell(Outcome::Accepted, signed, "");
        Ok(())
    }

    /// What this work wrote and still counts, the newest first.
    fn lines_to_sign(&self) -> Result<Vec<EventRow>, ReplicaError> {
        match &self.work {
            Some(work) => self.events_of_work(work.started, LINES_MAX),
            None => Ok(Vec::new()),
        }
    }
}
