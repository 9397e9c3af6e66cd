//! A request to the server.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::http(bytes));
