//! Passwords: argon2id. Each call takes some 30 ms and 19 MiB, so it belongs on a blocking thread.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Shorter passwords are refused. Length is the only rule: others only make people write passwords down.
pub const MIN_CHARS: usize = 8;

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("too short")]
    TooShort,
    /// Hashing failed: no memory or no randomness.
    #[error("could not be hashed")]
    Hashing,
}

/// The PHC string to store for a new password.
///
/// # Errors
/// See [`PasswordError`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < MIN_CHARS {
        return Err(PasswordError::TooShort);
    }
    let mut salt = [0u8; 16];
    getrandom::fill(&mut salt).map_err(|_| PasswordError::Hashing)?;
    let hash: argon2::password_hash::phc::PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| PasswordError::Hashing)?;
    Ok(hash.to_string())
}

/// Whether the password is the one whose hash was stored. An account without a password takes none, and takes as
/// long to say so.
pub fn verify(password: &str, stored: &str) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                          AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let phc = if stored.is_empty() { NOBODY } else { stored };
    let Ok(hash) = argon2::password_hash::phc::PasswordHash::new(phc) else {
        return false;
    };
    let right = Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok();
    right && !stored.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_is_right() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("correct horse", &stored));
        assert!(!verify("correct horsf", &stored));
        assert!(!verify("", ""));
        assert_eq!(hash("七个字符的密码"), Err(PasswordError::TooShort));
        assert!(hash("八个字符的密码吧").is_ok());
    }
}
