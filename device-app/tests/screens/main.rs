//! The screens with Slint's test backend: a real rasteriser, fake time and no display.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests stops where something is not as expected"
)]

mod clicks;
mod composing;
mod fonts;
mod keys;
mod look_up;
mod pictures;
mod printing;
mod support;
mod touch;
mod words;
