#![no_main]
fuzz::run!(pairing);
