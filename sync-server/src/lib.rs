#![doc = include_str!("../README.md")]

pub mod access;
pub mod api;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod console;
mod demo;
mod demo_custody;
pub mod error;
mod guard;
mod health;
pub mod hub;
pub mod i18n;
pub mod metrics;
mod middleware;
pub mod proxies;
mod public;
pub mod receipts;
mod router;
mod serve;
pub mod settings;
pub mod state;
pub mod store;
pub mod tls;
pub mod webhooks;

pub use error::AppError;
pub use router::router;
pub use serve::{ServeError, serve};
pub use settings::Settings;
pub use state::{AppState, Parts};
