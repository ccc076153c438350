//! Files of custody: the report of what nobody came for, and the labels of a deposit.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::DepositId;
use labels::sheet::Layout;
use serde::Deserialize;

use super::export::workbook;
use super::{attachment, id_of};
use crate::auth::Viewer;
use crate::console::data::LabelKind;
use crate::console::page::Page;
use crate::console::report::{Abandoned, custody_labels};
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;

#[derive(Deserialize)]
pub(crate) struct OfSite {
    #[serde(default)]
    site: String,
}

pub(crate) async fn handover_pdf(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<OfSite>,
) -> Result<Response, AppError> {
    handover(&app, &who, asked, true).await
}

pub(crate) async fn handover_xlsx(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<OfSite>,
) -> Result<Response, AppError> {
    handover(&app, &who, asked, false).await
}

/// What was abandoned at a site, as paper or as a worksheet.
async fn handover(
    app: &AppState,
    who: &Viewer,
    asked: OfSite,
    is_paper: bool,
) -> Result<Response, AppError> {
    let mut page = Page::new(app, &who.visitor, "custody", "custody-report.title").await?;
    let now = page.now;
    let (bytes, count) = app
        .data(move |data| {
            let id = data.site_or_first(&asked.site)?;
            let site = data
                .sites()?
                .into_iter()
                .find(|site| site.id == id.to_string());
            let (lines, more) = data.abandoned(id, now)?;
            if let Some(first) = lines.first() {
                page.zone = first.left.zone;
            }
            let count = lines.len();
            let report = Abandoned {
                site: site.ok_or(AppError::NotFound)?,
                lines,
                more,
            };
            let bytes = match is_paper {
                true => report.pdf(&page)?,
                false => workbook(&report.table(&page), page.lang).map_err(AppError::internal)?,
            };
            Ok((bytes, count))
        })
        .await?;
    let (name, kind) = match is_paper {
        true => ("handover.pdf", "application/pdf"),
        false => (
            "handover.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    };
    let answer = attachment(name, kind, bytes)?;
    Ok(noted(answer, format!("deposits={count}")))
}

#[derive(Deserialize)]
pub(crate) struct AskedLabels {
    #[serde(default)]
    what: String,
    #[serde(default)]
    layout: String,
    /// As it was typed.
    #[serde(default)]
    skip: String,
}

pub(crate) async fn labels(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<AskedLabels>,
) -> Result<Response, AppError> {
    let id: DepositId = id_of(&id)?;
    let kind = LabelKind::from_code(&asked.what).ok_or(AppError::NotFound)?;
    let [first, ..] = Layout::ALL;
    let layout = Layout::from_code(&asked.layout).unwrap_or(first);
    let skip = asked.skip.trim().parse().unwrap_or_default();
    let (lang, now) = (who.visitor.lang, app.now());
    let bytes = app
        .data(move |data| custody_labels(&data.to_label(id, now)?, kind, lang, &layout, skip))
        .await?;
    match bytes {
        Some(bytes) => {
            let name = format!("custody-{}.pdf", kind.code());
            Ok(noted(
                attachment(&name, "application/pdf", bytes)?,
                format!("labels={}", kind.code()),
            ))
        }
        None => {
            let problem = match kind {
                LabelKind::Bins => "custody.problem.gone",
                _ => "custody.problem.no-labels",
            };
            super::custody::refused(&app, &who.visitor, id, problem).await
        }
    }
}
