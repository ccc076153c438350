//! The report of a stocktake, as worksheets and on paper.

use domain::Quantity;
use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::paper::{Column, Paper};
use crate::console::page::Page;
use crate::console::view::{ReportLine, StocktakeReport, accuracy, money};
use crate::error::AppError;

/// So many lines of each list are printed; the worksheets have all.
const PRINTED_MAX: usize = 2_000;

/// Name and value of each figure at the head of the report.
pub(crate) fn figures(page: &Page, report: &StocktakeReport) -> Vec<(String, String)> {
    let (head, totals) = (&report.head, &report.totals);
    let mut rows: Vec<(&str, String)> = vec![
        ("stocktake.code", head.code.clone()),
        ("filter.site", head.site.name(page.lang).to_owned()),
        ("stocktake.kind", page.tt("stocktake.kind", head.kind)),
        (
            "stocktake.view",
            page.tt("stocktake.view", if head.blind { "blind" } else { "open" }),
        ),
        ("stocktake.planned", planned(page, report)),
    ];
    if head.due != 0 {
        rows.push(("stocktake.due", page.time(head.due)));
    }
    if let Some(at) = head.closed_at {
        let by = head.closed_by.as_ref().map_or("", |by| by.name(page.lang));
        rows.push(("stocktake.closed", format!("{} {by}", page.time(at))));
    }
    if !head.close_reason.is_empty() {
        rows.push(("stocktake.close-reason", head.close_reason.clone()));
    }
    let bins = &totals.bins;
    rows.extend([
        (
            "stocktake.bins-counted",
            format!("{} / {}", bins.counted, bins.planned),
        ),
        (
            "stocktake.status.approved",
            totals.of("approved").to_string(),
        ),
        (
            "stocktake.lines",
            format!("{} / {}", totals.right, totals.lines),
        ),
        ("stocktake.accuracy", accuracy(totals.right, totals.lines)),
        ("stocktake.gain", money(&totals.gain)),
        ("stocktake.loss", money(&totals.loss)),
        ("stocktake.net", money(&totals.net())),
    ]);
    if totals.unvalued > 0 {
        rows.push(("stocktake.unvalued", totals.unvalued.to_string()));
    }
    rows.into_iter()
        .map(|(key, value)| (page.t(key).to_owned(), value))
        .collect()
}

fn planned(page: &Page, report: &StocktakeReport) -> String {
    let by = report.head.planned_by.as_ref();
    let by = by.map_or("", |by| by.name(page.lang));
    format!("{} {by}", page.time(report.head.planned_at))
}

fn title(page: &Page, report: &StocktakeReport) -> String {
    let name = report.head.title();
    format!("{} · {name}", page.t("stocktake.report"))
}

/// Keys of the headings of the lines, with their parts of the width and whether they are numbers.
const LINE_COLUMNS: [(&str, f32, bool); 13] = [
    ("col.zone", 4.0, false),
    ("col.bin", 7.0, false),
    ("col.sku", 8.0, false),
    ("col.item", 15.0, false),
    ("col.lot", 6.0, false),
    ("stocktake.book", 6.0, true),
    ("stocktake.counted", 6.0, true),
    ("stocktake.difference", 6.0, true),
    ("stocktake.value", 10.0, true),
    ("stocktake.counter", 7.0, false),
    ("stocktake.counted-at", 9.0, false),
    ("stocktake.status", 8.0, false),
    ("stocktake.decision", 12.0, false),
];

fn cells(page: &Page, line: &ReportLine) -> Vec<String> {
    let decision = match &line.approved {
        None => String::new(),
        Some((by, _)) if line.note.is_empty() => by.name(page.lang).to_owned(),
        Some((by, _)) => format!("{}: {}", by.name(page.lang), line.note),
    };
    vec![
        line.zone.clone(),
        line.bin.clone(),
        line.line.item.code.clone(),
        line.line.item.name(page.lang).to_owned(),
        line.line.lot.clone().unwrap_or_default(),
        line.line.book.to_string(),
        line.line.counted.to_string(),
        line.line.signed(),
        line.line.worth(),
        line.counter.name(page.lang).to_owned(),
        page.time(line.at),
        page.tt("stocktake.status", line.status.code()),
        decision,
    ]
}

/// On paper.
///
/// # Errors
/// What cannot be made.
pub(crate) fn pdf(page: &Page, report: &StocktakeReport) -> Result<Vec<u8>, AppError> {
    let mut paper = Paper::new(&title(page, report));
    let words: Vec<String> = figures(page, report)
        .into_iter()
        .map(|(name, value)| format!("{name}{}{value}", page.t("words.colon")))
        .collect();
    for three in words.chunks(3) {
        paper.line(&three.join("    "), 9.5);
    }
    let column = |(key, part, is_number): &(&str, f32, bool)| Column {
        heading: page.t(key).to_owned(),
        part: *part,
        is_number: *is_number,
    };
    paper.heading(page.t("stocktake.by-class"));
    let columns = [
        ("col.class", 3.0, false),
        ("stocktake.lines", 2.0, true),
        ("stocktake.accuracy", 2.0, true),
    ];
    let rows: Vec<Vec<String>> = report
        .totals
        .classes
        .iter()
        .map(|(class, (lines, right))| {
            vec![
                page.class_words(class),
                format!("{right} / {lines}"),
                accuracy(*right, *lines),
            ]
        })
        .collect();
    paper.table(&columns.each_ref().map(column), &rows);

    let differing = report.differing();
    paper.heading(&page.f1("stocktake.differences-n", "n", differing.len().to_string()));
    let rows: Vec<Vec<String>> = differing
        .iter()
        .take(PRINTED_MAX)
        .map(|l| cells(page, l))
        .collect();
    if rows.is_empty() {
        paper.line(page.t("stocktake.no-differences"), 9.5);
    } else {
        let columns: Vec<Column> = LINE_COLUMNS.iter().map(column).collect();
        paper.table(&columns, &rows);
    }
    if !report.missing.is_empty() {
        paper.heading(&page.f1("stocktake.missing-n", "n", report.missing.len().to_string()));
        let bins: Vec<&str> = report
            .missing
            .iter()
            .take(PRINTED_MAX)
            .map(|(bin, ..)| bin.as_str())
            .collect();
        paper.line(&bins.join("  "), 9.0);
    }
    if differing.len().max(report.missing.len()) > PRINTED_MAX {
        paper.line(page.t("stocktake.more-in-xlsx"), 9.5);
    }
    paper.signatures(
        &[
            "stocktake.sign-counter",
            "stocktake.sign-approver",
            "stocktake.sign-date",
        ]
        .map(|key| page.t(key).to_owned()),
    );
    paper.finish(page.lang.tag())
}

/// As worksheets: figures, all lines, the lines that differ, bins without a count.
///
/// # Errors
/// What cannot be made.
pub(crate) fn xlsx(page: &Page, report: &StocktakeReport) -> Result<Vec<u8>, AppError> {
    workbook(page, report).map_err(AppError::internal)
}

fn number(quantity: Quantity) -> f64 {
    quantity.thousandths() as f64 / 1_000.0
}

fn headings(
    sheet: &mut Worksheet,
    page: &Page,
    columns: &[(&str, f32, bool)],
) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold().set_background_color("ECE8DE");
    for (n, (key, part, is_number)) in (0u16..).zip(columns) {
        let align = if *is_number {
            FormatAlign::Right
        } else {
            FormatAlign::Left
        };
        sheet.write_string_with_format(0, n, page.t(key), &bold.clone().set_align(align))?;
        sheet.set_column_width(n, f64::from(*part) * 1.7 + 3.0)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn lines<'l>(
    sheet: &mut Worksheet,
    page: &Page,
    lines: impl Iterator<Item = &'l ReportLine>,
) -> Result<(), XlsxError> {
    let mut columns: Vec<_> = LINE_COLUMNS.to_vec();
    columns.insert(5, ("col.unit", 4.0, false));
    columns.insert(10, ("import.currency", 5.0, false));
    columns.insert(5, ("col.class", 5.0, false));
    headings(sheet, page, &columns)?;
    let mut last = 0;
    for (row, line) in (1u32..).zip(lines) {
        last = row;
        let texts = cells(page, line);
        let text = |n: usize| texts.get(n).map_or("", String::as_str);
        for n in 0u16..5 {
            sheet.write_string(row, n, text(n.into()))?;
        }
        let counted = &line.line;
        sheet.write_string(row, 5, &counted.class)?;
        sheet.write_string(row, 6, page.unit_word(&counted.base_unit))?;
        for (column, quantity) in [
            (7, counted.book),
            (8, counted.counted),
            (9, counted.difference()),
        ] {
            sheet.write_number(row, column, number(quantity))?;
        }
        if let Some((minor, currency)) = counted.value {
            let places = "0".repeat(currency.digits() as usize);
            let point = if places.is_empty() { "" } else { "." };
            let format = Format::new().set_num_format(format!("#,##0{point}{places}"));
            // A spreadsheet knows no other numbers; the book itself is never kept in such.
            let value = minor as f64 / 10f64.powi(currency.digits() as i32);
            sheet.write_number_with_format(row, 10, value, &format)?;
            sheet.write_string(row, 11, currency.code())?;
        }
        for (column, n) in (12u16..).zip(9usize..13) {
            sheet.write_string(row, column, text(n))?;
        }
    }
    sheet.autofilter(0, 0, last, columns.len() as u16 - 1)?;
    Ok(())
}

fn workbook(page: &Page, report: &StocktakeReport) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book
        .add_worksheet()
        .set_name(page.t("stocktake.sheet-figures"))?;
    sheet.write_string_with_format(0, 0, title(page, report), &bold.clone().set_font_size(14))?;
    let mut row = 2;
    for (name, value) in figures(page, report) {
        sheet.write_string_with_format(row, 0, name, &bold)?;
        sheet.write_string(row, 1, value)?;
        row += 1;
    }
    row += 1;
    for (n, key) in (0u16..).zip(["col.class", "stocktake.lines", "stocktake.accuracy"]) {
        sheet.write_string_with_format(row, n, page.t(key), &bold)?;
    }
    for (class, (lines, right)) in &report.totals.classes {
        row += 1;
        sheet.write_string(row, 0, page.class_words(class))?;
        sheet.write_string(row, 1, format!("{right} / {lines}"))?;
        sheet.write_string(row, 2, accuracy(*right, *lines))?;
    }
    sheet.set_column_width(0, 24)?.set_column_width(1, 36)?;
    let sheet = book
        .add_worksheet()
        .set_name(page.t("stocktake.sheet-differences"))?;
    lines(sheet, page, report.differing().into_iter())?;
    let sheet = book
        .add_worksheet()
        .set_name(page.t("stocktake.sheet-lines"))?;
    lines(sheet, page, report.lines.iter())?;
    let sheet = book
        .add_worksheet()
        .set_name(page.t("stocktake.sheet-missing"))?;
    headings(
        sheet,
        page,
        &[
            ("col.zone", 5.0, false),
            ("col.bin", 10.0, false),
            ("stocktake.status", 8.0, false),
        ],
    )?;
    for (row, (bin, zone, status)) in (1u32..).zip(&report.missing) {
        sheet.write_string(row, 0, zone)?;
        sheet.write_string(row, 1, bin)?;
        sheet.write_string(row, 2, page.tt("stocktake.status", status.code()))?;
    }
    book.save_to_buffer()
}
