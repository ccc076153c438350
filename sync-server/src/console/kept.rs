//! A form that was sent after its session had ended: whoever signs in again sees what they wrote and sends it with one
//! press. The text travels in the sign-in page itself; the server keeps nothing.
//!
//! Another site can make a browser send a form, but not with the token of the ended session, which only our own page knew;
//! nothing else is kept. And nothing is sent again without a press: hours may lie between.

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;

use crate::auth::accounts::is_local_path;
use crate::auth::form::CSRF_FIELD;
use crate::auth::token::{Token, same};
use crate::auth::{Visitor, cookies};
use crate::console::handlers::sign_in;
use crate::console::page::{Page, render};
use crate::error::{AppError, Failed};
use crate::middleware::BODY_BYTES_MAX;
use crate::state::AppState;

/// Fields that travel in no page, and forms that have them are typed anew.
const SECRETS: [&str; 4] = ["password", "again", "old", "pin"];

const FORM: &str = "application/x-www-form-urlencoded";

/// What was sent, as the sign-in form carries it on.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Kept {
    /// Where it was sent; empty: nothing is kept.
    #[serde(default)]
    pub(crate) kept_to: String,
    /// Its fields without the token, as a form sends them.
    #[serde(default)]
    pub(crate) kept: String,
}

impl Kept {
    /// Whether there is anything, and it goes to this server.
    pub(crate) fn is_some(&self) -> bool {
        !self.kept_to.is_empty() && is_local_path(&self.kept_to)
    }

    /// Names and values in their order.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        serde_urlencoded::from_str(&self.kept).unwrap_or_default()
    }

    /// What a person wrote: no ids, no hashes, no codes of buttons.
    pub(crate) fn written(&self) -> Vec<String> {
        let fields = self.fields().into_iter();
        fields
            .map(|(_, value)| value)
            .filter(|value| is_written(value))
            .collect()
    }
}

fn is_written(value: &str) -> bool {
    let code = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.:".contains(&b);
    !value.trim().is_empty() && !value.bytes().all(code)
}

#[derive(Template)]
#[template(path = "kept.html")]
struct SendAgain {
    page: Page,
    kept: Kept,
}

/// The page that sends it, for somebody who has just signed in.
pub(crate) fn send_again(
    app: &AppState,
    visitor: &Visitor,
    kept: Kept,
) -> Result<Response, AppError> {
    render(&SendAgain {
        page: Page::plain(app, visitor, "kept.title"),
        kept,
    })
}

/// Answers a form without a session by the sign-in page that carries it.
pub(crate) async fn keep(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, AppError> {
    let ended = ended_session(&request);
    let (Some(visitor), Some(ended)) = (request.extensions().get::<Visitor>().cloned(), ended)
    else {
        return Ok(next.run(request).await);
    };
    let to = visitor.here.clone();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| AppError::TooLarge)?;
    let again = Request::from_parts(parts, Body::from(body.clone()));
    let response = next.run(again).await;
    let failed = response.extensions().get::<Failed>();
    if !failed.is_some_and(|failed| matches!(*failed.0, AppError::SignInNeeded)) {
        return Ok(response);
    }
    let Some(kept) = own_form(&body, &ended, to) else {
        return Ok(response);
    };
    let mut page = sign_in::for_kept(&app, &visitor, kept)?;
    *page.status_mut() = StatusCode::UNAUTHORIZED;
    Ok(page)
}

/// The token of the session that a form came with, if nobody is signed in by it.
fn ended_session(request: &Request) -> Option<Token> {
    let is_form = request.method() == Method::POST && content_type(request.headers()) == FORM;
    let visitor = request.extensions().get::<Visitor>()?;
    if !is_form || visitor.user.is_some() {
        return None;
    }
    cookies::read(request.headers(), cookies::SESSION).and_then(Token::from_text)
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|v| v.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim()
}

fn own_form(body: &[u8], ended: &Token, to: String) -> Option<Kept> {
    let mut fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    let at = fields.iter().position(|(name, _)| name == CSRF_FIELD)?;
    let (_, token) = fields.remove(at);
    if !same(&token, &ended.csrf()) {
        return None;
    }
    if fields
        .iter()
        .any(|(name, _)| SECRETS.contains(&name.as_str()))
    {
        return None;
    }
    let kept = serde_urlencoded::to_string(fields).ok()?;
    Some(Kept { kept_to: to, kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_form_of_the_ended_session_is_kept() {
        let ended = Token::random().unwrap();
        let other = Token::random().unwrap();
        let body =
            |token: &Token| format!("note=%E5%B0%91+two&csrf={}&choice=accept", token.csrf());
        let kept = own_form(body(&ended).as_bytes(), &ended, "/review/1/resolve".into()).unwrap();
        assert_eq!(kept.kept_to, "/review/1/resolve");
        let fields = [("note", "少 two"), ("choice", "accept")];
        assert_eq!(kept.fields(), fields.map(|(n, v)| (n.into(), v.into())));
        assert!(own_form(body(&other).as_bytes(), &ended, "/".into()).is_none());
        assert!(own_form(b"note=1", &ended, "/".into()).is_none());
        let secret = format!("csrf={}&pin=1234", ended.csrf());
        assert!(own_form(secret.as_bytes(), &ended, "/".into()).is_none());
    }

    #[test]
    fn people_see_what_they_wrote_and_no_ids() {
        for (value, written) in [
            ("少两箱", true),
            ("Two boxes short", true),
            ("A-01-1", true),
            ("019a2b3c4d5e6f708192a3b4c5d6e7f8", false),
            ("accept-count", false),
            ("  ", false),
        ] {
            assert_eq!(is_written(value), written, "{value:?}");
        }
    }

    #[test]
    fn nothing_is_sent_to_another_server() {
        for to in ["", "//evil.example/x", "https://evil.example"] {
            let kept = Kept {
                kept_to: to.into(),
                kept: String::new(),
            };
            assert!(!kept.is_some(), "{to}");
        }
    }
}
