//! Which symbologies the cameras of a site read, everywhere and in single operations. A field of the site's record, which
//! only the server writes.

use std::collections::BTreeMap;

use crate::record::{FieldEdit, Record, RecordKind, Value};

const CAMERA_READS: &str = "camera_reads";

/// Symbologies by their stable codes (`ean-13`, `qr`, ...). Whether each is one is not asked: a program that is newer may
/// know more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CameraReads {
    /// What is read where an operation has no choice of its own; empty: what the program reads by itself.
    pub everywhere: Vec<String>,
    /// The choice of single operations, by their codes (`receive`, `pick`, ...); none is empty.
    pub operations: BTreeMap<String, Vec<String>>,
}

impl CameraReads {
    /// What a site's record says; nothing for a record of another kind.
    pub fn of(record: &Record) -> Self {
        let mut reads = Self::default();
        if record.kind != RecordKind::Site {
            return reads;
        }
        let text = record.fields.get(CAMERA_READS).and_then(Value::as_text);
        for line in text.unwrap_or_default().lines() {
            let Some((operation, codes)) = line.split_once(':') else {
                continue;
            };
            let codes: Vec<String> = codes.split_whitespace().map(str::to_owned).collect();
            reads.set(Some(operation.trim()).filter(|o| !o.is_empty()), codes);
        }
        reads
    }

    /// What is read in an operation, or outside all of them; empty: what the program reads by itself.
    pub fn in_operation(&self, operation: Option<&str>) -> &[String] {
        let own = operation.and_then(|operation| self.operations.get(operation));
        own.unwrap_or(&self.everywhere)
    }

    /// Makes a choice for an operation, or everywhere; no codes take it back.
    pub fn set(&mut self, operation: Option<&str>, codes: Vec<String>) {
        match operation {
            None => self.everywhere = codes,
            Some(operation) if codes.is_empty() => {
                self.operations.remove(operation);
            }
            Some(operation) => {
                self.operations.insert(operation.to_owned(), codes);
            }
        }
    }

    /// Replaces all that a site's record says of it.
    pub fn fields(&self) -> Vec<FieldEdit> {
        let everywhere = (!self.everywhere.is_empty()).then_some(("", &self.everywhere));
        let operations = self.operations.iter().map(|(o, codes)| (o.as_str(), codes));
        let lines = everywhere.into_iter().chain(operations);
        let lines: Vec<String> = lines
            .map(|(o, codes)| format!("{o}:{}", codes.join(" ")))
            .collect();
        vec![FieldEdit::set(CAMERA_READS, lines.join("\n").as_str())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::stored;

    fn codes(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_operation_reads_its_own_choice_and_else_that_of_the_site() {
        let mut reads = CameraReads::default();
        assert_eq!(reads.in_operation(Some("pick")), [""; 0]);
        reads.set(None, codes("ean-13 qr"));
        reads.set(Some("pick"), codes("code-128"));
        let stored_reads = CameraReads::of(&stored(RecordKind::Site, &reads.fields()));
        assert_eq!(stored_reads, reads);
        assert_eq!(stored_reads.in_operation(Some("pick")), ["code-128"]);
        assert_eq!(stored_reads.in_operation(Some("count")), ["ean-13", "qr"]);
        assert_eq!(stored_reads.in_operation(None), ["ean-13", "qr"]);
        reads.set(Some("pick"), Vec::new());
        assert_eq!(reads.in_operation(Some("pick")), ["ean-13", "qr"]);
        reads.set(None, Vec::new());
        let emptied = CameraReads::of(&stored(RecordKind::Site, &reads.fields()));
        assert_eq!(emptied, CameraReads::default());
        let of_item = stored(RecordKind::Item, &stored_reads.fields());
        assert_eq!(CameraReads::of(&of_item), CameraReads::default());
    }
}
