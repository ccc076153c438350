#![no_main]
fuzz::run!(receipt);
