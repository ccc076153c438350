//! What a request can end in besides an answer. One type; people get a translated page, machines a JSON body with
//! the same stable code. The log gets the cause, the client never does.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Any cause, for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignInNeeded,
    /// The user's role does not allow it.
    #[error("the role does not allow it")]
    Forbidden,
    /// The form did not carry the visitor's token: it is old, or comes from another site.
    #[error("the form's token is wrong")]
    WrongFormToken,
    /// There is no such page or thing.
    #[error("there is no such thing")]
    NotFound,
    /// The one-time link was used or has expired.
    #[error("the link was used or has expired")]
    LinkSpent,
    /// The request cannot be understood.
    #[error("the request cannot be understood")]
    BadRequest,
    /// The body is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// Somebody else decided first, or the data changed meanwhile.
    #[error("the data changed meanwhile")]
    Conflict,
    /// Too many wrong passwords.
    #[error("too many tries; wait {seconds} s")]
    Throttled {
        /// Until the next try.
        seconds: u64,
    },
    /// Something of ours broke.
    #[error("something broke")]
    Internal(#[source] Cause),
}

impl AppError {
    /// Wraps whatever broke.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// Stable: clients and translations know errors by it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignInNeeded => "sign-in-needed",
            Self::Forbidden => "forbidden",
            Self::WrongFormToken => "wrong-form-token",
            Self::NotFound => "not-found",
            Self::LinkSpent => "link-spent",
            Self::BadRequest => "bad-request",
            Self::TooLarge => "too-large",
            Self::Conflict => "conflict",
            Self::Throttled { .. } => "throttled",
            Self::Internal(_) => "internal",
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::SignInNeeded => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::WrongFormToken => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::LinkSpent => StatusCode::GONE,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The error that axum's own refusals amount to.
    pub const fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Self::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNAUTHORIZED => Self::SignInNeeded,
            StatusCode::FORBIDDEN => Self::Forbidden,
            _ => Self::BadRequest,
        }
    }
}

/// Rides on a response until the middleware turns it into a page or JSON.
#[derive(Clone)]
pub struct Failed(pub Arc<AppError>);

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Failed(Arc::new(self)));
        response
    }
}

macro_rules! internal_from {
    ($($cause:ty),+ $(,)?) => {$(
        impl From<$cause> for AppError {
            fn from(cause: $cause) -> Self {
                Self::Internal(Box::new(cause))
            }
        }
    )+};
}

internal_from!(
    crate::store::StoreError,
    crate::auth::token::NoRandomness,
    askama::Error,
    tokio::task::JoinError,
);

impl From<crate::auth::accounts::AccountError> for AppError {
    fn from(cause: crate::auth::accounts::AccountError) -> Self {
        Self::Internal(Box::new(cause))
    }
}
