//! What a procedure knows besides stock: the time, the place, the person.

use domain::UnixMillis;

/// Which of the two names of an item is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 中文
    Chinese,
}

/// The circumstances of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Now, by the device's hybrid clock.
    pub now: UnixMillis,
    /// IANA name of the site's time zone; expiry days are days there.
    pub time_zone: String,
    /// Now as the screen shows it, such as `14:02`.
    pub time_of_day: String,
    /// Name of who is signed in.
    pub operator: String,
    /// A few letters and digits that tell this device from others, for plates that it makes up.
    pub device_mark: String,
    /// Language of item names.
    pub language: Language,
    /// Random bytes, new for each input: codes and identities are made up from them.
    pub random: [u8; 32],
}
