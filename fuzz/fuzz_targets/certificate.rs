//! One certificate, as DER.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::certificate(bytes));
