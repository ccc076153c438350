//! From bytes to text: Excel in China writes GBK, or UTF-8 with a mark.

use encoding_rs::{GB18030, UTF_8};

/// The text of a file and the name of the encoding. A mark at the start decides; else UTF-8 if it is valid; else
/// GB18030, which contains GBK.
pub fn decode(bytes: &[u8]) -> (String, &'static str) {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
        return (text.into_owned(), encoding.name());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), UTF_8.name());
    }
    let (text, _) = GB18030.decode_without_bom_handling(bytes);
    (text.into_owned(), GB18030.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_write() {
        let words = "编码,名称\nA-1,喆牌扳手";
        let (gbk, _, bad) = encoding_rs::GBK.encode(words);
        assert!(!bad);
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(words.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for (bytes, encoding) in [
            (words.as_bytes().to_vec(), "UTF-8"),
            (["\u{feff}", words].concat().into_bytes(), "UTF-8"),
            (gbk.into_owned(), "gb18030"),
            (utf16, "UTF-16LE"),
        ] {
            assert_eq!(decode(&bytes), (words.to_owned(), encoding));
        }
    }
}
