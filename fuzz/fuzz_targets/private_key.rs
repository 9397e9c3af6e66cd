//! A private key, as PKCS#8.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::private_key(bytes));
