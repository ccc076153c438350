//! All layers of the app, in one place.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::auth::visitor::identify;
use crate::console::error_page;
use crate::console::kept::keep;
use crate::error::{AppError, Failed};
use crate::guard::guard;
use crate::metrics::measure;
use crate::proxies::look_behind;
use crate::state::AppState;

/// Forms are small; the import has its own limit.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// Nothing from elsewhere, nothing inline: a name that contains a script stays a name.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'; object-src 'none'";

/// Puts all layers around the routes; the last one is the outermost. `devices`: routes that know neither visitors nor
/// pages, and have limits of their own.
pub(crate) fn wrap(routes: Router<AppState>, devices: Router, app: &AppState) -> Router {
    routes
        .layer(from_fn_with_state(app.clone(), guard))
        .layer(from_fn_with_state(app.clone(), keep))
        .layer(from_fn_with_state(app.clone(), identify))
        .layer(from_fn_with_state(app.clone(), render_errors))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        // SameSite=Strict: no other site can have a page of somebody's session made, and learn from its length.
        .layer(CompressionLayer::new())
        .with_state(app.clone())
        .merge(devices)
        .layer(from_fn_with_state(app.clone(), measure))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            TIMEOUT,
        ))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(from_fn_with_state(app.clone(), security_headers))
        .layer(from_fn_with_state(app.clone(), look_behind))
}

/// The route as it is written, never the path: paths may hold one-time tokens.
fn span(request: &Request) -> tracing::Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route)
}

async fn security_headers(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    put(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::X_FRAME_OPTIONS, "DENY");
    put(header::REFERRER_POLICY, "same-origin");
    put(header::CACHE_CONTROL, "no-store");
    put(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    put(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    );
    if app.secure() {
        put(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

/// Turns a failure into a page in the visitor's language, or into JSON for machines.
async fn render_errors(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let machine = is_for_machines(request.uri().path());
    let asked = error_page::Asked::of(&request);
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let failed = match response.extensions().get::<Failed>() {
        Some(failed) => failed.0.clone(),
        // A page that was rendered on purpose, such as a form with mistakes, has a content type of its own.
        None if is_rendered(&response) => return response,
        None => std::sync::Arc::new(AppError::from_status(status)),
    };
    log(&failed);
    if machine {
        let body = axum::Json(serde_json::json!({ "code": failed.code() }));
        return (failed.status(), body).into_response();
    }
    if matches!(*failed, AppError::SignInNeeded) && asked.is_page_view {
        return Redirect::to(&error_page::sign_in_address(&asked.here)).into_response();
    }
    error_page::render(&app, &asked, &failed)
}

fn is_for_machines(path: &str) -> bool {
    ["/sync", "/api/"].iter().any(|p| path.starts_with(p))
}

fn is_rendered(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|kind| !kind.starts_with("text/plain"))
}

/// The one place where causes are logged, the whole chain of them.
fn log(failed: &AppError) {
    let AppError::Internal(cause) = failed else {
        tracing::debug!(code = failed.code(), "refused: {failed}");
        return;
    };
    let mut chain = cause.to_string();
    let mut next = cause.source();
    while let Some(source) = next {
        chain.push_str(": ");
        chain.push_str(&source.to_string());
        next = source.source();
    }
    tracing::error!(code = failed.code(), cause = chain, "failed: {chain}");
}
