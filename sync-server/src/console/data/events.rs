//! From an event as it is stored to an event as people read it.

use documents::sealed::SEALED_MEDIA;
use domain::event::{Event, EventBody, EventHash};
use domain::ledger::Standing;
use domain::ticket::ClaimCode;
use domain::{BlobKind, BlobRef, DepositId, OrderFinished, OrderId};
use replica::query::EventRow;

use super::names::Names;
use crate::console::view::{
    ChangeView, CountLine, EventView, FinishedLineView, PhotoView, ReversedBy, UnitRef,
};
use crate::error::AppError;

/// The kind and the subject that a decision keeps of its exception: `kind`, a space, the subject's key in hexadecimal.
pub(super) fn about_parts(about: &str) -> (&str, &str) {
    about.split_once(' ').unwrap_or((about, ""))
}

/// An order whose record has not come.
pub(super) fn order_stand_in(id: OrderId) -> String {
    format!("?{}", &id.to_string()[24..])
}

/// The last letters of a claim code, by which people tell deposits apart.
pub(super) fn claim_end(claim: &ClaimCode) -> String {
    let code = claim.as_str();
    format!(
        "…{}",
        code.get(code.len().saturating_sub(5)..).unwrap_or(code)
    )
}

pub(super) fn unit_ref(unit: &domain::UnitId) -> UnitRef {
    UnitRef {
        id: unit.as_str().to_owned(),
        printed: unit.printed().to_owned(),
    }
}

impl Names<'_> {
    /// All of these events that are here, in their order.
    pub(super) fn events_by_hash(&self, hashes: &[EventHash]) -> Result<Vec<EventView>, AppError> {
        let mut events = Vec::with_capacity(hashes.len());
        for hash in hashes {
            if let Some(row) = self.query.event_by_hash(*hash)? {
                events.push(self.event(&row)?);
            }
        }
        Ok(events)
    }

    pub(super) fn events(&self, rows: &[EventRow]) -> Result<Vec<EventView>, AppError> {
        rows.iter().map(|row| self.event(row)).collect()
    }

    pub(super) fn event(&self, row: &EventRow) -> Result<EventView, AppError> {
        self.event_to(row, 0)
    }

    /// `depth`: how many events named this one; a long chain of reversals is not followed to its end.
    fn event_to(&self, row: &EventRow, depth: u8) -> Result<EventView, AppError> {
        let event = &row.placed.event;
        let body = &event.record.body;
        let mut view = EventView {
            hash: event.hash,
            number: event.id.number,
            kind: body.kind(),
            site: event.site,
            item: None,
            base_unit: String::new(),
            lot: None,
            expiry: None,
            unit: None,
            bin: None,
            to: None,
            quantity: body.quantity(),
            changes: Vec::new(),
            lines: Vec::new(),
            finished: Vec::new(),
            code: None,
            order: match event.record.order {
                Some(line) => Some(self.order_code(line.order)?),
                None => None,
            },
            reason: event.record.reason.clone(),
            carton: event.record.carton.as_ref().map(|c| c.printed().to_owned()),
            open: Vec::new(),
            target: None,
            decides: None,
            releases: None,
            operator: self.operator(event.record.operator)?,
            approved_by: match event.record.approved_by {
                Some(by) => Some(self.operator(by)?),
                None => None,
            },
            device: self.device(event.device)?,
            device_time: event.record.clock.millis,
            arrived: event.accepted_at,
            standing: row.placed.standing,
            photos: self.photos(event)?,
            reversed_by: self.reversed_by(row.reversed_by)?,
            quarantined: event.quarantined && row.placed.standing == Standing::Void,
        };
        if let Some(goods) = body.goods() {
            let (item, unit) = self.item(goods.item)?;
            view.item = Some(item);
            view.base_unit = unit;
            view.lot = goods.lot.clone();
            view.expiry = goods.expiry;
            view.unit = goods.unit.as_ref().map(unit_ref);
        }
        for (key, by) in body.changes() {
            view.changes.push(ChangeView {
                bin: self.bin(key.bin)?,
                by,
            });
        }
        let mut bins = body.bins().into_iter();
        view.bin = bins.next().map(|bin| self.bin(bin)).transpose()?;
        view.to = bins.next().map(|bin| self.bin(bin)).transpose()?;
        self.add_particulars(body, &mut view, depth)?;
        Ok(view)
    }

    fn add_particulars(
        &self,
        body: &EventBody,
        view: &mut EventView,
        depth: u8,
    ) -> Result<(), AppError> {
        match body {
            EventBody::Adjusted { reason, .. } => view.reason = Some(reason.clone()),
            EventBody::Counted { lines, .. } => {
                for line in lines {
                    view.lines.push(CountLine {
                        item: self.item(line.item)?.0,
                        lot: line.lot.clone(),
                        counted: line.counted,
                    });
                }
            }
            EventBody::Reversed { target }
            | EventBody::CountApproved { count: target }
            | EventBody::Attached { to: target, .. } => {
                view.target = self.target(*target, depth)?;
            }
            EventBody::SetAside { code, .. } => view.code = Some(code.clone()),
            EventBody::Resolved(resolution) => {
                let (kind, _) = about_parts(&resolution.about);
                view.decides = Some((resolution.exception, kind.to_owned()));
                view.reason = Some(resolution.choice.clone());
            }
            EventBody::Noted(note) => {
                let (kind, _) = about_parts(&note.about);
                view.decides = Some((note.exception, kind.to_owned()));
                view.reason = Some(note.text.clone()).filter(|text| !text.is_empty());
                if let Some(assignment) = note.assigned {
                    view.to = assignment.to.map(|to| self.operator(to)).transpose()?;
                }
            }
            EventBody::QuarantineDecided(decision) => {
                let device = self.device_of_chain(decision.chain)?;
                view.releases = Some((device, decision.release));
                view.reason = Some(decision.reason.clone());
            }
            EventBody::Custody(custody) => {
                view.code = Some(custody.act.code().to_owned());
                view.order = Some(self.order_code(custody.deposit.as_order())?);
                let pieces: Vec<String> = custody.pieces.iter().map(u32::to_string).collect();
                view.reason = Some(pieces.join(", "));
            }
            EventBody::OrderFinished(finished) => self.add_finished(finished, view)?,
            EventBody::Inspected(inspection) => {
                view.code = Some(inspection.verdict.code().to_owned());
                view.target = self.target(inspection.of, depth)?;
            }
            EventBody::HandedOver { to, open, note } => {
                view.to = Some(self.operator(*to)?);
                view.open = open.clone();
                view.reason = Some(note.clone());
            }
            _ => {}
        }
        Ok(())
    }

    fn add_finished(&self, finished: &OrderFinished, view: &mut EventView) -> Result<(), AppError> {
        let order = self.query.order(finished.order)?;
        view.order = Some(match &order {
            Some(order) => order.code.clone(),
            None => order_stand_in(finished.order),
        });
        view.code = Some(finished.step.code().to_owned());
        for line in &finished.lines {
            let asked = order.as_ref().and_then(|o| o.lines.get(&line.line));
            let item = asked.and_then(|l| l.item).map(|item| self.item(item));
            view.finished.push(FinishedLineView {
                item: item.transpose()?.map(|(item, _)| item),
                asked: line.asked,
                done: line.done,
                reason: line.reason.clone(),
            });
        }
        Ok(())
    }

    /// The number of an order; a stand-in where its record has not come.
    pub(super) fn order_code(&self, id: OrderId) -> Result<String, AppError> {
        if let Some(order) = self.query.order(id)? {
            return Ok(order.code);
        }
        // The pieces of a deposit are served like the lines of an order. Who holds its whole code can ask for the goods.
        let deposit = self.query.deposit(DepositId::from_bytes(*id.as_bytes()))?;
        Ok(match deposit {
            Some(row) => claim_end(&row.deposit.claim),
            None => order_stand_in(id),
        })
    }

    fn target(&self, hash: EventHash, depth: u8) -> Result<Option<Box<EventView>>, AppError> {
        if depth >= 2 {
            return Ok(None);
        }
        let Some(row) = self.query.event_by_hash(hash)? else {
            return Ok(None);
        };
        Ok(Some(Box::new(self.event_to(&row, depth + 1)?)))
    }

    fn photos(&self, event: &Event) -> Result<Vec<PhotoView>, AppError> {
        if matches!(event.record.body, EventBody::Attached { .. }) {
            return Ok(self.photo(&event.record.body)?.into_iter().collect());
        }
        let rows = self.query.attachments(event.hash)?;
        let photos = rows
            .iter()
            .map(|row| self.photo(&row.placed.event.record.body));
        Ok(photos
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    fn photo(&self, body: &EventBody) -> Result<Option<PhotoView>, AppError> {
        let EventBody::Attached {
            blob, thumbnail, ..
        } = body
        else {
            return Ok(None);
        };
        // What is here decides, not what the event says of it.
        let here = |id| -> Result<Option<BlobRef>, AppError> {
            self.hub.whole_blob(id).map_err(AppError::internal)
        };
        let whole = here(blob.id)?;
        let small = match thumbnail {
            Some(thumbnail) => here(thumbnail.id)?,
            None => None,
        };
        // What is sealed of a photo or a signature is a picture.
        let is_picture = |b: &&BlobRef| {
            let sealed = b.media == SEALED_MEDIA && b.kind != BlobKind::Document;
            sealed || b.media.starts_with("image/")
        };
        let address = |b: &BlobRef| format!("/blobs/{}", b.id);
        Ok(Some(PhotoView {
            picture: [&small, &whole]
                .into_iter()
                .flatten()
                .find(is_picture)
                .map(address),
            whole: whole.as_ref().map(address),
            kind: blob.kind.code(),
        }))
    }

    fn reversed_by(&self, by: Option<EventHash>) -> Result<Option<ReversedBy>, AppError> {
        let Some(hash) = by else { return Ok(None) };
        let Some(row) = self.query.event_by_hash(hash)? else {
            return Ok(None);
        };
        let record = &row.placed.event.record;
        Ok(Some(ReversedBy {
            operator: self.operator(record.operator)?,
            at: record.clock.millis,
        }))
    }
}
