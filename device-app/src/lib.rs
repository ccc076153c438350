//! The handheld: screens in Slint, plain views that the worker fills, events that come back.

pub mod camera;
pub mod headless;
pub mod health;
pub mod keystore;
pub mod peer;
pub mod photo;
pub mod platform;
pub mod printing;
pub mod signature;
pub mod transport;
pub mod ui;
pub mod view;
pub mod wedge_keys;
pub mod worker;
