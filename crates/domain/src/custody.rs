//! What happens to goods that customers leave with us (寄存).
//!
//! The pieces themselves come in, move and go out as any goods do: events that name the deposit's line, so that stock,
//! counts and the book of a unit know nothing of custody. An act says what was agreed with the customer meanwhile, and is
//! what their receipt proves.

use chrono::NaiveDate;

use crate::blob::BlobId;
use crate::clock::UnixMillis;
use crate::event::EventHash;
use crate::ids::{CustomerId, DepositId, ItemId, UnitId};
use crate::money::Currency;

/// Pieces of one deposit, at most.
pub const PIECES_MAX: usize = 99;
/// A term ends soon if its last day is today or within so many days.
pub const SOON_DAYS: u64 = 7;
/// Whose term ended more than so many days ago has abandoned it.
pub const ABANDONED_DAYS: u64 = 30;

/// How large a piece is: by hand, or measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PieceSize {
    /// Carried in one hand: a cabin bag.
    S,
    /// A suitcase for a week.
    M,
    /// A suitcase for a month, a pushchair.
    L,
    /// A bicycle, skis, a crate.
    Xl,
    /// Length, width and height in centimetres, 1 to 999.
    Measured([u16; 3]),
}

impl PieceSize {
    /// Those that are said by hand, the smallest first.
    pub const BY_HAND: [Self; 4] = [Self::S, Self::M, Self::L, Self::Xl];
    const CENTIMETRES_MAX: u16 = 999;

    /// As records say it: `S`, `M`, `L`, `XL`, `60x40x30`.
    pub fn code(self) -> String {
        match self {
            Self::S => "S".to_owned(),
            Self::M => "M".to_owned(),
            Self::L => "L".to_owned(),
            Self::Xl => "XL".to_owned(),
            Self::Measured([length, width, height]) => format!("{length}x{width}x{height}"),
        }
    }

    /// The size of this code, in either case; measures with `x`, `*`, `×` or a space between them.
    pub fn from_code(code: &str) -> Option<Self> {
        let code = code.trim();
        let by_hand = |size: &Self| size.code().eq_ignore_ascii_case(code);
        if let Some(size) = Self::BY_HAND.into_iter().find(by_hand) {
            return Some(size);
        }
        let mut parts = code
            .split(|c: char| matches!(c, 'x' | 'X' | '*' | '×') || c.is_whitespace())
            .filter(|part| !part.is_empty());
        let mut next = || {
            let part: u16 = parts.next()?.parse().ok()?;
            (1..=Self::CENTIMETRES_MAX).contains(&part).then_some(part)
        };
        let measures = [next()?, next()?, next()?];
        parts.next().is_none().then_some(Self::Measured(measures))
    }

    /// The room that it takes, in cubic centimetres; by hand the most that such a piece takes. The smallest is the largest cabin bag
    /// that airlines agree on (IATA: 56 x 45 x 25 cm).
    pub fn volume(self) -> i64 {
        match self {
            Self::S => 63_000,
            Self::M => 90_000,
            Self::L => 150_000,
            Self::Xl => 400_000,
            Self::Measured(sides) => sides.into_iter().map(i64::from).product(),
        }
    }

    /// The smallest by hand that holds so many cubic centimetres; for 0, which nobody has measured, a middling one.
    pub fn that_holds(volume: i64) -> Self {
        if volume <= 0 {
            return Self::M;
        }
        let holds = |size: &Self| size.volume() >= volume;
        Self::BY_HAND.into_iter().find(holds).unwrap_or(Self::Xl)
    }
}

/// What was done.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
#[cbor(index_only)]
pub enum CustodyAct {
    /// 寄存: pieces were left with us.
    #[n(0)]
    Deposited,
    /// 领取: pieces were handed out.
    #[n(1)]
    Released,
    /// 临时开柜: the customer had a look, and took nothing.
    #[n(2)]
    Opened,
    /// 续存: they stay longer.
    #[n(3)]
    Extended,
    /// 取消: it was called off before anything was kept.
    #[n(4)]
    Cancelled,
    /// 处置: nobody came; pieces were disposed of, by two people.
    #[n(5)]
    Disposed,
}

impl CustodyAct {
    /// All acts.
    pub const ALL: [Self; 6] = [
        Self::Deposited,
        Self::Released,
        Self::Opened,
        Self::Extended,
        Self::Cancelled,
        Self::Disposed,
    ];

    /// Stable name, in SQL and as the translation key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Deposited => "deposited",
            Self::Released => "released",
            Self::Opened => "opened",
            Self::Extended => "extended",
            Self::Cancelled => "cancelled",
            Self::Disposed => "disposed",
        }
    }

    /// The act with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }

    /// Whether pieces leave the house by it.
    pub const fn lets_go(self) -> bool {
        matches!(self, Self::Released | Self::Cancelled | Self::Disposed)
    }
}

/// One piece as the customer signed for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct PieceSaid {
    /// Its number in the deposit, from 1.
    #[n(0)]
    pub number: u32,
    /// What is on its label.
    #[n(1)]
    pub unit: UnitId,
    /// Its category.
    #[n(2)]
    pub item: ItemId,
    /// How large it is: the code of a [`PieceSize`]; empty: nobody said.
    #[n(3)]
    pub size: String,
    /// 验收状况, in words that may be about a person: sealed under the customer's key; empty: nothing was said.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub condition: Vec<u8>,
    /// 声明价值 in minor units of the terms' currency; 0: none was declared.
    #[n(5)]
    pub value: i64,
}

/// What keeping costs: so much for each piece and each 24 hours that have begun, and no more than the cap for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FeeRule {
    /// For a piece and 24 hours, in minor units; 0: nothing.
    pub daily: i64,
    /// 封顶: at most so much for one piece, in minor units; 0: no cap.
    pub cap: i64,
    /// In which currency.
    pub currency: Currency,
}

impl FeeRule {
    /// What is due for one piece that came at `from` and goes at `to`, in minor units. A clock that runs backwards costs a
    /// day, not nothing: the piece was kept.
    pub fn due(&self, from: UnixMillis, to: UnixMillis) -> i64 {
        const DAY_MS: i64 = 86_400_000;
        let days = to.saturating_sub(from).max(1).saturating_add(DAY_MS - 1) / DAY_MS;
        let due = self.daily.max(0).saturating_mul(days);
        match self.cap {
            0 => due,
            cap => due.min(cap.max(0)),
        }
    }
}

impl<C> minicbor::Encode<C> for FeeRule {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(3)?
            .i64(self.daily)?
            .i64(self.cap)?
            .str(self.currency.code())?
            .ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for FeeRule {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bad = || minicbor::decode::Error::message("[daily, cap, currency]");
        if d.array()? != Some(3) {
            return Err(bad());
        }
        Ok(Self {
            daily: d.i64()?,
            cap: d.i64()?,
            currency: Currency::from_code(d.str()?).ok_or_else(bad)?,
        })
    }
}

/// What was agreed when the pieces came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Terms {
    /// 寄存人.
    #[n(0)]
    pub customer: CustomerId,
    /// Hash of the claim code, which whoever holds the ticket can show to be theirs.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub claim: [u8; 32],
    /// The last day of the term; `None`: no term was agreed.
    #[n(2)]
    #[cbor(with = "crate::date_cbor")]
    pub due: Option<NaiveDate>,
    /// What it costs.
    #[n(3)]
    pub fee: FeeRule,
    /// Every piece.
    #[n(4)]
    pub pieces: Vec<PieceSaid>,
    /// Version of the list of forbidden goods that the customer was shown, as a code of the site.
    #[n(5)]
    pub forbidden: String,
}

/// Who came for the pieces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Collector {
    /// 代取: somebody else than who left them.
    #[n(0)]
    pub is_proxy: bool,
    /// 挂失: the ticket was lost; somebody with the right to do so has compared what was described.
    #[n(1)]
    pub ticket_lost: bool,
    /// Name, phone and document of a proxy, sealed under the customer's key.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub sealed: Option<Vec<u8>>,
}

/// What the customer owed and paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Charge {
    /// What was due by the rule, in minor units.
    #[n(0)]
    pub due: i64,
    /// What was taken.
    #[n(1)]
    pub taken: i64,
}

/// An act of custody. It folds to nothing: what moved is in events of its own, written in the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Custody {
    /// Which deposit.
    #[n(0)]
    pub deposit: DepositId,
    /// What was done.
    #[n(1)]
    pub act: CustodyAct,
    /// The acts that this one goes on from: those known then that no other one known goes on from. Two that name none of each
    /// other were done by people who did not know of each other.
    #[n(2)]
    pub after: Vec<EventHash>,
    /// The numbers of the pieces that it is about.
    #[n(3)]
    pub pieces: Vec<u32>,
    /// What was agreed, when they came.
    #[n(4)]
    pub terms: Option<Terms>,
    /// Who came, when they went.
    #[n(5)]
    pub collector: Option<Collector>,
    /// The new last day, when they stay longer.
    #[n(6)]
    #[cbor(with = "crate::date_cbor")]
    pub due: Option<NaiveDate>,
    /// What was paid.
    #[n(7)]
    pub charge: Option<Charge>,
    /// Anything else, in words: why it was disposed of, what was looked at; sealed under the customer's key.
    #[n(8)]
    #[cbor(with = "minicbor::bytes")]
    pub note: Vec<u8>,
    /// Hash of the customer's signature as it travels, if they signed.
    #[n(9)]
    pub signature: Option<BlobId>,
    /// Hashes of the photos as they travel.
    #[n(10)]
    pub photos: Vec<BlobId>,
}

impl Custody {
    /// An act with nothing but what it is about.
    pub const fn new(deposit: DepositId, act: CustodyAct, pieces: Vec<u32>) -> Self {
        Self {
            deposit,
            act,
            after: Vec::new(),
            pieces,
            terms: None,
            collector: None,
            due: None,
            charge: None,
            note: Vec::new(),
            signature: None,
            photos: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_24_hours_that_have_begun_cost_up_to_the_cap() {
        const HOUR: i64 = 3_600_000;
        let currency = Currency::from_code("CNY").unwrap();
        let rule = |daily, cap| FeeRule {
            daily,
            cap,
            currency,
        };
        for (rule, hours, due) in [
            (rule(1_000, 0), 0, 1_000),
            (rule(1_000, 0), 1, 1_000),
            (rule(1_000, 0), 24, 1_000),
            (rule(1_000, 0), 25, 2_000),
            (rule(1_000, 1_500), 25, 1_500),
            (rule(1_000, 1_500), -3, 1_000),
            (rule(0, 0), 1_000, 0),
            (rule(i64::MAX, 0), 1_000, i64::MAX),
        ] {
            assert_eq!(
                rule.due(50 * HOUR, (50 + hours) * HOUR),
                due,
                "{rule:?} {hours}"
            );
        }
    }

    #[test]
    fn a_size_is_read_back_and_preset_from_what_a_category_takes() {
        for size in PieceSize::BY_HAND
            .into_iter()
            .chain([PieceSize::Measured([60, 40, 30])])
        {
            assert_eq!(PieceSize::from_code(&size.code()), Some(size));
        }
        for (typed, size) in [
            ("xl", Some(PieceSize::Xl)),
            (" 60 x 40 × 30 ", Some(PieceSize::Measured([60, 40, 30]))),
            ("60*40*30", Some(PieceSize::Measured([60, 40, 30]))),
            ("60x40", None),
            ("60x40x30x20", None),
            ("0x40x30", None),
            ("1000x40x30", None),
            ("60x40x-3", None),
            ("", None),
        ] {
            assert_eq!(PieceSize::from_code(typed), size, "{typed}");
        }
        assert_eq!(PieceSize::Measured([60, 40, 30]).volume(), 72_000);
        for (volume, size) in [
            (0, PieceSize::M),
            (20_000, PieceSize::S),
            (63_001, PieceSize::M),
            (1_000_000, PieceSize::Xl),
        ] {
            assert_eq!(PieceSize::that_holds(volume), size, "{volume}");
        }
    }

    #[test]
    fn an_act_goes_there_and_back() {
        let mut act = Custody::new(
            DepositId::from_bytes([1; 16]),
            CustodyAct::Deposited,
            vec![1, 2],
        );
        act.terms = Some(Terms {
            customer: CustomerId::from_bytes([2; 16]),
            claim: [3; 32],
            due: NaiveDate::from_ymd_opt(2026, 12, 1),
            fee: FeeRule {
                daily: 500,
                cap: 0,
                currency: Currency::from_code("cny").unwrap(),
            },
            pieces: vec![PieceSaid {
                number: 1,
                unit: UnitId::plate("P1"),
                item: ItemId::from_bytes([4; 16]),
                size: "L".into(),
                condition: vec![9; 70],
                value: 120_000,
            }],
            forbidden: "2026-1".into(),
        });
        act.signature = Some(BlobId([9; 32]));
        act.photos = vec![BlobId([8; 32])];
        act.after = vec![EventHash([7; 32])];
        act.collector = Some(Collector {
            is_proxy: true,
            ticket_lost: false,
            sealed: Some(vec![1, 2, 3]),
        });
        let bytes = minicbor::to_vec(&act).unwrap();
        assert_eq!(minicbor::decode::<Custody>(&bytes).unwrap(), act);
        for act in CustodyAct::ALL {
            assert_eq!(CustodyAct::from_code(act.code()), Some(act));
        }
    }
}
