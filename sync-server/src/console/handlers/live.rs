//! `GET /live`: server-sent events that say only that something changed; pages then ask for their own part again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use crate::auth::Viewer;
use crate::state::AppState;

/// Browsers come back by themselves; an old session is noticed then.
const LONGEST: Duration = Duration::from_secs(30 * 60);

pub(crate) async fn stream(
    State(app): State<AppState>,
    _who: Viewer,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let end = tokio::time::Instant::now() + LONGEST;
    let state = (app.changes(), app.closing());
    let events = stream::unfold(state, move |(mut changes, mut closing)| async move {
        let more = tokio::select! {
            changed = changes.changed() => changed.is_ok(),
            () = stopped(&mut closing) => false,
            () = tokio::time::sleep_until(end) => false,
        };
        // Browsers drop an event without data.
        let event = Event::default().event("changed").data("all");
        more.then_some((Ok(event), (changes, closing)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(25)))
}

async fn stopped(closing: &mut watch::Receiver<bool>) {
    // An error means that the app is gone, which ends the stream as well.
    let _ = closing.wait_for(|closing| *closing).await;
}
