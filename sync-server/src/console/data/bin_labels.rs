//! Bins of which labels are printed.

use std::collections::BTreeMap;

use domain::{BinId, SiteId, ZoneId};

use super::ConsoleData;
use super::names::zone_named;
use crate::console::view::{BinToLabel, Named};
use crate::error::AppError;

/// Which bins of a site; what is empty does not filter.
#[derive(Debug, Clone, Default)]
pub struct BinChoice {
    /// Only this one.
    pub bin: Option<BinId>,
    /// In this zone.
    pub zone: Option<ZoneId>,
    /// Whose codes begin so, in any case.
    pub start: String,
}

impl ConsoleData {
    /// Bins by code.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn bins_to_label(
        &self,
        site: SiteId,
        choice: &BinChoice,
    ) -> Result<Vec<BinToLabel>, AppError> {
        self.ask(|q| {
            let zones = q.zones(site)?.into_iter();
            let zones: BTreeMap<ZoneId, Named> = zones.map(|z| (z.id, zone_named(&z))).collect();
            let start = choice.start.trim().to_uppercase();
            let is_meant = |(id, code, zone): &(BinId, String, ZoneId)| {
                choice.bin.is_none_or(|bin| bin == *id)
                    && choice.zone.is_none_or(|meant| meant == *zone)
                    && code.to_uppercase().starts_with(&start)
            };
            let mut bins: Vec<BinToLabel> = q
                .bin_places(site)?
                .into_iter()
                .filter(is_meant)
                .map(|(_, code, zone)| BinToLabel {
                    code,
                    zone: zones.get(&zone).cloned().unwrap_or_default(),
                })
                .collect();
            bins.sort_by(|a, b| a.code.cmp(&b.code));
            Ok(bins)
        })
    }
}
