//! What may be done with accounts: make one, sign in, sign out, make and use a one-time link.

use domain::{IdSource, UnixMillis};

use super::password::{self, PasswordError};
use super::token::{NoRandomness, Token};
use crate::store::accounts::{self as users, Role, User};
use crate::store::links::{self, Link};
use crate::store::sessions::Opened;
use crate::store::{Database, StoreError, sessions};

/// A session ends after this long, used or not.
pub const SESSION_MS: i64 = 7 * 24 * 3_600_000;
/// A session that nobody used for so long ends.
pub const IDLE_MS: i64 = 12 * 3_600_000;
/// Who has given their password has so long for the code of their second factor.
pub const HALF_MS: i64 = 10 * 60_000;
/// A one-time link works so long.
pub const LINK_MS: i64 = 30 * 60_000;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Somebody has that name already.
    #[error("the name is taken")]
    NameTaken,
    /// Empty, or longer than 64 characters.
    #[error("the name is empty or too long")]
    BadName,
    /// No user has that name.
    #[error("no such user")]
    NoSuchUser,
    /// The old password is not the one that was given.
    #[error("the old password is wrong")]
    WrongPassword,
    /// No second factor could be made of that.
    #[error("no second factor could be made")]
    SecondFactor,
    /// It leads off this server.
    #[error("the path must begin with one slash")]
    BadPath,
    /// See [`PasswordError`].
    #[error("the password cannot be used")]
    Password(#[from] PasswordError),
    /// See [`NoRandomness`].
    #[error("no token could be made")]
    Random(#[from] NoRandomness),
    /// See [`StoreError`].
    #[error("the accounts could not be read or written")]
    Store(#[from] StoreError),
}

/// Makes an account. `password`: `None` for one that signs in only by one-time links.
///
/// # Errors
/// [`AccountError::NameTaken`], [`AccountError::BadName`], [`AccountError::Password`].
pub fn create(
    db: &Database,
    name: &str,
    role: Role,
    password: Option<&str>,
    now: UnixMillis,
) -> Result<User, AccountError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(AccountError::BadName);
    }
    let hash = password
        .map(password::hash)
        .transpose()?
        .unwrap_or_default();
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|_| PasswordError::Hashing)?;
    let operator = IdSource::new(random).draw(now);
    db.write(|t| users::insert(t, name, role, &hash, operator, now))?
        .ok_or(AccountError::NameTaken)?;
    find(db, name)
}

/// The user with that name.
///
/// # Errors
/// [`AccountError::NoSuchUser`].
pub fn find(db: &Database, name: &str) -> Result<User, AccountError> {
    db.read(|c| users::by_name(c, name.trim()))?
        .map(|(user, _)| user)
        .ok_or(AccountError::NoSuchUser)
}

/// The user, if name and password are right. Takes as long for names that do not exist.
///
/// # Errors
/// Those of the store.
pub fn check_password(
    db: &Database,
    name: &str,
    password: &str,
) -> Result<Option<User>, AccountError> {
    let found: Option<(User, String)> = db.read(|c| users::by_name(c, name.trim()))?;
    let stored = found.as_ref().map_or("", |(_, hash)| hash.as_str());
    let right = password::verify(password, stored);
    Ok(found
        .map(|(user, _)| user)
        .filter(|user| right && !user.disabled))
}

/// Sets another password and ends all sessions of the user. An account that has no password yet, made by a link, needs
/// no old one.
///
/// # Errors
/// [`AccountError::WrongPassword`], [`AccountError::Password`].
pub fn change_password(
    db: &Database,
    user: &User,
    old: &str,
    new: &str,
) -> Result<(), AccountError> {
    let found: Option<(User, String)> = db.read(|c| users::by_name(c, &user.name))?;
    let stored = found.map(|(_, hash)| hash).unwrap_or_default();
    if !stored.is_empty() && !password::verify(old, &stored) {
        return Err(AccountError::WrongPassword);
    }
    let hash = password::hash(new)?;
    Ok(db.write(|t| users::set_password(t, user.id, &hash))?)
}

/// Opens a session; the token goes into the cookie.
///
/// # Errors
/// Those of the store, and no randomness.
pub fn open_session(db: &Database, user: i64, now: UnixMillis) -> Result<Token, AccountError> {
    open_session_with(db, user, &Opened::default(), now)
}

/// [`open_session`], saying from where and with what.
///
/// # Errors
/// Those of the store, and no randomness.
pub fn open_session_with(
    db: &Database,
    user: i64,
    with: &Opened,
    now: UnixMillis,
) -> Result<Token, AccountError> {
    let token = Token::random()?;
    let lasts = if with.half { HALF_MS } else { SESSION_MS };
    db.write(|t| sessions::open(t, &token.hash(), user, with, now, now + lasts))?;
    Ok(token)
}

/// Makes a link that signs `user` in once; `None` for the link that makes the first account.
///
/// # Errors
/// [`AccountError::BadPath`], those of the store, and no randomness.
pub fn make_link(
    db: &Database,
    user: Option<i64>,
    to_path: &str,
    now: UnixMillis,
) -> Result<Token, AccountError> {
    if !is_local_path(to_path) {
        return Err(AccountError::BadPath);
    }
    let token = Token::random()?;
    let link = Link {
        user,
        to_path: to_path.to_owned(),
    };
    db.write(|t| links::insert(t, &token.hash(), &link, now, now + LINK_MS))?;
    Ok(token)
}

/// Whether a redirect there stays on this server: one slash, no second one, nothing that ends the header.
pub fn is_local_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for (path, local) in [
            ("/review/1?tab=open", true),
            ("/", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("/a\r\nSet-Cookie: x", false),
            ("", false),
        ] {
            assert_eq!(is_local_path(path), local, "{path:?}");
        }
    }
}
