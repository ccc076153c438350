//! `/data/series/bins`: the bins of a rack from one line. What it makes is checked, done and undone like a file's rows.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::import::{Source, check_file};
use crate::auth::{CsrfForm, Supervisor, Visitor};
use crate::console::import::{Column, Kind, SeriesProblem, series};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;

/// What all of the bins have in common, beside their codes.
const COMMON: [Column; 4] = [Column::Zone, Column::Class, Column::Volume, Column::Weight];

/// As it was typed.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    site: String,
    #[serde(default)]
    codes: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    class: String,
    #[serde(default)]
    volume: String,
    #[serde(default)]
    weight: String,
}

impl Typed {
    fn common(&self) -> [(Column, &'static str, &str); 4] {
        let [zone, class, volume, weight] = COMMON;
        [
            (zone, "zone", &self.zone),
            (class, "class", &self.class),
            (volume, "volume", &self.volume),
            (weight, "weight", &self.weight),
        ]
    }
}

#[derive(Template)]
#[template(path = "series.html")]
struct SeriesPage {
    page: Page,
    sites: Vec<Named>,
    typed: Typed,
    problem: Option<SeriesProblem>,
}

impl SeriesPage {
    fn heading(&self, column: &Column) -> &'static str {
        column.heading(self.page.lang == Lang::Zh)
    }
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    typed: Typed,
    problem: Option<SeriesProblem>,
) -> Result<Response, AppError> {
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let mut response = render(&SeriesPage {
        page: Page::new(app, visitor, "data", "series.title").await?,
        sites: app.data(|data| data.sites()).await?,
        typed,
        problem,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Supervisor,
) -> Result<Response, AppError> {
    page(&app, &who.visitor, Typed::default(), None).await
}

/// The rows of a file that has these bins.
fn file(codes: &[String], typed: &Typed) -> Result<Vec<u8>, AppError> {
    let common = typed.common();
    let mut sheet = csv::Writer::from_writer(Vec::new());
    let headings = common.iter().map(|(column, ..)| column.heading(false));
    sheet
        .write_record([Column::Bin.heading(false)].into_iter().chain(headings))
        .map_err(AppError::internal)?;
    for code in codes {
        let values = common.iter().map(|(_, _, value)| *value);
        sheet
            .write_record([code.as_str()].into_iter().chain(values))
            .map_err(AppError::internal)?;
    }
    sheet.into_inner().map_err(AppError::internal)
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    who: Supervisor,
    CsrfForm(typed): CsrfForm<Typed>,
) -> Result<Response, AppError> {
    let codes = match series(&typed.codes) {
        Ok(codes) => codes,
        Err(problem) => return page(&app, &who.visitor, typed, Some(problem)).await,
    };
    let source = Source {
        site: typed.site.clone(),
        file: file(&codes, &typed)?,
        name: typed.codes.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    check_file(&app, &who, Kind::Bins, source).await
}
