//! Release (领取): the ticket, then every piece that goes by its label, who comes, what is due, and their name under it.
//!
//! Nothing leaves by the ticket alone, and no piece that is not of it. Everything is written at once, when it is handed out.

use std::collections::BTreeSet;

use domain::custody::{Charge, Collector, Custody, CustodyAct};
use domain::ledger::UnitStatus;
use domain::ticket::{ClaimCode, TicketError};
use domain::{CustomerId, DepositId, EventBody, Goods, OrderLine, Quantity};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, LineStatus, PromptCode};
use crate::context::Context;
use crate::custody_view::{DepositFacts, PersonFacts, PersonSaid, PieceStanding};
use crate::deposit::{CustodyWrite, person_choice};
use crate::draft::{Draft, Need};
use crate::flow::{Out, Procedure};
use crate::keeps::keeps_draft;
use crate::looked_up::LookedUp;
use crate::screen::{Action, Choice, Entry, Fact, Feedback, Line, Prompt, Said, Weight};
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};

/// A term is extended by at most so many days at a time.
const DAYS_MAX: u64 = 3_650;
const TEXT_CHARS: usize = 200;

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Ticket,
    /// Who has lost the ticket?
    Person,
    /// Which of what they left?
    Deposit,
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
        let text = text.trim().to_owned();
        if text.chars().count() > TEXT_CHARS {
            out.refuse(FeedbackCode::NoteTooLong, [TEXT_CHARS.to_string()]);
            return true;
        }
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
            Ask::Ticket => {
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
            (None, false, _) => Ask::Ticket,
        }
    }

    /// Looks up what the screen shows, before and after each input.
    pub(crate) fn plan(&mut self, view: &dyn SiteView, ctx: &Context) -> Result<(), ViewError> {
        self.seen.today = domain::site_day::site_day(ctx.now, &ctx.time_zone);
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
                let Some(minor) = currency.parse(&text) else {
                    out.refuse(FeedbackCode::AmountMalformed, [text, currency.to_string()]);
                    return;
                };
                self.taken = Some(minor);
                self.typing = None;
            }
            Typing::Days => {
                let days = text
                    .parse::<u64>()
                    .ok()
                    .filter(|n| (1..=DAYS_MAX).contains(n));
                let from = self
                    .seen
                    .facts
                    .as_ref()
                    .and_then(|f| f.due)
                    .max(self.seen.today);
                let due = days
                    .zip(from)
                    .and_then(|(n, from)| from.checked_add_days(chrono::Days::new(n)));
                let (Some(due), Some(deposit)) = (due, self.deposit) else {
                    out.refuse(FeedbackCode::DaysMalformed, [text, DAYS_MAX.to_string()]);
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

    /// Who comes, as the act says it. What a proxy says is sealed by who writes it.
    fn collector(&self, out: &mut Out) -> Collector {
        let customer = self.seen.facts.as_ref().map(|facts| facts.customer);
        if let (Some(said), Some(customer)) = (&self.proxy, customer) {
            out.custody.push(CustodyWrite::Proxy {
                customer,
                said: said.clone(),
            });
        }
        Collector {
            is_proxy: self.proxy.is_some(),
            ticket_lost: self.lost,
            sealed: None,
        }
    }

    /// 临时开柜: the customer looks, and takes nothing.
    fn look_into(&mut self, ctx: &Context, out: &mut Out) {
        let Some(deposit) = self.deposit else {
            return;
        };
        let pieces = std::mem::take(&mut self.scanned).into_iter().collect();
        let mut act = Custody::new(deposit, CustodyAct::Opened, pieces);
        act.collector = Some(self.collector(out));
        self.add_line(&act, LineStatus::Completed, ctx);
        out.write(EventBody::Custody(Box::new(act)));
        out.accept(FeedbackCode::LookedInto, []);
    }

    fn hand_out(&mut self, ctx: &Context, out: &mut Out) {
        let (Some(deposit), Some(facts)) = (self.deposit, self.seen.facts.clone()) else {
            return;
        };
        for piece in facts.here().filter(|p| self.scanned.contains(&p.number)) {
            let PieceStanding::Here(bin) = &piece.standing else {
                continue;
            };
            let goods = Goods {
                unit: Some(piece.unit.clone()),
                ..Goods::of(piece.item.id)
            };
            out.events.push(Said {
                order: Some(OrderLine {
                    order: deposit.as_order(),
                    line: piece.number,
                }),
                ..EventBody::Issued {
                    bin: bin.id,
                    goods,
                    quantity: Quantity::ONE,
                }
                .into()
            });
        }
        let pieces: Vec<u32> = std::mem::take(&mut self.scanned).into_iter().collect();
        let mut act = Custody::new(deposit, CustodyAct::Released, pieces);
        act.collector = Some(self.collector(out));
        act.charge = Some(Charge {
            due: self.seen.due,
            taken: self.taken.unwrap_or(self.seen.due),
        });
        if facts.wish.is_some() {
            out.custody.push(CustodyWrite::WishAnswered {
                deposit,
                at: ctx.now,
            });
        }
        let left = facts.here().count() - act.pieces.len();
        let args = [act.pieces.len().to_string(), left.to_string()];
        self.add_line(&act, LineStatus::Saved, ctx);
        out.write(EventBody::Custody(Box::new(act)));
        out.accept(FeedbackCode::HandedOut, args);
        out.finished = true;
    }

    fn add_line(&mut self, act: &Custody, status: LineStatus, ctx: &Context) {
        let numbers: Vec<String> = act.pieces.iter().map(u32::to_string).collect();
        let claim = self.seen.facts.as_ref().map(|f| f.claim.grouped());
        self.draft.add_line(Line {
            title: claim.unwrap_or_default(),
            subtitle: numbers.join(", "),
            quantity: act.pieces.len().to_string(),
            status,
            time: ctx.time_of_day.clone(),
        });
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
        chosen && !self.scanned.is_empty() && !self.awaits_ticket
    }

    pub(crate) fn prompt(&self) -> Option<Prompt> {
        if self.draft.asked.is_some() || self.draft.unknown.is_some() {
            return None;
        }
        let (code, args) = match self.ask() {
            Ask::Ticket => (PromptCode::ScanTicket, vec![]),
            Ask::Person if self.searched.is_empty() => (PromptCode::FindCustomer, vec![]),
            Ask::Person if self.seen.found.is_empty() => {
                (PromptCode::NobodyFound, vec![self.searched.clone()])
            }
            Ask::Person => (PromptCode::ChooseCustomer, vec![]),
            Ask::Deposit if self.seen.theirs.is_empty() => (PromptCode::NothingOfTheirs, vec![]),
            Ask::Deposit => (PromptCode::ChooseDeposit, vec![]),
            Ask::Typed(Typing::ProxyName) => (PromptCode::EnterProxyName, vec![]),
            Ask::Typed(Typing::ProxyPhone) => (PromptCode::EnterPhone, vec![]),
            Ask::Typed(Typing::ProxyDocument) => (PromptCode::EnterDocument, vec![]),
            Ask::Typed(Typing::Fee) => (PromptCode::EnterFee, vec![]),
            Ask::Typed(Typing::Days) => (PromptCode::EnterDays, vec![]),
            Ask::Piece => {
                let next = self.next_piece();
                let (code, bin) = next.unwrap_or_default();
                (PromptCode::ScanPiece, vec![code, bin])
            }
            Ask::HandOut if self.awaits_ticket => (PromptCode::ScanTicket, vec![]),
            Ask::HandOut => (PromptCode::CustomerSigns, vec![]),
        };
        Some(Prompt { code, args })
    }

    /// The end of the next piece's number, and where it lies.
    fn next_piece(&self) -> Option<(String, String)> {
        let facts = self.seen.facts.as_ref()?;
        let mut left = facts.here().filter(|p| !self.scanned.contains(&p.number));
        let piece = left.next()?;
        let PieceStanding::Here(bin) = &piece.standing else {
            return None;
        };
        Some((mark(piece.unit.printed()), bin.code.clone()))
    }

    pub(crate) fn entry(&self) -> Option<Entry> {
        if self.draft.asked.is_some() || self.draft.unknown.is_some() {
            return None;
        }
        let label = match self.ask() {
            Ask::Ticket => FactCode::ClaimCode,
            Ask::Person => FactCode::Customer,
            Ask::Typed(Typing::ProxyName) => FactCode::CustomerName,
            Ask::Typed(Typing::ProxyPhone) => FactCode::Phone,
            Ask::Typed(Typing::ProxyDocument) => FactCode::Document,
            Ask::Typed(Typing::Fee) => FactCode::FeeTaken,
            Ask::Typed(Typing::Days) => FactCode::Days,
            Ask::Deposit | Ask::Piece | Ask::HandOut => return None,
        };
        Some(Entry { label })
    }

    pub(crate) fn choices(&self) -> Vec<Choice> {
        match self.ask() {
            Ask::Person => self.seen.found.iter().map(person_choice).collect(),
            Ask::Ticket | Ask::Deposit => {
                let deposit = |facts: &DepositFacts| Choice {
                    id: facts.id.to_string(),
                    title: described(facts),
                    subtitle: match (&facts.wish, facts.due) {
                        (Some(wish), _) => wish.clone(),
                        (None, due) => due.map(|due| due.to_string()).unwrap_or_default(),
                    },
                    quantity: facts.here().count().to_string(),
                };
                self.seen.theirs.iter().map(deposit).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn actions(&self) -> Vec<Action> {
        let normal = |code| Action::new(code, Weight::Normal);
        // Hands in what was typed.
        let confirm = Action::new(ActionCode::Confirm, Weight::Primary);
        match self.ask() {
            Ask::Ticket => vec![
                confirm,
                normal(ActionCode::LostTicket),
                normal(ActionCode::Cancel),
            ],
            Ask::Person => vec![confirm, normal(ActionCode::Cancel)],
            Ask::Deposit => vec![normal(ActionCode::Cancel)],
            Ask::Typed(Typing::ProxyPhone) => vec![
                confirm,
                normal(ActionCode::Skip),
                normal(ActionCode::Cancel),
            ],
            Ask::Typed(_) => vec![confirm, normal(ActionCode::Cancel)],
            Ask::Piece | Ask::HandOut => {
                let mut actions = Vec::new();
                if !self.scanned.is_empty() {
                    actions.push(Action::new(ActionCode::HandOut, Weight::Primary));
                }
                actions.push(normal(ActionCode::Proxy));
                actions.push(normal(ActionCode::Extend));
                if !self.scanned.is_empty() {
                    if self.seen.due > 0 {
                        actions.push(normal(ActionCode::OtherFee));
                    }
                    actions.push(normal(ActionCode::LookInto));
                }
                actions.push(normal(ActionCode::Cancel));
                actions
            }
        }
    }

    pub(crate) fn shown_facts(&self) -> Vec<Fact> {
        let fact = |label, value: String, emphasis| Fact {
            label,
            value,
            emphasis,
        };
        let Some(facts) = &self.seen.facts else {
            return Vec::new();
        };
        let mut shown = vec![fact(
            FactCode::Pieces,
            format!("{} / {}", self.scanned.len(), facts.here().count()),
            true,
        )];
        if let Some(person) = &facts.person {
            shown.push(fact(FactCode::CustomerName, person.name.clone(), false));
        }
        if let Some(proxy) = self.proxy.as_ref().filter(|_| self.typing.is_none()) {
            shown.push(fact(FactCode::Proxy, proxy.name.clone(), false));
        }
        let money = |minor: i64| {
            let currency = facts.fee.currency;
            format!("{} {currency}", currency.number(minor.into()))
        };
        if self.seen.due > 0 {
            let label = match self.taken {
                Some(_) => FactCode::FeeTaken,
                None => FactCode::FeeDue,
            };
            shown.push(fact(
                label,
                money(self.taken.unwrap_or(self.seen.due)),
                true,
            ));
        }
        if let Some(due) = facts.due {
            let label = if facts.overdue {
                FactCode::Overdue
            } else {
                FactCode::Due
            };
            shown.push(fact(label, due.to_string(), facts.overdue));
        }
        shown
    }

    /// Every piece, and whether it was scanned.
    pub(crate) fn shown_lines(&self, ctx: &Context) -> Vec<Line> {
        let Some(facts) = &self.seen.facts else {
            return Vec::new();
        };
        let line = |piece: &crate::custody_view::PieceFacts| {
            let (place, status) = match &piece.standing {
                PieceStanding::Here(bin) if self.scanned.contains(&piece.number) => {
                    (bin.code.clone(), LineStatus::Completed)
                }
                PieceStanding::Here(bin) => (bin.code.clone(), LineStatus::Open),
                PieceStanding::Gone { time, by } => (format!("{time} {by}"), LineStatus::Saved),
                PieceStanding::NotCome => (String::new(), LineStatus::SetAside),
            };
            Line {
                title: [piece.item.name(ctx.language), &piece.size, &piece.condition]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · "),
                subtitle: [mark(piece.unit.printed()), place].join(" · "),
                quantity: piece.number.to_string(),
                status,
                time: String::new(),
            }
        };
        facts.pieces.iter().map(line).collect()
    }
}

/// The last four letters of a piece's number, which its label shows large.
fn mark(printed: &str) -> String {
    let letters: Vec<char> = printed.chars().collect();
    letters[letters.len().saturating_sub(4)..].iter().collect()
}

/// What was left, in words that can be held against what somebody describes.
fn described(facts: &DepositFacts) -> String {
    let pieces = facts.here().map(|piece| {
        let words = [piece.item.name_zh.as_str(), piece.item.name_en.as_str()];
        let name = words
            .into_iter()
            .find(|w| !w.is_empty())
            .unwrap_or(&piece.item.sku);
        match piece.condition.is_empty() {
            true => name.to_owned(),
            false => format!("{name} ({})", piece.condition),
        }
    });
    pieces.collect::<Vec<_>>().join(", ")
}
