#![no_main]
fuzz::run!(set_up);
