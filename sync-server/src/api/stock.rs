//! Stock, now and at an instant.

use axum::Json;
use axum::extract::State;
use chrono::DateTime;
use domain::ledger::{StockKey, Subject};
use domain::{BinId, ItemId, SiteId};
use replica::query::StockRow;
use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::Caller;
use super::model::Pile;
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{ApiQuery, Page, limit, page};
use super::{Api, ApiResult};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Id of the site.
    #[param(value_type = Uuid)]
    site: SiteId,
    /// Only what is in this bin: all of it, on one page.
    #[param(value_type = Option<Uuid>)]
    #[serde(default)]
    bin: Option<BinId>,
    /// Only this item: all of it, on one page.
    #[param(value_type = Option<Uuid>)]
    #[serde(default)]
    item: Option<ItemId>,
    /// As the book said at that instant; only with `bin` or `item`.
    #[param(format = DateTime)]
    #[serde(default)]
    at: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    #[serde(default)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

fn key_of(place: &[u8]) -> Result<StockKey, ApiError> {
    match Subject::from_key(place) {
        Some(Subject::Stock(key)) => Ok(key),
        _ => Err(ApiError::new("bad-cursor")),
    }
}

/// Piles of a site.
#[utoipa::path(get, path = "/stock", tag = "stock", operation_id = "listStock", params(Asked),
    responses((status = 200, description = "A page of piles", body = Page<Pile>), Refusals))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> ApiResult<Page<Pile>> {
    caller.may(Scope::StockRead)?;
    caller.at(asked.site)?;
    let (limit, site) = (limit(asked.limit)?, asked.site);
    let at = match &asked.at {
        None => None,
        Some(at) => match DateTime::parse_from_rfc3339(at) {
            Ok(at) => Some(at.timestamp_millis()),
            Err(_) => return Err(ApiError::new("bad-query").at("at", "api.wrong.instant")),
        },
    };
    let list = format!("stock {site}");
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(key_of(&api.cursors.read(&list, cursor)?)?),
    };
    if asked.bin.is_some() || asked.item.is_some() {
        let rows = api
            .app
            .data(move |data| data.piles_at(site, asked.bin, asked.item, at))
            .await?;
        return Ok(Json(Page {
            items: rows.into_iter().map(Pile::from).collect(),
            next: None,
        }));
    }
    if at.is_some() {
        return Err(ApiError::new("bad-query").at("at", "api.wrong.at"));
    }
    let rows = api
        .app
        .data(move |data| data.piles_after(site, after.as_ref(), limit + 1))
        .await?;
    let place = |row: &StockRow| Subject::Stock(row.key.clone()).to_key();
    Ok(page(&api, &list, rows, limit, place, Pile::from))
}
