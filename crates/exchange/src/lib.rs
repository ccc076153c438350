#![doc = include_str!("../README.md")]

mod gather;
mod parcel;
pub mod renewal;
pub mod snapshot;

pub use gather::{gather, position, position_of};
pub use parcel::{Taken, answer, holdings, parcel_for, parcels_for_anyone, take};
