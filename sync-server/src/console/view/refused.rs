//! What the hub refused.

use domain::UnixMillis;

use super::Named;

/// Every cause with what is to be done about it; words stand under `refused.cause.` and `refused.next.`.
pub const REFUSED: [(&str, &str); 29] = [
    ("request-malformed", "update"),
    ("version-unknown", "update"),
    ("request-too-large", "update"),
    ("enrol-code-wrong", "code"),
    ("enrol-code-used", "code"),
    ("key-unproven", "code"),
    ("device-revoked", "enrol"),
    ("renewal-refused", "enrol"),
    ("device-role-other", "role"),
    ("too-many-requests", "wait"),
    ("too-often", "look"),
    ("too-many-wrong", "guess"),
    ("push-quota", "quota"),
    ("server-error", "server"),
    ("push-fork", "quarantine"),
    ("push-revoked", "quarantine"),
    ("push-forged", "look"),
    ("carried-wrong", "look"),
    ("blob-hash-wrong", "resent"),
    ("blob-too-large", "photo"),
    ("blob-media-refused", "photo"),
    ("blob-quota", "quota"),
    ("file-foreign", "file"),
    ("file-damaged", "file"),
    ("file-too-large", "file"),
    ("file-gap", "file"),
    ("file-too-new", "server-update"),
    ("file-other-organisation", "file-elsewhere"),
    ("file-unknown-device", "file-elsewhere"),
];

/// Whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusedOf {
    /// A device that is enrolled here.
    Device(Named),
    /// Nobody knows which; the address that it came from.
    Unknown(String),
    /// Somebody brought a file to the console.
    File,
}

/// One cause of one device's refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedView {
    /// Whose.
    pub of: RefusedOf,
    /// Why, one of [`REFUSED`], or `other`.
    pub cause: &'static str,
    /// What is to be done about it.
    pub next: &'static str,
    /// How often.
    pub times: u64,
    /// The first time.
    pub since: UnixMillis,
    /// The last time.
    pub at: UnixMillis,
}

impl RefusedView {
    /// A stored cause, and what is to be done about it; one of a later program is `other`.
    pub fn known(cause: &str) -> (&'static str, &'static str) {
        REFUSED
            .into_iter()
            .find(|(known, _)| *known == cause)
            .unwrap_or(("other", "update"))
    }
}
