//! `GET /export/{list}.csv`: UTF-8 with a mark, so that Excel reads Chinese; cells that a spreadsheet would take for a
//! formula are guarded.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::auth::Viewer;
use crate::console::data::Table;
use crate::console::page::Page;
use crate::error::AppError;
use crate::state::AppState;

pub(crate) async fn get(
    State(app): State<AppState>,
    who: Viewer,
    Path(list): Path<String>,
) -> Result<Response, AppError> {
    let name = list
        .strip_suffix(".csv")
        .ok_or(AppError::NotFound)?
        .to_owned();
    let page = Page::new(&app, &who.visitor, "data", "nav.data").await?;
    let lang = who.visitor.lang;
    let table = app
        .data(move |data| {
            let time = |at: i64| page.exact(at);
            match name.as_str() {
                "items" => data.export_items(lang),
                "bins" => data.export_bins(lang),
                "stock" => data.export_stock(lang),
                "events" => data.export_events(lang, time),
                "exceptions" => data.export_exceptions(lang, time),
                _ => Err(AppError::NotFound),
            }
        })
        .await?;
    csv_response(&list, &table)
}

/// A table as a file to download.
pub(crate) fn csv_response(name: &str, table: &Table) -> Result<Response, AppError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(b"\xef\xbb\xbf".to_vec());
    let mut put = |cells: &[String]| writer.write_record(cells.iter().map(|c| guarded(c)));
    put(&table.headings).map_err(AppError::internal)?;
    for row in &table.rows {
        put(row).map_err(AppError::internal)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| AppError::internal(error.into_error()))?;
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(AppError::internal)?;
    Ok((
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/csv; charset=utf-8"),
            ),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response())
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
}
