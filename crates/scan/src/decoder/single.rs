//! The decoders one by one, to compare the whole with.

use super::Decoder;
use super::rqrr::RqrrDecoder;
use crate::ReaderSettings;
use crate::linear::{Fitted, LinearDecoder};

/// What our own reader of linear codes may do to a picture when it is alone.
const LINEAR_PRODUCTS: i64 = 50_000_000;
const LINEAR_REGIONS: usize = 8;

/// Names that [`single`] knows in this build.
pub const SINGLE: &[&str] = &[
    #[cfg(feature = "zxing")]
    "zxing-fast",
    #[cfg(feature = "zxing")]
    "zxing",
    #[cfg(feature = "pure-rust")]
    "rxing",
    "rqrr",
    "linear",
];

/// The decoder of that name alone, as its makers deliver it; `None` for a name not in [`SINGLE`].
pub fn single(name: &str, settings: &ReaderSettings) -> Option<Box<dyn Decoder>> {
    #[cfg(any(feature = "pure-rust", feature = "zxing"))]
    let symbologies = &settings.symbologies;
    Some(match name {
        #[cfg(feature = "zxing")]
        "zxing-fast" => {
            use super::zxing::{Look, ZxingDecoder};
            Box::new(ZxingDecoder::new(settings, symbologies, Look::Fast))
        }
        #[cfg(feature = "zxing")]
        "zxing" => {
            use super::zxing::{Look, ZxingDecoder};
            Box::new(ZxingDecoder::new(settings, symbologies, Look::Full))
        }
        #[cfg(feature = "pure-rust")]
        "rxing" => {
            use super::rxing::{Look, RxingDecoder};
            Box::new(RxingDecoder::new(symbologies, Look::Full))
        }
        "rqrr" => Box::new(RqrrDecoder),
        "linear" => {
            let fitted = Fitted::new(settings, LINEAR_PRODUCTS);
            Box::new(LinearDecoder::new(None, Some(fitted), LINEAR_REGIONS))
        }
        _ => return None,
    })
}
