//! `/stock/plan`: the site drawn, with heat.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::auth::Viewer;
use crate::console::page::{Page, render};
use crate::console::view::{HEATS, Named, PlanView};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    page: Page,
    here: &'static str,
    same_moment: &'static str,
    heat: &'static str,
    zone: String,
    sites: Vec<Named>,
    zones: Vec<Named>,
    /// `None` while there is no site.
    plan: Option<PlanView>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    site: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    heat: String,
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let page = Page::new(&app, &who.visitor, "stock", "nav.stock").await?;
    let heat = HEATS.into_iter().find(|heat| *heat == asked.heat);
    let heat = heat.unwrap_or("fill");
    let (now, zone) = (app.now(), asked.zone.clone());
    let (plan, sites, zones) = app
        .data(move |data| {
            let sites = data.sites()?;
            if sites.is_empty() {
                return Ok((None, sites, Vec::new()));
            }
            let plan = data.plan(&asked.site, &asked.zone, heat, now)?;
            let zones = data.zones_of(&plan.site.id)?;
            Ok((Some(plan), sites, zones))
        })
        .await?;
    render(&PlanPage {
        page,
        here: "plan",
        same_moment: "/stock?",
        heat,
        zone,
        sites,
        zones,
        plan,
    })
}
