//! `/api-keys`: keys of other programs. A key is shown once, on the page that answers its making.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{IdSource, OperatorId, SiteId};

use super::done;
use crate::api::{Scope, new_key};
use crate::auth::form::Pressed;
use crate::auth::{Admin, CsrfForm, Visitor};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::state::AppState;
use crate::store::api::{self as keys, ApiKey};

const DAY_MS: i64 = 86_400_000;
/// Days that a key may work; 0: without end.
const DAYS: [i64; 4] = [90, 30, 365, 0];

#[derive(Template)]
#[template(path = "api_keys.html")]
struct KeysPage {
    page: Page,
    keys: Vec<ApiKey>,
    sites: Vec<Named>,
    typed: Typed,
    problem: Option<&'static str>,
    /// A key that was just made.
    made: Option<String>,
}

/// What was typed into the form of a new key.
#[derive(Default)]
struct Typed {
    name: String,
    scopes: Vec<String>,
    sites: Vec<String>,
    days: i64,
}

impl KeysPage {
    fn has_scope(&self, scope: &Scope) -> bool {
        self.typed.scopes.iter().any(|code| code == scope.code())
    }

    fn days(&self, days: &i64) -> String {
        self.page.tt("keys.days", &days.to_string())
    }

    fn has_site(&self, id: &str) -> bool {
        self.typed.sites.iter().any(|site| site == id)
    }

    fn state(&self, key: &ApiKey) -> &'static str {
        match key.revoked_at {
            Some(_) => "revoked",
            None if key.works(self.page.now) => "works",
            None => "expired",
        }
    }

    fn sites_of(&self, key: &ApiKey) -> String {
        if key.sites.is_empty() {
            return self.page.t("keys.all-sites").to_owned();
        }
        let name = |id: &SiteId| {
            let id = id.to_string();
            let site = self.sites.iter().find(|site| site.id == id);
            site.map_or(id.clone(), |site| site.name(self.page.lang).to_owned())
        };
        let names: Vec<String> = key.sites.iter().map(name).collect();
        names.join(self.page.t("words.comma"))
    }
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    typed: Typed,
    problem: Option<&'static str>,
    made: Option<String>,
) -> Result<Response, AppError> {
    let keys = app.store(|db| Ok(db.read(keys::all)?)).await?;
    let mut response = render(&KeysPage {
        page: Page::new(app, visitor, "data", "api-keys.title").await?,
        keys,
        sites: app.data(|data| data.sites()).await?,
        typed,
        problem,
        made,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn list(State(app): State<AppState>, who: Admin) -> Result<Response, AppError> {
    page(&app, &who.visitor, Typed::default(), None, None).await
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
            "scope" if Scope::from_code(&value).is_some() => typed.scopes.push(value),
            "site" => typed.sites.push(value),
            "days" => typed.days = value.parse().map_err(|_| AppError::BadRequest)?,
            _ => {}
        }
    }
    if !DAYS.contains(&typed.days) {
        return Err(AppError::BadRequest);
    }
    let length = typed.name.chars().count();
    if !(1..=64).contains(&length) || typed.name.chars().any(char::is_control) {
        return page(&app, &who.visitor, typed, Some("keys.problem.name"), None).await;
    }
    if typed.scopes.is_empty() {
        return page(&app, &who.visitor, typed, Some("keys.problem.scopes"), None).await;
    }
    // A site that is none must not make the key reach all.
    let sites: Result<Vec<SiteId>, _> = typed.sites.iter().map(|site| site.parse()).collect();
    let sites = sites.map_err(|_| AppError::BadRequest)?;
    let now = app.now();
    let (shown, hash, hint) = new_key()?;
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|error| AppError::internal(error.to_string()))?;
    let key = ApiKey {
        id: 0,
        name: typed.name,
        hint,
        scopes: typed.scopes,
        sites,
        operator: OperatorId::from_bytes(IdSource::new(random).draw(now)),
        made_by: who.user.name.clone(),
        made_at: now,
        expires_at: (typed.days > 0).then(|| now + typed.days * DAY_MS),
        used_at: None,
        revoked_at: None,
    };
    let name = key.name.clone();
    app.store(move |db| Ok(db.write(|t| keys::insert(t, &hash, &key))?))
        .await?;
    tracing::info!(name, by = who.user.name, "an API key was made");
    page(&app, &who.visitor, Typed::default(), None, Some(shown)).await
}

pub(crate) async fn revoke(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let id: i64 = id.parse().map_err(|_| AppError::NotFound)?;
    let now = app.now();
    let revoked = app
        .store(move |db| Ok(db.write(|t| keys::revoke(t, id, now))?))
        .await?;
    if !revoked {
        return Err(AppError::NotFound);
    }
    tracing::info!(id, by = who.user.name, "an API key was taken away");
    Ok(done("/api-keys", "key-revoked"))
}
