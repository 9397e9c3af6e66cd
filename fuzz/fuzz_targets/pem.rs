//! PEM, whatever it holds.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::pem(bytes));
