//! `/webhooks`: who hears of events, what waits for them, and what was given up.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::SiteId;
use replica::query::Arrival;
use serde::Deserialize;

use super::done;
use crate::auth::form::Pressed;
use crate::auth::{Admin, CsrfForm, Visitor};
use crate::console::page::{Page, render};
use crate::console::view::{EVENT_KINDS, Named};
use crate::error::AppError;
use crate::state::AppState;
use crate::store::webhooks::{self as queue, Delivery, Webhook};
use crate::webhooks::{OLD_SECRET_MS, SECRET_BYTES, Target, secret_text};

/// Deliveries that were given up, on a page.
const DEAD_SHOWN: u32 = 200;

/// One of them, as its page shows it.
struct Shown {
    hook: Webhook,
    waiting: u64,
    dead: u64,
    front: Option<Delivery>,
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct HooksPage {
    page: Page,
    hooks: Vec<Shown>,
    sites: Vec<Named>,
    typed: Typed,
    problem: Option<&'static str>,
    /// A secret that was just made.
    secret: Option<String>,
}

#[derive(Template)]
#[template(path = "webhook.html")]
struct HookPage {
    page: Page,
    hook: Shown,
    dead: Vec<Delivery>,
}

#[derive(Default)]
struct Typed {
    name: String,
    url: String,
    kinds: Vec<String>,
    sites: Vec<String>,
}

impl HooksPage {
    fn has_kind(&self, kind: &str) -> bool {
        self.typed.kinds.iter().any(|k| k == kind)
    }

    fn has_site(&self, id: &str) -> bool {
        self.typed.sites.iter().any(|site| site == id)
    }
}

/// How a try ended, in words.
fn outcome(page: &Page, outcome: &str) -> String {
    match page.lang.find(&format!("webhooks.outcome.{outcome}")) {
        Some(words) => words.to_owned(),
        None if outcome.is_empty() => "—".to_owned(),
        None => page.f1("webhooks.outcome-status", "n", outcome),
    }
}

impl HooksPage {
    fn outcome(&self, code: &str) -> String {
        outcome(&self.page, code)
    }
}

impl HookPage {
    fn outcome(&self, code: &str) -> String {
        outcome(&self.page, code)
    }
}

fn shown(app: &AppState, hook: Webhook) -> Result<Shown, AppError> {
    let db = app.database();
    let (waiting, dead) = db.read(|c| queue::counts(c, hook.id))?;
    Ok(Shown {
        front: db.read(|c| queue::front(c, hook.id))?,
        hook,
        waiting,
        dead,
    })
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    typed: Typed,
    problem: Option<&'static str>,
    secret: Option<String>,
) -> Result<Response, AppError> {
    let state = app.clone();
    let hooks = app
        .store(move |db| {
            let hooks = db.read(queue::all)?;
            hooks.into_iter().map(|hook| shown(&state, hook)).collect()
        })
        .await?;
    let mut response = render(&HooksPage {
        page: Page::new(app, visitor, "data", "webhooks.title").await?,
        hooks,
        sites: app.data(|data| data.sites()).await?,
        typed,
        problem,
        secret,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn list(State(app): State<AppState>, who: Admin) -> Result<Response, AppError> {
    page(&app, &who.visitor, Typed::default(), None, None).await
}

fn new_secret() -> Result<Vec<u8>, AppError> {
    let mut secret = vec![0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|error| AppError::internal(error.to_string()))?;
    Ok(secret)
}

pub(crate) async fn make(
    State(app): State<AppState>,
    who: Admin,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let mut typed = Typed::default();
    for (field, value) in fields {
        match field.as_str() {
            "name" => typed.name = value.trim().to_owned(),
            "url" => typed.url = value.trim().to_owned(),
            "kind" if EVENT_KINDS.contains(&value.as_str()) => typed.kinds.push(value),
            "site" => typed.sites.push(value),
            _ => {}
        }
    }
    let is_name = (1..=64).contains(&typed.name.chars().count());
    if !is_name || typed.name.chars().any(char::is_control) {
        return page(&app, &who.visitor, typed, Some("keys.problem.name"), None).await;
    }
    let target = match Target::parse(&typed.url) {
        Ok(target) if typed.url.len() <= 2_000 => target,
        _ => {
            return page(
                &app,
                &who.visitor,
                typed,
                Some("webhooks.outcome.bad-url"),
                None,
            )
            .await;
        }
    };
    let allowed = app.webhooks().allowed();
    // A name that nobody knows yet may be known tomorrow; what is forbidden stays so.
    let problem = match target.resolve(&allowed).await {
        Err(crate::webhooks::Unreachable::Private) => Some("webhooks.outcome.private"),
        Err(crate::webhooks::Unreachable::BadUrl) => Some("webhooks.outcome.bad-url"),
        _ => None,
    };
    if problem.is_some() {
        return page(&app, &who.visitor, typed, problem, None).await;
    }
    let sites: Result<Vec<SiteId>, _> = typed.sites.iter().map(|site| site.parse()).collect();
    let sites = sites.map_err(|_| AppError::BadRequest)?;
    let secret = new_secret()?;
    let hook = Webhook {
        id: 0,
        name: typed.name,
        url: typed.url,
        kinds: typed.kinds,
        sites,
        secret: secret.clone(),
        old_secret: None,
        state: "on".to_owned(),
        made_by: who.user.name.clone(),
        made_at: app.now(),
    };
    let ends: Vec<(SiteId, Arrival)> = app.data(|data| data.log_ends()).await?;
    app.store(move |db| Ok(db.write(|t| queue::insert(t, &hook, &ends))?))
        .await?;
    page(
        &app,
        &who.visitor,
        Typed::default(),
        None,
        Some(secret_text(&secret)),
    )
    .await
}

fn id_of(text: &str) -> Result<i64, AppError> {
    text.parse().map_err(|_| AppError::NotFound)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let (id, state) = (id_of(&id)?, app.clone());
    let (hook, dead) = app
        .store(move |db| {
            let hook = db.read(|c| queue::get(c, id))?.ok_or(AppError::NotFound)?;
            let dead = db.read(|c| queue::dead(c, id, DEAD_SHOWN))?;
            Ok((shown(&state, hook)?, dead))
        })
        .await?;
    render(&HookPage {
        page: Page::new(&app, &who.visitor, "data", "webhooks.one").await?,
        hook,
        dead,
    })
}

#[derive(Deserialize)]
pub(crate) struct StateForm {
    state: String,
}

/// Switches one on or off, or takes it away.
pub(crate) async fn set_state(
    State(app): State<AppState>,
    _who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<StateForm>,
) -> Result<Response, AppError> {
    let id = id_of(&id)?;
    let delete = form.state == "delete";
    let state = match form.state.as_str() {
        "on" => "on",
        "off" | "delete" => "off",
        _ => return Err(AppError::BadRequest),
    };
    let found = app
        .store(move |db| {
            Ok(db.write(|t| match delete {
                true => queue::delete(t, id),
                false => queue::set_state(t, id, state),
            })?)
        })
        .await?;
    if !found {
        return Err(AppError::NotFound);
    }
    app.webhooks().wake();
    Ok(done("/webhooks", "saved"))
}

/// Another secret: shown once; the one before signs as well for a day.
pub(crate) async fn rotate(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let (id, secret, until) = (id_of(&id)?, new_secret()?, app.now() + OLD_SECRET_MS);
    let fresh = secret.clone();
    let found = app
        .store(move |db| Ok(db.write(|t| queue::rotate(t, id, &fresh, until))?))
        .await?;
    if !found {
        return Err(AppError::NotFound);
    }
    page(
        &app,
        &who.visitor,
        Typed::default(),
        None,
        Some(secret_text(&secret)),
    )
    .await
}

#[derive(Deserialize)]
pub(crate) struct AgainForm {
    #[serde(default)]
    delivery: String,
}

/// What was given up is tried again: one, or all of them.
pub(crate) async fn send_again(
    State(app): State<AppState>,
    _who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<AgainForm>,
) -> Result<Response, AppError> {
    let (id, now) = (id_of(&id)?, app.now());
    let delivery = match form.delivery.as_str() {
        "" => None,
        text => Some(id_of(text)?),
    };
    app.store(move |db| Ok(db.write(|t| queue::send_again(t, id, delivery, now))?))
        .await?;
    app.webhooks().wake();
    Ok(done(&format!("/webhooks/{id}"), "saved"))
}
