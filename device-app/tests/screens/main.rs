//! The screens with Slint's test backend: a real rasteriser, fake time and no display.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests stops where something is not as expected"
)]

mod camera;
mod clicks;
mod composing;
mod feedback;
mod fits;
mod fonts;
mod keys;
mod look_up;
mod pictures;
mod printing;
mod reach;
mod scanner;
mod scene;
mod signing;
mod support;
mod table;
mod touch;
mod words;
