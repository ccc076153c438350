//! Identities. Each kind of thing has its own type, so that a bin is never taken for an item.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The text was not an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identity")]
pub struct ParseIdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// From the 16 bytes that the caller drew or read.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes, as stored and sent.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// From a slice of exactly 16 bytes.
            ///
            /// # Errors
            /// [`ParseIdError`] for any other length.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, ParseIdError> {
                bytes.try_into().map(Self).map_err(|_| ParseIdError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), Uuid::from_bytes(self.0).hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                Uuid::try_parse(text).map(|u| Self(u.into_bytes())).map_err(|_| ParseIdError)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                Self::from_slice(d.bytes()?).map_err(|_| minicbor::decode::Error::message("16 bytes"))
            }
        }
    )+};
}

ids! {
    /// The company whose stock this is.
    OrganisationId,
    /// A warehouse or a left-luggage room.
    SiteId,
    /// A part of a site, such as receiving or storage.
    ZoneId,
    /// A place that holds goods.
    BinId,
    /// A kind of goods (SKU).
    ItemId,
    /// Whom goods belong to: a company that keeps its stock with us, or a person who left something.
    CustomerId,
    /// A person who scans.
    OperatorId,
    /// What is to be done: goods to receive, to pick, to count.
    OrderId,
    /// Count orders that were planned together.
    StocktakeId,
    /// What a customer left with us at one time.
    DepositId,
    /// One handheld, or the server.
    DeviceId,
    /// One unbroken line of changes by one enrolment of one device; also its automerge actor.
    ChainId,
}

impl DepositId {
    /// Under what the events of its pieces name it: a deposit's pieces are served like the lines of an order.
    pub const fn as_order(self) -> OrderId {
        OrderId(self.0)
    }
}

/// Makes version 7 identities from the caller's clock and randomness (RFC 9562, 5.7).
///
/// Identities drawn one after another share all but a counter, so that a list of new records packs well.
#[derive(Debug, Clone)]
pub struct IdSource {
    tail: [u8; 8],
    last_millis: i64,
    counter: u16,
}

impl IdSource {
    /// `random`: eight random bytes, new for each process.
    pub const fn new(random: [u8; 8]) -> Self {
        Self {
            tail: random,
            last_millis: 0,
            counter: 0,
        }
    }

    /// The next 16 bytes: 48 bits of unix milliseconds, a 12-bit counter, 62 random bits.
    pub fn draw(&mut self, now_millis: i64) -> [u8; 16] {
        if now_millis > self.last_millis {
            self.last_millis = now_millis;
            self.counter = 0;
        } else if self.counter == 0x0fff {
            self.last_millis += 1;
            self.counter = 0;
        } else {
            self.counter += 1;
        }
        let mut out = [0u8; 16];
        out[..6].copy_from_slice(&self.last_millis.to_be_bytes()[2..]);
        out[6..8].copy_from_slice(&(0x7000 | self.counter).to_be_bytes());
        out[8..].copy_from_slice(&self.tail);
        out[8] = (out[8] & 0x3f) | 0x80;
        out
    }
}

/// A unit of goods with a name of its own: a licence plate (LPN, SSCC) or one serial number of one item.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct UnitId(String);

impl UnitId {
    /// A unit named by its licence plate, upper-cased and trimmed, since scanners and people differ in case.
    pub fn plate(plate: &str) -> Self {
        Self(plate.trim().to_uppercase())
    }

    /// A unit named by item and serial number; serial numbers repeat between items.
    pub fn serial(item: ItemId, serial: &str) -> Self {
        Self(format!("{item}#{}", serial.trim()))
    }

    /// As stored and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is printed on the goods: the plate, or the serial number without the item.
    pub fn printed(&self) -> &str {
        self.0
            .split_once('#')
            .map_or(self.0.as_str(), |(_, serial)| serial)
    }
}

impl<C> minicbor::Encode<C> for UnitId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for UnitId {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(Self(d.str()?.to_owned()))
    }
}

impl From<String> for UnitId {
    fn from(stored: String) -> Self {
        Self(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_ids_are_version_7_rise_and_never_repeat() {
        let mut source = IdSource::new([0xff; 8]);
        let mut last = [0u8; 16];
        for step in 0..10_000 {
            let id = source.draw(1_700_000_000_000 + step / 5_000);
            assert!(id > last);
            let uuid = Uuid::from_bytes(id);
            assert_eq!(
                (uuid.get_version_num(), uuid.get_variant()),
                (7, uuid::Variant::RFC4122)
            );
            last = id;
        }
    }

    #[test]
    fn text_and_bytes_go_there_and_back() {
        let id = ItemId::from_bytes([7; 16]);
        assert_eq!(id.to_string().parse::<ItemId>(), Ok(id));
        assert_eq!("nonsense".parse::<ItemId>(), Err(ParseIdError));
        assert_eq!(ItemId::from_slice(&[1, 2]), Err(ParseIdError));
    }

    #[test]
    fn a_unit_is_found_however_its_plate_was_typed() {
        assert_eq!(UnitId::plate(" lp-001 "), UnitId::plate("LP-001"));
        assert_eq!(
            UnitId::serial(ItemId::from_bytes([1; 16]), "A7").printed(),
            "A7"
        );
    }
}
