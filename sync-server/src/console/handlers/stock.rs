//! `/stock`: by bin and by item.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::{address, page_number};
use crate::auth::Viewer;
use crate::console::page::{Page, render};
use crate::console::view::{ItemRow, Named, PageOf, StockRow, any_stale};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "stock.html")]
struct StockPage {
    page: Page,
    by: &'static str,
    q: String,
    site: String,
    sites: Vec<Named>,
    bins: PageOf<StockRow>,
    items: PageOf<ItemRow>,
    /// Some number shown is being recalculated.
    stale: bool,
    number: u32,
    path: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    by: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    site: String,
    page: Option<u32>,
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let by = if asked.by == "item" { "item" } else { "bin" };
    let number = page_number(asked.page);
    let (q, site) = (asked.q.clone(), asked.site.clone());
    let (bins, items, sites) = app
        .data(move |data| {
            let sites = data.sites()?;
            Ok(match by {
                "item" => (PageOf::default(), data.stock_by_item(&q, number)?, sites),
                _ => (
                    data.stock_by_bin(&site, &q, number)?,
                    PageOf::default(),
                    sites,
                ),
            })
        })
        .await?;
    let by_in_address = if by == "item" { "item" } else { "" };
    render(&StockPage {
        page: Page::new(&app, &who.visitor, "stock", "nav.stock").await?,
        by,
        path: address(
            "/stock",
            &[
                ("by", by_in_address),
                ("q", &asked.q),
                ("site", &asked.site),
            ],
        ),
        q: asked.q,
        site: asked.site,
        sites,
        stale: any_stale(&bins.rows) || items.rows.iter().any(|row| row.stale),
        bins,
        items,
        number,
    })
}
