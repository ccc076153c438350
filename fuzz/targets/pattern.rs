#![no_main]
fuzz::run!(pattern);
