//! `/custody/rules/{site}`: what a site agrees on with whoever leaves something.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use documents::HouseRules;
use domain::custody::FeeRule;
use domain::{Currency, SiteId};
use serde::Deserialize;

use super::{done, id_of, with_problem};
use crate::auth::{CsrfForm, Viewer, Visitor};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::state::AppState;

/// Nobody agrees on a longer term.
const DAYS_MAX: u32 = 3_650;

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
    #[serde(default)]
    guarded: String,
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
            guarded: sum(rules.guarded),
        }
    }

    /// What they say, or the key of what is wrong with them.
    fn read(&self) -> Result<HouseRules, &'static str> {
        let sums = [&self.daily, &self.cap, &self.guarded];
        let has_sum = sums.into_iter().any(|sum| !sum.trim().is_empty());
        let currency = match self.currency.trim() {
            "" if !has_sum => Currency::default(),
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
        let guarded = sum(&self.guarded)?;
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
            guarded,
            public_url: String::new(),
        })
    }
}

async fn rules_page(
    app: &AppState,
    visitor: &Visitor,
    id: SiteId,
    typed: Option<RulesForm>,
    problem: Option<&'static str>,
) -> Result<Response, AppError> {
    let (sites, rules) = app
        .data(move |data| Ok((data.sites()?, data.house_rules(id)?)))
        .await?;
    let site = sites.into_iter().find(|site| site.id == id.to_string());
    let site = site.ok_or(AppError::NotFound)?;
    let page = Page::new(app, visitor, "custody", "custody.rules").await?;
    with_problem(problem, page.lang, |problem| {
        render(&RulesPage {
            typed: typed.unwrap_or_else(|| RulesForm::of(&rules)),
            page,
            site,
            problem,
        })
    })
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id: SiteId = id_of(&id)?;
    rules_page(&app, &who.visitor, id, None, None).await
}

pub(crate) async fn set(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<RulesForm>,
) -> Result<Response, AppError> {
    let id: SiteId = id_of(&id)?;
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
            guarded: String::new(),
        };
        let typed = RulesForm {
            guarded: "5000".into(),
            ..form("10.5", "100", "cny", "30")
        };
        let rules = typed.read().unwrap();
        assert_eq!(
            (rules.fee.daily, rules.fee.cap, rules.days),
            (1_050, 10_000, 30)
        );
        assert_eq!(rules.guarded, 500_000);
        assert_eq!(RulesForm::of(&rules).read(), Ok(rules));
        assert!(RulesForm::default().read().is_ok());
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
