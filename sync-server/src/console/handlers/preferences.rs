//! `POST /preferences`: language and look, kept in cookies. It needs no form token: it changes nothing else.

use axum::Form;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::auth::accounts::is_local_path;
use crate::auth::cookies;
use crate::auth::visitor::Theme;
use crate::i18n::Lang;
use crate::state::AppState;

const YEAR_S: i64 = 365 * 24 * 3_600;

#[derive(Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    to: String,
}

pub(crate) async fn submit(State(app): State<AppState>, Form(choice): Form<Choice>) -> Response {
    let to = if is_local_path(&choice.to) {
        choice.to.as_str()
    } else {
        "/"
    };
    let mut response = Redirect::to(to).into_response();
    let chosen = [
        (
            cookies::LANGUAGE,
            Lang::from_code(&choice.lang).map(Lang::code),
        ),
        (
            cookies::THEME,
            Theme::from_code(&choice.theme).map(Theme::code),
        ),
    ];
    for (name, code) in chosen {
        if let Some(value) = code.and_then(|c| cookies::write(name, c, Some(YEAR_S), app.secure()))
        {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}
