//! Who is asking: passwords, sessions, forms, one-time links.

pub mod accounts;
pub mod cookies;
pub mod form;
pub mod password;
pub mod throttle;
pub mod token;
pub mod visitor;

pub use form::CsrfForm;
pub use visitor::{Admin, Supervisor, Viewer, Visitor};
