//! Names that users write: hosts, addresses, mailboxes, objects.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::names(bytes));
