//! Style sheet, script and pictures, built into the binary.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::error::AppError;

/// A file and the hash that its address carries, so that browsers may keep it for ever.
struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    version: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    [
        (
            "app.css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/app.css").as_slice(),
        ),
        (
            "parts.css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/parts.css"),
        ),
        (
            "review.css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/review.css"),
        ),
        (
            "people.css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/people.css"),
        ),
        (
            "stocktake.css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/stocktake.css"),
        ),
        (
            "stock.css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/stock.css"),
        ),
        (
            "stock.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/stock.js"),
        ),
        (
            "app.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/app.js"),
        ),
        (
            "review.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/review.js"),
        ),
        (
            "public.css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/public.css"),
        ),
        (
            "public.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/public.js"),
        ),
        (
            "icons.svg",
            "image/svg+xml",
            include_bytes!("../../assets/icons.svg"),
        ),
        (
            "mark.svg",
            "image/svg+xml",
            include_bytes!("../../assets/mark.svg"),
        ),
    ]
    .into_iter()
    .map(|(name, kind, bytes)| Asset {
        name,
        kind,
        bytes,
        version: blake3::hash(bytes).to_hex()[..12].to_owned(),
    })
    .collect()
});

/// The address of an asset, with its version.
pub fn address(name: &str) -> String {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => format!("/assets/{name}?v={}", asset.version),
        None => format!("/assets/{name}"),
    }
}

/// `GET /assets/{name}`
pub(crate) async fn get(Path(name): Path<String>) -> Result<Response, AppError> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or(AppError::NotFound)?;
    Ok((
        [
            (header::CONTENT_TYPE, asset.kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ],
        asset.bytes,
    )
        .into_response())
}
