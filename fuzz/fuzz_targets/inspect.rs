//! Any file, looked at.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::inspect(bytes));
