//! What a timeline is about.

use crate::event::ContentKey;
use crate::ids::{BinId, ChainId, ItemId, OperatorId, OrderId, SiteId, UnitId};
use crate::order::{OrderLine, OrderStep, ProgressKey};

/// One pile of goods: an item of one lot in one bin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StockKey {
    /// Where.
    pub bin: BinId,
    /// What.
    pub item: ItemId,
    /// Of which lot.
    pub lot: Option<String>,
}

/// Whatever events can agree or disagree about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A pile of goods.
    Stock(StockKey),
    /// A bin, as counts cover it.
    Bin(BinId),
    /// A unit with a name of its own.
    Unit(UnitId),
    /// A code that was set aside at a site.
    Code(SiteId, String),
    /// A lot of an item, which has one expiry day.
    Lot(ItemId, String),
    /// The clock of the device that writes a chain.
    Clock(ChainId),
    /// How much of an order's line has been done.
    Progress(ProgressKey),
    /// Who finished a step of an order.
    Order(OrderId, OrderStep),
    /// How much of some goods is in a carton.
    Content(ContentKey),
    /// What an operator did beyond their rights.
    Rights(OperatorId),
}

/// Ends a carton's plate in a key; no plate has it in it.
const END: u8 = 0;

/// What the keys of all contents begin with, or with `carton` those of this carton.
pub fn content_prefix(carton: Option<&UnitId>) -> Vec<u8> {
    let mut out = vec![9];
    if let Some(carton) = carton {
        out.extend(carton.as_str().bytes().filter(|b| *b != END));
        out.push(END);
    }
    out
}

impl Subject {
    /// Whether it is about goods as the book has them, which only who reads all events of a site can tell.
    pub const fn is_stock(&self) -> bool {
        match self {
            Self::Stock(_) | Self::Bin(_) | Self::Unit(_) | Self::Lot(..) | Self::Content(_) => {
                true
            }
            Self::Code(..)
            | Self::Clock(_)
            | Self::Progress(_)
            | Self::Order(..)
            | Self::Rights(_) => false,
        }
    }

    /// As a database key: a tag byte and the parts; equal subjects have equal keys.
    pub fn to_key(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(40);
        match self {
            Self::Stock(key) => {
                out.push(1);
                out.extend_from_slice(key.bin.as_bytes());
                out.extend_from_slice(key.item.as_bytes());
                if let Some(lot) = &key.lot {
                    out.push(1);
                    out.extend_from_slice(lot.as_bytes());
                }
            }
            Self::Bin(bin) => {
                out.push(2);
                out.extend_from_slice(bin.as_bytes());
            }
            Self::Unit(unit) => {
                out.push(3);
                out.extend_from_slice(unit.as_str().as_bytes());
            }
            Self::Code(site, code) => {
                out.push(4);
                out.extend_from_slice(site.as_bytes());
                out.extend_from_slice(code.as_bytes());
            }
            Self::Lot(item, lot) => {
                out.push(5);
                out.extend_from_slice(item.as_bytes());
                out.extend_from_slice(lot.as_bytes());
            }
            Self::Clock(chain) => {
                out.push(6);
                out.extend_from_slice(chain.as_bytes());
            }
            Self::Progress(key) => {
                out.push(7);
                out.extend_from_slice(key.line.order.as_bytes());
                out.push(key.step.tag());
                out.extend_from_slice(&key.line.line.to_be_bytes());
            }
            Self::Order(order, step) => {
                out.push(8);
                out.extend_from_slice(order.as_bytes());
                out.push(step.tag());
            }
            Self::Content(key) => {
                out = content_prefix(Some(&key.carton));
                // Writing to a vector cannot fail.
                let _ = minicbor::encode(key, &mut out);
            }
            Self::Rights(operator) => {
                out.push(10);
                out.extend_from_slice(operator.as_bytes());
            }
        }
        out
    }

    /// What [`Subject::to_key`] wrote; `None` for anything else.
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let (tag, rest) = key.split_first()?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        match tag {
            1 => {
                let lot = match rest.get(32..)? {
                    [] => None,
                    [1, lot @ ..] => Some(text(lot)?),
                    _ => return None,
                };
                Some(Self::Stock(StockKey {
                    bin: BinId::from_slice(rest.get(..16)?).ok()?,
                    item: ItemId::from_slice(rest.get(16..32)?).ok()?,
                    lot,
                }))
            }
            2 => Some(Self::Bin(BinId::from_slice(rest).ok()?)),
            3 => Some(Self::Unit(UnitId::from(text(rest)?))),
            4 => Some(Self::Code(
                SiteId::from_slice(rest.get(..16)?).ok()?,
                text(rest.get(16..)?)?,
            )),
            5 => Some(Self::Lot(
                ItemId::from_slice(rest.get(..16)?).ok()?,
                text(rest.get(16..)?)?,
            )),
            6 => Some(Self::Clock(ChainId::from_slice(rest).ok()?)),
            7 => Some(Self::Progress(ProgressKey {
                line: OrderLine {
                    order: OrderId::from_slice(rest.get(..16)?).ok()?,
                    line: u32::from_be_bytes(rest.get(17..)?.try_into().ok()?),
                },
                step: OrderStep::from_tag(*rest.get(16)?)?,
            })),
            8 => {
                let (step, order) = rest.split_last()?;
                Some(Self::Order(
                    OrderId::from_slice(order).ok()?,
                    OrderStep::from_tag(*step)?,
                ))
            }
            9 => {
                let end = rest.iter().position(|b| *b == END)?;
                let key = minicbor::decode(rest.get(end + 1..)?).ok()?;
                Some(Self::Content(key))
            }
            10 => Some(Self::Rights(OperatorId::from_slice(rest).ok()?)),
            _ => None,
        }
    }
}

impl<C> minicbor::Encode<C> for Subject {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_key())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Subject {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_key(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("no subject"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Goods;

    fn content(carton: &str, lot: Option<&str>, line: u32) -> Subject {
        let mut goods = Goods::of(ItemId::from_bytes([2; 16]));
        goods.lot = lot.map(str::to_owned);
        Subject::Content(ContentKey {
            carton: UnitId::plate(carton),
            bin: BinId::from_bytes([1; 16]),
            goods,
            order: Some(OrderLine {
                order: OrderId::from_bytes([5; 16]),
                line,
            }),
        })
    }

    #[test]
    fn keys_go_there_and_back_and_tell_no_lot_from_an_empty_lot() {
        let (bin, item) = (BinId::from_bytes([1; 16]), ItemId::from_bytes([2; 16]));
        let subjects = [
            Subject::Stock(StockKey {
                bin,
                item,
                lot: None,
            }),
            Subject::Stock(StockKey {
                bin,
                item,
                lot: Some(String::new()),
            }),
            Subject::Stock(StockKey {
                bin,
                item,
                lot: Some("批次 7".into()),
            }),
            Subject::Bin(bin),
            Subject::Unit(UnitId::plate("LP-1")),
            Subject::Code(SiteId::from_bytes([3; 16]), "X".into()),
            Subject::Lot(item, "7".into()),
            Subject::Clock(ChainId::from_bytes([4; 16])),
            Subject::Progress(ProgressKey {
                line: OrderLine {
                    order: OrderId::from_bytes([5; 16]),
                    line: 300,
                },
                step: OrderStep::Pick,
            }),
            Subject::Order(OrderId::from_bytes([5; 16]), OrderStep::Pick),
            content("C-1", Some("L1"), 1),
            content("C-1", None, 1),
            content("C-1", None, 2),
            content("C-1\u{0}", None, 1),
            content("C-12", None, 1),
            Subject::Rights(OperatorId::from_bytes([4; 16])),
        ];
        for (i, a) in subjects.iter().enumerate() {
            assert_eq!(Subject::from_key(&a.to_key()).as_ref(), Some(a));
            for b in &subjects[i + 1..] {
                assert_ne!(a.to_key(), b.to_key());
            }
        }
        assert_eq!(Subject::from_key(&[]), None);
        assert_eq!(Subject::from_key(&[1, 2]), None);
    }
}
