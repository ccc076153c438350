//! A line of a script as words: a JSON array of strings, or plain words. `<GS>` stands for the separator 0x1D.

/// The command and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    words: Vec<String>,
    /// Everything behind the command, as it was written.
    rest: String,
}

impl Words {
    pub(super) fn parse(line: &str) -> Option<Self> {
        if line.starts_with('[') {
            let words: Vec<String> = serde_json::from_str(line).ok()?;
            let rest = words.get(1..)?.join(" ");
            return Some(Self { words, rest });
        }
        let line = line.replace("<GS>", "\u{1d}");
        let (_, rest) = line.split_once(' ').unwrap_or((&line, ""));
        Some(Self {
            words: line
                .split(' ')
                .filter(|w| !w.is_empty())
                .map(Into::into)
                .collect(),
            rest: rest.trim().to_owned(),
        })
    }

    pub(super) fn command(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The n-th word behind the command, from 0.
    pub(super) fn at(&self, n: usize) -> Option<&str> {
        self.words.get(n + 1).map(String::as_str)
    }

    pub(super) fn from(&self, n: usize) -> &[String] {
        self.words.get(n + 1..).unwrap_or_default()
    }

    pub(super) fn rest(&self) -> &str {
        &self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_and_json() {
        let words = Words::parse("scan ]C110A<GS>21B").unwrap();
        assert_eq!((words.command(), words.rest()), ("scan", "]C110A\u{1d}21B"));
        let words = Words::parse(r#"["edit-item","W 1","name_zh=扳 手"]"#).unwrap();
        assert_eq!(words.at(0), Some("W 1"));
        assert_eq!(words.from(1), ["name_zh=扳 手"]);
        assert_eq!(Words::parse("[1"), None);
        assert_eq!(Words::parse("undo").unwrap().rest(), "");
    }
}
