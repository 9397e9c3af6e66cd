//! A JSON document: an operation, an x5c, the body of a request.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::json(bytes));
