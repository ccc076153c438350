//! `/dashboards`: figures of a period against the one before it.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::auth::Viewer;
use crate::console::desk;
use crate::console::page::{Page, render};
use crate::console::view::{DashboardView, Named, PERIODS};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "dashboards.html")]
struct DashboardPage {
    page: Page,
    sites: Vec<Named>,
    site: String,
    days: i64,
    view: DashboardView,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    site: String,
    #[serde(default)]
    days: String,
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let page = Page::new(&app, &who.visitor, "dashboards", "nav.dashboards").await?;
    let days = asked.days.parse().ok();
    let days = days.filter(|days| PERIODS.contains(days)).unwrap_or(30);
    let (now, site) = (app.now(), asked.site.clone());
    let contacts = app.hub(move |hub| desk::contacts(hub, now)).await?;
    let (view, sites) = app
        .data(move |data| Ok((data.dashboard(&site, days, &contacts, now)?, data.sites()?)))
        .await?;
    render(&DashboardPage {
        page,
        sites,
        site: asked.site,
        days,
        view,
    })
}
