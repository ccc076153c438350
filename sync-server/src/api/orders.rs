//! Orders: expected deliveries, goods to ship or to transfer, bins to count.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::NaiveDate;
use domain::{OrderId, SiteId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::items::{amount, code, code_asked, not_changed, text};
use super::model::{Order, OrderKind};
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{
    ApiJson, ApiPath, ApiQuery, Page, Reply, etag, id16, if_match, limit, matches, once, page,
    record,
};
use super::{Api, ApiResult, BASE};
use crate::console::data::OrderState;
use crate::console::import::{Column, CountIn, OrderIn, Parsed, Problem};

/// Lines of an order at most.
const LINES_MAX: usize = 2_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Id of the site.
    #[param(value_type = Uuid)]
    site: SiteId,
    /// Only orders of this type.
    #[param(inline)]
    #[serde(default)]
    r#type: Option<OrderKind>,
    /// Only orders with this number.
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

/// An order to be made. Of a count the lines name bins, of all others items and quantities.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrder {
    #[schema(value_type = Uuid)]
    site: SiteId,
    r#type: OrderKind,
    /// Its number; one that is in use is refused.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = "^[!-~]([ -~]*[!-~])?$",
        example = "SO-2027-001"
    )]
    code: String,
    /// Supplier or customer.
    #[schema(max_length = 200)]
    #[serde(default)]
    party: Option<String>,
    /// The day on which it is expected, or shall leave.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(default)]
    due: Option<NaiveDate>,
    /// Of a transfer: code of the site that the goods go to.
    #[schema(min_length = 1, max_length = 64)]
    #[serde(default)]
    to_site: Option<String>,
    /// Of a count: the counter does not see the book.
    #[serde(default)]
    blind: bool,
    /// Of a count: who shall count, by name or badge.
    #[schema(min_length = 1, max_length = 64)]
    #[serde(default)]
    counter: Option<String>,
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<NewLine>,
}

/// A line of a new order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLine {
    /// SKU or barcode.
    #[schema(min_length = 1, max_length = 64)]
    #[serde(default)]
    item: Option<String>,
    /// In base units; positive.
    #[schema(pattern = "^[0-9]{1,9}(\\.[0-9]{1,3})?$", example = "12")]
    #[serde(default)]
    quantity: Option<String>,
    /// Of which lot, if it has to be this one.
    #[schema(max_length = 64)]
    #[serde(default)]
    lot: Option<String>,
    /// Of a count: code of the bin.
    #[schema(min_length = 1, max_length = 64)]
    #[serde(default)]
    bin: Option<String>,
}

fn needed(pointer: String) -> ApiError {
    ApiError::invalid(pointer, "import.problem.empty")
}

impl NewOrder {
    /// The rows of a file that would say the same.
    fn rows(self) -> Result<Parsed, ApiError> {
        let number = code("/code", &self.code)?;
        if self.lines.is_empty() || self.lines.len() > LINES_MAX {
            return Err(ApiError::invalid("/lines", "api.wrong.too-many"));
        }
        let party = text("/party", &self.party, 200, 0)?.unwrap_or_default();
        let to_site = match (self.r#type, self.to_site) {
            (OrderKind::Transfer, None) => return Err(needed("/to_site".to_owned())),
            (OrderKind::Transfer, Some(to)) => Some(code("/to_site", &to)?),
            _ => None,
        };
        let counter = text("/counter", &self.counter, 64, 1)?;
        let mut orders = Vec::new();
        let mut counts = Vec::new();
        for (index, line) in self.lines.into_iter().enumerate() {
            let at = |field: &str| format!("/lines/{index}/{field}");
            let row = index as u64 + 2;
            if self.r#type == OrderKind::Count {
                let bin = line.bin.ok_or_else(|| needed(at("bin")))?;
                counts.push(CountIn {
                    line: row,
                    order: number.clone(),
                    bin: code(&at("bin"), &bin)?,
                    blind: self.blind,
                    counter: counter.clone(),
                    not_by: None,
                    due: self.due,
                });
                continue;
            }
            let item = line.item.ok_or_else(|| needed(at("item")))?;
            let quantity = line.quantity.ok_or_else(|| needed(at("quantity")))?;
            orders.push(OrderIn {
                line: row,
                order: number.clone(),
                party: party.clone(),
                due: self.due,
                sku: code(&at("item"), &item)?,
                quantity: amount(&at("quantity"), &quantity)?,
                lot: text(&at("lot"), &line.lot, 64, 0)?.filter(|lot| !lot.is_empty()),
                to_site: to_site.clone(),
            });
        }
        Ok(match self.r#type {
            OrderKind::Count => Parsed::Counts(counts),
            kind => Parsed::Orders(kind.domain(), orders),
        })
    }
}

fn pointer(problem: &Problem) -> String {
    let line = problem.line.saturating_sub(2);
    match problem.column {
        Some(Column::Sku) => format!("/lines/{line}/item"),
        Some(Column::Bin) => format!("/lines/{line}/bin"),
        Some(Column::ToSite) => "/to_site".to_owned(),
        Some(Column::Counter) => "/counter".to_owned(),
        _ => "/code".to_owned(),
    }
}

/// Refuses a site that nobody knows: nothing could be written there.
pub(super) async fn known_site(api: &Api, site: SiteId) -> Result<(), ApiError> {
    let sites = api.app.data(|data| data.site_records()).await?;
    match sites.iter().any(|known| known.id == site) {
        true => Ok(()),
        false => Err(ApiError::invalid("/site", "import.problem.no-site")),
    }
}

/// Orders of a site, called off ones too, the oldest first.
#[utoipa::path(get, path = "/orders", tag = "orders", operation_id = "listOrders", params(Asked),
    responses((status = 200, description = "A page of orders", body = Page<Order>), Refusals))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> ApiResult<Page<Order>> {
    caller.may(Scope::OrdersRead)?;
    caller.at(asked.site)?;
    code_asked(asked.code.as_deref())?;
    let limit = limit(asked.limit)?;
    let list = format!("orders {} {:?}", asked.site, asked.r#type);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(OrderId::from_bytes(id16(
            &api.cursors.read(&list, cursor)?,
        )?)),
    };
    let kind = asked.r#type.map(OrderKind::domain);
    let orders = api
        .app
        .data(move |data| {
            data.orders_after(asked.site, kind, asked.code.as_deref(), after, limit + 1)
        })
        .await?;
    let place = |state: &OrderState| state.order.id.as_bytes().to_vec();
    Ok(page(&api, &list, orders, limit, place, Order::from))
}

/// One order, with how far the work on it has come.
#[utoipa::path(get, path = "/orders/{id}", tag = "orders", operation_id = "getOrder",
    params(("id" = Uuid, Path, description = "Id of the order")),
    responses((status = 200, description = "The order", body = Order, headers(("ETag" = String))), Refusals))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<OrderId>,
) -> Result<Reply, ApiError> {
    caller.may(Scope::OrdersRead)?;
    let order = api.app.data(move |data| data.order_state(id)).await?;
    let order = order.ok_or_else(|| ApiError::new("not-found"))?;
    caller.at(order.order.site)?;
    Ok(record(StatusCode::OK, &Order::from(order), None))
}

/// Makes an order.
#[utoipa::path(post, path = "/orders", tag = "orders", operation_id = "createOrder", request_body = NewOrder,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request: it may be repeated")),
    responses((status = 201, description = "The new order", body = Order,
        headers(("ETag" = String), ("Location" = String))), Refusals))]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    body: ApiJson<NewOrder>,
) -> Result<Response, ApiError> {
    caller.may(Scope::OrdersWrite)?;
    let site = body.value.site;
    caller.at(site)?;
    let bytes = body.bytes.clone();
    once(&api, &caller, &headers, &[b"orders", &bytes], async {
        known_site(&api, site).await?;
        let rows = body.value.rows()?;
        let now = api.app.now();
        let made = api
            .app
            .data(move |data| data.create(&rows, Some(site), now))
            .await?
            .map_err(|problems| ApiError::of_rows(&problems, pointer))?;
        api.app.committed();
        let id = OrderId::from(made);
        let order = api.app.data(move |data| data.order_state(id)).await?;
        let order = order.ok_or_else(|| ApiError::new("internal"))?;
        let at = format!("{BASE}/orders/{id}");
        Ok(record(StatusCode::CREATED, &Order::from(order), Some(at)))
    })
    .await
}

/// Calls an order off, if nobody has begun to work on it.
#[utoipa::path(post, path = "/orders/{id}/call-off", tag = "orders", operation_id = "callOffOrder",
    params(("id" = Uuid, Path, description = "Id of the order"),
        ("If-Match" = String, Header, description = "`ETag` that was last seen")),
    responses((status = 200, description = "The order as it is now", body = Order,
        headers(("ETag" = String))), Refusals))]
pub(super) async fn call_off(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<OrderId>,
    headers: HeaderMap,
) -> Result<Reply, ApiError> {
    caller.may(Scope::OrdersWrite)?;
    let version = if_match(&headers)?;
    let order = api.app.data(move |data| data.order_state(id)).await?;
    let order = order.ok_or_else(|| ApiError::new("not-found"))?;
    caller.at(order.order.site)?;
    let now = api.app.now();
    let changed = api
        .app
        .data(move |data| {
            let is_as_seen =
                |state: &OrderState| matches(&version, &etag(&Order::from(state.clone())));
            data.call_off(id, is_as_seen, now)
        })
        .await?;
    let order = changed.map_err(|why| not_changed(why, pointer))?;
    api.app.committed();
    Ok(record(StatusCode::OK, &Order::from(order), None))
}
