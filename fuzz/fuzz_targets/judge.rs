//! A file as a CA sends it, judged: the last certificate is trusted, all others are given.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::judge(bytes));
