//! Reports as files: worksheets and paper. What they say is worked out elsewhere.

mod bin_labels;
mod paper;
mod stocktake;

pub(crate) use bin_labels::bin_labels;
pub(crate) use stocktake::{figures, pdf, xlsx};
