//! What a request says: parameters and bodies, read strictly; answers that may be asked for again; versions of records.

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::problem::ApiError;
use super::{Api, BODY_BYTES_MAX};
use crate::store::api::{self as answers, Before};

/// Rows on a page, unless the caller says otherwise.
const LIMIT: u32 = 100;
/// Rows on a page at most.
pub(super) const LIMIT_MAX: u32 = 500;
/// How long an answer may be asked for again.
const ANSWER_MS: i64 = 24 * 3_600_000;
/// Whoever has worked on a request for so long is gone.
const STUCK_MS: i64 = 2 * 60_000;

/// A part of the path; what cannot name anything names nothing.
pub(super) struct ApiPath<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(value) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::new("not-found"))?;
        Ok(Self(value))
    }
}

/// The query; a parameter that is not known is refused, so that a mistyped filter does not widen a list.
pub(super) struct ApiQuery<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(value) = Query::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::new("bad-query").at("query", error.body_text()))?;
        Ok(Self(value))
    }
}

/// A JSON body, with the bytes that it came as.
pub(super) struct ApiJson<T> {
    pub(super) value: T,
    pub(super) bytes: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_json = kind.eq_ignore_ascii_case("application/json")
            || kind.eq_ignore_ascii_case("application/merge-patch+json");
        if !is_json {
            return Err(ApiError::new("media-type"));
        }
        let bytes = to_bytes(request.into_body(), BODY_BYTES_MAX)
            .await
            .map_err(|_| ApiError::new("too-large"))?;
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            let code = match error.classify() {
                serde_json::error::Category::Data => "invalid",
                _ => "bad-body",
            };
            ApiError::new(code).at("", error.to_string())
        })?;
        Ok(Self { value, bytes })
    }
}

/// How a list is read.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// Rows on the page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    #[serde(default)]
    pub(super) limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    pub(super) cursor: Option<String>,
}

/// How many rows a page has.
///
/// # Errors
/// `bad-query` beyond 1 to 500.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    match asked.unwrap_or(LIMIT) {
        n if (1..=LIMIT_MAX).contains(&n) => Ok(n),
        _ => Err(ApiError::new("bad-query").at("limit", "api.wrong.limit")),
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The rows.
    pub(super) items: Vec<T>,
    /// Cursor of the next page; null on the last one.
    #[schema(required = true)]
    pub(super) next: Option<String>,
}

/// Cuts a list that was asked for with one row more than the page has. `place`: where a row stands.
pub(super) fn page<R, T>(
    api: &Api,
    list: &str,
    mut rows: Vec<R>,
    limit: u32,
    place: impl Fn(&R) -> Vec<u8>,
    shown: impl Fn(R) -> T,
) -> Json<Page<T>> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more);
    let next = next.map(|row| api.cursors.sign(list, &place(row)));
    Json(Page {
        items: rows.into_iter().map(shown).collect(),
        next,
    })
}

/// Where a page begins of a list that is sorted by a text and then by id.
///
/// # Errors
/// `bad-cursor`, `cursor-expired`.
pub(super) fn text_and_id(
    api: &Api,
    list: &str,
    cursor: Option<&String>,
) -> Result<Option<(String, [u8; 16])>, ApiError> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let place = api.cursors.read(list, cursor)?;
    let (id, text) = place
        .split_first_chunk()
        .ok_or_else(|| ApiError::new("bad-cursor"))?;
    Ok(Some((String::from_utf8_lossy(text).into_owned(), *id)))
}

/// 16 bytes of an id, from a cursor's place.
pub(super) fn id16(place: &[u8]) -> Result<[u8; 16], ApiError> {
    place.try_into().map_err(|_| ApiError::new("bad-cursor"))
}

/// The version of a record: changes with anything that is shown of it.
pub(super) fn etag(shown: &impl Serialize) -> String {
    let text = serde_json::to_vec(shown).unwrap_or_default();
    format!("\"{}\"", &blake3::hash(&text).to_hex()[..24])
}

/// Which version a change is for.
///
/// # Errors
/// `precondition-required` if the caller does not say.
pub(super) fn if_match(headers: &HeaderMap) -> Result<String, ApiError> {
    let value = headers.get(header::IF_MATCH);
    let value = value.and_then(|v| v.to_str().ok()).map(str::trim);
    match value {
        Some(value) if !value.is_empty() => Ok(value.to_owned()),
        _ => Err(ApiError::new("precondition-required").at("If-Match", "api.wrong.if-match")),
    }
}

/// Whether a version is one of those that a change is for.
pub(super) fn matches(asked: &str, version: &str) -> bool {
    asked == "*" || asked.split(',').any(|one| one.trim() == version)
}

/// An answer with a record and its version.
pub(super) fn record(status: StatusCode, shown: &impl Serialize, at: Option<String>) -> Reply {
    Reply {
        status: status.as_u16(),
        etag: Some(etag(shown)),
        location: at,
        body: serde_json::to_value(shown).unwrap_or_default(),
    }
}

/// An answer that can be kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reply {
    status: u16,
    etag: Option<String>,
    location: Option<String>,
    body: serde_json::Value,
}

impl Reply {
    /// One without a version.
    pub(super) fn plain(status: StatusCode, shown: &impl Serialize, at: Option<String>) -> Self {
        Self {
            etag: None,
            ..record(status, shown, at)
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, Json(self.body)).into_response();
        for (name, value) in [(header::ETAG, self.etag), (header::LOCATION, self.location)] {
            if let Some(value) = value.and_then(|v| HeaderValue::from_str(&v).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// Does the work once for each `Idempotency-Key` of a caller: whoever asks again gets the first answer. Refusals are not
/// kept. `asked`: what the request says, its route included.
///
/// # Errors
/// `bad-idempotency-key`, `another-request`, `running`, and those of the work.
pub(super) async fn once(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    asked: &[&[u8]],
    work: impl Future<Output = Result<Reply, ApiError>>,
) -> Result<Response, ApiError> {
    let Some(name) = headers.get("idempotency-key") else {
        return Ok(work.await?.into_response());
    };
    let name = name.to_str().unwrap_or_default().to_owned();
    if name.is_empty() || name.len() > 255 {
        let error = ApiError::new("bad-idempotency-key");
        return Err(error.at("Idempotency-Key", "api.wrong.idempotency-key"));
    }
    let mut hasher = blake3::Hasher::new();
    for part in asked {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let request = *hasher.finalize().as_bytes();
    let (id, now, claimed) = (caller.id(), api.app.now(), name.clone());
    let before = api
        .app
        .store(move |db| {
            let old = (now - ANSWER_MS, now - STUCK_MS);
            Ok(db.write(|t| answers::claim(t, (id, &claimed), &request, now, old))?)
        })
        .await?;
    match before {
        Before::Nothing => {}
        Before::Running => return Err(ApiError::new("running")),
        Before::Another => return Err(ApiError::new("another-request")),
        Before::Answered(text) => {
            let reply: Reply =
                serde_json::from_str(&text).map_err(|_| ApiError::new("internal"))?;
            let mut response = reply.into_response();
            let again = HeaderValue::from_static("true");
            response.headers_mut().insert("idempotency-replayed", again);
            return Ok(response);
        }
    }
    let done = work.await;
    let kept = done
        .as_ref()
        .ok()
        .and_then(|reply| serde_json::to_string(reply).ok());
    api.app
        .store(move |db| Ok(db.write(|t| answers::settle(t, (id, &name), kept.as_deref()))?))
        .await?;
    Ok(done?.into_response())
}
