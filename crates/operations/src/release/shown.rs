//! What a release shows: what to do next, what can be chosen, what is known.

use super::{Ask, Release, Typing};
use crate::codes::{ActionCode, FactCode, LineStatus, PromptCode};
use crate::context::Context;
use crate::custody_shown::{amount, described, mark, person_choice};
use crate::custody_view::{DepositFacts, Ending, PieceFacts, PieceStanding};
use crate::screen::{Action, Choice, Entry, Fact, Line, Prompt, Weight};

impl Release {
    pub(crate) fn prompt(&self) -> Option<Prompt> {
        if self.draft.asked.is_some() || self.draft.unknown.is_some() {
            return None;
        }
        let (code, args) = match self.ask() {
            Ask::Ticket => (PromptCode::ScanTicket, vec![]),
            Ask::Listed(_) if self.seen.theirs.is_empty() => (PromptCode::NothingEnding, vec![]),
            Ask::Listed(ending) => {
                let code = match ending {
                    Ending::Soon => PromptCode::DueSoon,
                    Ending::Overdue => PromptCode::OverdueHere,
                    Ending::Abandoned => PromptCode::AbandonedHere,
                };
                (code, vec![self.seen.theirs.len().to_string()])
            }
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
            Ask::Deposit | Ask::Listed(_) | Ask::Piece | Ask::HandOut => return None,
        };
        Some(Entry { label })
    }

    pub(crate) fn choices(&self) -> Vec<Choice> {
        match self.ask() {
            Ask::Person => self.seen.found.iter().map(person_choice).collect(),
            Ask::Ticket | Ask::Deposit | Ask::Listed(_) => {
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
                normal(ActionCode::Overdue),
                normal(ActionCode::Cancel),
            ],
            Ask::Person => vec![confirm, normal(ActionCode::Cancel)],
            Ask::Deposit => vec![normal(ActionCode::Cancel)],
            Ask::Listed(_) => {
                let lists = [
                    ActionCode::DueSoon,
                    ActionCode::Overdue,
                    ActionCode::Abandoned,
                    ActionCode::Cancel,
                ];
                lists.map(normal).into()
            }
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
        let money = |minor: i64| amount(minor, facts.fee.currency);
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
        let line = |piece: &PieceFacts| {
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
