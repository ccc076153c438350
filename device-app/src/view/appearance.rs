//! How the screens look, the same on each of them.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appearance {
    pub language: Language,
    pub theme: Theme,
    /// 100 to 130, 100 is normal.
    pub text_percent: u32,
    /// Puts what the thumb reaches on the left.
    pub left_handed: bool,
    /// Own keyboard under text fields, for devices whose system shows none.
    pub screen_keyboard: bool,
    /// Text fields begin with pinyin; fields for codes never do.
    pub pinyin: bool,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            language: Language::English,
            theme: Theme::Light,
            text_percent: 100,
            left_handed: false,
            screen_keyboard: true,
            pinyin: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// `en` or `zh_CN`, the name of the folder in `lang/`.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh_CN",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Theme {
    Light,
    Dark,
    /// Black on white with heavy lines, for reading in sunlight.
    Sun,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Sun];

    pub fn code(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Sun => "sun",
        }
    }
}
