//! Personal data: sealed under a key of each customer's that stands in no document.
//!
//! What is sealed travels, is hashed, signed and counted as anything else. Who has the key can read it; once the key is
//! destroyed everywhere nobody can, and every hash, receipt and count still holds. XChaCha20-Poly1305 (RFC 8439 with the
//! nonce of draft-irtf-cfrg-xchacha-03), whose nonces may be drawn at random on every device.

use std::collections::BTreeMap;
use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::CustomerId;

use crate::catalogue::bytes;
use crate::record::{FieldEdit, Record, Value};

/// What sealed bytes begin with, so that content which lies alone says what it is.
const MARK: &[u8; 4] = b"TMs1";
const NONCE: usize = 24;
const TAG: usize = 16;
const HEAD: usize = MARK.len() + 16 + NONCE;

/// The media type of sealed content.
pub const SEALED_MEDIA: &str = "application/vnd.tallyman.sealed";

/// The place for which pictures of what a customer left are sealed, and their signature.
pub const PICTURE: &str = "picture";
/// The place for which name, telephone and document of a proxy are sealed, each on a line.
pub const PROXY: &str = "proxy";
/// The place for which the words on a piece's condition are sealed.
pub const CONDITION: &str = "condition";
/// The place for which what else is said of an act is sealed.
pub const NOTE: &str = "note";

/// The key of one customer: 32 random bytes. Never shown, never logged, in no document and no event.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerKey([u8; 32]);

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey")
    }
}

/// Sealed bytes that cannot be read: another key, another place than they were sealed for, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed for another key or place, or damaged")]
pub struct SealError;

impl CustomerKey {
    /// From 32 random bytes that the caller drew, or kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, to be kept or given to another of the organisation's machines.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals bytes for one place, such as a field's name: nobody can put them into another. `nonce`: 24 random bytes, new
    /// each time.
    pub fn seal(
        &self,
        customer: CustomerId,
        place: &str,
        nonce: [u8; NONCE],
        plain: &[u8],
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD + plain.len() + TAG);
        out.extend_from_slice(MARK);
        out.extend_from_slice(customer.as_bytes());
        out.extend_from_slice(&nonce);
        let aad = [&out[..HEAD - NONCE], place.as_bytes()].concat();
        let payload = Payload {
            msg: plain,
            aad: &aad,
        };
        // It fails only for more than 256 GB.
        let sealed = XChaCha20Poly1305::new(&self.0.into())
            .encrypt(&XNonce::from(nonce), payload)
            .unwrap_or_default();
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what [`Self::seal`] made for this place.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let head = sealed.get(..HEAD).ok_or(SealError)?;
        if &head[..MARK.len()] != MARK {
            return Err(SealError);
        }
        let aad = [&head[..HEAD - NONCE], place.as_bytes()].concat();
        let nonce: [u8; NONCE] = head[HEAD - NONCE..].try_into().map_err(|_| SealError)?;
        let payload = Payload {
            msg: &sealed[HEAD..],
            aad: &aad,
        };
        XChaCha20Poly1305::new(&self.0.into())
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError)
    }
}

impl CustomerKey {
    /// Words sealed for one place; nothing for no words. `nonce`: 24 random bytes, new each time.
    pub fn seal_words(
        &self,
        customer: CustomerId,
        place: &str,
        nonce: [u8; NONCE],
        words: &str,
    ) -> Vec<u8> {
        match words.is_empty() {
            true => Vec::new(),
            false => self.seal(customer, place, nonce, words.as_bytes()),
        }
    }

    /// What [`Self::seal_words`] sealed for this place.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open_words(&self, place: &str, sealed: &[u8]) -> Result<String, SealError> {
        match sealed.is_empty() {
            true => Ok(String::new()),
            false => String::from_utf8(self.open(place, sealed)?).map_err(|_| SealError),
        }
    }
}

/// Whose key opens these bytes; `None` if they are not sealed.
pub fn sealed_for(bytes: &[u8]) -> Option<CustomerId> {
    let rest = bytes.strip_prefix(MARK)?;
    (bytes.len() >= HEAD + TAG)
        .then(|| CustomerId::from_slice(rest.get(..16)?).ok())
        .flatten()
}

/// What is known of a person, in the clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// 姓名.
    pub name: String,
    /// 手机号, as typed.
    pub phone: String,
    /// 证件号 with its kind in words.
    pub document: String,
    /// Anything else that is about the person.
    pub note: String,
}

impl Person {
    /// The fields, with the path under which each is sealed.
    pub fn fields(&self) -> [(&'static str, &str); 4] {
        [
            ("sealed_name", &self.name),
            ("sealed_phone", &self.phone),
            ("sealed_document", &self.document),
            ("sealed_note", &self.note),
        ]
    }

    /// The fields that say something, sealed. `nonce` gives 24 random bytes, new each time.
    pub fn seal(
        &self,
        customer: CustomerId,
        key: &CustomerKey,
        mut nonce: impl FnMut() -> [u8; 24],
    ) -> Vec<FieldEdit> {
        let said = self
            .fields()
            .into_iter()
            .filter(|(_, text)| !text.is_empty());
        said.map(|(path, text)| FieldEdit {
            path: path.to_owned(),
            value: Some(Value::Bytes(key.seal(
                customer,
                path,
                nonce(),
                text.as_bytes(),
            ))),
        })
        .collect()
    }

    /// What is sealed in a customer's record, by path.
    pub fn sealed_in(record: &Record) -> BTreeMap<String, Vec<u8>> {
        let paths = Self::default().fields().map(|(path, _)| path);
        let sealed = paths
            .into_iter()
            .map(|path| (path, bytes(&record.fields, path)));
        sealed
            .filter(|(_, bytes)| !bytes.is_empty())
            .map(|(path, bytes)| (path.to_owned(), bytes))
            .collect()
    }

    /// The field under this path.
    pub fn field_mut(&mut self, path: &str) -> Option<&mut String> {
        Some(match path {
            "sealed_name" => &mut self.name,
            "sealed_phone" => &mut self.phone,
            "sealed_document" => &mut self.document,
            "sealed_note" => &mut self.note,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: CustomerId = CustomerId::from_bytes([5; 16]);

    #[test]
    fn only_the_key_opens_and_only_at_its_place() {
        let key = CustomerKey::from_bytes([1; 32]);
        let sealed = key.seal(WHO, "sealed_name", [2; 24], "王喆".as_bytes());
        assert_eq!(sealed_for(&sealed), Some(WHO));
        assert_eq!(key.open("sealed_name", &sealed).unwrap(), "王喆".as_bytes());
        assert_eq!(key.open("sealed_phone", &sealed), Err(SealError));
        let other = CustomerKey::from_bytes([3; 32]);
        assert_eq!(other.open("sealed_name", &sealed), Err(SealError));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(key.open("sealed_name", &damaged), Err(SealError), "{at}");
            assert!(key.open("sealed_name", &sealed[..at]).is_err());
        }
        assert!(!sealed.windows(3).any(|w| w == "王".as_bytes()));
        assert!(!format!("{key:?}").contains('1'));
        assert_eq!(sealed_for(b"\x89PNG"), None);
    }
}
