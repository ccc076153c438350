#![no_main]
fuzz::run!(event);
