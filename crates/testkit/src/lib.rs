//! The demo site and label pictures, for tests and the demo.

pub mod labels;
pub mod site;
