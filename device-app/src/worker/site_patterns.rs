//! Which code means what at this site: patterns that a supervisor keeps on the console.

use operations::CodeFields;
use scan::pattern::{Fitted, Part, Pattern, first_fit};

/// The patterns, ready for scans.
#[derive(Debug, Default)]
pub(crate) struct SitePatterns {
    lines: Vec<String>,
    patterns: Vec<Pattern>,
}

impl SitePatterns {
    /// Takes the site's patterns over. One that this program does not understand is left out: a newer server may have
    /// written it, and the others still help.
    pub(crate) fn follow(&mut self, lines: &[String]) {
        if self.lines == lines {
            return;
        }
        let pattern = |line: &String| match Pattern::compile(line) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                tracing::warn!(%error, line, "no pattern of codes");
                None
            }
        };
        self.patterns = lines.iter().filter_map(pattern).collect();
        self.lines = lines.to_vec();
    }

    /// What a code says by the first pattern that fits: its fields, and where it names a place or a document and no goods,
    /// the text by which that is known.
    pub(crate) fn read(&self, code: &str, year: i32) -> Option<(CodeFields, Option<String>)> {
        let (_, fitted) = first_fit(&self.patterns, code, year)?;
        let text = |part| fitted.get(part).map(str::to_owned);
        let fields = CodeFields {
            lot: text(Part::Lot),
            serial: text(Part::Serial),
            expiry: fitted.expiry,
            count: count(&fitted),
            item_codes: text(Part::Item).into_iter().collect(),
            ..CodeFields::default()
        };
        let named = [Part::Bin, Part::Order, Part::Carton]
            .into_iter()
            .find_map(text);
        Some((fields, named))
    }
}

/// Whole pieces; a part of one is for the operator to type.
fn count(fitted: &Fitted) -> Option<u64> {
    fitted.get(Part::Quantity)?.parse().ok()
}
