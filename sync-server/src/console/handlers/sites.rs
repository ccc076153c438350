//! `POST /sites`: adds a warehouse. Everything else hangs on one. `POST /sites/{id}/window`: how much of its history its
//! handhelds hold.

use axum::extract::{Path, State};
use axum::response::Response;
use chrono_tz::Tz;
use documents::catalogue::Site;
use domain::{IdSource, SiteId};
use serde::Deserialize;

use super::{done, import};
use crate::auth::{Admin, CsrfForm};
use crate::error::AppError;
use crate::hub::WINDOW_DAYS_MAX;
use crate::state::AppState;

#[derive(Deserialize)]
pub(crate) struct SiteForm {
    code: String,
    #[serde(default)]
    name_zh: String,
    #[serde(default)]
    name_en: String,
    time_zone: String,
}

impl SiteForm {
    /// Key of the words for what is wrong, if anything is.
    fn problem(&self, known: &[String]) -> Option<&'static str> {
        let code = self.code.trim();
        if code.is_empty() || code.chars().count() > 16 || code.chars().any(char::is_control) {
            return Some("sites.bad-code");
        }
        if known.iter().any(|k| k.eq_ignore_ascii_case(code)) {
            return Some("sites.code-taken");
        }
        if self.time_zone.trim().parse::<Tz>().is_err() {
            return Some("sites.bad-zone");
        }
        None
    }
}

pub(crate) async fn add(
    State(app): State<AppState>,
    who: Admin,
    CsrfForm(form): CsrfForm<SiteForm>,
) -> Result<Response, AppError> {
    let known = app.data(|data| data.sites()).await?;
    let codes: Vec<String> = known.into_iter().map(|site| site.code).collect();
    if let Some(key) = form.problem(&codes) {
        let words = who.visitor.lang.t(key).to_owned();
        return import::page(&app, &who.visitor, Some(words)).await;
    }
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|e| AppError::internal(e.to_string()))?;
    let now = app.now();
    let site = Site {
        id: SiteId::from_bytes(IdSource::new(random).draw(now)),
        code: form.code.trim().to_owned(),
        name_en: form.name_en.trim().to_owned(),
        name_zh: form.name_zh.trim().to_owned(),
        time_zone: form.time_zone.trim().to_owned(),
    };
    app.hub(move |hub| hub.create_site(&site, now)).await?;
    app.committed();
    Ok(done("/data", "site"))
}

#[derive(Deserialize)]
pub(crate) struct WindowForm {
    days: String,
}

pub(crate) async fn set_window(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<WindowForm>,
) -> Result<Response, AppError> {
    let site: SiteId = id.parse().map_err(|_| AppError::NotFound)?;
    let known = app.data(|data| data.sites()).await?;
    if known.iter().all(|known| known.id != site.to_string()) {
        return Err(AppError::NotFound);
    }
    let days = form.days.trim().parse().ok();
    let Some(days) = days.filter(|days| (1..=WINDOW_DAYS_MAX).contains(days)) else {
        let words = who.visitor.lang.t("sites.bad-window").to_owned();
        return import::page(&app, &who.visitor, Some(words)).await;
    };
    app.hub(move |hub| hub.set_site_window(site, days)).await?;
    Ok(done("/data", "window"))
}
