#![no_main]
fuzz::run!(refusal);
