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

/// What a person's badge is to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewBadge {
    /// A code that is made up here.
    Made,
    /// One that they have already.
    Scanned(String),
    /// They have none any more.
    None,
}

impl NewOperator {
    /// Key of the words for what is wrong, if anything is.
    pub fn problem(&self) -> Option<&'static str> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 64 {
            return Some("people.bad-name");
        }
        if !self.pin.is_empty() && !is_pin(&self.pin) {
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
                if !self.shows(&operator) {
                    continue;
                }
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

    /// Whether a person may work at a site that is seen: who may nowhere in particular may everywhere.
    pub(super) fn shows(&self, operator: &Operator) -> bool {
        let grants = operator.grants.all();
        match grants
            .values()
            .next_back()
            .and_then(|grant| grant.sites.as_ref())
        {
            Some(sites) => sites.iter().any(|site| self.scope.sees(*site)),
            None => true,
        }
    }

    /// A person who may work at a site that is seen.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub(super) fn shown(&self, id: OperatorId) -> Result<(), AppError> {
        let found = self.ask(|q| Ok(q.operator(id)?))?;
        let shown = found.filter(|operator| self.shows(operator));
        shown.map(drop).ok_or(AppError::NotFound)
    }

    /// The names of all people and all devices, for filters.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn filter_names(&self) -> Result<(Vec<Named>, Vec<Named>), AppError> {
        self.ask(|q| {
            let mut operators = q.operators()?;
            operators.retain(|operator| self.shows(operator));
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

    /// A person as their badge shows them.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn badge(&self, id: OperatorId) -> Result<OperatorView, AppError> {
        let found = self.operators()?.into_iter();
        let mut found = found.filter(|view| view.operator.id == id.to_string());
        found.next().ok_or(AppError::NotFound)
    }

    /// Gives a person another badge, made up here or that was scanned (`code`), or takes it away. Returns whether the code
    /// was free.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn set_badge(
        &self,
        id: OperatorId,
        badge: &NewBadge,
        now: UnixMillis,
    ) -> Result<bool, AppError> {
        let code = match badge {
            NewBadge::Made => new_badge()?,
            NewBadge::Scanned(code) => code.trim().to_owned(),
            NewBadge::None => String::new(),
        };
        self.shown(id)?;
        let mut replica = self.writer_at(now)?;
        let known = replica.query().operators()?;
        let is_taken = known
            .iter()
            .any(|o| o.active && o.badge == code && o.id != id);
        if !code.is_empty() && is_taken {
            return Ok(false);
        }
        let operator = known.into_iter().find(|o| o.id == id);
        let mut edit = operator_record(&operator.ok_or(AppError::NotFound)?);
        edit.fields = vec![documents::FieldEdit::set("badge", code.as_str())];
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(true)
    }

    /// Gives a person another PIN, or takes it away. Only its verifier is kept.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::BadRequest`] if it is none.
    pub fn set_pin(
        &self,
        id: OperatorId,
        pin: Option<&str>,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        self.shown(id)?;
        let pepper = self.writer().enrolled()?.pepper;
        let verifier = match pin {
            None => String::new(),
            Some(pin) if is_pin(pin) => pin_verifier(pin, &pepper).map_err(AppError::internal)?,
            Some(_) => return Err(AppError::BadRequest),
        };
        let mut replica = self.writer_at(now)?;
        let operator = replica.query().operator(id)?.ok_or(AppError::NotFound)?;
        let mut edit = operator_record(&operator);
        edit.fields = vec![documents::FieldEdit::set("pin_verifier", verifier.as_str())];
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(())
    }

    /// What somebody calls the device or the person with that id; the id itself if it is neither.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn called(&self, id: &str) -> Result<String, AppError> {
        self.ask(|q| {
            if let Ok(device) = id.parse()
                && let Some(device) = q.device(device)?
            {
                return Ok(device.name);
            }
            if let Ok(operator) = id.parse()
                && let Some(operator) = q.operator(operator)?
            {
                return Ok(operator.name);
            }
            Ok(id.to_owned())
        })
    }

    /// Who has this badge.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn operator_with_badge(&self, badge: &str) -> Result<OperatorId, AppError> {
        let found = self.ask(|q| Ok(q.operator_by_badge(badge)?))?;
        Ok(found.ok_or(AppError::NotFound)?.id)
    }

    /// The people and handhelds that ids of the audit trail stand for, by id; others are left out.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn people_and_devices(&self, ids: &[String]) -> Result<HashMap<String, String>, AppError> {
        self.ask(|q| {
            let mut names = HashMap::new();
            for id in ids {
                let person = match id.parse() {
                    Ok(id) => q.operator(id)?.map(|operator| operator.name),
                    Err(_) => None,
                };
                let name = match (person, id.parse()) {
                    (None, Ok(id)) => q.device(id)?.map(|device| device.name),
                    (person, _) => person,
                };
                if let Some(name) = name {
                    names.insert(id.clone(), name);
                }
            }
            Ok(names)
        })
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
        self.shown(id)?;
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

/// Whether a handheld's pad can type it.
pub fn is_pin(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && (4..=8).contains(&text.len())
}

/// Twelve letters and digits that are taken for nothing else (60 bits): a badge opens a handheld by itself.
fn new_badge() -> Result<String, AppError> {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut random = [0u8; 12];
    getrandom::fill(&mut random).map_err(|error| AppError::internal(error.to_string()))?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
    let code: String = random.iter().map(|byte| char::from(letter(byte))).collect();
    Ok(format!("TM{code}"))
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
