//! Deposit (寄存): whose it is, that nothing forbidden is in it, what the pieces are, where they go, and the customer's name
//! under it.
//!
//! Each piece is in the book as soon as it lies in its bin, as any unit is; the act that the customer signs closes it. What
//! is interrupted in between stays a deposit without that act, which release and undo can work with.

mod pieces;
mod shown;

use domain::custody::PieceSize;
use domain::ledger::UnitStatus;
use domain::ticket::{CustomerCode, PieceCode, TicketError};
use domain::{CustomerId, DepositId, UnitId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode};
use crate::context::Context;
use crate::custody_draw::Draw;
use crate::custody_typed as typed;
use crate::custody_view::{HouseTerms, PersonFacts, PersonSaid};
use crate::draft::{Draft, Need};
use crate::flow::{Out, Procedure};
use crate::keeps::keeps_draft;
use crate::looked_up::LookedUp;
use crate::scanned::Scanned;
use crate::screen::Feedback;
use crate::site_view::{BinFacts, ItemFacts, SiteView, UnitFacts, ViewError};

use pieces::PieceDraft;

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

/// A field that is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Typing {
    Name,
    Phone,
    Document,
    Condition,
    Value,
    /// Length, width and height.
    Size,
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
            Ok(_) => {
                out.refuse(FeedbackCode::WrongKindHere, [scanned.shown()]);
                return Ok(true);
            }
            Err(TicketError::Check) => {
                out.refuse(FeedbackCode::LabelDamaged, [scanned.shown()]);
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
    fn write(&mut self, view: &dyn SiteView, _: &Context, out: &mut Out) -> Result<(), ViewError> {
        let item = self.draft.item().cloned();
        self.draft.drop_hand();
        match item {
            Some(item) => self.add_piece(item, view, out),
            None => Ok(()),
        }
    }

    fn take_text(&mut self, text: &str, out: &mut Out) -> bool {
        let Some(text) = typed::text(text, out) else {
            return true;
        };
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

    fn choose_own(
        &mut self,
        id: &str,
        view: &dyn SiteView,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
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
                    self.add_piece(item, view, out)?;
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
            (ActionCode::Measure, Ask::Bin) => self.typing = Some(Typing::Size),
            (size, Ask::Bin) if size_of(size).is_some() => {
                if let Some(size) = size_of(size) {
                    self.size_again(size, out);
                }
            }
            (ActionCode::AsSuggested, Ask::Bin) => match self.seen.suggested.clone() {
                Some(bin) => self.put_into(bin, view, ctx, out)?,
                None => return Ok(false),
            },
            (ActionCode::TakeIn, Ask::Sign) => self.take_in(view, out)?,
            (ActionCode::TakeIn, _) => out.refuse(FeedbackCode::PutPiecesFirst, []),
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
            Some(piece) => piece.suggested(view)?,
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
                let Some(minor) = typed::sum(&text, currency, out) else {
                    return;
                };
                piece.value = minor;
                self.typing = None;
            }
            (Typing::Size, _, Some(_)) => {
                let Some(size) = PieceSize::from_code(&text) else {
                    out.refuse(FeedbackCode::SizeMalformed, [text]);
                    return;
                };
                self.typing = None;
                self.size_again(size, out);
                return;
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
}

/// The size that a button means.
const fn size_of(action: ActionCode) -> Option<PieceSize> {
    Some(match action {
        ActionCode::SizeS => PieceSize::S,
        ActionCode::SizeM => PieceSize::M,
        ActionCode::SizeL => PieceSize::L,
        ActionCode::SizeXl => PieceSize::Xl,
        _ => return None,
    })
}
