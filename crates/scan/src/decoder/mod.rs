//! Decoders, each behind one trait, and which of them run when.

#[cfg(any(feature = "pure-rust", feature = "zxing"))]
mod enhanced;
#[cfg(any(feature = "pure-rust", feature = "zxing"))]
mod plan;
#[cfg(not(any(feature = "pure-rust", feature = "zxing")))]
mod qr_only;
mod rqrr;
#[cfg(feature = "pure-rust")]
mod rxing;
mod single;
mod slanted;
mod stages;
#[cfg(feature = "zxing")]
mod zxing;

#[cfg(any(feature = "pure-rust", feature = "zxing"))]
pub(crate) use plan::standard_stages;
#[cfg(not(any(feature = "pure-rust", feature = "zxing")))]
pub(crate) use qr_only::standard_stages;
pub use single::{SINGLE, single};
pub use slanted::Slanted;
pub use stages::{Schedule, Stage};

use crate::{LumaFrame, Payload};

/// Reads the codes in a frame.
///
/// It is called from one thread that is not the caller's. It may panic and it may hang: the thread
/// is replaced, and a new decoder is made. It need not check what it reads, since every payload
/// goes through [`crate::ReaderSettings`] and the check digits afterwards.
pub trait Decoder {
    /// Everything it finds, in any order; the same code twice does no harm.
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload>;
}
