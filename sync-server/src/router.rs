//! All routes of the app.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::console::assets;
use crate::console::handlers::{
    account, blobs, dashboards, devices, export, feed, import, link, live, parcels, people, plan,
    preferences, quarantine, refused, review, rights, sign_in, sites, stock, things,
};
use crate::console::import::BYTES_MAX;
use crate::error::AppError;
use crate::health;
use crate::hub;
use crate::middleware;
use crate::state::AppState;

/// The whole app.
pub fn router(app: AppState) -> Router {
    let routes = Router::new()
        .merge(open_routes())
        .merge(console_routes())
        .fallback(async || AppError::NotFound);
    let hub = hub::routes(app.shared_hub().clone(), app.clock().clone(), app.limits());
    middleware::wrap(routes, hub, &app)
}

/// What needs no account.
fn open_routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/assets/{name}", get(assets::get))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-in/link/{token}", get(link::show).post(link::submit))
        .route(
            "/setup/{token}",
            get(link::show_setup).post(link::submit_setup),
        )
        .route("/preferences", post(preferences::submit))
}

/// What needs an account. Each handler takes `Viewer`, `Supervisor` or `Admin`; a test asks every route without one.
fn console_routes() -> Router<AppState> {
    Router::new()
        .route("/", get(async || Redirect::to("/review")))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/account", get(account::show).post(account::submit))
        .route("/live", get(live::stream))
        .merge(review_routes())
        .merge(data_routes())
        .merge(stock_routes())
        .route("/items/suggest", get(import::suggest))
        .route("/items/{id}", get(things::item))
        .route("/bins/{id}", get(things::bin))
        .route("/units/{id}", get(things::unit))
        .route("/blobs/{id}", get(blobs::get))
        .route("/feed", get(feed::list))
        .route("/feed/list", get(feed::fragment))
        .route("/devices", get(devices::list))
        .route("/devices/invite", post(devices::invite))
        .route(
            "/devices/parcels",
            post(parcels::submit).layer(DefaultBodyLimit::max(parcels::UPLOAD_BYTES_MAX)),
        )
        .route("/devices/{id}/revoke", post(devices::revoke))
        .route("/refused", get(refused::list))
        .route("/devices/{id}/key", post(devices::new_key))
        .route("/devices/{id}/site", post(devices::move_to))
        .route("/devices/{id}/message", post(devices::tell))
        .route("/devices/{id}/settings", post(devices::set_up))
        .route("/quarantine", get(quarantine::list))
        .route("/quarantine/{id}", post(quarantine::decide))
        .route("/people", get(people::list).post(people::add))
        .route("/people/{id}/active", post(people::set_active))
        .route(
            "/people/{id}/rights",
            get(rights::show).post(rights::submit),
        )
}

fn stock_routes() -> Router<AppState> {
    Router::new()
        .route("/stock", get(stock::list))
        .route("/stock/plan", get(plan::show))
        .route("/dashboards", get(dashboards::show))
}

fn review_routes() -> Router<AppState> {
    Router::new()
        .route("/review", get(review::list))
        .route("/review/list", get(review::fragment))
        .route("/review/fields", post(review::choose_field))
        .route("/review/decisions/{decision}/undo", post(review::undo))
        .route("/review/{id}", get(review::show))
        .route("/review/{id}/resolve", post(review::resolve))
}

fn data_routes() -> Router<AppState> {
    let check = post(import::check).layer(DefaultBodyLimit::max(BYTES_MAX));
    Router::new()
        .route("/data", get(import::data))
        .route("/sites", post(sites::add))
        .route("/sites/{id}/window", post(sites::set_window))
        .route("/data/template/{kind}", get(import::template))
        .route("/data/import/{kind}/check", check)
        .route("/data/import/{kind}/apply", post(import::apply))
        .route("/data/import/{kind}/errors.csv", get(import::errors))
        .route("/export/{list}", get(export::get))
}
