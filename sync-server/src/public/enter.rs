//! `/c`: a customer shows the code of a ticket, or one that came to their telephone.
//!
//! Whatever is wrong gets one answer after one time: a code that nobody has, a telephone that nobody has, a person who was
//! erased. So nobody learns here what exists.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use domain::ticket::ClaimCode;
use replica::phone_lookup;
use serde::Deserialize;
use tokio::time::Instant;

use super::notice::{Message, WAITS};
use super::session::{self, Customer};
use super::{Address, for_stranger};
use crate::auth::form::Pressed;
use crate::auth::token::NoRandomness;
use crate::auth::{CsrfForm, Visitor};
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::state::AppState;
use crate::store::customers::{self, Looks};

/// A code is good for so long.
const CODE_MS: i64 = 10 * 60_000;
/// What is wrong is answered so long after it came: longer than any look-up takes.
const ANSWER_AFTER: Duration = Duration::from_millis(250);
/// Letters of a code that are counted together.
const PREFIX: usize = 5;

#[derive(Template)]
#[template(path = "customer_enter.html")]
struct EnterPage {
    page: Page,
    /// A code was asked for: by this telephone.
    phone: String,
    asks_code: bool,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ClaimForm {
    #[serde(default)]
    claim: String,
}

#[derive(Deserialize)]
pub(crate) struct PhoneForm {
    #[serde(default)]
    phone: String,
    #[serde(default)]
    code: String,
}

fn page(
    app: &AppState,
    visitor: &Visitor,
    phone: &str,
    asks_code: bool,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let mut response = render(&EnterPage {
        page: Page::plain(app, visitor, "customer.title"),
        phone: phone.to_owned(),
        asks_code,
        problem: problem.map(|key| visitor.lang.t(key).to_owned()),
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Customer(looks): Customer,
) -> Result<Response, AppError> {
    match looks {
        Some(looks) => super::left::list(&app, &visitor, looks).await,
        None => page(&app, &visitor, "", false, None),
    }
}

/// A keyed hash, so that a copy of the store tells neither telephones nor codes.
fn hash(app: &AppState, what: &str, text: &str) -> [u8; 32] {
    let pepper = app.shared_hub().organisation().pepper;
    let mut hasher = blake3::Hasher::new_derive_key("tallyman 2026 customer code");
    hasher.update(&pepper);
    for part in [what, text] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// By the code of a ticket.
pub(crate) async fn by_claim(
    State(app): State<AppState>,
    visitor: Visitor,
    from: Address,
    CsrfForm(form): CsrfForm<ClaimForm>,
) -> Result<Response, AppError> {
    let (began, now) = (Instant::now(), app.now());
    let typed: String = form.claim.chars().take(200).collect();
    let claim = ClaimCode::parse(&typed);
    let prefix = claim
        .as_ref()
        .map_or_else(|_| String::new(), |c| c.as_str()[..PREFIX].to_owned());
    app.public().may_try(&from, &prefix, now)?;
    let found = match claim {
        Ok(claim) => for_stranger(&app, move |data| data.left_by_claim(&claim)).await?,
        Err(_) => None,
    };
    let Some((deposit, customer)) = found else {
        app.public().wrong(&from, &prefix, now);
        tokio::time::sleep_until(began + ANSWER_AFTER).await;
        return page(&app, &visitor, "", false, Some("customer.nothing"));
    };
    let looks = Looks {
        customers: vec![customer],
        deposit: Some(deposit),
    };
    session::open(&app, looks, now, Redirect::to("/c").into_response()).await
}

/// Six digits, each as likely as the others.
fn draw_code() -> Result<String, NoRandomness> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000))
}

/// Sends a code to a telephone, if anybody has it.
pub(crate) async fn ask_code(
    State(app): State<AppState>,
    visitor: Visitor,
    from: Address,
    CsrfForm(form): CsrfForm<PhoneForm>,
) -> Result<Response, AppError> {
    let now = app.now();
    let typed: String = form.phone.trim().chars().take(40).collect();
    let phone = phone_lookup(&typed);
    if !(5..=20).contains(&phone.len()) {
        return page(&app, &visitor, &typed, false, Some("customer.bad-phone"));
    }
    let key = hash(&app, "phone", &phone);
    app.public().may_ask_code(&from, key, now)?;
    let code = draw_code()?;
    let kept = hash(&app, "code", &code);
    app.store(move |db| Ok(db.write(|t| customers::put_code(t, &key, &kept, now, now + CODE_MS))?))
        .await?;
    // Whether anybody has it is looked up when the answer has gone.
    let text = visitor.lang.fill("customer.code-text", &[("code", &code)]);
    let sending = app.clone();
    tokio::spawn(async move {
        if let Err(error) = send(&sending, phone, text).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a code was not sent"
            );
        }
    });
    page(&app, &visitor, &typed, true, None)
}

async fn send(app: &AppState, phone: String, text: String) -> Result<(), AppError> {
    let found = for_stranger(app, move |data| data.persons_with_phone(&phone)).await?;
    let Some((customer, to)) = found.into_iter().next() else {
        return Ok(());
    };
    let (words, now) = (text.clone(), app.now());
    let id = app
        .store(move |db| {
            Ok(db.write(|t| customers::put_notice(t, customer, &words, now, now + CODE_MS))?)
        })
        .await?;
    let sender = app.public().sender();
    let message = Message { to, text, id };
    for wait in WAITS {
        tokio::time::sleep(wait).await;
        let Some(sending) = sender.send(&message) else {
            return Ok(());
        };
        let state = match sending.await {
            Ok(()) => "sent",
            Err(error) => {
                tracing::warn!(code = error.code(), "the gateway did not take a message");
                "failed"
            }
        };
        app.store(move |db| Ok(db.write(|t| customers::set_state(t, id, state))?))
            .await?;
        if state == "sent" {
            break;
        }
    }
    Ok(())
}

/// By the code that came to a telephone.
pub(crate) async fn by_code(
    State(app): State<AppState>,
    visitor: Visitor,
    from: Address,
    CsrfForm(form): CsrfForm<PhoneForm>,
) -> Result<Response, AppError> {
    let (began, now) = (Instant::now(), app.now());
    let typed: String = form.phone.trim().chars().take(40).collect();
    let phone = phone_lookup(&typed);
    app.public().may_try(&from, "", now)?;
    let digits: String = form
        .code
        .chars()
        .filter(char::is_ascii_digit)
        .take(20)
        .collect();
    let (key, code) = (hash(&app, "phone", &phone), hash(&app, "code", &digits));
    let is_right = app
        .store(move |db| Ok(db.write(|t| customers::try_code(t, &key, &code, now))?))
        .await?;
    let found = for_stranger(&app, move |data| data.persons_with_phone(&phone)).await?;
    if !is_right || found.is_empty() {
        app.public().wrong(&from, "", now);
        tokio::time::sleep_until(began + ANSWER_AFTER).await;
        return page(&app, &visitor, &typed, true, Some("customer.wrong-code"));
    }
    let looks = Looks {
        customers: found.into_iter().map(|(customer, _)| customer).collect(),
        deposit: None,
    };
    session::open(&app, looks, now, Redirect::to("/c").into_response()).await
}

pub(crate) async fn leave(
    State(app): State<AppState>,
    headers: HeaderMap,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    session::end(&app, &headers, Redirect::to("/c").into_response()).await
}
