//! `/custody`: what customers left, one deposit, and what is done about it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use documents::HouseRules;
use domain::custody::{CustodyAct, FeeRule};
use domain::{Currency, DepositId, SiteId};
use serde::Deserialize;

use super::{address, done};
use crate::auth::{CsrfForm, Viewer, Visitor};
use crate::console::data::CustodyProblem;
use crate::console::page::{Page, render};
use crate::console::view::{CustodyShow, DepositLine, DepositView, Named, NoticeView};
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;
use crate::store::customers::notices;

/// Nobody agrees on a longer term.
const DAYS_MAX: u32 = 3_650;
/// Messages that are listed.
const NOTICES_MAX: u32 = 100;

#[derive(Template)]
#[template(path = "custody.html")]
struct ListPage {
    page: Page,
    lines: Vec<DepositLine>,
    next: Option<String>,
    sites: Vec<Named>,
    asked: Asked,
    show: CustodyShow,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    site: String,
    #[serde(default)]
    show: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(mut asked): Query<Asked>,
) -> Result<Response, AppError> {
    let page = Page::new(&app, &who.visitor, "custody", "nav.custody").await?;
    let (now, form) = (app.now(), asked.clone());
    let (sites, site, (lines, next)) = app
        .data(move |data| {
            let site = data.site_or_first(&form.site)?;
            let found = match form.q.trim() {
                "" => {
                    let show = CustodyShow::from_code(&form.show);
                    data.deposits(site, show, &form.after, now)?
                }
                text => (data.find_deposits(text, now)?, None),
            };
            Ok((data.sites()?, site, found))
        })
        .await?;
    asked.site = site.to_string();
    let show = CustodyShow::from_code(&asked.show);
    let query = [("site", asked.site.as_str()), ("show", show.code())];
    render(&ListPage {
        next: next.map(|after| format!("{}after={after}", address("/custody", &query))),
        page,
        lines,
        sites,
        asked,
        show,
    })
}

#[derive(Template)]
#[template(path = "deposit.html")]
struct DepositPage {
    page: Page,
    view: DepositView,
    problem: Option<String>,
}

async fn deposit_page(
    app: &AppState,
    visitor: &Visitor,
    id: DepositId,
    problem: Option<CustodyProblem>,
) -> Result<Response, AppError> {
    let now = app.now();
    let view = app.data(move |data| data.deposit_view(id, now)).await?;
    let mut page = Page::new(app, visitor, "custody", "custody.deposit").await?;
    page.title = format!("{} {}", page.title, view.left.claim);
    page.zone = view.left.zone;
    let mut response = render(&DepositPage {
        problem: problem.map(|problem| page.t(problem.key()).to_owned()),
        page,
        view,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id: DepositId = id.parse().map_err(|_| AppError::NotFound)?;
    deposit_page(&app, &who.visitor, id, None).await
}

#[derive(Deserialize)]
pub(crate) struct ActForm {
    #[serde(default)]
    day: String,
    #[serde(default)]
    reason: String,
}

async fn act(
    app: &AppState,
    who: Viewer,
    id: &str,
    act: CustodyAct,
    form: ActForm,
) -> Result<Response, AppError> {
    let id: DepositId = id.parse().map_err(|_| AppError::NotFound)?;
    let (now, user) = (app.now(), who.user.clone());
    let outcome = app
        .data(move |data| match act {
            CustodyAct::Extended => data.extend_deposit(id, &form.day, &user, now),
            _ => data.give_up_deposit(id, act, &form.reason, &user, now),
        })
        .await?;
    match outcome {
        Ok(()) => {
            app.committed();
            Ok(done(&format!("/custody/{id}"), "saved"))
        }
        Err(problem) => deposit_page(app, &who.visitor, id, Some(problem)).await,
    }
}

pub(crate) async fn extend(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ActForm>,
) -> Result<Response, AppError> {
    act(&app, who, &id, CustodyAct::Extended, form).await
}

pub(crate) async fn dispose(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ActForm>,
) -> Result<Response, AppError> {
    act(&app, who, &id, CustodyAct::Disposed, form).await
}

pub(crate) async fn cancel(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ActForm>,
) -> Result<Response, AppError> {
    act(&app, who, &id, CustodyAct::Cancelled, form).await
}

#[derive(Template)]
#[template(path = "custody_rules.html")]
struct RulesPage {
    page: Page,
    site: Named,
    typed: RulesForm,
    problem: Option<String>,
}

/// House rules as they are typed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct RulesForm {
    #[serde(default)]
    daily: String,
    #[serde(default)]
    cap: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    forbidden: String,
}

impl RulesForm {
    fn of(rules: &HouseRules) -> Self {
        let fee = rules.fee;
        let sum = |minor: i64| match minor {
            0 => String::new(),
            minor => fee.currency.number(minor.into()),
        };
        Self {
            daily: sum(fee.daily),
            cap: sum(fee.cap),
            currency: match fee.currency == Currency::default() {
                true => String::new(),
                false => fee.currency.code().to_owned(),
            },
            days: match rules.days {
                0 => String::new(),
                days => days.to_string(),
            },
            forbidden: rules.forbidden.clone(),
        }
    }

    /// What they say, or the key of what is wrong with them.
    fn read(&self) -> Result<HouseRules, &'static str> {
        let has_fee = !self.daily.trim().is_empty() || !self.cap.trim().is_empty();
        let currency = match self.currency.trim() {
            "" if !has_fee => Currency::default(),
            code => Currency::from_code(code).ok_or("custody.problem.currency")?,
        };
        let sum = |text: &str| match text.trim() {
            "" => Ok(0),
            text => currency.parse(text).ok_or("custody.problem.sum"),
        };
        let days = match self.days.trim() {
            "" => 0,
            text => text.parse().map_err(|_| "custody.problem.days")?,
        };
        if days > DAYS_MAX {
            return Err("custody.problem.days");
        }
        let (daily, cap) = (sum(&self.daily)?, sum(&self.cap)?);
        if cap > 0 && cap < daily {
            return Err("custody.problem.cap");
        }
        let forbidden = self.forbidden.trim();
        if forbidden.chars().count() > 40 || forbidden.chars().any(char::is_control) {
            return Err("custody.problem.forbidden");
        }
        Ok(HouseRules {
            fee: FeeRule {
                daily,
                cap,
                currency,
            },
            days,
            forbidden: forbidden.to_owned(),
            ..HouseRules::default()
        })
    }
}

async fn rules_page(
    app: &AppState,
    visitor: &Visitor,
    id: SiteId,
    typed: Option<RulesForm>,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let (sites, rules) = app
        .data(move |data| Ok((data.sites()?, data.house_rules(id)?)))
        .await?;
    let site = sites.into_iter().find(|site| site.id == id.to_string());
    let mut response = render(&RulesPage {
        page: Page::new(app, visitor, "custody", "custody.rules").await?,
        site: site.ok_or(AppError::NotFound)?,
        typed: typed.unwrap_or_else(|| RulesForm::of(&rules)),
        problem: problem.map(|key| visitor.lang.t(key).to_owned()),
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn rules(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id: SiteId = id.parse().map_err(|_| AppError::NotFound)?;
    rules_page(&app, &who.visitor, id, None, None).await
}

pub(crate) async fn set_rules(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<RulesForm>,
) -> Result<Response, AppError> {
    let id: SiteId = id.parse().map_err(|_| AppError::NotFound)?;
    let rules = match form.read() {
        // Receipts that a handheld shows name it.
        Ok(rules) => HouseRules {
            public_url: app.public_url().to_owned(),
            ..rules
        },
        Err(key) => return rules_page(&app, &who.visitor, id, Some(form), Some(key)).await,
    };
    let now = app.now();
    app.data(move |data| data.set_house_rules(id, &rules, now))
        .await?;
    app.committed();
    Ok(done(&format!("/custody/rules/{id}"), "saved"))
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    page: Page,
    list: Vec<NoticeView>,
}

pub(crate) async fn outbox(State(app): State<AppState>, who: Viewer) -> Result<Response, AppError> {
    let now = app.now();
    let found = app
        .store(move |db| Ok(db.read(|c| notices(c, now, NOTICES_MAX))?))
        .await?;
    let list = app.data(move |data| data.notices(found)).await?;
    let shown = format!("messages={}", list.len());
    let response = render(&NoticesPage {
        page: Page::new(&app, &who.visitor, "custody", "custody.notices").await?,
        list,
    })?;
    Ok(noted(response, shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn house_rules_read_as_they_were_typed_or_say_what_is_wrong() {
        let form = |daily: &str, cap: &str, currency: &str, days: &str| RulesForm {
            daily: daily.into(),
            cap: cap.into(),
            currency: currency.into(),
            days: days.into(),
            forbidden: "2026-1".into(),
        };
        let rules = form("10.5", "100", "cny", "30").read().unwrap();
        assert_eq!(
            (rules.fee.daily, rules.fee.cap, rules.days),
            (1_050, 10_000, 30)
        );
        assert_eq!(RulesForm::of(&rules).read(), Ok(rules));
        assert!(form("", "", "", "").read().is_ok());
        for (typed, key) in [
            (form("10", "", "", ""), "currency"),
            (form("10", "", "yuan", ""), "currency"),
            (form("-1", "", "CNY", ""), "sum"),
            (form("10", "5", "CNY", ""), "cap"),
            (form("", "", "", "x"), "days"),
            (form("", "", "", "99999"), "days"),
        ] {
            assert_eq!(typed.read(), Err(format!("custody.problem.{key}").as_str()));
        }
    }
}
