//! From cells to values. What is wrong with a cell is said, and its row left out.

use std::collections::BTreeMap;
use std::collections::HashSet;

use chrono::NaiveDate;
use domain::{Currency, OrderType, Quantity, UnitValue};

use super::columns::Column;
use super::deposits::{DepositsIn, deposit};
use super::grid::Row;
use super::sheet::Sheet;
use super::{Kind, Problem};

/// An item as a row says it; what the file has no column for is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemIn {
    /// The line in the file.
    pub line: u64,
    /// The code that people use.
    pub sku: String,
    /// Chinese name.
    pub name_zh: Option<String>,
    /// English name.
    pub name_en: Option<String>,
    /// Base unit.
    pub unit: Option<String>,
    /// Decimals of the base unit.
    pub decimals: Option<u8>,
    /// Barcode to pack factor.
    pub barcodes: Option<BTreeMap<String, Quantity>>,
    /// Whether lots are told apart.
    pub tracks_lot: Option<bool>,
    /// Whether serial numbers are told apart.
    pub tracks_serial: Option<bool>,
    /// Whether it expires.
    pub tracks_expiry: Option<bool>,
    /// What decides where it is put.
    pub needs: NeedsIn,
    /// Safety stock; zero for none.
    pub min_stock: Option<Quantity>,
    /// What one base unit is worth.
    pub value: Option<UnitValue>,
    /// Code of the customer whom it belongs to; empty: ourselves.
    pub owner: Option<String>,
}

/// A customer as a row says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerIn {
    /// The line in the file.
    pub line: u64,
    /// Its code.
    pub code: String,
    /// Chinese name.
    pub name_zh: Option<String>,
    /// English name.
    pub name_en: Option<String>,
}

/// Class, room and weight as a row says them: of a base unit of an item, or of a bin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeedsIn {
    /// Class; empty for none.
    pub class: Option<String>,
    /// Cubic centimetres.
    pub volume: Option<i64>,
    /// Grams.
    pub weight: Option<i64>,
}

/// A bin as a row says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinIn {
    /// The line in the file.
    pub line: u64,
    /// What is printed on it.
    pub code: String,
    /// Code of its zone; empty for none.
    pub zone: String,
    /// What fits into it.
    pub takes: NeedsIn,
    /// Where it lies on the way.
    pub sequence: Option<i64>,
    /// Of a pick face: SKU of its item, from which amount up to which it is filled up.
    pub face: Option<(String, Quantity, Quantity)>,
}

/// Opening stock as a row says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockIn {
    /// The line in the file.
    pub line: u64,
    /// Code of the bin.
    pub bin: String,
    /// SKU or barcode.
    pub sku: String,
    /// How much; positive.
    pub quantity: Quantity,
    /// Of which lot.
    pub lot: Option<String>,
    /// Last good day.
    pub expiry: Option<NaiveDate>,
    /// Licence plate or serial number.
    pub plate: Option<String>,
}

/// A line of an order as a row says it: of an expected delivery, or of goods to be shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderIn {
    /// The line in the file.
    pub line: u64,
    /// Number of the order; its lines stand on several rows.
    pub order: String,
    /// Supplier or customer.
    pub party: String,
    /// The day on which it is expected, or shall leave.
    pub due: Option<NaiveDate>,
    /// SKU or barcode.
    pub sku: String,
    /// How much is asked for; positive.
    pub quantity: Quantity,
    /// Of which lot, if it has to be this one.
    pub lot: Option<String>,
    /// Of a transfer: code of the site that the goods go to.
    pub to_site: Option<String>,
}

/// A bin to be counted as a row says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountIn {
    /// The line in the file.
    pub line: u64,
    /// Number of the order; its bins stand on several rows.
    pub order: String,
    /// Code of the bin.
    pub bin: String,
    /// Whether the counter may not see the book.
    pub blind: bool,
    /// Who shall count: name or badge.
    pub counter: Option<String>,
    /// Who counted before and may not count again: name or badge.
    pub not_by: Option<String>,
    /// The day until which it shall be done.
    pub due: Option<NaiveDate>,
}

/// A row of an order: where it stands, and the order's number.
pub trait OfOrder {
    /// The line in the file.
    fn line(&self) -> u64;
    /// The number of the order.
    fn order(&self) -> &str;
}

impl OfOrder for OrderIn {
    fn line(&self) -> u64 {
        self.line
    }

    fn order(&self) -> &str {
        &self.order
    }
}

impl OfOrder for CountIn {
    fn line(&self) -> u64 {
        self.line
    }

    fn order(&self) -> &str {
        &self.order
    }
}

/// The rows of a file that make sense by themselves.
#[derive(Debug, Clone)]
pub enum Parsed {
    /// Customers.
    Customers(Vec<CustomerIn>),
    /// Items.
    Items(Vec<ItemIn>),
    /// Bins.
    Bins(Vec<BinIn>),
    /// Opening stock.
    Stock(Vec<StockIn>),
    /// Expected deliveries, goods to be shipped, or to be sent to another site.
    Orders(OrderType, Vec<OrderIn>),
    /// Bins to be counted.
    Counts(Vec<CountIn>),
    /// What customers will leave.
    Deposits(DepositsIn),
}

impl Parsed {
    /// No rows of that kind.
    pub fn none(kind: Kind) -> Self {
        match kind {
            Kind::Customers => Self::Customers(Vec::new()),
            Kind::Items => Self::Items(Vec::new()),
            Kind::Bins => Self::Bins(Vec::new()),
            Kind::Stock => Self::Stock(Vec::new()),
            Kind::Deliveries => Self::Orders(OrderType::Inbound, Vec::new()),
            Kind::Outbound => Self::Orders(OrderType::Outbound, Vec::new()),
            Kind::Transfers => Self::Orders(OrderType::Transfer, Vec::new()),
            Kind::Counts => Self::Counts(Vec::new()),
            Kind::Deposits => Self::Deposits(DepositsIn::default()),
        }
    }
}

/// Reads all rows of a sheet.
pub fn parse(sheet: &Sheet, kind: Kind) -> (Parsed, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    macro_rules! all {
        ($read:expr) => {
            sheet
                .rows
                .iter()
                .filter_map(|row| {
                    let cells = Cells { sheet, row };
                    $read(&cells, &mut seen)
                        .map_err(|problem| problems.push(problem))
                        .ok()
                })
                .collect()
        };
    }
    let parsed = match kind {
        Kind::Customers => Parsed::Customers(all!(customer)),
        Kind::Items => Parsed::Items(all!(item)),
        Kind::Bins => Parsed::Bins(all!(bin)),
        Kind::Stock => Parsed::Stock(all!(stock)),
        Kind::Deliveries | Kind::Outbound | Kind::Transfers => {
            let orders = whole(all!(order), sheet, &mut problems);
            let of = match kind {
                Kind::Outbound => OrderType::Outbound,
                Kind::Transfers => OrderType::Transfer,
                _ => OrderType::Inbound,
            };
            Parsed::Orders(of, orders)
        }
        Kind::Counts => Parsed::Counts(whole(all!(count), sheet, &mut problems)),
        Kind::Deposits => Parsed::Deposits(DepositsIn {
            rows: all!(|cells: &Cells<'_>, _: &mut HashSet<String>| deposit(cells)),
            ..DepositsIn::default()
        }),
    };
    (parsed, problems)
}

pub(super) struct Cells<'s> {
    sheet: &'s Sheet,
    pub(super) row: &'s Row,
}

impl Cells<'_> {
    pub(super) fn get(&self, column: Column) -> Option<&str> {
        self.sheet.cell(self.row, column)
    }

    pub(super) fn problem(&self, column: Column, key: &'static str) -> Problem {
        let value = self.get(column).unwrap_or_default();
        Problem::cell(self.row.line, column, key, value)
    }

    /// A code that must be there, without characters that no code has.
    fn code(&self, column: Column) -> Result<String, Problem> {
        let value = self.get(column).unwrap_or_default();
        if value.is_empty() {
            return Err(self.problem(column, "import.problem.empty"));
        }
        if value.chars().count() > 64 || value.chars().any(char::is_control) {
            return Err(self.problem(column, "import.problem.bad-code"));
        }
        Ok(value.to_owned())
    }

    /// Each code stands on one row only.
    fn once(&self, column: Column, seen: &mut HashSet<String>) -> Result<String, Problem> {
        let code = self.code(column)?;
        if !seen.insert(code.to_uppercase()) {
            return Err(self.problem(column, "import.problem.twice"));
        }
        Ok(code)
    }

    fn text(&self, column: Column) -> Option<String> {
        self.get(column).map(str::to_owned)
    }

    fn filled(&self, column: Column) -> Option<String> {
        self.text(column).filter(|text| !text.is_empty())
    }

    fn quantity(&self) -> Result<Quantity, Problem> {
        self.amount(Column::Quantity)
    }

    /// A positive quantity that must be there.
    fn amount(&self, column: Column) -> Result<Quantity, Problem> {
        let text = self.get(column).unwrap_or_default();
        Quantity::parse(&plain_number(text))
            .ok()
            .filter(|q| *q > Quantity::ZERO)
            .ok_or_else(|| self.problem(column, "import.problem.quantity"))
    }

    /// A quantity, 0 or more; `None` if the file does not say.
    fn least(&self, column: Column) -> Result<Option<Quantity>, Problem> {
        let Some(text) = self.filled(column) else {
            return Ok(None);
        };
        let least = Quantity::parse(&plain_number(&text)).ok();
        match least.filter(|q| *q >= Quantity::ZERO) {
            Some(least) => Ok(Some(least)),
            None => Err(self.problem(column, "import.problem.number")),
        }
    }

    /// A whole number, 0 or more; `None` if the file does not say.
    pub(super) fn whole(&self, column: Column) -> Result<Option<i64>, Problem> {
        let Some(text) = self.filled(column) else {
            return Ok(None);
        };
        let number = plain_number(&text).parse().ok().filter(|n| *n >= 0);
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(self.problem(column, "import.problem.number")),
        }
    }

    fn needs(&self) -> Result<NeedsIn, Problem> {
        Ok(NeedsIn {
            class: self.text(Column::Class),
            volume: self.whole(Column::Volume)?,
            weight: self.whole(Column::Weight)?,
        })
    }

    /// A value with its currency, which is never guessed; `None` if the file does not say.
    fn value(&self) -> Result<Option<UnitValue>, Problem> {
        let Some(text) = self.filled(Column::Value) else {
            return Ok(None);
        };
        let currency = Currency::from_code(self.get(Column::Currency).unwrap_or_default())
            .ok_or_else(|| self.problem(Column::Currency, "import.problem.currency"))?;
        let minor = currency.parse(&plain_number(&text)).filter(|n| *n > 0);
        let minor = minor.ok_or_else(|| self.problem(Column::Value, "import.problem.value"))?;
        Ok(Some(UnitValue { minor, currency }))
    }

    fn day(&self, column: Column) -> Result<Option<NaiveDate>, Problem> {
        let Some(text) = self.filled(column) else {
            return Ok(None);
        };
        let day = date(&text).ok_or_else(|| self.problem(column, "import.problem.date"))?;
        Ok(Some(day))
    }

    fn flag(&self, column: Column) -> Result<Option<bool>, Problem> {
        let Some(value) = self.get(column) else {
            return Ok(None);
        };
        match value.to_lowercase().as_str() {
            "是" | "yes" | "y" | "true" | "1" | "✓" => Ok(Some(true)),
            "" | "否" | "no" | "n" | "false" | "0" => Ok(Some(false)),
            _ => Err(self.problem(column, "import.problem.not-yes-no")),
        }
    }
}

/// Thousands separators of spreadsheets: 1,250 means 1250, and so does 1 250.
fn plain_number(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | ',')).collect()
}

fn item(cells: &Cells<'_>, seen: &mut HashSet<String>) -> Result<ItemIn, Problem> {
    let decimals = match cells.filled(Column::Decimals) {
        None => None,
        Some(text) => match text.parse::<u8>() {
            Ok(n) if n <= 3 => Some(n),
            _ => return Err(cells.problem(Column::Decimals, "import.problem.decimals")),
        },
    };
    let barcodes = match cells.get(Column::Barcodes) {
        None => None,
        Some(text) => Some(
            barcodes(text)
                .ok_or_else(|| cells.problem(Column::Barcodes, "import.problem.barcodes"))?,
        ),
    };
    Ok(ItemIn {
        line: cells.row.line,
        sku: cells.once(Column::Sku, seen)?,
        name_zh: cells.text(Column::NameZh),
        name_en: cells.text(Column::NameEn),
        unit: cells.filled(Column::Unit),
        decimals,
        barcodes,
        tracks_lot: cells.flag(Column::TracksLot)?,
        tracks_serial: cells.flag(Column::TracksSerial)?,
        tracks_expiry: cells.flag(Column::TracksExpiry)?,
        needs: cells.needs()?,
        min_stock: cells.least(Column::MinStock)?,
        value: cells.value()?,
        owner: cells.filled(Column::Owner),
    })
}

fn customer(cells: &Cells<'_>, seen: &mut HashSet<String>) -> Result<CustomerIn, Problem> {
    Ok(CustomerIn {
        line: cells.row.line,
        code: cells.once(Column::Customer, seen)?,
        name_zh: cells.text(Column::NameZh),
        name_en: cells.text(Column::NameEn),
    })
}

/// `6901234567892; 16901234567899=12`: one base unit, and a pack of twelve.
fn barcodes(text: &str) -> Option<BTreeMap<String, Quantity>> {
    let mut out = BTreeMap::new();
    for part in text.split([';', '；', '|', '、', '\n']) {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let (code, pack) = match part.rsplit_once(['=', '×']) {
            Some((code, pack)) => (code.trim(), Quantity::parse(pack).ok()?),
            None => (part, Quantity::ONE),
        };
        // A spreadsheet that took the code for a number has lost digits of it.
        let spoilt = code.contains("E+") || code.contains("e+");
        if code.is_empty() || code.len() > 64 || spoilt || pack <= Quantity::ZERO {
            return None;
        }
        out.insert(code.to_owned(), pack);
    }
    Some(out)
}

fn bin(cells: &Cells<'_>, seen: &mut HashSet<String>) -> Result<BinIn, Problem> {
    let face = match cells.filled(Column::FaceItem) {
        None => None,
        Some(sku) => {
            let (least, most) = (
                cells.amount(Column::FaceMin)?,
                cells.amount(Column::FaceMax)?,
            );
            if least > most {
                return Err(cells.problem(Column::FaceMin, "import.problem.face-range"));
            }
            Some((sku, least, most))
        }
    };
    Ok(BinIn {
        line: cells.row.line,
        code: cells.once(Column::Bin, seen)?,
        zone: cells.text(Column::Zone).unwrap_or_default(),
        takes: cells.needs()?,
        sequence: cells.whole(Column::Sequence)?,
        face,
    })
}

/// An order is taken whole or not at all: goods on a row that was left out would seem to be too many.
fn whole<R: OfOrder>(rows: Vec<R>, sheet: &Sheet, problems: &mut Vec<Problem>) -> Vec<R> {
    let wrong: HashSet<u64> = problems.iter().map(|p| p.line).collect();
    let broken: HashSet<&str> = sheet
        .rows
        .iter()
        .filter(|row| wrong.contains(&row.line))
        .filter_map(|row| sheet.cell(row, Column::Order))
        .collect();
    let (left_out, whole): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .partition(|row| broken.contains(row.order()));
    let key = "import.problem.order-broken";
    problems.extend(
        left_out
            .iter()
            .map(|row| Problem::cell(row.line(), Column::Order, key, row.order())),
    );
    whole
}

fn order(cells: &Cells<'_>, _: &mut HashSet<String>) -> Result<OrderIn, Problem> {
    Ok(OrderIn {
        line: cells.row.line,
        order: cells.code(Column::Order)?,
        party: cells.text(Column::Party).unwrap_or_default(),
        due: cells.day(Column::Due)?,
        sku: cells.code(Column::Sku)?,
        quantity: cells.quantity()?,
        lot: cells.filled(Column::Lot),
        to_site: cells.filled(Column::ToSite),
    })
}

fn count(cells: &Cells<'_>, _: &mut HashSet<String>) -> Result<CountIn, Problem> {
    Ok(CountIn {
        line: cells.row.line,
        order: cells.code(Column::Order)?,
        bin: cells.code(Column::Bin)?,
        blind: cells.flag(Column::Blind)?.unwrap_or(false),
        counter: cells.filled(Column::Counter),
        not_by: cells.filled(Column::NotBy),
        due: cells.day(Column::Due)?,
    })
}

fn stock(cells: &Cells<'_>, _: &mut HashSet<String>) -> Result<StockIn, Problem> {
    let (quantity, expiry) = (cells.quantity()?, cells.day(Column::Expiry)?);
    Ok(StockIn {
        line: cells.row.line,
        bin: cells.code(Column::Bin)?,
        sku: cells.code(Column::Sku)?,
        quantity,
        lot: cells.filled(Column::Lot),
        expiry,
        plate: cells.filled(Column::Plate),
    })
}

fn date(text: &str) -> Option<NaiveDate> {
    let text = text.replace(['年', '月', '/', '.'], "-").replace('日', "");
    ["%Y-%m-%d", "%Y%m%d"]
        .iter()
        .find_map(|pattern| NaiveDate::parse_from_str(&text, pattern).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str, kind: Kind) -> Vec<(u64, &'static str)> {
        let sheet = Sheet::read(text, kind).unwrap();
        let (_, problems) = parse(&sheet, kind);
        problems.into_iter().map(|p| (p.line, p.key)).collect()
    }

    #[test]
    fn rows_that_make_no_sense_are_told_by_line() {
        let text = "库位,货号,数量,效期\nA-1,S1,5,2027-01-31\n,S1,5,\nA-1,S1,-5,\nA-1,S1,5,tomorrow\nA-1,S1,\"1,250\",2027年1月3日\n";
        assert_eq!(
            problems(text, Kind::Stock),
            [
                (3, "import.problem.empty"),
                (4, "import.problem.quantity"),
                (5, "import.problem.date"),
            ]
        );
        assert_eq!(
            problems("SKU\nA\na\n", Kind::Items),
            [(3, "import.problem.twice")]
        );
        let text = "po,sku,qty,eta\nP1,S1,5,2027-01-31\nP1,S2,none,\nP2,S1,5,\n";
        assert_eq!(
            problems(text, Kind::Deliveries),
            [
                (3, "import.problem.quantity"),
                (2, "import.problem.order-broken"),
            ]
        );
    }

    #[test]
    fn barcodes_with_packs() {
        let read = barcodes("6901234567892； 16901234567899=12").unwrap();
        assert_eq!(read["6901234567892"], Quantity::ONE);
        assert_eq!(read["16901234567899"], Quantity::from_thousandths(12_000));
        assert_eq!(barcodes("6.90123E+12"), None);
        assert_eq!(barcodes("690=0"), None);
    }
}
