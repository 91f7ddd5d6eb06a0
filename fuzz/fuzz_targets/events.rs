//! Looks for an input that breaks the property of `tests/properties/events.rs`.
#![no_main]
#![allow(dead_code, reason = "the tests also use the inputs to begin from and what comes of them")]

#[path = "../../tests/properties/events.rs"]
mod events;

libfuzzer_sys::fuzz_target!(|input: &[u8]| events::check(input));
