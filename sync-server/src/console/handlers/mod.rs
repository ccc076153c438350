//! One file per resource. A handler reads as a list: who asks, what they may, one call, one answer.

pub(crate) mod account;
pub(crate) mod add;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod badges;
pub(crate) mod bin_labels;
pub(crate) mod blobs;
pub(crate) mod custody;
pub(crate) mod custody_files;
pub(crate) mod custody_rules;
pub(crate) mod dashboards;
pub(crate) mod decide;
pub(crate) mod devices;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod import;
pub(crate) mod imports;
pub(crate) mod instant;
mod known_site;
pub(crate) mod link;
pub(crate) mod live;
pub(crate) mod parcels;
pub(crate) mod people;
pub(crate) mod persons;
pub(crate) mod plan;
pub(crate) mod preferences;
pub(crate) mod quarantine;
pub(crate) mod receipts;
pub(crate) mod refused;
pub(crate) mod requests;
pub(crate) mod review;
pub(crate) mod rights;
pub(crate) mod roles;
pub(crate) mod series;
pub(crate) mod sign_in;
pub(crate) mod site_codes;
pub(crate) mod site_symbols;
pub(crate) mod sites;
pub(crate) mod stock;
pub(crate) mod stocktakes;
pub(crate) mod things;
pub(crate) mod users;
pub(crate) mod webhooks;

use std::str::FromStr;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::error::AppError;
use crate::i18n::Lang;

/// Back to a page, which says what was done.
pub(crate) fn done(path: &str, code: &str) -> Response {
    let sign = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{sign}done={code}")).into_response()
}

/// The page number that an address asks for, from 1.
pub(crate) fn page_number(asked: Option<u32>) -> u32 {
    asked.unwrap_or(1).clamp(1, 1_000_000)
}

/// A query string of what is not empty, ending in `?` or `&` so that more can follow.
pub(crate) fn address(path: &str, query: &[(&str, &str)]) -> String {
    let filled: Vec<_> = query
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let text = serde_urlencoded::to_string(filled).unwrap_or_default();
    if text.is_empty() {
        format!("{path}?")
    } else {
        format!("{path}?{text}&")
    }
}

/// The id in an address; whatever is none names nothing.
pub(crate) fn id_of<T: FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::NotFound)
}

/// A page that says why nothing was done, as 422, or the page alone. `draw` is given the words of the problem's key.
pub(crate) fn with_problem(
    key: Option<&'static str>,
    lang: Lang,
    draw: impl FnOnce(Option<String>) -> Result<Response, AppError>,
) -> Result<Response, AppError> {
    let mut response = draw(key.map(|key| lang.t(key).to_owned()))?;
    if key.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// A file to be kept under a name.
pub(crate) fn attachment(
    name: &str,
    kind: &'static str,
    bytes: Vec<u8>,
) -> Result<Response, AppError> {
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(AppError::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, bytes).into_response())
}
