//! `/audit`: the audit trail, searched and exported.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate, TimeZone};
use chrono_tz::Tz;
use domain::UnixMillis;
use serde::Deserialize;

use super::address;
use crate::audit::{Format, export};
use crate::auth::Admin;
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;
use crate::store::audit::{Entry, Filter, head, names, search, span};
use crate::store::{StoreError, accounts};

const ROWS: u32 = 100;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    entries: Vec<Entry>,
    /// People, handhelds and accounts, by what entries are about.
    called: HashMap<String, String>,
    next: Option<String>,
    asked: Asked,
    who: Vec<String>,
    acts: Vec<String>,
    count: i64,
    head: String,
    key: String,
}

impl AuditPage {
    fn called(&self, entry: &Entry) -> Option<&str> {
        // Accounts have numbers, and so has much else.
        let is_number = entry.about.bytes().all(|byte| byte.is_ascii_digit());
        let name = self.called.get(&entry.about);
        name.filter(|_| !is_number || entry.act.starts_with("user."))
            .map(String::as_str)
    }
}

#[derive(Deserialize, Clone)]
pub(crate) struct Asked {
    #[serde(default)]
    who: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    about: String,
    /// Days of the site's time zone, year-month-day.
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    before: String,
}

/// When a day begins, or the one after it; where clocks are put forward at midnight, the hour after.
fn begins(day: &str, later: u64, zone: Tz) -> Option<UnixMillis> {
    let day: NaiveDate = day.parse().ok()?;
    let day = day.checked_add_days(Days::new(later))?;
    (0..3).find_map(|hour| {
        let local = day.and_hms_opt(hour, 0, 0)?;
        Some(
            zone.from_local_datetime(&local)
                .earliest()?
                .timestamp_millis(),
        )
    })
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Admin,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let page = Page::new(&app, &who.visitor, "people", "audit.title").await?;
    let filter = Filter {
        who: asked.who.clone(),
        act: asked.act.clone(),
        about: asked.about.clone(),
        from: begins(&asked.from, 0, page.zone),
        until: begins(&asked.until, 1, page.zone),
        before: asked.before.parse().ok(),
    };
    let (mut entries, (names, acts), (count, link), users) = app
        .store(move |db| {
            Ok(db.read(|c| -> Result<_, StoreError> {
                let users = accounts::all(c)?.into_iter();
                let users: Vec<_> = users.map(|user| (user.id.to_string(), user.name)).collect();
                Ok((search(c, &filter, ROWS + 1)?, names(c)?, head(c)?, users))
            })?)
        })
        .await?;
    let more = entries.len() > ROWS as usize;
    entries.truncate(ROWS as usize);
    let query = [
        ("who", asked.who.as_str()),
        ("act", &asked.act),
        ("about", &asked.about),
        ("from", &asked.from),
        ("until", &asked.until),
    ];
    let next = entries
        .last()
        .filter(|_| more)
        .map(|last| format!("{}before={}", address("/audit", &query), last.number));
    let about: Vec<String> = entries.iter().map(|entry| entry.about.clone()).collect();
    let mut called = app
        .data(move |data| data.people_and_devices(&about))
        .await?;
    called.extend(users);
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    render(&AuditPage {
        page,
        entries,
        called,
        next,
        asked,
        who: names,
        acts,
        count,
        head: hex(&link),
        key: hex(app.shared_hub().organisation().key.public().as_bytes()),
    })
}

#[derive(Deserialize)]
pub(crate) struct Span {
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
}

/// Everything between two days, whoever did it: what is left out could not be proven.
pub(crate) async fn download(
    State(app): State<AppState>,
    who: Admin,
    Path(file): Path<String>,
    Query(asked): Query<Span>,
) -> Result<Response, AppError> {
    let (format, kind) = match file.as_str() {
        "audit.jsonl" => (Format::Jsonl, "application/jsonl; charset=utf-8"),
        "audit.csv" => (Format::Csv, "text/csv; charset=utf-8"),
        _ => return Err(AppError::NotFound),
    };
    let zone = Page::new(&app, &who.visitor, "people", "audit.title")
        .await?
        .zone;
    let from = begins(&asked.from, 0, zone).unwrap_or(UnixMillis::MIN);
    let until = begins(&asked.until, 1, zone).unwrap_or(UnixMillis::MAX);
    let organisation = app.shared_hub().organisation().clone();
    let now = app.now();
    let (bytes, ends) = app
        .store(move |db| {
            let found: Option<(i64, i64)> = db.read(|c| span(c, from, until))?;
            // Of nothing, that nothing is in it is proven.
            let ends = found.unwrap_or((1, 0));
            let key = (organisation.id, &organisation.key);
            Ok((export(db, key, ends, format, now)?, ends))
        })
        .await?;
    let name = HeaderValue::from_str(&format!("attachment; filename=\"{file}\""))
        .map_err(AppError::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, name),
    ];
    let response = (headers, bytes).into_response();
    Ok(noted(response, format!("entries={}-{}", ends.0, ends.1)))
}
