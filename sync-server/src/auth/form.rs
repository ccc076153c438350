//! Forms of our own pages: refused without the visitor's token.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use super::token::same;
use super::visitor::Visitor;
use crate::error::AppError;

/// The field that carries the token.
pub const CSRF_FIELD: &str = "csrf";

/// A posted form that carries the visitor's token. Fields that `T` does not name are ignored.
pub struct CsrfForm<T>(pub T);

/// A form with nothing but a button.
#[derive(serde::Deserialize)]
pub struct Pressed {}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for CsrfForm<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        let visitor = request.extensions().get::<Visitor>().cloned();
        let visitor =
            visitor.ok_or_else(|| AppError::internal("the route is not behind `identify`"))?;
        let body = Bytes::from_request(request, state).await.map_err(|e| {
            match e.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
                _ => AppError::BadRequest,
            }
        })?;
        let token = fields(&body)?
            .into_iter()
            .find_map(|(name, value)| (name == CSRF_FIELD).then_some(value))
            .unwrap_or_default();
        check(&visitor, &token)?;
        parse(&body).map(Self)
    }
}

/// Refuses a token that is not this visitor's.
///
/// # Errors
/// [`AppError::WrongFormToken`].
pub fn check(visitor: &Visitor, token: &str) -> Result<(), AppError> {
    if same(token, &visitor.token.csrf()) {
        Ok(())
    } else {
        Err(AppError::WrongFormToken)
    }
}

fn fields(body: &Bytes) -> Result<Vec<(String, String)>, AppError> {
    parse(body)
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, AppError> {
    serde_urlencoded::from_bytes(body).map_err(|_| AppError::BadRequest)
}
