//! Items.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::{Currency, ItemId, Quantity, UnitValue};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::model::{Item, Value};
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{
    ApiJson, ApiPath, ApiQuery, Page, Reply, etag, if_match, limit, matches, once, page, record,
    text_and_id,
};
use super::{Api, ApiResult, BASE};
use crate::console::data::NotChanged;
use crate::console::import::{Column, ItemIn, NeedsIn, Parsed, Problem};

/// Characters of a code at most, as everywhere.
const CODE_MAX: usize = 64;
/// Characters of a name at most.
pub(super) const NAME_MAX: usize = 200;
/// Barcodes of an item at most.
const BARCODES_MAX: usize = 100;
/// Cubic centimetres or grams at most: a million cubic metres, a thousand tonnes.
pub(super) const SIZE_MAX: i64 = 1_000_000_000_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Only items that this SKU or barcode names.
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

/// A body with all that may be said of an item, and what stands before it. Not flattened: a schema of two parts that both
/// refuse what they do not know takes nothing.
macro_rules! item_body {
    ($(#[$meta:meta])* $name:ident { $($first:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($first)*
            #[schema(max_length = 200)]
            #[serde(default)]
            name_zh: Option<String>,
            #[schema(max_length = 200)]
            #[serde(default)]
            name_en: Option<String>,
            /// Base unit.
            #[schema(min_length = 1, max_length = 64)]
            #[serde(default)]
            unit: Option<String>,
            #[schema(minimum = 0, maximum = 3)]
            #[serde(default)]
            decimals: Option<u8>,
            #[serde(default)]
            tracks_lot: Option<bool>,
            #[serde(default)]
            tracks_serial: Option<bool>,
            #[serde(default)]
            tracks_expiry: Option<bool>,
            /// Barcode to how much one scan of it means, in base units; null takes a barcode off. At most 100.
            #[serde(default)]
            barcodes: Option<BTreeMap<String, Option<String>>>,
            #[schema(max_length = 64)]
            #[serde(default)]
            class: Option<String>,
            #[schema(minimum = 0, maximum = 1_000_000_000_000i64)]
            #[serde(default)]
            volume_cm3: Option<i64>,
            #[schema(minimum = 0, maximum = 1_000_000_000_000i64)]
            #[serde(default)]
            weight_g: Option<i64>,
            /// Safety stock over all sites, in base units; "0": none.
            #[schema(max_length = 20, example = "100")]
            #[serde(default)]
            min_stock: Option<String>,
            #[serde(default)]
            value: Option<Value>,
            /// Id of the customer whose goods these are; empty: our own.
            #[schema(max_length = 36)]
            #[serde(default)]
            owner: Option<String>,
        }
    };
}

item_body! {
    /// An item to be made.
    NewItem {
        #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]([ -~]*[!-~])?$", example = "WR-0250")]
        sku: String,
    }
}

item_body! {
    /// What is said of an item; what is left out stays as it is.
    ItemChange {}
}

impl From<NewItem> for ItemChange {
    fn from(new: NewItem) -> Self {
        Self {
            name_zh: new.name_zh,
            name_en: new.name_en,
            unit: new.unit,
            decimals: new.decimals,
            tracks_lot: new.tracks_lot,
            tracks_serial: new.tracks_serial,
            tracks_expiry: new.tracks_expiry,
            barcodes: new.barcodes,
            class: new.class,
            volume_cm3: new.volume_cm3,
            weight_g: new.weight_g,
            min_stock: new.min_stock,
            value: new.value,
            owner: new.owner,
        }
    }
}

/// A text of the body, within its bounds and without control characters.
pub(super) fn text(
    pointer: &str,
    value: &Option<String>,
    max: usize,
    min: usize,
) -> Result<Option<String>, ApiError> {
    let Some(value) = value else {
        return Ok(None);
    };
    let count = value.chars().count();
    if count < min || count > max || value.chars().any(char::is_control) {
        return Err(ApiError::invalid(pointer, "api.wrong.text"));
    }
    Ok(Some(value.clone()))
}

/// A code of the body.
pub(super) fn code(pointer: &str, value: &str) -> Result<String, ApiError> {
    let trimmed = value.trim();
    let is_code = !trimmed.is_empty()
        && trimmed.chars().count() <= CODE_MAX
        && trimmed == value
        && !trimmed.chars().any(char::is_control);
    match is_code {
        true => Ok(trimmed.to_owned()),
        false => Err(ApiError::invalid(pointer, "import.problem.bad-code")),
    }
}

/// Refuses a code of the query that none can be.
pub(super) fn code_asked(asked: Option<&str>) -> Result<(), ApiError> {
    match asked.map(|code| code.chars().count()) {
        Some(n) if !(1..=CODE_MAX).contains(&n) => {
            Err(ApiError::new("bad-query").at("code", "import.problem.bad-code"))
        }
        _ => Ok(()),
    }
}

/// A positive amount of the body.
pub(super) fn amount(pointer: &str, value: &str) -> Result<Quantity, ApiError> {
    let is_plain = value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    Quantity::parse(value)
        .ok()
        .filter(|q| is_plain && *q > Quantity::ZERO && q.in_range())
        .ok_or_else(|| ApiError::invalid(pointer, "import.problem.quantity"))
}

/// A safety stock of the body: an amount, or none.
fn least(value: &str) -> Result<Quantity, ApiError> {
    match value {
        "0" => Ok(Quantity::ZERO),
        value => amount("/min_stock", value),
    }
}

fn worth(value: &Value) -> Result<UnitValue, ApiError> {
    let currency = Currency::from_code(&value.currency)
        .filter(|currency| currency.code() == value.currency)
        .ok_or_else(|| ApiError::invalid("/value/currency", "import.problem.currency"))?;
    let minor = currency.parse(&value.amount).filter(|n| *n > 0);
    let minor = minor.ok_or_else(|| ApiError::invalid("/value/amount", "import.problem.value"))?;
    Ok(UnitValue { minor, currency })
}

/// A size of the body.
pub(super) fn size(pointer: &str, value: Option<i64>) -> Result<Option<i64>, ApiError> {
    match value {
        Some(n) if !(0..=SIZE_MAX).contains(&n) => {
            Err(ApiError::invalid(pointer, "import.problem.number"))
        }
        value => Ok(value),
    }
}

impl ItemChange {
    fn checked(self, sku: String) -> Result<(ItemIn, Vec<String>), ApiError> {
        let mut gone = Vec::new();
        let mut barcodes = BTreeMap::new();
        for (barcode, pack) in self.barcodes.iter().flatten() {
            let pointer = format!("/barcodes/{barcode}");
            code(&pointer, barcode)?;
            match pack {
                Some(pack) => {
                    barcodes.insert(barcode.clone(), amount(&pointer, pack)?);
                }
                None => gone.push(barcode.clone()),
            }
        }
        if barcodes.len() + gone.len() > BARCODES_MAX {
            return Err(ApiError::invalid("/barcodes", "api.wrong.too-many"));
        }
        if self.decimals.is_some_and(|n| n > 3) {
            return Err(ApiError::invalid("/decimals", "import.problem.decimals"));
        }
        let item = ItemIn {
            line: 2,
            sku,
            name_zh: text("/name_zh", &self.name_zh, NAME_MAX, 0)?,
            name_en: text("/name_en", &self.name_en, NAME_MAX, 0)?,
            unit: text("/unit", &self.unit, CODE_MAX, 1)?,
            decimals: self.decimals,
            barcodes: self.barcodes.is_some().then_some(barcodes),
            tracks_lot: self.tracks_lot,
            tracks_serial: self.tracks_serial,
            tracks_expiry: self.tracks_expiry,
            needs: NeedsIn {
                class: text("/class", &self.class, CODE_MAX, 0)?,
                volume: size("/volume_cm3", self.volume_cm3)?,
                weight: size("/weight_g", self.weight_g)?,
            },
            value: self.value.map(|value| worth(&value)).transpose()?,
            min_stock: self.min_stock.map(|n| least(&n)).transpose()?,
            owner: None,
        };
        Ok((item, gone))
    }
}

/// The code of the customer whom the body names by id.
async fn owner(api: &Api, named: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(named) = named else {
        return Ok(None);
    };
    if named.is_empty() {
        return Ok(Some(named));
    }
    let known = match named.parse() {
        Ok(id) => api.app.data(move |data| data.customer_record(id)).await?,
        Err(_) => None,
    };
    let known = known.ok_or_else(|| ApiError::invalid("/owner", "api.wrong.customer"))?;
    Ok(Some(known.code))
}

fn pointer(problem: &Problem) -> String {
    match problem.column {
        Some(Column::Barcodes) => format!("/barcodes/{}", problem.value),
        Some(Column::Owner) => "/owner".to_owned(),
        _ => "/sku".to_owned(),
    }
}

/// Items by SKU.
#[utoipa::path(get, path = "/items", tag = "catalogue", operation_id = "listItems", params(Asked),
    responses((status = 200, description = "A page of items", body = Page<Item>), Refusals))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> ApiResult<Page<Item>> {
    caller.may(Scope::CatalogueRead)?;
    code_asked(asked.code.as_deref())?;
    let limit = limit(asked.limit)?;
    const LIST: &str = "items";
    let after = text_and_id(&api, LIST, asked.cursor.as_ref())?;
    let after = after.map(|(sku, id)| (sku, ItemId::from_bytes(id)));
    if let Some(code) = asked.code {
        let items = api.app.data(move |data| data.items_by_code(&code)).await?;
        return Ok(Json(Page {
            items: items.into_iter().map(Item::from).collect(),
            next: None,
        }));
    }
    let rows = api
        .app
        .data(move |data| data.items_after(after, limit + 1))
        .await?;
    let place =
        |item: &documents::catalogue::Item| [&item.id.as_bytes()[..], item.sku.as_bytes()].concat();
    Ok(page(&api, LIST, rows, limit, place, Item::from))
}

/// One item.
#[utoipa::path(get, path = "/items/{id}", tag = "catalogue", operation_id = "getItem",
    params(("id" = Uuid, Path, description = "Id of the item")),
    responses((status = 200, description = "The item", body = Item, headers(("ETag" = String))), Refusals))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<ItemId>,
) -> Result<Reply, ApiError> {
    caller.may(Scope::CatalogueRead)?;
    let item = api.app.data(move |data| data.item_record(id)).await?;
    let item = item.ok_or_else(|| ApiError::new("not-found"))?;
    Ok(record(StatusCode::OK, &Item::from(item), None))
}

/// Makes an item.
#[utoipa::path(post, path = "/items", tag = "catalogue", operation_id = "createItem", request_body = NewItem,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request: it may be repeated")),
    responses((status = 201, description = "The new item", body = Item,
        headers(("ETag" = String), ("Location" = String))), Refusals))]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    body: ApiJson<NewItem>,
) -> Result<Response, ApiError> {
    caller.may(Scope::CatalogueWrite)?;
    caller.everywhere()?;
    let bytes = body.bytes.clone();
    once(&api, &caller, &headers, &[b"items", &bytes], async {
        let sku = code("/sku", &body.value.sku)?;
        let mut change = ItemChange::from(body.value);
        let owner = owner(&api, change.owner.take()).await?;
        let (item, _) = change.checked(sku)?;
        let item = ItemIn { owner, ..item };
        let now = api.app.now();
        let made = api
            .app
            .data(move |data| data.create(&Parsed::Items(vec![item]), None, now))
            .await?
            .map_err(|problems| ApiError::of_rows(&problems, pointer))?;
        api.app.committed();
        let id = ItemId::from(made);
        let item = api.app.data(move |data| data.item_record(id)).await?;
        let item = item.ok_or_else(|| ApiError::new("internal"))?;
        let at = format!("{BASE}/items/{id}");
        Ok(record(StatusCode::CREATED, &Item::from(item), Some(at)))
    })
    .await
}

/// Changes an item: what is left out stays.
#[utoipa::path(patch, path = "/items/{id}", tag = "catalogue", operation_id = "changeItem",
    request_body = ItemChange,
    params(("id" = Uuid, Path, description = "Id of the item"),
        ("If-Match" = String, Header, description = "`ETag` that was last seen")),
    responses((status = 200, description = "The item as it is now", body = Item,
        headers(("ETag" = String))), Refusals))]
pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<ItemId>,
    headers: HeaderMap,
    body: ApiJson<ItemChange>,
) -> Result<Reply, ApiError> {
    caller.may(Scope::CatalogueWrite)?;
    caller.everywhere()?;
    let version = if_match(&headers)?;
    let mut change = body.value;
    let owner = owner(&api, change.owner.take()).await?;
    let (item, gone) = change.checked(String::new())?;
    let item = ItemIn { owner, ..item };
    let now = api.app.now();
    let changed = api
        .app
        .data(move |data| {
            let is_as_seen = |item: &documents::catalogue::Item| {
                matches(&version, &etag(&Item::from(item.clone())))
            };
            data.change_item(id, &item, &gone, is_as_seen, now)
        })
        .await?;
    let item = changed.map_err(|why| not_changed(why, pointer))?;
    api.app.committed();
    Ok(record(StatusCode::OK, &Item::from(item), None))
}

/// Why a change was not made.
pub(super) fn not_changed(why: NotChanged, pointer: impl Fn(&Problem) -> String) -> ApiError {
    match why {
        NotChanged::Stale => ApiError::new("stale"),
        NotChanged::Begun => ApiError::new("conflict").at("", "imports.kept.begun"),
        NotChanged::Problem(problem) => ApiError::of_rows(&[problem], pointer),
    }
}
