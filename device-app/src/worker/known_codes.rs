//! What this device knows, for telling readings of one code apart.

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{ItemId, UnitId};
use operations::{Scanned, SiteView};
use scan::Payload;
use scan::gs1::{Known, Separators};

use super::codes_read;
use super::machine::Worker;
use super::stock_view::StockView;

/// The catalogue and the book of this site. What cannot be read counts as unknown: it is only asked to choose.
struct KnownHere<'a> {
    view: StockView<'a>,
    today: NaiveDate,
    separators: Separators,
    /// What the GTINs that were asked for name; a code is cut in many ways, but has one GTIN.
    goods: RefCell<BTreeMap<String, Goods>>,
}

/// Items and their lots.
#[derive(Clone, Default)]
struct Goods {
    items: Vec<ItemId>,
    lots: Vec<String>,
}

impl KnownHere<'_> {
    fn of_gtin<T>(&self, gtin: &str, ask: impl FnOnce(&Goods) -> T) -> T {
        let mut known = self.goods.borrow_mut();
        let goods = known.entry(gtin.to_owned()).or_insert_with(|| {
            let found = operations::items_with_gtin(gtin, &self.view).unwrap_or_default();
            let items: Vec<ItemId> = found.into_iter().map(|(item, _)| item.id).collect();
            let lots = items
                .iter()
                .flat_map(|item| self.view.lots_of(*item).unwrap_or_default());
            Goods {
                lots: lots.collect(),
                items,
            }
        });
        ask(goods)
    }
}

impl Known for KnownHere<'_> {
    fn gtin(&self, gtin: &str) -> bool {
        self.of_gtin(gtin, |goods| !goods.items.is_empty())
    }

    fn lot(&self, gtin: &str, lot: &str) -> bool {
        self.of_gtin(gtin, |goods| goods.lots.iter().any(|known| known == lot))
    }

    fn serial(&self, gtin: &str, serial: &str) -> bool {
        let is_known = |item: &ItemId| self.view.unit(&UnitId::serial(*item, serial));
        self.of_gtin(gtin, |goods| {
            goods
                .items
                .iter()
                .any(|item| is_known(item).is_ok_and(|unit| unit.is_some()))
        })
    }

    fn sscc(&self, sscc: &str) -> bool {
        let plate = UnitId::plate(sscc);
        self.view.unit(&plate).is_ok_and(|unit| unit.is_some())
            || self
                .view
                .carton(&plate)
                .is_ok_and(|carton| carton.is_some())
            || self.view.arriving(&plate).is_ok_and(|unit| unit.is_some())
    }

    fn today(&self) -> NaiveDate {
        self.today
    }

    fn separators(&self) -> Separators {
        self.separators
    }
}

impl Worker {
    /// All that a payload may say; see [`codes_read::readings`].
    pub(crate) fn readings(&self, payload: &Payload, year: i32) -> Vec<Scanned> {
        let known = self.stock_view().map(|view| KnownHere {
            view,
            today: self.site_clock.today(self.now()),
            separators: self.separators(),
            goods: RefCell::default(),
        });
        codes_read::readings(
            payload,
            year,
            &self.patterns,
            known.as_ref().map(|known| known as &dyn Known),
        )
    }

    /// Whether this device's scanner sends them, as far as it was learnt.
    fn separators(&self) -> Separators {
        match self
            .settings
            .scanner
            .as_ref()
            .map(|kept| kept.loses_separators())
        {
            Some(true) => Separators::Lost,
            Some(false) => Separators::Kept,
            None => Separators::Unknown,
        }
    }
}
