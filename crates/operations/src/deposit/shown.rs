//! What a deposit shows: what to do next, what can be chosen, what is known.

use domain::custody::PieceSize;
use domain::ticket::ClaimCode;

use super::{Ask, Deposit, Typing};
use crate::codes::{ActionCode, FactCode, PromptCode};
use crate::context::Context;
use crate::custody_shown::{amount, person_choice};
use crate::screen::{Action, Choice, Entry, Fact, Prompt, Weight};
use crate::site_view::ItemFacts;

/// Buttons for sizes.
const SIZES: [(ActionCode, PieceSize); 4] = [
    (ActionCode::SizeS, PieceSize::S),
    (ActionCode::SizeM, PieceSize::M),
    (ActionCode::SizeL, PieceSize::L),
    (ActionCode::SizeXl, PieceSize::Xl),
];

impl Deposit {
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
            Ask::Typed(Typing::Size) => (PromptCode::EnterSize, vec![]),
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
            Ask::Typed(Typing::Size) => FactCode::Size,
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
                // One tap for each size that it is not.
                let size = self.pieces.last().map(|piece| piece.size.as_str());
                let others = SIZES
                    .into_iter()
                    .filter(|(_, of)| size != Some(of.code().as_str()));
                actions.extend(others.map(|(action, _)| normal(action)));
                actions.push(normal(ActionCode::Measure));
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
            if !piece.size.is_empty() {
                facts.push(fact(FactCode::Size, piece.size.clone()));
            }
            if !piece.condition.is_empty() {
                facts.push(fact(FactCode::Condition, piece.condition.clone()));
            }
            let currency = self.seen.terms.as_ref().map(|terms| terms.fee.currency);
            if let Some(currency) = currency.filter(|_| piece.value > 0) {
                facts.push(fact(FactCode::DeclaredValue, amount(piece.value, currency)));
            }
        }
        facts
    }
}
