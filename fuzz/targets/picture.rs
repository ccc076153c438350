#![no_main]
fuzz::run!(picture);
