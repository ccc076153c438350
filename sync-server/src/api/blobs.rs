//! Photos, signatures, documents.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::BlobId;
use protocol::blob::known_media;

use super::Api;
use super::caller::Caller;
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::ApiPath;
use crate::hub::Hub;
use crate::store::hub_blobs::sender;

/// A photo, a signature or a document that an event names. Keys of single sites get those that devices of these sites sent.
#[utoipa::path(get, path = "/blobs/{id}", tag = "photos", operation_id = "getBlob",
    params(("id" = String, Path, description = "Id of the content: 64 hexadecimal digits")),
    responses((status = 200, description = "The content", content(
        (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "application/pdf"),
        (Vec<u8> = "application/octet-stream"))), Refusals))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<String>,
) -> Result<Response, ApiError> {
    caller.may(Scope::BlobsRead)?;
    let missing = || ApiError::new("not-found");
    let id = BlobId::from_hex(&id).ok_or_else(missing)?;
    if caller.everywhere().is_err() {
        let sender = api.app.store(move |db| Ok(db.read(|c| sender(c, id))?));
        let sender = sender.await?.ok_or_else(missing)?;
        let devices = api.app.hub(Hub::devices).await?;
        let of = devices.iter().find(|row| row.device == sender);
        // Whether there is such a photo elsewhere is not told.
        of.filter(|row| caller.reaches(row.site))
            .ok_or_else(missing)?;
    }
    let found = api.app.hub(move |hub| hub.blob_content(id)).await?;
    let (blob, content) = found.ok_or_else(missing)?;
    let media = known_media(&blob.media).ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, "attachment"),
    ];
    Ok((headers, content).into_response())
}
