#![no_main]
fuzz::run!(keys_reply);
