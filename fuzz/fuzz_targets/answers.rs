//! Looks for an input that breaks the property of `tests/properties/answers.rs`.
#![no_main]
#![allow(dead_code, reason = "the tests also use the inputs to begin from and what comes of them")]

#[path = "../../tests/properties/answers.rs"]
mod answers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| answers::check(input));
