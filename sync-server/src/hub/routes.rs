//! The endpoints that devices use.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use protocol::live::LIVE_PATH;
use protocol::{
    BlobGet, BlobRequest, EnrolRequest, KeysRequest, Refusal, RefusalCode, RenewRequest,
    SnapshotGet, SyncReply, SyncRequest,
};

use super::gate::{Gate, Leave, Limits};
use super::guard::{self, Guard};
use super::refused::{Refused, Who};
use super::sync::token_hash;
use super::{Hub, HubError, live};
use crate::clock::Clock;

/// [`protocol::keys::KEYS_MAX`] keys take less.
const KEYS_REQUEST_BYTES_MAX: usize = 64 << 10;

#[derive(Clone)]
pub(super) struct HubState {
    pub(super) hub: Arc<Hub>,
    pub(super) clock: Clock,
    pub(super) gate: Gate,
    pub(super) guard: Arc<Guard>,
}

/// One chunk, and the identities that are asked for.
const BLOB_REQUEST_BYTES_MAX: usize = protocol::CHUNK_BYTES_MAX + (64 << 10);

/// The routes of sync, enrolment and blobs.
pub fn routes(hub: Arc<Hub>, clock: Clock, limits: Limits) -> Router {
    let state = HubState {
        hub,
        clock,
        gate: Gate::new(limits),
        guard: Arc::new(Guard::new(&limits)),
    };
    Router::new()
        .route(protocol::SYNC_PATH, post(sync))
        .route(LIVE_PATH, get(live::open))
        .route(protocol::ENROL_PATH, post(enrol))
        .route(protocol::RENEW_PATH, post(renew))
        .route(protocol::SNAPSHOT_PATH, post(give_snapshot))
        .layer(DefaultBodyLimit::max(protocol::REQUEST_BYTES_MAX))
        .merge(blob_routes())
        .merge(key_routes())
        .route_layer(from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}

fn message(status: StatusCode, bytes: Vec<u8>) -> Response {
    let media = HeaderValue::from_static(protocol::MEDIA_TYPE);
    (status, [(header::CONTENT_TYPE, media)], bytes).into_response()
}

pub(super) fn refuse(code: RefusalCode) -> Response {
    refusal(code)
}

/// The guard reads from the answer itself what was refused.
pub(super) fn refusal(refused: impl Into<Refused>) -> Response {
    let refused: Refused = refused.into();
    let status =
        StatusCode::from_u16(refused.refusal.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = message(status, refused.refusal.to_bytes());
    response.extensions_mut().insert(refused);
    response
}

pub(super) async fn blocking<T: Send + 'static, E: From<RefusalCode> + Send + 'static>(
    f: impl FnOnce() -> Result<Result<T, E>, HubError> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(f).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the hub failed");
            Err(RefusalCode::HubFailed.into())
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the hub's thread failed"
            );
            Err(RefusalCode::HubFailed.into())
        }
    }
}

pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
        .map(str::to_owned)
}

/// A sync request, whichever way it came; one that names too much is refused before it is read into memory.
pub(super) fn read_request(bytes: &[u8]) -> Result<SyncRequest, RefusalCode> {
    if protocol::bounds::is_within_bounds(bytes) == Ok(false) {
        return Err(RefusalCode::TooLarge);
    }
    SyncRequest::from_bytes(bytes).map_err(|_| RefusalCode::Malformed)
}

/// One exchange, whichever way the request came. What is left is held until the reply is sent.
pub(super) async fn exchange(
    state: &HubState,
    token: String,
    mut request: SyncRequest,
) -> Result<(SyncReply, Leave), Refused> {
    let leave = state.gate.enter(request.reply_bytes_max).await?;
    request.reply_bytes_max = request.reply_bytes_max.min(leave.reply_bytes_max());
    let now = state.clock.now();
    let hub = state.hub.clone();
    let limits = *state.gate.limits();
    let reply = blocking(move || {
        if request.brings_segments()
            && let Some(seconds) = hub.push_wait(&token, &limits, now)?
        {
            return Ok(Err(guard::wait("push-quota", seconds)));
        }
        Ok(hub.sync(&token, request, now)?.map_err(Refused::from))
    });
    Ok((reply.await?, leave))
}

/// [`exchange`] on a live connection, where the guard sees no requests.
pub(super) async fn live_exchange(
    state: &HubState,
    token: String,
    request: SyncRequest,
) -> Result<(SyncReply, Leave), Refusal> {
    let hash = token_hash(&token);
    let outcome = match state.guard.admit_token(hash, state.clock.now()) {
        Ok(()) => exchange(state, token, request).await,
        Err(refused) => Err(refused),
    };
    outcome.map_err(|refused| live_refusal(state, hash, refused))
}

/// Counts what is refused on a live connection.
pub(super) fn live_refusal(
    state: &HubState,
    token_hash: [u8; 32],
    refused: impl Into<Refused>,
) -> Refusal {
    let refused = refused.into();
    // The token was good when the connection was opened.
    let who = Who::Token(token_hash, "-".to_owned());
    state
        .hub
        .refusals
        .note(who, refused.cause, state.clock.now());
    refused.refusal
}

async fn sync(State(state): State<HubState>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(token) = bearer(&headers) else {
        return refuse(RefusalCode::DeviceUnknown);
    };
    let request = match read_request(&body) {
        Ok(request) => request,
        Err(code) => return refuse(code),
    };
    match exchange(&state, token, request).await {
        Ok((reply, _leave)) => message(StatusCode::OK, reply.to_bytes()),
        Err(refused) => refusal(refused),
    }
}

async fn give_snapshot(State(state): State<HubState>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(token) = bearer(&headers) else {
        return refuse(RefusalCode::DeviceUnknown);
    };
    let hub = state.hub.clone();
    let outcome = blocking(move || match SnapshotGet::from_bytes(&body) {
        Ok(get) => hub.give_snapshot(&token, &get),
        Err(_) => Ok(Err(RefusalCode::Malformed)),
    })
    .await;
    match outcome {
        Ok(part) => message(StatusCode::OK, part.to_bytes()),
        Err(code) => refuse(code),
    }
}

async fn renew(State(state): State<HubState>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(token) = bearer(&headers) else {
        return refuse(RefusalCode::DeviceUnknown);
    };
    let now = state.clock.now();
    let hub = state.hub.clone();
    let outcome = blocking(move || match RenewRequest::from_bytes(&body) {
        Ok(request) => hub.renew(&token, &request, now),
        Err(_) => Ok(Err(RefusalCode::Malformed)),
    })
    .await;
    match outcome {
        Ok(reply) => message(StatusCode::OK, reply.to_bytes()),
        Err(code) => refuse(code),
    }
}

fn key_routes() -> Router<HubState> {
    Router::new()
        .route(protocol::KEYS_PATH, post(exchange_keys))
        .layer(DefaultBodyLimit::max(KEYS_REQUEST_BYTES_MAX))
}

async fn exchange_keys(State(state): State<HubState>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(token) = bearer(&headers) else {
        return refuse(RefusalCode::DeviceUnknown);
    };
    let now = state.clock.now();
    let hub = state.hub.clone();
    let outcome = blocking(move || match KeysRequest::from_bytes(&body) {
        Ok(request) => hub.exchange_keys(&token, &request, now),
        Err(_) => Ok(Err(RefusalCode::Malformed)),
    })
    .await;
    match outcome {
        Ok(reply) => message(StatusCode::OK, reply.to_bytes()),
        Err(code) => refuse(code),
    }
}

fn blob_routes() -> Router<HubState> {
    Router::new()
        .route(protocol::BLOB_PATH, post(take_blob))
        .route(protocol::BLOB_GET_PATH, post(give_blob))
        .layer(DefaultBodyLimit::max(BLOB_REQUEST_BYTES_MAX))
}

async fn take_blob(State(state): State<HubState>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(token) = bearer(&headers) else {
        return refuse(RefusalCode::DeviceUnknown);
    };
    let now = state.clock.now();
    let hub = state.hub.clone();
    let outcome = blocking(move || match BlobRequest::from_bytes(&body) {
        Ok(request) => hub.take_blob(&token, &request, now),
        Err(_) => Ok(Err(RefusalCode::Malformed)),
    })
    .await;
    match outcome {
        Ok(reply) => message(StatusCode::OK, reply.to_bytes()),
        Err(code) => refuse(code),
    }
}

async fn give_blob(State(state): State<HubState>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(token) = bearer(&headers) else {
        return refuse(RefusalCode::DeviceUnknown);
    };
    let hub = state.hub.clone();
    let outcome = blocking(move || match BlobGet::from_bytes(&body) {
        Ok(get) => hub.give_blob(&token, &get),
        Err(_) => Ok(Err(RefusalCode::Malformed)),
    })
    .await;
    match outcome {
        Ok(part) => message(StatusCode::OK, part.to_bytes()),
        Err(code) => refuse(code),
    }
}

async fn enrol(State(state): State<HubState>, body: Bytes) -> Response {
    let Ok(request) = EnrolRequest::from_bytes(&body) else {
        return refuse(RefusalCode::Malformed);
    };
    let now = state.clock.now();
    let hub = state.hub.clone();
    match blocking(move || hub.enrol(&request, now)).await {
        Ok(reply) => message(StatusCode::OK, reply.to_bytes()),
        Err(code) => refuse(code),
    }
}
