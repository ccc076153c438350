//! Inspect: goods that came in are looked at, by a form; what is not accepted goes where such goods are kept.

use domain::order::{Inspection, Verdict};
use domain::{EventBody, Quantity};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, AnswerCode, FactCode, FeedbackCode, LineStatus, PromptCode};
use crate::context::Context;
use crate::draft::{Draft, Need, amount};
use crate::flow::{Out, Procedure};
use crate::hand::out_of_range;
use crate::keeps::keeps_draft;
use crate::screen::{Choice, Fact, Feedback, Line, Prompt, Said};
use crate::site_view::{BinFacts, ReceiptFacts, SiteView, UnitFacts, ViewError};

/// The questions of the form, in the order in which they are asked.
const QUESTIONS: [PromptCode; 3] = [
    PromptCode::CheckPackaging,
    PromptCode::CheckLabel,
    PromptCode::CheckGoods,
];

/// The state of an inspection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspect {
    pub(crate) draft: Draft,
    /// Receipts that nobody has looked at, the newest first.
    due: Vec<ReceiptFacts>,
    form: Option<Form>,
}

/// The form as it is filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Form {
    receipt: ReceiptFacts,
    answers: Vec<AnswerCode>,
    sample: Option<Quantity>,
    /// What was found, once it is written: goods that were not accepted wait for their bin.
    verdict: Option<AnswerCode>,
}

/// What is asked next.
enum Ask {
    Question(PromptCode),
    Sample,
    Verdict,
    Bin,
}

impl Form {
    fn ask(&self) -> Ask {
        match (QUESTIONS.get(self.answers.len()), self.sample, self.verdict) {
            (Some(question), ..) => Ask::Question(*question),
            (None, None, _) => Ask::Sample,
            (None, Some(_), None) => Ask::Verdict,
            (None, Some(_), Some(_)) => Ask::Bin,
        }
    }
}

impl Procedure for Inspect {
    keeps_draft!();

    fn counts_at_once(&self) -> bool {
        true
    }

    fn refuse_unit(&self, _: &UnitFacts, _: &Context) -> Option<Feedback> {
        self.form_first()
    }

    fn refuse_goods(&self, _: &crate::resolve::Match, _: &str) -> Option<Feedback> {
        self.form_first()
    }

    /// Goods that were not accepted are put there.
    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        match self.form.take() {
            Some(form) if form.verdict.is_some() && bin.id == form.receipt.bin.id => {
                self.form = Some(form);
                out.refuse(FeedbackCode::SameBin, [bin.code]);
                Ok(())
            }
            Some(form) if form.verdict.is_some() => {
                self.put_apart(&form, bin, ctx, out);
                self.plan(view)
            }
            form => {
                self.form = form;
                out.refuse(FeedbackCode::WrongKindHere, [bin.code]);
                Ok(())
            }
        }
    }

    fn missing(&mut self, _: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        Ok(None)
    }

    fn doubts(&self, _: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        Ok(Vec::new())
    }

    /// Nothing is written: of the receipts, those of the goods in hand come to the front, and the only one is begun.
    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        let Some(hand) = self.draft.hand.clone() else {
            return Ok(());
        };
        let unit = hand.unit();
        let fits = |receipt: &ReceiptFacts| {
            let item = hand.item.as_ref().is_some_and(|i| i.id == receipt.item.id);
            let lot = hand.lot.is_none() || hand.lot == receipt.goods.lot;
            item && lot && (unit.is_none() || unit == receipt.goods.unit)
        };
        let (front, back): (Vec<_>, Vec<_>) = self.due.drain(..).partition(fits);
        match front.as_slice() {
            [] => {
                let name = hand.item.map(|i| i.name(ctx.language).to_owned());
                out.refuse(FeedbackCode::NothingToInspect, [name.unwrap_or_default()]);
            }
            [only] => self.begin(only.clone(), out),
            several => {
                let name = several[0].item.name(ctx.language).to_owned();
                out.accept(FeedbackCode::ItemSelected, [name]);
            }
        }
        self.due = front.into_iter().chain(back).collect();
        Ok(())
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        _: &Context,
        _: &mut Out,
    ) -> Result<bool, ViewError> {
        if action != ActionCode::Cancel || self.form.is_none() {
            return Ok(false);
        }
        // What was found is written already; the goods stay where they are.
        self.form = None;
        self.plan(view)?;
        Ok(true)
    }

    fn choose_own(&mut self, id: &str, _: &dyn SiteView, out: &mut Out) -> Result<bool, ViewError> {
        let Some(form) = &mut self.form else {
            let receipt = self.due.iter().find(|r| r.event.hex() == id).cloned();
            let found = receipt.is_some();
            if let Some(receipt) = receipt {
                self.begin(receipt, out);
            }
            return Ok(found);
        };
        let Some(answer) = AnswerCode::from_code(id) else {
            return Ok(false);
        };
        match form.ask() {
            Ask::Question(_) if AnswerCode::ANSWERS.contains(&answer) => form.answers.push(answer),
            Ask::Verdict if AnswerCode::VERDICTS.contains(&answer) => self.judge(answer, out),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// How many pieces were looked at.
    fn retype(&mut self, typed: Quantity, _: &Context, out: &mut Out) -> bool {
        let Some(form) = &mut self.form else {
            return true;
        };
        if !matches!(form.ask(), Ask::Sample) {
            return true;
        }
        let most = form.receipt.quantity;
        if typed <= Quantity::ZERO || typed > most || !form.receipt.item.allows(typed) {
            out.feedback = Some(out_of_range(Quantity::ONE.min(most), most));
        } else {
            form.sample = Some(typed);
            out.accept(FeedbackCode::QuantitySet, [typed.to_string()]);
        }
        true
    }

    fn undo_own(&mut self, out: &mut Out) -> bool {
        let Some(form) = self.form.as_mut().filter(|form| form.verdict.is_none()) else {
            return false;
        };
        let undone = match form.sample.take() {
            Some(sample) => sample.to_string(),
            None => match form.answers.pop() {
                Some(_) => String::new(),
                None => return false,
            },
        };
        out.accept(FeedbackCode::Undone, [undone]);
        true
    }
}

impl Inspect {
    fn form_first(&self) -> Option<Feedback> {
        self.form
            .as_ref()
            .map(|_| Feedback::refused(FeedbackCode::FinishLineFirst, []))
    }

    fn begin(&mut self, receipt: ReceiptFacts, out: &mut Out) {
        out.accept(FeedbackCode::ItemSelected, [receipt.item.sku.clone()]);
        self.form = Some(Form {
            receipt,
            answers: Vec::new(),
            sample: None,
            verdict: None,
        });
    }

    /// Looks which receipts are still to be inspected.
    pub(crate) fn plan(&mut self, view: &dyn SiteView) -> Result<(), ViewError> {
        if self.form.is_none() {
            self.due = view.receipts_to_inspect()?;
        }
        Ok(())
    }

    /// Writes what was found.
    fn judge(&mut self, verdict: AnswerCode, out: &mut Out) {
        let Some(form) = &mut self.form else {
            return;
        };
        let answers = QUESTIONS.iter().zip(&form.answers);
        out.write(EventBody::Inspected(Inspection {
            of: form.receipt.event,
            verdict: match verdict {
                AnswerCode::Rejected => Verdict::Rejected,
                AnswerCode::OnHold => Verdict::OnHold,
                _ => Verdict::Accepted,
            },
            sample: form.sample.unwrap_or_default(),
            answers: answers
                .map(|(question, answer)| (question.code().to_owned(), answer.code().to_owned()))
                .collect(),
        }));
        let sku = form.receipt.item.sku.clone();
        let code = match verdict {
            AnswerCode::Rejected => FeedbackCode::InspectedRejected,
            AnswerCode::OnHold => FeedbackCode::InspectedOnHold,
            _ => FeedbackCode::InspectedAccepted,
        };
        out.accept(code, [sku]);
        if verdict == AnswerCode::Accepted {
            self.form = None;
        } else {
            form.verdict = Some(verdict);
        }
    }

    /// What was not accepted leaves the bin where it came in.
    fn put_apart(&mut self, form: &Form, to: BinFacts, ctx: &Context, out: &mut Out) {
        let receipt = &form.receipt;
        let quantity = amount(receipt.quantity, &receipt.item);
        let name = receipt.item.name(ctx.language).to_owned();
        out.accept(
            FeedbackCode::Moved,
            [quantity.clone(), name.clone(), to.code.clone()],
        );
        out.events.push(Said {
            body: EventBody::Moved {
                from: receipt.bin.id,
                to: to.id,
                goods: receipt.goods.clone(),
                quantity: receipt.quantity,
            },
            order: None,
            reason: form.verdict.map(|verdict| verdict.code().to_owned()),
            carton: None,
        });
        self.draft.add_line(Line {
            title: name,
            subtitle: format!("{} → {}", receipt.bin.code, to.code),
            quantity,
            status: LineStatus::Saved,
            time: ctx.time_of_day.clone(),
        });
    }

    /// Receipts, or the answers to the question.
    pub(crate) fn choices(&self, ctx: &Context) -> Vec<Choice> {
        let answer = |code: &AnswerCode| Choice {
            id: code.code().to_owned(),
            title: String::new(),
            subtitle: String::new(),
            quantity: String::new(),
        };
        let Some(form) = &self.form else {
            let receipt = |r: &ReceiptFacts| Choice {
                id: r.event.hex(),
                title: r.item.name(ctx.language).to_owned(),
                subtitle: [
                    r.bin.code.as_str(),
                    r.goods.lot.as_deref().unwrap_or_default(),
                    &r.time,
                ]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
                quantity: amount(r.quantity, &r.item),
            };
            return self.due.iter().map(receipt).collect();
        };
        match form.ask() {
            Ask::Question(_) => AnswerCode::ANSWERS.iter().map(answer).collect(),
            Ask::Verdict => AnswerCode::VERDICTS.iter().map(answer).collect(),
            Ask::Sample | Ask::Bin => Vec::new(),
        }
    }

    pub(crate) fn prompt(&self) -> Option<Prompt> {
        if self.draft.asked.is_some() || self.draft.unknown.is_some() {
            return None;
        }
        let code = match self.form.as_ref().map(Form::ask) {
            None if self.due.is_empty() => PromptCode::NothingToInspect,
            None => PromptCode::ChooseReceipt,
            Some(Ask::Question(question)) => question,
            Some(Ask::Sample) => PromptCode::EnterSample,
            Some(Ask::Verdict) => PromptCode::ChooseVerdict,
            Some(Ask::Bin) => PromptCode::ScanApartBin,
        };
        Some(Prompt {
            code,
            args: Vec::new(),
        })
    }

    /// Of which receipt the form is.
    pub(crate) fn shown_facts(&self, ctx: &Context) -> Vec<Fact> {
        let Some(Form {
            receipt,
            sample,
            verdict,
            ..
        }) = &self.form
        else {
            return Vec::new();
        };
        let fact = |label, value: String| Fact {
            label,
            value,
            emphasis: false,
        };
        let mut facts = vec![
            fact(FactCode::Item, receipt.item.name(ctx.language).to_owned()),
            fact(FactCode::Quantity, amount(receipt.quantity, &receipt.item)),
            fact(FactCode::Bin, receipt.bin.code.clone()),
        ];
        facts.extend(
            receipt
                .goods
                .lot
                .clone()
                .map(|lot| fact(FactCode::Lot, lot)),
        );
        let day = receipt.goods.expiry.map(|day| day.to_string());
        facts.extend(day.map(|day| fact(FactCode::Expiry, day)));
        let sample = sample.map(|sample| amount(sample, &receipt.item));
        facts.extend(sample.map(|sample| fact(FactCode::Sample, sample)));
        facts.extend(verdict.map(|v| fact(FactCode::Reason, v.code().to_owned())));
        facts
    }

    pub(crate) fn takes_numbers(&self) -> bool {
        let ask = self.form.as_ref().map(Form::ask);
        matches!(ask, Some(Ask::Sample))
    }

    pub(crate) const fn has_form(&self) -> bool {
        self.form.is_some()
    }
}
