//! Lists as tables of text, for CSV and XLSX.

use documents::Order;
use domain::OrderType;
use domain::ledger::ExceptionStatus;
use replica::query::{EventFilter, ExceptionFilter};

use super::ConsoleData;
use super::names::Names;
use crate::console::import::{Kind, headers};
use crate::console::view::{EventView, Named};
use crate::console::words;
use crate::error::AppError;
use crate::i18n::Lang;

/// No table has more rows; events, of which there are more, are written page by page.
pub const ROWS_MAX: u32 = 200_000;
/// Events that are read at a time.
const EVENTS_PAGE: u32 = 2_000;

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
    /// Which columns hold amounts, from 0.
    pub amounts: Vec<usize>,
    /// There is more than the table holds.
    pub is_cut: bool,
}

impl Table {
    fn with_columns(kind: Kind, lang: Lang) -> Self {
        let headings = headers(kind, lang == Lang::Zh);
        Self {
            headings: headings.into_iter().map(str::to_owned).collect(),
            ..Self::default()
        }
    }

    fn headed(keys: &[&str], lang: Lang) -> Self {
        Self {
            headings: keys.iter().map(|key| lang.t(key).to_owned()).collect(),
            ..Self::default()
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
    /// Customers under the headings that the import knows.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_customers(&self, lang: Lang) -> Result<Table, AppError> {
        let mut table = Table::with_columns(Kind::Customers, lang);
        let customers = self.ask(|q| Ok(q.customers(None, ROWS_MAX)?))?;
        table.rows = customers
            .into_iter()
            .map(|customer| vec![customer.code, customer.name_zh, customer.name_en])
            .collect();
        Ok(table)
    }

    /// Items under the headings that the import knows.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_items(&self, lang: Lang) -> Result<Table, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let mut table = Table::with_columns(Kind::Items, lang);
            table.amounts = vec![4, 10, 11];
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
                    item.value.map_or_else(String::new, |value| {
                        value.currency.number(value.minor.into())
                    }),
                    item.value
                        .map_or_else(String::new, |value| value.currency.to_string()),
                    match item.owner {
                        Some(owner) => names.customer(owner)?.code,
                        None => String::new(),
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
            table.amounts = vec![2];
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

    /// Events, newest first, page by page until `put` has enough. `time`: how an instant is written.
    ///
    /// # Errors
    /// Those of the replica, and of `put`.
    pub fn export_events(
        &self,
        lang: Lang,
        time: impl Fn(i64) -> String,
        mut put: impl FnMut(Vec<Vec<String>>) -> Result<bool, AppError>,
    ) -> Result<(), AppError> {
        let mut filter = EventFilter::default();
        loop {
            let (rows, last) = self.ask(|q| {
                let names = self.names(q);
                let found = q.events(&filter, EVENTS_PAGE)?;
                let last = found.last().map(|row| row.placed.place);
                let rows: Result<Vec<_>, AppError> = found
                    .iter()
                    .map(|row| Ok(event_row(lang, &names.event(row)?, &time)))
                    .collect();
                Ok((rows?, last))
            })?;
            let Some(last) = last else {
                return Ok(());
            };
            filter.before = Some(last);
            if !put(rows)? {
                return Ok(());
            }
        }
    }

    /// Orders of one type that were not called off, under the headings that the import knows, with their site behind.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_orders(&self, kind: Kind, lang: Lang) -> Result<Table, AppError> {
        let of = match kind {
            Kind::Outbound => OrderType::Outbound,
            Kind::Transfers => OrderType::Transfer,
            Kind::Counts => OrderType::Count,
            _ => OrderType::Inbound,
        };
        self.ask(|q| {
            let names = self.names(q);
            let mut table = Table::with_columns(kind, lang);
            table.headings.push(lang.t("filter.site").to_owned());
            if kind != Kind::Counts {
                table.amounts = vec![4];
            }
            for site in q.sites()? {
                let name = names.site(site.id)?.name(lang).to_owned();
                for order in q.orders_after(site.id, Some(of), None, ROWS_MAX)? {
                    if !order.cancelled {
                        order_rows(&names, &order, kind, lang, &name, &mut table)?;
                    }
                }
            }
            Ok(table)
        })
    }

    /// People who may sign in on handhelds; no PINs.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn export_people(&self, lang: Lang) -> Result<Table, AppError> {
        let mut table = Table::headed(&["people.name", "people.badge", "col.state"], lang);
        self.ask(|q| Ok(q.operators()?)).map(|people| {
            for person in people {
                let state = match person.active {
                    true => "people.active",
                    false => "people.inactive",
                };
                let cells = vec![person.name, person.badge, lang.t(state).to_owned()];
                table.rows.push(cells);
            }
            table
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
            let mut table = Table::headed(&headings, lang);
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

fn event_row(lang: Lang, event: &EventView, time: &impl Fn(i64) -> String) -> Vec<String> {
    let item = event.item.clone().unwrap_or_default();
    let short = |bin: &Option<Named>| {
        bin.as_ref()
            .map(|b| b.short().to_owned())
            .unwrap_or_default()
    };
    vec![
        words::event(lang, event),
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
        event.arrived.map(time).unwrap_or_default(),
    ]
}

fn order_rows(
    names: &Names<'_>,
    order: &Order,
    kind: Kind,
    lang: Lang,
    site: &str,
    table: &mut Table,
) -> Result<(), AppError> {
    let due = chrono::DateTime::from_timestamp_millis(order.due).filter(|_| order.due != 0);
    let due = due.map_or_else(String::new, |at| at.date_naive().to_string());
    let person = |id| -> Result<String, AppError> { Ok(names.operator(id)?.name(lang).to_owned()) };
    for line in order.lines.values() {
        let mut cells = vec![order.code.clone()];
        if kind == Kind::Counts {
            cells.push(match line.bin {
                Some(bin) => names.bin(bin)?.short().to_owned(),
                None => String::new(),
            });
            cells.push(yes(order.blind, lang));
            cells.push(order.assigned.map(person).transpose()?.unwrap_or_default());
            // The import takes one a row.
            let first = order.counted_by.first().copied();
            cells.push(first.map(person).transpose()?.unwrap_or_default());
            cells.push(due.clone());
        } else {
            cells.push(match order.to_site.filter(|_| kind == Kind::Transfers) {
                Some(to) => names.site(to)?.code,
                None => order.party.clone(),
            });
            cells.push(due.clone());
            cells.push(match line.item {
                Some(item) => names.item(item)?.0.code,
                None => String::new(),
            });
            cells.push(line.asked.to_string());
            cells.push(line.lot.clone());
        }
        cells.push(site.to_owned());
        table.rows.push(cells);
    }
    Ok(())
}
