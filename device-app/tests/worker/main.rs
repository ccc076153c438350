//! The worker with a real database and a hub: in memory, over HTTP, and as a process that is killed.
#![allow(clippy::unwrap_used, reason = "a test may panic, also in its helpers")]

mod bad_input;
mod code_patterns;
mod condition;
mod counter;
mod custody;
mod custody_bad_input;
mod custody_keys;
mod custody_receipts;
mod custody_rules;
mod floor;
mod hub;
mod hub_http;
mod instructions;
mod locking;
mod lost_separators;
mod orders;
mod people;
mod photos;
mod platform;
mod practice;
mod printing;
mod process;
mod rack;
mod rig;
mod rights;
mod scanner;
mod signing;
mod syncing;
mod trigger;
mod wire;
mod words;
mod work;
