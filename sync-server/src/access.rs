//! Every route: who may use it, and what the audit trail says of it. A route that does not stand here answers nobody
//! ([`crate::guard`]), and a test compares the list with the router.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::Method;

use crate::auth::Right;

/// What somebody needs for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing; it is for people who have not signed in.
    Nothing,
    /// An account.
    Account,
    /// An account whose role has this right.
    Right(Right),
    /// The same, and sight of all sites: what it shows is of none.
    Everywhere(Right),
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// As the router has it.
    pub path: &'static str,
    /// Who may.
    pub needs: Needs,
    /// What the audit trail calls it, in `audit.act.*`; empty: it is not kept.
    pub kept: &'static str,
    /// Whether a second person can be asked for; see [`FOUR_EYES`].
    pub four_eyes: bool,
}

/// What can be set to need a second person, by the name of the audit trail.
pub const FOUR_EYES: [&str; 8] = [
    "device.revoke",
    "quarantine.decide",
    "people.rights",
    "review.decide",
    "data.undo",
    "custody.erase",
    "custody.dispose",
    "custody.cancel",
];

const fn open(method: &'static str, path: &'static str, kept: &'static str) -> Rule {
    Rule {
        method,
        path,
        needs: Needs::Nothing,
        kept,
        four_eyes: false,
    }
}

const fn own(method: &'static str, path: &'static str, kept: &'static str) -> Rule {
    Rule {
        needs: Needs::Account,
        ..open(method, path, kept)
    }
}

/// A page that nobody keeps count of.
const fn page(path: &'static str, right: Right) -> Rule {
    seen(path, right, "")
}

/// A page or a file with something personal in it.
const fn seen(path: &'static str, right: Right, kept: &'static str) -> Rule {
    Rule {
        needs: Needs::Right(right),
        ..open("GET", path, kept)
    }
}

const fn act(path: &'static str, right: Right, kept: &'static str) -> Rule {
    Rule {
        needs: Needs::Right(right),
        ..open("POST", path, kept)
    }
}

const fn whole(method: &'static str, path: &'static str, right: Right, kept: &'static str) -> Rule {
    Rule {
        needs: Needs::Everywhere(right),
        ..open(method, path, kept)
    }
}

const fn two(rule: Rule) -> Rule {
    Rule {
        four_eyes: true,
        ..rule
    }
}

/// All routes of the console.
pub const RULES: &[Rule] = &[
    open("GET", "/healthz", ""),
    open("GET", "/readyz", ""),
    open("GET", "/metrics", ""),
    open("GET", "/assets/{name}", ""),
    open("GET", "/sign-in", ""),
    open("POST", "/sign-in", "sign-in"),
    open("GET", "/sign-in/code", ""),
    open("POST", "/sign-in/code", "sign-in.code"),
    open("GET", "/sign-in/link/{token}", ""),
    open("POST", "/sign-in/link/{token}", "sign-in.link"),
    open("GET", "/setup/{token}", ""),
    open("POST", "/setup/{token}", "user.create"),
    open("POST", "/preferences", ""),
    open("GET", "/receipt", ""),
    open("POST", "/receipt", ""),
    open("GET", "/c", ""),
    open("POST", "/c", ""),
    open("POST", "/c/code", ""),
    open("POST", "/c/enter", ""),
    open("POST", "/c/leave", ""),
    open("GET", "/c/deposits/{id}", ""),
    open("POST", "/c/deposits/{id}/wish", "customer.wish"),
    open("POST", "/c/deposits/{id}/rate", "customer.rate"),
    open("POST", "/c/deposits/{id}/sign", "customer.sign"),
    open("GET", "/c/photos/{id}", ""),
    open("GET", "/c/receipts/{file}", ""),
    own("GET", "/", ""),
    own("POST", "/sign-out", "sign-out"),
    own("GET", "/account", ""),
    own("POST", "/account", "account.password"),
    own("POST", "/account/totp", "account.totp-begin"),
    own("POST", "/account/totp/confirm", "account.totp-on"),
    own("POST", "/account/totp/remove", "account.totp-off"),
    own("POST", "/account/recovery", "account.recovery"),
    own("POST", "/account/sessions", "account.session-end"),
    own("GET", "/live", ""),
    page("/review", Right::ReviewSee),
    page("/review/list", Right::ReviewSee),
    page("/review/{id}", Right::ReviewSee),
    act("/review/fields", Right::ReviewDecide, "review.field"),
    two(act(
        "/review/{id}/resolve",
        Right::ReviewDecide,
        "review.decide",
    )),
    act(
        "/review/decisions/{decision}/undo",
        Right::ReviewDecide,
        "review.undo",
    ),
    act("/review/decide", Right::ReviewDecide, "review.decide-many"),
    act("/review/undo", Right::ReviewDecide, "review.undo-last"),
    act("/review/{id}/note", Right::ReviewDecide, "review.note"),
    page("/stocktakes", Right::StocktakesSee),
    act("/stocktakes", Right::StocktakesPlan, "stocktake.plan"),
    page("/stocktakes/new", Right::StocktakesPlan),
    page("/stocktakes/{id}", Right::StocktakesSee),
    page("/stocktakes/{id}/progress", Right::StocktakesSee),
    page("/stocktakes/{id}/report", Right::StocktakesSee),
    seen(
        "/stocktakes/{id}/report/{file}",
        Right::StocktakesSee,
        "stocktake.export",
    ),
    act(
        "/stocktakes/{id}/decide",
        Right::StocktakesDecide,
        "stocktake.decide",
    ),
    act(
        "/stocktakes/{id}/close",
        Right::StocktakesPlan,
        "stocktake.close",
    ),
    page("/stock", Right::StockSee),
    page("/stock/plan", Right::StockSee),
    page("/dashboards", Right::DashboardsSee),
    page("/items/suggest", Right::StockSee),
    page("/items/{id}", Right::StockSee),
    page("/bins/labels", Right::StockSee),
    page("/bins/labels.pdf", Right::StockSee),
    page("/bins/{id}", Right::StockSee),
    page("/units/{id}", Right::StockSee),
    seen("/custody", Right::CustodySee, "custody.see"),
    page("/custody/rules/{id}", Right::CustodyRules),
    act("/custody/rules/{id}", Right::CustodyRules, "custody.rules"),
    whole(
        "GET",
        "/custody/notices",
        Right::CustodyAct,
        "custody.notices",
    ),
    whole(
        "GET",
        "/custody/people/{id}",
        Right::CustodySee,
        "custody.person",
    ),
    two(whole(
        "POST",
        "/custody/people/{id}/erase",
        Right::CustodyErase,
        "custody.erase",
    )),
    seen("/custody/handover.pdf", Right::CustodySee, "custody.report"),
    seen(
        "/custody/handover.xlsx",
        Right::CustodySee,
        "custody.report",
    ),
    seen("/custody/{id}", Right::CustodySee, "custody.one"),
    seen(
        "/custody/{id}/labels.pdf",
        Right::CustodyAct,
        "custody.labels",
    ),
    act("/custody/{id}/extend", Right::CustodyAct, "custody.extend"),
    act(
        "/custody/{id}/withdraw",
        Right::CustodyAct,
        "custody.withdraw",
    ),
    two(act(
        "/custody/{id}/dispose",
        Right::CustodyAct,
        "custody.dispose",
    )),
    two(act(
        "/custody/{id}/cancel",
        Right::CustodyAct,
        "custody.cancel",
    )),
    seen(
        "/custody/receipts/{file}",
        Right::CustodySee,
        "custody.receipt",
    ),
    seen("/blobs/{id}", Right::EventsPhotosSee, "photo.see"),
    page("/feed", Right::EventsSee),
    page("/feed/list", Right::EventsSee),
    page("/devices", Right::DevicesSee),
    page("/devices/{id}", Right::DevicesSee),
    act("/devices/invite", Right::DevicesInvite, "device.invite"),
    act("/devices/parcels", Right::DevicesTakeIn, "device.take-in"),
    two(act(
        "/devices/{id}/revoke",
        Right::DevicesRevoke,
        "device.revoke",
    )),
    act("/devices/{id}/lock", Right::DevicesLock, "device.lock"),
    act("/devices/{id}/name", Right::DevicesSetUp, "device.rename"),
    act("/devices/{id}/key", Right::DevicesMove, "device.new-key"),
    act("/devices/{id}/site", Right::DevicesMove, "device.move"),
    act("/devices/{id}/message", Right::DevicesTell, "device.tell"),
    act(
        "/devices/{id}/settings",
        Right::DevicesSetUp,
        "device.set-up",
    ),
    page("/refused", Right::RefusalsSee),
    page("/quarantine", Right::QuarantineSee),
    two(act(
        "/quarantine/{id}",
        Right::QuarantineDecide,
        "quarantine.decide",
    )),
    seen("/people", Right::PeopleSee, "people.see"),
    act("/people", Right::PeopleEdit, "people.add"),
    act("/people/{id}/active", Right::PeopleEdit, "people.active"),
    seen(
        "/people/{id}/badge",
        Right::PeopleBadgeEdit,
        "people.badge-see",
    ),
    act("/people/{id}/badge", Right::PeopleBadgeEdit, "people.badge"),
    act("/people/{id}/pin", Right::PeopleBadgeEdit, "people.pin"),
    seen(
        "/people/{id}/rights",
        Right::PeopleRightsEdit,
        "people.rights-see",
    ),
    two(act(
        "/people/{id}/rights",
        Right::PeopleRightsEdit,
        "people.rights",
    )),
    page("/data", Right::DataSee),
    page("/data/template/{kind}", Right::DataSee),
    act("/data/import/{kind}/check", Right::DataImport, ""),
    act(
        "/data/import/{kind}/apply",
        Right::DataImport,
        "data.import",
    ),
    page("/data/import/{kind}/errors.csv", Right::DataImport),
    act("/data/import/{kind}/columns", Right::DataImport, ""),
    page("/data/import/{kind}/columns", Right::DataImport),
    page("/data/add/{kind}", Right::DataImport),
    act("/data/add/{kind}", Right::DataImport, "data.add"),
    page("/data/series/bins", Right::DataImport),
    act("/data/series/bins", Right::DataImport, ""),
    whole("GET", "/imports", Right::DataImport, ""),
    whole("GET", "/imports/{id}", Right::DataImport, ""),
    two(whole(
        "POST",
        "/imports/{id}/undo",
        Right::DataImport,
        "data.undo",
    )),
    whole("GET", "/api-keys", Right::ApiEdit, ""),
    whole("POST", "/api-keys", Right::ApiEdit, "api.key"),
    whole(
        "POST",
        "/api-keys/{id}/revoke",
        Right::ApiEdit,
        "api.revoke",
    ),
    whole("GET", "/webhooks", Right::ApiEdit, ""),
    whole("POST", "/webhooks", Right::ApiEdit, "webhook.add"),
    whole("GET", "/webhooks/{id}", Right::ApiEdit, ""),
    whole(
        "POST",
        "/webhooks/{id}/state",
        Right::ApiEdit,
        "webhook.state",
    ),
    whole(
        "POST",
        "/webhooks/{id}/secret",
        Right::ApiEdit,
        "webhook.secret",
    ),
    whole(
        "POST",
        "/webhooks/{id}/again",
        Right::ApiEdit,
        "webhook.again",
    ),
    seen("/export/{list}", Right::DataExport, "data.export"),
    whole("POST", "/sites", Right::SitesEdit, "site.add"),
    act("/sites/{id}/window", Right::SitesEdit, "site.window"),
    page("/sites/{id}/codes", Right::SitesEdit),
    act("/sites/{id}/codes", Right::SitesEdit, "site.codes"),
    act("/sites/{id}/codes/try", Right::SitesEdit, ""),
    page("/sites/{id}/symbologies", Right::SitesEdit),
    act(
        "/sites/{id}/symbologies",
        Right::SitesEdit,
        "site.symbologies",
    ),
    whole("GET", "/users", Right::UsersEdit, "user.see"),
    whole("POST", "/users", Right::UsersEdit, "user.create"),
    whole("GET", "/users/{id}", Right::UsersEdit, "user.see"),
    whole("POST", "/users/{id}", Right::UsersEdit, "user.change"),
    whole(
        "POST",
        "/users/{id}/disable",
        Right::UsersEdit,
        "user.disable",
    ),
    whole("POST", "/users/{id}/reset", Right::UsersEdit, "user.reset"),
    whole(
        "POST",
        "/users/{id}/sessions",
        Right::UsersEdit,
        "user.session-end",
    ),
    whole("GET", "/roles", Right::RolesEdit, ""),
    whole("POST", "/roles", Right::RolesEdit, "role.change"),
    whole("POST", "/roles/rules", Right::RolesEdit, "role.rules"),
    whole("GET", "/audit", Right::AuditSee, "audit.see"),
    whole(
        "GET",
        "/audit/export/{file}",
        Right::AuditExport,
        "audit.export",
    ),
    own("GET", "/requests", ""),
    own("POST", "/requests/{id}", "request.decide"),
];

static BY_ROUTE: LazyLock<HashMap<(&str, &str), &Rule>> = LazyLock::new(|| {
    RULES
        .iter()
        .map(|rule| ((rule.method, rule.path), rule))
        .collect()
});

/// The rule of a route; `path`: as the router has it.
pub fn rule(method: &Method, path: &str) -> Option<&'static Rule> {
    // A page can be asked for without its content.
    let method = if method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    BY_ROUTE.get(&(method, path)).copied()
}

/// The rule by which the audit trail calls something so.
pub fn rule_of(kept: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.kept == kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;

    #[test]
    fn each_route_stands_here_once_and_whatever_changes_something_is_kept() {
        assert_eq!(BY_ROUTE.len(), RULES.len());
        let not_kept = [
            "/preferences",
            "/receipt",
            "/c",
            "/c/code",
            "/c/enter",
            "/c/leave",
            "/data/import/{kind}/check",
            "/data/import/{kind}/columns",
            "/data/series/bins",
            "/sites/{id}/codes/try",
        ];
        for rule in RULES.iter().filter(|rule| rule.method == "POST") {
            assert_eq!(
                rule.kept.is_empty(),
                not_kept.contains(&rule.path),
                "{}",
                rule.path
            );
        }
    }

    #[test]
    fn what_is_kept_and_what_may_be_done_has_words() {
        let mut keys: Vec<String> = RULES
            .iter()
            .filter(|rule| !rule.kept.is_empty())
            .map(|rule| format!("audit.act.{}", rule.kept))
            .collect();
        for right in Right::ALL {
            keys.push(format!("right.record.{}", right.record()));
            keys.push(format!("right.action.{}", right.code()));
        }
        for key in keys {
            for lang in Lang::ALL {
                assert!(lang.find(&key).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn what_can_need_two_people_is_flagged() {
        let mut flagged: Vec<&str> = RULES
            .iter()
            .filter(|rule| rule.four_eyes)
            .map(|rule| rule.kept)
            .collect();
        let mut named = FOUR_EYES.to_vec();
        flagged.sort_unstable();
        named.sort_unstable();
        assert_eq!(flagged, named);
    }
}
