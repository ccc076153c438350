#![no_main]
fuzz::run!(segment);
