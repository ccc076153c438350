//! The state that receive, issue, move and count share, and how it looks on the screen.

use domain::Quantity;
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, LineStatus, PromptCode, ReasonCode};
use crate::context::Context;
use crate::hand::Hand;
use crate::open_question::Asked;
use crate::screen::{Action, Choice, Entry, Fact, Feedback, Keypad, Line, Prompt, Weight};
use crate::site_view::{BinFacts, ItemFacts};
use crate::unknown::{Several, Unknown};

/// Lines that a task keeps for the screen; the events themselves are in the journal.
const LINES_MAX: usize = 100;

/// What the line in hand still lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Need {
    /// Nothing is in hand, or a new plate without its goods.
    #[default]
    Goods,
    Lot(Vec<Choice>),
    Expiry,
    Serial,
    /// The bin where the goods are, or go in.
    Bin(Vec<Choice>),
    /// The bin that they move to.
    ToBin,
    /// Why, or in what condition.
    Reason(Vec<ReasonCode>),
    /// Only a number, or the next scan.
    Quantity,
}

/// The state of the work so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// The bin that was scanned; it holds for all lines until another one is.
    pub(crate) bin: Option<BinFacts>,
    /// The bin of the line in hand, where stock answered it.
    pub(crate) line_bin: Option<BinFacts>,
    /// Where the line in hand goes.
    pub(crate) to: Option<BinFacts>,
    pub(crate) hand: Option<Hand>,
    /// What the book shows of the goods in hand in their bin.
    pub(crate) here: Option<Quantity>,
    /// "5" of "5 then scan".
    pub(crate) typed: Option<Quantity>,
    pub(crate) need: Need,
    pub(crate) asked: Option<Asked>,
    pub(crate) unknown: Option<Unknown>,
    pub(crate) several: Option<Several>,
    /// The last code that was taken; the same again answers a question with yes.
    pub(crate) last_raw: String,
    /// Codes of frozen bins that were asked about and are used all the same: each is asked about once, not for every line.
    #[serde(default)]
    pub(crate) used_frozen: Vec<String>,
    /// What the last good scan was, as context for an unknown one.
    pub(crate) last_good: String,
    /// Newest first.
    pub(crate) lines: Vec<Line>,
}

impl Draft {
    /// The bin of the line in hand.
    pub(crate) fn source(&self) -> Option<&BinFacts> {
        self.line_bin.as_ref().or(self.bin.as_ref())
    }

    pub(crate) fn drop_hand(&mut self) {
        self.hand = None;
        self.line_bin = None;
        self.to = None;
        self.here = None;
        self.need = Need::Goods;
    }

    pub(crate) fn item(&self) -> Option<&ItemFacts> {
        self.hand.as_ref()?.item.as_ref()
    }

    pub(crate) fn add_line(&mut self, line: Line) {
        self.lines.insert(0, line);
        self.lines.truncate(LINES_MAX);
    }

    /// Asks before going on.
    pub(crate) fn ask(&mut self, question: Feedback) {
        self.asked = Some(Asked::new(question, &self.last_raw));
    }

    /// The newest line that counts is taken back.
    pub(crate) fn mark_reversed(&mut self) {
        let counts = |l: &&mut Line| matches!(l.status, LineStatus::Saved | LineStatus::SetAside);
        if let Some(line) = self.lines.iter_mut().find(counts) {
            line.status = LineStatus::Reversed;
        }
    }

    /// The prompts that all procedures share; `None` where the procedure has its own words.
    pub(crate) fn prompt(&self) -> Option<Prompt> {
        let code = if let Some(asked) = &self.asked {
            match asked.question.code {
                FeedbackCode::QuantityTooLargeConfirm => PromptCode::ConfirmQuantity,
                FeedbackCode::CountEmptyConfirm => PromptCode::CountEmpty,
                _ => return None,
            }
        } else if let Some(unknown) = &self.unknown {
            if unknown.linking {
                PromptCode::LinkScanItem
            } else {
                PromptCode::UnknownCodeChoose
            }
        } else if self.several.is_some() {
            PromptCode::ChooseItem
        } else {
            match &self.need {
                Need::Goods => return None,
                Need::Lot(choices) if choices.is_empty() => PromptCode::EnterLot,
                Need::Lot(_) => PromptCode::ChooseLot,
                Need::Expiry => PromptCode::EnterExpiry,
                Need::Serial => PromptCode::EnterSerial,
                Need::Bin(choices) if choices.is_empty() => PromptCode::ScanBin,
                Need::Bin(_) => PromptCode::ChooseBin,
                Need::ToBin => PromptCode::ScanToBin,
                Need::Reason(of) if of.iter().all(|r| ReasonCode::CONDITIONS.contains(r)) => {
                    PromptCode::ChooseCondition
                }
                Need::Reason(_) => PromptCode::ChooseReason,
                Need::Quantity => PromptCode::EnterQuantity,
            }
        };
        let args = match &self.asked {
            Some(asked) => asked.question.args.clone(),
            None => Vec::new(),
        };
        Some(Prompt { code, args })
    }

    /// What is known of the line in hand, or of the code that nobody knows.
    pub(crate) fn facts(&self, bin_label: FactCode, ctx: &Context) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut add = |label, value: Option<String>, emphasis| {
            facts.extend(value.map(|value| Fact {
                label,
                value,
                emphasis,
            }));
        };
        if let Some(unknown) = &self.unknown {
            add(FactCode::Code, Some(unknown.scanned.shown()), true);
            add(
                FactCode::LastGood,
                Some(self.last_good.clone()).filter(|l| !l.is_empty()),
                false,
            );
            return facts;
        }
        add(bin_label, self.source().map(|b| b.code.clone()), true);
        add(
            FactCode::ToBin,
            self.to.as_ref().map(|b| b.code.clone()),
            true,
        );
        let Some(hand) = &self.hand else {
            return facts;
        };
        let item = hand.item.as_ref();
        let with_unit = |q: Quantity| item.map_or_else(|| q.to_string(), |i| amount(q, i));
        add(
            FactCode::Item,
            item.map(|i| i.name(ctx.language).to_owned()),
            false,
        );
        add(FactCode::Sku, item.map(|i| i.sku.clone()), false);
        add(FactCode::Lot, hand.lot.clone(), false);
        add(FactCode::Expiry, hand.expiry.map(|d| d.to_string()), false);
        add(FactCode::Serial, hand.serial.clone(), false);
        add(
            FactCode::Unit,
            hand.plate.as_ref().map(|p| p.printed().to_owned()),
            false,
        );
        add(
            FactCode::Reason,
            hand.reason.map(|reason| reason.code().to_owned()),
            false,
        );
        let pack = Some(hand.pack).filter(|p| *p != Quantity::ONE);
        add(FactCode::Pack, pack.map(with_unit), false);
        add(FactCode::OnHandHere, self.here.map(with_unit), false);
        add(
            FactCode::Quantity,
            hand.amount().filter(|_| item.is_some()).map(with_unit),
            true,
        );
        facts
    }

    /// Numbers are of use whenever no text is asked for.
    pub(crate) fn keypad(&self) -> Option<Keypad> {
        let numbers = matches!(self.need, Need::Goods | Need::Quantity | Need::ToBin);
        if !numbers || self.asked.is_some() || self.several.is_some() {
            return None;
        }
        let item = self.item();
        let typed = self.hand.as_ref().map_or(self.typed, |hand| hand.typed);
        Some(Keypad {
            value: typed.map(|q| q.to_string()).unwrap_or_default(),
            unit: item.map(|i| i.unit.clone()).unwrap_or_default(),
            decimals: item.is_none_or(|i| i.decimals > 0),
            asked: self.hand.is_some() || self.typed.is_some(),
        })
    }

    pub(crate) fn entry(&self) -> Option<Entry> {
        if self.asked.is_some() || self.unknown.is_some() {
            return None;
        }
        let label = match self.need {
            Need::Lot(_) => FactCode::Lot,
            Need::Expiry => FactCode::Expiry,
            Need::Serial => FactCode::Serial,
            _ => return None,
        };
        Some(Entry { label })
    }

    pub(crate) fn choices(&self, ctx: &Context) -> Vec<Choice> {
        if self.asked.is_some() || self.unknown.is_some() {
            return Vec::new();
        }
        if let Some(several) = &self.several {
            return several.choices(ctx.language);
        }
        match &self.need {
            Need::Lot(choices) | Need::Bin(choices) => choices.clone(),
            Need::Reason(reasons) => {
                let choice = |reason: &ReasonCode| Choice {
                    id: reason.code().to_owned(),
                    title: String::new(),
                    subtitle: String::new(),
                    quantity: String::new(),
                };
                reasons.iter().map(choice).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Buttons for what is open; `None` when the procedure's own buttons are due.
    pub(crate) fn actions(&self, plates: bool) -> Option<Vec<Action>> {
        let cancel = Action::new(ActionCode::Cancel, Weight::Normal);
        let normal = |code| Action::new(code, Weight::Normal);
        if self.asked.is_some() {
            return Some(vec![
                Action::new(ActionCode::Confirm, Weight::Primary),
                cancel,
            ]);
        }
        if let Some(unknown) = &self.unknown {
            let mut actions = Vec::new();
            if !unknown.linking {
                actions.push(Action::new(ActionCode::SetAside, Weight::Primary));
                actions.push(normal(ActionCode::LinkToItem));
                if plates {
                    actions.push(normal(ActionCode::NewPlate));
                }
            }
            actions.push(cancel);
            return Some(actions);
        }
        if self.several.is_some() {
            return Some(vec![cancel]);
        }
        match self.need {
            Need::Goods => None,
            Need::Lot(_) => Some(vec![normal(ActionCode::NoLot), cancel]),
            Need::Expiry => Some(vec![normal(ActionCode::NoExpiry), cancel]),
            Need::Serial => Some(vec![normal(ActionCode::NoSerial), cancel]),
            Need::Bin(_) | Need::Reason(_) => Some(vec![cancel]),
            Need::ToBin => Some(vec![normal(ActionCode::AllOfIt), cancel]),
            Need::Quantity => Some(vec![Action::new(ActionCode::Next, Weight::Primary), cancel]),
        }
    }
}

/// An amount with its unit.
pub(crate) fn amount(quantity: Quantity, item: &ItemFacts) -> String {
    format!("{quantity} {}", item.unit).trim_end().to_owned()
}

/// A line for the screen.
pub(crate) fn line(
    hand: &Hand,
    quantity: Quantity,
    bins: &str,
    status: LineStatus,
    ctx: &Context,
) -> Line {
    let item = hand.item.as_ref();
    let unit = hand.unit();
    let parts = [
        Some(bins),
        hand.lot.as_deref(),
        unit.as_ref().map(|u| u.printed()),
    ];
    let subtitle: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|p| !p.is_empty())
        .collect();
    Line {
        title: item
            .map(|i| i.name(ctx.language).to_owned())
            .unwrap_or_default(),
        subtitle: subtitle.join(" · "),
        quantity: item.map_or_else(|| quantity.to_string(), |i| amount(quantity, i)),
        status,
        time: ctx.time_of_day.clone(),
    }
}
