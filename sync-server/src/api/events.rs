//! What happened, as a feed: whoever reads on from where they stopped misses nothing.

use axum::Json;
use axum::extract::State;
use domain::SiteId;
use replica::query::Arrival;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::model::Event;
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{ApiQuery, limit};
use super::{Api, ApiResult};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Id of the site.
    #[param(value_type = Uuid)]
    site: SiteId,
    /// Events at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    #[serde(default)]
    limit: Option<u32>,
    /// `next` of the answer before.
    #[serde(default)]
    cursor: Option<String>,
}

/// A part of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Feed {
    /// In the order in which the server took them.
    items: Vec<Event>,
    /// Where to read on; there always is one.
    next: String,
    /// Whether there is more already.
    more: bool,
}

/// Events of a site in the order in which the server took them; those of devices that were away come when they are back.
#[utoipa::path(get, path = "/events", tag = "events", operation_id = "listEvents", params(Asked),
    responses((status = 200, description = "A part of the feed", body = Feed), Refusals))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> ApiResult<Feed> {
    caller.may(Scope::EventsRead)?;
    caller.at(asked.site)?;
    let (limit, site) = (limit(asked.limit)?, asked.site);
    let epoch = api.app.shared_hub().organisation().epoch;
    let list = format!("events {site}");
    let after = match &asked.cursor {
        None => Arrival::default(),
        Some(cursor) => {
            let place = api.cursors.read(&list, cursor)?;
            let number = |at: usize| {
                let bytes = place.get(at..at + 8)?.try_into().ok()?;
                Some(u64::from_be_bytes(bytes))
            };
            let (Some(entry), Some(event)) = (number(16), number(24)) else {
                return Err(ApiError::new("bad-cursor"));
            };
            // The server was put back from a backup: its log has another end now.
            if place.get(..16) != Some(&epoch[..]) {
                return Err(ApiError::new("cursor-expired"));
            }
            Arrival { entry, event }
        }
    };
    let (mut rows, mut read) = api
        .app
        .data(move |data| data.arrived(site, after, limit as usize + 1))
        .await?;
    let more = rows.len() > limit as usize;
    if more {
        rows.truncate(limit as usize);
        read = rows.last().map_or(after, |row| row.at);
    }
    let place = [
        &epoch[..],
        &read.entry.to_be_bytes(),
        &read.event.to_be_bytes(),
    ]
    .concat();
    Ok(Json(Feed {
        items: rows.iter().map(Event::from).collect(),
        next: api.cursors.sign(&list, &place),
        more,
    }))
}
