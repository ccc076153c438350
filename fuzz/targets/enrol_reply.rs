#![no_main]
fuzz::run!(enrol_reply);
