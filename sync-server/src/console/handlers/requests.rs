//! `/requests`: what somebody asked for and a second person has to approve.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{Method, header};
use axum::response::Response;
use serde::Deserialize;
use tower::ServiceExt;

use super::done;
use crate::access::{self, Rule};
use crate::auth::form::CSRF_FIELD;
use crate::auth::{CsrfForm, Scope, Viewer, Visitor};
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::guard::{Approved, may, noted};
use crate::router::guarded;
use crate::state::AppState;
use crate::store::accounts::{User, by_id};
use crate::store::requests::{self, Request as Asked};

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsPage {
    page: Page,
    waiting: Vec<RequestView>,
    decided: Vec<RequestView>,
    problem: Option<String>,
}

/// A request as somebody sees it.
struct RequestView {
    asked: Asked,
    /// What was typed, but for blanks that are empty.
    fields: Vec<(String, String)>,
    /// What it is about: a device's or a person's name, or as the address has it.
    about: String,
    may_decide: bool,
}

/// Whether what one may see holds all of what another may.
fn covers(scope: &Scope, other: &Scope) -> bool {
    match (scope, other) {
        (Scope::Everywhere, _) => true,
        (Scope::Only(_), Scope::Everywhere) => false,
        (Scope::Only(sites), Scope::Only(others)) => others.is_subset(sites),
    }
}

fn may_decide(user: &User, asker: Option<&User>, rule: &Rule) -> bool {
    let sees = asker.is_some_and(|asker| covers(&user.scope, &asker.scope));
    may(user, rule.needs) && sees && asker.is_some_and(|asker| asker.id != user.id)
}

/// How many wait that somebody may decide, or has asked for.
pub(crate) async fn count(app: &AppState, user: &User) -> Result<usize, AppError> {
    let user = user.clone();
    app.store(move |db| {
        let (waiting, _) = db.read(requests::list)?;
        let mut count = 0;
        for asked in waiting {
            let asker: Option<User> = db.read(|c| by_id(c, asked.asked_by))?;
            let rule = access::rule_of(&asked.act);
            let decides = rule.is_some_and(|rule| may_decide(&user, asker.as_ref(), rule));
            count += usize::from(decides || asked.asked_by == user.id);
        }
        Ok(count)
    })
    .await
}

async fn views(
    app: &AppState,
    user: &User,
) -> Result<(Vec<RequestView>, Vec<RequestView>), AppError> {
    let (waiting, decided, askers) = app
        .store(|db| {
            let (waiting, decided) = db.read(requests::list)?;
            let mut askers = Vec::new();
            for asked in waiting.iter().chain(&decided) {
                let asker: Option<User> = db.read(|c| by_id(c, asked.asked_by))?;
                askers.extend(asker);
            }
            Ok((waiting, decided, askers))
        })
        .await?;
    let mut lists = (Vec::new(), Vec::new());
    for (asked, is_waiting) in waiting
        .into_iter()
        .map(|asked| (asked, true))
        .chain(decided.into_iter().map(|asked| (asked, false)))
    {
        let Some(rule) = access::rule_of(&asked.act) else {
            continue;
        };
        let asker = askers.iter().find(|asker| asker.id == asked.asked_by);
        let is_own = asked.asked_by == user.id;
        let may_decide = may_decide(user, asker, rule);
        if !is_own && !may_decide {
            continue;
        }
        let fields: Vec<(String, String)> =
            serde_urlencoded::from_str(&asked.form).unwrap_or_default();
        let id = asked.path.split('/').nth(2).unwrap_or_default().to_owned();
        let about = match asked.path.starts_with("/imports/") {
            true => super::imports::file_of(app, id).await?,
            false => app.data(move |data| data.called(&id)).await?,
        };
        let view = RequestView {
            fields: fields
                .into_iter()
                .filter(|(name, value)| !value.is_empty() && name != "seen")
                .collect(),
            about,
            may_decide,
            asked,
        };
        match is_waiting {
            true => lists.0.push(view),
            false => lists.1.push(view),
        }
    }
    Ok(lists)
}

pub(crate) async fn list(State(app): State<AppState>, who: Viewer) -> Result<Response, AppError> {
    show(&app, &who, None).await
}

async fn show(app: &AppState, who: &Viewer, problem: Option<String>) -> Result<Response, AppError> {
    let (waiting, decided) = views(app, &who.user).await?;
    let is_problem = problem.is_some();
    let mut response = render(&RequestsPage {
        page: Page::new(app, &who.visitor, "review", "requests.title").await?,
        waiting,
        decided,
        problem,
    })?;
    if is_problem {
        *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

#[derive(Deserialize)]
pub(crate) struct DecisionForm {
    choice: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn decide(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<DecisionForm>,
) -> Result<Response, AppError> {
    let id: i64 = id.parse().map_err(|_| AppError::NotFound)?;
    let found = app
        .store(move |db| {
            let asked = db.read(|c| requests::find(c, id))?;
            let asker = match &asked {
                Some(asked) => db.read(|c| by_id(c, asked.asked_by))?,
                None => None,
            };
            Ok(asked.zip(asker))
        })
        .await?;
    let (asked, asker) = found.ok_or(AppError::NotFound)?;
    let rule = access::rule_of(&asked.act).ok_or(AppError::NotFound)?;
    let is_own = asker.id == who.user.id;
    if !is_own && !may_decide(&who.user, Some(&asker), rule) {
        return Err(AppError::NotFound);
    }
    let state = match (form.choice.as_str(), is_own) {
        ("withdraw", true) => "withdrawn",
        ("approve", false) => "approved",
        ("refuse", false) => "refused",
        // Nobody is their own second person.
        ("approve" | "refuse", true) => return Err(AppError::Forbidden),
        _ => return Err(AppError::BadRequest),
    };
    let reason: String = form.reason.trim().chars().take(500).collect();
    if state == "refused" && reason.is_empty() {
        let words = who.visitor.lang.t("requests.needs-reason").to_owned();
        return show(&app, &who, Some(words)).await;
    }
    if state == "approved" && (asker.disabled || !may(&asker, rule.needs)) {
        let words = who.visitor.lang.t("requests.asker-may-not").to_owned();
        return show(&app, &who, Some(words)).await;
    }
    let (by, now, why) = (who.user.id, app.now(), reason.clone());
    let decided = app
        .store(move |db| Ok(db.write(|t| requests::decide(t, id, state, by, &why, now))?))
        .await?;
    if !decided {
        return Err(AppError::Conflict);
    }
    let detail = format!("{state} {} asked-by={} {reason}", asked.act, asker.name);
    if state == "approved"
        && let Err(code) = carry_out(&app, &who.visitor, asker, &asked).await?
    {
        let why = code.clone();
        app.store(move |db| Ok(db.write(|t| requests::fail(t, id, &why))?))
            .await?;
        let words = who.visitor.lang.t("requests.failed").to_owned();
        let response = show(&app, &who, Some(words)).await?;
        return Ok(noted(response, format!("{detail} failed={code}")));
    }
    let response = done("/requests", &format!("request-{state}"));
    Ok(noted(response, detail.trim_end()))
}

/// Sends the form again, as the one who asked, under the token of the one who approves. What the form does and may do is
/// judged as it is now: what has changed since makes it fail. The error is a code for the list.
async fn carry_out(
    app: &AppState,
    approver: &Visitor,
    asker: User,
    asked: &Asked,
) -> Result<Result<(), String>, AppError> {
    let mut fields: Vec<(String, String)> =
        serde_urlencoded::from_str(&asked.form).map_err(AppError::internal)?;
    fields.push((CSRF_FIELD.to_owned(), approver.token.csrf()));
    let body = serde_urlencoded::to_string(fields).map_err(AppError::internal)?;
    let approved = Approved {
        by: approver
            .user
            .as_ref()
            .map_or_else(String::new, |user| user.name.clone()),
    };
    let visitor = Visitor {
        user: Some(asker),
        here: asked.path.clone(),
        ..approver.clone()
    };
    let request = Request::builder()
        .method(Method::POST)
        .uri(&asked.path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .extension(visitor)
        .extension(approved)
        .body(Body::from(body))
        .map_err(AppError::internal)?;
    // Its future is as large as all handlers together.
    let response = Box::pin(guarded(app).oneshot(request)).await;
    let Ok(response) = response;
    let status = response.status();
    Ok(match status.is_client_error() || status.is_server_error() {
        true => Err(status.as_u16().to_string()),
        false => Ok(()),
    })
}
