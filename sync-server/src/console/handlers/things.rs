//! `/items/{id}`, `/bins/{id}`, `/units/{id}`: everything about one thing, now or at an instant.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::{BinId, ItemId, Quantity, UnitId};

use super::instant::AskedInstant;
use crate::auth::Viewer;
use crate::console::page::{Page, render};
use crate::console::view::{AsOf, BinView, ItemView, Named, UnitView};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    page: Page,
    view: ItemView,
    as_of: AsOf,
    devices: Vec<Named>,
    shows_bins: bool,
    total: Option<Quantity>,
}

#[derive(Template)]
#[template(path = "bin.html")]
struct BinPage {
    page: Page,
    view: BinView,
    as_of: AsOf,
    devices: Vec<Named>,
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
    Query(asked): Query<AskedInstant>,
) -> Result<Response, AppError> {
    let id: ItemId = id.parse().map_err(|_| AppError::NotFound)?;
    let mut page = Page::new(&app, &who.visitor, "stock", "item.title").await?;
    let (mut as_of, now) = (asked.read(page.zone), app.now());
    let (as_of, view, devices) = app
        .data(move |data| {
            let moment = data.moment(&mut as_of, now)?;
            Ok((as_of, data.item(id, moment)?, data.handhelds()?))
        })
        .await?;
    page.title = view.item.name(page.lang).to_owned();
    render(&ItemPage {
        page,
        total: (view.stock.len() > 1).then_some(view.total),
        view,
        as_of,
        devices,
        shows_bins: true,
    })
}

pub(crate) async fn bin(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<AskedInstant>,
) -> Result<Response, AppError> {
    let id: BinId = id.parse().map_err(|_| AppError::NotFound)?;
    let mut page = Page::new(&app, &who.visitor, "stock", "bin.title").await?;
    let (mut as_of, now) = (asked.read(page.zone), app.now());
    let (as_of, view, devices) = app
        .data(move |data| {
            let moment = data.moment(&mut as_of, now)?;
            Ok((as_of, data.bin(id, moment)?, data.handhelds()?))
        })
        .await?;
    page.title = view.bin.short().to_owned();
    render(&BinPage {
        page,
        view,
        as_of,
        devices,
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
