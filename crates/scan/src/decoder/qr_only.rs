//! The plan of a build with neither zxing-cpp nor rxing: only QR codes are read.

use super::rqrr::RqrrDecoder;
use super::{Schedule, Stage};
use crate::Symbology;

/// rqrr on each frame, if QR is asked for.
pub(crate) fn standard_stages(symbologies: &[Symbology]) -> Vec<Stage> {
    let asked = symbologies.contains(&Symbology::Qr);
    asked
        .then(|| Stage::new("rqrr", Schedule::EACH_FRAME, || RqrrDecoder))
        .into_iter()
        .collect()
}
