//! The plan of a build with neither zxing-cpp nor rxing: QR codes by rqrr, EAN, UPC and Code 128 by our own
//! reader.

use super::rqrr::RqrrDecoder;
use super::{Schedule, Stage};
use crate::linear::{Fitted, LinearDecoder};
use crate::{ReaderSettings, Symbology};

/// The stages for these symbologies, in the order in which they run.
pub(crate) fn standard_stages(settings: &ReaderSettings) -> Vec<Stage> {
    let mut stages = Vec::new();
    if settings.symbologies.contains(&Symbology::Qr) {
        stages.push(Stage::new("rqrr", Schedule::EACH_FRAME, || RqrrDecoder));
    }
    if settings.symbologies.iter().any(|s| s.is_linear()) {
        let settings = settings.clone();
        stages.push(Stage::new("linear", Schedule::EACH_FRAME, move || {
            LinearDecoder::new(None, Some(Fitted::new(&settings, 40_000_000)), 8)
        }));
    }
    stages
}
