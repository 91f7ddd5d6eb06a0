//! Writes the inputs that the properties begin from into `fuzz/corpus`, so that a search need not find JSON by itself.
#![allow(dead_code, reason = "only the inputs of each property are used here")]

#[path = "../tests/properties/answers.rs"]
mod answers;
#[path = "../tests/properties/escapes.rs"]
mod escapes;
#[path = "../tests/properties/events.rs"]
mod events;
#[path = "../tests/properties/times.rs"]
mod times;

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let answers = answers::seeds().into_iter().map(|(seed, _)| seed).collect();
    write("answers", answers)?;
    write("escapes", escapes::seeds())?;
    write("events", events::seeds())?;
    write("times", times::seeds())
}

fn write(target: &str, seeds: Vec<Vec<u8>>) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    for (number, seed) in seeds.into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    Ok(())
}
