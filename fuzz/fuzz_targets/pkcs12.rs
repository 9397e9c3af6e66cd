//! A PKCS#12, opened and looked at.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::pkcs12(bytes));
