#![no_main]
fuzz::run!(renew_request);
