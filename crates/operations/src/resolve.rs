//! What a code names at this site.

use domain::{OrderId, OrderType, Quantity, UnitId};

use crate::codes::FeedbackCode;
use crate::scanned::{CodeFault, Scanned, gtin_check_digit_is_right, spellings};
use crate::site_view::{BinFacts, CartonFacts, ItemFacts, SiteView, UnitFacts, ViewError};

/// One thing that a code may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// An item, and the base units that one scan stands for.
    Item {
        /// Which.
        item: ItemFacts,
        /// Base units.
        pack: Quantity,
    },
    /// A bin.
    Bin(BinFacts),
    /// A unit that the book knows.
    Unit(Box<UnitFacts>),
    /// A licence plate that the book does not know yet, such as a new SSCC.
    NewPlate(UnitId),
    /// A carton into which goods were packed.
    Carton(CartonFacts),
    /// An order's number.
    Order {
        /// Which.
        id: OrderId,
        /// What it is about.
        kind: OrderType,
    },
    /// A person's badge.
    Operator {
        /// Id as text.
        id: String,
        /// Name.
        name: String,
    },
}

/// The answer for one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// At least one thing.
    Known(Vec<Match>),
    /// The code itself is wrong.
    Faulty(FeedbackCode),
    /// A sound code that nobody knows.
    Unknown,
}

/// Finds everything that a code names.
///
/// # Errors
/// Those of the view.
pub fn resolve(scanned: &Scanned, view: &dyn SiteView) -> Result<Resolved, ViewError> {
    let raw = scanned.raw.trim();
    let mut matches = Vec::new();
    if raw.is_empty() {
        return Ok(Resolved::Faulty(FeedbackCode::UnknownCode));
    }
    if let Some(sscc) = &scanned.fields.sscc {
        let plate = UnitId::plate(sscc);
        matches.push(match (view.unit(&plate)?, view.carton(&plate)?) {
            (Some(unit), _) => Match::Unit(Box::new(unit)),
            (None, Some(carton)) => Match::Carton(carton),
            (None, None) => Match::NewPlate(plate),
        });
        return Ok(Resolved::Known(matches));
    }
    let codes = scanned.fields.gtin.iter().chain(&scanned.fields.item_codes);
    for code in codes {
        if matches.is_empty() {
            for (item, pack) in items_with_gtin(code, view)? {
                matches.push(of_item(scanned, item, pack, view)?);
            }
        }
    }
    if matches.is_empty() {
        matches.extend(view.bin_with_code(raw)?.map(Match::Bin));
        for (item, pack) in items_with_gtin(raw, view)? {
            matches.push(Match::Item { item, pack });
        }
        let units = view.units_named(raw)?;
        matches.extend(units.into_iter().map(|u| Match::Unit(Box::new(u))));
        let carton = view.carton(&UnitId::plate(raw))?;
        matches.extend(carton.map(Match::Carton));
        let orders = view.orders_with_code(raw)?;
        matches.extend(
            orders
                .into_iter()
                .map(|(id, kind)| Match::Order { id, kind }),
        );
        let badge = view.operator_with_badge(raw)?;
        matches.extend(badge.map(|(id, name)| Match::Operator { id, name }));
    }
    if !matches.is_empty() {
        return Ok(Resolved::Known(matches));
    }
    let fault = scanned.fault.or_else(|| {
        (gtin_check_digit_is_right(raw) == Some(false)).then_some(CodeFault::WrongCheckDigit)
    });
    Ok(match fault {
        Some(CodeFault::WrongCheckDigit) => Resolved::Faulty(FeedbackCode::WrongCheckDigit),
        Some(CodeFault::MalformedGs1) => Resolved::Faulty(FeedbackCode::MalformedGs1),
        Some(CodeFault::CompressedLink) => Resolved::Faulty(FeedbackCode::CompressedLink),
        Some(CodeFault::Malformed) => Resolved::Faulty(FeedbackCode::MalformedCode),
        None => Resolved::Unknown,
    })
}

/// The items that a code names in any length in which a GTIN may be written, each with the base units of one scan.
///
/// # Errors
/// Those of the view.
pub fn items_with_gtin(
    code: &str,
    view: &dyn SiteView,
) -> Result<Vec<(ItemFacts, Quantity)>, ViewError> {
    for spelling in spellings(code) {
        let found = view.items_with_code(&spelling)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// An item, or the very unit where the code carries a serial number that the book knows.
fn of_item(
    scanned: &Scanned,
    item: ItemFacts,
    pack: Quantity,
    view: &dyn SiteView,
) -> Result<Match, ViewError> {
    if item.tracks_serial
        && let Some(serial) = &scanned.fields.serial
        && let Some(unit) = view.unit(&UnitId::serial(item.id, serial))?
    {
        return Ok(Match::Unit(Box::new(unit)));
    }
    Ok(Match::Item { item, pack })
}
