//! Look up: what is this, where is more of it, and what can be done with it?

use domain::ledger::UnitStatus;
use domain::{Goods, OrderStep, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, LineStatus, Operation};
use crate::context::Context;
use crate::draft::{Draft, Need, amount};
use crate::flow::{Out, Procedure};
use crate::keeps::keeps_draft;
use crate::resolve::{Match, Resolved, resolve};
use crate::scanned::Scanned;
use crate::screen::{Fact, Feedback, Line};
use crate::site_view::{BinFacts, CartonFacts, ItemFacts, Pile, SiteView, UnitFacts, ViewError};

/// What was looked up, and what the book says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUp {
    pub(crate) draft: Draft,
    subject: Option<Scanned>,
    facts: Vec<(FactCode, String)>,
    rows: Vec<Line>,
    pub(crate) offers: Vec<Operation>,
}

impl Procedure for LookUp {
    keeps_draft!();

    fn counts_at_once(&self) -> bool {
        true
    }

    fn refuse_unit(&self, _: &UnitFacts, _: &Context) -> Option<Feedback> {
        None
    }

    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if !view.knows_stock() {
            self.subject = Some(Scanned::plain(bin.code.clone()));
            self.facts = vec![(FactCode::Bin, bin.code.clone())];
            self.rows.clear();
            self.offers = vec![Operation::Count];
            out.accept(FeedbackCode::BinSelected, [bin.code]);
            return Ok(());
        }
        let piles = view.stock_of_bin(bin.id)?;
        self.subject = Some(Scanned::plain(bin.code.clone()));
        self.facts = vec![
            (FactCode::Bin, bin.code.clone()),
            (FactCode::Lines, piles.len().to_string()),
        ];
        self.rows = piles
            .iter()
            .map(|p| row(p, p.item.name(ctx.language)))
            .collect();
        self.offers = vec![Operation::Count, Operation::Move];
        if view.is_hidden(bin.id)? {
            self.facts.truncate(1);
            out.feedback = Some(Feedback::attention(FeedbackCode::BinUnderCount, [bin.code]));
        } else {
            out.accept(FeedbackCode::BinSelected, [bin.code]);
        }
        Ok(())
    }

    /// A carton that is on its way here.
    fn take_unknown(
        &mut self,
        scanned: &Scanned,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let plate = scanned.fields.sscc.as_deref().unwrap_or(&scanned.raw);
        let Some(arriving) = view.arriving(&UnitId::plate(plate))? else {
            return Ok(false);
        };
        let plate = arriving.plate.printed().to_owned();
        self.subject = Some(Scanned::plain(plate.clone()));
        self.facts = vec![
            (FactCode::Carton, plate.clone()),
            (FactCode::Order, arriving.code.clone()),
        ];
        let row = |(_, item, goods, quantity): &(u32, ItemFacts, Goods, Quantity)| Line {
            title: item.name(ctx.language).to_owned(),
            subtitle: goods.lot.clone().unwrap_or_default(),
            quantity: amount(*quantity, item),
            status: LineStatus::Open,
            time: String::new(),
        };
        self.rows = arriving.contents.iter().map(row).collect();
        self.offers = vec![Operation::Receive];
        let on_its_way = Feedback::attention(FeedbackCode::CartonArrives, [plate, arriving.code]);
        out.feedback = Some(on_its_way);
        Ok(true)
    }

    fn take_carton(
        &mut self,
        carton: &CartonFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let plate = carton.plate.printed().to_owned();
        self.subject = Some(Scanned::plain(plate.clone()));
        self.facts = vec![(FactCode::Carton, plate.clone())];
        for order in carton.orders() {
            let order = view.order(order, OrderStep::Ship)?;
            self.facts.extend(order.map(|o| (FactCode::Order, o.code)));
        }
        let mut bins: Vec<&BinFacts> = carton.contents.iter().map(|c| &c.bin).collect();
        bins.dedup_by_key(|bin| bin.id);
        self.facts
            .extend(bins.iter().map(|bin| (FactCode::Bin, bin.code.clone())));
        // Nobody who counts a bin blind is told what is in its cartons.
        let mut seen = Vec::new();
        for content in &carton.contents {
            if !view.is_hidden(content.bin.id)? {
                seen.push(content);
            }
        }
        self.rows = seen
            .into_iter()
            .map(|content| Line {
                title: content.item.name(ctx.language).to_owned(),
                subtitle: content.goods.lot.clone().unwrap_or_default(),
                quantity: amount(content.quantity, &content.item),
                status: LineStatus::Saved,
                time: String::new(),
            })
            .collect();
        self.offers.clear();
        match bins.first() {
            Some(bin) => {
                self.offers = vec![Operation::Issue, Operation::Move];
                out.accept(FeedbackCode::CartonHere, [plate, bin.code.clone()]);
            }
            None => {
                let gone = Feedback::attention(FeedbackCode::CartonGone, [plate]);
                out.feedback = Some(gone);
            }
        }
        Ok(true)
    }

    fn missing(&mut self, _: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        Ok(None)
    }

    fn doubts(&self, _: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        Ok(Vec::new())
    }

    /// Nothing is written: what is in hand is shown.
    fn write(&mut self, view: &dyn SiteView, ctx: &Context, _: &mut Out) -> Result<(), ViewError> {
        let Some(hand) = self.draft.hand.clone() else {
            return Ok(());
        };
        let Some(item) = &hand.item else {
            return Ok(());
        };
        let unit = match hand.unit() {
            Some(unit) => view.unit(&unit)?,
            None => None,
        };
        let piles = view.stock_of_item(item.id)?;
        let total = piles
            .iter()
            .fold(Quantity::ZERO, |sum, p| sum.plus(p.balance));
        self.facts = vec![
            (FactCode::Item, item.name(ctx.language).to_owned()),
            (FactCode::Sku, item.sku.clone()),
        ];
        let pack = (hand.pack != Quantity::ONE).then(|| amount(hand.pack, item));
        self.facts.extend(pack.map(|pack| (FactCode::Pack, pack)));
        self.facts
            .extend(hand.lot.clone().map(|lot| (FactCode::Lot, lot)));
        self.facts
            .extend(hand.expiry.map(|day| (FactCode::Expiry, day.to_string())));
        if !view.knows_stock() {
            self.rows.clear();
            self.offers = vec![Operation::Count];
            return Ok(());
        }
        self.offers = match &unit {
            Some(unit) => {
                self.facts
                    .push((FactCode::Unit, unit.id.printed().to_owned()));
                self.facts.push((FactCode::Bin, unit.bin.code.clone()));
                match unit.status {
                    UnitStatus::Stored => {
                        vec![Operation::Issue, Operation::Move, Operation::Adjust]
                    }
                    UnitStatus::Issued => vec![Operation::Return, Operation::Receive],
                }
            }
            None if total > Quantity::ZERO => {
                vec![
                    Operation::Issue,
                    Operation::Move,
                    Operation::Receive,
                    Operation::Adjust,
                ]
            }
            None => vec![Operation::Receive],
        };
        self.facts.push((FactCode::OnHand, amount(total, item)));
        self.rows = piles.iter().map(|p| row(p, &p.bin.code)).collect();
        Ok(())
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        _: &dyn SiteView,
        _: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let operation = Operation::from_code(action.code());
        let Some(operation) = operation.filter(|o| self.offers.contains(o)) else {
            return Ok(false);
        };
        out.open = self.subject.clone().map(|subject| (operation, subject));
        Ok(true)
    }
}

impl LookUp {
    /// Remembers the code behind what is shown, for the operation that goes on with it.
    pub(crate) fn remember(
        &mut self,
        scanned: &Scanned,
        view: &dyn SiteView,
    ) -> Result<(), ViewError> {
        let goods = |m: &Match| matches!(m, Match::Item { .. } | Match::Unit(_) | Match::Carton(_));
        if let Resolved::Known(matches) = resolve(scanned, view)?
            && matches.iter().any(goods)
            && !matches.iter().any(|m| matches!(m, Match::Bin(_)))
        {
            self.subject = Some(scanned.clone());
        }
        Ok(())
    }

    pub(crate) fn shown_facts(&self) -> Vec<Fact> {
        let fact = |(label, value): &(FactCode, String)| Fact {
            label: *label,
            value: value.clone(),
            emphasis: matches!(label, FactCode::OnHand | FactCode::Bin),
        };
        self.facts.iter().map(fact).collect()
    }

    pub(crate) fn shown_rows(&self) -> Vec<Line> {
        self.rows.clone()
    }
}

fn row(pile: &Pile, title: &str) -> Line {
    let day = pile.expiry.map(|d| d.to_string());
    let parts: Vec<String> = pile.lot.clone().into_iter().chain(day).collect();
    Line {
        title: title.to_owned(),
        subtitle: parts.join(" · "),
        quantity: amount(pile.balance, &pile.item),
        status: LineStatus::Saved,
        time: String::new(),
    }
}
