#![no_main]
fuzz::run!(repair);
