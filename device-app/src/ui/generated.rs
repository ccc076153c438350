//! What the Slint compiler makes of `ui/app-window.slint`.
#![allow(
    clippy::all,
    clippy::todo,
    clippy::unwrap_used,
    unreachable_pub,
    unused,
    reason = "the code is generated"
)]

slint::include_modules!();
