//! PINs: checked against the operator's verifier, and not faster than a lock allows.

use std::collections::BTreeMap;

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use replica::{Replica, ReplicaError};
use serde::{Deserialize, Serialize};

/// Wrong PINs before the first lock.
const FREE_TRIES: u32 = 5;
/// The first lock; each further wrong PIN doubles it.
const FIRST_LOCK_MS: i64 = 30_000;
const LONGEST_LOCK_MS: i64 = 3_600_000;
const NAME: &str = "pin-tries";

/// Whether the PIN is the one behind the verifier: argon2id, keyed by the organisation's secret.
pub(crate) fn is_right(pin: &str, verifier: &str, pepper: &[u8; 32]) -> bool {
    let Ok(hash) = PasswordHash::new(verifier) else {
        return false;
    };
    // The verifier's own parameters are used; these only fill the place.
    Argon2::new_with_secret(
        pepper,
        Algorithm::Argon2id,
        Version::V0x13,
        Params::default(),
    )
    .is_ok_and(|argon2| argon2.verify_password(pin.as_bytes(), &hash).is_ok())
}

/// Wrong tries of each operator. Kept in the database, so that a restart does not give five more.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tries(BTreeMap<String, Wrong>);

#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Wrong {
    count: u32,
    locked_until: i64,
}

impl Tries {
    pub(crate) fn load(replica: &Replica) -> Result<Self, ReplicaError> {
        let kept = replica.query().setting(NAME)?;
        Ok(kept
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default())
    }

    fn save(&self, replica: &mut Replica) -> Result<(), ReplicaError> {
        replica.set_setting(NAME, &serde_json::to_string(self).unwrap_or_default())
    }

    /// Seconds until the operator may try again; 0 when now.
    pub(crate) fn locked_seconds(&self, operator: &str, now: i64) -> u32 {
        let until = self.0.get(operator).map_or(0, |w| w.locked_until);
        // A clock set back must not lock anybody out for longer than the longest lock.
        let left = (until - now).clamp(0, LONGEST_LOCK_MS);
        u32::try_from((left + 999) / 1_000).unwrap_or(0)
    }

    /// Notes a wrong PIN before anybody learns that it was wrong.
    pub(crate) fn wrong(
        &mut self,
        operator: &str,
        now: i64,
        replica: &mut Replica,
    ) -> Result<(), ReplicaError> {
        let tries = self.0.entry(operator.to_owned()).or_default();
        tries.count = tries.count.saturating_add(1);
        if tries.count >= FREE_TRIES {
            let doublings = (tries.count - FREE_TRIES).min(16);
            tries.locked_until = now + (FIRST_LOCK_MS << doublings).min(LONGEST_LOCK_MS);
        }
        self.save(replica)
    }

    pub(crate) fn right(
        &mut self,
        operator: &str,
        replica: &mut Replica,
    ) -> Result<(), ReplicaError> {
        if self.0.remove(operator).is_some() {
            self.save(replica)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;
    use replica::OpenOptions;

    use super::*;

    #[test]
    fn only_the_right_pin_under_the_right_secret() {
        let params = Params::new(64, 1, 1, None).unwrap();
        let argon2 =
            Argon2::new_with_secret(&[7; 32], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let salt = b"0123456789abcdef";
        let verifier = argon2
            .hash_password_with_salt(b"4711", salt)
            .unwrap()
            .to_string();
        assert!(is_right("4711", &verifier, &[7; 32]));
        assert!(!is_right("4712", &verifier, &[7; 32]));
        assert!(!is_right("4711", &verifier, &[8; 32]));
        assert!(!is_right("", "", &[7; 32]));
    }

    #[test]
    fn the_lock_grows_and_outlives_a_restart() {
        let mut replica = Replica::open(OpenOptions::memory([1; 8])).unwrap();
        let mut tries = Tries::default();
        for _ in 0..4 {
            tries.wrong("op", 1_000, &mut replica).unwrap();
            assert_eq!(tries.locked_seconds("op", 1_000), 0);
        }
        tries.wrong("op", 1_000, &mut replica).unwrap();
        assert_eq!(tries.locked_seconds("op", 1_000), 30);
        tries.wrong("op", 40_000, &mut replica).unwrap();
        let tries = Tries::load(&replica).unwrap();
        assert_eq!(tries.locked_seconds("op", 40_000), 60);
        assert_eq!(tries.locked_seconds("other", 40_000), 0);
        assert_eq!(tries.locked_seconds("op", 0), 100);
        let mut tries = tries;
        tries.right("op", &mut replica).unwrap();
        assert_eq!(Tries::load(&replica).unwrap().locked_seconds("op", 0), 0);
    }
}
