#![no_main]
fuzz::run!(blob_request);
