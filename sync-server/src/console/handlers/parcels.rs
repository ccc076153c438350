//! `/devices/parcels`: a file that a handheld exported is taken in.

use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::import::receive;
use crate::auth::{Supervisor, form};
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::state::AppState;

/// A larger file is taken in by the admin command, while the server is stopped: it lies in memory meanwhile.
pub(crate) const UPLOAD_BYTES_MAX: usize = 16 << 20;

#[derive(Template)]
#[template(path = "parcels.html")]
struct ParcelsPage {
    page: Page,
    said: String,
    good: bool,
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    who: Supervisor,
    body: Multipart,
) -> Result<Response, AppError> {
    let sent = receive(body).await?;
    form::check(&who.visitor, &sent.csrf)?;
    let now = app.now();
    let taken = app
        .hub(move |hub| hub.take_parcels(&sent.source.file, now))
        .await?;
    let (key, fresh, stopped) = match &taken {
        Ok(taken) if taken.stopped > 0 => {
            ("parcels.in-part".to_owned(), taken.fresh, taken.stopped)
        }
        Ok(taken) if taken.fresh == 0 => ("parcels.nothing-new".to_owned(), 0, 0),
        Ok(taken) => ("parcels.fresh".to_owned(), taken.fresh, 0),
        Err(error) => (format!("parcels.{}", error.code()), 0, 0),
    };
    tracing::info!(fresh, stopped, user = who.user.name, "a parcel file: {key}");
    let said = who.visitor.lang.fill(
        &key,
        &[
            ("fresh", &fresh.to_string()),
            ("stopped", &stopped.to_string()),
        ],
    );
    let mut response = render(&ParcelsPage {
        page: Page::new(&app, &who.visitor, "devices", "parcels.title").await?,
        said,
        good: taken.as_ref().is_ok_and(|t| t.stopped == 0),
    })?;
    if taken.is_err() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}
