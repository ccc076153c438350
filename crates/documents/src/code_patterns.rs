//! Which code means what at a site: patterns of the codes that it or its customers made up, one a line. A field of the
//! site's record, which only the server writes.

use crate::record::{FieldEdit, Record, RecordKind, Value};

/// Patterns of one site at most. Each scan is compared with all of them.
pub const CODE_PATTERNS_MAX: usize = 50;

const CODE_PATTERNS: &str = "code_patterns";

/// The patterns that a site's record holds, in the order in which they are tried; none for a record of another kind.
/// Whether each is one is not asked: a program that is newer may know more.
pub fn code_patterns(record: &Record) -> Vec<String> {
    if record.kind != RecordKind::Site {
        return Vec::new();
    }
    let text = record.fields.get(CODE_PATTERNS).and_then(Value::as_text);
    let lines = text.unwrap_or_default().lines();
    let lines = lines.filter(|line| !line.trim().is_empty());
    lines.take(CODE_PATTERNS_MAX).map(str::to_owned).collect()
}

/// Replaces all patterns of a site; no lines take all away.
pub fn set_code_patterns(lines: &[String]) -> Vec<FieldEdit> {
    vec![FieldEdit::set(CODE_PATTERNS, lines.join("\n").as_str())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::stored;

    #[test]
    fn patterns_read_back_in_their_order() {
        let lines: Vec<String> = ["LOC-{bin}", "{item}*{quantity}"].map(str::to_owned).into();
        let read = |kind, edits: &[FieldEdit]| code_patterns(&stored(kind, edits));
        assert_eq!(read(RecordKind::Site, &set_code_patterns(&lines)), lines);
        assert_eq!(read(RecordKind::Item, &set_code_patterns(&lines)), [""; 0]);
        assert_eq!(read(RecordKind::Site, &set_code_patterns(&[])), [""; 0]);
        let many = vec!["{item}".to_owned(); CODE_PATTERNS_MAX + 1];
        let read = read(RecordKind::Site, &set_code_patterns(&many));
        assert_eq!(read.len(), CODE_PATTERNS_MAX);
    }
}
