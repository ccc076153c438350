//! One item, one bin, one unit.

use domain::ledger::{Subject, UnitStatus};
use domain::{BinId, ItemId, Quantity, UnitId};

use super::ConsoleData;
use super::events::unit_ref;
use super::names::{item_named, zone_named};
use super::stock::Moment;
use crate::console::view::{BinView, ItemView, UnitView};
use crate::error::AppError;

/// So many events of the past are shown; the feed has the rest.
const HISTORY_MAX: u32 = 100;

impl ConsoleData {
    /// An item, with its stock at that moment.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn item(&self, id: ItemId, moment: Moment) -> Result<ItemView, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let item = q.item(id)?.ok_or(AppError::NotFound)?;
            let (stock, committed) = self.piles_of(q, moment, id)?;
            let mut history = Vec::new();
            for site in q.sites()? {
                history.extend(q.history_of_item(site.id, id, HISTORY_MAX)?);
            }
            history.sort_by_key(|row| std::cmp::Reverse(row.placed.place));
            history.truncate(HISTORY_MAX as usize);
            let tracks = [
                ("lot", item.tracks_lot),
                ("serial", item.tracks_serial),
                ("expiry", item.tracks_expiry),
            ];
            Ok(ItemView {
                id,
                item: item_named(&item),
                base_unit: item.unit.clone(),
                barcodes: item.barcodes.clone().into_iter().collect(),
                tracks: tracks
                    .into_iter()
                    .filter_map(|(code, on)| on.then_some(code))
                    .collect(),
                least: item.handling.min_stock,
                class: item.handling.class,
                owner: item.owner.map(|owner| names.customer(owner)).transpose()?,
                total: stock
                    .iter()
                    .fold(Quantity::ZERO, |sum, pile| sum.plus(pile.quantity)),
                stock,
                committed,
                history: names.events(&history)?,
            })
        })
    }

    /// A bin, with its stock at that moment.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn bin(&self, id: BinId, moment: Moment) -> Result<BinView, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let bin = q.bin(id)?.ok_or(AppError::NotFound)?;
            let zone = q
                .zones(bin.site)?
                .into_iter()
                .find(|zone| zone.id == bin.zone)
                .map(|zone| zone_named(&zone));
            Ok(BinView {
                bin: names.bin(id)?,
                zone,
                site: names.site(bin.site)?,
                stock: self.piles_in(q, moment, bin.site, id)?,
                history: names.events(&q.history_of_bin(id, HISTORY_MAX)?)?,
            })
        })
    }

    /// A unit: a licence plate or a serial number.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn unit(&self, id: &UnitId) -> Result<UnitView, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let sites = q.sites_of_unit(id)?;
            let site = *sites.first().ok_or(AppError::NotFound)?;
            let row = q.unit(site, id)?.ok_or(AppError::NotFound)?;
            let (item, base_unit) = names.item(row.state.goods.item)?;
            let subject = Subject::Unit(id.clone());
            let history = q.history(site, &subject, HISTORY_MAX)?;
            Ok(UnitView {
                unit: unit_ref(id),
                item,
                quantity: row.state.quantity,
                base_unit,
                bin: names.bin(row.state.bin)?,
                status: match row.state.status {
                    UnitStatus::Stored => "stored",
                    UnitStatus::Issued => "issued",
                },
                stale: names.stale(site)?.covers(&subject),
                history: names.events(&history)?,
            })
        })
    }
}
