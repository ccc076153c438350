//! What nobody came for: list and handover report, as a table for worksheets and on paper with lines to sign on.

use super::paper::{Column, Paper};
use crate::console::data::Table;
use crate::console::page::Page;
use crate::console::view::{DepositLine, LeftPiece, Named};
use crate::error::AppError;

/// Translation key, part of the width on paper, whether it is a number.
const COLUMNS: [(&str, f32, bool); 11] = [
    ("custody.deposit", 1.0, false),
    ("custody.person", 1.3, false),
    ("customer.phone", 1.5, false),
    ("receipt.number", 0.5, true),
    ("receipt.unit", 1.8, false),
    ("receipt.category", 1.4, false),
    ("receipt.condition", 1.3, false),
    ("col.bin", 1.1, false),
    ("receipt.due", 1.2, false),
    ("custody.days-over", 0.7, true),
    ("customer.fee-now", 1.3, true),
];

/// What was abandoned at a site at one instant.
pub(crate) struct Abandoned {
    /// Where.
    pub(crate) site: Named,
    /// The deposits, the longest first.
    pub(crate) lines: Vec<DepositLine>,
    /// Whether there are more.
    pub(crate) more: bool,
}

impl Abandoned {
    /// A row for each piece that is here; what is due stands at the first one of a deposit.
    fn rows(&self, page: &Page) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for line in &self.lines {
            let here = line.left.pieces.iter().filter(|piece| piece.bin.is_some());
            for (n, piece) in here.enumerate() {
                rows.push(row(page, line, piece, n == 0));
            }
        }
        rows
    }

    /// How much is due in each currency, in words.
    fn fees(&self) -> Vec<String> {
        let fees = self.lines.iter().map(|line| line.left.fee_due.clone());
        fees.filter(|fee| !fee.is_empty()).collect()
    }

    /// The table for a workbook.
    pub(crate) fn table(&self, page: &Page) -> Table {
        Table {
            headings: COLUMNS
                .iter()
                .map(|(key, ..)| page.t(key).to_owned())
                .collect(),
            rows: self.rows(page),
            amounts: vec![3, 9],
            is_cut: self.more,
        }
    }

    /// The report on paper.
    ///
    /// # Errors
    /// [`AppError::Internal`]: the page cannot be made.
    pub(crate) fn pdf(&self, page: &Page) -> Result<Vec<u8>, AppError> {
        let mut paper = Paper::new(page.t("custody-report.title"));
        let rows = self.rows(page);
        let site = self.site.name(page.lang);
        paper.line(&format!("{}  {site}", page.t("receipt.site")), 11.0);
        paper.line(
            &format!("{}  {}", page.t("receipt.time"), page.exact(page.now)),
            11.0,
        );
        let (deposits, pieces) = (self.lines.len().to_string(), rows.len().to_string());
        paper.line(
            &page.f2("custody-report.sum", "deposits", deposits, "pieces", pieces),
            11.0,
        );
        let owing = self.fees().len().to_string();
        paper.line(&page.f1("custody-report.owing", "n", owing), 11.0);
        if self.more {
            paper.line(page.t("custody-report.more"), 11.0);
        }
        paper.heading(page.t("custody-report.list"));
        let columns = COLUMNS.map(|(key, part, is_number)| Column {
            heading: page.t(key).to_owned(),
            part,
            is_number,
        });
        paper.table(&columns, &rows);
        paper.space(10.0);
        paper.line(page.t("custody-report.checked"), 10.0);
        let signs = ["given", "taken", "witness"].map(|who| page.tt("custody-report.sign", who));
        paper.signatures(&signs);
        paper.finish(page.lang.tag())
    }
}

fn row(page: &Page, line: &DepositLine, piece: &LeftPiece, is_first: bool) -> Vec<String> {
    let left = &line.left;
    let of_deposit = |text: &str| match is_first {
        true => text.to_owned(),
        false => String::new(),
    };
    let over = left
        .days
        .map(|days| (-days).to_string())
        .unwrap_or_default();
    let due = left.due.map(|due| due.to_string()).unwrap_or_default();
    let what = format!("{} {}", piece.item.name(page.lang), piece.size);
    vec![
        left.claim.clone(),
        line.person.called().to_owned(),
        line.person.phone.clone(),
        piece.number.to_string(),
        piece.unit.clone(),
        what.trim_end().to_owned(),
        piece.condition.clone(),
        piece
            .bin
            .as_ref()
            .map_or_else(String::new, |bin| bin.code.clone()),
        due,
        over,
        of_deposit(&left.fee_due),
    ]
}
