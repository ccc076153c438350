//! `GET|POST /account`: one's own password.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::link::problem_key;
use super::sign_in::enter;
use crate::auth::accounts::{self, AccountError};
use crate::auth::{CsrfForm, Viewer};
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    #[serde(default)]
    old: String,
    password: String,
    again: String,
}

pub(crate) async fn show(State(app): State<AppState>, who: Viewer) -> Result<Response, AppError> {
    render(&AccountPage {
        page: Page::new(&app, &who.visitor, "account", "account.title").await?,
        problem: None,
    })
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    who: Viewer,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response, AppError> {
    let key = if form.password == form.again {
        let (user, old, new) = (who.user.clone(), form.old, form.password);
        let changed = app
            .store(move |db| Ok(accounts::change_password(db, &user, &old, &new)))
            .await?;
        match changed {
            Ok(()) => return enter(&app, who.user.id, "/account?done=password").await,
            Err(AccountError::WrongPassword) => "account.wrong-old",
            Err(error) => match problem_key(&error) {
                Some(key) => key,
                None => return Err(error.into()),
            },
        }
    } else {
        "setup.differ"
    };
    let page = AccountPage {
        page: Page::new(&app, &who.visitor, "account", "account.title").await?,
        problem: Some(who.visitor.lang.t(key).to_owned()),
    };
    let mut response = render(&page)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
