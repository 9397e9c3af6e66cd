//! A file as a CA sends it: PEM, DER, or something else.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::bundle(bytes));
