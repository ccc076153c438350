//! `/feed`: what happened, newest first.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::address;
use crate::auth::Viewer;
use crate::console::data::{Feed, FeedFilter};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "feed.html")]
struct FeedPage {
    page: Page,
    events: Feed,
    filter: FeedFilter,
    operators: Vec<Named>,
    devices: Vec<Named>,
    sites: Vec<Named>,
    fragment: String,
    path: String,
}

#[derive(Template)]
#[template(path = "feed_fragment.html")]
struct FeedFragment {
    page: Page,
    events: Feed,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    operator: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    before: String,
}

impl From<Asked> for FeedFilter {
    fn from(asked: Asked) -> Self {
        Self {
            kind: asked.kind,
            device: asked.device,
            operator: asked.operator,
            site: asked.site,
            from: asked.from,
            until: asked.until,
            before: asked.before,
        }
    }
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let filter = FeedFilter::from(asked);
    let asked = filter.clone();
    let (events, (operators, devices), sites) = app
        .data(move |data| Ok((data.feed(&asked)?, data.filter_names()?, data.sites()?)))
        .await?;
    let query = [
        ("kind", filter.kind.as_str()),
        ("device", &filter.device),
        ("operator", &filter.operator),
        ("site", &filter.site),
        ("from", &filter.from),
        ("until", &filter.until),
    ];
    render(&FeedPage {
        page: Page::new(&app, &who.visitor, "feed", "nav.feed").await?,
        events,
        fragment: address("/feed/list", &query),
        path: address("/feed", &query),
        filter,
        operators,
        devices,
        sites,
    })
}

/// The list alone, for pages that are open.
pub(crate) async fn fragment(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let filter = FeedFilter::from(asked);
    let events = app.data(move |data| data.feed(&filter)).await?;
    render(&FeedFragment {
        page: Page::new(&app, &who.visitor, "feed", "nav.feed").await?,
        events,
    })
}
