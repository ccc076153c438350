//! `GET|POST /sign-in`, `POST /sign-out`

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{RequestExt, extract::ConnectInfo};
use serde::Deserialize;

use crate::auth::accounts::{self, is_local_path};
use crate::auth::form::Pressed;
use crate::auth::token::Token;
use crate::auth::{CsrfForm, Visitor, cookies};
use crate::console::kept::{Kept, send_again};
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::state::AppState;
use crate::store::sessions;
use crate::tls::Peer;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    page: Page,
    name: String,
    to: String,
    /// A form that waits for the sign-in.
    kept: Kept,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    to: String,
}

#[derive(Deserialize)]
struct Form {
    name: String,
    password: String,
    #[serde(default)]
    to: String,
    #[serde(flatten)]
    kept: Kept,
}

pub(crate) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    if visitor.user.is_some() {
        return Ok(Redirect::to(safe(&asked.to)).into_response());
    }
    render(&SignInPage {
        page: Page::plain(&app, &visitor, "sign-in.title"),
        name: String::new(),
        to: asked.to,
        kept: Kept::default(),
        problem: None,
    })
}

/// The page with a form that waits for the sign-in.
pub(crate) fn for_kept(
    app: &AppState,
    visitor: &Visitor,
    kept: Kept,
) -> Result<Response, AppError> {
    render(&SignInPage {
        page: Page::plain(app, visitor, "sign-in.title"),
        name: String::new(),
        to: String::new(),
        kept,
        problem: None,
    })
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    visitor: Visitor,
    mut request: Request,
) -> Result<Response, AppError> {
    let address = request
        .extract_parts::<ConnectInfo<Peer>>()
        .await
        .map_or_else(|_| "-".to_owned(), |info| info.0.0.ip().to_string());
    let CsrfForm(form): CsrfForm<Form> = request.extract().await?;
    let now = app.now();
    app.throttle()
        .check(&form.name, &address, now)
        .map_err(|seconds| AppError::Throttled { seconds })?;
    let (name, password) = (form.name.clone(), form.password);
    let user = app
        .store(move |db| Ok(accounts::check_password(db, &name, &password)?))
        .await?;
    let Some(user) = user else {
        app.throttle().wrong(&form.name, &address, now);
        tracing::info!("wrong name or password");
        let page = SignInPage {
            problem: Some(visitor.lang.t("sign-in.wrong").to_owned()),
            page: Page::plain(&app, &visitor, "sign-in.title"),
            name: form.name,
            to: form.to,
            kept: form.kept,
        };
        let mut response = render(&page)?;
        *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    };
    app.throttle().right(&form.name);
    if form.kept.is_some() {
        return enter_with(&app, user.id, visitor, form.kept).await;
    }
    enter(&app, user.id, safe(&form.to)).await
}

/// Opens a session and shows the form that waited for it.
async fn enter_with(
    app: &AppState,
    user: i64,
    mut visitor: Visitor,
    kept: Kept,
) -> Result<Response, AppError> {
    let now = app.now();
    visitor.token = app
        .store(move |db| Ok(accounts::open_session(db, user, now)?))
        .await?;
    let mut response = send_again(app, &visitor, kept)?;
    put_session(&mut response, Some(&visitor.token), app.secure());
    Ok(response)
}

/// Opens a session and leads to a page.
pub(crate) async fn enter(app: &AppState, user: i64, to: &str) -> Result<Response, AppError> {
    let now = app.now();
    let token = app
        .store(move |db| Ok(accounts::open_session(db, user, now)?))
        .await?;
    let mut response = Redirect::to(to).into_response();
    put_session(&mut response, Some(&token), app.secure());
    Ok(response)
}

pub(crate) async fn sign_out(
    State(app): State<AppState>,
    visitor: Visitor,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let hash = visitor.token.hash();
    app.store(move |db| Ok(db.write(|t| sessions::end(t, &hash))?))
        .await?;
    let mut response = Redirect::to("/sign-in").into_response();
    put_session(&mut response, None, app.secure());
    Ok(response)
}

fn put_session(response: &mut Response, token: Option<&Token>, secure: bool) {
    let value: Option<HeaderValue> = match token {
        Some(token) => {
            let seconds = accounts::SESSION_MS / 1_000;
            cookies::write(cookies::SESSION, token.secret(), Some(seconds), secure)
        }
        None => cookies::write(cookies::SESSION, "", Some(0), secure),
    };
    if let Some(value) = value {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// A path of this server, or the start page.
fn safe(to: &str) -> &str {
    if is_local_path(to) { to } else { "/" }
}
