//! From ids to names, each looked up once for a page.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use domain::ledger::Stale;
use domain::{BinId, ChainId, CustomerId, DeviceId, ItemId, OperatorId, SiteId, ZoneId};
use replica::Query;

use crate::console::view::Named;
use crate::error::AppError;
use crate::hub::Hub;
use crate::i18n::Lang;

/// Looks names up and remembers them.
pub(super) struct Names<'q> {
    pub(super) query: &'q Query<'q>,
    /// Knows which photos are here.
    pub(super) hub: &'q Hub,
    items: RefCell<HashMap<ItemId, (Named, String)>>,
    bins: RefCell<HashMap<BinId, Named>>,
    sites: RefCell<HashMap<SiteId, Named>>,
    operators: RefCell<HashMap<OperatorId, Named>>,
    devices: RefCell<HashMap<DeviceId, Named>>,
    stale: RefCell<HashMap<SiteId, Rc<Stale>>>,
}

fn remember<K: std::hash::Hash + Eq, V: Clone>(
    known: &RefCell<HashMap<K, V>>,
    key: K,
    find: impl FnOnce() -> Result<V, AppError>,
) -> Result<V, AppError> {
    if let Some(value) = known.borrow().get(&key) {
        return Ok(value.clone());
    }
    let value = find()?;
    known.borrow_mut().insert(key, value.clone());
    Ok(value)
}

/// A person or device has one name for all languages.
pub(super) fn called(id: String, name: &str) -> Named {
    Named {
        id,
        code: String::new(),
        zh: name.to_owned(),
        en: name.to_owned(),
    }
}

pub(super) fn item_named(item: &documents::catalogue::Item) -> Named {
    Named {
        id: item.id.to_string(),
        code: item.sku.clone(),
        zh: item.name_zh.clone(),
        en: item.name_en.clone(),
    }
}

pub(super) fn customer_named(customer: &documents::catalogue::Customer) -> Named {
    Named {
        id: customer.id.to_string(),
        code: customer.code.clone(),
        zh: customer.name_zh.clone(),
        en: customer.name_en.clone(),
    }
}

pub(super) fn site_named(site: &documents::catalogue::Site) -> Named {
    Named {
        id: site.id.to_string(),
        code: site.code.clone(),
        zh: site.name_zh.clone(),
        en: site.name_en.clone(),
    }
}

pub(super) fn zone_named(zone: &documents::catalogue::Zone) -> Named {
    Named {
        id: zone.id.to_string(),
        code: zone.code.clone(),
        zh: zone.name_zh.clone(),
        en: zone.name_en.clone(),
    }
}

impl<'q> Names<'q> {
    pub(super) fn new(query: &'q Query<'q>, hub: &'q Hub) -> Self {
        Self {
            query,
            hub,
            items: RefCell::default(),
            bins: RefCell::default(),
            sites: RefCell::default(),
            operators: RefCell::default(),
            devices: RefCell::default(),
            stale: RefCell::default(),
        }
    }

    /// An item's name and its base unit.
    pub(super) fn item(&self, id: ItemId) -> Result<(Named, String), AppError> {
        remember(&self.items, id, || {
            Ok(match self.query.item(id)? {
                Some(item) => (item_named(&item), item.unit),
                None => (unknown(id.to_string()), String::new()),
            })
        })
    }

    pub(super) fn customer(&self, id: CustomerId) -> Result<Named, AppError> {
        let known = self.query.customer(id)?;
        Ok(known.map_or_else(|| unknown(id.to_string()), |c| customer_named(&c)))
    }

    pub(super) fn zone(&self, id: ZoneId) -> Result<Named, AppError> {
        let known = self.query.zone(id)?;
        Ok(known.map_or_else(|| unknown(id.to_string()), |z| zone_named(&z)))
    }

    pub(super) fn bin(&self, id: BinId) -> Result<Named, AppError> {
        remember(&self.bins, id, || {
            Ok(match self.query.bin(id)? {
                Some(bin) => Named {
                    id: id.to_string(),
                    code: bin.code,
                    ..Named::default()
                },
                None => unknown(id.to_string()),
            })
        })
    }

    pub(super) fn site(&self, id: SiteId) -> Result<Named, AppError> {
        remember(&self.sites, id, || {
            Ok(self
                .query
                .site(id)?
                .map_or_else(|| unknown(id.to_string()), |site| site_named(&site)))
        })
    }

    /// What of a site's stock is being recalculated.
    pub(super) fn stale(&self, site: SiteId) -> Result<Rc<Stale>, AppError> {
        remember(&self.stale, site, || Ok(Rc::new(self.query.stale(site)?)))
    }

    pub(super) fn operator(&self, id: OperatorId) -> Result<Named, AppError> {
        remember(&self.operators, id, || {
            Ok(match self.query.operator(id)? {
                Some(operator) => called(id.to_string(), &operator.name),
                None => unknown(id.to_string()),
            })
        })
    }

    pub(super) fn device(&self, id: DeviceId) -> Result<Named, AppError> {
        remember(&self.devices, id, || {
            Ok(match self.query.device(id)? {
                Some(device) => called(id.to_string(), &device.name),
                None if self.query.is_server(id)? => Named {
                    id: id.to_string(),
                    code: String::new(),
                    zh: Lang::Zh.t("devices.server").to_owned(),
                    en: Lang::En.t("devices.server").to_owned(),
                },
                None => unknown(id.to_string()),
            })
        })
    }

    pub(super) fn device_of_chain(&self, chain: ChainId) -> Result<Named, AppError> {
        match self.query.device_of_chain(chain)? {
            Some(device) => self.device(device),
            None => Ok(unknown(chain.to_string())),
        }
    }
}

/// The record has not come: the end of the id tells such things apart, since ids begin with their time.
fn unknown(id: String) -> Named {
    let tail = id.get(id.len().saturating_sub(6)..).unwrap_or_default();
    Named {
        code: format!("?{tail}"),
        id,
        ..Named::default()
    }
}
