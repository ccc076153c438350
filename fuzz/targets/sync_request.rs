#![no_main]
fuzz::run!(sync_request);
