#![no_main]
fuzz::run!(manifest);
