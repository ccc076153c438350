//! `/blobs/{hex}`: a photo, a signature or a document.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use documents::sealed::SEALED_MEDIA;
use domain::{BlobId, BlobKind};
use protocol::blob::known_media;

use crate::auth::{Right, Scope, Viewer};
use crate::error::AppError;
use crate::public::left::media;
use crate::state::AppState;
use crate::store::hub_blobs::sender;

/// What came from a device runs nothing in a browser, whatever is in it. The style is that of the browser's own page
/// around a picture.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A picture of what a customer left, for who may see the customer; once the customer is erased it is not there.
async fn sealed(app: &AppState, who: &Viewer, content: Vec<u8>) -> Result<Response, AppError> {
    if !who.user.rights.has(Right::CustodySee) {
        return Err(AppError::Forbidden);
    }
    let opened = app.data(move |data| data.open_picture(&content)).await?;
    let content = opened.ok_or(AppError::NotFound)?;
    let media = media(&content).ok_or(AppError::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        // Nothing keeps it: it has to be gone with its key.
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, content).into_response())
}

pub(crate) async fn get(
    State(app): State<AppState>,
    who: Viewer,
    Path(hex): Path<String>,
) -> Result<Response, AppError> {
    let id = BlobId::from_hex(&hex).ok_or(AppError::NotFound)?;
    // A photo is of the site where the device that took it works.
    if !Scope::of_request().is_everywhere() {
        let sender = app.store(move |db| Ok(db.read(|c| sender(c, id))?)).await?;
        let sender = sender.ok_or(AppError::NotFound)?;
        app.data(move |data| data.device_name(sender)).await?;
    }
    let found = app.hub(move |hub| hub.blob_content(id)).await?;
    let (blob, content) = found.ok_or(AppError::NotFound)?;
    if blob.media == SEALED_MEDIA {
        return sealed(&app, &who, content).await;
    }
    let media = known_media(&blob.media).ok_or(AppError::NotFound)?;
    let shown = match blob.kind {
        BlobKind::Document => "attachment",
        BlobKind::Thumbnail | BlobKind::Signature | BlobKind::Photo => "inline",
    };
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, shown),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        // The address names the content; it is for those who are signed in.
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable",
        ),
    ];
    Ok((headers, content).into_response())
}
