//! `GET /export/{list}.csv` and `.xlsx`. CSV is UTF-8 with a mark, so that Excel reads Chinese, and cells that a spreadsheet
//! would take for a formula are guarded; in a workbook text is text.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use tokio::sync::mpsc;

use crate::auth::Viewer;
use crate::console::data::{ConsoleData, EVENT_HEADERS, ROWS_MAX, Table};
use crate::console::import::Kind;
use crate::console::page::Page;
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;

/// Lists that can be exported.
pub(crate) const LISTS: [&str; 11] = [
    "customers",
    "items",
    "bins",
    "stock",
    "deliveries",
    "outbound",
    "transfers",
    "counts",
    "events",
    "exceptions",
    "people",
];

/// Pages of a list that wait to be sent; whoever reads slowly is read for slowly.
const PAGES_WAITING: usize = 2;
/// How much of its width a column of a workbook takes, in characters.
const WIDTH_MAX: usize = 48;

pub(crate) async fn get(
    State(app): State<AppState>,
    who: Viewer,
    Path(name): Path<String>,
) -> Result<Response, AppError> {
    let (list, form) = name.rsplit_once('.').ok_or(AppError::NotFound)?;
    let list = LISTS.into_iter().find(|known| *known == list);
    let list = list.ok_or(AppError::NotFound)?;
    let page = Page::new(&app, &who.visitor, "data", "nav.data").await?;
    let lang = who.visitor.lang;
    match form {
        "csv" if list == "events" => all_events(&app, page, lang, &name),
        "csv" => {
            let table = app.data(move |data| table(data, list, &page)).await?;
            csv_response(&name, &table)
        }
        "xlsx" => {
            let bytes = app
                .data(move |data| {
                    let table = table(data, list, &page)?;
                    workbook(&table, lang).map_err(AppError::internal)
                })
                .await?;
            file_response(
                &name,
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                bytes.into(),
            )
        }
        _ => Err(AppError::NotFound),
    }
}

fn table(data: &ConsoleData, list: &str, page: &Page) -> Result<Table, AppError> {
    let lang = page.lang;
    let time = |at: i64| page.exact(at);
    match list {
        "customers" => data.export_customers(lang),
        "items" => data.export_items(lang),
        "bins" => data.export_bins(lang),
        "stock" => data.export_stock(lang),
        "exceptions" => data.export_exceptions(lang, time),
        "people" => data.export_people(lang),
        "events" => {
            let mut table = events_table(lang);
            data.export_events(lang, time, |rows| {
                table.rows.extend(rows);
                Ok(table.rows.len() <= ROWS_MAX as usize)
            })?;
            table.is_cut = table.rows.len() > ROWS_MAX as usize;
            table.rows.truncate(ROWS_MAX as usize);
            Ok(table)
        }
        list => match Kind::from_code(list) {
            Some(kind) => data.export_orders(kind, lang),
            None => Err(AppError::NotFound),
        },
    }
}

fn events_table(lang: Lang) -> Table {
    Table {
        headings: EVENT_HEADERS.iter().map(|k| lang.t(k).to_owned()).collect(),
        amounts: vec![5],
        ..Table::default()
    }
}

/// All events there are, however many, in the memory of a few pages.
fn all_events(app: &AppState, page: Page, lang: Lang, name: &str) -> Result<Response, AppError> {
    let (pages, mut waiting) = mpsc::channel::<Result<Bytes, std::io::Error>>(PAGES_WAITING);
    let app = app.clone();
    tokio::spawn(async move {
        let failed = pages.clone();
        let sent = app
            .data(move |data| {
                let head = csv_of(&events_table(lang), true)?;
                if pages.blocking_send(Ok(head.into())).is_err() {
                    return Ok(());
                }
                data.export_events(
                    lang,
                    |at| page.exact(at),
                    |rows| {
                        let part = Table {
                            rows,
                            ..Table::default()
                        };
                        let part = csv_of(&part, false)?;
                        // Whoever asked is gone.
                        Ok(pages.blocking_send(Ok(part.into())).is_ok())
                    },
                )
            })
            .await;
        if let Err(error) = sent {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "an export broke off"
            );
            // The connection breaks off too: half a file does not look like a whole one.
            let _ = failed.send(Err(std::io::Error::other("broken off"))).await;
        }
    });
    let stream = futures_util::stream::poll_fn(move |context| waiting.poll_recv(context));
    file_response(name, "text/csv; charset=utf-8", Body::from_stream(stream))
}

fn file_response(name: &str, kind: &'static str, body: Body) -> Result<Response, AppError> {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(AppError::internal)?;
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        body,
    )
        .into_response())
}

/// A table as a file to download.
pub(crate) fn csv_response(name: &str, table: &Table) -> Result<Response, AppError> {
    let bytes = csv_of(table, true)?;
    file_response(name, "text/csv; charset=utf-8", bytes.into())
}

/// The rows of a table; the first part of a file begins with the mark and the headings.
fn csv_of(table: &Table, is_first: bool) -> Result<Vec<u8>, AppError> {
    let begin = match is_first {
        true => b"\xef\xbb\xbf".to_vec(),
        false => Vec::new(),
    };
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(begin);
    let mut put = |cells: &[String]| writer.write_record(cells.iter().map(|c| guarded(c)));
    if is_first {
        put(&table.headings).map_err(AppError::internal)?;
    }
    for row in &table.rows {
        put(row).map_err(AppError::internal)?;
    }
    writer
        .into_inner()
        .map_err(|error| AppError::internal(error.into_error()))
}

/// A table as a workbook with one sheet: the heading stays in sight and filters; amounts are numbers, all else is text.
pub(super) fn workbook(table: &Table, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet_with_constant_memory()?;
    for (column, heading) in (0_u16..).zip(&table.headings) {
        // Rows are written once and for all: widths come first.
        let index = usize::from(column);
        let cells = table.rows.iter().take(200).filter_map(|row| row.get(index));
        let width = cells.map(|cell| shown_width(cell)).max().unwrap_or(0);
        let width = width.max(shown_width(heading)).clamp(8, WIDTH_MAX) + 2;
        sheet.set_column_width(column, width as f64)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let last = u16::try_from(table.headings.len()).unwrap_or(1);
    if !table.rows.is_empty() {
        sheet.autofilter(0, 0, table.rows.len() as u32, last.saturating_sub(1))?;
    }
    for (column, heading) in (0..).zip(&table.headings) {
        sheet.write_string_with_format(0, column, heading, &bold)?;
    }
    for (line, row) in (1..).zip(&table.rows) {
        for (column, cell) in (0_u16..).zip(row) {
            let is_amount = table.amounts.contains(&usize::from(column));
            match cell
                .parse::<f64>()
                .ok()
                .filter(|n| is_amount && n.is_finite())
            {
                Some(number) => sheet.write_number(line, column, number)?,
                None if cell.is_empty() => sheet,
                None => sheet.write_string(line, column, cell)?,
            };
        }
    }
    if table.is_cut {
        let n = ROWS_MAX.to_string();
        let words = lang.fill("export.cut", &[("n", &n)]);
        sheet.write_string_with_format(table.rows.len() as u32 + 1, 0, words, &bold)?;
    }
    book.save_to_buffer()
}

/// About how wide a text is; Chinese characters take two places.
fn shown_width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// An apostrophe before what a spreadsheet would run. Plain negative numbers stay numbers.
fn guarded(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if risky && domain::Quantity::parse(cell).is_err() {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::import::Grid;

    #[test]
    fn no_cell_becomes_a_formula() {
        for (cell, expected) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1+1", "'+1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-5", "-5"),
            ("-5+cmd", "'-5+cmd"),
            ("扳手", "扳手"),
        ] {
            assert_eq!(guarded(cell), expected);
        }
    }

    #[test]
    fn a_workbook_reads_back_as_it_was_written() {
        let table = Table {
            headings: ["SKU", "数量"].map(str::to_owned).into(),
            rows: vec![
                vec!["0017".into(), "1250.5".into()],
                vec!["=1+1".into(), "-3".into()],
            ],
            amounts: vec![1],
            is_cut: true,
        };
        let grid = Grid::read(&workbook(&table, Lang::En).unwrap()).unwrap();
        assert_eq!(grid.headings, table.headings);
        assert_eq!(grid.rows[0].cells, table.rows[0]);
        assert_eq!(grid.rows[1].cells, table.rows[1]);
        assert!(grid.rows[2].cells[0].contains("200000"), "{grid:?}");
    }
}
