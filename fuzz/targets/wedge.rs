#![no_main]
fuzz::run!(wedge);
