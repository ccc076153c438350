//! Reports as files: worksheets and paper. What they say is worked out elsewhere.

mod paper;
mod stocktake;

pub(crate) use stocktake::{figures, pdf, xlsx};
