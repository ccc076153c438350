//! Lists as tables of text, for CSV.

use domain::ledger::ExceptionStatus;
use replica::query::{EventFilter, ExceptionFilter};

use super::ConsoleData;
use crate::console::import::{Kind, headers};
use crate::console::words;
use crate::error::AppError;
use crate::i18n::Lang;

/// No export has more rows; larger ones are for the API.
const ROWS_MAX: u32 = 200_000;

/// Keys of the headings of exported events.
pub const EVENT_HEADERS: [&str; 12] = [
    "col.what",
    "filter.event",
    "col.sku",
    "col.item",
    "col.lot",
    "col.quantity",
    "col.bin",
    "col.to-bin",
    "fact.operator",
    "fact.device",
    "fact.device-time",
    "fact.arrived",
];

/// A heading and rows.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The headings.
    pub headings: Vec<String>,
    /// The rows, each as long as the heading.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn with_columns(kind: Kind, lang: Lang) -> Self {
        let headings = headers(kind, lang == Lang::Zh);
        Self {
            headings: headings.into_iter().map(str::to_owned).collect(),
            rows: Vec::new(),
        }
    }
}

fn yes(on: bool, lang: Lang) -> String {
    lang.t(if on { "yes" } else { "no" }).to_owned()
}

/// A number that nobody has said is left empty.
fn known(number: i64) -> String {
    match number {
        0 => String::new(),
        number => number.to_string(),
    }
}

impl ConsoleData {
    /// Items under the headings that the import knows.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_items(&self, lang: Lang) -> Result<Table, AppError> {
        self.ask(|q| {
            let mut table = Table::with_columns(Kind::Items, lang);
            for item in q.items(0, ROWS_MAX)? {
                let barcodes: Vec<String> = item
                    .barcodes
                    .iter()
                    .map(|(code, pack)| match *pack {
                        domain::Quantity::ONE => code.clone(),
                        pack => format!("{code}={pack}"),
                    })
                    .collect();
                table.rows.push(vec![
                    item.sku,
                    item.name_zh,
                    item.name_en,
                    item.unit,
                    item.decimals.to_string(),
                    barcodes.join("; "),
                    yes(item.tracks_lot, lang),
                    yes(item.tracks_serial, lang),
                    yes(item.tracks_expiry, lang),
                    item.handling.class,
                    known(item.handling.volume),
                    known(item.handling.weight),
                    match item.handling.min_stock {
                        domain::Quantity::ZERO => String::new(),
                        least => least.to_string(),
                    },
                ]);
            }
            Ok(table)
        })
    }

    /// Bins of all sites under the headings that the import knows.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_bins(&self, lang: Lang) -> Result<Table, AppError> {
        self.ask(|q| {
            let mut table = Table::with_columns(Kind::Bins, lang);
            for site in q.sites()? {
                let zones = q.zones(site.id)?;
                for bin in q.bins(site.id, 0, ROWS_MAX)? {
                    let zone = zones.iter().find(|zone| zone.id == bin.zone);
                    let zone = zone.map(|zone| zone.code.clone()).unwrap_or_default();
                    let (face, least, most) = match bin.room.face {
                        Some((item, least, most)) => {
                            let sku = q.item(item)?.map(|item| item.sku);
                            (sku.unwrap_or_default(), least.to_string(), most.to_string())
                        }
                        None => Default::default(),
                    };
                    table.rows.push(vec![
                        bin.code,
                        zone,
                        bin.room.class,
                        known(bin.room.volume),
                        known(bin.room.weight),
                        known(bin.room.sequence),
                        face,
                        least,
                        most,
                    ]);
                }
            }
            Ok(table)
        })
    }

    /// Stock now, under the headings that the import of opening stock knows, with the item's name behind.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_stock(&self, lang: Lang) -> Result<Table, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let mut table = Table::with_columns(Kind::Stock, lang);
            for key in ["col.item", "field.unit", "filter.site"] {
                table.headings.push(lang.t(key).to_owned());
            }
            for pile in q.stock_list(None, "", 0, ROWS_MAX)? {
                let row = names.pile(&pile)?;
                let expiry = match &pile.key.lot {
                    Some(lot) => q.expiry_of_lot(pile.site, pile.key.item, lot)?,
                    None => None,
                };
                table.rows.push(vec![
                    row.bin.short().to_owned(),
                    row.item.code.clone(),
                    row.quantity.to_string(),
                    row.lot.unwrap_or_default(),
                    expiry.map(|day| day.to_string()).unwrap_or_default(),
                    String::new(),
                    row.item.name(lang).to_owned(),
                    row.base_unit,
                    names.site(pile.site)?.name(lang).to_owned(),
                ]);
            }
            Ok(table)
        })
    }

    /// Events, newest first. `time`: how an instant is written.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_events(
        &self,
        lang: Lang,
        time: impl Fn(i64) -> String,
    ) -> Result<Table, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let mut table = Table {
                headings: EVENT_HEADERS.iter().map(|k| lang.t(k).to_owned()).collect(),
                rows: Vec::new(),
            };
            for row in q.events(&EventFilter::default(), ROWS_MAX)? {
                let event = names.event(&row)?;
                let item = event.item.clone().unwrap_or_default();
                let short = |bin: &Option<crate::console::view::Named>| {
                    bin.as_ref()
                        .map(|b| b.short().to_owned())
                        .unwrap_or_default()
                };
                table.rows.push(vec![
                    words::event(lang, &event),
                    lang.t(&format!("event-kind.{}", event.kind)).to_owned(),
                    item.code.clone(),
                    match &event.item {
                        Some(item) => item.name(lang).to_owned(),
                        None => String::new(),
                    },
                    event.lot.clone().unwrap_or_default(),
                    event.quantity.map(|q| q.to_string()).unwrap_or_default(),
                    short(&event.bin),
                    short(&event.to),
                    event.operator.name(lang).to_owned(),
                    event.device.name(lang).to_owned(),
                    time(event.device_time),
                    event.arrived.map(&time).unwrap_or_default(),
                ]);
            }
            Ok(table)
        })
    }

    /// Exceptions, the most severe first.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_exceptions(
        &self,
        lang: Lang,
        time: impl Fn(i64) -> String,
    ) -> Result<Table, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let headings = [
                "filter.kind",
                "col.what",
                "filter.site",
                "col.opened",
                "col.state",
                "effect.stock",
            ];
            let mut table = Table {
                headings: headings.iter().map(|k| lang.t(k).to_owned()).collect(),
                rows: Vec::new(),
            };
            for exception in q.exceptions(&ExceptionFilter::default(), ROWS_MAX)? {
                let view = names.exception(&exception)?;
                let state = match view.status {
                    ExceptionStatus::Open => "state.open",
                    ExceptionStatus::Healed => "state.healed",
                    ExceptionStatus::Resolved(_) => "state.resolved",
                };
                table.rows.push(vec![
                    lang.t(&format!("kind.{}", view.kind.code())).to_owned(),
                    words::subject(lang, &view.subject),
                    view.site.name(lang).to_owned(),
                    time(view.opened),
                    lang.t(state).to_owned(),
                    words::effect(lang, &view),
                ]);
            }
            Ok(table)
        })
    }
}
