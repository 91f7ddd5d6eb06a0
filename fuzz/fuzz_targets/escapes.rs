//! Looks for an input that breaks the property of `tests/properties/escapes.rs`.
#![no_main]
#![allow(dead_code, reason = "the tests also use the inputs to begin from and what comes of them")]

#[path = "../../tests/properties/escapes.rs"]
mod escapes;

libfuzzer_sys::fuzz_target!(|input: &[u8]| escapes::check(input));
