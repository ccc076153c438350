#![doc = include_str!("../README.md")]

mod address;
mod arrange;
mod bitmap;
pub mod drive;
#[cfg(feature = "fake")]
pub mod fake;
mod fit;
mod font;
pub mod job;
pub mod language;
mod measure;
mod model;
pub mod sheet;
mod status;
mod symbol;
pub mod template;
pub mod transport;

pub use address::{Address, AddressError, PORT};
pub use arrange::{Arranged, LabelError};
pub use bitmap::Bitmap;
pub use font::{FontBytes, Fonts, NotAFont};
pub use job::PrintJob;
pub use language::{Language, Manner};
pub use measure::{Density, Mm, Stock};
pub use model::{Align, Area, Code, Content, Element, Fit, Label, Symbol, Text};
pub use status::Condition;
