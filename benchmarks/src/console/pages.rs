//! Which pages are asked, and as whom.

use domain::SiteId;
use domain::site_day::site_day;

use super::site::{SITE, SMALL, Site, Size};
use crate::workload::T0;

/// Times that each page is asked, each time for another thing where it has one.
pub(crate) const TIMES: usize = 60;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    /// An administrator, who sees all sites.
    Admin,
    /// Somebody who sees only the big site.
    Big,
    /// Somebody who sees only the small site.
    Small,
    /// Another program.
    Key,
}

impl As {
    pub(crate) const ALL: [Self; 4] = [Self::Admin, Self::Big, Self::Small, Self::Key];
}

/// A page, and the addresses that are asked in turn.
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) who: As,
    pub(crate) addresses: Vec<String>,
    /// What the figure for it is, milliseconds (p95).
    pub(crate) at_most: f64,
}

const PAGE_MS: f64 = 150.0;
const QUEUE_MS: f64 = 200.0;
const PAST_MS: f64 = 500.0;

fn fixed(name: &str) -> Asked {
    Asked {
        name: name.to_owned(),
        who: As::Admin,
        addresses: vec![name.to_owned()],
        at_most: PAGE_MS,
    }
}

fn each(name: &str, of: impl Fn(usize) -> String) -> Asked {
    Asked {
        addresses: (0..TIMES).map(of).collect(),
        ..fixed(name)
    }
}

impl Asked {
    fn by(self, who: As, tells: &str) -> Self {
        Self {
            name: format!("{} ({tells})", self.name),
            who,
            ..self
        }
    }

    fn within(self, at_most: f64) -> Self {
        Self { at_most, ..self }
    }
}

/// A day and minute of the site in its year, as an address has it.
fn instant(size: &Size, percent: i64) -> String {
    let at = T0 + (size.end() - T0) / 100 * percent;
    let day = site_day(at, "Asia/Shanghai").unwrap_or_default();
    format!("{day}T12%3A00")
}

fn of_site(site: SiteId, rest: &str) -> String {
    format!("site={site}{rest}")
}

/// The lists and pages of an account that sees some sites only.
fn narrowed(site: &Site, who: As) -> Vec<Asked> {
    let (tells, first) = match who {
        As::Small => ("sees the small site", site.big),
        _ => ("sees the big site", 0),
    };
    let count = match who {
        As::Small => site.bins.len() - site.big,
        _ => site.big,
    };
    let item = |n: usize| site.items[n * 1_613 % site.items.len()];
    let bin = |n: usize| site.bins[first + n * 317 % count];
    let pages = vec![
        fixed("/review").within(QUEUE_MS),
        fixed("/review?tab=decided"),
        fixed("/stock"),
        fixed("/stock?by=item"),
        fixed("/stock?by=lot&expiring=90"),
        fixed("/stock?by=age"),
        fixed("/stock?low=1"),
        fixed("/stock/plan"),
        fixed("/dashboards?days=90"),
        each("/stock?q=", |n| {
            format!("/stock?q=SKU-{:06}", n * 1_613 % site.items.len())
        }),
        each("/items/…", |n| format!("/items/{}", item(n))),
        each("/bins/…", |n| format!("/bins/{}", bin(n))),
        fixed("/stocktakes"),
        fixed("/feed"),
        fixed("/feed?kind=counted"),
        fixed("/devices"),
    ];
    pages.into_iter().map(|page| page.by(who, tells)).collect()
}

fn of_api(site: &Site) -> Vec<Asked> {
    let item = |n: usize| site.items[n * 1_613 % site.items.len()];
    let bin = |n: usize| site.bins[n * 317 % site.big];
    let list = |path: &str, rest: &str| fixed(&format!("/api/v1/{path}?{}", of_site(SITE, rest)));
    let mut pages = vec![
        fixed("/api/v1/items"),
        fixed("/api/v1/items?limit=500"),
        each("/api/v1/items?code=", |n| {
            format!("/api/v1/items?code=SKU-{:06}", n * 1_613 % site.items.len())
        }),
        each("/api/v1/items/…", |n| {
            format!("/api/v1/items/{}", item(n))
        }),
        list("bins", ""),
        each("/api/v1/bins/…", |n| format!("/api/v1/bins/{}", bin(n))),
        list("stock", "&limit=500"),
        each("/api/v1/stock?item=", |n| {
            let rest = format!("&item={}", item(n));
            format!("/api/v1/stock?{}", of_site(SITE, &rest))
        }),
        list("events", "&limit=500"),
        list("orders", ""),
        fixed("/api/v1/exceptions"),
        fixed("/api/v1/exceptions?kind=count-variance&limit=500"),
        list("exceptions", "&open=false"),
        fixed("/api/v1/operators"),
        fixed("/api/v1/devices"),
        fixed("/api/v1/sites"),
    ];
    for page in &mut pages {
        page.who = As::Key;
        // The id says nothing to who reads the figures.
        let text = page.name.replace(&SITE.to_string(), "B1");
        page.name = text.replace(&SMALL.to_string(), "B2");
    }
    pages
}

/// All of them; the first one is the reference.
pub(crate) fn all(site: &Site, size: &Size) -> Vec<Asked> {
    let item = |n: usize| site.items[n * 1_613 % site.items.len()];
    let bin = |n: usize| site.bins[n * 317 % site.big];
    let device = |n: usize| site.devices[n % site.devices.len()];
    let past = instant(size, 50);
    let at = |name: &str, path: &str| {
        Asked {
            addresses: vec![format!("{path}at={past}")],
            ..fixed(&format!("{name} at a past instant"))
        }
        .within(PAST_MS)
    };
    let knew = |name: &str, path: &dyn Fn(usize) -> String| {
        each(&format!("{name} as a device knew it"), |n| {
            format!(
                "{}as={}&at={}",
                path(n),
                device(n),
                instant(size, n as i64 % 100 + 1)
            )
        })
        .within(PAST_MS)
    };
    // The first items are those that lie in very many bins.
    let fast = |n: usize| site.items[n % 20.min(site.items.len())];
    let taking = &site.stocktake;
    let rename = |page: Asked, name: &str| Asked {
        name: name.to_owned(),
        ..page
    };
    let mut pages = vec![
        fixed("/healthz"),
        fixed("/review").within(QUEUE_MS),
        fixed("/review/list").within(QUEUE_MS),
        fixed("/review?kind=count-variance").within(QUEUE_MS),
        fixed("/review?tab=waiting").within(QUEUE_MS),
        fixed("/review?tab=decided").within(QUEUE_MS),
        fixed("/stock"),
        at("/stock", "/stock?"),
        at("/stock?by=item", "/stock?by=item&"),
        at("/stock?by=lot", "/stock?by=lot&"),
        knew("/stock", &|_| "/stock?".into()),
        knew("/stock?by=item", &|_| "/stock?by=item&".into()),
        knew("/bins/…", &|n| format!("/bins/{}?", bin(n))),
        knew("/items/…", &|n| format!("/items/{}?", item(n))),
        each("/bins/… at past instants", |n| {
            format!("/bins/{}?at={}", bin(n), instant(size, n as i64 % 100 + 1))
        })
        .within(PAST_MS),
        fixed("/stock?by=lot&expiring=90"),
        fixed("/stock?by=age"),
        fixed("/stock?low=1"),
        fixed("/stock/plan"),
        fixed("/stock/plan?heat=picks"),
        fixed("/stock/plan?heat=age"),
        fixed("/dashboards?days=7"),
        fixed("/dashboards?days=30"),
        fixed("/dashboards?days=90"),
        rename(
            fixed(&format!("/dashboards?days=90&site={SITE}")),
            "/dashboards?days=90&site=B1",
        ),
        each("/stock?q=", |n| {
            format!("/stock?q=SKU-{:06}", n * 1_613 % site.items.len())
        }),
        fixed("/stock?by=item"),
        each("/stock?by=item&q=", |n| {
            format!("/stock?by=item&q=widget%20{}", n * 37 % 5_000)
        }),
        fixed("/stock?by=item&q=w"),
        fixed("/stock?q=A0"),
        each("/items/suggest?q=", |n| {
            format!("/items/suggest?q=SKU-{n:03}")
        }),
        each("/items/…", |n| format!("/items/{}", item(n))),
        each("/items/… (in 1,000 bins)", |n| {
            format!("/items/{}", fast(n))
        }),
        each("/bins/…", |n| format!("/bins/{}", bin(n))),
        rename(
            fixed(&format!("/bins/{}", site.bins[1 % site.big])),
            "/bins/… (the dock, one event in 100)",
        ),
        fixed("/stocktakes"),
        fixed("/stocktakes/new"),
        rename(fixed(taking), "/stocktakes/… (every bin)"),
        rename(
            fixed(&format!("{taking}/progress")),
            "/stocktakes/…/progress (every bin)",
        ),
        rename(
            fixed(&format!("{taking}?status=clean")),
            "/stocktakes/…?status=clean (every bin)",
        ),
        fixed("/feed"),
        fixed("/feed/list"),
        fixed("/feed?kind=counted"),
        fixed("/feed?kind=moved"),
        fixed("/devices"),
        fixed("/refused"),
        fixed("/quarantine"),
        fixed("/people"),
        fixed("/users"),
        fixed("/audit"),
        fixed("/requests"),
        fixed("/data"),
        fixed("/imports"),
        fixed("/data/add/outbound"),
        fixed("/webhooks"),
        fixed("/api-keys"),
        fixed("/metrics"),
        fixed("/readyz"),
    ];
    pages.extend(narrowed(site, As::Big));
    pages.extend(narrowed(site, As::Small));
    pages.extend(of_api(site));
    pages
}
