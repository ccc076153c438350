//! `/people/{id}/badge` and `/people/{id}/pin`: what somebody signs in with on handhelds.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::OperatorId;
use serde::Deserialize;

use super::done;
use crate::auth::{CsrfForm, Supervisor, Visitor};
use crate::console::data::{NewBadge, is_pin};
use crate::console::drawing::{bars_svg, qr_svg};
use crate::console::page::{Page, render};
use crate::console::view::OperatorView;
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "badge.html")]
struct BadgePage {
    page: Page,
    person: OperatorView,
    /// The end of the person's id, for telling people of one name apart.
    number: String,
    qr: String,
    bars: String,
    problem: Option<String>,
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    id: OperatorId,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let person = app.data(move |data| data.badge(id)).await?;
    let mut page = Page::new(app, visitor, "people", "badge.title").await?;
    page.title = person.operator.name(page.lang).to_owned();
    let (qr, bars) = match person.badge.as_str() {
        "" => Default::default(),
        // What somebody scanned once may be no text that bars can say.
        code => (qr_svg(code)?, bars_svg(code).unwrap_or_default()),
    };
    let text = id.to_string().to_uppercase();
    let mut response = render(&BadgePage {
        number: text.get(text.len() - 6..).unwrap_or_default().to_owned(),
        problem: problem.map(|key| page.t(key).to_owned()),
        page,
        person,
        qr,
        bars,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    page(&app, &who.visitor, id, None).await
}

#[derive(Deserialize)]
pub(crate) struct BadgeForm {
    choice: String,
    #[serde(default)]
    code: String,
}

/// Another badge: made up, scanned, or none. The old one opens nothing from the handhelds' next sync on.
pub(crate) async fn issue(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<BadgeForm>,
) -> Result<Response, AppError> {
    let id: OperatorId = id.parse().map_err(|_| AppError::NotFound)?;
    let badge = match form.choice.as_str() {
        "new" => NewBadge::Made,
        "scanned" => NewBadge::Scanned(form.code.chars().take(64).collect()),
        "none" => NewBadge::None,
        _ => return Err(AppError::BadRequest),
    };
    if matches!(&badge, NewBadge::Scanned(code) if code.trim().is_empty()) {
        return page(&app, &who.visitor, id, Some("badge.needs-code")).await;
    }
    let now = app.now();
    let given = app
        .data(move |data| data.set_badge(id, &badge, now))
        .await?;
    if !given {
        return page(&app, &who.visitor, id, Some("people.badge-taken")).await;
    }
    app.committed();
    let response = done(&format!("/people/{id}/badge"), "saved");
    Ok(noted(response, form.choice))
}

#[derive(Deserialize)]
pub(crate) struct PinForm {
    #[serde(default)]
    pin: String,
    #[serde(default)]
    again: String,
    /// Anything, if they are to have none.
    #[serde(default)]
    none: String,
}

/// Another PIN, or none. It is in no answer and no log.
pub(crate) async fn set_pin(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<PinForm>,
) -> Result<Response, AppError> {
    let id: OperatorId = id.parse().map_err(|_| AppError::NotFound)?;
    let pin = form.none.is_empty().then_some(form.pin);
    if let Some(pin) = &pin {
        let problem = match pin {
            pin if !is_pin(pin) => Some("people.bad-pin"),
            pin if *pin != form.again => Some("badge.pins-differ"),
            _ => None,
        };
        if problem.is_some() {
            return page(&app, &who.visitor, id, problem).await;
        }
    }
    let (now, is_set) = (app.now(), pin.is_some());
    app.data(move |data| data.set_pin(id, pin.as_deref(), now))
        .await?;
    app.committed();
    let response = done(&format!("/people/{id}/badge"), "saved");
    Ok(noted(response, if is_set { "set" } else { "removed" }))
}
