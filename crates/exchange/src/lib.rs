#![doc = include_str!("../README.md")]

mod gather;
mod keys;
mod parcel;
pub mod renewal;
pub mod snapshot;

pub use gather::{gather, position, position_of};
pub use keys::{answer_keys, first_keys, is_over};
pub use parcel::{Taken, answer, holdings, parcel_for, parcels_for_anyone, take};
