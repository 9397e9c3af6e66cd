//! The text of a subject, or a name in DER.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::subject(bytes));
