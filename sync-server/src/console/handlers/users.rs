//! `/users`: the console's own accounts.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::SiteId;
use serde::Deserialize;

use super::done;
use super::link::problem_key;
use crate::auth::accounts::{self, IDLE_MS, LINK_MS};
use crate::auth::{Admin, CsrfForm, Scope, Visitor};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;
use crate::store::accounts::{Role, User, all, by_id, other_admins, set_disabled, set_reach};
use crate::store::sessions::{self, Listed};
use crate::store::{StoreError, totp};

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    page: Page,
    users: Vec<(User, Vec<Named>)>,
    sites: Vec<Named>,
    typed: Typed,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    page: Page,
    user: User,
    sites: Vec<Named>,
    typed: Typed,
    sessions: Vec<Listed>,
    /// Where the form that ends them goes.
    end_at: String,
    is_self: bool,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "user_link.html")]
struct LinkPage {
    page: Page,
    name: String,
    link: String,
    ends: i64,
}

/// An account as it is typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typed {
    name: String,
    role: String,
    somewhere: bool,
    sites: BTreeSet<String>,
}

impl Typed {
    fn from_fields(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "name" => typed.name = value.trim().to_owned(),
                "role" => typed.role = value,
                "scope" => typed.somewhere = value == "some",
                "site" => {
                    typed.sites.insert(value);
                }
                _ => {}
            }
        }
        typed
    }

    fn of(user: &User) -> Self {
        let (somewhere, sites) = match &user.scope {
            Scope::Everywhere => (false, BTreeSet::new()),
            Scope::Only(sites) => (true, sites.iter().map(SiteId::to_string).collect()),
        };
        Self {
            name: user.name.clone(),
            role: user.role.code().to_owned(),
            somewhere,
            sites,
        }
    }

    /// Whether the site with this id is among them.
    fn names_site(&self, id: &str) -> bool {
        self.sites.contains(id)
    }

    /// Role and sites, or the key of the words for what is wrong. Administrators see all sites.
    fn reach(&self, known: &[Named]) -> Result<(Role, Scope), &'static str> {
        let role = Role::from_code(&self.role).ok_or("users.no-role")?;
        if !self.somewhere || role == Role::Admin {
            return Ok((role, Scope::Everywhere));
        }
        let is_known = |id: &&String| known.iter().any(|site| site.id == **id);
        let sites: BTreeSet<SiteId> = self
            .sites
            .iter()
            .filter(is_known)
            .filter_map(|id| id.parse().ok())
            .collect();
        if sites.is_empty() {
            return Err("users.no-site");
        }
        Ok((role, Scope::Only(sites)))
    }
}

/// What the audit trail says of it.
fn said(role: Role, scope: &Scope) -> String {
    let sites = match scope {
        Scope::Everywhere => "all".to_owned(),
        Scope::Only(sites) => {
            let ids: Vec<String> = sites.iter().map(SiteId::to_string).collect();
            ids.join(",")
        }
    };
    format!("role={} sites={sites}", role.code())
}

async fn list_page(
    app: &AppState,
    visitor: &Visitor,
    typed: Typed,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let users = app.store(|db| Ok(db.read(all)?)).await?;
    let sites = app.data(|data| data.sites()).await?;
    let seen = |user: &User| match &user.scope {
        Scope::Everywhere => Vec::new(),
        Scope::Only(ids) => sites
            .iter()
            .filter(|site| site.id.parse().is_ok_and(|id| ids.contains(&id)))
            .cloned()
            .collect(),
    };
    let mut response = render(&UsersPage {
        page: Page::new(app, visitor, "people", "users.title").await?,
        users: users
            .into_iter()
            .map(|user| (user.clone(), seen(&user)))
            .collect(),
        sites,
        typed,
        problem: problem.map(|key| visitor.lang.t(key).to_owned()),
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn list(State(app): State<AppState>, who: Admin) -> Result<Response, AppError> {
    let typed = Typed {
        role: Role::Viewer.code().to_owned(),
        ..Typed::default()
    };
    list_page(&app, &who.visitor, typed, None).await
}

/// Makes an account; its one-time link is in the answer itself, and nowhere else.
pub(crate) async fn add(
    State(app): State<AppState>,
    who: Admin,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let typed = Typed::from_fields(fields);
    let sites = app.data(|data| data.sites()).await?;
    let (role, scope) = match typed.reach(&sites) {
        Ok(reach) => reach,
        Err(problem) => return list_page(&app, &who.visitor, typed, Some(problem)).await,
    };
    let (name, now, reach) = (typed.name.clone(), app.now(), scope.clone());
    let made = app
        .store(move |db| {
            let made = accounts::create(db, &name, role, None, now);
            if let Ok(user) = &made {
                db.write(|t| set_reach(t, user.id, role, &reach))?;
            }
            Ok(made)
        })
        .await?;
    let user = match made {
        Ok(user) => user,
        Err(error) => match problem_key(&error) {
            Some(key) => return list_page(&app, &who.visitor, typed, Some(key)).await,
            None => return Err(error.into()),
        },
    };
    let response = link_page(&app, &who.visitor, &user).await?;
    let detail = format!("user={} name={} {}", user.id, user.name, said(role, &scope));
    Ok(noted(response, detail))
}

async fn link_page(app: &AppState, visitor: &Visitor, user: &User) -> Result<Response, AppError> {
    let (id, now) = (user.id, app.now());
    let token = app
        .store(move |db| Ok(accounts::make_link(db, Some(id), "/account", now)?))
        .await?;
    let mut response = render(&LinkPage {
        page: Page::new(app, visitor, "people", "users.link-title").await?,
        name: user.name.clone(),
        link: format!("{}/sign-in/link/{}", app.public_url(), token.secret()),
        ends: now + LINK_MS,
    })?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

async fn find(app: &AppState, id: &str) -> Result<User, AppError> {
    let id: i64 = id.parse().map_err(|_| AppError::NotFound)?;
    app.store(move |db| Ok(db.read(|c| by_id(c, id))?))
        .await?
        .ok_or(AppError::NotFound)
}

async fn user_page(
    app: &AppState,
    who: &Admin,
    user: User,
    typed: Option<Typed>,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let (id, now) = (user.id, app.now());
    let sessions = app
        .store(move |db| Ok(db.read(|c| sessions::of_user(c, id, now, now - IDLE_MS))?))
        .await?;
    let mut page = Page::new(app, &who.visitor, "people", "users.title").await?;
    page.title = user.name.clone();
    let mut response = render(&UserPage {
        typed: typed.unwrap_or_else(|| Typed::of(&user)),
        is_self: user.id == who.user.id,
        end_at: format!("/users/{id}/sessions"),
        sites: app.data(|data| data.sites()).await?,
        problem: problem.map(|key| page.t(key).to_owned()),
        page,
        user,
        sessions,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let user = find(&app, &id).await?;
    user_page(&app, &who, user, None, None).await
}

/// Role and sites.
pub(crate) async fn change(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let user = find(&app, &id).await?;
    let typed = Typed::from_fields(fields);
    let sites = app.data(|data| data.sites()).await?;
    let (role, scope) = match typed.reach(&sites) {
        Ok(reach) => reach,
        Err(problem) => return user_page(&app, &who, user, Some(typed), Some(problem)).await,
    };
    let (id, reach) = (user.id, scope.clone());
    // The look and the change are one transaction: of two administrators who demote each other one stays.
    let changed = app
        .store(move |db| {
            Ok(db.write(|t| -> Result<bool, StoreError> {
                if role != Role::Admin && other_admins(t, id)? == 0 {
                    return Ok(false);
                }
                set_reach(t, id, role, &reach)?;
                Ok(true)
            })?)
        })
        .await?;
    if !changed {
        return user_page(&app, &who, user, Some(typed), Some("users.last-admin")).await;
    }
    let response = done(&format!("/users/{id}"), "saved");
    Ok(noted(
        response,
        format!("name={} {}", user.name, said(role, &scope)),
    ))
}

#[derive(Deserialize)]
pub(crate) struct DisableForm {
    disabled: String,
}

/// Lets somebody sign in, or not any more.
pub(crate) async fn disable(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<DisableForm>,
) -> Result<Response, AppError> {
    let user = find(&app, &id).await?;
    let (id, disabled) = (user.id, form.disabled == "yes");
    if disabled && id == who.user.id {
        return user_page(&app, &who, user, None, Some("users.not-self")).await;
    }
    let changed = app
        .store(move |db| {
            Ok(db.write(|t| -> Result<bool, StoreError> {
                if disabled && other_admins(t, id)? == 0 {
                    return Ok(false);
                }
                set_disabled(t, id, disabled)?;
                Ok(true)
            })?)
        })
        .await?;
    if !changed {
        return user_page(&app, &who, user, None, Some("users.last-admin")).await;
    }
    let response = done(&format!("/users/{id}"), "saved");
    Ok(noted(
        response,
        format!("name={} disabled={disabled}", user.name),
    ))
}

#[derive(Deserialize)]
pub(crate) struct ResetForm {
    /// Anything, if the second factor is forgotten too.
    #[serde(default)]
    totp: String,
}

/// A new one-time link for who has lost the password. The old password, the open sign-ins and, if that is asked for, the
/// second factor end.
pub(crate) async fn reset(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ResetForm>,
) -> Result<Response, AppError> {
    let user = find(&app, &id).await?;
    if user.disabled {
        return user_page(&app, &who, user, None, Some("users.is-disabled")).await;
    }
    if user.id == who.user.id {
        return user_page(&app, &who, user, None, Some("users.not-self")).await;
    }
    let (id, drops_totp) = (user.id, !form.totp.is_empty());
    app.store(move |db| {
        Ok(db.write(|t| -> Result<(), StoreError> {
            crate::store::accounts::set_password(t, id, "")?;
            if drops_totp {
                totp::remove(t, id)?;
            }
            Ok(())
        })?)
    })
    .await?;
    let response = link_page(&app, &who.visitor, &user).await?;
    Ok(noted(
        response,
        format!("name={} totp-removed={drops_totp}", user.name),
    ))
}

#[derive(Deserialize)]
pub(crate) struct EndForm {
    /// A handle; empty: all of them.
    #[serde(default)]
    session: String,
}

/// Ends somebody's sign-in, or all of them.
pub(crate) async fn end_sessions(
    State(app): State<AppState>,
    _who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<EndForm>,
) -> Result<Response, AppError> {
    let user = find(&app, &id).await?;
    let id = user.id;
    let ended = app
        .store(move |db| {
            let which = (!form.session.is_empty()).then_some(form.session.as_str());
            Ok(db.write(|t| sessions::end_of_user(t, id, which, None))?)
        })
        .await?;
    let response = done(&format!("/users/{id}"), "session-ended");
    Ok(noted(
        response,
        format!("name={} sessions={ended}", user.name),
    ))
}
