#![no_main]
fuzz::run!(snapshot_chunk);
