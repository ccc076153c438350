//! `/refused`: what the hub refused, of whom, why, and what to do about it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::auth::Supervisor;
use crate::console::page::{Page, render};
use crate::console::view::{RefusedOf, RefusedView};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    page: Page,
    views: Vec<RefusedView>,
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Supervisor,
) -> Result<Response, AppError> {
    let now = app.now();
    let rows = app.hub(move |hub| hub.refusals(now)).await?;
    let views = app.data(move |data| data.refused(&rows)).await?;
    render(&RefusedPage {
        page: Page::new(&app, &who.visitor, "devices", "refused.title").await?,
        views,
    })
}
