//! `/c/deposits/{id}`: what a customer left, what was done with it, and what they ask for.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use documents::{Wish, WishKind};
use domain::{BlobId, DepositId, UnixMillis};
use serde::Deserialize;

use super::session::Customer;
use super::{Address, for_stranger};
use crate::auth::{CsrfForm, Visitor};
use crate::console::handlers::{done, receipts};
use crate::console::page::{Page, render};
use crate::console::view::LeftView;
use crate::error::AppError;
use crate::guard::noted_of;
use crate::state::AppState;
use crate::store::customers::Looks;

/// Nobody asks for a longer term here, in days from today.
const EXTEND_DAYS_MAX: u64 = 366;
/// Nobody says so long before that they will come, in days.
const RELEASE_DAYS_MAX: i64 = 90;
const DAY_MS: i64 = 86_400_000;

#[derive(Template)]
#[template(path = "customer_list.html")]
struct ListPage {
    page: Page,
    left: Vec<LeftView>,
}

#[derive(Template)]
#[template(path = "customer_left.html")]
struct LeftPage {
    page: Page,
    left: LeftView,
    /// More than this one may be looked at.
    has_others: bool,
    problem: Option<String>,
    typed: WishForm,
    first_day: String,
    soonest: String,
}

/// What a customer may ask for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct WishForm {
    #[serde(default)]
    kind: String,
    /// The last day that they want.
    #[serde(default)]
    day: String,
    /// When they want to come, day and minute at the site.
    #[serde(default)]
    time: String,
}

#[derive(Deserialize)]
pub(crate) struct RatingForm {
    #[serde(default)]
    rating: String,
}

/// All that somebody may look at; the one page of it, if it is one.
pub(super) async fn list(
    app: &AppState,
    visitor: &Visitor,
    looks: Looks,
) -> Result<Response, AppError> {
    let now = app.now();
    let left = for_stranger(app, move |data| data.left_of(&looks, now)).await?;
    if let [only] = &left[..] {
        return Ok(Redirect::to(&format!("/c/deposits/{}", only.id)).into_response());
    }
    render(&ListPage {
        page: Page::plain(app, visitor, "customer.title"),
        left,
    })
}

/// One deposit, if it is among those that may be looked at.
pub(super) async fn one(
    app: &AppState,
    looks: Option<Looks>,
    id: &str,
) -> Result<Option<(LeftView, bool)>, AppError> {
    let Some(looks) = looks else { return Ok(None) };
    let id: DepositId = id.parse().map_err(|_| AppError::NotFound)?;
    let now = app.now();
    let left = for_stranger(app, move |data| data.left_of(&looks, now)).await?;
    let has_others = left.len() > 1;
    let found = left.into_iter().find(|left| left.id == id.to_string());
    Ok(Some((found.ok_or(AppError::NotFound)?, has_others)))
}

pub(super) fn to_start() -> Response {
    Redirect::to("/c").into_response()
}

pub(super) fn page(
    app: &AppState,
    visitor: &Visitor,
    (left, has_others): (LeftView, bool),
    typed: WishForm,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let mut page = Page::plain(app, visitor, "customer.title");
    page.zone = left.zone;
    let today = today(page.now, left.zone);
    let mut response = render(&LeftPage {
        first_day: first_day(&left, today).to_string(),
        soonest: page.local_minute(),
        problem: problem.map(|key| visitor.lang.t(key).to_owned()),
        page,
        left,
        has_others,
        typed,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn today(now: UnixMillis, zone: Tz) -> NaiveDate {
    let at = chrono::DateTime::from_timestamp_millis(now).unwrap_or_default();
    at.with_timezone(&zone).date_naive()
}

/// The first day up to which a term can be extended.
fn first_day(left: &LeftView, today: NaiveDate) -> NaiveDate {
    let last = left.due.map_or(today, |due| due.max(today));
    last.checked_add_days(Days::new(1)).unwrap_or(last)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Customer(looks): Customer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    match one(&app, looks, &id).await? {
        Some(found) => page(&app, &visitor, found, WishForm::default(), None),
        None => Ok(to_start()),
    }
}

/// When that local time is; where clocks are put forward, an hour later.
fn instant(at: NaiveDateTime, zone: Tz) -> Option<UnixMillis> {
    (0..3).find_map(|hour| {
        let at = at.checked_add_signed(chrono::Duration::hours(hour))?;
        Some(zone.from_local_datetime(&at).earliest()?.timestamp_millis())
    })
}

/// What the form asks for, or the key of what is wrong with it.
fn wish(form: &WishForm, left: &LeftView, now: UnixMillis) -> Result<Wish, &'static str> {
    let kind = WishKind::from_code(&form.kind).ok_or("customer.wish-what")?;
    let at = match kind {
        WishKind::Extend => {
            let day: NaiveDate = form.day.parse().map_err(|_| "customer.wish-no-day")?;
            let today = today(now, left.zone);
            let last = today.checked_add_days(Days::new(EXTEND_DAYS_MAX));
            if day < first_day(left, today) {
                return Err("customer.wish-day-past");
            }
            if last.is_some_and(|last| day > last) {
                return Err("customer.wish-day-far");
            }
            instant(day.and_time(NaiveTime::MIN), left.zone)
        }
        WishKind::Release => {
            let time = NaiveDateTime::parse_from_str(&form.time, "%Y-%m-%dT%H:%M")
                .map_err(|_| "customer.wish-no-time")?;
            let at = instant(time, left.zone);
            if at.is_some_and(|at| at < now) {
                return Err("customer.wish-time-past");
            }
            if at.is_some_and(|at| at > now + RELEASE_DAYS_MAX * DAY_MS) {
                return Err("customer.wish-time-far");
            }
            at
        }
    };
    Ok(Wish {
        kind,
        at: at.ok_or("customer.wish-no-time")?,
        asked_at: now,
        answered_at: 0,
    })
}

pub(crate) async fn ask(
    State(app): State<AppState>,
    visitor: Visitor,
    Customer(looks): Customer,
    Path(id): Path<String>,
    from: Address,
    CsrfForm(form): CsrfForm<WishForm>,
) -> Result<Response, AppError> {
    let now = app.now();
    app.public().ask(&from, now)?;
    let Some(found) = one(&app, looks, &id).await? else {
        return Ok(to_start());
    };
    if found.0.stored == 0 {
        return page(&app, &visitor, found, form, Some("customer.wish-gone"));
    }
    let wish = match wish(&form, &found.0, now) {
        Ok(wish) => wish,
        Err(key) => return page(&app, &visitor, found, form, Some(key)),
    };
    let deposit = id.parse().map_err(|_| AppError::NotFound)?;
    for_stranger(&app, move |data| data.wish(deposit, &wish, now)).await?;
    app.committed();
    let response = done(&format!("/c/deposits/{id}"), "wished");
    Ok(noted_of(response, 0, ""))
}

pub(crate) async fn rate(
    State(app): State<AppState>,
    visitor: Visitor,
    Customer(looks): Customer,
    Path(id): Path<String>,
    from: Address,
    CsrfForm(form): CsrfForm<RatingForm>,
) -> Result<Response, AppError> {
    let now = app.now();
    app.public().ask(&from, now)?;
    let Some(found) = one(&app, looks, &id).await? else {
        return Ok(to_start());
    };
    let rating: i64 = form.rating.parse().unwrap_or_default();
    if !(1..=5).contains(&rating) || !found.0.can_rate() {
        let typed = WishForm::default();
        return page(&app, &visitor, found, typed, Some("customer.bad-rating"));
    }
    let deposit = id.parse().map_err(|_| AppError::NotFound)?;
    for_stranger(&app, move |data| data.rate(deposit, rating, now)).await?;
    app.committed();
    let response = done(&format!("/c/deposits/{id}"), "rated");
    Ok(noted_of(response, 0, ""))
}

/// Pictures that a browser shows, by what they begin with; whatever else was sealed is not handed out.
pub(crate) fn media(content: &[u8]) -> Option<&'static str> {
    match content {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

pub(crate) async fn photo(
    State(app): State<AppState>,
    Customer(looks): Customer,
    Path(hex): Path<String>,
) -> Result<Response, AppError> {
    let looks = looks.ok_or(AppError::NotFound)?;
    let id = BlobId::from_hex(&hex).ok_or(AppError::NotFound)?;
    let content = for_stranger(&app, move |data| data.photo_left(&looks, id)).await?;
    let content = content.ok_or(AppError::NotFound)?;
    let media = media(&content).ok_or(AppError::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, media),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, content).into_response())
}

pub(crate) async fn receipt(
    State(app): State<AppState>,
    visitor: Visitor,
    Customer(looks): Customer,
    Path(file): Path<String>,
) -> Result<Response, AppError> {
    let looks = looks.ok_or(AppError::NotFound)?;
    let (hash, is_paper) = receipts::asked(&file)?;
    let now = app.now();
    let handed = for_stranger(&app, move |data| {
        let left = data.left_of(&looks, now)?;
        let hex = hash.hex();
        match left
            .iter()
            .any(|left| left.acts.iter().any(|act| act.hash == hex))
        {
            true => data.receipt(hash),
            false => Ok(None),
        }
    });
    let handed = handed.await?.ok_or(AppError::NotFound)?;
    receipts::answer(&app, handed, is_paper, visitor.lang).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_are_handed_out() {
        assert_eq!(media(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(media(b"RIFF0000WEBPVP8 "), Some("image/webp"));
        assert_eq!(media(b"<svg onload=alert(1)>"), None);
        assert_eq!(media(b""), None);
    }
}
