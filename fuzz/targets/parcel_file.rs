#![no_main]
fuzz::run!(parcel_file);
