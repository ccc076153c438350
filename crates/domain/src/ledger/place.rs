//! Where an event stands in the one order that all replicas share.

use crate::clock::{Timestamp, UnixMillis};
use crate::event::EventId;
use crate::ids::ChainId;

/// Effective clock, then chain, then number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// min(event clock, hub's acceptance), never before the chain's previous event or any event it names.
    pub clock: Timestamp,
    /// Breaks ties.
    pub id: EventId,
}

impl Place {
    /// Before every event.
    pub const START: Self = Self::start_of(i64::MIN);

    /// Before every event of that millisecond.
    pub const fn start_of(millis: UnixMillis) -> Self {
        Self {
            clock: Timestamp { millis, counter: 0 },
            id: EventId {
                chain: ChainId::from_bytes([0; 16]),
                number: 0,
            },
        }
    }

    /// After every event up to and including that millisecond.
    pub const fn end_of(millis: UnixMillis) -> Self {
        Self {
            clock: Timestamp {
                millis,
                counter: u32::MAX,
            },
            id: EventId {
                chain: ChainId::from_bytes([0xff; 16]),
                number: u64::MAX,
            },
        }
    }

    /// 36 bytes that sort as places do.
    pub fn to_bytes(self) -> [u8; 36] {
        let mut out = [0u8; 36];
        let millis = (self.clock.millis as u64) ^ (1 << 63);
        out[..8].copy_from_slice(&millis.to_be_bytes());
        out[8..12].copy_from_slice(&self.clock.counter.to_be_bytes());
        out[12..28].copy_from_slice(self.id.chain.as_bytes());
        out[28..].copy_from_slice(&self.id.number.to_be_bytes());
        out
    }

    /// What [`Place::to_bytes`] wrote; `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 36] = bytes.try_into().ok()?;
        let millis = u64::from_be_bytes(bytes[..8].try_into().ok()?) ^ (1 << 63);
        Some(Self {
            clock: Timestamp {
                millis: millis as i64,
                counter: u32::from_be_bytes(bytes[8..12].try_into().ok()?),
            },
            id: EventId {
                chain: ChainId::from_slice(&bytes[12..28]).ok()?,
                number: u64::from_be_bytes(bytes[28..].try_into().ok()?),
            },
        })
    }
}

impl<C> minicbor::Encode<C> for Place {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Place {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_bytes(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("no place"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_place() -> impl Strategy<Value = Place> {
        (any::<i64>(), any::<u32>(), any::<[u8; 16]>(), any::<u64>()).prop_map(
            |(millis, counter, chain, number)| Place {
                clock: Timestamp { millis, counter },
                id: EventId {
                    chain: ChainId::from_bytes(chain),
                    number,
                },
            },
        )
    }

    proptest! {
        #[test]
        fn bytes_sort_as_places_do(a in any_place(), b in any_place()) {
            prop_assert_eq!(a.cmp(&b), a.to_bytes().cmp(&b.to_bytes()));
            prop_assert_eq!(Place::from_bytes(&a.to_bytes()), Some(a));
        }
    }
}
