//! Receipts of acts of custody: made, read in whatever form somebody has one, and judged, with the log or without it.

mod told;

use data_encoding::BASE64URL_NOPAD;
use documents::receipt_code::{self, brief};
use documents::receipt_file::{self, is_file};
use documents::{PublicKey, Receipt, ReceiptError, Signer, SigningKey};
use domain::ledger::Standing;
use domain::{EventHash, EventId, EventRecord, OrganisationId};
use replica::query::EventRow;
use replica::{Query, ReplicaError};

pub use told::{ReceiptPiece, ReceiptTold};

/// A receipt that is longer does not fit into a QR that a telephone reads off paper; the QR then only names the act.
const QR_BYTES_MAX: usize = 1_200;

/// What somebody gave in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A receipt, or a file with one in it.
    Bytes(Vec<u8>),
    /// The short form of one, from the screen of a handheld.
    Code(Vec<u8>),
    /// Chain, number and hash of an act: it proves nothing by itself.
    Named(EventId, EventHash),
}

/// What a receipt is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Ours, unchanged, and in the log as it says. Without a log: ours and unchanged.
    Genuine,
    /// The same, but the act was taken back, or lies in quarantine.
    Void,
    /// Ours and unchanged, but the device that wrote it has not brought it yet.
    NotYet,
    /// Ours and unchanged, but the log has something else at its place: it was rewritten.
    Rewritten,
    /// Changed after it was signed, or never signed by us.
    Forged,
    /// Another organisation's.
    OtherOrganisation,
    /// No receipt at all.
    Unreadable,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 7] = [
        Self::Genuine,
        Self::Void,
        Self::NotYet,
        Self::Rewritten,
        Self::Forged,
        Self::OtherOrganisation,
        Self::Unreadable,
    ];

    /// Stable name, and translation key under `receipt.verdict.` and `receipt.next.`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Void => "void",
            Self::NotYet => "not-yet",
            Self::Rewritten => "rewritten",
            Self::Forged => "forged",
            Self::OtherOrganisation => "other-organisation",
            Self::Unreadable => "unreadable",
        }
    }

    /// `good`, `warn` or `bad`, as pages colour it.
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Genuine => "good",
            Self::Void | Self::NotYet => "warn",
            _ => "bad",
        }
    }

    /// Whether who has it can rely on what it says of what was done then.
    pub const fn is_sound(self) -> bool {
        matches!(self, Self::Genuine | Self::Void | Self::NotYet)
    }
}

impl From<ReceiptError> for Verdict {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::Unreadable => Self::Unreadable,
            ReceiptError::OtherOrganisation => Self::OtherOrganisation,
            ReceiptError::Forged => Self::Forged,
        }
    }
}

/// A verdict, and the receipt if it could be read and is ours.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What it is worth.
    pub verdict: Verdict,
    /// What it says; of an act that was only named, what the log says.
    pub receipt: Option<Receipt>,
    /// Who signed it.
    pub signer: Option<Signer>,
}

impl Judged {
    const fn without(verdict: Verdict) -> Self {
        Self {
            verdict,
            receipt: None,
            signer: None,
        }
    }
}

impl Shown {
    /// What was pasted or is behind the mark of an address; `None` if it is nothing of that kind.
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.rsplit('#').next().unwrap_or_default();
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if let Some(bytes) = receipt_code::from_text(&text) {
            return Some(Self::Code(bytes));
        }
        if let Some((event, hash)) = receipt_code::named(&text) {
            return Some(Self::Named(event, hash));
        }
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        (!bytes.is_empty()).then_some(Self::Bytes(bytes))
    }

    /// A file that was uploaded: a PDF, a bare receipt, or its text.
    pub fn from_file(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok().filter(|_| !is_file(bytes));
        text.and_then(Self::from_text)
            .unwrap_or_else(|| Self::Bytes(bytes.to_vec()))
    }
}

/// What stands behind the mark of the address in a receipt's QR.
pub fn fragment(receipt: &Receipt, signed: &[u8]) -> String {
    if signed.len() <= QR_BYTES_MAX {
        return BASE64URL_NOPAD.encode(signed);
    }
    receipt_code::name_of(receipt.event, receipt.hash)
}

/// Signs the receipt of an event; `None` if it is no act of custody.
pub fn sign(
    organisation: OrganisationId,
    key: &SigningKey,
    row: &EventRow,
) -> Option<(Receipt, Vec<u8>)> {
    let receipt = Receipt::of(organisation, &row.placed.event)?;
    let signed = receipt.sign(key, None);
    Some((receipt, signed))
}

/// Judges what somebody shows. `organisation`: whose it has to be, if that is known; `log`: the organisation's, if it is here.
///
/// # Errors
/// Those of the replica.
pub fn judge(
    shown: &Shown,
    organisation: Option<OrganisationId>,
    key: &PublicKey,
    log: Option<&Query<'_>>,
) -> Result<Judged, ReplicaError> {
    let (event, hash) = match shown {
        Shown::Named(event, hash) => (*event, *hash),
        Shown::Bytes(bytes) => {
            let (receipt, signer) = match receipt_file::verify(bytes, organisation, key) {
                Ok(read) => read,
                Err(error) => return Ok(Judged::without(error.into())),
            };
            let verdict = match log {
                Some(log) => in_log(log, &receipt, Clone::clone)?,
                None => Verdict::Genuine,
            };
            return Ok(Judged {
                verdict,
                receipt: Some(receipt),
                signer: Some(signer),
            });
        }
        Shown::Code(bytes) => return judge_code(bytes, organisation, key, log),
    };
    // A name alone is worth what the log says of it.
    let (Some(log), Some(organisation)) = (log, organisation) else {
        return Ok(Judged::without(Verdict::Unreadable));
    };
    let found = log
        .event(event)?
        .filter(|row| row.placed.event.hash == hash);
    let receipt = found.and_then(|row| Receipt::of(organisation, &row.placed.event));
    let Some(receipt) = receipt else {
        return Ok(Judged::without(Verdict::Unreadable));
    };
    Ok(Judged {
        verdict: in_log(log, &receipt, Clone::clone)?,
        receipt: Some(receipt),
        signer: None,
    })
}

/// What the short form leaves out is told from the log, if the act stands there under the same hash.
fn judge_code(
    bytes: &[u8],
    organisation: Option<OrganisationId>,
    key: &PublicKey,
    log: Option<&Query<'_>>,
) -> Result<Judged, ReplicaError> {
    let (mut receipt, signer) = match receipt_code::verify(bytes, organisation, key) {
        Ok(read) => read,
        Err(error) => return Ok(Judged::without(error.into())),
    };
    let mut verdict = Verdict::Genuine;
    if let Some(log) = log {
        verdict = in_log(log, &receipt, brief)?;
        let same = matches!(verdict, Verdict::Genuine | Verdict::Void);
        if let Some(row) = log.event(receipt.event)?.filter(|_| same) {
            receipt.record = row.placed.event.record;
        }
    }
    Ok(Judged {
        verdict,
        receipt: Some(receipt),
        signer: Some(signer),
    })
}

/// Whether the log still says what a receipt of ours says. `said`: as much of a record as this kind of receipt says.
fn in_log(
    log: &Query<'_>,
    receipt: &Receipt,
    said: impl Fn(&EventRecord) -> EventRecord,
) -> Result<Verdict, ReplicaError> {
    let Some(row) = log.event(receipt.event)? else {
        let last = log.last_event_number(receipt.event.chain)?;
        return Ok(match last >= receipt.event.number {
            true => Verdict::Rewritten,
            false => Verdict::NotYet,
        });
    };
    let event = &row.placed.event;
    let is_same = event.hash == receipt.hash
        && event.site == receipt.site
        && said(&event.record) == receipt.record;
    Ok(match (is_same, row.placed.standing) {
        (false, _) => Verdict::Rewritten,
        (true, Standing::Void) => Verdict::Void,
        (true, _) => Verdict::Genuine,
    })
}
