//! All routes of the app.

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::console::assets;
use crate::console::handlers::{account, link, live, preferences, sign_in};
use crate::error::AppError;
use crate::middleware;
use crate::state::AppState;

/// The whole app.
pub fn router(app: AppState) -> Router {
    let routes = Router::new()
        .merge(open_routes())
        .merge(console_routes())
        .fallback(async || AppError::NotFound);
    middleware::wrap(routes, &app)
}

/// What needs no account.
fn open_routes() -> Router<AppState> {
    Router::new()
        .route("/health", get(async || "ok"))
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
}
