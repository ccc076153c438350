//! What tests and the demo need, and no shipped program does.

pub mod disk;
#[cfg(feature = "labels")]
pub mod labels;
pub mod random;
pub mod site;
