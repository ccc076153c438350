#![no_main]
fuzz::run!(snapshot_part);
