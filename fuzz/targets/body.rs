#![no_main]
fuzz::run!(body);
