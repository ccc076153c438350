//! The handheld: screens in Slint, plain views that the worker fills, events that come back.

pub mod ui;
pub mod view;
