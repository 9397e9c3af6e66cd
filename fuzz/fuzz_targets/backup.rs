//! A backup to be restored.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::backup(bytes));
