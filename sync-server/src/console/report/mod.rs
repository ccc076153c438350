//! Reports as files: worksheets and paper. What they say is worked out elsewhere.

mod abandoned;
mod bin_labels;
mod custody_labels;
mod paper;
mod receipt;
mod stocktake;

pub(crate) use abandoned::Abandoned;
pub(crate) use bin_labels::bin_labels;
pub(crate) use custody_labels::custody_labels;
pub(crate) use receipt::receipt;
pub(crate) use stocktake::{figures, pdf, xlsx};
