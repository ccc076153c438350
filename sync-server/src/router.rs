//! All routes of the app. Who may use each stands in `access.rs`; one that does not stand there answers nobody.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::api;
use crate::console::assets;
use crate::console::handlers::{
    account, add, api_keys, audit, badges, bin_labels, blobs, custody, custody_files,
    custody_rules, dashboards, decide, devices, export, feed, import, imports, link, live, parcels,
    people, persons, plan, preferences, quarantine, receipts, refused, requests, review, rights,
    roles, series, sign_in, site_codes, site_symbols, sites, stock, stocktakes, things, users,
    webhooks,
};
use crate::console::import::BYTES_MAX;
use crate::error::AppError;
use crate::guard::guard;
use crate::health;
use crate::hub;
use crate::middleware;
use crate::public;
use crate::state::AppState;

/// The whole app.
pub fn router(app: AppState) -> Router {
    let hub = hub::routes(app.shared_hub().clone(), app.clock().clone(), app.limits());
    middleware::wrap(routes(), hub.merge(api_routes(&app)), &app)
}

fn routes() -> Router<AppState> {
    Router::new()
        .merge(open_routes())
        .merge(console_routes())
        .fallback(async || AppError::NotFound)
}

/// The console behind its guard alone: for what was asked for by somebody and approved by somebody else. Whoever calls it
/// says who asks.
pub(crate) fn guarded(app: &AppState) -> Router {
    routes()
        .layer(from_fn_with_state(app.clone(), guard))
        .with_state(app.clone())
}

/// What other programs ask for, with keys instead of sessions; see [`crate::api`].
fn api_routes(app: &AppState) -> Router {
    api::routes(app.clone()).unwrap_or_else(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the API is not served"
        );
        Router::new()
    })
}

/// What needs no account.
fn open_routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/assets/{name}", get(assets::get))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route(
            "/sign-in/code",
            get(sign_in::show_code).post(sign_in::submit_code),
        )
        .route("/sign-in/link/{token}", get(link::show).post(link::submit))
        .route(
            "/setup/{token}",
            get(link::show_setup).post(link::submit_setup),
        )
        .route("/preferences", post(preferences::submit))
        .merge(public_routes())
}

/// What customers use, who have none.
fn public_routes() -> Router<AppState> {
    let check = post(public::receipt::check)
        .layer(DefaultBodyLimit::max(public::receipt::UPLOAD_BYTES_MAX));
    Router::new()
        .route("/receipt", get(public::receipt::show).merge(check))
        .route("/c", get(public::enter::show).post(public::enter::by_claim))
        .route("/c/code", post(public::enter::ask_code))
        .route("/c/enter", post(public::enter::by_code))
        .route("/c/leave", post(public::enter::leave))
        .route("/c/deposits/{id}", get(public::left::show))
        .route("/c/deposits/{id}/wish", post(public::left::ask))
        .route("/c/deposits/{id}/rate", post(public::left::rate))
        .route("/c/deposits/{id}/sign", post(public::sign::sign))
        .route("/c/photos/{id}", get(public::left::photo))
        .route("/c/receipts/{file}", get(public::left::receipt))
}

fn custody_routes() -> Router<AppState> {
    Router::new()
        .route("/custody", get(custody::list))
        .route("/custody/receipts/{file}", get(receipts::file))
        .route(
            "/custody/rules/{id}",
            get(custody_rules::show).post(custody_rules::set),
        )
        .route("/custody/notices", get(custody::outbox))
        .route("/custody/people/{id}", get(persons::show))
        .route("/custody/people/{id}/erase", post(persons::erase))
        .route("/custody/handover.pdf", get(custody_files::handover_pdf))
        .route("/custody/handover.xlsx", get(custody_files::handover_xlsx))
        .route("/custody/{id}", get(custody::show))
        .route("/custody/{id}/labels.pdf", get(custody_files::labels))
        .route("/custody/{id}/extend", post(custody::extend))
        .route("/custody/{id}/dispose", post(custody::dispose))
        .route("/custody/{id}/cancel", post(custody::cancel))
        .route("/custody/{id}/withdraw", post(custody::withdraw))
}

/// What needs an account.
fn console_routes() -> Router<AppState> {
    Router::new()
        .route("/", get(async || Redirect::to("/review")))
        .route("/sign-out", post(sign_in::sign_out))
        .merge(account_routes())
        .merge(users_routes())
        .route("/live", get(live::stream))
        .merge(review_routes())
        .merge(data_routes())
        .merge(stocktake_routes())
        .merge(stock_routes())
        .merge(custody_routes())
        .route("/items/suggest", get(import::suggest))
        .route("/items/{id}", get(things::item))
        .route("/bins/labels", get(bin_labels::show))
        .route("/bins/labels.pdf", get(bin_labels::file))
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
        .route("/devices/{id}", get(devices::one))
        .route("/devices/{id}/revoke", post(devices::revoke))
        .route("/devices/{id}/lock", post(devices::lock))
        .route("/devices/{id}/name", post(devices::rename))
        .route("/refused", get(refused::list))
        .route("/devices/{id}/key", post(devices::new_key))
        .route("/devices/{id}/site", post(devices::move_to))
        .route("/devices/{id}/message", post(devices::tell))
        .route("/devices/{id}/settings", post(devices::set_up))
        .route("/quarantine", get(quarantine::list))
        .route("/quarantine/{id}", post(quarantine::decide))
        .route("/people", get(people::list).post(people::add))
        .route("/people/{id}/active", post(people::set_active))
        .route("/people/{id}/badge", get(badges::show).post(badges::issue))
        .route("/people/{id}/pin", post(badges::set_pin))
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
        .route("/review/fields", post(decide::choose_field))
        .route("/review/decisions/{decision}/undo", post(decide::undo))
        .route("/review/{id}", get(review::show))
        .route("/review/{id}/resolve", post(decide::resolve))
        .route("/review/decide", post(decide::resolve_many))
        .route("/review/undo", post(decide::undo_last))
        .route("/review/{id}/note", post(decide::note))
}

fn stocktake_routes() -> Router<AppState> {
    Router::new()
        .route(
            "/stocktakes",
            get(stocktakes::list).post(stocktakes::submit),
        )
        .route("/stocktakes/new", get(stocktakes::new))
        .route("/stocktakes/{id}", get(stocktakes::show))
        .route("/stocktakes/{id}/progress", get(stocktakes::progress))
        .route("/stocktakes/{id}/report", get(stocktakes::report))
        .route("/stocktakes/{id}/report/{file}", get(stocktakes::file))
        .route("/stocktakes/{id}/decide", post(stocktakes::decide))
        .route("/stocktakes/{id}/close", post(stocktakes::close))
}

fn data_routes() -> Router<AppState> {
    let check = post(import::check).layer(DefaultBodyLimit::max(BYTES_MAX));
    Router::new()
        .route("/data", get(import::data))
        .route("/sites", post(sites::add))
        .route("/sites/{id}/window", post(sites::set_window))
        .route(
            "/sites/{id}/codes",
            get(site_codes::show).post(site_codes::save),
        )
        .route("/sites/{id}/codes/try", post(site_codes::try_code))
        .route(
            "/sites/{id}/symbologies",
            get(site_symbols::show).post(site_symbols::save),
        )
        .route("/data/template/{kind}", get(import::template))
        .route("/data/import/{kind}/check", check)
        .route(
            "/data/import/{kind}/columns",
            get(import::columns).post(import::set_columns),
        )
        .route("/data/import/{kind}/apply", post(import::apply))
        .route("/data/import/{kind}/errors.csv", get(import::errors))
        .route("/export/{list}", get(export::get))
        .route("/data/add/{kind}", get(add::show).post(add::submit))
        .route("/data/series/bins", get(series::show).post(series::submit))
        .route("/api-keys", get(api_keys::list).post(api_keys::make))
        .route("/api-keys/{id}/revoke", post(api_keys::revoke))
        .route("/webhooks", get(webhooks::list).post(webhooks::make))
        .route("/webhooks/{id}", get(webhooks::show))
        .route("/webhooks/{id}/state", post(webhooks::set_state))
        .route("/webhooks/{id}/secret", post(webhooks::rotate))
        .route("/webhooks/{id}/again", post(webhooks::send_again))
        .route("/imports", get(imports::list))
        .route("/imports/{id}", get(imports::show))
        .route("/imports/{id}/undo", post(imports::undo))
}

fn account_routes() -> Router<AppState> {
    Router::new()
        .route("/account", get(account::show).post(account::submit))
        .route("/account/totp", post(account::begin_totp))
        .route("/account/totp/confirm", post(account::confirm_totp))
        .route("/account/totp/remove", post(account::remove_totp))
        .route("/account/recovery", post(account::renew_recovery))
        .route("/account/sessions", post(account::end_sessions))
}

fn users_routes() -> Router<AppState> {
    Router::new()
        .route("/users", get(users::list).post(users::add))
        .route("/users/{id}", get(users::show).post(users::change))
        .route("/users/{id}/disable", post(users::disable))
        .route("/users/{id}/reset", post(users::reset))
        .route("/users/{id}/sessions", post(users::end_sessions))
        .route("/roles", get(roles::show).post(roles::submit))
        .route("/roles/rules", post(roles::submit_rules))
        .route("/audit", get(audit::list))
        .route("/audit/export/{file}", get(audit::download))
        .route("/requests", get(requests::list))
        .route("/requests/{id}", post(requests::decide))
}
