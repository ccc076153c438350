//! Errors as RFC 9457 says, in the language that the caller asks for.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::auth::visitor::language;
use crate::console::import::Problem as RowProblem;
use crate::error::AppError;
use crate::i18n::Lang;

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// JSON pointer to the value in the body, or the name of a parameter.
    pub(crate) pointer: String,
    /// What is wrong, in words.
    pub(crate) detail: String,
}

/// An error (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Problem {
    /// Names the kind of error; stable.
    #[schema(example = "urn:tallyman:problem:not-found")]
    pub(crate) r#type: String,
    /// The kind of error, in words.
    pub(crate) title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub(crate) status: u16,
    /// What to do, in words.
    pub(crate) detail: String,
    /// The last part of `type`.
    pub(crate) code: String,
    /// What is wrong with single values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) errors: Vec<FieldProblem>,
}

/// What is wrong with one value, before it is in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// JSON pointer, or the name of a parameter.
    pub(crate) pointer: String,
    /// Key of the words; what is none stands for itself.
    pub(crate) key: String,
}

/// Why a request was refused.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    wrong: Vec<Wrong>,
    retry_after: Option<u64>,
}

/// Every code that the API refuses with, with its status; each has words under `api.problem.` and `api.next.`.
pub const CODES: [(&str, u16); 25] = [
    ("bad-request", 400),
    ("bad-query", 400),
    ("bad-body", 400),
    ("bad-cursor", 400),
    ("bad-idempotency-key", 400),
    ("key-missing", 401),
    ("key-wrong", 401),
    ("scope-missing", 403),
    ("site-not-allowed", 403),
    ("needs-two", 403),
    ("not-found", 404),
    ("method-not-allowed", 405),
    ("timeout", 408),
    ("conflict", 409),
    ("taken", 409),
    ("running", 409),
    ("cursor-expired", 410),
    ("stale", 412),
    ("too-large", 413),
    ("media-type", 415),
    ("invalid", 422),
    ("another-request", 422),
    ("precondition-required", 428),
    ("throttled", 429),
    ("internal", 500),
];

impl ApiError {
    /// The error with this code.
    pub(crate) fn new(code: &'static str) -> Self {
        let known = CODES.iter().find(|(known, _)| *known == code);
        let status = known.map_or(500, |(_, status)| *status);
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            wrong: Vec::new(),
            retry_after: None,
        }
    }

    /// Says which value it is about. `key`: of the words.
    pub(crate) fn at(mut self, pointer: impl Into<String>, key: impl Into<String>) -> Self {
        self.wrong.push(Wrong {
            pointer: pointer.into(),
            key: key.into(),
        });
        self
    }

    /// A value of the body that cannot be taken.
    pub(crate) fn invalid(pointer: impl Into<String>, key: impl Into<String>) -> Self {
        Self::new("invalid").at(pointer, key)
    }

    /// Too many requests.
    pub(crate) fn throttled(seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new("throttled")
        }
    }

    /// What an import would say of rows. `pointer`: where a row's column stands in the body.
    pub(crate) fn of_rows(
        problems: &[RowProblem],
        pointer: impl Fn(&RowProblem) -> String,
    ) -> Self {
        let taken = |p: &&RowProblem| {
            matches!(p.key, "import.problem.taken" | "import.problem.order-known")
        };
        let code = match problems.iter().find(taken) {
            Some(_) => "taken",
            None => "invalid",
        };
        problems
            .iter()
            .fold(Self::new(code), |error, p| error.at(pointer(p), p.key))
    }

    fn problem(&self, lang: Lang) -> Problem {
        let words = |prefix: &str| lang.t(&format!("{prefix}.{}", self.code)).to_owned();
        Problem {
            r#type: format!("urn:tallyman:problem:{}", self.code),
            title: words("api.problem"),
            status: self.status.as_u16(),
            detail: words("api.next"),
            code: self.code.to_owned(),
            errors: self
                .wrong
                .iter()
                .map(|wrong| FieldProblem {
                    pointer: wrong.pointer.clone(),
                    detail: lang.t(&wrong.key).to_owned(),
                })
                .collect(),
        }
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::NotFound | AppError::LinkSpent => Self::new("not-found"),
            AppError::Conflict => Self::new("conflict"),
            AppError::TooLarge => Self::new("too-large"),
            AppError::Forbidden | AppError::WrongFormToken => Self::new("scope-missing"),
            AppError::SignInNeeded => Self::new("key-missing"),
            AppError::BadRequest => Self::new("bad-request"),
            AppError::Throttled { seconds } => Self::throttled(seconds),
            AppError::Internal(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the API failed");
                Self::new("internal")
            }
        }
    }
}

/// Rides on a response until [`in_words`] writes it out.
#[derive(Clone)]
struct Refused(ApiError);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Refused(self));
        response
    }
}

/// Writes every refusal out, those of the framework too.
pub(super) async fn in_words(request: Request, next: Next) -> Response {
    let lang = language(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let error = match response.extensions().get::<Refused>() {
        Some(refused) => refused.0.clone(),
        None => ApiError::new(match status {
            StatusCode::NOT_FOUND => "not-found",
            StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
            StatusCode::PAYLOAD_TOO_LARGE => "too-large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "media-type",
            StatusCode::REQUEST_TIMEOUT => "timeout",
            status if status.is_server_error() => "internal",
            _ => "bad-request",
        }),
    };
    let body = serde_json::to_vec(&error.problem(lang)).unwrap_or_default();
    let mut answer = (error.status, body).into_response();
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(lang.tag()),
    );
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.status == StatusCode::UNAUTHORIZED {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"Tallyman\""),
        );
    }
    // Which methods there are, as the framework said.
    if let Some(allow) = response.headers().get(header::ALLOW) {
        headers.insert(header::ALLOW, allow.clone());
    }
    headers.insert(
        HeaderName::from_static("vary"),
        HeaderValue::from_static("accept-language"),
    );
    answer
}

/// Answers that any route may give.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> std::collections::BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let mut statuses: Vec<u16> = CODES.iter().map(|(_, status)| *status).collect();
        statuses.dedup();
        statuses
            .into_iter()
            .map(|status| {
                let codes: Vec<&str> = CODES
                    .iter()
                    .filter(|(_, of)| *of == status)
                    .map(|(code, _)| *code)
                    .collect();
                let content = ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name("Problem")))
                    .build();
                let response = ResponseBuilder::new()
                    .description(format!("`code`: {}", codes.join(", ")))
                    .content("application/problem+json", content)
                    .build();
                (status.to_string(), response.into())
            })
            .collect()
    }
}
