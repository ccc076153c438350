#![doc = include_str!("../README.md")]

pub mod backoff;
pub mod device;
pub mod hub;

pub use backoff::Backoff;
pub use device::{
    Connection, DeviceSync, Effect, Event, Failure, Gather, Gathered, PartitionState,
};
pub use hub::{ChainEnd, Verdict, judge, next_accepted_at};
