//! `/account`: one's own password, second factor and sign-ins.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::done;
use super::link::problem_key;
use super::sign_in::{Origin, open};
use crate::auth::accounts::{self, AccountError, IDLE_MS};
use crate::auth::form::Pressed;
use crate::auth::second::Shown;
use crate::auth::{CsrfForm, Viewer, second};
use crate::console::drawing::qr_svg;
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;
use crate::store::sessions::{self, Listed};
use crate::store::totp;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    problem: Option<String>,
    /// A second factor has to be set up before anything else.
    needs_totp: bool,
    has_totp: bool,
    /// A new one waits for its first code.
    shown: Option<Shown>,
    qr: String,
    code_problem: Option<String>,
    recovery_left: i64,
    sessions: Vec<Listed>,
    /// Which of them this is.
    own: String,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    page: Page,
    codes: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    #[serde(default)]
    old: String,
    password: String,
    again: String,
}

#[derive(Deserialize)]
pub(crate) struct CodeForm {
    code: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    need: String,
}

#[derive(Deserialize)]
pub(crate) struct EndForm {
    /// A handle; empty: all but this one.
    #[serde(default)]
    session: String,
}

/// What went wrong, if anything did: with the password, and with the code.
#[derive(Default)]
struct Problems {
    password: Option<&'static str>,
    code: Option<&'static str>,
    needs_totp: bool,
}

async fn page(app: &AppState, who: &Viewer, problems: Problems) -> Result<Response, AppError> {
    let (id, name, now) = (who.user.id, who.user.name.clone(), app.now());
    let (shown, recovery_left, sessions) = app
        .store(move |db| {
            let shown = second::waiting(db, id, &name)?;
            let (left, sessions) = db.read(|c| -> Result<_, crate::store::StoreError> {
                let left = totp::recovery_left(c, id)?;
                Ok((left, sessions::of_user(c, id, now, now - IDLE_MS)?))
            })?;
            Ok((shown, left, sessions))
        })
        .await?;
    let words = |key: Option<&str>| key.map(|key| who.visitor.lang.t(key).to_owned());
    let mut response = render(&AccountPage {
        page: Page::new(app, &who.visitor, "account", "account.title").await?,
        problem: words(problems.password),
        needs_totp: problems.needs_totp && !who.user.has_totp,
        has_totp: who.user.has_totp,
        qr: match &shown {
            Some(shown) => qr_svg(&shown.address)?,
            None => String::new(),
        },
        shown,
        code_problem: words(problems.code),
        recovery_left,
        sessions,
        own: sessions::handle(&who.visitor.token.hash()),
    })?;
    if problems.password.is_some() || problems.code.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let problems = Problems {
        needs_totp: asked.need == "totp",
        ..Problems::default()
    };
    page(&app, &who, problems).await
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    who: Viewer,
    origin: Origin,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response, AppError> {
    let key = if form.password == form.again {
        let (user, old, new) = (who.user.clone(), form.old, form.password);
        let changed = app
            .store(move |db| Ok(accounts::change_password(db, &user, &old, &new)))
            .await?;
        match changed {
            Ok(()) => return open(&app, &who.user, "/account?done=password", origin, false).await,
            Err(AccountError::WrongPassword) => "account.wrong-old",
            Err(error) => match problem_key(&error) {
                Some(key) => key,
                None => return Err(error.into()),
            },
        }
    } else {
        "setup.differ"
    };
    let problems = Problems {
        password: Some(key),
        ..Problems::default()
    };
    page(&app, &who, problems).await
}

/// Makes a secret, which the page shows until a code of it was typed.
pub(crate) async fn begin_totp(
    State(app): State<AppState>,
    who: Viewer,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let (id, name) = (who.user.id, who.user.name.clone());
    app.store(move |db| Ok(second::begin(db, id, &name)?))
        .await?
        .ok_or(AppError::Conflict)?;
    Ok(done("/account", "totp-begun"))
}

/// The first code turns the second factor on. The recovery codes are in the answer itself, and nowhere else.
pub(crate) async fn confirm_totp(
    State(app): State<AppState>,
    who: Viewer,
    CsrfForm(form): CsrfForm<CodeForm>,
) -> Result<Response, AppError> {
    let (id, now) = (who.user.id, app.now());
    check_tries(&app, &who, now)?;
    let codes = app
        .store(move |db| Ok(second::confirm(db, id, &form.code, now)?))
        .await?;
    let Some(codes) = codes else {
        return wrong_code(&app, &who, now).await;
    };
    recovery(&app, &who, codes).await
}

/// Turns the second factor off; asks for a code, so that a desk left open does not do it.
pub(crate) async fn remove_totp(
    State(app): State<AppState>,
    who: Viewer,
    CsrfForm(form): CsrfForm<CodeForm>,
) -> Result<Response, AppError> {
    let (id, now) = (who.user.id, app.now());
    check_tries(&app, &who, now)?;
    let right = app
        .store(move |db| {
            let right = second::check(db, id, &form.code, now)?;
            if right {
                second::remove(db, id)?;
            }
            Ok(right)
        })
        .await?;
    if !right {
        return wrong_code(&app, &who, now).await;
    }
    Ok(done("/account", "totp-off"))
}

/// New recovery codes; asks for a code as well.
pub(crate) async fn renew_recovery(
    State(app): State<AppState>,
    who: Viewer,
    CsrfForm(form): CsrfForm<CodeForm>,
) -> Result<Response, AppError> {
    let (id, now) = (who.user.id, app.now());
    check_tries(&app, &who, now)?;
    let codes = app
        .store(move |db| {
            let right = second::check(db, id, &form.code, now)?;
            Ok(right.then(|| second::renew_recovery(db, id)).transpose()?)
        })
        .await?;
    match codes {
        Some(codes) => recovery(&app, &who, codes).await,
        None => wrong_code(&app, &who, now).await,
    }
}

/// Ends one of one's own sign-ins, or all others.
pub(crate) async fn end_sessions(
    State(app): State<AppState>,
    who: Viewer,
    CsrfForm(form): CsrfForm<EndForm>,
) -> Result<Response, AppError> {
    let (id, keep) = (who.user.id, who.visitor.token.hash());
    let ended = app
        .store(move |db| {
            let which = (!form.session.is_empty()).then_some(form.session.as_str());
            let keep = which.is_none().then_some(&keep);
            Ok(db.write(|t| sessions::end_of_user(t, id, which, keep))?)
        })
        .await?;
    let response = done("/account", "session-ended");
    Ok(noted(response, format!("sessions={ended}")))
}

/// Wrong codes are counted by account, and in place of the address too: the account is known here.
fn tries_of(who: &Viewer) -> String {
    format!("code {}", who.user.name)
}

fn check_tries(app: &AppState, who: &Viewer, now: i64) -> Result<(), AppError> {
    let checked = app.throttle().check(&tries_of(who), &tries_of(who), now);
    checked.map_err(|seconds| AppError::Throttled { seconds })
}

async fn wrong_code(app: &AppState, who: &Viewer, now: i64) -> Result<Response, AppError> {
    app.throttle().wrong(&tries_of(who), &tries_of(who), now);
    let problems = Problems {
        code: Some("code.wrong"),
        ..Problems::default()
    };
    Ok(noted(page(app, who, problems).await?, "wrong-code"))
}

async fn recovery(app: &AppState, who: &Viewer, codes: Vec<String>) -> Result<Response, AppError> {
    app.throttle().right(&tries_of(who));
    render(&RecoveryPage {
        page: Page::new(app, &who.visitor, "account", "recovery.title").await?,
        codes,
    })
}
