//! `/review`: the queue, one exception, decisions.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::{EventHash, ExceptionId};
use serde::Deserialize;

use super::{address, done};
use crate::auth::form::Pressed;
use crate::auth::{CsrfForm, Supervisor, Viewer};
use crate::console::data::{Decision, ReviewFilter};
use crate::console::page::{Page, render};
use crate::console::view::{DecisionView, EventView, ExceptionView, Named, ReviewList, Typed};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    page: Page,
    list: ReviewList,
    filter: ReviewFilter,
    decided_tab: bool,
    sites: Vec<Named>,
    fragment: String,
    /// How much waits for a second person, as far as the visitor has to do with it.
    requests: usize,
}

#[derive(Template)]
#[template(path = "review_fragment.html")]
struct ReviewFragment {
    page: Page,
    list: ReviewList,
    decided_tab: bool,
}

#[derive(Template)]
#[template(path = "exception.html")]
struct ExceptionPage {
    page: Page,
    exception: Option<ExceptionView>,
    decisions: Vec<DecisionView>,
    timeline: Vec<EventView>,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    site: String,
}

impl Asked {
    fn filter(self) -> ReviewFilter {
        ReviewFilter {
            decided: self.tab == "decided",
            kind: self.kind,
            site: self.site,
        }
    }
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let filter = asked.filter();
    let asked = filter.clone();
    let (list, sites) = app
        .data(move |data| Ok((data.review(&asked)?, data.sites()?)))
        .await?;
    render(&ReviewPage {
        page: Page::new(&app, &who.visitor, "review", "nav.review").await?,
        list,
        decided_tab: filter.decided,
        fragment: address(
            "/review/list",
            &[("kind", &filter.kind), ("site", &filter.site)],
        ),
        requests: super::requests::count(&app, &who.user).await?,
        filter,
        sites,
    })
}

/// The list alone, for pages that are open.
pub(crate) async fn fragment(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let filter = asked.filter();
    let decided_tab = filter.decided;
    let list = app.data(move |data| data.review(&filter)).await?;
    let open = list.open;
    let mut response = render(&ReviewFragment {
        page: Page::new(&app, &who.visitor, "review", "nav.review").await?,
        list,
        decided_tab,
    })?;
    response
        .headers_mut()
        .insert("x-open-count", HeaderValue::from(open));
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id = find(&app, &id).await?;
    one(&app, &who, id, None, Typed::default()).await
}

async fn find(app: &AppState, text: &str) -> Result<ExceptionId, AppError> {
    if let Some(id) = ExceptionId::from_hex(text) {
        return Ok(id);
    }
    let is_prefix = text.len() >= 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_prefix {
        return Err(AppError::NotFound);
    }
    let text = text.to_owned();
    app.data(move |data| data.exception_by_prefix(&text))
        .await?
        .ok_or(AppError::NotFound)
}

async fn one(
    app: &AppState,
    who: &Viewer,
    id: ExceptionId,
    problem: Option<&str>,
    typed: Typed,
) -> Result<Response, AppError> {
    let (mut exception, decisions, timeline) = app.data(move |data| data.exception(id)).await?;
    if exception.is_none() && decisions.is_empty() {
        return Err(AppError::NotFound);
    }
    let mut page = Page::new(app, &who.visitor, "review", "exception.title").await?;
    if let Some(exception) = &mut exception {
        exception.typed = typed;
        page.title = page.tt("kind", exception.kind.code());
    }
    render(&ExceptionPage {
        problem: problem.map(|key| page.t(key).to_owned()),
        page,
        exception,
        decisions,
        timeline,
    })
}

#[derive(Deserialize)]
pub(crate) struct DecisionForm {
    choice: String,
    #[serde(default)]
    note: String,
    seen: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    bin: String,
}

pub(crate) async fn resolve(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<DecisionForm>,
) -> Result<Response, AppError> {
    let id = ExceptionId::from_hex(&id).ok_or(AppError::NotFound)?;
    let (user, now) = (who.user.clone(), app.now());
    let typed = Typed {
        note: form.note.clone(),
        item: form.item.clone(),
        bin: form.bin.clone(),
    };
    let decision = Decision {
        choice: form.choice,
        note: form.note,
        seen: form.seen,
        item: form.item,
        bin: form.bin,
    };
    let decided = app
        .data(move |data| data.resolve(id, &decision, &user, now))
        .await?;
    match decided {
        Ok(()) => {
            app.committed();
            Ok(done("/review", "resolved"))
        }
        Err(problem) => {
            let who = Viewer {
                visitor: who.visitor,
                user: who.user,
            };
            let mut response = one(&app, &who, id, Some(problem.key()), typed).await?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}

pub(crate) async fn undo(
    State(app): State<AppState>,
    who: Supervisor,
    Path(decision): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let decision = EventHash::from_hex(&decision).ok_or(AppError::NotFound)?;
    let now = app.now();
    app.data(move |data| data.undo(decision, &who.user, now))
        .await?;
    app.committed();
    Ok(done("/review", "undone"))
}

#[derive(Deserialize)]
pub(crate) struct FieldForm {
    record: String,
    path: String,
    value: String,
}

pub(crate) async fn choose_field(
    State(app): State<AppState>,
    _who: Supervisor,
    CsrfForm(form): CsrfForm<FieldForm>,
) -> Result<Response, AppError> {
    let now = app.now();
    app.data(move |data| data.choose_value(&form.record, &form.path, &form.value, now))
        .await?;
    app.committed();
    Ok(done("/review", "field"))
}
