//! Who counts which bins: bins in the order of the walk, cut into orders.

use domain::{OperatorId, ZoneId};
use replica::query::BinToCount;

/// Part of a stocktake: one count order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Who counts; anybody if `None`.
    pub(super) counter: Option<OperatorId>,
    /// Its bins in the order of the walk.
    pub(super) bins: Vec<BinToCount>,
}

/// As many nearly equal runs, none longer than `most`; at least `least` of them if there is enough.
fn runs(bins: Vec<BinToCount>, least: usize, most: usize) -> Vec<Vec<BinToCount>> {
    let most = most.max(1);
    let count = bins.len().div_ceil(most).max(least.min(bins.len()));
    let total = bins.len();
    let mut bins = bins.into_iter();
    let length = |n: usize| (n + 1) * total / count.max(1) - n * total / count.max(1);
    (0..count)
        .map(|n| bins.by_ref().take(length(n)).collect())
        .collect()
}

fn by_zone(bins: Vec<BinToCount>) -> Vec<Vec<BinToCount>> {
    let mut zones: Vec<(ZoneId, Vec<BinToCount>)> = Vec::new();
    for bin in bins {
        match zones.iter_mut().find(|(zone, _)| *zone == bin.zone) {
            Some((_, bins)) => bins.push(bin),
            None => zones.push((bin.zone, vec![bin])),
        }
    }
    zones.into_iter().map(|(_, bins)| bins).collect()
}

/// Cuts bins into orders of at most `most`. By zone, no order has bins of two zones, and each goes to whoever has least to
/// do so far; otherwise each counter has one stretch of the walk.
pub(super) fn split(
    bins: Vec<BinToCount>,
    counters: &[OperatorId],
    keeps_zones: bool,
    most: usize,
) -> Vec<Part> {
    if !keeps_zones {
        let stretches = runs(bins, counters.len().max(1), usize::MAX);
        let cut = |(n, stretch)| {
            let counter = counters.get(n).copied();
            runs(stretch, 1, most)
                .into_iter()
                .map(move |bins| Part { counter, bins })
        };
        return stretches.into_iter().enumerate().flat_map(cut).collect();
    }
    let mut load = vec![0usize; counters.len()];
    let zones = by_zone(bins).into_iter();
    zones
        .flat_map(|zone| runs(zone, 1, most))
        .map(|bins| {
            let least = (0..load.len()).min_by_key(|n| load.get(*n).copied());
            if let Some(load) = least.and_then(|n| load.get_mut(n)) {
                *load += bins.len();
            }
            let counter = least.and_then(|n| counters.get(n).copied());
            Part { counter, bins }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use domain::BinId;

    use super::*;

    fn bins(zones: &[(u8, usize)]) -> Vec<BinToCount> {
        let all = zones
            .iter()
            .flat_map(|(zone, n)| std::iter::repeat_n(*zone, *n));
        (0u8..)
            .zip(all)
            .map(|(n, zone)| BinToCount {
                bin: BinId::from_bytes([n; 16]),
                zone: ZoneId::from_bytes([zone; 16]),
                code: n.to_string(),
                sequence: 0,
                piles: 1,
                counted_at: None,
            })
            .collect()
    }

    fn person(n: u8) -> OperatorId {
        OperatorId::from_bytes([n; 16])
    }

    fn shape(parts: &[Part]) -> Vec<(Option<u8>, usize)> {
        let who = |part: &Part| part.counter.map(|c| c.as_bytes()[0]);
        parts.iter().map(|p| (who(p), p.bins.len())).collect()
    }

    #[test]
    fn each_bin_is_in_one_order_and_in_the_order_of_the_walk() {
        for keeps_zones in [false, true] {
            for counters in [vec![], vec![person(1), person(2), person(3)]] {
                for most in [1, 4, 100] {
                    let all = bins(&[(1, 7), (2, 1), (3, 12)]);
                    let parts = split(all.clone(), &counters, keeps_zones, most);
                    let joined: Vec<_> = parts.iter().flat_map(|p| p.bins.clone()).collect();
                    assert_eq!(joined, all);
                    assert!(parts.iter().all(|p| (1..=most).contains(&p.bins.len())));
                }
            }
        }
    }

    #[test]
    fn the_work_is_shared_out() {
        let two = [person(1), person(2)];
        let parts = split(bins(&[(1, 9)]), &two, false, 3);
        assert_eq!(
            shape(&parts),
            [(Some(1), 2), (Some(1), 2), (Some(2), 2), (Some(2), 3)]
        );
        let parts = split(bins(&[(1, 6), (2, 2), (3, 3)]), &two, true, 100);
        assert_eq!(shape(&parts), [(Some(1), 6), (Some(2), 2), (Some(2), 3)]);
        let parts = split(bins(&[(1, 1)]), &two, false, 3);
        assert_eq!(shape(&parts), [(Some(1), 1)]);
        assert_eq!(split(Vec::new(), &two, false, 3), []);
        assert_eq!(split(Vec::new(), &[], true, 3), []);
    }
}
