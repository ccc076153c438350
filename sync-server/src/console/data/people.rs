//! People who scan.

use std::collections::HashMap;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use documents::catalogue::Operator;
use domain::{OperatorId, UnixMillis};
use replica::Commit;

use super::ConsoleData;
use super::names::called;
use super::resolve::operator_record;
use crate::auth::password::PasswordError;
use crate::console::view::{GrantView, Named, OperatorView};
use crate::error::AppError;

/// Who was not heard of in so many events has not been here for long.
const LOOKED_AT_MAX: u32 = 20_000;

/// A person to be added.
#[derive(Debug, Clone, Default)]
pub struct NewOperator {
    /// The name on the tile.
    pub name: String,
    /// Digits; empty for none.
    pub pin: String,
    /// What their badge reads; empty for none.
    pub badge: String,
}

impl NewOperator {
    /// Key of the words for what is wrong, if anything is.
    pub fn problem(&self) -> Option<&'static str> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 64 {
            return Some("people.bad-name");
        }
        let digits = self.pin.bytes().all(|b| b.is_ascii_digit());
        let is_pin = digits && (4..=8).contains(&self.pin.len());
        if !self.pin.is_empty() && !is_pin {
            return Some("people.bad-pin");
        }
        if self.pin.is_empty() && self.badge.trim().is_empty() {
            return Some("people.needs-one");
        }
        None
    }
}

impl ConsoleData {
    /// All people by name.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn operators(&self) -> Result<Vec<OperatorView>, AppError> {
        self.ask(|q| {
            let seen: HashMap<_, _> = q.last_seen(LOOKED_AT_MAX)?.into_iter().collect();
            let mut views = Vec::new();
            for operator in q.operators()? {
                views.push(OperatorView {
                    operator: called(operator.id.to_string(), &operator.name),
                    has_pin: !operator.pin_verifier.is_empty(),
                    badge: operator.badge,
                    active: operator.active,
                    grant: operator
                        .grants
                        .all()
                        .last_key_value()
                        .map(|(since, grant)| GrantView::of(*since, grant)),
                    last_event: seen.get(&operator.id).copied(),
                });
            }
            Ok(views)
        })
    }

    /// The names of all people and all devices, for filters.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn filter_names(&self) -> Result<(Vec<Named>, Vec<Named>), AppError> {
        self.ask(|q| {
            let operators = q.operators()?;
            let devices = q.devices()?;
            Ok((
                operators
                    .iter()
                    .map(|o| called(o.id.to_string(), &o.name))
                    .collect(),
                devices
                    .iter()
                    .map(|d| called(d.id.to_string(), &d.name))
                    .collect(),
            ))
        })
    }

    /// Adds a person. Returns whether the badge was free; nothing is written if it was not.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn add_operator(&self, new: &NewOperator, now: UnixMillis) -> Result<bool, AppError> {
        let mut replica = self.writer_at(now)?;
        let badge = new.badge.trim();
        let known = replica.query().operators()?;
        if !badge.is_empty() && known.iter().any(|o| o.active && o.badge == badge) {
            return Ok(false);
        }
        let pepper = replica.enrolled()?.pepper;
        let operator = Operator {
            id: OperatorId::from_bytes(replica.new_id(now)),
            name: new.name.trim().to_owned(),
            badge: badge.to_owned(),
            pin_verifier: match new.pin.as_str() {
                "" => String::new(),
                pin => pin_verifier(pin, &pepper).map_err(AppError::internal)?,
            },
            active: true,
            grants: Default::default(),
        };
        let commit = Commit {
            edits: vec![operator_record(&operator)],
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(true)
    }

    /// Who has this badge.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn operator_with_badge(&self, badge: &str) -> Result<OperatorId, AppError> {
        let found = self.ask(|q| Ok(q.operator_by_badge(badge)?))?;
        Ok(found.ok_or(AppError::NotFound)?.id)
    }

    /// Lets a person sign in on handhelds, or not any more.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn set_operator_active(
        &self,
        id: OperatorId,
        active: bool,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let mut replica = self.writer_at(now)?;
        let operator = replica.query().operator(id)?.ok_or(AppError::NotFound)?;
        let mut edit = operator_record(&operator);
        edit.fields = vec![documents::FieldEdit::set("active", active)];
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(())
    }
}

/// A PHC string of argon2id over the PIN, keyed by the organisation's pepper: who takes the database alone cannot try
/// PINs.
fn pin_verifier(pin: &str, pepper: &[u8]) -> Result<String, PasswordError> {
    let argon = Argon2::new_with_secret(
        pepper,
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        argon2::Params::DEFAULT,
    )
    .map_err(|_| PasswordError::Hashing)?;
    let mut salt = [0u8; 16];
    getrandom::fill(&mut salt).map_err(|_| PasswordError::Hashing)?;
    let hash: argon2::password_hash::phc::PasswordHash = argon
        .hash_password_with_salt(pin.as_bytes(), &salt)
        .map_err(|_| PasswordError::Hashing)?;
    Ok(hash.to_string())
}
