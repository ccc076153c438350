//! A deposit before its pieces have come: what is expected, from whom and for how long.
//!
//! It is the record of a deposit whose pieces have no label yet. Whoever takes the goods in scans a label for each piece,
//! from a roll printed beforehand, and writes it beside what was announced: the record becomes a deposit as any other, with
//! the claim code that the customer may have had for days. A piece without a label is none to a program that knows nothing
//! of announcements, so that nobody hands it out or counts it.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use domain::custody::PIECES_MAX;
use domain::{ItemId, UnitId, UnixMillis};

use crate::catalogue::{bytes, text};
use crate::deposit::{Deposit, Piece};
use crate::record::{FieldEdit, Record, RecordKind, Value};

/// The place for which a note on what is expected is sealed: people write names and numbers into it.
pub const NOTE: &str = "sealed_announced_note";
const DAYS: &str = "announced_days";
const AT: &str = "announced_at";

/// A piece that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedPiece {
    /// Its category.
    pub item: ItemId,
    /// Size, as a code of the site; empty: nobody said.
    pub size: String,
    /// 声明价值 in minor units of the fee's currency; 0: none was declared.
    pub value: i64,
}

/// What is expected of a deposit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announced {
    /// When it was announced, unix milliseconds.
    pub at: UnixMillis,
    /// For how many days from the day on which the pieces come; 0: no term.
    pub days: u32,
    /// Sealed under the customer's key for [`NOTE`]; empty: none.
    pub note: Vec<u8>,
    /// Pieces that have not come, by number from 1.
    pub pieces: BTreeMap<u32, ExpectedPiece>,
}

impl Announced {
    /// What of a deposit's record has not come yet; `None` if nothing was ever announced.
    pub fn from_record(record: &Record) -> Option<Self> {
        let f = &record.fields;
        let number = |path: &str| match f.get(path) {
            Some(Value::Integer(n)) => *n,
            _ => 0,
        };
        if record.kind != RecordKind::Deposit || number(AT) == 0 {
            return None;
        }
        let mut pieces = BTreeMap::new();
        for path in f.keys() {
            let Some(piece) = path.strip_prefix("item/").and_then(|n| n.parse().ok()) else {
                continue;
            };
            let has_come = f.contains_key(&format!("unit/{piece}"));
            let Ok(item) = ItemId::from_slice(&bytes(f, path)) else {
                continue;
            };
            if has_come || pieces.len() >= PIECES_MAX {
                continue;
            }
            let expected = ExpectedPiece {
                item,
                size: text(f, &format!("size/{piece}")),
                value: number(&format!("value/{piece}")).max(0),
            };
            pieces.insert(piece, expected);
        }
        Some(Self {
            at: number(AT),
            days: u32::try_from(number(DAYS)).unwrap_or(0),
            note: bytes(f, NOTE),
            pieces,
        })
    }

    /// All fields of the record of what is expected. `deposit` has claim code, customer, site and fee, and no pieces.
    pub fn to_fields(&self, deposit: &Deposit) -> Vec<FieldEdit> {
        let mut fields = deposit.to_fields();
        fields.push(FieldEdit::set(AT, self.at));
        fields.push(FieldEdit::set(DAYS, i64::from(self.days)));
        if !self.note.is_empty() {
            fields.push(FieldEdit {
                path: NOTE.to_owned(),
                value: Some(Value::Bytes(self.note.clone())),
            });
        }
        for (number, piece) in &self.pieces {
            fields.push(FieldEdit {
                path: format!("item/{number}"),
                value: Some(Value::Bytes(piece.item.as_bytes().to_vec())),
            });
            if !piece.size.is_empty() {
                fields.push(FieldEdit::set(
                    format!("size/{number}"),
                    piece.size.as_str(),
                ));
            }
            if piece.value > 0 {
                fields.push(FieldEdit::set(format!("value/{number}"), piece.value));
            }
        }
        fields
    }

    /// The deposit once these labels are on its pieces: what is to be written with the event of each that came, and signed
    /// for. `today`: the day at the site, from which the term runs. Labels of numbers that nobody expects are left out.
    pub fn taken_in(
        &self,
        deposit: &Deposit,
        labels: &BTreeMap<u32, UnitId>,
        now: UnixMillis,
        today: NaiveDate,
    ) -> Deposit {
        let mut taken = deposit.clone();
        // What came earlier keeps its term.
        if taken.pieces.is_empty() {
            taken.taken_at = now;
            taken.due = match self.days {
                0 => None,
                days => today.checked_add_days(Days::new(days.into())),
            };
        }
        for (number, unit) in labels {
            if let Some(expected) = self.pieces.get(number) {
                let piece = Piece {
                    unit: unit.clone(),
                    item: expected.item,
                    size: expected.size.clone(),
                    condition: Vec::new(),
                    value: expected.value,
                };
                taken.pieces.insert(*number, piece);
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use domain::custody::FeeRule;
    use domain::ticket::ClaimCode;
    use domain::{ChainId, CustomerId, DepositId, SiteId};

    use super::*;
    use crate::record::{Counting, edit};

    fn expected(n: u8, value: i64) -> ExpectedPiece {
        ExpectedPiece {
            item: ItemId::from_bytes([n; 16]),
            size: "L".into(),
            value,
        }
    }

    #[test]
    fn what_is_announced_becomes_a_deposit_piece_by_piece() {
        let site = SiteId::from_bytes([1; 16]);
        let id = DepositId::from_bytes([2; 16]);
        let bare = Deposit {
            id,
            site,
            claim: ClaimCode::draw(site, [9; 8]),
            customer: CustomerId::from_bytes([3; 16]),
            taken_at: 0,
            due: None,
            fee: FeeRule::default(),
            forbidden: String::new(),
            wish: None,
            pieces: BTreeMap::new(),
        };
        let announced = Announced {
            at: 1_790_000_000_000,
            days: 30,
            note: vec![1, 2],
            pieces: [(1, expected(7, 500)), (2, expected(8, 0))].into(),
        };
        let chain = ChainId::from_bytes([4; 16]);
        let edited = edit(
            &[],
            RecordKind::Deposit,
            chain,
            &announced.to_fields(&bare),
            &Counting::ALL,
        );
        let record = edited.unwrap().unwrap().record;
        assert_eq!(Announced::from_record(&record), Some(announced.clone()));
        let read = Deposit::from_record(id, &record).unwrap();
        assert_eq!(read, bare, "no piece has come");

        let today: NaiveDate = "2026-11-23".parse().unwrap();
        let label = UnitId::plate("P1");
        let labels = [(1, label.clone()), (9, UnitId::plate("P9"))].into();
        let taken = announced.taken_in(&read, &labels, 1_795_000_000_000, today);
        assert_eq!(taken.due, "2026-12-23".parse().ok());
        assert_eq!(taken.pieces.keys().collect::<Vec<_>>(), [&1]);
        assert_eq!(
            (&taken.pieces[&1].unit, taken.pieces[&1].value),
            (&label, 500)
        );
    }
}
