//! How a deploy of Netlify's has ended: by its message, which may come late or stand without an end.

use serde_json::json;

use super::{deploy, sandbox, select, step};
use crate::sandbox::netlify::{CANCELED, FAILED, UNCHANGED};
use crate::sandbox::{Call, CancelAnswer, Fault};

#[test]
fn every_state_in_flight_is_canceled() {
    for state in [
        "new",
        "enqueued",
        "pending_review",
        "accepted",
        "building",
        "retrying",
        "uploading",
        "uploaded",
        "preparing",
        "prepared",
        "processing",
        "processed",
    ] {
        let ran = step(&sandbox([deploy().states([state])])).run();
        ran.ended("canceled", 0).tells("previous_state", state);
    }
}

/// What a run comes to that asked, and what one comes to that was too late for it.
#[track_caller]
fn check_end(word: &str, asked: (&str, i32), state: &str, words: &[&str]) {
    let sandbox = sandbox([deploy().after_cancel([word])]);
    let ran = step(&sandbox).run();
    ran.ended(asked.0, asked.1).reasons(words).tells("state", state).tells("platform_state", "error");
    ran.tells("went_live", "false").tells("canceled", (asked.0 == "canceled").to_string());
    let sandbox = self::sandbox([deploy().states([word])]);
    let ran = step(&sandbox).run();
    ran.ended("already_finished", 0).reasons(words).tells("state", state).tells("went_live", "false");
    ran.tells("canceled", (state == "canceled").to_string());
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn no_error_is_canceled_or_failed_by_its_state_alone() {
    check_end(CANCELED, ("canceled", 0), "canceled", &["\"Canceled build\""]);
    check_end(
        "error: Deploy canceled",
        ("canceled", 0),
        "canceled",
        &["\"Deploy canceled\"", "its own build or upload has failed"],
    );
    check_end("error: cancelled build by somebody", ("canceled", 0), "canceled", &[]);
    check_end(FAILED, ("failed", 0), "failed", &["non-zero exit code: 2"]);
    check_end("error: Timeout", ("failed", 0), "failed", &["\"Timeout\""]);
}

#[test]
fn a_message_is_read_whole_and_from_its_beginning() {
    for (word, state) in [
        ("error: Build Cancelled", "canceled"),
        ("error:  CANCELLED build by Jane", "canceled"),
        ("error: Failed during stage 'building site': Canceled build", "canceled"),
        ("error: Failed during stage 'a': failed during stage 'b': Canceled build", "failed"),
        ("error: The build was canceled build", "failed"),
        ("error: skipped ", "superseded"),
        ("ready: Canceled build", "succeeded"),
        ("old: Canceled build", "succeeded"),
        ("rejected: Canceled build", "failed"),
    ] {
        let ran = step(&sandbox([deploy().states([word])])).run();
        ran.tells("outcome", "already_finished").tells("state", state);
    }
    let ran = step(&sandbox([deploy().states(["building: Timeout"])])).run();
    ran.ended("canceled", 0).tells("previous_state", "building");
}

#[test]
fn what_netlify_does_by_itself_is_told_as_that() {
    check_end(UNCHANGED, ("canceled", 0), "canceled", &["Netlify's own check for changed content"]);
    check_end("error: Skipped", ("superseded", 0), "superseded", &["left it out in favor of a newer commit"]);
}

#[test]
fn what_begins_like_it_is_a_refusal() {
    let words = "Skipped due to account credit usage exceeded";
    check_end(&format!("error: {words}"), ("failed", 0), "failed", &[words]);
}

#[test]
fn a_plugin_that_failed_the_build_is_no_cancellation() {
    let ran = step(&sandbox([deploy().field("plugin_state", json!("failed_build"))])).run();
    ran.ended("failed", 0).reasons(&["Canceled build", "A build plugin failed the build"]);
    let unchanged = deploy().field("plugin_state", json!("failed_build")).states([UNCHANGED]);
    step(&sandbox([unchanged])).run().tells("state", "canceled");
}

#[test]
fn a_failure_that_nobody_knows_is_none_although_our_request_was_accepted() {
    let ran = step(&sandbox([deploy().after_cancel(["error: Something new"])])).run();
    ran.ended("failed", 0).tells("canceled", "false").reasons(&["Something new"]);
    assert_eq!(ran.only()["http_status"], 201);
}

#[test]
fn a_refused_preview_is_a_failure_and_never_was_live() {
    let ran = step(&sandbox([deploy().preview(4).states(["pending_review", "rejected"])])).run();
    ran.ended("failed", 0).tells("platform_state", "rejected").tells("went_live", "false");
}

#[test]
fn the_word_canceled_is_invented_and_no_end() {
    let ran = step(&sandbox([deploy().after_cancel(["canceled"])])).input("timeout", "3").run();
    ran.ended("timed_out", 124).tells("state", "unknown").tells("platform_state", "canceled");
}

// A cancel message without an end.

#[test]
fn a_cancel_message_is_not_watched_for_ever() {
    for last in ["prepared: Canceled build | 20", "building: Deploy canceled | 4000", "frozen: Canceled build | 20"] {
        let sandbox = sandbox([deploy().after_cancel(["prepared: Canceled build | 1", last])]);
        let ran = step(&sandbox).run();
        ran.ended("canceled", 0).tells("state", "canceled").tells("went_live", "false");
        ran.tells("platform_state", last.split(':').next().unwrap());
        assert_eq!(sandbox.count(Call::Read), 3);
    }
    let ran = step(&sandbox([deploy().after_cancel(["prepared: Canceled build | 1"])])).input("timeout", "3").run();
    ran.ended("timed_out", 124).tells("state", "canceling");
}

#[test]
fn one_with_a_cancel_message_is_not_asked_again() {
    let sandbox = sandbox([deploy().states(["prepared: Canceled build", CANCELED])]);
    step(&sandbox).run().ended("canceled", 0).reasons(&["It was being canceled already", "\"Canceled build\""]);
    let still = self::sandbox([deploy().states(["prepared: Canceled build | 86400"])]);
    let ran = step(&still).run();
    ran.ended("already_finished", 0).tells("canceled", "true").tells("platform_state", "prepared");
    let chosen = select(&still, "all").run();
    chosen.ended("nothing_to_cancel", 0);
    assert_eq!((sandbox.count(Call::Cancel), still.count(Call::Cancel)), (0, 0));
}

#[test]
fn a_plugins_failure_that_stands_still_is_one() {
    let one = deploy().field("plugin_state", json!("failed_build")).after_cancel(["prepared: Canceled build | 20"]);
    step(&sandbox([one])).run().ended("failed", 0).tells("state", "failed");
}

// An end without a message yet.

#[test]
fn an_error_without_a_message_right_after_our_request_is_looked_at_once_more() {
    for (first, wait) in
        [(CancelAnswer::Current, "true"), (CancelAnswer::Empty, "true"), (CancelAnswer::Empty, "false")]
    {
        let sandbox = sandbox([deploy().cancel_answer(first).after_cancel(["error", CANCELED])]);
        let ran = step(&sandbox).input("wait", wait).run();
        ran.ended("canceled", 0).reasons(&["\"Canceled build\""]);
        assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Cancel)), (3, 1));
    }
}

#[test]
fn it_is_looked_at_once_and_judged_then() {
    let sandbox = sandbox([deploy().after_cancel(["error"])]);
    step(&sandbox).run().ended("failed", 0).tells("canceled", "false");
    assert_eq!(sandbox.count(Call::Read), 3);
    // What could not be looked at again is judged by what was read.
    for fault in [Fault::Status(503), Fault::Status(404), Fault::Reset] {
        let sandbox = self::sandbox([deploy().after_cancel(["error"])]);
        sandbox.fault(Call::Read, [Fault::Pass, Fault::Pass, fault]);
        step(&sandbox).run().ended("failed", 0);
    }
    let early = self::sandbox([deploy().states(["error"])]);
    step(&early).run().ended("already_finished", 0).tells("state", "failed");
    assert_eq!(early.count(Call::Read), 1);
}
