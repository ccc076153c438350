#![no_main]
fuzz::run!(qr_frame);
