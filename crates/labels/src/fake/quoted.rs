//! Contents as they were before a language quoted them.

pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Field data after ^FH.
pub(super) fn unhex(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut parts = text.split('_');
    out.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let byte = part
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(byte.unwrap_or(b'?'));
        out.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
    }
    out
}

pub(super) fn zpl_code128(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '>' => match characters.next() {
                Some('0') => out.push('>'),
                Some(':' | ';' | '5' | '6' | '8') => {}
                other => out.push_str(&format!("[{other:?}]")),
            },
            other => out.push(other),
        }
    }
    out
}

/// The last text in quotes, unquoted. `None`: the quotes do not end, or something stands behind them.
pub(super) fn tspl_quoted(parameters: &str) -> Option<String> {
    // The marks of a quoted quote are put out of the way first.
    let hidden = parameters.replace("\\[\"]", "\u{1}");
    let (_, quoted) = hidden.strip_suffix('"')?.rsplit_once('"')?;
    hidden
        .matches('"')
        .count()
        .is_multiple_of(2)
        .then(|| quoted.replace('\u{1}', "\""))
}

/// What 128M says without `!104` and the like.
pub(super) fn without_sets(text: &str) -> String {
    let mut parts = text.split('!');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| said + part.get(3..).unwrap_or_default())
}

pub(super) fn escpos_code128(data: &[u8]) -> String {
    let mut out = String::new();
    let mut in_c = false;
    let mut bytes = data.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, in_c) {
            (b'{', _) => match bytes.next() {
                Some(b'B') => in_c = false,
                Some(b'C') => in_c = true,
                Some(b'{') => out.push('{'),
                Some(b'1') => {}
                other => out.push_str(&format!("[{other:?}]")),
            },
            (pair, true) => out.push_str(&format!("{pair:02}")),
            (character, false) => out.push(char::from(character)),
        }
    }
    out
}
