//! `GET|POST /sign-in`, `GET|POST /sign-in/code`, `POST /sign-out`

use askama::Template;
use axum::RequestExt;
use axum::extract::{ConnectInfo, FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::auth::accounts::{self, is_local_path};
use crate::auth::form::Pressed;
use crate::auth::token::Token;
use crate::auth::{CsrfForm, Visitor, cookies, second};
use crate::console::kept::{Kept, send_again};
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::guard::{noted, noted_of};
use crate::state::AppState;
use crate::store::accounts::User;
use crate::store::sessions::{self, Opened};
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
    let origin = request.extract_parts::<Origin>().await?;
    let address = origin.throttled_by();
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
        let tried = form.name.clone();
        let known = app
            .store(move |db| Ok(accounts::find(db, &tried).ok()))
            .await?;
        let page = SignInPage {
            problem: Some(visitor.lang.t("sign-in.wrong").to_owned()),
            page: Page::plain(&app, &visitor, "sign-in.title"),
            name: form.name,
            to: form.to,
            kept: form.kept,
        };
        let mut response = render(&page)?;
        *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        // People type passwords into the wrong field: a name that nobody has is not written down.
        return Ok(match known {
            Some(user) => noted(noted_of(response, user.id, &user.name), "wrong-password"),
            None => noted(response, "no-such-name"),
        });
    };
    app.throttle().right(&form.name);
    if form.kept.is_some() {
        return enter_with(&app, &user, visitor, form.kept, origin).await;
    }
    enter(&app, &user, safe(&form.to), origin).await
}

/// Opens a session and shows the form that waited for it; the code of a second factor comes first, and the form goes along.
async fn enter_with(
    app: &AppState,
    user: &User,
    mut visitor: Visitor,
    kept: Kept,
    origin: Origin,
) -> Result<Response, AppError> {
    visitor.token = new_session(app, user, origin, user.has_totp).await?;
    let mut response = if user.has_totp {
        render(&CodePage {
            page: Page::plain(app, &visitor, "code.title"),
            to: String::new(),
            problem: None,
            kept,
        })?
    } else {
        send_again(app, &visitor, kept)?
    };
    put_session(&mut response, Some(&visitor.token), app.secure());
    let response = noted_of(response, user.id, &user.name);
    Ok(if user.has_totp {
        noted(response, "code-to-come")
    } else {
        response
    })
}

/// From where a request comes, and with what.
pub(crate) struct Origin {
    address: String,
    agent: String,
}

impl Origin {
    /// Under which address wrong tries are counted.
    fn throttled_by(&self) -> String {
        match self.address.as_str() {
            "" => "-".to_owned(),
            address => address.to_owned(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>();
        let agent = parts.headers.get(header::USER_AGENT);
        Ok(Self {
            address: peer.map_or_else(String::new, |peer| peer.0.0.ip().to_string()),
            agent: agent
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

/// Opens a session and leads to a page; by way of the second factor, if there is one.
pub(crate) async fn enter(
    app: &AppState,
    user: &User,
    to: &str,
    origin: Origin,
) -> Result<Response, AppError> {
    if !user.has_totp {
        return open(app, user, to, origin, false).await;
    }
    let query = serde_urlencoded::to_string([("to", to)]).unwrap_or_default();
    open(app, user, &format!("/sign-in/code?{query}"), origin, true).await
}

/// Opens a session, or half of one, and leads to a page.
pub(crate) async fn open(
    app: &AppState,
    user: &User,
    to: &str,
    origin: Origin,
    half: bool,
) -> Result<Response, AppError> {
    let token = new_session(app, user, origin, half).await?;
    let mut response = Redirect::to(to).into_response();
    put_session(&mut response, Some(&token), app.secure());
    let response = noted_of(response, user.id, &user.name);
    Ok(if half {
        noted(response, "code-to-come")
    } else {
        response
    })
}

/// A session, or half of one, in the store.
async fn new_session(
    app: &AppState,
    user: &User,
    origin: Origin,
    half: bool,
) -> Result<Token, AppError> {
    let (id, now) = (user.id, app.now());
    let with = Opened {
        address: origin.address,
        agent: origin.agent,
        half,
    };
    app.store(move |db| Ok(accounts::open_session_with(db, id, &with, now)?))
        .await
}

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct CodePage {
    page: Page,
    to: String,
    problem: Option<String>,
    kept: Kept,
}

#[derive(Deserialize)]
pub(crate) struct CodeForm {
    code: String,
    #[serde(default)]
    to: String,
    #[serde(flatten)]
    kept: Kept,
}

/// Asks for the code of the second factor.
pub(crate) async fn show_code(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    if visitor.half.is_none() {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    render(&CodePage {
        page: Page::plain(&app, &visitor, "code.title"),
        to: asked.to,
        problem: None,
        kept: Kept::default(),
    })
}

/// The right code, or a recovery code, opens a whole session in place of the half one.
pub(crate) async fn submit_code(
    State(app): State<AppState>,
    visitor: Visitor,
    origin: Origin,
    CsrfForm(form): CsrfForm<CodeForm>,
) -> Result<Response, AppError> {
    let user = visitor.half.clone().ok_or(AppError::SignInNeeded)?;
    let (id, now) = (user.id, app.now());
    let (tried, address) = (format!("code {}", user.name), origin.throttled_by());
    app.throttle()
        .check(&tried, &address, now)
        .map_err(|seconds| AppError::Throttled { seconds })?;
    let code = form.code;
    let right = app
        .store(move |db| Ok(second::check(db, id, &code, now)?))
        .await?;
    if !right {
        app.throttle().wrong(&tried, &address, now);
        let mut response = render(&CodePage {
            problem: Some(visitor.lang.t("code.wrong").to_owned()),
            page: Page::plain(&app, &visitor, "code.title"),
            to: form.to,
            kept: form.kept,
        })?;
        *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(noted(noted_of(response, id, &user.name), "wrong-code"));
    }
    app.throttle().right(&tried);
    let hash = visitor.token.hash();
    app.store(move |db| Ok(db.write(|t| sessions::end(t, &hash))?))
        .await?;
    if form.kept.is_some() {
        let mut visitor = visitor;
        visitor.token = new_session(&app, &user, origin, false).await?;
        let mut response = send_again(&app, &visitor, form.kept)?;
        put_session(&mut response, Some(&visitor.token), app.secure());
        return Ok(noted_of(response, user.id, &user.name));
    }
    open(&app, &user, safe(&form.to), origin, false).await
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
