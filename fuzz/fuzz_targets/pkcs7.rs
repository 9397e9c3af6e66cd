//! PKCS#7, a bag of certificates.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::pkcs7(bytes));
