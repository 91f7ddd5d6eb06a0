//! Properties that hold for any input at all, checked here with the same inputs every time. `fuzz/` looks for others
//! with the same code, guided by coverage, for as long as it is left to.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test may stop at the first surprise"
)]

mod answers;
mod escapes;
mod events;
mod hostile;
mod times;

/// Runs a property on every seed as it is, then on changed ones. A failure shows the bytes that led to it.
fn hold(property: fn(&[u8]), seeds: &[Vec<u8>], rounds: usize) {
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let changed = (0..rounds).map(|round| change(seeds[round % seeds.len()].clone(), &mut random));
    for input in seeds.iter().cloned().chain(changed) {
        if std::panic::catch_unwind(|| property(&input)).is_err() {
            panic!("with this input: {:?}", String::from_utf8_lossy(&input));
        }
    }
}

/// A few small damages: bytes changed, a piece lost, doubled or put elsewhere.
fn change(mut bytes: Vec<u8>, random: &mut fastrand::Rng) -> Vec<u8> {
    const ODD: [u8; 16] = *b"\0\n\r\x1b\"{}[]:,#%0\xff\x7f";
    for _ in 0..random.usize(1..6) {
        if bytes.is_empty() {
            bytes.push(random.u8(..));
        }
        let one = random.usize(..bytes.len());
        let end = (one + random.usize(..40)).min(bytes.len());
        match random.u8(..7) {
            0 => bytes[one] = random.u8(..),
            1 => bytes[one] = ODD[random.usize(..ODD.len())],
            2 => drop(bytes.drain(one..end)),
            3 => bytes.truncate(one),
            4 => bytes.insert(one, ODD[random.usize(..ODD.len())]),
            _ => {
                let piece = bytes[one..end].to_vec();
                let to = random.usize(..=bytes.len());
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

#[test]
fn every_platform_has_a_conversation_to_begin_from() {
    let seeds = answers::seeds();
    for (at, info) in cancel_deployment::platform::register::REGISTER.iter().enumerate() {
        let is_there = seeds.iter().any(|(seed, _)| seed.first().is_some_and(|first| usize::from(*first) == at));
        assert!(is_there, "`seeds` of tests/properties/answers.rs has no conversation with {}", info.about.id);
    }
}

#[test]
fn no_answer_makes_a_run_lie_leak_or_hang() {
    let seeds: Vec<_> = answers::seeds().into_iter().map(|(seed, _)| seed).collect();
    hold(answers::check, &seeds, 600);
}

#[test]
fn the_conversations_to_begin_from_end_as_they_are_meant() {
    for (seed, expected) in answers::seeds() {
        assert_eq!(answers::outcome(&seed), expected, "{}", String::from_utf8_lossy(&seed));
    }
}

#[test]
fn no_event_file_is_believed_more_than_it_may_be() {
    hold(events::check, &events::seeds(), 3000);
}

#[test]
fn no_duration_and_no_reset_leaves_its_bounds() {
    hold(times::check, &times::seeds(), 2000);
}

#[test]
fn no_text_leaves_its_place() {
    hold(escapes::check, &escapes::seeds(), 500);
}
