//! Every procedure, played by scripts against a site in memory.
#![allow(clippy::unwrap_used, reason = "a test may panic, also in its helpers")]

mod anything;
mod count;
mod home;
mod issue;
mod move_goods;
mod pick;
mod put_away;
mod receive;
mod receive_order;
mod support;
