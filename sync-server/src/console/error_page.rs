//! Failures as a page in the visitor's language: what happened and what to do next.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};

use crate::auth::accounts::is_local_path;
use crate::auth::cookies;
use crate::auth::token::Token;
use crate::auth::visitor::{Theme, Visitor, language};
use crate::console::page::{Page, render as render_page};
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    text: String,
    code: &'static str,
}

/// What is known of a request before anything else looked at it.
pub(crate) struct Asked {
    lang: Lang,
    theme: Theme,
    pub(crate) here: String,
    /// Somebody opens a page, rather than a script that fetches or a form that is sent.
    pub(crate) is_page_view: bool,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let headers = request.headers();
        let fetched = headers.get("x-fragment").is_some();
        Self {
            lang: language(headers),
            theme: cookies::read(headers, cookies::THEME)
                .and_then(Theme::from_code)
                .unwrap_or(Theme::Auto),
            here: request
                .uri()
                .path_and_query()
                .map_or("/", |p| p.as_str())
                .to_owned(),
            is_page_view: request.method() == Method::GET && !fetched,
        }
    }
}

/// The sign-in page that leads back to `here`.
pub(crate) fn sign_in_address(here: &str) -> String {
    if here == "/" || !is_local_path(here) {
        return "/sign-in".to_owned();
    }
    let query = serde_urlencoded::to_string([("to", here)]).unwrap_or_default();
    format!("/sign-in?{query}")
}

/// The page for a failure.
pub(crate) fn render(app: &AppState, asked: &Asked, failed: &AppError) -> Response {
    let Ok(token) = Token::random() else {
        return failed.status().into_response();
    };
    let visitor = Visitor {
        lang: asked.lang,
        theme: asked.theme,
        user: None,
        half: None,
        token,
        here: asked.here.clone(),
    };
    let code = failed.code();
    let mut text = asked.lang.t(&format!("error.{code}")).to_owned();
    if let AppError::Throttled { seconds } = failed {
        let minutes = seconds.div_ceil(60).to_string();
        text = asked.lang.fill("error.throttled", &[("minutes", &minutes)]);
    }
    let page = ErrorPage {
        page: Page::plain(app, &visitor, "error.title"),
        text,
        code,
    };
    let mut response = match render_page(&page) {
        Ok(response) => response,
        Err(_) => return failed.status().into_response(),
    };
    *response.status_mut() = failed.status();
    if let AppError::Throttled { seconds } = failed
        && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
