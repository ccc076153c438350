#![no_main]
fuzz::run!(receipt_code);
