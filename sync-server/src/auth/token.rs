//! Random tokens: the person holds the token, the database only its hash.

use std::fmt;

/// 256 random bits. Prints as stars, so that no log ever holds one.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes from the operating system")]
pub struct NoRandomness(#[source] pub(crate) getrandom::Error);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn random() -> Result<Self, NoRandomness> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).map_err(NoRandomness)?;
        Ok(Self(hex(&bytes)))
    }

    /// A token that somebody sent; `None` if it cannot be one of ours.
    pub fn from_text(text: &str) -> Option<Self> {
        let ours = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        ours.then(|| Self(text.to_owned()))
    }

    /// For the cookie or the link: the secret itself.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// For the database.
    pub fn hash(&self) -> [u8; 32] {
        blake3::derive_key("tallyman 2026 stored token", self.0.as_bytes())
    }

    /// What every form of this visitor must carry. It follows from the cookie, which other sites cannot read.
    pub fn csrf(&self) -> String {
        hex(&blake3::derive_key(
            "tallyman 2026 form token",
            self.0.as_bytes(),
        ))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Compares without telling by its duration where two texts differ.
pub fn same(a: &str, b: &str) -> bool {
    // blake3's hashes compare in constant time.
    blake3::hash(a.as_bytes()) == blake3::hash(b.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_prints_itself() {
        let token = Token::random().unwrap();
        assert!(!format!("{token:?}").contains(token.secret()));
        assert_ne!(token.csrf(), token.secret());
        assert_ne!(token, Token::random().unwrap());
        assert_eq!(Token::from_text("short"), None);
    }
}
