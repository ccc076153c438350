//! `/custody/receipts/{file}`: the receipt of an act, as paper or as its bytes.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::EventHash;

use crate::auth::Viewer;
use crate::console::data::Handed;
use crate::console::report;
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;

/// What the name of a file asks for: of which act, and whether as paper.
pub(crate) fn asked(file: &str) -> Result<(EventHash, bool), AppError> {
    let (hash, kind) = file.split_once('.').ok_or(AppError::NotFound)?;
    let hash = EventHash::from_hex(hash).ok_or(AppError::NotFound)?;
    match kind {
        "pdf" => Ok((hash, true)),
        "tallyman-receipt" => Ok((hash, false)),
        _ => Err(AppError::NotFound),
    }
}

/// The file itself.
pub(crate) async fn answer(
    app: &AppState,
    handed: Handed,
    is_paper: bool,
    lang: Lang,
) -> Result<Response, AppError> {
    let name = &handed.told.hash[..handed.told.hash.len().min(12)];
    let (kind, extension) = match is_paper {
        true => ("application/pdf", "pdf"),
        false => ("application/vnd.tallyman.receipt", "tallyman-receipt"),
    };
    let disposition = format!("attachment; filename=\"receipt-{name}.{extension}\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(AppError::internal)?;
    let bytes = match is_paper {
        false => handed.signed,
        true => {
            let address = format!("{}/receipt", app.public_url());
            app.hub_key(move |key| report::receipt(&handed, &address, key, lang))
                .await?
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, bytes).into_response())
}

pub(crate) async fn file(
    State(app): State<AppState>,
    who: Viewer,
    Path(file): Path<String>,
) -> Result<Response, AppError> {
    let (hash, is_paper) = asked(&file)?;
    let handed = app.data(move |data| data.receipt(hash)).await?;
    let handed = handed.ok_or(AppError::NotFound)?;
    answer(&app, handed, is_paper, who.visitor.lang).await
}
