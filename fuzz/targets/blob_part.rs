#![no_main]
fuzz::run!(blob_part);
