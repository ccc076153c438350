#![no_main]
fuzz::run!(certificate);
