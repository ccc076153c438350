#![no_main]
fuzz::run!(learn);
