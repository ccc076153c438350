//! Who did what they had no right to. Such an event counts, since goods were moved; somebody should know.

use crate::clock::UnixMillis;
use crate::ids::OperatorId;
use crate::ledger::engine::Ledger;
use crate::ledger::place::Place;
use crate::ledger::store::{LedgerStore, Part, Placed, Standing};
use crate::ledger::subject::Subject;
use crate::rights;

impl<S: LedgerStore> Ledger<'_, S> {
    /// Whether an event goes beyond the grants that are known here and were in force where it stands.
    pub(super) fn breaches_rights(&mut self, placed: &Placed) -> Result<bool, S::Error> {
        let record = &placed.event.record;
        let grants = self.store.grants(record.operator)?;
        if grants.all().is_empty() {
            return Ok(false);
        }
        // Nobody approves what they do themselves.
        let approver = match record.approved_by.filter(|by| *by != record.operator) {
            Some(by) => Some(self.store.grants(by)?),
            None => None,
        };
        let (site, at) = (placed.event.site, placed.place.clock.millis);
        Ok(rights::is_breached(
            record,
            site,
            at,
            &grants,
            approver.as_ref(),
        ))
    }

    /// The grants of an operator have changed, from that time on: what they did and approved since is judged again. What
    /// lies behind the horizon stays as the snapshot judged it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn regranted(&mut self, operator: OperatorId, from: UnixMillis) -> Result<(), S::Error> {
        let from = Place::start_of(from);
        for id in self.store.events_of(operator, from)? {
            let Some(placed) = self.store.event(id)? else {
                continue;
            };
            if placed.place <= self.horizon || placed.standing == Standing::Void {
                continue;
            }
            let subject = Subject::Rights(placed.event.record.operator);
            self.store.remove_entry(&subject, placed.place)?;
            if self.breaches_rights(&placed)? {
                self.store
                    .insert_entry(&subject, placed.place, Part::Mark)?;
            }
            self.touch(subject, placed.place);
        }
        Ok(())
    }
}
