//! Base64, once and more often.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::base64(bytes));
