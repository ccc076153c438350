//! `/bins/labels`: labels of bins on sheets of paper.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::SiteId;
use labels::sheet::Layout;
use serde::Deserialize;

use super::address;
use crate::auth::{Viewer, Visitor};
use crate::console::data::BinChoice;
use crate::console::page::{Page, render};
use crate::console::report::bin_labels;
use crate::console::view::{BinToLabel, Named};
use crate::error::AppError;
use crate::state::AppState;

/// Labels in a file at most.
const LABELS_MAX: usize = 2_000;

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    site: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    start: String,
    #[serde(default)]
    bin: String,
    #[serde(default)]
    layout: String,
    /// As it was typed.
    #[serde(default)]
    skip: String,
}

impl Asked {
    fn layout(&self) -> Layout {
        let [first, ..] = Layout::ALL;
        Layout::from_code(&self.layout).unwrap_or(first)
    }

    fn skip(&self) -> usize {
        self.skip.trim().parse().unwrap_or_default()
    }

    fn choice(&self) -> BinChoice {
        BinChoice {
            bin: self.bin.parse().ok(),
            zone: self.zone.parse().ok(),
            start: self.start.clone(),
        }
    }

    fn file(&self) -> String {
        let fields = [
            ("site", self.site.as_str()),
            ("zone", &self.zone),
            ("start", &self.start),
            ("bin", &self.bin),
            ("layout", &self.layout),
            ("skip", &self.skip),
        ];
        let address = address("/bins/labels.pdf", &fields);
        address.trim_end_matches(['?', '&']).to_owned()
    }
}

#[derive(Template)]
#[template(path = "bin_labels.html")]
struct LabelsPage {
    page: Page,
    asked: Asked,
    sites: Vec<Named>,
    zones: Vec<Named>,
    /// How many labels, and the first and the last code.
    count: usize,
    ends: Option<(String, String)>,
    sheets: usize,
    problem: Option<String>,
}

impl LabelsPage {
    fn is_too_many(&self) -> bool {
        self.count > LABELS_MAX
    }
}

/// The site that is meant, and its bins.
async fn chosen(app: &AppState, asked: &Asked) -> Result<(Named, Vec<BinToLabel>), AppError> {
    let (site, choice) = (asked.site.clone(), asked.choice());
    app.data(move |data| {
        let id: SiteId = data.site_or_first(&site)?;
        let sites = data.sites()?;
        let named = sites.into_iter().find(|site| site.id == id.to_string());
        Ok((
            named.ok_or(AppError::NotFound)?,
            data.bins_to_label(id, &choice)?,
        ))
    })
    .await
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    mut asked: Asked,
    problem: Option<String>,
) -> Result<Response, AppError> {
    let (site, bins) = chosen(app, &asked).await?;
    asked.site = site.id.clone();
    let (sites, zones) = app
        .data(move |data| Ok((data.sites()?, data.zones_of(&site.id)?)))
        .await?;
    let ends = bins.first().zip(bins.last());
    let layout = asked.layout();
    asked.layout = layout.code.to_owned();
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let on_sheet = layout.on_sheet();
    let mut response = render(&LabelsPage {
        page: Page::new(app, visitor, "stock", "bin-labels.title").await?,
        sheets: (bins.len() + asked.skip() % on_sheet).div_ceil(on_sheet),
        asked,
        sites,
        zones,
        count: bins.len(),
        ends: ends.map(|(first, last)| (first.code.clone(), last.code.clone())),
        problem,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    page(&app, &who.visitor, asked, None).await
}

pub(crate) async fn file(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let (site, bins) = chosen(&app, &asked).await?;
    let lang = who.visitor.lang;
    if bins.is_empty() || bins.len() > LABELS_MAX {
        let key = match bins.is_empty() {
            true => "bin-labels.none",
            false => "bin-labels.too-many",
        };
        return page(&app, &who.visitor, asked, Some(lang.t(key).to_owned())).await;
    }
    let (layout, skip) = (asked.layout(), asked.skip());
    let bytes = app
        .data(move |_| bin_labels(&bins, &site, lang, &layout, skip))
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"bin-labels.pdf\"",
        ),
    ];
    Ok((headers, bytes).into_response())
}
