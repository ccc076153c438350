//! Stands before every route: looks it up in [`crate::access`], lets in who may, asks for a second person where that is
//! set, and writes to the audit trail what was done. A route without a rule answers nobody.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::access::{self, Needs, Rule};
use crate::auth::form::{self, CSRF_FIELD};
use crate::auth::visitor::Admitted;
use crate::auth::{Scope, Visitor};
use crate::console::handlers::done;
use crate::error::{AppError, Failed};
use crate::state::AppState;
use crate::store::accounts::{Role, User};
use crate::store::{audit, requests, roles};
use crate::tls::Peer;

/// No form that can need a second person is larger.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// A second person has approved what the first asked for.
#[derive(Debug, Clone)]
pub(crate) struct Approved {
    /// Their name.
    pub(crate) by: String,
}

/// What a handler adds to the entry of the audit trail; never a secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Noted {
    /// Who it was, where nobody is signed in yet.
    pub(crate) who: Option<(i64, String)>,
    /// More about it.
    pub(crate) detail: String,
}

/// Adds words to the entry that the audit trail gets for this answer.
pub(crate) fn noted(mut response: Response, detail: impl Into<String>) -> Response {
    let noted = response.extensions_mut().get_or_insert_default::<Noted>();
    noted.detail = detail.into();
    response
}

/// Says whom the answer is about, where nobody is signed in.
pub(crate) fn noted_of(mut response: Response, user: i64, name: &str) -> Response {
    let noted = response.extensions_mut().get_or_insert_default::<Noted>();
    noted.who = Some((user, name.to_owned()));
    response
}

pub(crate) async fn guard(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, AppError> {
    let matched = request.extensions().get::<MatchedPath>();
    let Some(matched) = matched.map(|path| path.as_str().to_owned()) else {
        // No route: the fallback says so.
        return Ok(next.run(request).await);
    };
    let Some(rule) = access::rule(request.method(), &matched) else {
        tracing::warn!(
            route = matched,
            "a route or a method without a rule was asked for"
        );
        return Err(AppError::NotFound);
    };
    let visitor = request.extensions().get::<Visitor>().cloned();
    let visitor =
        visitor.ok_or_else(|| AppError::internal("the route is not behind `identify`"))?;
    let entry = Entry::of(&app, rule, &matched, &request, &visitor);
    let admitted = admit(&app, rule, &visitor, request.method(), request.uri().path()).await;
    let response = match admitted {
        Err(error) => error.into_response(),
        Ok(Some(elsewhere)) => return Ok(elsewhere),
        Ok(None) => {
            let (asked, left) = ask_for_second(&app, rule, &visitor, request).await?;
            match (asked, left) {
                (Some(response), _) => response,
                (None, Some(left)) => {
                    request = left;
                    request.extensions_mut().insert(Admitted);
                    let scope = scope_of(&visitor);
                    scope.answering(next.run(request)).await
                }
                (None, None) => return Err(AppError::internal("the request went astray")),
            }
        }
    };
    entry.keep(&app, response).await
}

/// Who is not signed in sees no site.
fn scope_of(visitor: &Visitor) -> Scope {
    match &visitor.user {
        Some(user) => user.scope.clone(),
        None => Scope::Only(Default::default()),
    }
}

/// Whether an account may use a route.
pub(crate) fn may(user: &User, needs: Needs) -> bool {
    match needs {
        Needs::Nothing | Needs::Account => true,
        Needs::Right(right) => user.rights.has(right),
        Needs::Everywhere(right) => user.rights.has(right) && user.scope.is_everywhere(),
    }
}

/// Nothing, if the visitor may; or where they have to go first.
async fn admit(
    app: &AppState,
    rule: &Rule,
    visitor: &Visitor,
    method: &Method,
    path: &str,
) -> Result<Option<Response>, AppError> {
    if rule.needs == Needs::Nothing {
        return Ok(None);
    }
    let user = visitor.user.as_ref().ok_or(AppError::SignInNeeded)?;
    if !may(user, rule.needs) {
        return Err(AppError::Forbidden);
    }
    let lacks_totp = user.role == Role::Admin && !user.has_totp;
    let is_own = path.starts_with("/account") || path == "/sign-out";
    if lacks_totp && !is_own {
        let needed = app
            .store(|db| Ok(db.read(|c| roles::setting(c, roles::TOTP_FOR_ADMINS))?))
            .await?;
        if needed == "yes" {
            return match *method {
                Method::GET => Ok(Some(Redirect::to("/account?need=totp").into_response())),
                _ => Err(AppError::Forbidden),
            };
        }
    }
    Ok(None)
}

/// Keeps what was asked for until a second person has approved it, where that is set; otherwise gives the request back.
async fn ask_for_second(
    app: &AppState,
    rule: &'static Rule,
    visitor: &Visitor,
    request: Request,
) -> Result<(Option<Response>, Option<Request>), AppError> {
    let is_approved = request.extensions().get::<Approved>().is_some();
    let Some(user) = visitor
        .user
        .clone()
        .filter(|_| rule.four_eyes && !is_approved)
    else {
        return Ok((None, Some(request)));
    };
    if !needs_two(app, rule.kept).await? {
        return Ok((None, Some(request)));
    }
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, FORM_BYTES_MAX)
        .await
        .map_err(|_| AppError::TooLarge)?;
    let fields = fields_of(&bytes)?;
    let token = fields.iter().find(|(name, _)| name == CSRF_FIELD);
    form::check(visitor, token.map_or("", |(_, token)| token.as_str()))?;
    if !is_grave(app, rule, visitor, &path, &fields).await? {
        return Ok((None, Some(Request::from_parts(parts, Body::from(bytes)))));
    }
    let kept: Vec<_> = fields
        .iter()
        .filter(|(name, _)| name != CSRF_FIELD)
        .collect();
    let form = serde_urlencoded::to_string(kept).map_err(AppError::internal)?;
    let now = app.now();
    app.store(move |db| Ok(db.write(|t| requests::ask(t, rule.kept, &path, &form, user.id, now))?))
        .await?;
    let response = noted(done("/requests", "second"), "asks-second");
    Ok((Some(response), None))
}

fn fields_of(bytes: &Bytes) -> Result<Vec<(String, String)>, AppError> {
    serde_urlencoded::from_bytes(bytes).map_err(|_| AppError::BadRequest)
}

/// Whether an act is set to need a second person, by the name of the audit trail.
pub(crate) async fn needs_two(app: &AppState, kept: &'static str) -> Result<bool, AppError> {
    app.store(move |db| Ok(db.read(|c| roles::needs_two(c, kept))?))
        .await
}

/// Decisions need two people only if they take more off the book than one may alone; the other acts always do.
async fn is_grave(
    app: &AppState,
    rule: &Rule,
    visitor: &Visitor,
    path: &str,
    fields: &[(String, String)],
) -> Result<bool, AppError> {
    if rule.kept != "review.decide" {
        return Ok(true);
    }
    let id = path.split('/').nth(2).unwrap_or_default();
    let choice = fields.iter().find(|(name, _)| name == "choice");
    let choice = choice.map_or("", |(_, choice)| choice);
    let asked = writes_off_too_much(app, id, choice);
    scope_of(visitor).answering(asked).await
}

/// Whether a decision about an exception takes more off the book than one person may alone.
pub(crate) async fn writes_off_too_much(
    app: &AppState,
    exception: &str,
    choice: &str,
) -> Result<bool, AppError> {
    let limit = app
        .store(|db| Ok(db.read(|c| roles::setting(c, roles::WRITE_OFF_LIMIT))?))
        .await?;
    let limit = domain::Quantity::parse(&limit).unwrap_or_default();
    let (id, choice) = (exception.to_owned(), choice.to_owned());
    Ok(app.data(move |data| data.write_off(&id, &choice)).await? > limit)
}

/// An entry of the audit trail that waits for how it ends.
struct Entry {
    rule: &'static Rule,
    new: audit::New,
    approved: Option<String>,
}

impl Entry {
    fn of(
        app: &AppState,
        rule: &'static Rule,
        matched: &str,
        request: &Request,
        visitor: &Visitor,
    ) -> Self {
        let peer = request.extensions().get::<ConnectInfo<Peer>>();
        let approved = request.extensions().get::<Approved>();
        let (user, who) = match &visitor.user {
            Some(user) => (user.id, user.name.clone()),
            None => (0, String::new()),
        };
        Self {
            rule,
            approved: approved.map(|approved| approved.by.clone()),
            new: audit::New {
                at: app.now(),
                user,
                who,
                act: rule.kept.to_owned(),
                about: about(matched, request.uri().path()),
                outcome: "done",
                detail: String::new(),
                address: peer.map_or_else(String::new, |peer| peer.0.0.ip().to_string()),
            },
        }
    }

    /// Writes it, before the answer leaves: what could not be written down is not shown.
    async fn keep(mut self, app: &AppState, mut response: Response) -> Result<Response, AppError> {
        let noted = response.extensions_mut().remove::<Noted>();
        if self.rule.kept.is_empty() || !self.is_known(noted.as_ref(), &response) {
            return Ok(response);
        }
        let status = response.status();
        self.new.outcome = match () {
            () if status.is_server_error() => "failed",
            () if status.is_client_error() => "refused",
            () => "done",
        };
        if let Some(noted) = noted {
            if let Some((user, name)) = noted.who {
                (self.new.user, self.new.who) = (user, name);
            }
            self.new.detail = noted.detail;
        }
        if let Some(by) = self.approved {
            let detail = format!("approved-by={by} {}", self.new.detail);
            self.new.detail = detail.trim_end().to_owned();
        }
        let new = self.new;
        app.store(move |db| Ok(db.write(|t| audit::append(t, &new))?))
            .await?;
        Ok(response)
    }

    /// Strangers who try doors fill no log: of them only what a handler has noted is kept, and no try that had to wait.
    fn is_known(&self, noted: Option<&Noted>, response: &Response) -> bool {
        let failed = response.extensions().get::<Failed>();
        let waits = failed.is_some_and(|failed| matches!(*failed.0, AppError::Throttled { .. }));
        !waits && (self.new.user != 0 || noted.is_some())
    }
}

/// What an address names: its blanks, without tokens of one-time links.
fn about(matched: &str, path: &str) -> String {
    let named: Vec<&str> = matched
        .split('/')
        .zip(path.split('/'))
        .filter(|(blank, _)| blank.starts_with('{') && *blank != "{token}")
        .map(|(_, name)| name)
        .collect();
    named.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_the_thing_and_never_a_token() {
        for (matched, path, named) in [
            ("/devices/{id}/revoke", "/devices/ab-1/revoke", "ab-1"),
            ("/sign-in/link/{token}", "/sign-in/link/5ec3e7", ""),
            ("/setup/{token}", "/setup/5ec3e7", ""),
            ("/people", "/people", ""),
        ] {
            assert_eq!(about(matched, path), named);
        }
    }
}
