//! `/healthz`, `/readyz`, `/metrics`: for what watches over the server.

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::error::AppError;
use crate::hub::{HubError, Lag};
use crate::metrics::{Metrics, Reading};
use crate::state::AppState;
use crate::tls::Peer;

/// A node whose read model lacks more than this would show people an old warehouse.
const BEHIND_MAX: u64 = 10_000;
const HOUR_MS: i64 = 3_600_000;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok"
}

/// Whether requests should be sent here: the store can be read, the read model has caught up, the server is not stopping.
pub(crate) async fn ready(State(app): State<AppState>) -> Response {
    let lag = app.hub(|hub| hub.lag()).await;
    let mut lacks = Vec::new();
    match lag {
        Err(_) => lacks.push("store"),
        Ok(Lag { behind, begun, .. }) if !begun || behind > BEHIND_MAX => lacks.push("read-model"),
        Ok(_) => {}
    }
    if *app.closing().borrow() {
        lacks.push("stopping");
    }
    let status = if lacks.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({ "ready": lacks.is_empty(), "lacks": lacks });
    (status, Json(body)).into_response()
}

/// The figures, for whoever asks from this machine itself: they tell of the business. Through a proxy nobody does.
pub(crate) async fn metrics(
    State(app): State<AppState>,
    peer: Option<Extension<ConnectInfo<Peer>>>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let from_here = peer.is_some_and(|Extension(ConnectInfo(peer))| peer.0.ip().is_loopback());
    let passed_on = ["x-forwarded-for", "forwarded", "via", "x-real-ip"];
    if !from_here || passed_on.iter().any(|name| headers.contains_key(*name)) {
        return Err(AppError::NotFound);
    }
    let now = app.now();
    let (lag, devices, devices_heard) = app
        .hub(move |hub| {
            let devices = hub.devices()?;
            let enrolled = devices.iter().filter(|d| !d.revoked);
            let heard = enrolled
                .clone()
                .filter(|d| d.last_contact.is_some_and(|at| at > now - HOUR_MS));
            Ok::<_, HubError>((hub.lag()?, enrolled.count() as u64, heard.count() as u64))
        })
        .await?;
    let reading = Reading {
        open_exceptions: crate::auth::Scope::Everywhere
            .answering(app.data(move |data| data.open_count(now)))
            .await?,
        devices,
        devices_heard,
        log_entries: lag.entries,
        log_behind: lag.behind,
    };
    let text = app.metrics().text(reading).map_err(AppError::internal)?;
    Ok(([(header::CONTENT_TYPE, Metrics::MEDIA_TYPE)], text).into_response())
}
