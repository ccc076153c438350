//! What labels say of a deposit: of its pieces, the customer's ticket, the bins that it lies in.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use domain::ticket::PieceCode;
use domain::{DepositId, UnixMillis};

use super::ConsoleData;
use crate::console::view::{LeftPiece, LeftView, Named};
use crate::error::AppError;

/// What is printed of a deposit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// One label for each piece that has one, whether it is here or not.
    Pieces,
    /// 取件凭证.
    Ticket,
    /// Those of the bins in which the pieces lie.
    Bins,
}

impl LabelKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Pieces, Self::Ticket, Self::Bins];

    /// For addresses, and translation key under `custody-labels.`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pieces => "pieces",
            Self::Ticket => "ticket",
            Self::Bins => "bins",
        }
    }

    /// The kind with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A deposit with what only its labels may say.
#[derive(Debug, Clone)]
pub struct ToLabel {
    /// What was left.
    pub left: LeftView,
    /// The whole claim code, as its QR says it and in groups.
    pub claim: (String, String),
    /// The bins of its pieces, each once.
    pub bins: Vec<Named>,
    /// The site's time zone.
    pub zone: Tz,
}

impl ToLabel {
    /// Pieces with a label that our own numbers are on, and their number's letters.
    pub fn numbered(&self) -> impl Iterator<Item = (&LeftPiece, PieceCode)> {
        let pieces = self.left.pieces.iter();
        pieces.filter_map(|piece| Some((piece, PieceCode::parse(&piece.unit).ok()?)))
    }
}

impl ConsoleData {
    /// What the labels of a deposit say.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; those of the replica.
    pub fn to_label(&self, id: DepositId, now: UnixMillis) -> Result<ToLabel, AppError> {
        self.ask(|q| {
            let row = q.deposit(id)?.ok_or(AppError::NotFound)?;
            let left = self.names(q).left(&row, now)?;
            let mut seen = BTreeSet::new();
            let bins = left.pieces.iter().filter_map(|piece| piece.bin.clone());
            let bins = bins.filter(|bin| seen.insert(bin.id.clone())).collect();
            let claim = &row.deposit.claim;
            Ok(ToLabel {
                claim: (claim.to_string(), claim.grouped()),
                zone: left.zone,
                bins,
                left,
            })
        })
    }
}
