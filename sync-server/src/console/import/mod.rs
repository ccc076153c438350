//! CSV import.

/// Files that were checked and wait to be imported.
#[derive(Default)]
pub struct Uploads {}
