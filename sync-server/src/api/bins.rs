//! Bins of a site.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::{BinId, ItemId, SiteId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::items::{amount, code, code_asked, not_changed, size, text};
use super::model::Bin;
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{
    ApiJson, ApiPath, ApiQuery, Page, Reply, etag, id16, if_match, limit, matches, once, page,
    record,
};
use super::{Api, ApiResult, BASE};
use crate::console::data::BinChange;
use crate::console::import::{BinIn, Column, NeedsIn, Parsed, Problem};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Id of the site.
    #[param(value_type = Uuid)]
    site: SiteId,
    /// Only bins with this code.
    #[param(min_length = 1, max_length = 64)]
    #[serde(default)]
    code: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    #[serde(default)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// A body with all that may be said of a bin, and what stands before it.
macro_rules! bin_body {
    ($(#[$meta:meta])* $name:ident { $($first:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($first)*
            /// Code of the zone; an unknown one is made, an empty one is none.
            #[schema(max_length = 64, pattern = "^([!-~]([ -~]*[!-~])?)?$")]
            #[serde(default)]
            zone: Option<String>,
            /// Class of goods that it takes; empty: any.
            #[schema(max_length = 64)]
            #[serde(default)]
            class: Option<String>,
            #[schema(minimum = 0, maximum = 1_000_000_000_000i64)]
            #[serde(default)]
            volume_cm3: Option<i64>,
            #[schema(minimum = 0, maximum = 1_000_000_000_000i64)]
            #[serde(default)]
            load_g: Option<i64>,
            /// Where it lies on the way through the site.
            #[schema(minimum = 0, maximum = 1_000_000_000_000i64)]
            #[serde(default)]
            sequence: Option<i64>,
            /// What it is kept filled with.
            #[serde(default)]
            face: Option<FaceIn>,
        }
    };
}

bin_body! {
    /// A bin to be made.
    NewBin {
        #[schema(value_type = Uuid)]
        site: SiteId,
        #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]([ -~]*[!-~])?$", example = "A-01-1")]
        code: String,
    }
}

bin_body! {
    /// What is said of a bin; what is left out stays as it is.
    BinPatch {}
}

impl From<NewBin> for BinPatch {
    fn from(new: NewBin) -> Self {
        Self {
            zone: new.zone,
            class: new.class,
            volume_cm3: new.volume_cm3,
            load_g: new.load_g,
            sequence: new.sequence,
            face: new.face,
        }
    }
}

/// What a pick face is kept filled with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FaceChange)]
pub(super) struct FaceIn {
    #[schema(value_type = Uuid)]
    item: ItemId,
    /// Below this it is filled up; positive.
    #[schema(pattern = "^[0-9]{1,9}(\\.[0-9]{1,3})?$", example = "6")]
    min: String,
    /// Up to this.
    #[schema(pattern = "^[0-9]{1,9}(\\.[0-9]{1,3})?$", example = "24")]
    max: String,
}

impl BinPatch {
    fn checked(self) -> Result<BinChange, ApiError> {
        let face = match &self.face {
            None => None,
            Some(face) => {
                let (min, max) = (
                    amount("/face/min", &face.min)?,
                    amount("/face/max", &face.max)?,
                );
                if min > max {
                    let key = "import.problem.face-range";
                    return Err(ApiError::invalid("/face/min", key));
                }
                Some(Some((face.item, min, max)))
            }
        };
        let zone = match self.zone.as_deref() {
            None => None,
            Some("") => Some(String::new()),
            Some(zone) => Some(code("/zone", zone)?),
        };
        Ok(BinChange {
            zone,
            takes: NeedsIn {
                class: text("/class", &self.class, 64, 0)?,
                volume: size("/volume_cm3", self.volume_cm3)?,
                weight: size("/load_g", self.load_g)?,
            },
            sequence: size("/sequence", self.sequence)?,
            face,
        })
    }
}

fn pointer(problem: &Problem) -> String {
    match problem.column {
        Some(Column::FaceItem) => "/face/item",
        _ => "/code",
    }
    .to_owned()
}

async fn shown(api: &Api, bin: documents::catalogue::Bin) -> Result<Bin, ApiError> {
    let site = bin.site;
    let zones = api.app.data(move |data| data.zone_records(site)).await?;
    Ok(Bin::of(bin, &zones))
}

/// Bins of a site.
#[utoipa::path(get, path = "/bins", tag = "catalogue", operation_id = "listBins", params(Asked),
    responses((status = 200, description = "A page of bins", body = Page<Bin>), Refusals))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> ApiResult<Page<Bin>> {
    caller.may(Scope::CatalogueRead)?;
    caller.at(asked.site)?;
    code_asked(asked.code.as_deref())?;
    let (limit, site) = (limit(asked.limit)?, asked.site);
    let list = format!("bins {site}");
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(BinId::from_bytes(id16(&api.cursors.read(&list, cursor)?)?)),
    };
    let (bins, zones) = api
        .app
        .data(move |data| {
            let bins = data.bins_after(site, asked.code.as_deref(), after, limit + 1)?;
            Ok((bins, data.zone_records(site)?))
        })
        .await?;
    let place = |bin: &documents::catalogue::Bin| bin.id.as_bytes().to_vec();
    Ok(page(&api, &list, bins, limit, place, |bin| {
        Bin::of(bin, &zones)
    }))
}

/// One bin.
#[utoipa::path(get, path = "/bins/{id}", tag = "catalogue", operation_id = "getBin",
    params(("id" = Uuid, Path, description = "Id of the bin")),
    responses((status = 200, description = "The bin", body = Bin, headers(("ETag" = String))), Refusals))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<BinId>,
) -> Result<Reply, ApiError> {
    caller.may(Scope::CatalogueRead)?;
    let bin = api.app.data(move |data| data.bin_record(id)).await?;
    let bin = bin.ok_or_else(|| ApiError::new("not-found"))?;
    caller.at(bin.site)?;
    Ok(record(StatusCode::OK, &shown(&api, bin).await?, None))
}

/// Makes a bin.
#[utoipa::path(post, path = "/bins", tag = "catalogue", operation_id = "createBin", request_body = NewBin,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request: it may be repeated")),
    responses((status = 201, description = "The new bin", body = Bin,
        headers(("ETag" = String), ("Location" = String))), Refusals))]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    body: ApiJson<NewBin>,
) -> Result<Response, ApiError> {
    caller.may(Scope::CatalogueWrite)?;
    caller.at(body.value.site)?;
    let bytes = body.bytes.clone();
    once(&api, &caller, &headers, &[b"bins", &bytes], async {
        let site = body.value.site;
        super::orders::known_site(&api, site).await?;
        let typed = code("/code", &body.value.code)?;
        let change = BinPatch::from(body.value).checked()?;
        let now = api.app.now();
        let made = api
            .app
            .data(move |data| {
                let face = match change.face.flatten() {
                    None => None,
                    Some((item, min, max)) => match data.item_record(item)? {
                        Some(item) => Some((item.sku, min, max)),
                        None => {
                            let key = "import.problem.no-item";
                            return Ok(Err(vec![Problem::cell(2, Column::FaceItem, key, "")]));
                        }
                    },
                };
                let bin = BinIn {
                    line: 2,
                    code: typed,
                    zone: change.zone.unwrap_or_default(),
                    takes: change.takes,
                    sequence: change.sequence,
                    face,
                };
                data.create(&Parsed::Bins(vec![bin]), Some(site), now)
            })
            .await?
            .map_err(|problems| ApiError::of_rows(&problems, pointer))?;
        api.app.committed();
        let id = BinId::from(made);
        let bin = api.app.data(move |data| data.bin_record(id)).await?;
        let bin = bin.ok_or_else(|| ApiError::new("internal"))?;
        let at = format!("{BASE}/bins/{id}");
        Ok(record(
            StatusCode::CREATED,
            &shown(&api, bin).await?,
            Some(at),
        ))
    })
    .await
}

/// Changes a bin: what is left out stays.
#[utoipa::path(patch, path = "/bins/{id}", tag = "catalogue", operation_id = "changeBin", request_body = BinPatch,
    params(("id" = Uuid, Path, description = "Id of the bin"),
        ("If-Match" = String, Header, description = "`ETag` that was last seen")),
    responses((status = 200, description = "The bin as it is now", body = Bin,
        headers(("ETag" = String))), Refusals))]
pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<BinId>,
    headers: HeaderMap,
    body: ApiJson<BinPatch>,
) -> Result<Reply, ApiError> {
    caller.may(Scope::CatalogueWrite)?;
    let version = if_match(&headers)?;
    let change = body.value.checked()?;
    let bin = api.app.data(move |data| data.bin_record(id)).await?;
    let bin = bin.ok_or_else(|| ApiError::new("not-found"))?;
    caller.at(bin.site)?;
    let (now, site) = (api.app.now(), bin.site);
    let changed = api
        .app
        .data(move |data| {
            let zones = data.zone_records(site)?;
            let is_as_seen = |bin: &documents::catalogue::Bin| {
                matches(&version, &etag(&Bin::of(bin.clone(), &zones)))
            };
            data.change_bin(id, &change, is_as_seen, now)
        })
        .await?;
    let bin = changed.map_err(|why| not_changed(why, pointer))?;
    api.app.committed();
    Ok(record(StatusCode::OK, &shown(&api, bin).await?, None))
}
