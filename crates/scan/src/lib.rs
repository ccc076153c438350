#![doc = include_str!("../README.md")]

mod accept;
mod blank;
pub mod checks;
pub mod decoder;
pub mod duplicates;
pub mod epc;
mod frame;
pub mod gs1;
pub mod hibc;
pub mod learn;
mod linear;
pub mod live;
pub mod pattern;
mod payload;
mod reader;
pub mod source;
mod steady;
mod track;
pub mod trigger;
pub mod wedge;
mod worker;

pub use frame::{FrameError, LumaFrame, SIDE_MAX_PX};
pub use payload::{Payload, Reader, Symbology};
pub use reader::{ADD_ON, Effort, FrameReader, ReadError, ReaderSettings, ReaderStats, Reading};
