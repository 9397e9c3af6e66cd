//! One certificate request, as DER.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::request(bytes));
