//! Handhelds and server together, over weeks of simulated days and over real sockets.
//!
//! One program for all of them, as each holds the whole system.

#![allow(clippy::unwrap_used, reason = "tests")]

mod backup;
mod carry;
mod chaos;
mod counter;
mod end_to_end;
mod live;
mod locked;
mod newer;
mod nodes;
mod photos;
mod renewal;
mod restored;
mod simulation;
mod snapshot;
mod upgrade;
mod without_a_server;
