//! `/receipt`: whether a receipt is genuine. It needs no account and no script; a receipt's QR brings the receipt itself
//! behind the mark of the address, which no browser sends, and a small script puts it into the form.

use askama::Template;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Address, for_stranger};
use crate::auth::Visitor;
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::receipts::{ReceiptTold, Shown, Verdict};
use crate::state::AppState;

/// A receipt on paper takes a tenth of it.
pub(crate) const UPLOAD_BYTES_MAX: usize = 2 << 20;

#[derive(Template)]
#[template(path = "public_receipt.html")]
struct ReceiptPage {
    page: Page,
    verdict: Option<Verdict>,
    told: Option<ReceiptTold>,
    problem: Option<String>,
}

pub(crate) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, AppError> {
    render(&ReceiptPage {
        page: Page::plain(&app, &visitor, "receipt.check-title"),
        verdict: None,
        told: None,
        problem: None,
    })
}

/// The file, or else the text.
async fn shown(mut form: Multipart) -> Result<Option<Shown>, AppError> {
    let refused = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        _ => AppError::BadRequest,
    };
    let (mut file, mut text) = (None, None);
    while let Some(field) = form.next_field().await.map_err(refused)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(refused)?;
        match name.as_str() {
            "file" if !bytes.is_empty() => file = Some(Shown::from_file(&bytes)),
            "text" if !bytes.trim_ascii().is_empty() => {
                let said = Shown::from_text(&String::from_utf8_lossy(&bytes));
                text = Some(said.unwrap_or(Shown::Bytes(Vec::new())));
            }
            _ => {}
        }
    }
    Ok(file.or(text))
}

pub(crate) async fn check(
    State(app): State<AppState>,
    visitor: Visitor,
    from: Address,
    form: Multipart,
) -> Result<Response, AppError> {
    app.public().ask(&from, app.now())?;
    let mut page = Page::plain(&app, &visitor, "receipt.check-title");
    let Some(shown) = shown(form).await? else {
        let mut response = render(&ReceiptPage {
            problem: Some(page.t("receipt.nothing-given").to_owned()),
            page,
            verdict: None,
            told: None,
        })?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    };
    let (judged, told) = for_stranger(&app, move |data| data.judge(&shown)).await?;
    if let Some(told) = &told {
        page.zone = told.zone;
    }
    render(&ReceiptPage {
        page,
        verdict: Some(judged.verdict),
        told,
        problem: None,
    })
}
