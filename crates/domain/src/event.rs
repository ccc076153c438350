//! What happened: events, never edited, never deleted.

mod codec;

pub use codec::KINDS_KNOWN;

use std::fmt;

use chrono::NaiveDate;
use minicbor::{Decoder, Encoder};

use crate::blob::BlobRef;
use crate::clock::{Timestamp, UnixMillis};
use crate::custody::{Custody, PIECES_MAX};
use crate::ids::{BinId, ChainId, DeviceId, ItemId, OperatorId, SiteId, UnitId};
use crate::ledger::StockKey;
use crate::order::{Inspection, OrderFinished, OrderLine, OrderStep, ProgressKey};
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
                const DIGITS: [u8; 16] = *b"0123456789abcdef";
                let mut out = String::with_capacity(2 * self.0.len());
                for byte in self.0 {
                    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
                    out.push(char::from(DIGITS[usize::from(byte & 15)]));
                }
                out
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
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
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
    /// A photo, a signature or a document was put to an earlier event. It folds to nothing.
    Attached {
        /// The event that it is evidence for.
        to: EventHash,
        /// The content, which travels apart.
        blob: BlobRef,
        /// A small picture of it, which travels first.
        thumbnail: Option<BlobRef>,
    },
    /// A supervisor decided whether what lies in quarantine counts. Only the server writes it.
    QuarantineDecided(QuarantineDecision),
    /// A step of an order is done, as far as this device knows.
    OrderFinished(OrderFinished),
    /// Goods that came in were looked at. It folds to nothing.
    Inspected(Inspection),
    /// A shift was handed over to the next one, both present. It folds to nothing.
    HandedOver {
        /// Who goes on.
        to: OperatorId,
        /// Work that is under way, in words.
        open: Vec<String>,
        /// What else the next shift should know.
        note: String,
    },
    /// Goods were checked and packed into a carton, which [`EventRecord::carton`] names. They stay in their bin by the book.
    Packed {
        /// Where they wait, and the carton with them.
        bin: BinId,
        /// What was packed.
        goods: Goods,
        /// How much; positive.
        quantity: Quantity,
    },
    /// A supervisor said something about an exception, or who is to look after it. It folds to nothing.
    Noted(ReviewNote),
    /// Something was agreed with a customer about goods that they left with us. It folds to nothing.
    Custody(Box<Custody>),
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

/// What a supervisor put to an exception. Every note is kept; of several that assign it, the last by place holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct ReviewNote {
    /// Which exception.
    #[n(0)]
    pub exception: ExceptionId,
    /// The exception in words that outlive it: its kind and subject, as codes.
    #[n(1)]
    pub about: String,
    /// In the supervisor's words; may be empty if it only assigns.
    #[n(2)]
    pub text: String,
    /// Who is to look after it from now on, if the note says so.
    #[n(3)]
    pub assigned: Option<Assignment>,
}

/// Who is to look after something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Assignment {
    /// `None`: nobody in particular, as before the first assignment.
    #[n(0)]
    pub to: Option<OperatorId>,
}

/// Segments of one chain leave quarantine, or stay out of the book for ever. Of several decisions on one segment only
/// the first counts, and none can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct QuarantineDecision {
    /// Whose segments; of the site of the journal that this stands in.
    #[n(0)]
    pub chain: ChainId,
    /// The first and the last segment.
    #[n(1)]
    pub segments: (u64, u64),
    /// The lowest and the highest number of the events in them; `None` if there are none.
    #[n(2)]
    pub events: Option<(u64, u64)>,
    /// Whether they count from now on, at their place.
    #[n(3)]
    pub release: bool,
    /// Why, in the supervisor's words.
    #[n(4)]
    pub reason: String,
}

impl QuarantineDecision {
    /// Whether it is about this event.
    pub fn covers(&self, event: EventId) -> bool {
        event.chain == self.chain
            && self
                .events
                .is_some_and(|(first, last)| (first..=last).contains(&event.number))
    }

    /// Under what the decisions on a chain are found.
    pub fn subject(chain: ChainId) -> ExceptionId {
        ExceptionId(blake3::derive_key(
            "tallyman 2026 quarantine of a chain",
            chain.as_bytes(),
        ))
    }
}

impl EventBody {
    /// What it decides, if it is a decision: an exception, or the quarantine of a chain.
    pub fn decides(&self) -> Option<ExceptionId> {
        match self {
            Self::Resolved(resolution) => Some(resolution.exception),
            Self::QuarantineDecided(decision) => Some(QuarantineDecision::subject(decision.chain)),
            _ => None,
        }
    }

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
            Self::Attached { .. } => "attached",
            Self::QuarantineDecided(_) => "quarantine-decided",
            Self::OrderFinished(_) => "order-finished",
            Self::Inspected(_) => "inspected",
            Self::HandedOver { .. } => "handed-over",
            Self::Packed { .. } => "packed",
            Self::Noted(_) => "noted",
            Self::Custody(_) => "custody",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The goods that it moves, if it moves one kind of goods.
    pub const fn goods(&self) -> Option<&Goods> {
        match self {
            Self::Received { goods, .. }
            | Self::Issued { goods, .. }
            | Self::Moved { goods, .. }
            | Self::Adjusted { goods, .. }
            | Self::Packed { goods, .. } => Some(goods),
            _ => None,
        }
    }

    /// The quantity it names, as written.
    pub const fn quantity(&self) -> Option<Quantity> {
        match self {
            Self::Received { quantity, .. }
            | Self::Issued { quantity, .. }
            | Self::Moved { quantity, .. }
            | Self::SetAside { quantity, .. }
            | Self::Packed { quantity, .. } => Some(*quantity),
            Self::Adjusted { difference, .. } => Some(*difference),
            _ => None,
        }
    }

    /// What it adds to piles or takes from them if it counts, source before target. A count changes nothing by itself:
    /// it sets piles once it is approved.
    pub fn changes(&self) -> Vec<(StockKey, Quantity)> {
        let pile = |bin: &BinId, goods: &Goods| StockKey {
            bin: *bin,
            item: goods.item,
            lot: goods.lot.clone(),
        };
        match self {
            Self::Received {
                bin,
                goods,
                quantity,
            } => vec![(pile(bin, goods), *quantity)],
            Self::Issued {
                bin,
                goods,
                quantity,
            } => vec![(pile(bin, goods), quantity.negated())],
            Self::Moved {
                from,
                to,
                goods,
                quantity,
            } if from != to => vec![
                (pile(from, goods), quantity.negated()),
                (pile(to, goods), *quantity),
            ],
            Self::Adjusted {
                bin,
                goods,
                difference,
                ..
            } => vec![(pile(bin, goods), *difference)],
            _ => Vec::new(),
        }
    }

    /// The bins it touches, source before target.
    pub fn bins(&self) -> Vec<BinId> {
        match self {
            Self::Received { bin, .. }
            | Self::Issued { bin, .. }
            | Self::Adjusted { bin, .. }
            | Self::Counted { bin, .. }
            | Self::Packed { bin, .. } => vec![*bin],
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
            | Self::SetAside { quantity, .. }
            | Self::Packed { quantity, .. } => positive(quantity),
            Self::Adjusted { difference, .. } => difference.in_range(),
            Self::Counted { lines, .. } => lines
                .iter()
                .all(|l| l.counted >= Quantity::ZERO && l.counted.in_range()),
            Self::OrderFinished(finished) => finished
                .lines
                .iter()
                .all(|l| l.asked.in_range() && l.done.in_range()),
            Self::Custody(custody) => {
                let said = custody.terms.as_ref().map_or(0, |terms| terms.pieces.len());
                said.max(custody.pieces.len()) <= PIECES_MAX
            }
            _ => true,
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
    /// The event that this one says again, if its chain was given up before the hub had it: a copy of a device, or one
    /// with a new key. Only one of all that say it counts.
    pub origin: Option<EventHash>,
    /// The line of an order that it serves, if it serves one.
    pub order: Option<OrderLine>,
    /// Why, as a code of the site, where the kind alone does not say it: damaged, returned by the customer.
    pub reason: Option<String>,
    /// The plate of the carton that the goods are put into or, if they come in, move or go out, are in.
    pub carton: Option<UnitId>,
    /// Who approved, with their badge and PIN on the same device, what the operator may not do or not so far.
    pub approved_by: Option<OperatorId>,
}

impl EventRecord {
    /// What it does to the contents of cartons: which goods where, and how many more of them.
    pub fn contents(&self) -> Vec<(ContentKey, Quantity)> {
        let Some(carton) = &self.carton else {
            return Vec::new();
        };
        let content = |bin: BinId, goods: &Goods| ContentKey {
            carton: carton.clone(),
            bin,
            goods: goods.clone(),
            order: self.order,
        };
        match &self.body {
            // It came from elsewhere, packed: the order that announced it is not the one that it will go out for.
            EventBody::Received {
                bin,
                goods,
                quantity,
            } => {
                let content = ContentKey {
                    order: None,
                    ..content(*bin, goods)
                };
                vec![(content, *quantity)]
            }
            EventBody::Packed {
                bin,
                goods,
                quantity,
            } => vec![(content(*bin, goods), *quantity)],
            EventBody::Issued {
                bin,
                goods,
                quantity,
            } => vec![(content(*bin, goods), quantity.negated())],
            EventBody::Moved {
                from,
                to,
                goods,
                quantity,
            } if from != to => vec![
                (content(*from, goods), quantity.negated()),
                (content(*to, goods), *quantity),
            ],
            _ => Vec::new(),
        }
    }

    /// Whether it is a step of its order's work. What moves in a carton is not: it was picked before, and names the line
    /// that it was packed for.
    pub fn is_ordered(&self) -> bool {
        let goes_along = self.carton.is_some() && matches!(self.body, EventBody::Moved { .. });
        self.order.is_some() && !goes_along
    }

    /// What it does for an order: the line, the step, and how much.
    pub fn progress(&self) -> Option<(ProgressKey, Quantity)> {
        let (step, quantity) = match &self.body {
            EventBody::Received { quantity, .. } => (OrderStep::Receive, *quantity),
            EventBody::Moved { quantity, .. } if self.is_ordered() => (OrderStep::Pick, *quantity),
            EventBody::Issued { quantity, .. } => (OrderStep::Ship, *quantity),
            EventBody::Counted { .. } => (OrderStep::Count, Quantity::ONE),
            EventBody::Packed { quantity, .. } => (OrderStep::Pack, *quantity),
            _ => return None,
        };
        let line = self.order?;
        Some((ProgressKey { line, step }, quantity))
    }
}

/// Goods in a carton. Those of different orders or bins stand apart, and so does each unit.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
#[cbor(array)]
pub struct ContentKey {
    /// The carton's plate.
    #[n(0)]
    pub carton: UnitId,
    /// Where the carton is.
    #[n(1)]
    pub bin: BinId,
    /// What is in it.
    #[n(2)]
    pub goods: Goods,
    /// The line of the order that it is for.
    #[n(3)]
    pub order: Option<OrderLine>,
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
    /// Whether the hub accepted it as quarantined: the fold skips it until a supervisor releases it.
    pub quarantined: bool,
}

impl Event {
    /// Whether this hash is its own, or that of the event that it says again.
    pub fn answers_to(&self, hash: EventHash) -> bool {
        self.hash == hash || self.record.origin == Some(hash)
    }
}
