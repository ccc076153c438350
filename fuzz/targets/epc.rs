#![no_main]
fuzz::run!(epc);
