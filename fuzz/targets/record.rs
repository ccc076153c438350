#![no_main]
fuzz::run!(record);
