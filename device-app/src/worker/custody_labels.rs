//! The label of a piece that a customer left, and their claim ticket.

use domain::custody::CustodyAct;
use domain::ticket::PieceCode;
use domain::{DepositId, UnitId};
use labels::Stock;
use labels::template::{PieceLabel, ReceiptLabel, Square, TicketLabel};
use operations::{DepositFacts, PieceStanding, Task};
use replica::ReplicaError;

use super::label_forms::{Form, named};
use super::machine::Worker;
use crate::view::LabelWords;

impl Worker {
    fn facts_of_deposit(&self, id: DepositId) -> Result<Option<DepositFacts>, ReplicaError> {
        let Some(view) = self.stock_view() else {
            return Ok(None);
        };
        let row = view.query.deposit(id)?;
        row.map(|row| view.deposit_facts(row)).transpose()
    }

    /// The label of a unit that is a piece of a deposit; `None` for any other.
    pub(super) fn piece_label(
        &self,
        unit: &UnitId,
        stock: Stock,
        words: &LabelWords,
    ) -> Result<Option<Form>, ReplicaError> {
        let of = self.replica.query().deposit_of_unit(unit)?;
        let Some((deposit, number)) = of else {
            return Ok(None);
        };
        let Some(facts) = self.facts_of_deposit(deposit)? else {
            return Ok(None);
        };
        let piece = facts.pieces.iter().find(|piece| piece.number == number);
        let Some((piece, Ok(code))) = piece.map(|p| (p, PieceCode::parse(p.unit.printed()))) else {
            return Ok(None);
        };
        let what = [piece.item.name(self.names()), &piece.size].map(str::to_owned);
        let mut details = vec![self.day_of(facts.taken_at)];
        details.extend(facts.due.map(|due| named(&words.due, &due)));
        if !piece.condition.is_empty() {
            details.push(piece.condition.clone());
        }
        let label = PieceLabel {
            code: code.to_string(),
            mark: code.mark().to_owned(),
            part: format!("{number}/{}", facts.pieces.len()),
            what: what.join(" ").trim_end().to_owned(),
            place: match &piece.standing {
                PieceStanding::Here(bin) => bin.code.clone(),
                _ => String::new(),
            },
            details,
            symbol: Square::Qr,
            gs1: None,
        };
        Ok(Some(Form {
            title: code.to_string(),
            label: label.on(stock),
        }))
    }

    /// What the customer keeps.
    fn ticket_label(
        &self,
        deposit: DepositId,
        stock: Stock,
        words: &LabelWords,
    ) -> Result<Option<Form>, ReplicaError> {
        let Some(facts) = self.facts_of_deposit(deposit)? else {
            return Ok(None);
        };
        let mut details = vec![
            self.site_name()?,
            named(&words.pieces, &facts.pieces.len()),
            self.day_of(facts.taken_at),
        ];
        details.extend(facts.due.map(|due| named(&words.due, &due)));
        let label = TicketLabel {
            heading: words.ticket.clone(),
            code: facts.claim.grouped(),
            scan: facts.claim.to_string(),
            details,
            note: words.keep.clone(),
        };
        Ok(Some(Form {
            title: words.ticket.clone(),
            label: label.on(stock),
        }))
    }

    /// The labels of all pieces of the deposit under way, and its ticket; `None` if the work is none.
    pub(super) fn deposit_labels(
        &self,
        stock: Stock,
        words: &LabelWords,
    ) -> Result<Option<Vec<Form>>, ReplicaError> {
        let deposit = match self.work.as_ref().map(|work| &work.task) {
            Some(Task::Deposit(work)) => work.deposit(),
            _ => None,
        };
        let Some(deposit) = deposit else {
            return Ok(None);
        };
        let row = self.replica.query().deposit(deposit)?;
        let mut forms = Vec::new();
        for piece in row.iter().flat_map(|row| row.deposit.pieces.values()) {
            forms.extend(self.piece_label(&piece.unit, stock, words)?);
        }
        forms.extend(self.ticket_label(deposit, stock, words)?);
        Ok(Some(forms))
    }

    /// The receipt on the screen; before that of a deposit its ticket, since the customer keeps both.
    pub(super) fn receipt_labels(
        &self,
        stock: Stock,
        words: &LabelWords,
    ) -> Result<Vec<Form>, ReplicaError> {
        let Some((row, act)) = self.act_of_receipt()? else {
            return Ok(Vec::new());
        };
        let mut forms = Vec::new();
        if act.act == CustodyAct::Deposited {
            forms.extend(self.ticket_label(act.deposit, stock, words)?);
        }
        let Some(said) = self.receipt_said(&row)? else {
            return Ok(forms);
        };
        let millis = row.placed.event.record.clock.millis;
        let mut details = vec![
            self.site_name()?,
            self.day_of(millis),
            named(&words.pieces, &act.pieces.len()),
        ];
        let due = act.due.or(act.terms.as_ref().and_then(|terms| terms.due));
        details.extend(due.map(|due| named(&words.due, &due)));
        let label = ReceiptLabel {
            heading: words.receipt.clone(),
            scan: said.text,
            details,
        };
        forms.push(Form {
            title: words.receipt.clone(),
            label: label.on(stock),
        });
        Ok(forms)
    }

    fn day_of(&self, at: i64) -> String {
        let day = domain::site_day::site_day(at, self.site_clock.time_zone());
        day.map(|day| day.to_string()).unwrap_or_default()
    }
}
