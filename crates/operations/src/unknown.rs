//! A code that nobody knows, and a code that names several items.

use domain::{EventBody, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode, LineStatus};
use crate::context::{Context, Language};
use crate::flow::{self, Out, Procedure};
use crate::hand::Hand;
use crate::resolve::{Match, Resolved, resolve};
use crate::scanned::Scanned;
use crate::screen::{Choice, Feedback, Input, Line, Link};
use crate::site_view::{ItemFacts, SiteView, ViewError};
use crate::taking;

/// A sound code that nobody knows; somebody says what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unknown {
    pub(crate) scanned: Scanned,
    /// The item that it belongs to is being looked for.
    pub(crate) linking: bool,
}

/// One code that names several items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Several {
    scanned: Scanned,
    items: Vec<(ItemFacts, Quantity)>,
}

impl Several {
    pub(crate) fn new(scanned: &Scanned, items: Vec<(ItemFacts, Quantity)>) -> Self {
        Self {
            scanned: scanned.clone(),
            items,
        }
    }

    pub(crate) fn choices(&self, language: Language) -> Vec<Choice> {
        let choice = |(item, pack): &(ItemFacts, Quantity)| Choice {
            id: item.id.to_string(),
            title: item.name(language).to_owned(),
            subtitle: item.sku.clone(),
            quantity: crate::draft::amount(*pack, item),
        };
        self.items.iter().map(choice).collect()
    }
}

/// Takes an input while several items are to choose from.
pub(crate) fn choose_item<P: Procedure>(
    p: &mut P,
    several: &Several,
    input: Input,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    match input {
        Input::Choose(id) => {
            let chosen = several
                .items
                .iter()
                .find(|(item, _)| item.id.to_string() == id);
            if let Some((item, pack)) = chosen {
                p.draft_mut().several = None;
                taking::take_item(p, &several.scanned, item.clone(), *pack, view, ctx, out)?;
            }
        }
        Input::Action(ActionCode::Cancel) | Input::Undo(_) => p.draft_mut().several = None,
        _ => out.feedback = Some(Feedback::refused(FeedbackCode::AnswerFirst, [])),
    }
    Ok(())
}

/// Takes an input while an unknown code is open.
pub(crate) fn settle<P: Procedure>(
    p: &mut P,
    unknown: &Unknown,
    input: Input,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    match input {
        Input::Action(ActionCode::SetAside) => set_aside(p, unknown, ctx, out),
        Input::Action(ActionCode::LinkToItem) => {
            if let Some(unknown) = &mut p.draft_mut().unknown {
                unknown.linking = true;
            }
        }
        Input::Action(ActionCode::NewPlate) if p.takes_new_plates() => {
            let plate = UnitId::plate(&unknown.scanned.raw);
            p.draft_mut().unknown = None;
            taking::take_plate(p, &unknown.scanned, plate, view, ctx, out)?;
        }
        Input::Action(ActionCode::Cancel) | Input::Undo(_) => p.draft_mut().unknown = None,
        Input::Quantity(quantity) => flow::prefix(p, quantity, out),
        Input::Scan(scanned) if unknown.linking => link(p, unknown, &scanned, view, ctx, out)?,
        Input::Text(text) if unknown.linking => {
            link(p, unknown, &Scanned::plain(text), view, ctx, out)?;
        }
        Input::Choose(id) if unknown.linking => {
            if let Some(item) = id
                .parse()
                .ok()
                .map(|id| view.item(id))
                .transpose()?
                .flatten()
            {
                link_to(p, unknown, item, view, ctx, out)?;
            }
        }
        _ => out.feedback = Some(Feedback::refused(FeedbackCode::AnswerFirst, [])),
    }
    Ok(())
}

fn set_aside<P: Procedure>(p: &mut P, unknown: &Unknown, ctx: &Context, out: &mut Out) {
    let draft = p.draft_mut();
    let quantity = draft
        .typed
        .take()
        .filter(|q| *q > Quantity::ZERO)
        .unwrap_or(Quantity::ONE);
    let shown = unknown.scanned.shown();
    out.write(EventBody::SetAside {
        code: unknown.scanned.raw.trim().to_owned(),
        bin: draft.bin.as_ref().map(|b| b.id),
        quantity,
    });
    draft.add_line(Line {
        title: shown.clone(),
        subtitle: draft
            .bin
            .as_ref()
            .map(|b| b.code.clone())
            .unwrap_or_default(),
        quantity: quantity.to_string(),
        status: LineStatus::SetAside,
        time: ctx.time_of_day.clone(),
    });
    draft.unknown = None;
    out.feedback = Some(Feedback::accepted(FeedbackCode::SetAsideSaved, [shown]));
}

fn link<P: Procedure>(
    p: &mut P,
    unknown: &Unknown,
    scanned: &Scanned,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let mut items = match resolve(scanned, view)? {
        Resolved::Known(matches) => matches
            .into_iter()
            .filter_map(|m| match m {
                Match::Item { item, .. } => Some(item),
                Match::Unit(unit) => Some(unit.item),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    items.dedup_by_key(|item: &mut ItemFacts| item.id);
    match <[ItemFacts; 1]>::try_from(items) {
        Ok([item]) => link_to(p, unknown, item, view, ctx, out),
        Err(_) => {
            let shown = scanned.shown();
            out.feedback = Some(Feedback::refused(FeedbackCode::WrongKindHere, [shown]));
            Ok(())
        }
    }
}

/// Teaches the catalogue, and goes on as if it had known all along.
fn link_to<P: Procedure>(
    p: &mut P,
    unknown: &Unknown,
    item: ItemFacts,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let linked = Feedback::accepted(
        FeedbackCode::Linked,
        [unknown.scanned.shown(), item.name(ctx.language).to_owned()],
    );
    p.draft_mut().unknown = None;
    out.links.push(Link {
        code: unknown.scanned.catalogue_code().to_owned(),
        item: item.id,
        pack: Quantity::ONE,
    });
    // An unknown code can come while a line waits for its number; that line goes first.
    if p.draft()
        .hand
        .as_ref()
        .is_none_or(|hand: &Hand| hand.item.is_none())
    {
        taking::take_item(p, &unknown.scanned, item, Quantity::ONE, view, ctx, out)?;
    }
    if out
        .feedback
        .as_ref()
        .is_none_or(|f| f.code == FeedbackCode::ItemSelected)
    {
        out.feedback = Some(linked);
    }
    Ok(())
}
