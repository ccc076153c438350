#![no_main]
fuzz::run!(gs1);
