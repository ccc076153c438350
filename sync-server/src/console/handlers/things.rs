//! `/items/{id}`, `/bins/{id}`, `/units/{id}`: everything about one thing, now or at an instant.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use domain::{BinId, ItemId, Quantity, UnitId, UnixMillis};
use serde::Deserialize;

use crate::auth::Viewer;
use crate::console::page::{Page, render};
use crate::console::view::{BinView, ItemView, UnitView};
use crate::error::AppError;
use crate::state::AppState;

/// An instant that was asked for, as it was typed and as it is.
pub(crate) struct At {
    text: String,
    millis: Option<UnixMillis>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    at: String,
}

impl At {
    /// `text`: day and minute in the site's time zone, as a browser's field for both gives them.
    fn read(text: &str, zone: Tz) -> Self {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
            .ok();
        let millis = local
            .and_then(|local| zone.from_local_datetime(&local).earliest())
            .map(|at| at.timestamp_millis());
        Self {
            text: text.to_owned(),
            millis,
        }
    }
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    page: Page,
    view: ItemView,
    at: At,
    shows_bins: bool,
    total: Option<Quantity>,
}

#[derive(Template)]
#[template(path = "bin.html")]
struct BinPage {
    page: Page,
    view: BinView,
    at: At,
    shows_bins: bool,
    total: Option<Quantity>,
}

#[derive(Template)]
#[template(path = "unit.html")]
struct UnitPage {
    page: Page,
    view: UnitView,
}

pub(crate) async fn item(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let id: ItemId = id.parse().map_err(|_| AppError::NotFound)?;
    let mut page = Page::new(&app, &who.visitor, "stock", "item.title").await?;
    let at = At::read(&asked.at, page.zone);
    let millis = at.millis;
    let view = app.data(move |data| data.item(id, millis)).await?;
    page.title = view.item.name(page.lang).to_owned();
    render(&ItemPage {
        page,
        total: (view.stock.len() > 1).then_some(view.total),
        view,
        at,
        shows_bins: true,
    })
}

pub(crate) async fn bin(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let id: BinId = id.parse().map_err(|_| AppError::NotFound)?;
    let mut page = Page::new(&app, &who.visitor, "stock", "bin.title").await?;
    let at = At::read(&asked.at, page.zone);
    let millis = at.millis;
    let view = app.data(move |data| data.bin(id, millis)).await?;
    page.title = view.bin.short().to_owned();
    render(&BinPage {
        page,
        view,
        at,
        shows_bins: false,
        total: None,
    })
}

pub(crate) async fn unit(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id = UnitId::from(id);
    let mut page = Page::new(&app, &who.visitor, "stock", "unit.title").await?;
    let view = app.data(move |data| data.unit(&id)).await?;
    page.title = view.unit.printed.clone();
    render(&UnitPage { page, view })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_one_of_the_site() {
        let at = At::read("1970-01-01T08:00", chrono_tz::Asia::Shanghai);
        assert_eq!(at.millis, Some(0));
        assert_eq!(At::read("yesterday", Tz::UTC).millis, None);
    }
}
