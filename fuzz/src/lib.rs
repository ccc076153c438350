#![doc = include_str!("../README.md")]

pub mod seeds;
pub mod targets;

/// Makes a libFuzzer program of one target.
#[cfg(feature = "libfuzzer")]
#[macro_export]
macro_rules! run {
    ($target:ident) => {
        // The decoder of bundles is known to panic and is caught; only what is not caught ends the run.
        libfuzzer_sys::fuzz_target!(
            init: std::panic::set_hook(Box::new(|_| {})),
            |bytes: &[u8]| fuzz::targets::$target(bytes)
        );
    };
}
