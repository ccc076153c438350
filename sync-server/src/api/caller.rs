//! Whose key a request carries.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use domain::SiteId;

use super::problem::ApiError;
use super::scope::Scope;
use super::{Api, KEY_PREFIX};
use crate::auth::RightSet;
use crate::auth::token::Token;
use crate::error::AppError;
use crate::store::accounts::{Role, User};
use crate::store::api::{self as keys, ApiKey};
use crate::tls::Peer;

/// How often a key's last use is written down.
const TOUCH_MS: i64 = 60_000;

/// A program that showed a key which works.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    key: ApiKey,
}

impl Caller {
    /// Row id of the key.
    pub(crate) const fn id(&self) -> i64 {
        self.key.id
    }

    /// Refuses what the key may not.
    ///
    /// # Errors
    /// `scope-missing`.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), ApiError> {
        match self.key.scopes.iter().any(|code| code == scope.code()) {
            true => Ok(()),
            false => {
                let words = format!("api.scope.{}", scope.code());
                Err(ApiError::new("scope-missing").at("Authorization", words))
            }
        }
    }

    /// Whether the key reaches this site.
    pub(crate) fn reaches(&self, site: SiteId) -> bool {
        self.key.sites.is_empty() || self.key.sites.contains(&site)
    }

    /// Refuses sites that the key does not reach.
    ///
    /// # Errors
    /// `site-not-allowed`.
    pub(crate) fn at(&self, site: SiteId) -> Result<(), ApiError> {
        match self.reaches(site) {
            true => Ok(()),
            false => Err(ApiError::new("site-not-allowed")),
        }
    }

    /// Refuses keys of single sites: what is asked for belongs to all.
    ///
    /// # Errors
    /// `site-not-allowed`.
    pub(crate) fn everywhere(&self) -> Result<(), ApiError> {
        match self.key.sites.is_empty() {
            true => Ok(()),
            false => Err(ApiError::new("site-not-allowed")),
        }
    }

    /// As whom the key writes. No account has a negative id.
    pub(crate) fn user(&self) -> User {
        User {
            id: -self.key.id,
            name: format!("API {}", self.key.name),
            role: Role::Supervisor,
            operator: self.key.operator,
            disabled: false,
            // What a key may is its own, and is asked by each route.
            scope: match self.key.sites.is_empty() {
                true => crate::auth::Scope::Everywhere,
                false => crate::auth::Scope::Only(self.key.sites.iter().copied().collect()),
            },
            rights: RightSet::default(),
            has_totp: false,
        }
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let now = api.app.now();
        let address = parts
            .extensions
            .get::<ConnectInfo<Peer>>()
            .map_or_else(String::new, |ConnectInfo(Peer(peer))| peer.ip().to_string());
        let shown = parts.headers.get(header::AUTHORIZATION);
        let shown = shown.ok_or_else(|| ApiError::new("key-missing"))?;
        // Guessing is slow long before it is likely; this keeps it out of the store.
        api.wrong
            .look(&address, now)
            .map_err(|seconds| ApiError::throttled(seconds.into()))?;
        let wrong = || {
            let _ = api.wrong.take(address.clone(), now);
            ApiError::new("key-wrong")
        };
        let token = shown
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, key)| key.trim().strip_prefix(KEY_PREFIX))
            .and_then(Token::from_text)
            .ok_or_else(wrong)?;
        let hash = token.hash();
        let found = api
            .app
            .store(move |db| {
                let found: Option<ApiKey> = db.read(|c| keys::by_hash(c, &hash))?;
                if let Some(key) = found.as_ref().filter(|key| key.works(now))
                    && key.used_at.is_none_or(|at| at + TOUCH_MS < now)
                {
                    db.write(|t| keys::touch(t, key.id, now))?;
                }
                Ok::<_, AppError>(found)
            })
            .await?;
        let key = found.filter(|key| key.works(now)).ok_or_else(wrong)?;
        api.rate
            .take(key.id, now)
            .map_err(|seconds| ApiError::throttled(seconds.into()))?;
        Ok(Self { key })
    }
}
