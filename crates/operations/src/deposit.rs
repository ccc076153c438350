//! Deposit (寄存): whose it is, that nothing forbidden is in it, what the pieces are, where they go, and the customer's name
//! under it.
//!
//! Each piece is in the book as soon as it lies in its bin, as any unit is; the act that the customer signs closes it. What
//! is interrupted in between stays a deposit without that act, which release and undo can work with.

use domain::custody::{Custody, CustodyAct, PIECES_MAX, PieceSaid, Terms};
use domain::ledger::UnitStatus;
use domain::ticket::{ClaimCode, CustomerCode, PieceCode, TicketError};
use domain::{CustomerId, DepositId, EventBody, Goods, OrderLine, Quantity, UnitId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, LineStatus, PromptCode};
use crate::context::Context;
use crate::custody_draw::Draw;
use crate::custody_view::{HouseTerms, PersonFacts, PersonSaid};
use crate::draft::{Draft, Need};
use crate::flow::{Out, Procedure};
use crate::keeps::keeps_draft;
use crate::looked_up::LookedUp;
use crate::scanned::Scanned;
use crate::screen::{Action, Choice, Entry, Fact, Feedback, Line, Prompt, Said, Weight};
use crate::site_view::{BinFacts, ItemFacts, SiteView, UnitFacts, ViewError};

/// No field of a person, and no condition, is longer than this, in characters.
const TEXT_CHARS: usize = 200;

/// A record of custody to be written with the events of the same input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustodyWrite {
    /// A person who was not known. What they say is sealed under a key of their own, which is made with it.
    NewCustomer {
        /// Identity.
        id: CustomerId,
        /// Number.
        code: String,
        /// What they say.
        said: PersonSaid,
    },
    /// Their pieces.
    NewDeposit {
        /// Identity.
        id: DepositId,
        /// What is on the ticket.
        claim: ClaimCode,
        /// Whose.
        customer: CustomerId,
        /// When it came.
        taken_at: UnixMillis,
        /// What the house agrees on.
        terms: HouseTerms,
        /// The last day of the term.
        due: Option<chrono::NaiveDate>,
    },
    /// One piece, or what is said of it now.
    Piece {
        /// Of which deposit.
        deposit: DepositId,
        /// What is said of it.
        said: PieceSaid,
    },
    /// What the customer asked for was answered.
    WishAnswered {
        /// Which deposit.
        deposit: DepositId,
        /// When.
        at: UnixMillis,
    },
    /// Until when the pieces may stay from now on.
    Due {
        /// Which deposit.
        deposit: DepositId,
        /// The last day.
        due: chrono::NaiveDate,
    },
    /// Who came in the customer's stead: sealed under the customer's key, and put into the act of the same input.
    Proxy {
        /// Whose key.
        customer: CustomerId,
        /// What they say.
        said: PersonSaid,
    },
}

/// Whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Customer {
    id: CustomerId,
    said: PersonSaid,
    /// The number to be given to somebody who is not known yet; they are written with their first piece.
    new: Option<String>,
}

/// The deposit once its first piece is in the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Begun {
    id: DepositId,
    claim: String,
    taken_at: UnixMillis,
    due: Option<chrono::NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PieceDraft {
    unit: String,
    /// Its number is that of a pre-printed label.
    #[serde(default)]
    is_bound: bool,
    item: ItemFacts,
    condition: String,
    value: i64,
    bin: Option<BinFacts>,
}

/// A field that is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Typing {
    Name,
    Phone,
    Document,
    Condition,
    Value,
}

/// The state of a deposit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    pub(crate) draft: Draft,
    customer: Option<Customer>,
    /// What was typed to find somebody.
    searched: String,
    /// Somebody new, while what they say is typed.
    new: Option<PersonSaid>,
    typing: Option<Typing>,
    /// The customer has said that nothing forbidden is in it.
    cleared: bool,
    begun: Option<Begun>,
    pieces: Vec<PieceDraft>,
    #[serde(skip)]
    seen: LookedUp<Seen>,
}

/// What the screen offers.
#[derive(Debug, Clone, Default)]
struct Seen {
    found: Vec<PersonFacts>,
    categories: Vec<ItemFacts>,
    suggested: Option<BinFacts>,
    terms: Option<HouseTerms>,
    draw: Draw,
}

/// What is asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Customer,
    Typed(Typing),
    /// Is it one of these?
    Same,
    Forbidden,
    Category,
    Bin,
    Sign,
}

impl Procedure for Deposit {
    keeps_draft!();

    fn counts_at_once(&self) -> bool {
        true
    }

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        Some(Feedback::refused(
            FeedbackCode::WrongKindHere,
            [unit.id.printed().to_owned()],
        ))
    }

    /// Of goods only those that customers may leave, by their label.
    fn refuse_goods(&self, found: &crate::resolve::Match, raw: &str) -> Option<Feedback> {
        let of_item = matches!(found, crate::resolve::Match::Item { item, .. }
            if self.seen.categories.iter().any(|c| c.id == item.id));
        let now = matches!(self.ask(), Ask::Category | Ask::Bin | Ask::Sign);
        (!of_item || !now).then(|| Feedback::refused(FeedbackCode::WrongKindHere, [raw.to_owned()]))
    }

    /// All pieces that have no place yet go there.
    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if self.ask() != Ask::Bin {
            out.refuse(FeedbackCode::WrongKindHere, [bin.code]);
            return Ok(());
        }
        self.put_into(bin, view, ctx, out)
    }

    /// A label of a pre-printed roll: it becomes the number of the first piece that has none of its own yet.
    fn take_unknown(
        &mut self,
        scanned: &Scanned,
        _: &dyn SiteView,
        _: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let code = match PieceCode::parse(&scanned.raw) {
            Ok(code) if self.ask() == Ask::Bin => code.to_string(),
            Ok(_) | Err(TicketError::Check) => {
                out.refuse(FeedbackCode::WrongKindHere, [scanned.shown()]);
                return Ok(true);
            }
            Err(TicketError::Other) => return Ok(false),
        };
        if self.pieces.iter().any(|piece| piece.unit == code) {
            out.refuse(FeedbackCode::PieceScannedBefore, [code]);
            return Ok(true);
        }
        let waits = |piece: &&mut PieceDraft| piece.bin.is_none() && !piece.is_bound;
        match self.pieces.iter_mut().find(waits) {
            Some(piece) => {
                piece.unit.clone_from(&code);
                piece.is_bound = true;
                out.accept(FeedbackCode::LabelBound, [code]);
            }
            None => out.refuse(FeedbackCode::WrongKindHere, [code]),
        }
        Ok(true)
    }

    fn missing(&mut self, _: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        Ok(None)
    }

    fn doubts(&self, _: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        Ok(Vec::new())
    }

    /// A category's label was scanned.
    fn write(&mut self, _: &dyn SiteView, _: &Context, out: &mut Out) -> Result<(), ViewError> {
        let item = self.draft.item().cloned();
        self.draft.drop_hand();
        if let Some(item) = item {
            self.add_piece(item, out);
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
            Ask::Customer => {
                self.searched = text;
                self.draft.last_raw.clear();
            }
            Ask::Typed(field) => self.typed(field, text, out),
            Ask::Same | Ask::Forbidden | Ask::Category | Ask::Bin | Ask::Sign => return false,
        }
        true
    }

    fn choose_own(&mut self, id: &str, _: &dyn SiteView, out: &mut Out) -> Result<bool, ViewError> {
        match self.ask() {
            Ask::Customer | Ask::Same => {
                let found = self
                    .seen
                    .found
                    .iter()
                    .find(|p| p.id.to_string() == id)
                    .cloned();
                let chosen = found.is_some();
                if let Some(person) = found {
                    out.accept(FeedbackCode::CustomerSelected, [person.said.name.clone()]);
                    self.customer = Some(Customer {
                        id: person.id,
                        said: person.said,
                        new: None,
                    });
                    self.new = None;
                    self.typing = None;
                }
                Ok(chosen)
            }
            Ask::Category | Ask::Bin | Ask::Sign => {
                let item = self
                    .seen
                    .categories
                    .iter()
                    .find(|c| c.id.to_string() == id)
                    .cloned();
                let chosen = item.is_some();
                if let Some(item) = item {
                    self.add_piece(item, out);
                }
                Ok(chosen)
            }
            _ => Ok(false),
        }
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        match (action, self.ask()) {
            (ActionCode::NewCustomer, Ask::Customer) => self.begin_customer(),
            (ActionCode::NewCustomer, Ask::Same) => self.finish_customer(out),
            (ActionCode::Skip, Ask::Typed(field)) => self.typed(field, String::new(), out),
            (ActionCode::NothingForbidden, Ask::Forbidden) => {
                self.cleared = true;
                out.accept(FeedbackCode::NothingForbidden, []);
            }
            (ActionCode::Condition, Ask::Bin | Ask::Sign) => self.typing = Some(Typing::Condition),
            (ActionCode::DeclaredValue, Ask::Bin | Ask::Sign) => self.typing = Some(Typing::Value),
            (ActionCode::AsSuggested, Ask::Bin) => match self.seen.suggested.clone() {
                Some(bin) => self.put_into(bin, view, ctx, out)?,
                None => return Ok(false),
            },
            (ActionCode::TakeIn, Ask::Sign) => self.take_in(view, out)?,
            (ActionCode::Cancel, Ask::Typed(_)) => {
                self.typing = None;
                self.new = None;
            }
            (ActionCode::Cancel, Ask::Same) => self.new = None,
            (ActionCode::Cancel, _) if self.begun.is_none() => {
                *self = Self::default();
                out.finished = true;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A piece that lies nowhere yet is only in the draft.
    fn undo_own(&mut self, out: &mut Out) -> bool {
        let Some(at) = self.pieces.iter().rposition(|p| p.bin.is_none()) else {
            return false;
        };
        let piece = self.pieces.remove(at);
        out.accept(FeedbackCode::Undone, [piece.item.sku]);
        true
    }
}

impl Deposit {
    fn ask(&self) -> Ask {
        if let Some(field) = self.typing {
            return Ask::Typed(field);
        }
        if self.new.is_some() {
            return Ask::Same;
        }
        match (&self.customer, self.cleared, self.pieces.last()) {
            (None, ..) => Ask::Customer,
            (Some(_), false, _) => Ask::Forbidden,
            (Some(_), true, None) => Ask::Category,
            (Some(_), true, Some(_)) if self.pieces.iter().any(|p| p.bin.is_none()) => Ask::Bin,
            _ => Ask::Sign,
        }
    }

    /// A piece whose receipt was taken back lies nowhere again. Only what is written counts: not to be asked between an input
    /// and its commit.
    pub(crate) fn follow_book(&mut self, view: &dyn SiteView) -> Result<(), ViewError> {
        for piece in self.pieces.iter_mut().filter(|piece| piece.bin.is_some()) {
            let known = view.unit(&UnitId::plate(&piece.unit))?;
            if known.is_none_or(|unit| unit.status != UnitStatus::Stored) {
                piece.bin = None;
            }
        }
        Ok(())
    }

    /// Looks up what the screen offers, before and after each input.
    pub(crate) fn plan(&mut self, view: &dyn SiteView, ctx: &Context) -> Result<(), ViewError> {
        self.seen.draw = Draw::new(ctx);
        self.seen.terms = Some(view.house_terms()?);
        self.seen.categories = view.categories()?;
        self.seen.found = match (self.ask(), &self.new) {
            (Ask::Customer, _) if !self.searched.is_empty() => view.find_persons(&self.searched)?,
            (Ask::Same, Some(said)) => view.same_person(said)?,
            _ => Vec::new(),
        };
        // Nobody else has it: there is nothing to ask.
        if self.ask() == Ask::Same && self.seen.found.is_empty() {
            self.finish_customer(&mut Out::default());
        }
        self.seen.suggested = match self.pieces.iter().find(|p| p.bin.is_none()) {
            Some(piece) => suggested(&piece.item, view)?,
            None => None,
        };
        Ok(())
    }

    /// What was typed to find somebody is a name, or else a telephone.
    fn begin_customer(&mut self) {
        let searched = std::mem::take(&mut self.searched);
        let is_phone = searched.chars().filter(char::is_ascii_digit).count() >= 5;
        let mut said = PersonSaid::default();
        match is_phone {
            true => said.phone = searched,
            false => said.name = searched,
        }
        self.typing = Some(match said.name.is_empty() {
            true => Typing::Name,
            false => Typing::Phone,
        });
        self.new = Some(said);
    }

    fn finish_customer(&mut self, out: &mut Out) {
        if let Some(said) = self.new.take() {
            out.accept(FeedbackCode::CustomerSelected, [said.name.clone()]);
            self.customer = Some(Customer {
                id: CustomerId::from_bytes(self.seen.draw.id(0)),
                new: Some(CustomerCode::draw(self.seen.draw.letters(0)).to_string()),
                said,
            });
        }
    }

    fn typed(&mut self, field: Typing, text: String, out: &mut Out) {
        let currency = self
            .seen
            .terms
            .as_ref()
            .map(|terms| terms.fee.currency)
            .unwrap_or_default();
        match (field, &mut self.new, self.pieces.last_mut()) {
            (Typing::Name, Some(_), _) if text.is_empty() => {
                out.refuse(FeedbackCode::NameMissing, []);
                return;
            }
            (Typing::Name, Some(said), _) => {
                said.name = text;
                self.typing = said.phone.is_empty().then_some(Typing::Phone);
                if self.typing.is_none() {
                    self.typing = Some(Typing::Document);
                }
            }
            (Typing::Phone, Some(said), _) => {
                said.phone = text;
                self.typing = Some(Typing::Document);
            }
            (Typing::Document, Some(said), _) => {
                said.document = text;
                self.typing = None;
            }
            (Typing::Condition, _, Some(piece)) => {
                piece.condition = text;
                self.typing = None;
            }
            (Typing::Value, _, Some(piece)) => {
                match (text.is_empty(), currency.parse(&text)) {
                    (true, _) => piece.value = 0,
                    (false, Some(minor)) => piece.value = minor,
                    (false, None) => {
                        out.refuse(FeedbackCode::AmountMalformed, [text, currency.to_string()]);
                        return;
                    }
                }
                self.typing = None;
            }
            _ => self.typing = None,
        }
        if matches!(field, Typing::Condition | Typing::Value) {
            self.write_piece_again(out);
        }
        if out.feedback.is_none() {
            out.accept(FeedbackCode::NoteTaken, []);
        }
    }

    /// What is said of a piece that is in the book already.
    fn write_piece_again(&self, out: &mut Out) {
        let Some(begun) = &self.begun else {
            return;
        };
        let last = self.pieces.len();
        if let Some(piece) = self.pieces.last().filter(|p| p.bin.is_some()) {
            out.custody.push(CustodyWrite::Piece {
                deposit: begun.id,
                said: piece.said(last),
            });
        }
    }

    fn add_piece(&mut self, item: ItemFacts, out: &mut Out) {
        if self.pieces.len() >= PIECES_MAX {
            out.refuse(FeedbackCode::TooManyPieces, [PIECES_MAX.to_string()]);
            return;
        }
        let number = self.pieces.len() as u8;
        out.accept(
            FeedbackCode::PieceAdded,
            [(number + 1).to_string(), item.sku.clone()],
        );
        self.pieces.push(PieceDraft {
            unit: PieceCode::draw(self.seen.draw.letters(10 + number)).to_string(),
            is_bound: false,
            item,
            condition: String::new(),
            value: 0,
            bin: None,
        });
    }

    /// Writes what is not written yet of the customer and the deposit, and every piece without a place into this bin.
    fn put_into(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        let Some(customer) = &mut self.customer else {
            return Ok(());
        };
        let terms = view.house_terms()?;
        if let Some(code) = customer.new.take() {
            out.custody.push(CustodyWrite::NewCustomer {
                id: customer.id,
                code,
                said: customer.said.clone(),
            });
        }
        let begun = match &self.begun {
            Some(begun) => begun.clone(),
            None => {
                let id = DepositId::from_bytes(self.seen.draw.id(1));
                let claim = ClaimCode::draw(terms.site, self.seen.draw.letters(1));
                let today = domain::site_day::site_day(ctx.now, &ctx.time_zone);
                let due = today
                    .filter(|_| terms.days > 0)
                    .and_then(|day| day.checked_add_days(chrono::Days::new(terms.days.into())));
                out.custody.push(CustodyWrite::NewDeposit {
                    id,
                    claim: claim.clone(),
                    customer: customer.id,
                    taken_at: ctx.now,
                    terms,
                    due,
                });
                Begun {
                    id,
                    claim: claim.to_string(),
                    taken_at: ctx.now,
                    due,
                }
            }
        };
        let mut put = 0;
        for (at, piece) in self.pieces.iter_mut().enumerate() {
            if piece.bin.is_some() {
                continue;
            }
            put += 1;
            piece.bin = Some(bin.clone());
            out.custody.push(CustodyWrite::Piece {
                deposit: begun.id,
                said: piece.said(at + 1),
            });
            let goods = Goods {
                unit: Some(UnitId::plate(&piece.unit)),
                ..Goods::of(piece.item.id)
            };
            out.events.push(Said {
                order: Some(OrderLine {
                    order: begun.id.as_order(),
                    line: at as u32 + 1,
                }),
                ..EventBody::Received {
                    bin: bin.id,
                    goods,
                    quantity: Quantity::ONE,
                }
                .into()
            });
            self.draft.add_line(Line {
                title: piece.item.name(ctx.language).to_owned(),
                subtitle: format!("{} → {}", piece.unit, bin.code),
                quantity: (at + 1).to_string(),
                status: LineStatus::Saved,
                time: ctx.time_of_day.clone(),
            });
        }
        self.begun = Some(begun);
        out.accept(FeedbackCode::PiecesPut, [put.to_string(), bin.code]);
        Ok(())
    }

    /// What the customer signs.
    fn take_in(&mut self, view: &dyn SiteView, out: &mut Out) -> Result<(), ViewError> {
        let (Some(begun), Some(customer)) = (&self.begun, &self.customer) else {
            return Ok(());
        };
        let Ok(claim) = ClaimCode::parse(&begun.claim) else {
            return Ok(());
        };
        let terms = view.house_terms()?;
        let said: Vec<PieceSaid> = (self.pieces.iter().zip(1..))
            .map(|(p, n)| p.said(n))
            .collect();
        let mut act = Custody::new(
            begun.id,
            CustodyAct::Deposited,
            said.iter().map(|piece| piece.number).collect(),
        );
        act.terms = Some(Terms {
            customer: customer.id,
            claim: claim.hash(),
            due: begun.due,
            fee: terms.fee,
            pieces: said,
            forbidden: terms.forbidden,
        });
        out.write(EventBody::Custody(Box::new(act)));
        out.accept(
            FeedbackCode::TakenIn,
            [self.pieces.len().to_string(), claim.grouped()],
        );
        out.finished = true;
        Ok(())
    }

    /// The deposit, once a piece of it is in the book.
    pub fn deposit(&self) -> Option<DepositId> {
        self.begun.as_ref().map(|begun| begun.id)
    }

    /// Whose it is.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer.as_ref().map(|customer| customer.id)
    }

    /// The ticket's code, once all pieces have their places: the customer takes a picture of it.
    pub fn ticket(&self) -> Option<&str> {
        let begun = self.begun.as_ref().filter(|_| self.is_complete());
        begun.map(|begun| begun.claim.as_str())
    }

    /// Whether the customer's name is the next thing that is asked for.
    pub fn is_complete(&self) -> bool {
        self.ask() == Ask::Sign
    }

    pub(crate) fn prompt(&self) -> Option<Prompt> {
        if self.draft.asked.is_some() || self.draft.unknown.is_some() {
            return None;
        }
        let (code, args) = match self.ask() {
            Ask::Customer if self.searched.is_empty() => (PromptCode::FindCustomer, vec![]),
            Ask::Customer if self.seen.found.is_empty() => {
                (PromptCode::NobodyFound, vec![self.searched.clone()])
            }
            Ask::Customer => (PromptCode::ChooseCustomer, vec![]),
            Ask::Typed(Typing::Name) => (PromptCode::EnterName, vec![]),
            Ask::Typed(Typing::Phone) => (PromptCode::EnterPhone, vec![]),
            Ask::Typed(Typing::Document) => (PromptCode::EnterDocument, vec![]),
            Ask::Typed(Typing::Condition) => (PromptCode::EnterCondition, vec![]),
            Ask::Typed(Typing::Value) => (PromptCode::EnterValue, vec![]),
            Ask::Same => (PromptCode::SameCustomer, vec![]),
            Ask::Forbidden => (PromptCode::CheckForbidden, vec![]),
            Ask::Category if self.seen.categories.is_empty() => (PromptCode::NoCategories, vec![]),
            Ask::Category => (PromptCode::ChooseCategory, vec![]),
            Ask::Bin => match &self.seen.suggested {
                Some(bin) => (PromptCode::PutPieceInto, vec![bin.code.clone()]),
                None => (PromptCode::ScanBin, vec![]),
            },
            Ask::Sign => (PromptCode::CustomerSigns, vec![]),
        };
        Some(Prompt { code, args })
    }

    pub(crate) fn entry(&self) -> Option<Entry> {
        if self.draft.asked.is_some() || self.draft.unknown.is_some() {
            return None;
        }
        let label = match self.ask() {
            Ask::Customer => FactCode::Customer,
            Ask::Typed(Typing::Name) => FactCode::CustomerName,
            Ask::Typed(Typing::Phone) => FactCode::Phone,
            Ask::Typed(Typing::Document) => FactCode::Document,
            Ask::Typed(Typing::Condition) => FactCode::Condition,
            Ask::Typed(Typing::Value) => FactCode::DeclaredValue,
            Ask::Same | Ask::Forbidden | Ask::Category | Ask::Bin | Ask::Sign => return None,
        };
        Some(Entry { label })
    }

    pub(crate) fn choices(&self, ctx: &Context) -> Vec<Choice> {
        match self.ask() {
            Ask::Customer | Ask::Same => self.seen.found.iter().map(person_choice).collect(),
            Ask::Category | Ask::Bin | Ask::Sign => {
                let category = |item: &ItemFacts| Choice {
                    id: item.id.to_string(),
                    title: item.name(ctx.language).to_owned(),
                    subtitle: item.sku.clone(),
                    quantity: String::new(),
                };
                self.seen.categories.iter().map(category).collect()
            }
            Ask::Typed(_) | Ask::Forbidden => Vec::new(),
        }
    }

    pub(crate) fn actions(&self) -> Vec<Action> {
        let primary = |code| Action::new(code, Weight::Primary);
        let normal = |code| Action::new(code, Weight::Normal);
        // Hands in what was typed.
        let confirm = primary(ActionCode::Confirm);
        let about_piece = [ActionCode::Condition, ActionCode::DeclaredValue].map(normal);
        let mut actions = match self.ask() {
            Ask::Customer => vec![confirm, normal(ActionCode::NewCustomer)],
            Ask::Typed(Typing::Name) => vec![confirm],
            Ask::Typed(_) => vec![confirm, normal(ActionCode::Skip)],
            Ask::Same => vec![normal(ActionCode::NewCustomer)],
            Ask::Forbidden => vec![primary(ActionCode::NothingForbidden)],
            Ask::Category => Vec::new(),
            Ask::Bin => {
                let mut actions = Vec::from(about_piece);
                if self.seen.suggested.is_some() {
                    actions.insert(0, primary(ActionCode::AsSuggested));
                }
                actions
            }
            Ask::Sign => {
                let mut actions = vec![primary(ActionCode::TakeIn)];
                actions.extend(about_piece);
                actions
            }
        };
        if self.begun.is_none() || matches!(self.ask(), Ask::Typed(_)) {
            actions.push(normal(ActionCode::Cancel));
        }
        actions
    }

    pub(crate) fn shown_facts(&self, ctx: &Context) -> Vec<Fact> {
        let fact = |label, value: String| Fact {
            label,
            value,
            emphasis: false,
        };
        let mut facts = Vec::new();
        let said = self
            .new
            .as_ref()
            .or(self.customer.as_ref().map(|c| &c.said));
        if let Some(said) = said {
            for (label, value) in [
                (FactCode::CustomerName, &said.name),
                (FactCode::Phone, &said.phone),
                (FactCode::Document, &said.document),
            ] {
                if !value.is_empty() {
                    facts.push(fact(label, value.clone()));
                }
            }
        }
        if let Some(begun) = &self.begun {
            if let Ok(claim) = ClaimCode::parse(&begun.claim) {
                facts.push(Fact {
                    emphasis: true,
                    ..fact(FactCode::ClaimCode, claim.grouped())
                });
            }
            facts.extend(begun.due.map(|due| fact(FactCode::Due, due.to_string())));
        }
        if let Some(piece) = self.pieces.last().filter(|_| self.typing.is_none()) {
            facts.push(fact(
                FactCode::Item,
                piece.item.name(ctx.language).to_owned(),
            ));
            facts.push(fact(FactCode::Piece, piece.unit.clone()));
            if !piece.condition.is_empty() {
                facts.push(fact(FactCode::Condition, piece.condition.clone()));
            }
            let currency = self.seen.terms.as_ref().map(|terms| terms.fee.currency);
            if let Some(currency) = currency.filter(|_| piece.value > 0) {
                let value = format!("{} {currency}", currency.number(piece.value.into()));
                facts.push(fact(FactCode::DeclaredValue, value));
            }
        }
        facts
    }
}

impl PieceDraft {
    fn said(&self, number: usize) -> PieceSaid {
        PieceSaid {
            number: number as u32,
            unit: UnitId::plate(&self.unit),
            item: self.item.id,
            size: String::new(),
            condition: self.condition.clone(),
            value: self.value,
        }
    }
}

/// How a person is offered: by the end of their telephone, since others look over the shoulder.
pub(crate) fn person_choice(person: &PersonFacts) -> Choice {
    let phone: Vec<char> = person.said.phone.chars().collect();
    let last: String = phone[phone.len().saturating_sub(4)..].iter().collect();
    Choice {
        id: person.id.to_string(),
        title: person.said.name.clone(),
        subtitle: match last.is_empty() {
            true => String::new(),
            false => format!("···{last}"),
        },
        quantity: match person.here {
            0 => String::new(),
            n => n.to_string(),
        },
    }
}

/// An empty bin of the category's class that has room, from the front of the house on.
fn suggested(item: &ItemFacts, view: &dyn SiteView) -> Result<Option<BinFacts>, ViewError> {
    let needed = view.handling(item.id)?.times(Quantity::ONE);
    let front = BinFacts {
        id: domain::BinId::from_bytes([0; 16]),
        code: String::new(),
        sequence: 0,
    };
    let rooms = view.empty_bins_near(&front, &needed)?;
    Ok(rooms.into_iter().next().map(|room| room.bin))
}
