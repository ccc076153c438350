//! A deposit as the program uses it: what a customer left with us at one time, and on which terms.
//!
//! It lives in the partition of its site. Pieces are entries of maps under their number. Whether they are still here is not
//! written: it is folded from the events that name them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::custody::{FeeRule, PieceSaid, Terms};
use domain::ticket::ClaimCode;
use domain::{Currency, CustomerId, DepositId, ItemId, SiteId, UnitId, UnixMillis};

use crate::catalogue::{bytes, text};
use crate::record::{FieldEdit, Record, RecordKind, Value};

/// What the customer asks for, from their own telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WishKind {
    /// To come for the pieces.
    Release,
    /// To leave them longer.
    Extend,
}

impl WishKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Release, Self::Extend];

    /// Stable name, in documents and SQL and as the translation key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Extend => "extend",
        }
    }

    /// The kind with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What the customer asked for last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// What.
    pub kind: WishKind,
    /// When they want to come, or until when the pieces shall stay.
    pub at: UnixMillis,
    /// When they asked.
    pub asked_at: UnixMillis,
    /// When somebody said yes, no, or did it; 0: it waits.
    pub answered_at: UnixMillis,
}

/// What a site agrees on with whoever leaves something; fields of its record, which the server alone writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HouseRules {
    /// What it costs.
    pub fee: FeeRule,
    /// For how many days; 0: no term.
    pub days: u32,
    /// Version of the list of forbidden goods.
    pub forbidden: String,
    /// From this declared value on, in the fee's currency's minor units, a piece is released only where nobody else can
    /// release it unnoticed: see `operations`. 0: no piece is guarded.
    pub guarded: i64,
    /// Where customers reach the server, such as `https://tallyman.example.com`; empty: nobody said. Receipts name it.
    pub public_url: String,
}

impl HouseRules {
    /// The class of items that customers may leave; those of classes that begin with it and a dash are too.
    pub const CLASS: &'static str = "custody";

    /// As they read from the site's record.
    pub fn of(site: &Record) -> Self {
        let number = |path: &str| match site.fields.get(path) {
            Some(Value::Integer(n)) => (*n).max(0),
            _ => 0,
        };
        Self {
            fee: FeeRule {
                daily: number("custody_daily"),
                cap: number("custody_cap"),
                currency: Currency::from_code(&text(&site.fields, "custody_currency"))
                    .unwrap_or_default(),
            },
            days: u32::try_from(number("custody_days")).unwrap_or(0),
            forbidden: text(&site.fields, "custody_forbidden"),
            guarded: number("custody_guarded"),
            public_url: text(&site.fields, "custody_url"),
        }
    }

    /// All fields.
    pub fn to_fields(&self) -> [FieldEdit; 7] {
        [
            FieldEdit::set("custody_daily", self.fee.daily),
            FieldEdit::set("custody_cap", self.fee.cap),
            FieldEdit::set("custody_currency", self.fee.currency.code()),
            FieldEdit::set("custody_days", i64::from(self.days)),
            FieldEdit::set("custody_forbidden", self.forbidden.as_str()),
            FieldEdit::set("custody_guarded", self.guarded),
            FieldEdit::set("custody_url", self.public_url.as_str()),
        ]
    }
}

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What is on its label.
    pub unit: UnitId,
    /// Its category.
    pub item: ItemId,
    /// How large it is: the code of a [`domain::custody::PieceSize`]; empty: nobody said.
    pub size: String,
    /// 验收状况, in words sealed under the customer's key for [`crate::sealed::CONDITION`]; empty: nothing was said.
    pub condition: Vec<u8>,
    /// 声明价值 in minor units of the fee's currency; 0: none was declared.
    pub value: i64,
}

impl Piece {
    /// Its fields under this number.
    pub fn fields(&self, number: u32) -> Vec<FieldEdit> {
        let mut fields = vec![
            FieldEdit::set(format!("unit/{number}"), self.unit.as_str()),
            FieldEdit {
                path: format!("item/{number}"),
                value: Some(Value::Bytes(self.item.as_bytes().to_vec())),
            },
        ];
        if !self.size.is_empty() {
            fields.push(FieldEdit::set(format!("size/{number}"), self.size.as_str()));
        }
        if !self.condition.is_empty() {
            fields.push(FieldEdit {
                path: format!("condition/{number}"),
                value: Some(Value::Bytes(self.condition.clone())),
            });
        }
        if self.value > 0 {
            fields.push(FieldEdit::set(format!("value/{number}"), self.value));
        }
        fields
    }
}

/// What a customer left with us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// Its identity.
    pub id: DepositId,
    /// Where.
    pub site: SiteId,
    /// What is on the ticket.
    pub claim: ClaimCode,
    /// 寄存人.
    pub customer: CustomerId,
    /// When the pieces came.
    pub taken_at: UnixMillis,
    /// The last day of the term, in the site's time zone.
    pub due: Option<NaiveDate>,
    /// What it costs.
    pub fee: FeeRule,
    /// Version of the list of forbidden goods that was shown.
    pub forbidden: String,
    /// What the customer asks for.
    pub wish: Option<Wish>,
    /// By number, from 1.
    pub pieces: BTreeMap<u32, Piece>,
}

impl Deposit {
    /// The maps that its first change creates.
    pub(crate) const MAPS: &'static [&'static str] =
        &["unit", "item", "size", "condition", "value"];

    /// As it reads from its record; `None` for a record of another kind, or one without a sound claim code.
    pub fn from_record(id: DepositId, record: &Record) -> Option<Self> {
        if record.kind != RecordKind::Deposit {
            return None;
        }
        let f = &record.fields;
        let id16 = |path: &str| <[u8; 16]>::try_from(bytes(f, path)).ok();
        let number = |path: &str| match f.get(path) {
            Some(Value::Integer(n)) => *n,
            _ => 0,
        };
        let mut pieces = BTreeMap::new();
        for (path, value) in f {
            let Some(number) = path.strip_prefix("unit/").and_then(|n| n.parse().ok()) else {
                continue;
            };
            let item = bytes(f, &format!("item/{number}"));
            let (Value::Text(unit), Ok(item)) = (value, ItemId::from_slice(&item)) else {
                continue;
            };
            let piece = Piece {
                unit: UnitId::plate(unit),
                item,
                size: text(f, &format!("size/{number}")),
                condition: bytes(f, &format!("condition/{number}")),
                value: match f.get(&format!("value/{number}")) {
                    Some(Value::Integer(n)) => (*n).max(0),
                    _ => 0,
                },
            };
            pieces.insert(number, piece);
        }
        let wish = WishKind::from_code(&text(f, "wish")).map(|kind| Wish {
            kind,
            at: number("wish_at"),
            asked_at: number("wish_asked"),
            answered_at: number("wish_answered"),
        });
        Some(Self {
            id,
            site: SiteId::from_bytes(id16("site")?),
            claim: ClaimCode::parse(&text(f, "claim")).ok()?,
            customer: CustomerId::from_bytes(id16("customer")?),
            taken_at: number("taken_at"),
            due: text(f, "due").parse().ok(),
            fee: FeeRule {
                daily: number("fee_daily").max(0),
                cap: number("fee_cap").max(0),
                currency: Currency::from_code(&text(f, "currency")).unwrap_or_default(),
            },
            forbidden: text(f, "forbidden"),
            wish,
            pieces,
        })
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        let id = |path: String, id: &[u8; 16]| FieldEdit {
            path,
            value: Some(Value::Bytes(id.to_vec())),
        };
        let mut fields = vec![
            id("site".into(), self.site.as_bytes()),
            FieldEdit::set("claim", self.claim.as_str()),
            id("customer".into(), self.customer.as_bytes()),
            FieldEdit::set("taken_at", self.taken_at),
            FieldEdit::set("currency", self.fee.currency.code()),
            FieldEdit::set("forbidden", self.forbidden.as_str()),
        ];
        fields.extend(self.due.map(|due| Self::due_field(Some(due))));
        for (path, minor) in [("fee_daily", self.fee.daily), ("fee_cap", self.fee.cap)] {
            if minor > 0 {
                fields.push(FieldEdit::set(path, minor));
            }
        }
        fields.extend(self.wish.iter().flat_map(Self::wish_fields));
        let pieces = self.pieces.iter();
        fields.extend(pieces.flat_map(|(number, piece)| piece.fields(*number)));
        fields
    }

    /// The field that says until when the pieces may stay.
    pub fn due_field(due: Option<NaiveDate>) -> FieldEdit {
        FieldEdit {
            path: "due".into(),
            value: due.map(|day| Value::Text(day.to_string())),
        }
    }

    /// The fields that say what the customer asks for.
    pub fn wish_fields(wish: &Wish) -> [FieldEdit; 4] {
        [
            FieldEdit::set("wish", wish.kind.code()),
            FieldEdit::set("wish_at", wish.at),
            FieldEdit::set("wish_asked", wish.asked_at),
            FieldEdit::set("wish_answered", wish.answered_at),
        ]
    }

    /// What the customer signs for.
    pub fn terms(&self) -> Terms {
        let pieces = self.pieces.iter().map(|(number, piece)| PieceSaid {
            number: *number,
            unit: piece.unit.clone(),
            item: piece.item,
            size: piece.size.clone(),
            condition: piece.condition.clone(),
            value: piece.value,
        });
        Terms {
            customer: self.customer,
            claim: self.claim.hash(),
            due: self.due,
            fee: self.fee,
            pieces: pieces.collect(),
            forbidden: self.forbidden.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ChainId;

    use super::*;
    use crate::record::{Counting, edit};

    #[test]
    fn a_deposit_reads_as_it_was_written_and_people_who_change_other_things_do_not_meet() {
        let site = SiteId::from_bytes([1; 16]);
        let piece = |n: u8| Piece {
            unit: UnitId::plate(&format!("P{n}")),
            item: ItemId::from_bytes([n; 16]),
            size: "L".into(),
            condition: vec![n; 70],
            value: 5_000,
        };
        let deposit = Deposit {
            id: DepositId::from_bytes([2; 16]),
            site,
            claim: ClaimCode::draw(site, [9; 8]),
            customer: CustomerId::from_bytes([3; 16]),
            taken_at: 1_790_000_000_000,
            due: NaiveDate::from_ymd_opt(2026, 12, 1),
            fee: FeeRule {
                daily: 1_000,
                cap: 0,
                currency: Currency::from_code("CNY").unwrap(),
            },
            forbidden: "1".into(),
            wish: Some(Wish {
                kind: WishKind::Release,
                at: 5,
                asked_at: 4,
                answered_at: 0,
            }),
            pieces: [(1, piece(1)), (2, piece(2))].into(),
        };
        let edited = edit(
            &[],
            RecordKind::Deposit,
            ChainId::from_bytes([4; 16]),
            &deposit.to_fields(),
            &Counting::ALL,
        );
        let record = edited.unwrap().unwrap().record;
        assert_eq!(
            Deposit::from_record(deposit.id, &record),
            Some(deposit.clone())
        );
        let terms = deposit.terms();
        assert_eq!(terms.pieces.len(), 2);
        assert_eq!(terms.claim, deposit.claim.hash());
    }
}
