//! `GET|POST /sign-in/link/{token}` and `GET|POST /setup/{token}`: looking shows a button, pressing it uses the link
//! up, so that programs which open links ahead of people do not.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::sign_in::{Origin, enter};
use crate::auth::accounts::{self, AccountError};
use crate::auth::form::Pressed;
use crate::auth::token::Token;
use crate::auth::{CsrfForm, Visitor};
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::state::AppState;
use crate::store::accounts::{Role, by_id};
use crate::store::links::{self, Link};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    page: Page,
    explanation: String,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    page: Page,
    name: String,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct SetupForm {
    name: String,
    password: String,
    again: String,
}

/// The link, if it still works and is of the right kind.
async fn find(app: &AppState, text: &str, setup: bool) -> Result<(Token, Link), AppError> {
    let token = Token::from_text(text).ok_or(AppError::LinkSpent)?;
    let (hash, now) = (token.hash(), app.now());
    let found = app
        .store(move |db| Ok(db.read(|c| links::find(c, &hash, now))?))
        .await?;
    match found {
        Some(link) if link.user.is_none() == setup => Ok((token, link)),
        _ => Err(AppError::LinkSpent),
    }
}

/// Uses the link up.
async fn consume(app: &AppState, token: &Token) -> Result<Link, AppError> {
    let (hash, now) = (token.hash(), app.now());
    app.store(move |db| Ok(db.write(|t| links::consume(t, &hash, now))?))
        .await?
        .ok_or(AppError::LinkSpent)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    find(&app, &token, false).await?;
    render(&LinkPage {
        explanation: visitor.lang.t("link.explanation").to_owned(),
        page: Page::plain(&app, &visitor, "link.title"),
    })
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    origin: Origin,
    Path(token): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let (token, _) = find(&app, &token, false).await?;
    let link = consume(&app, &token).await?;
    let id = link.user.ok_or(AppError::LinkSpent)?;
    let user = app
        .store(move |db| Ok(db.read(|c| by_id(c, id))?))
        .await?
        .filter(|user| !user.disabled)
        .ok_or(AppError::LinkSpent)?;
    enter(&app, &user, &link.to_path, origin).await
}

pub(crate) async fn show_setup(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    find(&app, &token, true).await?;
    render(&SetupPage {
        page: Page::plain(&app, &visitor, "setup.title"),
        name: String::new(),
        problem: None,
    })
}

pub(crate) async fn submit_setup(
    State(app): State<AppState>,
    visitor: Visitor,
    origin: Origin,
    Path(token): Path<String>,
    CsrfForm(form): CsrfForm<SetupForm>,
) -> Result<Response, AppError> {
    let (token, _) = find(&app, &token, true).await?;
    let now = app.now();
    let made = if form.password == form.again {
        let (name, password) = (form.name.clone(), form.password);
        app.store(move |db| {
            Ok(accounts::create(
                db,
                &name,
                Role::Admin,
                Some(&password),
                now,
            ))
        })
        .await?
    } else {
        return refuse(&app, &visitor, form.name, "setup.differ");
    };
    match made {
        Ok(user) => {
            consume(&app, &token).await?;
            enter(&app, &user, "/", origin).await
        }
        Err(error) => match problem_key(&error) {
            Some(key) => refuse(&app, &visitor, form.name, key),
            None => Err(error.into()),
        },
    }
}

/// The words for what a person can put right.
pub(crate) fn problem_key(error: &AccountError) -> Option<&'static str> {
    match error {
        AccountError::NameTaken => Some("account.name-taken"),
        AccountError::BadName => Some("account.bad-name"),
        AccountError::Password(crate::auth::password::PasswordError::TooShort) => {
            Some("account.too-short")
        }
        _ => None,
    }
}

fn refuse(
    app: &AppState,
    visitor: &Visitor,
    name: String,
    key: &str,
) -> Result<Response, AppError> {
    let page = SetupPage {
        page: Page::plain(app, visitor, "setup.title"),
        name,
        problem: Some(visitor.lang.t(key).to_owned()),
    };
    let mut response = render(&page)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
