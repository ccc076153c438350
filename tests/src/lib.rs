//! A fleet in one process: real replicas, the real hub, the real sync state machines, and a network that fails.

pub mod databases;
pub mod fleet;
pub mod processes;
