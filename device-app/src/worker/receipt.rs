//! Receipts that this device signs itself, with no server in reach.

use documents::{Certificate, HouseRules, Receipt, receipt_code};
use domain::custody::{Custody, CustodyAct};
use domain::{EventBody, EventHash};
use replica::ReplicaError;
use replica::query::EventRow;

use super::machine::{Showing, Worker};
use crate::view::{Fact, Message, ReceiptView};

/// The receipt on the screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    event: EventHash,
    /// Where the person goes back to.
    behind: Showing,
}

/// What a receipt's QR says, and what that is worth.
pub(super) struct Said {
    pub(super) text: String,
    pub(super) is_signed: bool,
}

impl Worker {
    /// Shows the receipt of an act; whatever is no act shows nothing.
    pub(crate) fn open_receipt(&mut self, id: &str) -> Result<(), ReplicaError> {
        let Some(event) = EventHash::from_hex(id) else {
            return Ok(());
        };
        if self.act(event)?.is_some() && self.operator.is_some() {
            self.show_receipt(event);
        }
        Ok(())
    }

    fn show_receipt(&mut self, event: EventHash) {
        let behind = match self.showing {
            Showing::Receipt => self.behind_receipt(),
            other => other,
        };
        self.receipt = Some(Shown { event, behind });
        self.showing = Showing::Receipt;
    }

    /// After a deposit or a release was written, its receipt is what the customer waits for.
    pub(super) fn show_receipt_of_written(&mut self) -> Result<(), ReplicaError> {
        if self.practises() {
            return Ok(());
        }
        let Some(event) = self.committed.last().copied() else {
            return Ok(());
        };
        let act = self.act(event)?.map(|(_, act)| act.act);
        if matches!(act, Some(CustodyAct::Deposited | CustodyAct::Released)) {
            self.show_receipt(event);
        }
        Ok(())
    }

    /// Where the person was before they looked at the receipt.
    pub(crate) fn behind_receipt(&self) -> Showing {
        match self.receipt.map_or(Showing::Home, |shown| shown.behind) {
            _ if self.operator.is_none() => self.entrance(),
            Showing::Task if self.work.is_none() => Showing::Home,
            behind => behind,
        }
    }

    fn act(&self, event: EventHash) -> Result<Option<(EventRow, Custody)>, ReplicaError> {
        let row = self.replica.query().event_by_hash(event)?;
        Ok(row.and_then(|row| match &row.placed.event.record.body {
            EventBody::Custody(act) => {
                let act = Custody::clone(act);
                Some((row, act))
            }
            _ => None,
        }))
    }

    /// The act whose receipt is on the screen.
    pub(super) fn act_of_receipt(&self) -> Result<Option<(EventRow, Custody)>, ReplicaError> {
        match self.receipt {
            Some(shown) => self.act(shown.event),
            None => Ok(None),
        }
    }

    /// The certificate by which this device writes on a chain; `None` for the chain of another.
    fn certificate_for(&self, chain: domain::ChainId) -> Result<Option<Vec<u8>>, ReplicaError> {
        let Some(identity) = self.replica.identity() else {
            return Ok(None);
        };
        let own = |bytes: &Vec<u8>| {
            Certificate::verify(bytes, &identity.server_key).is_some_and(|certificate| {
                certificate.key == identity.key.public() && certificate.site_chain == chain
            })
        };
        Ok(self.replica.certificates()?.into_iter().find(own))
    }

    /// What the QR of an act says: the receipt itself if this device wrote the act, else a name for it by which the server's page
    /// finds it.
    pub(super) fn receipt_said(&self, row: &EventRow) -> Result<Option<Said>, ReplicaError> {
        let Some(identity) = self.replica.identity() else {
            return Ok(None);
        };
        let event = &row.placed.event;
        let Some(receipt) = Receipt::of(identity.organisation, event) else {
            return Ok(None);
        };
        let site = self.replica.query().record(event.site.into())?;
        let url = site.as_ref().map(HouseRules::of).unwrap_or_default();
        let address = url.public_url.trim_end_matches('/').to_owned();
        let certificate = self.certificate_for(event.id.chain)?;
        let is_signed = certificate.is_some();
        let fragment = match &certificate {
            Some(certificate) => {
                let bytes = receipt_code::make(&receipt, &identity.key, certificate);
                receipt_code::to_text(&bytes)
            }
            // A name is worth nothing without the page that looks it up.
            None if address.is_empty() => return Ok(None),
            None => receipt_code::name_of(event.id, event.hash),
        };
        let text = match address.is_empty() {
            true => fragment,
            false => format!("{address}/receipt#{fragment}"),
        };
        Ok(Some(Said { text, is_signed }))
    }

    pub(crate) fn receipt_view(&self) -> Result<ReceiptView, ReplicaError> {
        let Some((row, act)) = self.act_of_receipt()? else {
            return Ok(ReceiptView::default());
        };
        let said = self.receipt_said(&row)?;
        let record = &row.placed.event.record;
        let deposit = self.replica.query().deposit(act.deposit)?;
        let fact = |label: &str, value: String, emphasis| Fact {
            label: label.to_owned(),
            value,
            emphasis,
        };
        let mut facts = Vec::new();
        if let Some(row) = &deposit {
            facts.push(fact("claim-code", row.deposit.claim.grouped(), true));
        }
        let time = self.site_clock.show(record.clock.millis, self.now());
        facts.push(fact("done-at", time, false));
        facts.push(fact("pieces-left", act.pieces.len().to_string(), false));
        let due = act.due.or(act.terms.as_ref().and_then(|terms| terms.due));
        facts.extend(due.map(|due| fact("due", due.to_string(), false)));
        if let (Some(charge), Some(row)) = (act.charge, &deposit) {
            let currency = row.deposit.fee.currency;
            let paid = format!("{} {currency}", currency.number(charge.taken.into()));
            if charge.taken > 0 {
                facts.push(fact("fee-taken", paid, false));
            }
        }
        let next = match &said {
            Some(said) if said.is_signed => "receipt-scan",
            Some(_) => "receipt-named",
            None => "receipt-elsewhere",
        };
        Ok(ReceiptView {
            act: act.act.code().to_owned(),
            facts,
            qr: said.as_ref().map(|said| super::qr::draw(&said.text)),
            text: said.map(|said| said.text).unwrap_or_default(),
            next: Message::new(next),
        })
    }
}
