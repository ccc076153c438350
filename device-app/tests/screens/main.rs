//! The screens with Slint's test backend: a real rasteriser, fake time and no display.

mod clicks;
mod keys;
mod pictures;
mod support;
mod touch;
mod words;
