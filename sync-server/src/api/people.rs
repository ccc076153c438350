//! Sites, people, handhelds: read only.

use axum::Json;
use axum::extract::State;
use domain::SiteId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::Caller;
use super::model::{Device, Operator, Site};
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{ApiPath, ApiQuery, Page};
use super::{Api, ApiResult};
use crate::console::desk;

/// A list that has one page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Nothing {}

/// Sites that the key reaches.
#[utoipa::path(get, path = "/sites", tag = "catalogue", operation_id = "listSites",
    responses((status = 200, description = "Sites", body = Page<Site>), Refusals))]
pub(super) async fn sites(
    State(api): State<Api>,
    caller: Caller,
    _: ApiQuery<Nothing>,
) -> ApiResult<Page<Site>> {
    caller.may(Scope::CatalogueRead)?;
    let sites = api.app.data(|data| data.site_records()).await?;
    let items = sites.into_iter().filter(|site| caller.reaches(site.id));
    Ok(Json(Page {
        items: items.map(Site::from).collect(),
        next: None,
    }))
}

/// One site.
#[utoipa::path(get, path = "/sites/{id}", tag = "catalogue", operation_id = "getSite",
    params(("id" = Uuid, Path, description = "Id of the site")),
    responses((status = 200, description = "The site", body = Site), Refusals))]
pub(super) async fn site(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<SiteId>,
) -> ApiResult<Site> {
    caller.may(Scope::CatalogueRead)?;
    let sites = api.app.data(|data| data.site_records()).await?;
    let site = sites.into_iter().find(|site| site.id == id);
    let site = site.ok_or_else(|| ApiError::new("not-found"))?;
    caller.at(site.id)?;
    Ok(Json(site.into()))
}

/// People who scan, without PINs and badges.
#[utoipa::path(get, path = "/operators", tag = "people and devices", operation_id = "listOperators",
    responses((status = 200, description = "People", body = Page<Operator>), Refusals))]
pub(super) async fn operators(
    State(api): State<Api>,
    caller: Caller,
    _: ApiQuery<Nothing>,
) -> ApiResult<Page<Operator>> {
    caller.may(Scope::PeopleRead)?;
    let people = api.app.data(|data| data.operator_records()).await?;
    let shown = people.into_iter().map(|person| Operator {
        id: person.id.to_string(),
        name: person.name,
        active: person.active,
    });
    Ok(Json(Page {
        items: shown.collect(),
        next: None,
    }))
}

/// Handhelds of the sites that the key reaches.
#[utoipa::path(get, path = "/devices", tag = "people and devices", operation_id = "listDevices",
    responses((status = 200, description = "Handhelds", body = Page<Device>), Refusals))]
pub(super) async fn devices(
    State(api): State<Api>,
    caller: Caller,
    _: ApiQuery<Nothing>,
) -> ApiResult<Page<Device>> {
    caller.may(Scope::DevicesRead)?;
    let devices = api.app.data(|data| data.device_records()).await?;
    let now = api.app.now();
    let contacts = api.app.hub(move |hub| desk::contacts(hub, now)).await?;
    let shown = devices.into_iter().filter_map(|device| {
        let contact = contacts.iter().find(|c| c.device == device.id);
        let is_reached = match contact {
            Some(contact) => caller.reaches(contact.site),
            None => caller.everywhere().is_ok(),
        };
        is_reached.then(|| Device::of(device, contact))
    });
    Ok(Json(Page {
        items: shown.collect(),
        next: None,
    }))
}
