//! Deposits that are expected, as rows say them.

use std::collections::BTreeMap;

use domain::CustomerId;
use domain::custody::PIECES_MAX;

use super::Problem;
use super::columns::Column;
use super::rows::Cells;

/// Nobody agrees on a longer term, in days.
const DAYS_MAX: i64 = 3_650;
/// Characters of what is written about a person or a deposit.
const WORDS_MAX: usize = 200;

/// Who brings something, as a row says it. A telephone or a document is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonIn {
    /// 姓名.
    pub name: String,
    /// 手机号, as typed.
    pub phone: String,
    /// 证件号.
    pub document: String,
}

/// Pieces of one category that a person will bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositIn {
    /// The line in the file.
    pub line: u64,
    /// Who brings them.
    pub person: PersonIn,
    /// How many, 1 to 99.
    pub pieces: u32,
    /// SKU or barcode of their category; empty: the only one there is.
    pub category: String,
    /// Size, as a code of the site; empty: nobody said.
    pub size: String,
    /// 声明价值 of each piece, a number in the major unit of the site's currency; empty: none.
    pub value: String,
    /// For how many days; `None`: as the house rules say.
    pub days: Option<u32>,
    /// Anything else.
    pub note: String,
}

/// Who somebody has said that a person of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// Nobody who is known.
    New,
    /// This customer.
    Known(CustomerId),
}

/// All rows, and what was decided about persons who may be known; by the first line that names each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DepositsIn {
    /// The rows.
    pub rows: Vec<DepositIn>,
    /// Decisions.
    pub chosen: BTreeMap<u64, Chosen>,
}

/// A person of the file who may be somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The first line that names them.
    pub line: u64,
    /// As the file says it.
    pub typed: PersonIn,
    /// Who it may be: id and what is known of each.
    pub known: Vec<(CustomerId, PersonIn)>,
}

pub(super) fn deposit(cells: &Cells<'_>) -> Result<DepositIn, Problem> {
    let words = |column: Column| {
        let text = cells.get(column).unwrap_or_default();
        match text.chars().count() > WORDS_MAX || text.chars().any(char::is_control) {
            true => Err(cells.problem(column, "import.problem.too-long")),
            false => Ok(text.to_owned()),
        }
    };
    let person = PersonIn {
        name: words(Column::PersonName)?,
        phone: words(Column::Phone)?,
        document: words(Column::Document)?,
    };
    if person.name.is_empty() {
        return Err(cells.problem(Column::PersonName, "import.problem.empty"));
    }
    let digits = replica::phone_lookup(&person.phone).len();
    if !person.phone.is_empty() && !(7..=15).contains(&digits) {
        return Err(cells.problem(Column::Phone, "import.problem.phone"));
    }
    let has_document = !replica::document_lookup(&person.document).is_empty();
    if !person.document.is_empty() && !has_document {
        return Err(cells.problem(Column::Document, "import.problem.document"));
    }
    if digits == 0 && !has_document {
        return Err(cells.problem(Column::Phone, "import.problem.no-contact"));
    }
    let pieces = cells.whole(Column::Pieces)?.unwrap_or(1);
    let pieces = u32::try_from(pieces).ok();
    let pieces = pieces.filter(|n| (1..=PIECES_MAX as u32).contains(n));
    let days = cells.whole(Column::Days)?;
    if days.is_some_and(|days| days > DAYS_MAX) {
        return Err(cells.problem(Column::Days, "import.problem.days"));
    }
    let size = words(Column::Size)?.to_uppercase();
    if size.chars().count() > 8 {
        return Err(cells.problem(Column::Size, "import.problem.too-long"));
    }
    Ok(DepositIn {
        line: cells.row.line,
        person,
        pieces: pieces.ok_or_else(|| cells.problem(Column::Pieces, "import.problem.pieces"))?,
        category: words(Column::Category)?,
        size,
        value: words(Column::DeclaredValue)?.replace([' ', ','], ""),
        days: days.and_then(|days| u32::try_from(days).ok()),
        note: words(Column::Note)?,
    })
}
