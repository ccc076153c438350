//! Events as bytes: CBOR arrays; later programs may add fields at the end, and kinds.

use minicbor::{Decoder, Encoder};

use super::{EventBody, EventError, EventRecord};

const RECEIVED: u32 = 1;
const ISSUED: u32 = 2;
const MOVED: u32 = 3;
const ADJUSTED: u32 = 4;
const COUNTED: u32 = 5;
const REVERSED: u32 = 6;
const SET_ASIDE: u32 = 7;
const COUNT_APPROVED: u32 = 8;
const RESOLVED: u32 = 9;
const ATTACHED: u32 = 10;
const QUARANTINE_DECIDED: u32 = 11;
const ORDER_FINISHED: u32 = 12;
const INSPECTED: u32 = 13;
const HANDED_OVER: u32 = 14;
const PACKED: u32 = 15;
const NOTED: u32 = 16;
const CUSTODY: u32 = 17;

/// More hashes of evidence than this are not kept.
const EVIDENCE_MAX: u64 = 64;

/// An event has at most so many fields that this program knows.
const FIELDS_KNOWN: u64 = 11;

/// The highest kind that this program knows.
pub const KINDS_KNOWN: u32 = CUSTODY;

impl EventBody {
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
            Self::Attached { .. } => ATTACHED,
            Self::QuarantineDecided(_) => QUARANTINE_DECIDED,
            Self::OrderFinished(_) => ORDER_FINISHED,
            Self::Inspected(_) => INSPECTED,
            Self::HandedOver { .. } => HANDED_OVER,
            Self::Packed { .. } => PACKED,
            Self::Noted(_) => NOTED,
            Self::Custody(_) => CUSTODY,
            Self::Unknown { kind, .. } => *kind,
        }
    }
}

impl EventRecord {
    /// As stored in a journal: CBOR array [clock, operator, kind, fields, carries out, evidence, origin, order,
    /// reason, carton, approved by], as short as it can be.
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
        let present = [
            self.carries_out.is_some(),
            !self.evidence.is_empty(),
            self.origin.is_some(),
            self.order.is_some(),
            self.reason.is_some(),
            self.carton.is_some(),
            self.approved_by.is_some(),
        ];
        let fields = 4 + present.iter().rposition(|p| *p).map_or(0, |last| last + 1);
        e.array(fields as u64)?;
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
            }
            | EventBody::Packed {
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
            EventBody::Attached {
                to,
                blob,
                thumbnail,
            } => {
                e.array(3)?.encode(to)?.encode(blob)?.encode(thumbnail)?;
            }
            EventBody::QuarantineDecided(decision) => {
                e.array(1)?.encode(decision)?;
            }
            EventBody::OrderFinished(finished) => {
                e.array(1)?.encode(finished)?;
            }
            EventBody::Inspected(inspection) => {
                e.array(1)?.encode(inspection)?;
            }
            EventBody::HandedOver { to, open, note } => {
                e.array(3)?.encode(to)?.encode(open)?.str(note)?;
            }
            EventBody::Noted(note) => {
                e.array(1)?.encode(note)?;
            }
            EventBody::Custody(custody) => {
                e.array(1)?.encode(custody)?;
            }
            EventBody::Unknown { raw, .. } => {
                e.writer_mut().extend_from_slice(raw);
            }
        }
        if fields > 4 {
            e.encode(self.carries_out)?;
        }
        if fields > 5 {
            e.array(self.evidence.len() as u64)?;
            for hash in &self.evidence {
                e.bytes(hash)?;
            }
        }
        if fields > 6 {
            e.encode(self.origin)?;
        }
        if fields > 7 {
            e.encode(self.order)?;
        }
        if fields > 8 {
            e.encode(&self.reason)?;
        }
        if fields > 9 {
            e.encode(&self.carton)?;
        }
        if fields > 10 {
            e.encode(self.approved_by)?;
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
            for i in 0..n {
                let hash = d.bytes()?.try_into().map_err(|_| short())?;
                if i < EVIDENCE_MAX {
                    evidence.push(hash);
                }
            }
        }
        let origin = if fields > 6 { d.decode()? } else { None };
        let order = if fields > 7 { d.decode()? } else { None };
        let reason = if fields > 8 { d.decode()? } else { None };
        let carton = if fields > 9 { d.decode()? } else { None };
        let approved_by = if fields > 10 { d.decode()? } else { None };
        for _ in FIELDS_KNOWN..fields {
            d.skip()?;
        }
        Ok(Self {
            clock,
            operator,
            body,
            carries_out,
            evidence,
            origin,
            order,
            reason,
            carton,
            approved_by,
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
        PACKED => {
            let mut d = fields(3)?;
            EventBody::Packed {
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
        ATTACHED => {
            let mut d = fields(3)?;
            EventBody::Attached {
                to: d.decode()?,
                blob: d.decode()?,
                thumbnail: d.decode()?,
            }
        }
        QUARANTINE_DECIDED => EventBody::QuarantineDecided(fields(1)?.decode()?),
        ORDER_FINISHED => EventBody::OrderFinished(fields(1)?.decode()?),
        INSPECTED => EventBody::Inspected(fields(1)?.decode()?),
        NOTED => EventBody::Noted(fields(1)?.decode()?),
        CUSTODY => EventBody::Custody(fields(1)?.decode()?),
        HANDED_OVER => {
            let mut d = fields(3)?;
            EventBody::HandedOver {
                to: d.decode()?,
                open: d.decode()?,
                note: d.str()?.to_owned(),
            }
        }
        _ => EventBody::Unknown {
            kind,
            raw: raw.to_vec(),
        },
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::custody::{Custody, CustodyAct};
    use crate::event::{
        Assignment, CountedLine, EventHash, ExceptionId, Goods, QuarantineDecision, Resolution,
        ReviewNote,
    };
    use crate::{
        BinId, BlobKind, BlobRef, ChainId, DepositId, FinishedLine, Inspection, ItemId, OperatorId,
        OrderFinished, OrderId, OrderLine, OrderStep, Quantity, Timestamp, UnitId, Verdict,
    };

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
            origin: None,
            order: None,
            reason: None,
            carton: None,
            approved_by: None,
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
            EventBody::Packed {
                bin,
                goods: goods.clone(),
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
            EventBody::Attached {
                to: EventHash([4; 32]),
                blob: BlobRef::of(b"photo", "image/jpeg", BlobKind::Photo),
                thumbnail: Some(BlobRef::of(b"small", "image/jpeg", BlobKind::Thumbnail)),
            },
            EventBody::QuarantineDecided(QuarantineDecision {
                chain: ChainId::from_bytes([4; 16]),
                segments: (3, 9),
                events: Some((70, 81)),
                release: true,
                reason: "盘点过，属实".into(),
            }),
            EventBody::OrderFinished(OrderFinished {
                order: OrderId::from_bytes([7; 16]),
                step: OrderStep::Receive,
                after: vec![EventHash([3; 32])],
                lines: vec![FinishedLine {
                    line: 2,
                    asked: quantity,
                    done: Quantity::ZERO,
                    reason: "short".into(),
                }],
            }),
            EventBody::Inspected(Inspection {
                of: EventHash([2; 32]),
                verdict: Verdict::OnHold,
                sample: quantity,
                answers: vec![("seal".into(), "破损".into())],
            }),
            EventBody::Noted(ReviewNote {
                exception: ExceptionId([8; 32]),
                about: "negative-stock 01".into(),
                text: "叉车司机明天来".into(),
                assigned: Some(Assignment {
                    to: Some(OperatorId::from_bytes([3; 16])),
                }),
            }),
            EventBody::Custody(Box::new(Custody::new(
                DepositId::from_bytes([9; 16]),
                CustodyAct::Opened,
                vec![1, 2],
            ))),
            EventBody::HandedOver {
                to: OperatorId::from_bytes([8; 16]),
                open: vec!["收货 PO-1".into()],
                note: "3 号门坏了".into(),
            },
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
            assert_eq!(
                EventRecord::from_bytes(&written.to_bytes()),
                Ok(written.clone())
            );
            written.origin = Some(EventHash([2; 32]));
            assert_eq!(
                EventRecord::from_bytes(&written.to_bytes()),
                Ok(written.clone())
            );
            (written.carries_out, written.evidence) = (None, Vec::new());
            assert_eq!(
                EventRecord::from_bytes(&written.to_bytes()),
                Ok(written.clone())
            );
            written.origin = None;
            written.order = Some(OrderLine {
                order: OrderId::from_bytes([6; 16]),
                line: 3,
            });
            assert_eq!(
                EventRecord::from_bytes(&written.to_bytes()),
                Ok(written.clone())
            );
            written.reason = Some("damaged".into());
            assert_eq!(
                EventRecord::from_bytes(&written.to_bytes()),
                Ok(written.clone())
            );
            written.approved_by = Some(OperatorId::from_bytes([12; 16]));
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
