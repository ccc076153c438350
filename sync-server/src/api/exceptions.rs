//! Exceptions: what disagrees, and deciding it by the rules of the console.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::ledger::ExceptionKind;
use domain::{ExceptionId, SiteId};
use replica::query::ExceptionFilter;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::items::text;
use super::model::{Exception, StatusOfException};
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{ApiJson, ApiPath, ApiQuery, Page, Reply, limit, once, page};
use super::{Api, ApiResult};
use crate::console::data::{Decision, DecisionProblem, ExceptionState};
use crate::guard::{needs_two, writes_off_too_much};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Id of the site; keys of single sites have to say it.
    #[param(value_type = Option<Uuid>)]
    #[serde(default)]
    site: Option<SiteId>,
    /// Only exceptions of this kind.
    #[param(min_length = 1, max_length = 64)]
    #[serde(default)]
    kind: Option<String>,
    /// Only those that wait for a decision.
    #[serde(default)]
    open: Option<bool>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    #[serde(default)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Decision)]
pub(super) struct DecisionIn {
    /// One of the exception's `choices`.
    #[schema(min_length = 1, max_length = 64)]
    choice: String,
    /// `seen` of the exception, as it was shown.
    #[schema(min_length = 1, max_length = 64)]
    seen: String,
    /// Why; some choices need it.
    #[schema(max_length = 500)]
    #[serde(default)]
    note: Option<String>,
    /// SKU or barcode of the item that an unknown code stands for.
    #[schema(max_length = 64)]
    #[serde(default)]
    item: Option<String>,
    /// Code of the bin where goods with an unknown code lie.
    #[schema(max_length = 64)]
    #[serde(default)]
    bin: Option<String>,
}

/// The id that a path names.
fn id_of(text: &str) -> Result<ExceptionId, ApiError> {
    ExceptionId::from_hex(text).ok_or_else(|| ApiError::new("not-found"))
}

async fn find(api: &Api, caller: &Caller, id: ExceptionId) -> Result<ExceptionState, ApiError> {
    let state = api.app.data(move |data| data.exception_state(id)).await?;
    let state = state.ok_or_else(|| ApiError::new("not-found"))?;
    caller.at(state.exception.finding.site)?;
    Ok(state)
}

/// An exception to be decided. One that is gone because somebody has decided it is no stranger.
async fn open_one(api: &Api, caller: &Caller, id: ExceptionId) -> Result<ExceptionState, ApiError> {
    let (state, decided) = api
        .app
        .data(move |data| Ok((data.exception_state(id)?, data.is_decided(id)?)))
        .await?;
    let state = state.ok_or_else(|| match decided {
        true => ApiError::new("conflict"),
        false => ApiError::new("not-found"),
    })?;
    caller.at(state.exception.finding.site)?;
    Ok(state)
}

/// Exceptions.
#[utoipa::path(get, path = "/exceptions", tag = "exceptions", operation_id = "listExceptions", params(Asked),
    responses((status = 200, description = "A page of exceptions", body = Page<Exception>), Refusals))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> ApiResult<Page<Exception>> {
    caller.may(Scope::ExceptionsRead)?;
    match asked.site {
        Some(site) => caller.at(site)?,
        None => caller.everywhere()?,
    }
    let limit = limit(asked.limit)?;
    let kind = match asked.kind.as_deref() {
        None => None,
        Some(code) => match ExceptionKind::from_code(code) {
            Some(kind) => Some(kind),
            None => return Err(ApiError::new("bad-query").at("kind", "api.wrong.kind")),
        },
    };
    let filter = ExceptionFilter {
        site: asked.site,
        kind,
        open_only: asked.open.unwrap_or(false),
    };
    let list = format!("exceptions {filter:?}");
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => {
            let place = api.cursors.read(&list, cursor)?;
            let id = ExceptionId::from_slice(&place);
            Some(id.ok_or_else(|| ApiError::new("bad-cursor"))?)
        }
    };
    let rows = api
        .app
        .data(move |data| data.exceptions_after(&filter, after, limit + 1))
        .await?;
    let place = |state: &ExceptionState| state.exception.finding.id().0.to_vec();
    Ok(page(&api, &list, rows, limit, place, Exception::from))
}

/// One exception.
#[utoipa::path(get, path = "/exceptions/{id}", tag = "exceptions", operation_id = "getException",
    params(("id" = String, Path, description = "Id of the exception: 64 hexadecimal digits")),
    responses((status = 200, description = "The exception", body = Exception), Refusals))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<String>,
) -> ApiResult<Exception> {
    caller.may(Scope::ExceptionsRead)?;
    let state = find(&api, &caller, id_of(&id)?).await?;
    Ok(axum::Json(state.into()))
}

/// Decides an exception, by the rules of the console. What was decided can be taken back there.
#[utoipa::path(post, path = "/exceptions/{id}/resolve", tag = "exceptions", operation_id = "resolveException",
    request_body = DecisionIn,
    params(("id" = String, Path, description = "Id of the exception: 64 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Names this request: it may be repeated")),
    responses((status = 200, description = "The exception as it is now", body = Exception), Refusals))]
pub(super) async fn resolve(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(path): ApiPath<String>,
    headers: HeaderMap,
    body: ApiJson<DecisionIn>,
) -> Result<Response, ApiError> {
    caller.may(Scope::ExceptionsWrite)?;
    let id = id_of(&path)?;
    let before = open_one(&api, &caller, id).await?;
    let bytes = body.bytes.clone();
    let asked = [&b"resolve"[..], path.as_bytes(), &bytes];
    once(&api, &caller, &headers, &asked, async {
        let typed = body.value;
        let decision = Decision {
            choice: typed.choice,
            note: text("/note", &typed.note, 500, 0)?.unwrap_or_default(),
            seen: typed.seen,
            item: text("/item", &typed.item, 64, 0)?.unwrap_or_default(),
            bin: text("/bin", &typed.bin, 64, 0)?.unwrap_or_default(),
        };
        if needs_two(&api.app, "review.decide").await?
            && writes_off_too_much(&api.app, &path, &decision.choice).await?
        {
            return Err(ApiError::new("needs-two"));
        }
        let (user, now) = (caller.user(), api.app.now());
        let decided = api
            .app
            .data(move |data| data.resolve(id, &decision, &user, now))
            .await?;
        decided.map_err(|problem| match problem {
            DecisionProblem::Changed => ApiError::new("conflict").at("/seen", problem.key()),
            DecisionProblem::NeedsNote => ApiError::invalid("/note", problem.key()),
            DecisionProblem::NoSuchItem => ApiError::invalid("/item", problem.key()),
            DecisionProblem::NoSuchBin => ApiError::invalid("/bin", problem.key()),
            DecisionProblem::NoSuchChoice => ApiError::invalid("/choice", problem.key()),
            DecisionProblem::OwnCount => ApiError::new("conflict").at("/choice", problem.key()),
        })?;
        api.app.committed();
        // Where the events disagree no more, the exception is gone.
        let after = api.app.data(move |data| data.exception_state(id)).await?;
        let mut shown = Exception::from(after.unwrap_or(before));
        shown.status = StatusOfException::Resolved;
        Ok(Reply::plain(StatusCode::OK, &shown, None))
    })
    .await
}
