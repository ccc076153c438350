//! Customers: whom goods belong to.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::CustomerId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::items::{NAME_MAX, code, code_asked, not_changed, text};
use super::model::Customer;
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{
    ApiJson, ApiPath, ApiQuery, Page, Reply, etag, if_match, limit, matches, once, page, record,
    text_and_id,
};
use super::{Api, ApiResult, BASE};
use crate::console::import::{CustomerIn, Parsed, Problem};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Only customers with this code.
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

/// A customer to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCustomer {
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = "^[!-~]([ -~]*[!-~])?$",
        example = "ACME"
    )]
    code: String,
    #[schema(max_length = 200)]
    #[serde(default)]
    name_zh: Option<String>,
    #[schema(max_length = 200)]
    #[serde(default)]
    name_en: Option<String>,
}

/// What is said of a customer; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerChange {
    #[schema(max_length = 200)]
    #[serde(default)]
    name_zh: Option<String>,
    #[schema(max_length = 200)]
    #[serde(default)]
    name_en: Option<String>,
}

impl CustomerChange {
    fn checked(&self, code: String) -> Result<CustomerIn, ApiError> {
        Ok(CustomerIn {
            line: 2,
            code,
            name_zh: text("/name_zh", &self.name_zh, NAME_MAX, 0)?,
            name_en: text("/name_en", &self.name_en, NAME_MAX, 0)?,
        })
    }
}

fn pointer(_: &Problem) -> String {
    "/code".to_owned()
}

/// Customers by code.
#[utoipa::path(get, path = "/customers", tag = "catalogue", operation_id = "listCustomers", params(Asked),
    responses((status = 200, description = "A page of customers", body = Page<Customer>), Refusals))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> ApiResult<Page<Customer>> {
    caller.may(Scope::CatalogueRead)?;
    code_asked(asked.code.as_deref())?;
    let limit = limit(asked.limit)?;
    const LIST: &str = "customers";
    let after = text_and_id(&api, LIST, asked.cursor.as_ref())?;
    let after = after.map(|(code, id)| (code, CustomerId::from_bytes(id)));
    if let Some(code) = asked.code {
        let found = api.app.data(move |data| data.customers_by_code(&code));
        return Ok(Json(Page {
            items: found.await?.into_iter().map(Customer::from).collect(),
            next: None,
        }));
    }
    let rows = api
        .app
        .data(move |data| data.customers_after(after, limit + 1))
        .await?;
    let place = |customer: &documents::catalogue::Customer| {
        [&customer.id.as_bytes()[..], customer.code.as_bytes()].concat()
    };
    Ok(page(&api, LIST, rows, limit, place, Customer::from))
}

async fn shown(api: &Api, id: CustomerId) -> Result<Option<Customer>, ApiError> {
    let found = api.app.data(move |data| data.customer_record(id)).await?;
    Ok(found.map(Customer::from))
}

/// One customer.
#[utoipa::path(get, path = "/customers/{id}", tag = "catalogue", operation_id = "getCustomer",
    params(("id" = Uuid, Path, description = "Id of the customer")),
    responses((status = 200, description = "The customer", body = Customer, headers(("ETag" = String))), Refusals))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<CustomerId>,
) -> Result<Reply, ApiError> {
    caller.may(Scope::CatalogueRead)?;
    let customer = shown(&api, id).await?;
    let customer = customer.ok_or_else(|| ApiError::new("not-found"))?;
    Ok(record(StatusCode::OK, &customer, None))
}

/// Makes a customer.
#[utoipa::path(post, path = "/customers", tag = "catalogue", operation_id = "createCustomer",
    request_body = NewCustomer,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request: it may be repeated")),
    responses((status = 201, description = "The new customer", body = Customer,
        headers(("ETag" = String), ("Location" = String))), Refusals))]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    body: ApiJson<NewCustomer>,
) -> Result<Response, ApiError> {
    caller.may(Scope::CatalogueWrite)?;
    caller.everywhere()?;
    let bytes = body.bytes.clone();
    once(&api, &caller, &headers, &[b"customers", &bytes], async {
        let code = code("/code", &body.value.code)?;
        let names = CustomerChange {
            name_zh: body.value.name_zh,
            name_en: body.value.name_en,
        };
        let new = names.checked(code)?;
        let now = api.app.now();
        let made = api
            .app
            .data(move |data| data.create(&Parsed::Customers(vec![new]), None, now))
            .await?
            .map_err(|problems| ApiError::of_rows(&problems, pointer))?;
        api.app.committed();
        let id = CustomerId::from(made);
        let customer = shown(&api, id).await?;
        let customer = customer.ok_or_else(|| ApiError::new("internal"))?;
        let at = format!("{BASE}/customers/{id}");
        Ok(record(StatusCode::CREATED, &customer, Some(at)))
    })
    .await
}

/// Changes a customer's names: what is left out stays.
#[utoipa::path(patch, path = "/customers/{id}", tag = "catalogue", operation_id = "changeCustomer",
    request_body = CustomerChange,
    params(("id" = Uuid, Path, description = "Id of the customer"),
        ("If-Match" = String, Header, description = "`ETag` that was last seen")),
    responses((status = 200, description = "The customer as it is now", body = Customer,
        headers(("ETag" = String))), Refusals))]
pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<CustomerId>,
    headers: HeaderMap,
    body: ApiJson<CustomerChange>,
) -> Result<Reply, ApiError> {
    caller.may(Scope::CatalogueWrite)?;
    caller.everywhere()?;
    let version = if_match(&headers)?;
    let change = body.value.checked(String::new())?;
    let now = api.app.now();
    let changed = api
        .app
        .data(move |data| {
            let is_as_seen = |customer: &documents::catalogue::Customer| {
                matches(&version, &etag(&Customer::from(customer.clone())))
            };
            data.change_customer(id, &change, is_as_seen, now)
        })
        .await?;
    let customer = changed.map_err(|why| not_changed(why, pointer))?;
    api.app.committed();
    Ok(record(StatusCode::OK, &Customer::from(customer), None))
}
