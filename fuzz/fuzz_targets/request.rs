//! One certificate request, in any form.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::request(bytes));
