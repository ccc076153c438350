//! How a line comes about, for every procedure that works with goods in bins. A procedure says what is its own
//! ([`Procedure`]); the order of scanning, asking, doubting and writing is the same for all.

use chrono::NaiveDate;
use domain::{EventBody, OrderId, Quantity};

use crate::codes::{ActionCode, FeedbackCode, Operation};
use crate::context::Context;
use crate::custody_write::CustodyWrite;
use crate::desk::{Desk, Job};
use crate::draft::{Draft, Need};
use crate::hand::{out_of_range, smallest};
use crate::resolve::{Match, Resolved, resolve};
use crate::scanned::Scanned;
use crate::screen::{Feedback, Input, Link, Said};
use crate::site_view::{BinFacts, CartonFacts, SiteView, UnitFacts, ViewError};
use crate::taking::{again, take_item, take_plate, take_unit};
use crate::undo::{Undoable, undo};
use crate::unknown::{Several, Unknown, choose_item, settle};
use crate::{code_input, desk, doubt, open_question};

/// What an input led to, while it is being worked out.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(crate) feedback: Option<Feedback>,
    pub(crate) events: Vec<Said>,
    pub(crate) links: Vec<Link>,
    pub(crate) custody: Vec<CustodyWrite>,
    pub(crate) finished: bool,
    /// Another operation goes on with this code.
    pub(crate) open: Option<(Operation, Scanned)>,
}

impl Out {
    pub(crate) fn refuse<const N: usize>(&mut self, code: FeedbackCode, args: [String; N]) {
        self.feedback = Some(Feedback::refused(code, args));
    }

    pub(crate) fn accept<const N: usize>(&mut self, code: FeedbackCode, args: [String; N]) {
        self.feedback = Some(Feedback::accepted(code, args));
    }

    pub(crate) fn write(&mut self, body: EventBody) {
        self.events.push(body.into());
    }
}

/// What one procedure does its own way.
pub(crate) trait Procedure {
    fn draft(&self) -> &Draft;
    fn draft_mut(&mut self) -> &mut Draft;

    /// Whether a code that nobody knows may name a new unit.
    fn takes_new_plates(&self) -> bool {
        false
    }
    /// Whether a unit that the book knows is taken with the lot and amount that the book has.
    fn adopts_units(&self) -> bool {
        true
    }
    /// Whether each scan counts at once, with no wait for a number.
    fn counts_at_once(&self) -> bool {
        false
    }
    /// Why this unit cannot be taken.
    fn refuse_unit(&self, unit: &UnitFacts, ctx: &Context) -> Option<Feedback>;
    /// Why goods that a code names cannot be taken now.
    fn refuse_goods(&self, _: &Match, _raw: &str) -> Option<Feedback> {
        None
    }
    /// A bin was scanned.
    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError>;
    /// Fills in what stock answers, and tells what must be asked next. A number is not asked here.
    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError>;
    /// What should be asked before the line is written, gravest first.
    fn doubts(&self, view: &dyn SiteView, ctx: &Context) -> Result<Vec<Feedback>, ViewError>;
    /// Writes the line in hand.
    fn write(&mut self, view: &dyn SiteView, ctx: &Context, out: &mut Out)
    -> Result<(), ViewError>;
    /// Which orders it works on, if on any.
    fn job(&self) -> Option<&'static Job> {
        None
    }
    /// Its order, and those it offers. Whoever has a job has a desk.
    fn desk(&self) -> Option<&Desk> {
        None
    }
    fn desk_mut(&mut self) -> Option<&mut Desk> {
        None
    }
    /// A question was answered with yes.
    fn confirmed(
        &mut self,
        code: FeedbackCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        confirm_line(self, code, view, ctx, out)
    }
    /// A question was answered with no.
    fn declined(&mut self, _: FeedbackCode) {}
    /// Whether the goods stay in hand after that no.
    fn keeps_hand(&self, _: FeedbackCode) -> bool {
        false
    }
    /// A button of its own. Returns whether it was one.
    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError>;
    /// A sound code was scanned that nobody knows, or a licence plate that is new. Returns whether that means something here.
    fn take_unknown(
        &mut self,
        _: &Scanned,
        _: &dyn SiteView,
        _: &Context,
        _: &mut Out,
    ) -> Result<bool, ViewError> {
        Ok(false)
    }
    /// A carton's label was scanned. Returns whether that means something here.
    fn take_carton(
        &mut self,
        _: &CartonFacts,
        _: &dyn SiteView,
        _: &Context,
        _: &mut Out,
    ) -> Result<bool, ViewError> {
        Ok(false)
    }
    /// A person's badge was scanned. Returns whether that means something here.
    fn take_person(&mut self, _id: &str, _name: &str, _: &Context, _: &mut Out) -> bool {
        false
    }
    /// A text was typed. Returns whether it was asked for.
    fn take_text(&mut self, _: &str, _: &mut Out) -> bool {
        false
    }
    /// One of what it offers itself was chosen. Returns whether it was.
    fn choose_own(&mut self, _: &str, _: &dyn SiteView, _: &mut Out) -> Result<bool, ViewError> {
        Ok(false)
    }
    /// A number while nothing is in hand; returns whether it was about the last scan.
    fn retype(&mut self, _: Quantity, _: &Context, _: &mut Out) -> bool {
        false
    }
    /// Takes back what is only in the draft. Returns whether there was something.
    fn undo_own(&mut self, _: &mut Out) -> bool {
        false
    }
}

/// A yes that is about the line in hand, or about the end of the work.
pub(crate) fn confirm_line<P: Procedure + ?Sized>(
    p: &mut P,
    code: FeedbackCode,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    match code {
        FeedbackCode::DiscardConfirm => {
            out.finished = true;
            return Ok(());
        }
        FeedbackCode::OrderDiffersConfirm => return desk::finish(p, view, out),
        _ => {}
    }
    // Whether a frozen bin is used is kept by bin: the line may have two.
    if !doubt::is_about_frozen(code)
        && let Some(hand) = &mut p.draft_mut().hand
    {
        hand.confirmed.push(code);
    }
    advance(p, view, ctx, out)
}

/// Takes one input.
pub(crate) fn handle<P: Procedure>(
    p: &mut P,
    input: Input,
    view: &dyn SiteView,
    ctx: &Context,
) -> Result<Out, ViewError> {
    let mut out = Out::default();
    if let Some(asked) = p.draft().asked.clone() {
        open_question::answer(p, &asked, input, view, ctx, &mut out)?;
    } else if let Some(unknown) = p.draft().unknown.clone() {
        settle(p, &unknown, input, view, ctx, &mut out)?;
    } else if let Some(several) = p.draft().several.clone() {
        choose_item(p, &several, input, view, ctx, &mut out)?;
    } else {
        match input {
            Input::Scan(scanned) => scan(p, &scanned, view, ctx, &mut out)?,
            Input::Text(text) => code_input::text(p, &text, view, ctx, &mut out)?,
            Input::Quantity(typed) => quantity(p, typed, view, ctx, &mut out)?,
            Input::Choose(id) => match offered(p, &id) {
                Some((order, code)) => {
                    // Its record is gone since it was offered.
                    if !desk::take_order(p, order, view, &mut out)? {
                        out.refuse(FeedbackCode::OrderCalledOff, [code]);
                    }
                }
                None => {
                    if !p.choose_own(&id, view, &mut out)? {
                        code_input::choose(p, &id, view, ctx, &mut out)?;
                    }
                }
            },
            Input::Action(ActionCode::Undo) => take_back(p, None, &mut out),
            Input::Undo(last) => take_back(p, last.as_ref(), &mut out),
            Input::Action(action) => {
                if !p.own_action(action, view, ctx, &mut out)?
                    && !desk::action(p, action, view, ctx, &mut out)?
                {
                    code_input::button(p, action, view, ctx, &mut out)?;
                }
            }
        }
    }
    Ok(out)
}

/// The order that is offered under this id, and its number.
fn offered<P: Procedure>(p: &P, id: &str) -> Option<(OrderId, String)> {
    let offer = desk::choices(p).iter().find(|choice| choice.id == id)?;
    Some((offer.id.parse().ok()?, offer.title.clone()))
}

/// A code, while nothing else is open.
pub(crate) fn scan<P: Procedure>(
    p: &mut P,
    scanned: &Scanned,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let raw = scanned.raw.trim();
    if p.draft().hand.is_some() {
        match p.draft().need {
            Need::Lot(_) | Need::Expiry | Need::Serial => {
                return code_input::value_scan(p, scanned, view, ctx, out);
            }
            Need::Quantity | Need::ToBin | Need::Bin(_)
                if p.draft().hand.as_ref().is_some_and(|h| h.raw == raw) =>
            {
                again(p, scanned, view, ctx, out)?;
                return Ok(());
            }
            _ => {}
        }
    }
    let matches = match resolve(scanned, view)? {
        Resolved::Known(matches) => matches,
        Resolved::Faulty(code) => {
            out.refuse(code, [scanned.shown()]);
            return Ok(());
        }
        Resolved::Unknown => {
            if !p.take_unknown(scanned, view, ctx, out)? {
                open_unknown(p, scanned, out);
            }
            return Ok(());
        }
    };
    let order = matches.iter().find_map(|m| match m {
        Match::Order { id, .. } => Some(*id),
        _ => None,
    });
    if let Some(order) = order
        && p.draft().hand.is_none()
        && desk::take_order(p, order, view, out)?
    {
        return Ok(());
    }
    let carton = matches.iter().find_map(|m| match m {
        Match::Carton(carton) => Some(carton.clone()),
        _ => None,
    });
    if let Some(carton) = carton
        && p.take_carton(&carton, view, ctx, out)?
    {
        return Ok(());
    }
    let person = matches.iter().find_map(|m| match m {
        Match::Operator { id, name } => Some((id.clone(), name.clone())),
        _ => None,
    });
    if let Some((id, name)) = person
        && p.take_person(&id, &name, ctx, out)
    {
        return Ok(());
    }
    let wants_bin = matches!(p.draft().need, Need::Bin(_) | Need::ToBin);
    let Some(found) = choose_match(matches, wants_bin, p.draft().bin.is_some(), scanned, p) else {
        if p.draft().several.is_none() {
            out.refuse(FeedbackCode::WrongKindHere, [scanned.shown()]);
        }
        return Ok(());
    };
    p.draft_mut().last_raw = raw.to_owned();
    match found {
        Match::Bin(bin) => {
            p.draft_mut().last_good = bin.code.clone();
            return p.take_bin(bin, view, ctx, out);
        }
        Match::NewPlate(_) if p.take_unknown(scanned, view, ctx, out)? => return Ok(()),
        Match::NewPlate(_) if !p.takes_new_plates() => {
            open_unknown(p, scanned, out);
            return Ok(());
        }
        _ => {}
    }
    // Other goods end the line before them. If that line cannot be written yet, the scan is refused aloud.
    if p.draft().hand.as_ref().is_some_and(|h| h.item.is_some()) {
        if !put_down(p, view, ctx, out)? {
            return Ok(());
        }
        p.draft_mut().last_raw = raw.to_owned();
    }
    if let Some(refusal) = p.refuse_goods(&found, raw) {
        out.feedback = Some(refusal);
        return Ok(());
    }
    match found {
        Match::Item { item, pack } => take_item(p, scanned, item, pack, view, ctx, out),
        Match::Unit(unit) => take_unit(p, scanned, &unit, view, ctx, out),
        Match::NewPlate(plate) => take_plate(p, scanned, plate, view, ctx, out),
        Match::Bin(_) | Match::Carton(_) | Match::Operator { .. } | Match::Order { .. } => Ok(()),
    }
}

fn open_unknown<P: Procedure>(p: &mut P, scanned: &Scanned, out: &mut Out) {
    p.draft_mut().unknown = Some(Unknown {
        scanned: scanned.clone(),
        linking: false,
    });
    out.refuse(FeedbackCode::UnknownCode, [scanned.shown()]);
}

/// Of all that a code names, what is meant here. Several items are put up for choice.
fn choose_match<P: Procedure>(
    matches: Vec<Match>,
    wants_bin: bool,
    has_bin: bool,
    scanned: &Scanned,
    p: &mut P,
) -> Option<Match> {
    let (bins, goods): (Vec<Match>, Vec<Match>) = matches
        .into_iter()
        .filter(|m| {
            !matches!(
                m,
                Match::Carton(_) | Match::Operator { .. } | Match::Order { .. }
            )
        })
        .partition(|m| matches!(m, Match::Bin(_)));
    if wants_bin || goods.is_empty() || (!has_bin && !bins.is_empty()) {
        return bins.into_iter().next();
    }
    if let [one] = goods.as_slice() {
        return Some(one.clone());
    }
    // A unit says more than its item does.
    if let Some(unit) = goods.iter().find(|m| matches!(m, Match::Unit(_))) {
        return Some(unit.clone());
    }
    let items = goods.into_iter().filter_map(|m| match m {
        Match::Item { item, pack } => Some((item, pack)),
        _ => None,
    });
    p.draft_mut().several = Some(Several::new(scanned, items.collect()));
    None
}

/// A typed number.
pub(crate) fn quantity<P: Procedure>(
    p: &mut P,
    typed: Quantity,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let Some(hand) = p.draft_mut().hand.as_mut().filter(|h| h.item.is_some()) else {
        if !p.retype(typed, ctx, out) {
            prefix(p, typed, out);
        }
        return Ok(());
    };
    let lowest = smallest(hand.item.as_ref());
    if let Err(refusal) = hand.set_typed(typed, lowest) {
        out.feedback = Some(refusal);
        return Ok(());
    }
    out.accept(FeedbackCode::QuantitySet, [typed.to_string()]);
    advance(p, view, ctx, out)
}

/// "5" of "5 then scan".
pub(crate) fn prefix<P: Procedure>(p: &mut P, typed: Quantity, out: &mut Out) {
    let counts = p.counts_at_once();
    let lowest = if counts {
        Quantity::ZERO
    } else {
        smallest(None)
    };
    if typed < lowest || !typed.in_range() {
        out.feedback = Some(out_of_range(lowest, Quantity::LIMIT));
        return;
    }
    p.draft_mut().typed = Some(typed);
    out.accept(FeedbackCode::QuantitySet, [typed.to_string()]);
}

/// The line in hand takes no more scans.
pub(crate) fn close<P: Procedure>(
    p: &mut P,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    if let Some(hand) = &mut p.draft_mut().hand {
        hand.closed = true;
    }
    advance(p, view, ctx, out)?;
    // Until everything else is known, more of the same may be scanned.
    let draft = p.draft_mut();
    if let (Some(hand), None) = (&mut draft.hand, &draft.asked) {
        hand.closed = false;
    }
    Ok(())
}

/// Ends the line in hand, since something else was scanned. Returns whether that went; if not, it says what to do first.
pub(crate) fn put_down<P: Procedure>(
    p: &mut P,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<bool, ViewError> {
    if p.draft().hand.is_none() {
        return Ok(true);
    }
    close(p, view, ctx, out)?;
    match p.draft() {
        Draft { asked: Some(_), .. } => out.refuse(FeedbackCode::AnswerFirst, []),
        Draft { hand: Some(_), .. } => out.refuse(FeedbackCode::FinishLineFirst, []),
        _ => return Ok(true),
    }
    Ok(false)
}

/// Goes on as far as what is known allows: asks, doubts, or writes the line.
pub(crate) fn advance<P: Procedure + ?Sized>(
    p: &mut P,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    if p.draft().hand.as_ref().is_none_or(|h| h.item.is_none()) {
        p.draft_mut().need = Need::Goods;
        return Ok(());
    }
    if let Some(need) = p.missing(view)? {
        p.draft_mut().need = need;
        return Ok(());
    }
    let Some(hand) = p.draft().hand.clone() else {
        return Ok(());
    };
    if !hand.is_certain() {
        p.draft_mut().need = Need::Quantity;
        return Ok(());
    }
    let item = hand.item.as_ref();
    let sound =
        |a: &Quantity| *a > Quantity::ZERO && a.in_range() && item.is_none_or(|i| i.allows(*a));
    let zero_counts = p.counts_at_once() && hand.typed == Some(Quantity::ZERO);
    if !zero_counts && hand.amount().filter(sound).is_none() {
        if let Some(hand) = &mut p.draft_mut().hand {
            (hand.typed, hand.exactly, hand.whole) = (None, None, None);
            (hand.closed, hand.scans) = (false, 1);
        }
        p.draft_mut().need = Need::Quantity;
        out.feedback = Some(out_of_range(smallest(item), Quantity::LIMIT));
        return Ok(());
    }
    let doubt = p
        .doubts(view, ctx)?
        .into_iter()
        .find(|d| !hand.confirmed.contains(&d.code));
    if let Some(doubt) = doubt {
        p.draft_mut().ask(doubt.clone());
        if let Some(hand) = &mut p.draft_mut().hand {
            hand.closed = true;
        }
        out.feedback = Some(doubt);
        return Ok(());
    }
    p.write(view, ctx, out)?;
    p.draft_mut().drop_hand();
    Ok(())
}

fn take_back<P: Procedure>(p: &mut P, last: Option<&Undoable>, out: &mut Out) {
    let draft = p.draft_mut();
    if draft.hand.is_some() {
        let name = draft.last_good.clone();
        draft.drop_hand();
        out.accept(FeedbackCode::Undone, [name]);
    } else if let Some(typed) = draft.typed.take() {
        out.accept(FeedbackCode::Undone, [typed.to_string()]);
    } else if !p.undo_own(out) {
        match undo(last) {
            Ok((event, feedback)) => {
                out.write(event);
                out.feedback = Some(feedback);
                p.draft_mut().mark_reversed();
            }
            Err(refusal) => out.feedback = Some(refusal),
        }
    }
}

/// A day as people type it: 2027-03-31, 20270331 or 2027/3/31.
pub(crate) fn parse_day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"]
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .filter(|day| (2000..2200).contains(&chrono::Datelike::year(day)))
}
