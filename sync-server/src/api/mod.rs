//! The REST API, version 1, for other programs: `/api/v1`.
//!
//! Each handler says in `#[utoipa::path]` what it takes and gives; the router and the document are made from the same
//! list, so that neither can say what the other does not. Keys are made on the console.

mod bins;
mod blobs;
mod caller;
mod cursor;
mod customers;
mod document;
mod events;
mod exceptions;
mod imports;
mod items;
pub mod model;
mod orders;
mod people;
mod problem;
mod scope;
mod stock;
mod take;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::token::NoRandomness;
use crate::console::import::BYTES_MAX;
use crate::hub::buckets::{Buckets, Rate};
use crate::state::AppState;
use crate::store::{StoreError, api as keys};
use cursor::Cursors;

pub use problem::CODES;
pub use scope::Scope;

/// What every key begins with: whoever finds one in a file knows what it opens.
pub const KEY_PREFIX: &str = "tallyman_";
/// Where version 1 lies.
pub const BASE: &str = "/api/v1";
/// JSON bodies are small; files of imports have their own limit.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// Wrong keys a second from one address; ten seconds' worth at once.
const WRONG_PER_SECOND: u32 = 5;

/// What every handler of the API can reach. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub(crate) app: AppState,
    pub(crate) cursors: Cursors,
    rate: Arc<Buckets<i64>>,
    wrong: Arc<Buckets<String>>,
}

impl Api {
    fn new(app: AppState) -> Result<Self, StoreError> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(|_| StoreError::Corrupt("randomness"))?;
        let secret = app.database().write(|t| keys::cursor_secret(t, fresh))?;
        Ok(Self {
            cursors: Cursors::new(secret),
            rate: Arc::new(Buckets::new(Rate::per_second(
                app.limits().api_requests_per_second,
            ))),
            wrong: Arc::new(Buckets::new(Rate::per_second(WRONG_PER_SECOND))),
            app,
        })
    }
}

/// All routes that need a key, with what they say of themselves.
fn documented() -> OpenApiRouter<Api> {
    let routes = OpenApiRouter::new()
        .routes(routes!(people::sites))
        .routes(routes!(people::site))
        .routes(routes!(items::list, items::create))
        .routes(routes!(items::show, items::change))
        .routes(routes!(bins::list, bins::create))
        .routes(routes!(bins::show, bins::change))
        .routes(routes!(customers::list, customers::create))
        .routes(routes!(customers::show, customers::change))
        .routes(routes!(people::operators))
        .routes(routes!(people::devices))
        .routes(routes!(orders::list, orders::create))
        .routes(routes!(orders::show))
        .routes(routes!(orders::call_off))
        .routes(routes!(stock::list))
        .routes(routes!(events::list))
        .routes(routes!(exceptions::list))
        .routes(routes!(exceptions::show))
        .routes(routes!(exceptions::resolve))
        .routes(routes!(imports::list, imports::bring))
        .routes(routes!(imports::show))
        .routes(routes!(imports::undo))
        .routes(routes!(blobs::show))
        // Of files; what reads JSON takes less.
        .layer(DefaultBodyLimit::max(BYTES_MAX));
    OpenApiRouter::with_openapi(document::frame()).nest(BASE, routes)
}

/// The OpenAPI document.
pub fn document() -> OpenApi {
    documented().into_openapi()
}

/// The routes of the API, ready to be merged with those of pages.
///
/// # Errors
/// [`StoreError`] if the secret that signs cursors can be neither read nor made.
pub fn routes(app: AppState) -> Result<Router, StoreError> {
    let api = Api::new(app.clone())?;
    let (router, document) = documented().split_for_parts();
    let text: Arc<str> = document.to_json().unwrap_or_default().into();
    let json = move || {
        let text = text.clone();
        async move { ([("content-type", "application/json")], text.to_string()).into_response() }
    };
    let page = document::pages(app, Arc::new(document));
    Ok(router
        .route("/api/v1/openapi.json", get(json))
        .with_state(api)
        .route("/api/v1/docs", get(page))
        .route(
            "/api/v1/{*rest}",
            axum::routing::any(async || problem::ApiError::new("not-found")),
        )
        .layer(from_fn(problem::in_words)))
}

/// A new key: what is shown once, and what is kept of it.
///
/// # Errors
/// [`NoRandomness`].
pub fn new_key() -> Result<(String, [u8; 32], String), NoRandomness> {
    let token = crate::auth::token::Token::random()?;
    let shown = format!("{KEY_PREFIX}{}", token.secret());
    let hint = shown.chars().take(KEY_PREFIX.len() + 6).collect();
    Ok((shown, token.hash(), hint))
}

type ApiResult<T> = Result<Json<T>, problem::ApiError>;
