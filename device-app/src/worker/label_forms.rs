//! Labels of items, bins and units, filled from the replica. Names come from the catalogue, words from the screen.

use std::collections::BTreeSet;

use domain::{BinId, ItemId, OrderId, Quantity, UnitId};
use labels::template::{BinLabel, ItemLabel, PlateLabel, UnitLabel};
use labels::{Label, Stock};
use replica::ReplicaError;

use super::look_up::About;
use super::machine::Worker;
use crate::view::{LabelWords, Language};

/// A label, and what a person knows it by.
pub(crate) struct Form {
    pub(crate) title: String,
    pub(crate) label: Label,
}

impl Worker {
    /// The label of a thing; `None` for what has none, or is no longer known.
    pub(crate) fn label_of(
        &self,
        about: &About,
        stock: Stock,
        words: &LabelWords,
    ) -> Result<Option<Form>, ReplicaError> {
        match about {
            About::Item(id) => self.item_label(*id, stock),
            About::Bin(id) => self.bin_label(*id, stock),
            About::Unit(id) => match self.piece_label(id, stock, words)? {
                Some(form) => Ok(Some(form)),
                None => self.unit_label(id, stock, words),
            },
            About::Carton(plate) => self.carton_label(plate, stock, words),
            // Its label stands on it, printed where it was packed.
            About::Arriving(_) | About::Order(_) => Ok(None),
        }
    }

    fn item_label(&self, id: ItemId, stock: Stock) -> Result<Option<Form>, ReplicaError> {
        let Some(view) = self.stock_view() else {
            return Ok(None);
        };
        let item = view.item_or_unnamed(id)?;
        // The barcode of one piece if there is one: a scan of it must not count as a box.
        let barcodes = view.query.item(id)?.map(|item| item.barcodes);
        let scan = barcodes
            .into_iter()
            .flatten()
            .find(|(_, pack)| *pack == Quantity::ONE)
            .map(|(code, _)| code);
        let name = item.name(self.names()).to_owned();
        let label = ItemLabel {
            name: name.clone(),
            details: scan.clone().into_iter().collect(),
            scan: scan.unwrap_or_else(|| item.sku.clone()),
            code: item.sku,
        };
        Ok(Some(Form {
            title: name,
            label: label.on(stock),
        }))
    }

    fn bin_label(&self, id: BinId, stock: Stock) -> Result<Option<Form>, ReplicaError> {
        let (Some(view), Some(site)) = (self.stock_view(), self.site) else {
            return Ok(None);
        };
        let Some(bin) = view.query.bin(id)?.filter(|bin| bin.site == site) else {
            return Ok(None);
        };
        let zones = view.query.zones(site)?;
        let zone = zones.into_iter().find(|zone| zone.id == bin.zone);
        let note = zone.map(|zone| {
            let (first, second) = match self.settings.language() {
                Language::English => (zone.name_en, zone.name_zh),
                Language::Chinese => (zone.name_zh, zone.name_en),
            };
            let mut names = [first, second, zone.code].into_iter();
            names.find(|name| !name.is_empty()).unwrap_or_default()
        });
        let label = BinLabel {
            scan: bin.code.clone(),
            code: bin.code.clone(),
            place: self.site_name()?,
            note: note.unwrap_or_default(),
        };
        Ok(Some(Form {
            title: bin.code,
            label: label.on(stock),
        }))
    }

    fn unit_label(
        &self,
        id: &UnitId,
        stock: Stock,
        words: &LabelWords,
    ) -> Result<Option<Form>, ReplicaError> {
        let (Some(view), Some(site)) = (self.stock_view(), self.site) else {
            return Ok(None);
        };
        let Some(row) = view.query.unit(site, id)? else {
            return Ok(None);
        };
        let unit = view.unit_facts(row)?;
        let item_name = unit.item.name(self.names()).to_owned();
        let code = id.printed().to_owned();
        let lot = unit.goods.lot.map(|lot| named(&words.lot, &lot));
        let expiry = unit.goods.expiry.map(|day| named(&words.expiry, &day));
        let is_plate = id.as_str() == id.printed();
        let label = if is_plate {
            let mut details = vec![item_name];
            if !view.hides(unit.bin.id)? {
                let quantity = format!("{} {}", unit.quantity, unit.item.unit);
                details.push(named(&words.quantity, &quantity.trim_end()));
            }
            details.extend(lot.into_iter().chain(expiry));
            PlateLabel {
                heading: words.plate.clone(),
                code: code.clone(),
                details,
            }
            .on(stock)
        } else {
            UnitLabel {
                item_name,
                scan: code.clone(),
                serial: code.clone(),
                details: lot.into_iter().chain(expiry).collect(),
            }
            .on(stock)
        };
        Ok(Some(Form { title: code, label }))
    }

    /// The label of a carton says for whom it is. What is in it may still change.
    fn carton_label(
        &self,
        plate: &UnitId,
        stock: Stock,
        words: &LabelWords,
    ) -> Result<Option<Form>, ReplicaError> {
        let (Some(view), Some(site)) = (self.stock_view(), self.site) else {
            return Ok(None);
        };
        let contents = view.query.carton(site, plate)?;
        if contents.is_empty() {
            return Ok(None);
        }
        let lines = contents.iter().filter_map(|(key, _)| key.order);
        let orders: BTreeSet<OrderId> = lines.map(|line| line.order).collect();
        let mut details = Vec::new();
        for order in orders {
            if let Some(order) = view.query.order(order)? {
                details.extend([order.code, order.party]);
            }
        }
        details.retain(|detail| !detail.is_empty());
        let code = plate.printed().to_owned();
        let label = PlateLabel {
            heading: words.plate.clone(),
            code: code.clone(),
            details,
        };
        Ok(Some(Form {
            title: code,
            label: label.on(stock),
        }))
    }

    /// A label that shows what was set.
    pub(crate) fn test_label(&self, stock: Stock, words: &LabelWords) -> Form {
        let printer = &self.printing.settings;
        let size = format!("{} × {} mm", printer.width_mm, printer.height_mm);
        let device = self.replica.identity().map(|i| i.device_name.clone());
        let label = ItemLabel {
            name: words.test.clone(),
            code: size,
            scan: "TALLYMAN-TEST".to_owned(),
            details: device.into_iter().collect(),
        };
        Form {
            title: words.test.clone(),
            label: label.on(stock),
        }
    }
}

pub(super) fn named(word: &str, value: &impl std::fmt::Display) -> String {
    format!("{word} {value}").trim_start().to_owned()
}
