//! `/quarantine`: what is held back, and the decision about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::DeviceId;
use serde::Deserialize;

use super::done;
use crate::auth::{CsrfForm, Supervisor, Viewer};
use crate::console::data::QuarantineChoice;
use crate::console::desk;
use crate::console::page::{Page, render};
use crate::console::view::QuarantineView;
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "quarantine.html")]
struct QuarantinePage {
    page: Page,
    views: Vec<QuarantineView>,
    problem: Option<String>,
    /// What somebody typed and has to put right, and for which device.
    typed: (String, String),
}

/// What waits for a decision, by device.
pub(crate) async fn waiting(app: &AppState) -> Result<Vec<QuarantineView>, AppError> {
    let suspicions = app.hub(desk::suspicions).await?;
    app.data(move |data| data.quarantine(&suspicions)).await
}

pub(crate) async fn list(State(app): State<AppState>, who: Viewer) -> Result<Response, AppError> {
    show(&app, &who, None, Default::default()).await
}

async fn show(
    app: &AppState,
    who: &Viewer,
    problem: Option<&str>,
    typed: (String, String),
) -> Result<Response, AppError> {
    let page = Page::new(app, &who.visitor, "review", "quarantine.title").await?;
    render(&QuarantinePage {
        views: waiting(app).await?,
        problem: problem.map(|key| page.t(key).to_owned()),
        page,
        typed,
    })
}

#[derive(Deserialize)]
pub(crate) struct ChoiceForm {
    choice: String,
    reason: String,
    seen: String,
}

pub(crate) async fn decide(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ChoiceForm>,
) -> Result<Response, AppError> {
    let device: DeviceId = id.parse().map_err(|_| AppError::NotFound)?;
    let release = match form.choice.as_str() {
        "release" => true,
        "reject" => false,
        _ => return Err(AppError::BadRequest),
    };
    let choice = QuarantineChoice {
        release,
        reason: form.reason.chars().take(500).collect(),
        seen: form.seen,
    };
    let (user, now) = (who.user.clone(), app.now());
    let asked = choice.clone();
    let decided = app
        .data(move |data| data.decide_quarantine(device, &asked, &user, now))
        .await?;
    match decided {
        Ok(()) => {
            if release {
                app.hub(move |hub| hub.trust(device, now)).await?;
            }
            app.committed();
            let code = if release { "released" } else { "rejected" };
            Ok(done("/quarantine", code))
        }
        Err(problem) => {
            let who = Viewer {
                visitor: who.visitor,
                user: who.user,
            };
            let mut response = show(&app, &who, Some(problem.key()), (id, choice.reason)).await?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}
