//! The words a person reads. One file per language in `lang/`; a test compares their keys and looks for unknown ones.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// 简体中文
    Zh,
    /// English
    En,
}

type Words = HashMap<&'static str, &'static str>;

static ZH: LazyLock<Words> = LazyLock::new(|| parse(include_str!("../lang/zh.txt")));
static EN: LazyLock<Words> = LazyLock::new(|| parse(include_str!("../lang/en.txt")));

/// Lines of `key = words`; `#` begins a comment; `{name}` in the words is a blank to fill in.
fn parse(file: &'static str) -> Words {
    file.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(key, words)| (key.trim(), unquoted(words.trim())))
        .collect()
}

/// Quotes keep the spaces at the ends of a text.
fn unquoted(words: &'static str) -> &'static str {
    let inner = words.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
    inner.unwrap_or(words)
}

impl Lang {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// For the cookie.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// For the `lang` attribute.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// What the language calls itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Zh => "中文",
            Self::En => "English",
        }
    }

    /// From the cookie.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The best of the languages that a browser asks for; Chinese if it asks for none of ours.
    pub fn from_accept(header: &str) -> Self {
        let mut best = (0.0_f32, Self::Zh);
        for part in header.split(',') {
            let mut pieces = part.trim().split(';');
            let tag = pieces.next().unwrap_or_default().to_ascii_lowercase();
            let weight = pieces
                .find_map(|p| p.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let lang = match tag.split('-').next() {
                Some("zh") => Self::Zh,
                Some("en") => Self::En,
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, lang);
            }
        }
        best.1
    }

    fn words(self) -> &'static Words {
        match self {
            Self::Zh => &ZH,
            Self::En => &EN,
        }
    }

    /// The words for a key that is in the files; an unknown key shows itself.
    pub fn t(self, key: &str) -> &str {
        self.find(key).unwrap_or(key)
    }

    /// The words for a key, if it is in the file.
    pub fn find(self, key: &str) -> Option<&'static str> {
        self.words().get(key).copied()
    }

    /// The words with their blanks filled in.
    pub fn fill(self, key: &str, blanks: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = self.t(key);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            match blanks.iter().find(|(blank, _)| *blank == name) {
                Some((_, value)) => out.push_str(value),
                None => out.push_str(&format!("{{{name}}}")),
            }
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_english_has_spaces() {
        assert_eq!(Lang::En.t("words.comma"), ", ");
        assert_eq!(Lang::Zh.t("words.comma"), "、");
    }

    #[test]
    fn both_files_have_the_same_keys_and_blanks() {
        let blanks = |words: &str| {
            let mut names: Vec<String> = words
                .split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}'))
                .map(|(name, _)| name.to_owned())
                .collect();
            names.sort();
            names
        };
        for (a, b) in [(Lang::Zh, Lang::En), (Lang::En, Lang::Zh)] {
            for (key, words) in a.words() {
                let other = b.find(key);
                assert!(
                    other.is_some(),
                    "{key} is in {} but not in {}",
                    a.code(),
                    b.code()
                );
                assert_eq!(blanks(words), blanks(other.unwrap()), "blanks of {key}");
                assert!(!words.is_empty(), "{key} has no words");
            }
        }
        let lines = include_str!("../lang/zh.txt")
            .lines()
            .filter(|l| l.contains('=') && !l.starts_with('#'))
            .count();
        assert_eq!(lines, ZH.len(), "a key stands twice");
    }

    #[test]
    fn what_the_browser_asks_for() {
        for (header, lang) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-GB,en;q=0.9,zh;q=0.1", Lang::En),
            ("fr,en;q=0.5", Lang::En),
            ("fr", Lang::Zh),
            ("", Lang::Zh),
        ] {
            assert_eq!(Lang::from_accept(header), lang, "{header}");
        }
    }
}
