//! Who is asking: passwords, sessions, forms, one-time links.

pub mod accounts;
pub mod cookies;
pub mod form;
pub mod password;
pub mod rights;
pub mod scope;
pub mod second;
pub mod throttle;
pub mod token;
pub mod visitor;

pub use form::CsrfForm;
pub use rights::{Right, RightSet};
pub use scope::Scope;
pub use visitor::{Admin, Supervisor, Viewer, Visitor};
