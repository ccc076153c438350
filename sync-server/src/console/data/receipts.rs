//! Receipts of acts: made of the log, and held against it.

use domain::{EventBody, EventHash};

use super::ConsoleData;
use crate::error::AppError;
use crate::receipts::{Judged, ReceiptTold, Shown, judge, sign};

/// A receipt as it is handed out.
#[derive(Debug, Clone)]
pub struct Handed {
    /// As it is signed.
    pub signed: Vec<u8>,
    /// What stands behind the mark of the address in its QR.
    pub fragment: String,
    /// What it says.
    pub told: ReceiptTold,
}

/// All methods fail with the errors of the replica.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl ConsoleData {
    /// The server's receipt of an act, by its hash; `None` if there is no such act, or it is elsewhere.
    pub fn receipt(&self, hash: EventHash) -> Result<Option<Handed>, AppError> {
        let us = self.hub.organisation();
        self.ask(|q| {
            let Some(row) = q.event_by_hash(hash)? else {
                return Ok(None);
            };
            if !self.scope.sees(row.placed.event.site)
                || !matches!(row.placed.event.record.body, EventBody::Custody(_))
            {
                return Ok(None);
            }
            let Some((receipt, signed)) = sign(us.id, &us.key, &row) else {
                return Ok(None);
            };
            let judged = judge(
                &Shown::Bytes(signed.clone()),
                Some(us.id),
                &us.key.public(),
                Some(q),
            )?;
            let told = ReceiptTold::of(&judged, &receipt, Some(q))?;
            Ok(told.map(|told| Handed {
                fragment: crate::receipts::fragment(&receipt, &signed),
                signed,
                told,
            }))
        })
    }

    /// What a receipt that somebody shows is worth, and what it says.
    pub fn judge(&self, shown: &Shown) -> Result<(Judged, Option<ReceiptTold>), AppError> {
        let us = self.hub.organisation();
        self.ask(|q| {
            let judged = judge(shown, Some(us.id), &us.key.public(), Some(q))?;
            let told = match &judged.receipt {
                Some(receipt) => ReceiptTold::of(&judged, receipt, Some(q))?,
                None => None,
            };
            Ok((judged, told))
        })
    }
}
