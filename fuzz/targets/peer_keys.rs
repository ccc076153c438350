#![no_main]
fuzz::run!(peer_keys);
