//! A fleet in one process: real replicas, the real hub, the real sync state machines, and a network that fails. And the
//! real binaries under faults.

pub mod chaos;
pub mod console;
pub mod databases;
pub mod fleet;
pub mod processes;
pub mod proxy;
pub mod relay;
pub mod sim;
