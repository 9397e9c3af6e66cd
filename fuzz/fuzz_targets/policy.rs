//! A policy, in the shape of REST or of `az`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::policy(bytes));
