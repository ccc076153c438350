//! What a supervisor tells a device: a message, and how it is to be set up. Fields of the device's record, which only
//! the server writes.

use std::collections::BTreeMap;

use domain::UnixMillis;

use crate::record::{FieldEdit, Record, RecordKind, Value};

/// Longest message, in characters.
pub const MESSAGE_CHARS_MAX: usize = 120;

const MESSAGE: &str = "message";
const SENT_AT: &str = "message-at";
const SETTING: &str = "setting:";
const LOCKED: &str = "locked";
const LOCK_TEXT: &str = "lock-text";
const LOCKED_BY: &str = "locked-by";
const LOCKED_AT: &str = "locked-at";

/// What can be set from afar, with the values that it takes. Numbers are percent, or minutes without input until the
/// person is signed out (0: never).
pub const SETTINGS: [(&str, &[&str]); 9] = [
    ("language", &["zh_CN", "en"]),
    ("theme", &["light", "dark", "sun"]),
    ("text-size", &["100", "115", "130"]),
    ("sound", &["on", "off"]),
    ("volume", &["20", "40", "60", "80", "100"]),
    ("vibration-only", &["on", "off"]),
    ("camera", &["on", "off"]),
    ("metered", &["on", "off"]),
    ("idle-minutes", &["5", "15", "30", "60", "0"]),
];

/// Words for whoever holds the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The words.
    pub text: String,
    /// When they were sent; tells a message from the same one sent again.
    pub at: UnixMillis,
}

/// Nobody works on the device until it is unlocked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// What a supervisor says to whoever holds it; may be empty, at most [`MESSAGE_CHARS_MAX`] characters.
    pub text: String,
    /// Who locked it, as people know them; empty if an older server did not say.
    pub by: String,
    /// When, unix milliseconds; 0 if an older server did not say.
    pub at: UnixMillis,
}

/// What the record of a device says to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instructions {
    /// The last message.
    pub message: Option<Told>,
    /// Name and value of [`SETTINGS`]; what is not in it is the person's choice.
    pub settings: BTreeMap<String, String>,
    /// The device is locked.
    pub locked: Option<Lock>,
}

impl Instructions {
    /// What a record says. Settings and values that this program does not know are left out.
    pub fn of(record: &Record) -> Self {
        if record.kind != RecordKind::Device {
            return Self::default();
        }
        let text = |path: &str| record.fields.get(path).and_then(Value::as_text);
        let number = |path: &str| match record.fields.get(path) {
            Some(Value::Integer(n)) => *n,
            _ => 0,
        };
        let at = number(SENT_AT);
        let message = text(MESSAGE).filter(|text| !text.is_empty()).map(|text| {
            let text = text.chars().take(MESSAGE_CHARS_MAX).collect();
            Told { text, at }
        });
        let setting = |(name, values): &(&str, &[&str])| {
            let value = text(&format!("{SETTING}{name}"))?;
            (values.contains(&value)).then(|| ((*name).to_owned(), value.to_owned()))
        };
        Self {
            message,
            settings: SETTINGS.iter().filter_map(setting).collect(),
            locked: match record.fields.get(LOCKED) {
                Some(Value::Boolean(true)) => {
                    let words = |path| text(path).unwrap_or_default().chars();
                    Some(Lock {
                        text: words(LOCK_TEXT).take(MESSAGE_CHARS_MAX).collect(),
                        by: words(LOCKED_BY).take(MESSAGE_CHARS_MAX).collect(),
                        at: number(LOCKED_AT),
                    })
                }
                _ => None,
            },
        }
    }

    /// Locks the device: nobody works on it, and what it holds it still sends.
    pub fn lock(lock: &Lock) -> Vec<FieldEdit> {
        vec![
            FieldEdit::set(LOCKED, true),
            FieldEdit::set(LOCK_TEXT, lock.text.as_str()),
            FieldEdit::set(LOCKED_BY, lock.by.as_str()),
            FieldEdit::set(LOCKED_AT, lock.at),
        ]
    }

    /// Unlocks it.
    pub fn unlock() -> Vec<FieldEdit> {
        vec![FieldEdit::set(LOCKED, false), FieldEdit::set(LOCK_TEXT, "")]
    }

    /// Sends a message.
    pub fn tell(text: &str, at: UnixMillis) -> Vec<FieldEdit> {
        vec![FieldEdit::set(MESSAGE, text), FieldEdit::set(SENT_AT, at)]
    }

    /// Sets the device up; an empty value leaves the setting to whoever holds the device. What is no setting, or no
    /// value of one, is left out.
    pub fn set_up<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<FieldEdit> {
        let known = |name: &str, value: &str| {
            let of_name = SETTINGS.iter().find(|(known, _)| *known == name);
            of_name.is_some_and(|(_, values)| value.is_empty() || values.contains(&value))
        };
        settings
            .into_iter()
            .filter(|(name, value)| known(name, value))
            .map(|(name, value)| FieldEdit::set(format!("{SETTING}{name}"), value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::stored;

    #[test]
    fn what_is_told_and_set_reads_back_and_nonsense_does_not() {
        let mut edits = Instructions::tell("A 区先盘点", 1_790_000_000_000);
        edits.extend(Instructions::set_up([
            ("volume", "40"),
            ("theme", ""),
            ("volume-of-the-sea", "40"),
            ("language", "latin"),
        ]));
        edits.push(FieldEdit::set("setting:text-size", "999"));
        let lock = Lock {
            text: "请交回办公室".into(),
            by: "陈主管".into(),
            at: 1_790_000_000_001,
        };
        edits.extend(Instructions::lock(&lock));
        let read = Instructions::of(&stored(RecordKind::Device, &edits));
        let told = Told {
            text: "A 区先盘点".into(),
            at: 1_790_000_000_000,
        };
        assert_eq!(read.message, Some(told));
        assert_eq!(read.settings, [("volume".into(), "40".into())].into());
        assert_eq!(read.locked, Some(lock));
        // As servers wrote it that did not say who and when.
        let older = [
            FieldEdit::set("locked", true),
            FieldEdit::set("lock-text", ""),
        ];
        let read = Instructions::of(&stored(RecordKind::Device, &older));
        assert_eq!(read.locked, Some(Lock::default()));
        let unlocked = stored(RecordKind::Device, &Instructions::unlock());
        assert_eq!(Instructions::of(&unlocked), Instructions::default());
        let empty = Instructions::of(&stored(RecordKind::Device, &Instructions::tell("", 5)));
        assert_eq!(empty, Instructions::default());
        assert_eq!(
            Instructions::of(&stored(RecordKind::Operator, &edits)),
            Instructions::default(),
            "no device"
        );
    }
}
