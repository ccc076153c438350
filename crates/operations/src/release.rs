//! Release (领取): the ticket, then every piece that goes by its label, who comes, what is due, and their name under it.
//!
//! Nothing leaves by the ticket alone, and no piece that is not of it. Everything is written at once, when it is handed out.

mod hand_out;
mod shown;

use std::collections::BTreeSet;

use domain::custody::{Custody, CustodyAct};
use domain::ledger::UnitStatus;
use domain::ticket::{ClaimCode, PieceCode, TicketError};
use domain::{CustomerId, DepositId, EventBody};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode};
use crate::context::Context;
use crate::custody_typed as typed;
use crate::custody_view::{DepositFacts, Ending, PersonFacts, PersonSaid, PieceStanding};
use crate::custody_write::CustodyWrite;
use crate::draft::{Draft, Need};
use crate::flow::{Out, Procedure};
use crate::keeps::keeps_draft;
use crate::looked_up::LookedUp;
use crate::scanned::Scanned;
use crate::screen::Feedback;
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};

/// A field that is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Typing {
    ProxyName,
    ProxyPhone,
    ProxyDocument,
    Fee,
    Days,
}

/// The state of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub(crate) draft: Draft,
    deposit: Option<DepositId>,
    /// Deposits whose term ends, or has ended, are listed.
    #[serde(default)]
    listed: Option<Ending>,
    /// There is no ticket: somebody is looked for by name.
    lost: bool,
    /// It is fetched because the customer has asked for it; nothing goes before they show their ticket.
    #[serde(default)]
    awaits_ticket: bool,
    searched: String,
    customer: Option<CustomerId>,
    /// Numbers of the pieces whose labels were scanned.
    scanned: BTreeSet<u32>,
    proxy: Option<PersonSaid>,
    typing: Option<Typing>,
    /// What was taken, if it is not what is due.
    taken: Option<i64>,
    #[serde(skip)]
    seen: LookedUp<Seen>,
}

/// What the screen shows.
#[derive(Debug, Clone, Default)]
struct Seen {
    found: Vec<PersonFacts>,
    theirs: Vec<DepositFacts>,
    facts: Option<DepositFacts>,
    /// What is due now, in minor units.
    due: i64,
    today: Option<chrono::NaiveDate>,
    /// From this value on pieces are guarded; 0: none is.
    guarded: i64,
    is_online: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Ticket,
    /// Who has lost the ticket?
    Person,
    /// Which of what they left?
    Deposit,
    /// Which of those whose term ends?
    Listed(Ending),
    Typed(Typing),
    /// The label of the next piece.
    Piece,
    /// All that are here were scanned.
    HandOut,
}

impl Procedure for Release {
    keeps_draft!();

    fn counts_at_once(&self) -> bool {
        true
    }

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        let printed = || unit.id.printed().to_owned();
        let Some(facts) = &self.seen.facts else {
            return Some(Feedback::refused(
                FeedbackCode::ScanTicketFirst,
                [printed()],
            ));
        };
        let piece = facts.pieces.iter().find(|piece| piece.unit == unit.id);
        match piece {
            None => Some(Feedback::refused(FeedbackCode::WrongPiece, [printed()])),
            Some(_) if unit.status == UnitStatus::Issued => Some(Feedback::refused(
                FeedbackCode::UnitAlreadyIssued,
                [unit.since.clone(), unit.by.clone()],
            )),
            Some(piece) if self.scanned.contains(&piece.number) => Some(Feedback::attention(
                FeedbackCode::PieceScannedBefore,
                [piece.number.to_string()],
            )),
            Some(_) => None,
        }
    }

    /// Only what has a label of its own is handed out.
    fn refuse_goods(&self, found: &crate::resolve::Match, raw: &str) -> Option<Feedback> {
        let is_unit = matches!(found, crate::resolve::Match::Unit(_));
        (!is_unit).then(|| Feedback::refused(FeedbackCode::WrongKindHere, [raw.to_owned()]))
    }

    fn take_bin(
        &mut self,
        bin: BinFacts,
        _: &dyn SiteView,
        _: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        out.refuse(FeedbackCode::WrongKindHere, [bin.code]);
        Ok(())
    }

    /// A label whose letters do not fit together is no piece that nobody knows.
    fn take_unknown(
        &mut self,
        scanned: &Scanned,
        _: &dyn SiteView,
        _: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let is_damaged = PieceCode::parse(&scanned.raw) == Err(TicketError::Check);
        if is_damaged {
            out.refuse(FeedbackCode::LabelDamaged, [scanned.shown()]);
        }
        Ok(is_damaged)
    }

    fn missing(&mut self, _: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        Ok(None)
    }

    fn doubts(&self, _: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        Ok(Vec::new())
    }

    /// A piece was matched. It is written when all of it is handed out.
    fn write(&mut self, _: &dyn SiteView, _: &Context, out: &mut Out) -> Result<(), ViewError> {
        let unit = self.draft.hand.as_ref().and_then(crate::hand::Hand::unit);
        self.draft.drop_hand();
        let piece = self.seen.facts.as_ref().zip(unit);
        let piece = piece.and_then(|(facts, unit)| facts.pieces.iter().find(|p| p.unit == unit));
        if let Some(piece) = piece {
            self.scanned.insert(piece.number);
            let here = self.seen.facts.iter().flat_map(DepositFacts::here).count();
            let args = [self.scanned.len().to_string(), here.to_string()];
            out.accept(FeedbackCode::PieceMatched, args);
        }
        Ok(())
    }

    fn take_text(&mut self, text: &str, out: &mut Out) -> bool {
        let Some(text) = typed::text(text, out) else {
            return true;
        };
        match self.ask() {
            Ask::Person => {
                self.searched = text;
                self.customer = None;
            }
            Ask::Typed(field) => self.typed(field, text, out),
            // A ticket that is read aloud is taken as one that is scanned.
            _ => return false,
        }
        true
    }

    fn choose_own(&mut self, id: &str, _: &dyn SiteView, out: &mut Out) -> Result<bool, ViewError> {
        match self.ask() {
            Ask::Ticket | Ask::Listed(_) => {
                let wished = self
                    .seen
                    .theirs
                    .iter()
                    .find(|d| d.id.to_string() == id)
                    .cloned();
                let is_one = wished.is_some();
                if let Some(facts) = wished {
                    self.begin(facts, out);
                    self.awaits_ticket = self.deposit.is_some();
                }
                Ok(is_one)
            }
            Ask::Person => {
                let found = self.seen.found.iter().find(|p| p.id.to_string() == id);
                if let Some(person) = found {
                    self.customer = Some(person.id);
                    out.accept(FeedbackCode::CustomerSelected, [person.said.name.clone()]);
                    return Ok(true);
                }
                Ok(false)
            }
            Ask::Deposit => {
                let chosen = self
                    .seen
                    .theirs
                    .iter()
                    .find(|d| d.id.to_string() == id)
                    .cloned();
                let is_one = chosen.is_some();
                if let Some(facts) = chosen {
                    self.begin(facts, out);
                }
                Ok(is_one)
            }
            _ => Ok(false),
        }
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        _: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        match (action, self.ask()) {
            (ActionCode::LostTicket, Ask::Ticket) => self.lost = true,
            (ActionCode::DueSoon, Ask::Ticket | Ask::Listed(_)) => {
                self.listed = Some(Ending::Soon);
            }
            (ActionCode::Overdue, Ask::Ticket | Ask::Listed(_)) => {
                self.listed = Some(Ending::Overdue);
            }
            (ActionCode::Abandoned, Ask::Ticket | Ask::Listed(_)) => {
                self.listed = Some(Ending::Abandoned);
            }
            (ActionCode::Proxy, Ask::Piece | Ask::HandOut) => {
                self.proxy = Some(PersonSaid::default());
                self.typing = Some(Typing::ProxyName);
            }
            (ActionCode::OtherFee, Ask::Piece | Ask::HandOut) => self.typing = Some(Typing::Fee),
            (ActionCode::Extend, Ask::Piece | Ask::HandOut) => self.typing = Some(Typing::Days),
            (ActionCode::Skip, Ask::Typed(Typing::ProxyPhone)) => {
                self.typed(Typing::ProxyPhone, String::new(), out);
            }
            (ActionCode::LookInto, Ask::Piece | Ask::HandOut) if !self.scanned.is_empty() => {
                self.look_into(ctx, out);
            }
            (ActionCode::HandOut | ActionCode::LookInto, Ask::Piece | Ask::HandOut)
                if self.awaits_ticket =>
            {
                out.refuse(FeedbackCode::TicketFirst, []);
            }
            (ActionCode::HandOut, Ask::Piece | Ask::HandOut) if !self.scanned.is_empty() => {
                self.hand_out(ctx, out);
            }
            (ActionCode::HandOut, _) => out.refuse(FeedbackCode::ScanPieceFirst, []),
            (ActionCode::Cancel, Ask::Typed(field)) => {
                self.typing = None;
                if matches!(
                    field,
                    Typing::ProxyName | Typing::ProxyPhone | Typing::ProxyDocument
                ) {
                    self.proxy = None;
                }
            }
            (ActionCode::Cancel, Ask::Ticket) => out.finished = true,
            (ActionCode::Cancel, _) => {
                *self = Self {
                    draft: std::mem::take(&mut self.draft),
                    ..Self::default()
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn undo_own(&mut self, out: &mut Out) -> bool {
        let last = self.scanned.pop_last();
        if let Some(number) = last {
            out.accept(FeedbackCode::Undone, [number.to_string()]);
        }
        last.is_some()
    }
}

impl Release {
    fn ask(&self) -> Ask {
        if let Some(field) = self.typing {
            return Ask::Typed(field);
        }
        match (&self.seen.facts, self.lost, self.customer) {
            (Some(facts), ..) if facts.here().all(|p| self.scanned.contains(&p.number)) => {
                Ask::HandOut
            }
            (Some(_), ..) => Ask::Piece,
            (None, true, Some(_)) => Ask::Deposit,
            (None, true, None) => Ask::Person,
            (None, false, _) => self.listed.map_or(Ask::Ticket, Ask::Listed),
        }
    }

    /// Looks up what the screen shows, before and after each input.
    pub(crate) fn plan(&mut self, view: &dyn SiteView, ctx: &Context) -> Result<(), ViewError> {
        self.seen.today = domain::site_day::site_day(ctx.now, &ctx.time_zone);
        self.seen.guarded = view.house_terms()?.guarded;
        self.seen.is_online = view.is_online();
        self.seen.facts = match self.deposit {
            Some(id) => view.deposit(id)?,
            None => None,
        };
        self.seen.found.clear();
        self.seen.theirs.clear();
        match (self.ask(), self.customer) {
            (Ask::Person, _) if !self.searched.is_empty() => {
                self.seen.found = view.find_persons(&self.searched)?;
            }
            (Ask::Deposit, Some(customer)) => self.seen.theirs = view.deposits_of(customer)?,
            (Ask::Ticket, _) => self.seen.theirs = view.wished()?,
            (Ask::Listed(ending), _) => self.seen.theirs = view.ending(ending)?,
            _ => {}
        }
        // What another device has handed out meanwhile is not here any more.
        if let Some(facts) = &self.seen.facts {
            let here: BTreeSet<u32> = facts.here().map(|p| p.number).collect();
            self.scanned.retain(|number| here.contains(number));
            let each = facts.fee.due(facts.taken_at, ctx.now);
            self.seen.due = each.saturating_mul(self.scanned.len() as i64);
        }
        Ok(())
    }

    /// Takes a code that may be a ticket's. Returns whether it was one, good or bad.
    pub(crate) fn take_ticket(
        &mut self,
        text: &str,
        view: &dyn SiteView,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let claim = match ClaimCode::parse(text) {
            Ok(claim) => claim,
            Err(TicketError::Check) => {
                out.refuse(FeedbackCode::TicketDamaged, [text.trim().to_owned()]);
                return Ok(true);
            }
            Err(TicketError::Other) => return Ok(false),
        };
        if !self.scanned.is_empty() && self.seen.facts.as_ref().is_some_and(|f| f.claim != claim) {
            out.refuse(FeedbackCode::FinishLineFirst, []);
            return Ok(true);
        }
        let is_awaited =
            self.awaits_ticket && self.seen.facts.as_ref().is_some_and(|f| f.claim == claim);
        if is_awaited {
            self.awaits_ticket = false;
            let here = self.seen.facts.iter().flat_map(DepositFacts::here).count();
            out.accept(FeedbackCode::TicketFound, [here.to_string()]);
            return Ok(true);
        }
        match (view.deposit_with_claim(&claim)?, view.other_site(&claim)?) {
            (Some(facts), _) => {
                self.lost = false;
                self.begin(facts, out);
            }
            (None, Some(site)) => out.refuse(FeedbackCode::TicketOtherSite, [site]),
            (None, None) => out.refuse(FeedbackCode::TicketUnknown, [claim.grouped()]),
        }
        Ok(true)
    }

    fn begin(&mut self, facts: DepositFacts, out: &mut Out) {
        let here = facts.here().count();
        let gone = facts.pieces.iter().find_map(|piece| match &piece.standing {
            PieceStanding::Gone { time, by } => Some([time.clone(), by.clone()]),
            _ => None,
        });
        match (here, gone) {
            (0, Some(gone)) => {
                out.refuse(FeedbackCode::EverythingTaken, gone);
                return;
            }
            (0, None) => {
                out.refuse(FeedbackCode::TicketUnknown, [facts.claim.grouped()]);
                return;
            }
            (here, _) => out.accept(FeedbackCode::TicketFound, [here.to_string()]),
        }
        self.awaits_ticket = false;
        self.listed = None;
        self.deposit = Some(facts.id);
        self.scanned.clear();
        self.seen.facts = Some(facts);
    }

    fn typed(&mut self, field: Typing, text: String, out: &mut Out) {
        match field {
            Typing::ProxyName | Typing::ProxyDocument if text.is_empty() => {
                out.refuse(FeedbackCode::ProxyIncomplete, []);
                return;
            }
            Typing::ProxyName => {
                self.proxy.get_or_insert_default().name = text;
                self.typing = Some(Typing::ProxyDocument);
            }
            Typing::ProxyDocument => {
                self.proxy.get_or_insert_default().document = text;
                self.typing = Some(Typing::ProxyPhone);
            }
            Typing::ProxyPhone => {
                self.proxy.get_or_insert_default().phone = text;
                self.typing = None;
            }
            Typing::Fee => {
                let currency = self
                    .seen
                    .facts
                    .as_ref()
                    .map(|f| f.fee.currency)
                    .unwrap_or_default();
                if text.is_empty() {
                    out.refuse(FeedbackCode::AmountMalformed, [text, currency.to_string()]);
                    return;
                }
                let Some(minor) = typed::sum(&text, currency, out) else {
                    return;
                };
                self.taken = Some(minor);
                self.typing = None;
            }
            Typing::Days => {
                let due = self.seen.facts.as_ref().and_then(|f| f.due);
                let due = typed::longer(&text, due, self.seen.today, out);
                let (Some(due), Some(deposit)) = (due, self.deposit) else {
                    return;
                };
                self.typing = None;
                let pieces = self.seen.facts.iter().flat_map(DepositFacts::here);
                let mut act = Custody::new(
                    deposit,
                    CustodyAct::Extended,
                    pieces.map(|p| p.number).collect(),
                );
                act.due = Some(due);
                out.custody.push(CustodyWrite::Due { deposit, due });
                out.write(EventBody::Custody(Box::new(act)));
                out.accept(FeedbackCode::TermExtended, [due.to_string()]);
                return;
            }
        }
        out.accept(FeedbackCode::NoteTaken, []);
    }

    /// The deposit that is worked on.
    pub const fn deposit(&self) -> Option<DepositId> {
        self.deposit
    }

    /// How many pieces were scanned.
    pub fn scanned(&self) -> usize {
        self.scanned.len()
    }

    /// Whether something was scanned that can be handed out.
    pub fn is_complete(&self) -> bool {
        let chosen = matches!(self.ask(), Ask::Piece | Ask::HandOut);
        chosen && !self.scanned.is_empty() && !self.awaits_ticket && self.held_back().is_none()
    }
}
