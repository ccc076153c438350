//! Who shows a ticket, or a code that came to their telephone, looks at what is theirs for half an hour.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use domain::UnixMillis;

use crate::auth::cookies;
use crate::auth::token::Token;
use crate::error::AppError;
use crate::state::AppState;
use crate::store::customers::{self, Looks};

/// The cookie; the console's sessions know nothing of it.
const COOKIE: &str = "tm_customer";
/// So long.
pub(crate) const SESSION_MS: i64 = 30 * 60_000;

/// A customer, if one looks.
pub(crate) struct Customer(pub(crate) Option<Looks>);

fn token(headers: &HeaderMap) -> Option<Token> {
    cookies::read(headers, COOKIE).and_then(Token::from_text)
}

impl FromRequestParts<AppState> for Customer {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let Some(token) = token(&parts.headers) else {
            return Ok(Self(None));
        };
        let (hash, now) = (token.hash(), app.now());
        let looks = app
            .store(move |db| Ok(db.read(|c| customers::find(c, &hash, now))?))
            .await?;
        Ok(Self(looks))
    }
}

/// Opens a session with an answer.
pub(crate) async fn open(
    app: &AppState,
    looks: Looks,
    now: UnixMillis,
    mut response: Response,
) -> Result<Response, AppError> {
    let token = Token::random()?;
    let hash = token.hash();
    app.store(move |db| Ok(db.write(|t| customers::open(t, &hash, &looks, now + SESSION_MS))?))
        .await?;
    let seconds = SESSION_MS / 1_000;
    if let Some(value) = cookies::write(COOKIE, token.secret(), Some(seconds), app.secure()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Ends it.
pub(crate) async fn end(
    app: &AppState,
    headers: &HeaderMap,
    mut response: Response,
) -> Result<Response, AppError> {
    if let Some(token) = token(headers) {
        let hash = token.hash();
        app.store(move |db| Ok(db.write(|t| customers::end(t, &hash))?))
            .await?;
    }
    if let Some(value) = cookies::write(COOKIE, "", Some(0), app.secure()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}
