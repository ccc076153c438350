//! `/stock`: by bin, item, lot and age, now or at an instant, as the server or as a device knew it.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::address;
use super::instant::AskedInstant;
use crate::auth::Viewer;
use crate::console::data::StockPageData;
use crate::console::page::{Page, render};
use crate::console::view::{AsOf, EXPIRING_DAYS, Named, StockFilter, any_stale};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "stock.html")]
struct StockPage {
    page: Page,
    /// The list that is shown.
    here: &'static str,
    /// Whether what is spoken for, frozen and on its way stands beside what is on hand.
    shows_committed: bool,
    filter: StockFilter,
    as_of: AsOf,
    data: StockPageData,
    sites: Vec<Named>,
    zones: Vec<Named>,
    devices: Vec<Named>,
    /// Some number shown is being recalculated.
    stale: bool,
    /// The address of the list, for the next page.
    path: String,
    /// The same moment in the other lists.
    same_moment: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    by: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    class: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    low: String,
    #[serde(default)]
    expiring: String,
    #[serde(default)]
    after: String,
    #[serde(flatten)]
    instant: AskedInstant,
}

impl Asked {
    fn filter(&self) -> StockFilter {
        let expiring = self.expiring.parse().ok();
        let expiring = expiring.filter(|days| EXPIRING_DAYS.contains(days));
        let low = !self.low.is_empty();
        StockFilter {
            view: match self.by.as_str() {
                "item" => "item",
                "lot" => "lot",
                "age" => "age",
                _ if low => "item",
                _ if expiring.is_some() => "lot",
                _ => "bin",
            },
            q: self.q.clone(),
            site: self.site.clone(),
            zone: self.zone.clone(),
            class: self.class.clone(),
            owner: self.owner.clone(),
            low,
            expiring,
            after: self.after.clone(),
        }
    }
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let page = Page::new(&app, &who.visitor, "stock", "nav.stock").await?;
    let mut as_of = asked.instant.read(page.zone);
    let now = app.now();
    let mut filter = asked.filter();
    // Only the list by item knows of safety stock, and only those by lot of expiry.
    filter.low &= filter.view == "item" && as_of.is_now();
    if filter.view != "lot" {
        filter.expiring = None;
    }
    let wanted = filter.clone();
    let (as_of, data, sites, zones, devices) = app
        .data(move |data| {
            let moment = data.moment(&mut as_of, now)?;
            let stock = data.stock(&wanted, moment, now)?;
            let zones = data.zones_of(&wanted.site)?;
            Ok((as_of, stock, data.sites()?, zones, data.handhelds()?))
        })
        .await?;
    let expiring = filter.expiring.map(|days| days.to_string());
    let query = [
        ("by", filter.view),
        ("q", filter.q.as_str()),
        ("site", &filter.site),
        ("zone", &filter.zone),
        ("class", &filter.class),
        ("owner", &filter.owner),
        ("low", if filter.low { "1" } else { "" }),
        ("expiring", expiring.as_deref().unwrap_or_default()),
        ("at", &as_of.text),
        ("as", &as_of.device.id),
    ];
    let moment = [
        ("site", filter.site.as_str()),
        ("at", &as_of.text),
        ("as", &as_of.device.id),
    ];
    render(&StockPage {
        path: address("/stock", &query),
        same_moment: address("/stock", &moment),
        stale: any_stale(&data.bins.rows) || data.goods.rows.iter().any(|row| row.stale),
        page,
        here: filter.view,
        shows_committed: as_of.is_now() && filter.zone.is_empty() && filter.view != "age",
        filter,
        as_of,
        data,
        sites,
        zones,
        devices,
    })
}
