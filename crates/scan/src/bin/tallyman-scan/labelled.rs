//! Pictures with the text of their code beside them: `NAME.txt`, or `NAME.bin` for bytes.

use std::path::{Path, PathBuf};

use scan::Payload;
use scan::checks::upc_e_expanded;

/// What a picture holds.
pub(crate) enum Expected {
    Text(String),
    Bytes(Vec<u8>),
    /// The folder's name says that there is no code.
    Nothing,
}

pub(crate) struct Labelled {
    pub(crate) path: PathBuf,
    pub(crate) expected: Expected,
}

/// The pictures of one folder.
pub(crate) struct Folder {
    pub(crate) name: String,
    pub(crate) pictures: Vec<Labelled>,
}

const EXTENSIONS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// Every folder below `directory` that holds labelled pictures, and `directory` itself.
pub(crate) fn folders(directory: &Path) -> std::io::Result<Vec<Folder>> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(folder) = waiting.pop() {
        let mut pictures = Vec::new();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let none = name.starts_with("falsepositives");
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if is_picture(&path)
                && let Some(expected) = expected(&path, none)
            {
                pictures.push(Labelled { path, expected });
            }
        }
        pictures.sort_by(|a, b| a.path.cmp(&b.path));
        if !pictures.is_empty() {
            let name = name.into_owned();
            found.push(Folder { name, pictures });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn expected(picture: &Path, none: bool) -> Option<Expected> {
    if let Ok(text) = std::fs::read(picture.with_extension("txt")) {
        return Some(Expected::Text(String::from_utf8_lossy(&text).into_owned()));
    }
    if let Ok(bytes) = std::fs::read(picture.with_extension("bin")) {
        return Some(Expected::Bytes(bytes));
    }
    none.then_some(Expected::Nothing)
}

/// Both texts in one form: brackets and separators of GS1 off, every GTIN with 13 digits.
fn plain(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    let text: String = text
        .chars()
        .filter(|c| !"\u{1d}()[]\r".contains(*c))
        .collect();
    if text.len() == 8
        && let Some(long) = upc_e_expanded(&text)
    {
        return format!("0{long}");
    }
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { format!("0{text}") } else { text }
}

impl Expected {
    /// Whether the payload is what the picture holds.
    pub(crate) fn is(&self, payload: &Payload) -> bool {
        match self {
            Expected::Nothing => false,
            Expected::Bytes(bytes) => *bytes == payload.bytes,
            Expected::Text(text) => {
                let (expected, found) = (plain(text), plain(&payload.text));
                let bare = |text: &str| {
                    text.trim_matches(|c: char| c == '*' || c.is_ascii_alphabetic())
                        .to_owned()
                };
                let framed = matches!(payload.symbology_identifier.as_bytes(), [b']', b'F', ..]);
                // Where the label holds the add-on too, it must have been read.
                let add_on = payload.add_on.as_deref().unwrap_or_default();
                let extended = format!("{found}{add_on}");
                expected == found
                    || expected == extended
                    || expected.trim_matches('*') == found.trim_matches('*')
                    || framed && bare(&expected) == bare(&found)
            }
        }
    }

    /// Whether the payload is the main code of a label that has an add-on too, and only that is
    /// missing: not all was read, but nothing wrong.
    pub(crate) fn begins_with(&self, payload: &Payload) -> bool {
        let Expected::Text(text) = self else {
            return false;
        };
        let (expected, main) = (plain(text), plain(&payload.text));
        let rest = expected.strip_prefix(&main);
        main.len() == 13 && rest.is_some_and(|rest| matches!(rest.len(), 2 | 5))
    }
}
