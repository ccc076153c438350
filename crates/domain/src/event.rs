//! What happened: events, never edited, never deleted.

use std::fmt;

use chrono::NaiveDate;
use minicbor::{Decoder, Encoder};

use crate::clock::{Timestamp, UnixMillis};
use crate::ids::{BinId, ChainId, DeviceId, ItemId, OperatorId, SiteId, UnitId};
use crate::quantity::Quantity;

/// Where an event stands: gap-free numbers from 1 on its chain.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cbor(array)]
pub struct EventId {
    /// The chain that it was written on.
    #[n(0)]
    pub chain: ChainId,
    /// Its number there, from 1.
    #[n(1)]
    pub number: u64,
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.chain, self.number)
    }
}

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// In lower-case hexadecimal.
            pub fn hex(&self) -> String {
                self.0.iter().map(|b| format!("{b:02x}")).collect()
            }

            /// From 64 hexadecimal digits.
            pub fn from_hex(text: &str) -> Option<Self> {
                if text.len() != 64 || !text.is_ascii() {
                    return None;
                }
                let mut out = [0u8; 32];
                for (i, byte) in out.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
                }
                Some(Self(out))
            }

            /// From a slice of exactly 32 bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.hex()[..12])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.hex())
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                Self::from_slice(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("32 bytes"))
            }
        }
    )+};
}

hashes! {
    /// The hash of the change that wrote an event; it covers the hash of the event before it.
    EventHash,
    /// The identity of an exception: the same on every replica.
    ExceptionId,
}

/// Goods named in an event: always one item, and as much as is known about which of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Goods {
    /// What it is.
    #[n(0)]
    pub item: ItemId,
    /// The lot (batch), if the item is tracked by lot.
    #[n(1)]
    pub lot: Option<String>,
    /// The last day it may be used, if known.
    #[n(2)]
    #[cbor(with = "crate::date_cbor")]
    pub expiry: Option<NaiveDate>,
    /// The licence plate or serial that names this very unit.
    #[n(3)]
    pub unit: Option<UnitId>,
}

impl Goods {
    /// Goods of which only the item is known.
    pub const fn of(item: ItemId) -> Self {
        Self {
            item,
            lot: None,
            expiry: None,
            unit: None,
        }
    }
}

/// One line of a count: what was found, zero included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct CountedLine {
    /// What was counted.
    #[n(0)]
    pub item: ItemId,
    /// Of which lot.
    #[n(1)]
    pub lot: Option<String>,
    /// How much was there.
    #[n(2)]
    pub counted: Quantity,
}

/// What an event says. Quantities are resolved when it is written: base units, packs already multiplied out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventBody {
    /// Goods came in.
    Received {
        /// Where they were put.
        bin: BinId,
        /// What came.
        goods: Goods,
        /// How much; positive.
        quantity: Quantity,
    },
    /// Goods went out.
    Issued {
        /// Where they were taken from.
        bin: BinId,
        /// What went.
        goods: Goods,
        /// How much; positive.
        quantity: Quantity,
    },
    /// Goods changed place within the site.
    Moved {
        /// The bin they left.
        from: BinId,
        /// The bin they went to.
        to: BinId,
        /// What moved.
        goods: Goods,
        /// How much; positive.
        quantity: Quantity,
    },
    /// The book was corrected.
    Adjusted {
        /// Where.
        bin: BinId,
        /// What.
        goods: Goods,
        /// The difference; may be negative.
        difference: Quantity,
        /// A reason code of the site.
        reason: String,
    },
    /// A bin was counted.
    Counted {
        /// Which bin.
        bin: BinId,
        /// What was found.
        lines: Vec<CountedLine>,
        /// Whether everything in the bin was counted: goods on no line are then counted as zero.
        whole_bin: bool,
    },
    /// An earlier event does not count. It has no quantity of its own.
    Reversed {
        /// The event that is voided.
        target: EventHash,
    },
    /// A code that no one could read as an item, kept until somebody says what it is.
    SetAside {
        /// The code as it was scanned.
        code: String,
        /// Where the goods lie, if the operator said so.
        bin: Option<BinId>,
        /// How much; positive.
        quantity: Quantity,
    },
    /// A supervisor accepted a count: from its instant the book is what was counted.
    CountApproved {
        /// The count.
        count: EventHash,
    },
    /// A supervisor decided an exception.
    Resolved(Resolution),
    /// A kind that this program does not know yet. It is kept and passed on, and folds to nothing.
    Unknown {
        /// Its number on the wire.
        kind: u32,
        /// Its fields as they came.
        raw: Vec<u8>,
    },
}

/// A supervisor's decision on an exception, with the evidence it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Resolution {
    /// Which exception.
    #[n(0)]
    pub exception: ExceptionId,
    /// The decision that stood when this one was taken; of two decisions after the same one, only the first counts.
    #[n(1)]
    pub after: Option<EventHash>,
    /// The events that were on the table.
    #[n(2)]
    pub evidence: Vec<EventHash>,
    /// What was decided, as a code.
    #[n(3)]
    pub choice: String,
    /// Why, in the supervisor's words.
    #[n(4)]
    pub note: String,
    /// The exception in words that outlive it: its kind and subject, as codes.
    #[n(5)]
    pub about: String,
}

const RECEIVED: u32 = 1;
const ISSUED: u32 = 2;
const MOVED: u32 = 3;
const ADJUSTED: u32 = 4;
const COUNTED: u32 = 5;
const REVERSED: u32 = 6;
const SET_ASIDE: u32 = 7;
const COUNT_APPROVED: u32 = 8;
const RESOLVED: u32 = 9;

impl EventBody {
    /// The kind's stable name, used in SQL, on the wire's JSON side and by the screens.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Received { .. } => "received",
            Self::Issued { .. } => "issued",
            Self::Moved { .. } => "moved",
            Self::Adjusted { .. } => "adjusted",
            Self::Counted { .. } => "counted",
            Self::Reversed { .. } => "reversed",
            Self::SetAside { .. } => "set-aside",
            Self::CountApproved { .. } => "count-approved",
            Self::Resolved(_) => "resolved",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The goods that it moves, if it moves one kind of goods.
    pub const fn goods(&self) -> Option<&Goods> {
        match self {
            Self::Received { goods, .. }
            | Self::Issued { goods, .. }
            | Self::Moved { goods, .. }
            | Self::Adjusted { goods, .. } => Some(goods),
            _ => None,
        }
    }

    /// The quantity it names, as written.
    pub const fn quantity(&self) -> Option<Quantity> {
        match self {
            Self::Received { quantity, .. }
            | Self::Issued { quantity, .. }
            | Self::Moved { quantity, .. }
            | Self::SetAside { quantity, .. } => Some(*quantity),
            Self::Adjusted { difference, .. } => Some(*difference),
            _ => None,
        }
    }

    /// The bins it touches, source before target.
    pub fn bins(&self) -> Vec<BinId> {
        match self {
            Self::Received { bin, .. }
            | Self::Issued { bin, .. }
            | Self::Adjusted { bin, .. }
            | Self::Counted { bin, .. } => vec![*bin],
            Self::Moved { from, to, .. } => vec![*from, *to],
            Self::SetAside { bin, .. } => bin.iter().copied().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether its quantities may stand: positive where they must be, and within [`Quantity::LIMIT`].
    pub fn is_sound(&self) -> bool {
        let positive = |q: &Quantity| *q > Quantity::ZERO && q.in_range();
        match self {
            Self::Received { quantity, .. }
            | Self::Issued { quantity, .. }
            | Self::Moved { quantity, .. }
            | Self::SetAside { quantity, .. } => positive(quantity),
            Self::Adjusted { difference, .. } => difference.in_range(),
            Self::Counted { lines, .. } => lines
                .iter()
                .all(|l| l.counted >= Quantity::ZERO && l.counted.in_range()),
            _ => true,
        }
    }

    fn wire_kind(&self) -> u32 {
        match self {
            Self::Received { .. } => RECEIVED,
            Self::Issued { .. } => ISSUED,
            Self::Moved { .. } => MOVED,
            Self::Adjusted { .. } => ADJUSTED,
            Self::Counted { .. } => COUNTED,
            Self::Reversed { .. } => REVERSED,
            Self::SetAside { .. } => SET_ASIDE,
            Self::CountApproved { .. } => COUNT_APPROVED,
            Self::Resolved(_) => RESOLVED,
            Self::Unknown { kind, .. } => *kind,
        }
    }
}

/// What the writer of an event says; everything else about it follows from where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// The writer's hybrid clock.
    pub clock: Timestamp,
    /// Who was signed in.
    pub operator: OperatorId,
    /// What happened.
    pub body: EventBody,
    /// The resolution that this event carries out, if it compensates for an exception.
    pub carries_out: Option<EventHash>,
    /// Hashes of photographs and signatures.
    pub evidence: Vec<[u8; 32]>,
}

impl EventRecord {
    /// As stored in a journal: CBOR array [clock, operator, kind, fields, carries out, evidence].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        let mut e = Encoder::new(&mut out);
        // Writing to a vector cannot fail.
        let _ = self.write(&mut e);
        out
    }

    fn write(
        &self,
        e: &mut Encoder<&mut Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        let tail = if self.evidence.is_empty() { 1 } else { 2 };
        let has_tail = self.carries_out.is_some() || !self.evidence.is_empty();
        e.array(if has_tail { 4 + tail } else { 4 })?;
        e.encode(self.clock)?
            .encode(self.operator)?
            .u32(self.body.wire_kind())?;
        match &self.body {
            EventBody::Received {
                bin,
                goods,
                quantity,
            }
            | EventBody::Issued {
                bin,
                goods,
                quantity,
            } => {
                e.array(3)?.encode(bin)?.encode(goods)?.encode(quantity)?;
            }
            EventBody::Moved {
                from,
                to,
                goods,
                quantity,
            } => {
                e.array(4)?
                    .encode(from)?
                    .encode(to)?
                    .encode(goods)?
                    .encode(quantity)?;
            }
            EventBody::Adjusted {
                bin,
                goods,
                difference,
                reason,
            } => {
                e.array(4)?
                    .encode(bin)?
                    .encode(goods)?
                    .encode(difference)?
                    .str(reason)?;
            }
            EventBody::Counted {
                bin,
                lines,
                whole_bin,
            } => {
                e.array(3)?.encode(bin)?.encode(lines)?.bool(*whole_bin)?;
            }
            EventBody::Reversed { target } => {
                e.array(1)?.encode(target)?;
            }
            EventBody::SetAside {
                code,
                bin,
                quantity,
            } => {
                e.array(3)?.str(code)?.encode(bin)?.encode(quantity)?;
            }
            EventBody::CountApproved { count } => {
                e.array(1)?.encode(count)?;
            }
            EventBody::Resolved(resolution) => {
                e.array(1)?.encode(resolution)?;
            }
            EventBody::Unknown { raw, .. } => {
                e.writer_mut().extend_from_slice(raw);
            }
        }
        if has_tail {
            e.encode(self.carries_out)?;
            if !self.evidence.is_empty() {
                e.array(self.evidence.len() as u64)?;
                for hash in &self.evidence {
                    e.bytes(hash)?;
                }
            }
        }
        Ok(())
    }

    /// Reads what [`EventRecord::to_bytes`] wrote, or a later program: fields it does not know are skipped.
    ///
    /// # Errors
    /// [`EventError`] if the bytes are no event, or a known kind lacks a field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EventError> {
        Self::read(bytes).map_err(|_| EventError::Malformed)
    }

    fn read(bytes: &[u8]) -> Result<Self, minicbor::decode::Error> {
        let short = || minicbor::decode::Error::message("too few fields");
        let mut d = Decoder::new(bytes);
        let fields = d.array()?.ok_or_else(short)?;
        if fields < 4 {
            return Err(short());
        }
        let clock = d.decode()?;
        let operator = d.decode()?;
        let kind = d.u32()?;
        let start = d.position();
        d.skip()?;
        let raw = bytes.get(start..d.position()).ok_or_else(short)?;
        let body = read_body(kind, raw)?;
        let carries_out = if fields > 4 { d.decode()? } else { None };
        let mut evidence = Vec::new();
        if fields > 5 {
            let n = d.array()?.ok_or_else(short)?;
            for _ in 0..n.min(64) {
                evidence.push(d.bytes()?.try_into().map_err(|_| short())?);
            }
        }
        Ok(Self {
            clock,
            operator,
            body,
            carries_out,
            evidence,
        })
    }
}

fn read_body(kind: u32, raw: &[u8]) -> Result<EventBody, minicbor::decode::Error> {
    let mut d = Decoder::new(raw);
    let mut fields = |needed: u64| -> Result<Decoder<'_>, minicbor::decode::Error> {
        match d.array()? {
            Some(n) if n >= needed => Ok(d.clone()),
            _ => Err(minicbor::decode::Error::message("too few fields")),
        }
    };
    Ok(match kind {
        RECEIVED => {
            let mut d = fields(3)?;
            EventBody::Received {
                bin: d.decode()?,
                goods: d.decode()?,
                quantity: d.decode()?,
            }
        }
        ISSUED => {
            let mut d = fields(3)?;
            EventBody::Issued {
                bin: d.decode()?,
                goods: d.decode()?,
                quantity: d.decode()?,
            }
        }
        MOVED => {
            let mut d = fields(4)?;
            EventBody::Moved {
                from: d.decode()?,
                to: d.decode()?,
                goods: d.decode()?,
                quantity: d.decode()?,
            }
        }
        ADJUSTED => {
            let mut d = fields(4)?;
            EventBody::Adjusted {
                bin: d.decode()?,
                goods: d.decode()?,
                difference: d.decode()?,
                reason: d.str()?.to_owned(),
            }
        }
        COUNTED => {
            let mut d = fields(3)?;
            EventBody::Counted {
                bin: d.decode()?,
                lines: d.decode()?,
                whole_bin: d.bool()?,
            }
        }
        REVERSED => EventBody::Reversed {
            target: fields(1)?.decode()?,
        },
        SET_ASIDE => {
            let mut d = fields(3)?;
            EventBody::SetAside {
                code: d.str()?.to_owned(),
                bin: d.decode()?,
                quantity: d.decode()?,
            }
        }
        COUNT_APPROVED => EventBody::CountApproved {
            count: fields(1)?.decode()?,
        },
        RESOLVED => EventBody::Resolved(fields(1)?.decode()?),
        _ => EventBody::Unknown {
            kind,
            raw: raw.to_vec(),
        },
    })
}

/// Bytes that are no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not the CBOR of an event.
    #[error("the bytes are no event")]
    Malformed,
}

/// An event as the fold sees it: what was written, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Chain and number.
    pub id: EventId,
    /// Hash of the change that wrote it.
    pub hash: EventHash,
    /// The site whose journal it stands in.
    pub site: SiteId,
    /// The device that wrote it.
    pub device: DeviceId,
    /// What was written.
    pub record: EventRecord,
    /// When the hub accepted its segment; `None` while it is only on the device that wrote it.
    pub accepted_at: Option<UnixMillis>,
    /// Whether the fold must skip it until a supervisor releases it.
    pub quarantined: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(body: EventBody) -> EventRecord {
        EventRecord {
            clock: Timestamp {
                millis: 1_790_000_000_123,
                counter: 4,
            },
            operator: OperatorId::from_bytes([3; 16]),
            body,
            carries_out: None,
            evidence: Vec::new(),
        }
    }

    fn every_kind() -> Vec<EventBody> {
        let bin = BinId::from_bytes([1; 16]);
        let goods = Goods {
            item: ItemId::from_bytes([2; 16]),
            lot: Some("L-7".into()),
            expiry: NaiveDate::from_ymd_opt(2027, 2, 28),
            unit: Some(UnitId::plate("LP-1")),
        };
        let quantity = Quantity::from_thousandths(1_500);
        vec![
            EventBody::Received {
                bin,
                goods: goods.clone(),
                quantity,
            },
            EventBody::Issued {
                bin,
                goods: Goods::of(goods.item),
                quantity,
            },
            EventBody::Moved {
                from: bin,
                to: BinId::from_bytes([9; 16]),
                goods: goods.clone(),
                quantity,
            },
            EventBody::Adjusted {
                bin,
                goods,
                difference: quantity.negated(),
                reason: "damaged".into(),
            },
            EventBody::Counted {
                bin,
                lines: vec![CountedLine {
                    item: ItemId::from_bytes([2; 16]),
                    lot: None,
                    counted: Quantity::ZERO,
                }],
                whole_bin: true,
            },
            EventBody::Reversed {
                target: EventHash([5; 32]),
            },
            EventBody::SetAside {
                code: "??".into(),
                bin: None,
                quantity,
            },
            EventBody::CountApproved {
                count: EventHash([6; 32]),
            },
            EventBody::Resolved(Resolution {
                exception: ExceptionId([7; 32]),
                after: None,
                evidence: vec![EventHash([8; 32])],
                choice: "keep-first".into(),
                note: "看过照片".into(),
                about: "unit-issued-twice".into(),
            }),
        ]
    }

    #[test]
    fn every_kind_goes_there_and_back() {
        for body in every_kind() {
            let mut written = record(body);
            assert_eq!(
                EventRecord::from_bytes(&written.to_bytes()),
                Ok(written.clone())
            );
            written.carries_out = Some(EventHash([1; 32]));
            assert_eq!(
                EventRecord::from_bytes(&written.to_bytes()),
                Ok(written.clone())
            );
            written.evidence = vec![[9; 32]];
            assert_eq!(EventRecord::from_bytes(&written.to_bytes()), Ok(written));
        }
    }

    #[test]
    fn a_kind_of_a_later_program_is_kept_whole() {
        let later = record(EventBody::Unknown {
            kind: 777,
            raw: vec![0x82, 0x01, 0x61, b'x'],
        });
        let read = EventRecord::from_bytes(&later.to_bytes()).unwrap();
        assert_eq!(read.to_bytes(), later.to_bytes());
        assert_eq!(read.body.kind(), "unknown");
    }

    #[test]
    fn cut_off_or_scrambled_bytes_are_refused_without_panic() {
        for body in every_kind() {
            let whole = record(body).to_bytes();
            for end in 0..whole.len() {
                assert_eq!(
                    EventRecord::from_bytes(&whole[..end]),
                    Err(EventError::Malformed),
                    "{end}"
                );
            }
            for at in 0..whole.len() {
                let mut bad = whole.clone();
                bad[at] ^= 0x55;
                let _ = EventRecord::from_bytes(&bad);
            }
        }
    }

    #[test]
    fn amounts_that_cannot_be() {
        let bin = BinId::from_bytes([1; 16]);
        let goods = Goods::of(ItemId::from_bytes([2; 16]));
        for quantity in [0, -1, Quantity::LIMIT.thousandths() + 1] {
            let quantity = Quantity::from_thousandths(quantity);
            assert!(
                !EventBody::Issued {
                    bin,
                    goods: goods.clone(),
                    quantity
                }
                .is_sound()
            );
        }
    }
}
