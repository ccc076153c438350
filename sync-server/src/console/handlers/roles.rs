//! `/roles`: what roles may do, as a grid, and the rules of signing in and of second persons.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Quantity;

use super::done;
use crate::access::FOUR_EYES;
use crate::auth::{Admin, CsrfForm, Right, RightSet};
use crate::console::page::{Page, render};
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;
use crate::store::accounts::Role;
use crate::store::{StoreError, roles};

/// Roles that can be changed.
const CHANGED: [Role; 2] = [Role::Viewer, Role::Supervisor];

/// The code of a right, and whether viewers and supervisors have it.
type Row = (&'static str, [bool; 2]);

#[derive(Template)]
#[template(path = "roles.html")]
struct RolesPage {
    page: Page,
    /// Each kind of record with its rights.
    records: Vec<(&'static str, Vec<Row>)>,
    /// What can need two people, and whether it does.
    acts: Vec<(&'static str, bool)>,
    totp: bool,
    limit: String,
    problem: Option<String>,
}

async fn page(
    app: &AppState,
    who: &Admin,
    problem: Option<(&str, String)>,
) -> Result<Response, AppError> {
    let (sets, acts, totp, limit) = app
        .store(|db| {
            Ok(db.read(|c| -> Result<_, StoreError> {
                let [viewer, supervisor] = CHANGED;
                let sets = [
                    RightSet::of(viewer, roles::changes(c, viewer)?),
                    RightSet::of(supervisor, roles::changes(c, supervisor)?),
                ];
                let acts: Vec<(&'static str, bool)> = FOUR_EYES
                    .iter()
                    .map(|act| Ok((*act, roles::needs_two(c, act)?)))
                    .collect::<Result<_, StoreError>>()?;
                let totp = roles::setting(c, roles::TOTP_FOR_ADMINS)? == "yes";
                Ok((sets, acts, totp, roles::setting(c, roles::WRITE_OFF_LIMIT)?))
            })?)
        })
        .await?;
    let mut records: Vec<(&'static str, Vec<Row>)> = Vec::new();
    for right in Right::ALL {
        let row = (right.code(), [sets[0].has(*right), sets[1].has(*right)]);
        match records.last_mut() {
            Some((record, rows)) if *record == right.record() => rows.push(row),
            _ => records.push((right.record(), vec![row])),
        }
    }
    let (words, typed) = match problem {
        Some((key, typed)) => (Some(who.visitor.lang.t(key).to_owned()), Some(typed)),
        None => (None, None),
    };
    let mut response = render(&RolesPage {
        page: Page::new(app, &who.visitor, "people", "roles.title").await?,
        records,
        acts,
        totp,
        limit: typed.unwrap_or(limit),
        problem: words.clone(),
    })?;
    if words.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn show(State(app): State<AppState>, who: Admin) -> Result<Response, AppError> {
    page(&app, &who, None).await
}

/// The whole grid: what is not ticked is taken. Its fields are `role right`.
pub(crate) async fn submit(
    State(app): State<AppState>,
    _who: Admin,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let ticked: BTreeSet<(String, String)> = fields
        .into_iter()
        .filter(|(name, _)| name == "right")
        .filter_map(|(_, value)| {
            let (role, right) = value.split_once(' ')?;
            Some((role.to_owned(), right.to_owned()))
        })
        .collect();
    let changed = app
        .store(move |db| {
            Ok(db.write(|t| -> Result<Vec<String>, StoreError> {
                let mut changed = Vec::new();
                for role in CHANGED {
                    let before = RightSet::of(role, roles::changes(t, role)?);
                    for right in Right::ALL {
                        let key = (role.code().to_owned(), right.code().to_owned());
                        let allowed = ticked.contains(&key);
                        if allowed != before.has(*right) {
                            let sign = if allowed { '+' } else { '-' };
                            changed.push(format!("{sign}{}:{}", role.code(), right.code()));
                        }
                        roles::set(t, role, *right, allowed)?;
                    }
                }
                Ok(changed)
            })?)
        })
        .await?;
    Ok(noted(done("/roles", "saved"), changed.join(" ")))
}

/// Second factors, second persons.
pub(crate) async fn submit_rules(
    State(app): State<AppState>,
    who: Admin,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let has = |name: &str, value: &str| fields.iter().any(|(n, v)| n == name && v == value);
    let limit = fields.iter().find(|(name, _)| name == "limit");
    let limit = limit
        .map(|(_, limit)| limit.trim().to_owned())
        .unwrap_or_default();
    let is_amount = Quantity::parse(&limit).is_ok_and(|limit| limit >= Quantity::ZERO);
    if !limit.is_empty() && !is_amount {
        return page(&app, &who, Some(("rights.bad-quantity", limit))).await;
    }
    // Who asks for it of everybody has it already, or nobody could take it back.
    let wants_totp = has("totp", "yes");
    if wants_totp && !who.user.has_totp {
        return page(&app, &who, Some(("roles.totp-first", limit))).await;
    }
    let yes = |on: bool| if on { "yes" } else { "" };
    let mut settings = vec![
        (
            roles::TOTP_FOR_ADMINS.to_owned(),
            yes(wants_totp).to_owned(),
        ),
        (roles::WRITE_OFF_LIMIT.to_owned(), limit),
    ];
    for act in FOUR_EYES {
        let name = format!("{}{act}", roles::FOUR_EYES);
        settings.push((name, yes(has("two", act)).to_owned()));
    }
    let said: Vec<String> = settings
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    app.store(move |db| {
        Ok(db.write(|t| -> Result<(), StoreError> {
            for (name, value) in &settings {
                roles::set_setting(t, name, value)?;
            }
            Ok(())
        })?)
    })
    .await?;
    Ok(noted(done("/roles", "saved"), said.join(" ")))
}
