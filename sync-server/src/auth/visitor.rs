//! Who is asking, found once per request by [`identify`]; handlers take it as an argument.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use super::accounts::IDLE_MS;
use super::cookies;
use super::token::Token;
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;
use crate::store::accounts::User;
use crate::store::sessions;

/// How often a session's last use is written down.
const TOUCH_MS: i64 = 60_000;

/// The look of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// For the cookie, the page's attribute and the translation key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// From the cookie.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.code() == code)
    }
}

/// Whoever sent the request.
#[derive(Clone)]
pub struct Visitor {
    /// The language they read.
    pub lang: Lang,
    /// The look they chose.
    pub theme: Theme,
    /// Who is signed in.
    pub user: Option<User>,
    /// Who has given the right password, and not yet the code of their second factor.
    pub half: Option<User>,
    /// The cookie's token: of the session, or of the visit.
    pub token: Token,
    /// Path and query of this request, to come back to.
    pub here: String,
}

/// Finds out who is asking, and gives a visit cookie to those who have none.
pub async fn identify(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, AppError> {
    let headers = request.headers();
    let lang = language(headers);
    let theme = cookies::read(headers, cookies::THEME)
        .and_then(Theme::from_code)
        .unwrap_or(Theme::Auto);
    let here = request
        .uri()
        .path_and_query()
        .map_or("/", |p| p.as_str())
        .to_owned();
    let session = cookies::read(headers, cookies::SESSION).and_then(Token::from_text);
    let visit = cookies::read(headers, cookies::VISIT).and_then(Token::from_text);
    let found = match &session {
        Some(token) => session_user(&app, token).await?,
        None => None,
    };
    let is_session = found.is_some();
    let (user, half) = match found {
        Some(found) if found.half => (None, Some(found.user)),
        Some(found) => (Some(found.user), None),
        None => (None, None),
    };
    let mut new_visit = None;
    let token = match (session.filter(|_| is_session), visit) {
        (Some(session), _) => session,
        (None, Some(visit)) => visit,
        (None, None) => new_visit.insert(Token::random()?).clone(),
    };
    request.extensions_mut().insert(Visitor {
        lang,
        theme,
        user,
        half,
        token,
        here,
    });
    let mut response = next.run(request).await;
    if let Some(value) =
        new_visit.and_then(|v| cookies::write(cookies::VISIT, v.secret(), None, app.secure()))
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

pub(crate) fn language(headers: &HeaderMap) -> Lang {
    cookies::read(headers, cookies::LANGUAGE)
        .and_then(Lang::from_code)
        .unwrap_or_else(|| {
            let accept = headers
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|v| v.to_str().ok());
            Lang::from_accept(accept.unwrap_or_default())
        })
}

async fn session_user(app: &AppState, token: &Token) -> Result<Option<sessions::Found>, AppError> {
    let (hash, now) = (token.hash(), app.now());
    app.store(move |db| {
        let found = db.read(|c| sessions::find(c, &hash, now, now - IDLE_MS))?;
        if let Some(session) = &found
            && session.last_seen_at + TOUCH_MS < now
        {
            db.write(|t| sessions::touch(t, &hash, now))?;
        }
        Ok(found)
    })
    .await
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| AppError::internal("the route is not behind `identify`"))
    }
}

/// The guard has looked the route up and let this visitor through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admitted;

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        pub struct $name {
            /// The visitor, who is signed in.
            pub visitor: Visitor,
            /// Their account.
            pub user: User,
        }

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = AppError;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
                let visitor = Visitor::from_request_parts(parts, state).await?;
                let user = visitor.user.clone().ok_or(AppError::SignInNeeded)?;
                if parts.extensions.get::<Admitted>().is_none() {
                    return Err(AppError::internal("the route is not behind `guard`"));
                }
                Ok(Self { visitor, user })
            }
        }
    )+};
}

// Who may use a route says `crate::access`; these say whom it is made for, as long as nobody changes what roles may do.
roles! {
    /// Anybody who is signed in.
    Viewer,
    /// A supervisor or an admin.
    Supervisor,
    /// An admin.
    Admin,
}
