#![no_main]
fuzz::run!(live_packed);
