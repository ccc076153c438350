//! The second factor: codes by time (RFC 6238: HMAC-SHA-1, six digits, steps of 30 s, which is what authenticators know),
//! one step early or late, none twice; and recovery codes for who has lost it.

use domain::UnixMillis;
use totp_rs::{Builder, Totp};

use super::accounts::AccountError;
use super::token::NoRandomness;
use crate::store::{Database, StoreError, totp};

/// What authenticators show above the code.
const ISSUER: &str = "Tallyman";
const RECOVERY_CODES: usize = 10;
/// Four groups of four, each of 32 letters: 80 bits.
const RECOVERY_CHARS: usize = 16;
/// Crockford's: nothing that is taken for something else.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What an authenticator takes in. Shown once, never logged.
pub struct Shown {
    /// For the QR code.
    pub address: String,
    /// For typing, in base 32.
    pub secret: String,
}

fn generator(secret: &[u8; 20], name: &str) -> Result<Totp, AccountError> {
    Builder::new()
        .with_secret(secret.to_vec())
        // A colon parts the issuer from the name in the address.
        .with_account_name(name.replace(':', " "))
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|_| AccountError::SecondFactor)
}

/// Makes a secret and shows it; it counts once its owner has typed a code of it. `None` if one is in use.
///
/// # Errors
/// Those of the store, and no randomness.
pub fn begin(db: &Database, user: i64, name: &str) -> Result<Option<Shown>, AccountError> {
    let mut secret = [0u8; 20];
    getrandom::fill(&mut secret).map_err(|error| AccountError::Random(NoRandomness(error)))?;
    let kept: Result<bool, StoreError> = db.write(|t| totp::begin(t, user, &secret));
    if !kept? {
        return Ok(None);
    }
    shown(&secret, name).map(Some)
}

fn shown(secret: &[u8; 20], name: &str) -> Result<Shown, AccountError> {
    let totp = generator(secret, name)?;
    Ok(Shown {
        address: totp.to_url().map_err(|_| AccountError::SecondFactor)?,
        secret: totp.secret().to_base32(),
    })
}

/// The secret that waits to be confirmed, shown again; `None` if there is none.
///
/// # Errors
/// Those of the store.
pub fn waiting(db: &Database, user: i64, name: &str) -> Result<Option<Shown>, AccountError> {
    let found: Result<_, StoreError> = db.read(|c| totp::find(c, user));
    match found? {
        Some(secret) if !secret.confirmed => shown(&secret.bytes, name).map(Some),
        _ => Ok(None),
    }
}

/// Whether the code is right now, and was not used before; it is used up by that. `confirmed`: of a secret that is in use,
/// or of one that is to be.
fn take_code(
    db: &Database,
    user: i64,
    code: &str,
    confirmed: bool,
    now: UnixMillis,
) -> Result<bool, AccountError> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let taken: Result<bool, AccountError> = db.write(|t| {
        let Some(secret) = totp::find(t, user)? else {
            return Ok(false);
        };
        let seconds = u64::try_from(now / 1_000).unwrap_or_default();
        let step = generator(&secret.bytes, "")?.check(&code, seconds);
        let Some(step) = step.and_then(|step| i64::try_from(step).ok()) else {
            return Ok(false);
        };
        Ok(secret.confirmed == confirmed && totp::use_step(t, user, step)?)
    });
    taken
}

/// Whether it is the code of the second factor now, or a recovery code; either is used up.
///
/// # Errors
/// Those of the store.
pub fn check(db: &Database, user: i64, code: &str, now: UnixMillis) -> Result<bool, AccountError> {
    if take_code(db, user, code, true, now)? {
        return Ok(true);
    }
    let hash = recovery_hash(code);
    let used: Result<bool, StoreError> = db.write(|t| totp::use_recovery(t, user, &hash, now));
    Ok(used?)
}

/// Turns the second factor on if the code is right; returns the recovery codes, which nobody can show again.
///
/// # Errors
/// Those of the store, and no randomness.
pub fn confirm(
    db: &Database,
    user: i64,
    code: &str,
    now: UnixMillis,
) -> Result<Option<Vec<String>>, AccountError> {
    if !take_code(db, user, code, false, now)? {
        return Ok(None);
    }
    let codes = recovery_codes()?;
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| recovery_hash(code)).collect();
    let done: Result<(), StoreError> = db.write(|t| {
        totp::confirm(t, user, now)?;
        totp::set_recovery(t, user, &hashes)
    });
    done?;
    Ok(Some(codes))
}

/// New recovery codes in place of the old ones.
///
/// # Errors
/// Those of the store, and no randomness.
pub fn renew_recovery(db: &Database, user: i64) -> Result<Vec<String>, AccountError> {
    let codes = recovery_codes()?;
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| recovery_hash(code)).collect();
    let done: Result<(), StoreError> = db.write(|t| totp::set_recovery(t, user, &hashes));
    done?;
    Ok(codes)
}

/// Turns it off.
///
/// # Errors
/// Those of the store.
pub fn remove(db: &Database, user: i64) -> Result<(), AccountError> {
    let done: Result<(), StoreError> = db.write(|t| totp::remove(t, user));
    Ok(done?)
}

fn recovery_codes() -> Result<Vec<String>, AccountError> {
    let mut random = [0u8; RECOVERY_CODES * RECOVERY_CHARS];
    getrandom::fill(&mut random).map_err(|error| AccountError::Random(NoRandomness(error)))?;
    // 256 is a multiple of 32: every letter is as likely as the others.
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
    let codes = random.chunks(RECOVERY_CHARS).map(|code| {
        let groups: Vec<String> = code
            .chunks(4)
            .map(|group| group.iter().map(|byte| char::from(letter(byte))).collect())
            .collect();
        groups.join("-")
    });
    Ok(codes.collect())
}

/// The code has as many random bits as a key: a plain hash keeps it. Typed in any case, with or without dashes.
fn recovery_hash(code: &str) -> [u8; 32] {
    let typed = code.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = typed
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    blake3::derive_key("tallyman 2026 recovery code", plain.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::accounts::{self, Role};

    const NOW: UnixMillis = 1_790_000_000_000;
    const STEP: i64 = 30_000;

    fn with_user() -> (tempfile::TempDir, Database, i64) {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("hub.db")).unwrap();
        let id: Result<_, StoreError> =
            db.write(|t| accounts::insert(t, "chen", Role::Admin, "", [1; 16], 5));
        (folder, db, id.unwrap().unwrap())
    }

    fn code(db: &Database, user: i64, at: UnixMillis) -> String {
        let secret: Result<_, StoreError> = db.read(|c| totp::find(c, user));
        let secret = secret.unwrap().unwrap().bytes;
        let seconds = u64::try_from(at / 1_000).unwrap();
        generator(&secret, "")
            .unwrap()
            .generate(seconds)
            .to_string()
    }

    /// RFC 6238, appendix B, SHA-1, the last six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = generator(b"12345678901234567890", "").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.generate(seconds).to_string(), code);
        }
    }

    #[test]
    fn a_code_opens_once_and_only_in_its_time() {
        let (_folder, db, user) = with_user();
        let shown = begin(&db, user, "chen: the first").unwrap().unwrap();
        assert!(
            shown.address.starts_with("otpauth://totp/Tallyman"),
            "{}",
            shown.address
        );
        assert!(shown.address.contains(&shown.secret));
        let first = code(&db, user, NOW);
        assert!(!check(&db, user, &first, NOW).unwrap(), "not confirmed yet");
        assert!(confirm(&db, user, "000000", NOW).unwrap().is_none());
        let recovery = confirm(&db, user, &first, NOW).unwrap().unwrap();
        assert_eq!(recovery.len(), 10);
        assert!(!check(&db, user, &first, NOW).unwrap(), "the code was used");
        assert!(begin(&db, user, "chen").unwrap().is_none(), "one is in use");

        let next = code(&db, user, NOW + STEP);
        assert!(check(&db, user, &format!(" {} ", next), NOW + STEP).unwrap());
        assert!(
            !check(&db, user, &next, NOW + STEP + 1).unwrap(),
            "no code twice"
        );
        let early = code(&db, user, NOW + 3 * STEP);
        assert!(
            check(&db, user, &early, NOW + 2 * STEP).unwrap(),
            "a clock ahead"
        );
        let between = code(&db, user, NOW + 2 * STEP);
        assert!(
            !check(&db, user, &between, NOW + 2 * STEP).unwrap(),
            "none from before the last"
        );
        let late = code(&db, user, NOW + 9 * STEP);
        assert!(!check(&db, user, &late, NOW + 12 * STEP).unwrap());

        let typed = recovery[0].to_lowercase().replace('-', " ");
        assert!(check(&db, user, &typed, NOW).unwrap());
        assert!(
            !check(&db, user, &recovery[0], NOW).unwrap(),
            "no recovery code twice"
        );
        let renewed = renew_recovery(&db, user).unwrap();
        assert!(!check(&db, user, &recovery[1], NOW).unwrap());
        assert!(check(&db, user, &renewed[1], NOW).unwrap());
        remove(&db, user).unwrap();
        assert!(!check(&db, user, &renewed[2], NOW).unwrap());
    }
}
