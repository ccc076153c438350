//! `/people`: who may sign in on handhelds.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::OperatorId;
use serde::Deserialize;

use super::done;
use crate::auth::{CsrfForm, Supervisor, Viewer, Visitor};
use crate::console::data::NewOperator;
use crate::console::page::{Page, render};
use crate::console::view::OperatorView;
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Page,
    people: Vec<OperatorView>,
    typed: NewOperator,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PersonForm {
    name: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    badge: String,
}

#[derive(Deserialize)]
pub(crate) struct ActiveForm {
    active: String,
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    typed: NewOperator,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let people = app.data(|data| data.operators()).await?;
    let mut response = render(&PeoplePage {
        page: Page::new(app, visitor, "people", "nav.people").await?,
        people,
        // A PIN is never sent back.
        typed: NewOperator {
            pin: String::new(),
            ..typed
        },
        problem: problem.map(|key| visitor.lang.t(key).to_owned()),
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn list(State(app): State<AppState>, who: Viewer) -> Result<Response, AppError> {
    page(&app, &who.visitor, NewOperator::default(), None).await
}

pub(crate) async fn add(
    State(app): State<AppState>,
    who: Supervisor,
    CsrfForm(form): CsrfForm<PersonForm>,
) -> Result<Response, AppError> {
    let new = NewOperator {
        name: form.name,
        pin: form.pin,
        badge: form.badge,
    };
    if let Some(problem) = new.problem() {
        return page(&app, &who.visitor, new, Some(problem)).await;
    }
    let (asked, now) = (new.clone(), app.now());
    let added = app.data(move |data| data.add_operator(&asked, now)).await?;
    if !added {
        return page(&app, &who.visitor, new, Some("people.badge-taken")).await;
    }
    app.committed();
    Ok(done("/people", "person"))
}

pub(crate) async fn set_active(
    State(app): State<AppState>,
    _who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ActiveForm>,
) -> Result<Response, AppError> {
    let id: OperatorId = id.parse().map_err(|_| AppError::NotFound)?;
    let (active, now) = (form.active == "yes", app.now());
    app.data(move |data| data.set_operator_active(id, active, now))
        .await?;
    app.committed();
    Ok(done("/people", "saved"))
}
