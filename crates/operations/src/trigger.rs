//! Several codes of one pull of the trigger: which of them the step under way means.
//!
//! A label carries the item, its lot, a carrier's number and the supplier's pallet; many scanners send all that they saw.
//! The step itself sorts them: each code is tried on the work, and what the step asks for goes before what it would take
//! besides. What fits nowhere is left aside as long as something fits.

use domain::{BinId, ItemId, OrderId, Quantity, UnitId};

use crate::codes::{FeedbackCode, Outcome, PromptCode};
use crate::context::Context;
use crate::resolve::{Match, Resolved, resolve};
use crate::scanned::{CodeFields, Scanned, gtin_check_digit_is_right, spellings};
use crate::screen::{Feedback, Input, Step};
use crate::site_view::{SiteView, ViewError};
use crate::task::Task;

/// What the codes of one trigger come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// This one is meant, and so the work goes on. GS1 codes that complete each other are one.
    Taken(Chosen),
    /// Two of them fit equally well: the refusal.
    Several(Feedback),
    /// None fits: what the work says to the one that it knows best.
    Refused(Chosen),
}

/// A code, and what it leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The work with that code.
    pub step: Box<Step>,
    /// The code.
    pub code: Scanned,
    /// How many of the codes say something else.
    pub aside: usize,
}

/// What becomes of a code that comes right behind one that was taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// It is a scan of its own.
    Own(Chosen),
    /// With what was taken before it says more, or it fits better: the work as it was before goes on so instead.
    Instead(Chosen),
    /// It fits as well as what was taken: the work as it was before, and the refusal.
    Several(Feedback),
    /// It says nothing that is wanted.
    Aside,
}

/// What a code names, told apart as far as two codes of one label can contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    Bin(BinId),
    Item(ItemId, Quantity, CodeFields),
    Unit(UnitId),
    Plate(UnitId),
    Order(OrderId),
    Person(String),
    Text(String),
}

impl Meaning {
    fn is_goods(&self) -> bool {
        matches!(self, Self::Item(..) | Self::Unit(_))
    }

    /// Whether both can be of one and the same thing.
    fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Item(item, pack, fields), Self::Item(other, of, theirs)) => {
                (item, pack) == (other, of) && joined(fields, theirs).is_some()
            }
            _ => self == other,
        }
    }

    /// How many fields it has besides the name.
    fn detail(&self) -> usize {
        let Self::Item(_, _, fields) = self else {
            return 0;
        };
        let said = [
            fields.lot.is_some(),
            fields.expiry.is_some(),
            fields.serial.is_some(),
            fields.count.is_some(),
        ];
        said.into_iter().filter(|said| *said).count()
    }

    fn is_like(&self, other: &Self) -> bool {
        self.is_goods() && other.is_goods()
            || std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// What the step asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Bin,
    Goods,
    /// The name of the next unit.
    Name,
    Lot,
    Expiry,
    Serial,
    Anything,
}

fn wanted(task: &Task) -> Wanted {
    use PromptCode::*;
    match task.prompt().code {
        ScanBin | ScanFromBin | ScanToBin | ScanBinOrDone | ScanStage | ScanWaitingBin
        | ScanApartBin | ChooseBin | ChooseFace | GoToBin | PutInto => Wanted::Bin,
        ScanItem | ScanItemOrDone | PickItem | EnterQuantity | LinkScanItem => Wanted::Goods,
        ScanNextUnit | ScanCarton => Wanted::Name,
        EnterLot | ChooseLot => Wanted::Lot,
        EnterExpiry => Wanted::Expiry,
        EnterSerial => Wanted::Serial,
        _ => Wanted::Anything,
    }
}

/// How well a code fits a step, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// The step takes it.
    taken: bool,
    /// 2: the step asks for such a code; 1: for something that it may be; 0: it does not.
    wanted: u8,
    /// Without a question.
    plain: bool,
}

/// A code, or several that complete each other, tried on the work.
struct Tried {
    code: Scanned,
    /// How many codes it was put together from.
    parts: usize,
    meaning: Meaning,
    fit: Fit,
    step: Step,
}

impl Tried {
    fn chosen(self, aside: usize) -> Chosen {
        Chosen {
            step: Box::new(self.step),
            code: self.code,
            aside,
        }
    }
}

/// Finds the code that the step asks for among those of one trigger. `codes`: at least one, as they came.
///
/// # Errors
/// Those of the view.
pub fn choose(
    task: &Task,
    codes: &[Scanned],
    view: &dyn SiteView,
    ctx: &Context,
) -> Result<Choice, ViewError> {
    let mut tried = Vec::new();
    for (code, parts) in merged(codes) {
        tried.push(try_on(task, code, parts, view, ctx)?);
    }
    let best = tried.iter().map(|t| t.fit).max();
    let fits = |t: &&Tried| Some(t.fit) == best;
    // Of those that fit, the one that says most; of those that do not, one that is known.
    let known = |t: &Tried| !matches!(t.meaning, Meaning::Text(_));
    let worth = |t: &Tried| (known(t), t.meaning.detail());
    let most = tried.iter().filter(fits).map(worth).max();
    let Some(at) = tried
        .iter()
        .position(|t| fits(&t) && Some(worth(t)) == most)
    else {
        return Ok(Choice::Several(several(codes, &[])));
    };
    let chosen = &tried[at];
    let taken = chosen.fit.taken;
    let agrees = |t: &&Tried| t.meaning.agrees(&chosen.meaning);
    if let Some(rival) = tried.iter().filter(fits).find(|t| taken && !agrees(t)) {
        let rivals = [&chosen.code, &rival.code];
        return Ok(Choice::Several(several(codes, &rivals)));
    }
    let said: usize = tried.iter().filter(agrees).map(|t| t.parts).sum();
    let chosen = tried.swap_remove(at).chosen(codes.len() - said);
    Ok(match taken {
        true => Choice::Taken(chosen),
        false => Choice::Refused(chosen),
    })
}

/// Judges a code that came right behind one that was taken. `before`: the work as it was before that, as long as nothing was
/// written since; `taken`: what was taken of this trigger, in order; `one_label`: it is certain that all of them were seen at
/// once. Otherwise other goods are goods of their own: a fast scanner must not lose any.
///
/// # Errors
/// Those of the view.
pub fn follow(
    before: Option<&Task>,
    now: &Task,
    taken: &[Scanned],
    next: &Scanned,
    one_label: bool,
    view: &dyn SiteView,
    ctx: &Context,
) -> Result<Next, ViewError> {
    let is_wanted = wanted(before.unwrap_or(now));
    let meaning = meaning_of(next, is_wanted, view)?;
    let mut last_meaning = meaning.clone();
    for code in taken {
        last_meaning = meaning_of(code, is_wanted, view)?;
        if last_meaning == meaning {
            return Ok(Next::Aside);
        }
    }
    let both = [taken.last().unwrap_or(next).clone(), next.clone()];
    let complete = meaning.agrees(&last_meaning) || merged(&both).len() == 1;
    let own_goods = !one_label && !complete && meaning.is_goods() && last_meaning.is_goods();
    if let Some(before) = before.filter(|_| !own_goods) {
        match choose(before, &both, view, ctx)? {
            Choice::Taken(chosen) if chosen.code != both[0] => return Ok(Next::Instead(chosen)),
            Choice::Several(refusal) if meaning.is_like(&last_meaning) => {
                return Ok(Next::Several(refusal));
            }
            _ => {}
        }
    }
    let tried = try_on(now, next.clone(), 1, view, ctx)?;
    let asked_for = tried.fit.wanted == 2 && !meaning.is_like(&last_meaning);
    Ok(match tried.fit.taken && (own_goods || asked_for) {
        true => Next::Own(tried.chosen(0)),
        false => Next::Aside,
    })
}

fn try_on(
    task: &Task,
    code: Scanned,
    parts: usize,
    view: &dyn SiteView,
    ctx: &Context,
) -> Result<Tried, ViewError> {
    let is_wanted = wanted(task);
    let meaning = meaning_of(&code, is_wanted, view)?;
    let step = task.handle(Input::Scan(code.clone()), view, ctx)?;
    let outcome = step.feedback.as_ref().map(|f| f.outcome);
    let fit = match outcome {
        Some(Outcome::Refused) => Fit {
            taken: false,
            wanted: 0,
            plain: false,
        },
        _ => Fit {
            taken: true,
            wanted: rank(&code, &meaning, is_wanted),
            plain: outcome != Some(Outcome::Attention),
        },
    };
    Ok(Tried {
        code,
        parts,
        meaning,
        fit,
        step,
    })
}

/// As [`Fit::wanted`] has it.
fn rank(code: &Scanned, meaning: &Meaning, wanted: Wanted) -> u8 {
    // A bare text may be the value that is asked for, but a code that says so is it.
    let value = |says_so: bool| match meaning {
        _ if says_so => 2,
        Meaning::Text(_) => 1,
        _ => 0,
    };
    match (wanted, meaning) {
        (Wanted::Lot, _) => value(code.fields.lot.is_some()),
        (Wanted::Expiry, _) => value(code.fields.expiry.is_some()),
        (Wanted::Serial, _) => value(code.fields.serial.is_some()),
        (Wanted::Bin, Meaning::Bin(_)) => 2,
        (Wanted::Goods, meaning) if meaning.is_goods() => 2,
        (Wanted::Goods, Meaning::Plate(_)) => 1,
        (Wanted::Name, Meaning::Plate(_) | Meaning::Unit(_)) => 2,
        (Wanted::Name, Meaning::Text(_)) => 1,
        (Wanted::Anything, Meaning::Text(_)) => 1,
        (Wanted::Anything, _) => 2,
        _ => 0,
    }
}

/// Of all that a code names, what the step is about.
fn meaning_of(code: &Scanned, wanted: Wanted, view: &dyn SiteView) -> Result<Meaning, ViewError> {
    let matches = match resolve(code, view)? {
        Resolved::Known(matches) => matches,
        Resolved::Faulty(_) | Resolved::Unknown => Vec::new(),
    };
    let meant = |found: &&Match| match wanted {
        Wanted::Bin => matches!(found, Match::Bin(_)),
        Wanted::Goods => matches!(found, Match::Item { .. } | Match::Unit(_)),
        _ => false,
    };
    let found = matches.iter().find(meant).or(matches.first());
    Ok(match found {
        Some(Match::Bin(bin)) => Meaning::Bin(bin.id),
        Some(Match::Item { item, pack }) => {
            let fields = CodeFields {
                gtin: None,
                item_codes: Vec::new(),
                ..code.fields.clone()
            };
            Meaning::Item(item.id, *pack, fields)
        }
        Some(Match::Unit(unit)) => Meaning::Unit(unit.id.clone()),
        Some(Match::NewPlate(plate)) => Meaning::Plate(plate.clone()),
        Some(Match::Carton(carton)) => Meaning::Plate(carton.plate.clone()),
        Some(Match::Order { id, .. }) => Meaning::Order(*id),
        Some(Match::Operator { id, .. }) => Meaning::Person(id.clone()),
        None => Meaning::Text(code.raw.trim().to_owned()),
    })
}

fn several(codes: &[Scanned], named: &[&Scanned]) -> Feedback {
    let mut shown = named.iter().map(|code| code.shown());
    let args = [
        codes.len().to_string(),
        shown.next().unwrap_or_default(),
        shown.next().unwrap_or_default(),
    ];
    Feedback::refused(FeedbackCode::SeveralCodes, args)
}

/// The codes, those that complete each other put together: the GTIN in one symbol, lot and day in another. Each with how many
/// it was put together from. Where they contradict each other nothing is put together.
fn merged(codes: &[Scanned]) -> Vec<(Scanned, usize)> {
    let alone = || codes.iter().map(|code| (code.clone(), 1)).collect();
    let part = |code: &&Scanned| {
        let fields = fields(code);
        code.fault.is_none() && fields.sscc.is_none() && fields != CodeFields::default()
    };
    let parts = codes.iter().filter(part).count();
    let Some(of_goods) = codes.iter().filter(part).find(|c| names_item(&fields(c))) else {
        return alone();
    };
    let mut whole = of_goods.clone();
    whole.fields = CodeFields::default();
    for code in codes.iter().filter(part) {
        match joined(&whole.fields, &fields(code)) {
            Some(fields) => whole.fields = fields,
            None => return alone(),
        }
    }
    if parts < 2 {
        return alone();
    }
    let rest = codes.iter().filter(|code| !part(code));
    let rest = rest.map(|code| (code.clone(), 1));
    [(whole, parts)].into_iter().chain(rest).collect()
}

fn names_item(fields: &CodeFields) -> bool {
    fields.gtin.is_some() || !fields.item_codes.is_empty()
}

/// What a code says; a wedge scanner does not say that a bare number is a GTIN.
fn fields(code: &Scanned) -> CodeFields {
    let raw = code.raw.trim();
    let bare = code.fields == CodeFields::default() && gtin_check_digit_is_right(raw) == Some(true);
    CodeFields {
        gtin: code
            .fields
            .gtin
            .clone()
            .or_else(|| bare.then(|| raw.to_owned())),
        ..code.fields.clone()
    }
}

/// Both together; `None` where they contradict each other.
fn joined(a: &CodeFields, b: &CodeFields) -> Option<CodeFields> {
    fn either<T: Clone + PartialEq>(a: &Option<T>, b: &Option<T>) -> Option<Option<T>> {
        match (a, b) {
            (Some(a), Some(b)) if a != b => None,
            _ => Some(a.clone().or_else(|| b.clone())),
        }
    }
    let gtin = match (&a.gtin, &b.gtin) {
        (Some(a), Some(b)) => spellings(a).contains(b).then(|| Some(a.clone()))?,
        _ => a.gtin.clone().or_else(|| b.gtin.clone()),
    };
    let item_codes = match (a.item_codes.as_slice(), b.item_codes.as_slice()) {
        (codes, []) | ([], codes) => codes.to_vec(),
        (codes, others) if codes == others => codes.to_vec(),
        _ => return None,
    };
    Some(CodeFields {
        gtin,
        item_codes,
        sscc: None,
        lot: either(&a.lot, &b.lot)?,
        expiry: either(&a.expiry, &b.expiry)?,
        serial: either(&a.serial, &b.serial)?,
        count: either(&a.count, &b.count)?,
    })
}
