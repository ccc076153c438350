#![no_main]
fuzz::run!(invitation);
