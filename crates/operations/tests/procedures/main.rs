//! Every procedure, played by scripts against a site in memory.
#![allow(clippy::unwrap_used, reason = "a test may panic, also in its helpers")]

mod adjust;
mod anything;
mod batch;
mod cartons;
mod count;
mod count_order;
mod custody;
mod frozen;
mod hand_over;
mod home;
mod inspect;
mod issue;
mod limits;
mod move_goods;
mod pack;
mod pick;
mod put_away;
mod receive;
mod receive_order;
mod replenish;
mod support;
mod take_back;
mod trigger;
