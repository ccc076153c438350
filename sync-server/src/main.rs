//! `tallyman-server`: see `cli` for its commands.

fn main() {}
