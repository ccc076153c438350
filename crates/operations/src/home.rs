//! The home screen takes any code and opens what fits.

use domain::ticket::ClaimCode;
use domain::{OrderId, OrderStep, OrderType, Quantity};

use crate::codes::Operation;
use crate::context::Context;
use crate::resolve::{Match, Resolved, resolve};
use crate::scanned::Scanned;
use crate::screen::{Feedback, Input, Step};
use crate::site_view::{OrderFacts, SiteView, ViewError};
use crate::task::Task;

/// What a scan on the home screen leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// Work that has taken the scan already.
    Open(Box<Step>),
    /// A person's badge: somebody else wants to sign in.
    Badge {
        /// Operator's id as text.
        id: String,
        /// Name.
        name: String,
    },
    /// The code itself is wrong.
    Refused(Feedback),
}

/// Finds what a code opens: a claim ticket begins a release; new plates and items without stock are received, or counted where no stock is known; goods and bins that are here are looked
/// up, with what can be done offered; a code that nobody knows is put up for choice.
///
/// # Errors
/// Those of the view.
pub fn route(scanned: &Scanned, view: &dyn SiteView, ctx: &Context) -> Result<Route, ViewError> {
    // A ticket may be an address, which is no code of goods.
    if ClaimCode::parse(&scanned.raw).is_ok() {
        let input = Input::Scan(scanned.clone());
        let step = Task::start(Operation::Release).handle(input, view, ctx)?;
        return Ok(Route::Open(Box::new(step)));
    }
    let operation = match resolve(scanned, view)? {
        Resolved::Faulty(code) => {
            return Ok(Route::Refused(Feedback::refused(code, [scanned.shown()])));
        }
        Resolved::Unknown => Operation::LookUp,
        Resolved::Known(matches) => match matches.as_slice() {
            [Match::Operator { id, name }] => {
                return Ok(Route::Badge {
                    id: id.clone(),
                    name: name.clone(),
                });
            }
            [Match::NewPlate(_)] if !view.knows_stock() => Operation::Count,
            [Match::NewPlate(_)] => Operation::Receive,
            [Match::Order { id, kind }, ..] => of_order(*id, *kind, view)?,
            [Match::Item { item, .. }] if view.knows_stock() => {
                let here = view.stock_of_item(item.id)?;
                if here.iter().any(|p| p.balance > Quantity::ZERO) {
                    Operation::LookUp
                } else {
                    Operation::Receive
                }
            }
            _ => Operation::LookUp,
        },
    };
    let step = Task::start(operation).handle(Input::Scan(scanned.clone()), view, ctx)?;
    Ok(Route::Open(Box::new(step)))
}

/// The step of an order that is to be done next.
fn of_order(id: OrderId, kind: OrderType, view: &dyn SiteView) -> Result<Operation, ViewError> {
    Ok(match kind {
        OrderType::Inbound => Operation::Receive,
        OrderType::Outbound | OrderType::Transfer => {
            let is_picked = view.order(id, OrderStep::Pick)?.is_some_and(|o| o.finished);
            // Not every site packs: who has begun goes on.
            let is_packing =
                |o: OrderFacts| !o.finished && o.lines.iter().any(|l| l.done > Quantity::ZERO);
            match view.order(id, OrderStep::Pack)?.is_some_and(is_packing) {
                _ if !is_picked => Operation::Pick,
                true => Operation::Pack,
                false => Operation::Issue,
            }
        }
        OrderType::Count => Operation::Count,
    })
}
