#![doc = include_str!("../README.md")]

pub mod backoff;
pub mod blobs;
pub mod device;
pub mod hub;
pub mod live;
mod portion;

pub use backoff::Backoff;
pub use blobs::{BlobNews, BlobStep, BlobUploads, WaitingBlob, goes_metered};
pub use device::{
    Connection, DeviceSync, Effect, Event, Failure, Gather, Gathered, PartitionState,
};
pub use hub::{ChainEnd, Verdict, judge, next_accepted_at};
pub use live::{LiveEffect, LiveEvent};
