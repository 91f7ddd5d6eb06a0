//! What a run asked to stop, told by the ids in the paths of its requests.

use crate::sandbox::{Call, Sandbox};
use crate::step::{Ran, Step};

/// The paths of all cancel requests, in order.
pub fn asked(sandbox: &Sandbox) -> Vec<String> {
    let all = sandbox.requests().into_iter();
    all.filter(|seen| seen.call == Call::Cancel).map(|seen| seen.path).collect()
}

/// Asserts that exactly these were asked to stop, each once, and that it took effect.
#[track_caller]
pub fn only(sandbox: &Sandbox, ids: &[&str]) {
    let mut asked = asked(sandbox);
    for id in ids {
        assert_eq!(sandbox.effective_cancels(id), 1, "{id} in {asked:?}");
        let segment = format!("/{id}/");
        let before = asked.len();
        asked.retain(|path| !path.contains(&segment));
        assert_eq!(asked.len() + 1, before, "{id} is asked once");
    }
    assert!(asked.is_empty(), "asked as well: {asked:?}");
}

/// Asserts that a step cancels exactly these.
#[track_caller]
pub fn cancels(sandbox: &Sandbox, step: Step, ids: &[&str]) -> Ran {
    let ran = step.run();
    ran.ended("canceled", 0);
    only(sandbox, ids);
    assert_eq!(ran.output("count"), ids.len().to_string());
    ran
}

/// Asserts that a step asks nothing to stop, with that outcome and a reason with these words.
#[track_caller]
pub fn asks_nothing(sandbox: &Sandbox, step: Step, end: (&str, i32), words: &[&str]) -> Ran {
    let ran = step.run();
    ran.ended(end.0, end.1);
    assert_eq!(asked(sandbox), [""; 0]);
    let reason = ran.output("reason");
    for word in words {
        assert!(reason.contains(word), "no {word:?} in {reason:?}");
    }
    ran
}

pub const IDLE: (&str, i32) = ("nothing_to_cancel", 0);
pub const ERROR: (&str, i32) = ("error", 1);
pub const BAD: (&str, i32) = ("error", 2);
pub const MISSING: (&str, i32) = ("not_found", 4);

/// Asserts that a step is bad input, before anything was sent.
#[track_caller]
pub fn refuses(sandbox: &Sandbox, step: Step, words: &[&str]) {
    asks_nothing(sandbox, step, BAD, words);
    assert!(sandbox.requests().is_empty(), "something was sent");
}
