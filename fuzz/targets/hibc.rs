#![no_main]
fuzz::run!(hibc);
