//! Builders, demo site, label pictures, fake clock and network for tests. Dev-dependency only.

pub mod labels;
pub mod site;
