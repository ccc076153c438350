//! The supervisor's console: pages rendered on the server, which work without scripts.

pub mod assets;
pub mod by_value;
pub mod chart;
pub mod data;
pub mod desk;
pub(crate) mod drawing;
pub(crate) mod error_page;
pub(crate) mod handlers;
pub mod import;
pub(crate) mod kept;
pub mod page;
pub(crate) mod report;
pub mod triage;
pub mod view;
pub mod words;
