//! Buildkite, with a program in place of its agent's.
#![cfg(unix)]

use std::collections::BTreeMap;

use serde_json::Value;

use super::{SUMMARY, all_outputs, completing, running, step, warned};
use crate::models::buildkite::{Call, calls, groups, install, meta_data};
use crate::sandbox::{Call as Sent, Fault, TOKEN};
use crate::step::{Ran, Running, Step};

fn called(ran: &Ran) -> Vec<Call> {
    calls(&ran.folder.path().join("calls"))
}

fn annotations(ran: &Ran) -> Vec<Call> {
    let all = called(ran).into_iter();
    all.filter(|call| call.arguments[0] == "annotate").collect()
}

/// A step whose agent's program does this as well.
fn step_with(sandbox: &crate::sandbox::Sandbox, then: &str) -> Step {
    let step = step("buildkite", sandbox);
    install(&step.file("bin"), &step.file("calls"), then);
    step
}

#[test]
fn every_output_that_is_not_empty_is_set_as_meta_data() {
    let ran = step("buildkite", &running()).run();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let mut outputs: BTreeMap<_, _> = meta_data(&called(&ran)).into_iter().collect();
    for empty in ["rollback", "rollback_deployment_id", "rollback_reason"] {
        assert_eq!(outputs.insert(format!("cancellation_{empty}"), String::new()), None);
    }
    all_outputs(&outputs, |name| format!("cancellation_{name}"));
}

#[test]
fn an_empty_output_is_not_set() {
    let ran = step("buildkite", &running()).input("app_id", "").run();
    assert_eq!(ran.code, 2);
    let names: Vec<_> = meta_data(&called(&ran)).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"cancellation_outcome".to_owned()));
    assert!(!names.contains(&"cancellation_state".to_owned()), "{names:?}");
}

#[test]
fn secrets_are_handed_over_on_standard_input_before_everything_else() {
    let ran = step("buildkite", &running()).run();
    let all = called(&ran);
    let masks: Vec<_> = all.iter().filter(|call| call.arguments[0] == "redactor").collect();
    assert_eq!(masks.len(), 1);
    assert_eq!(masks[0].arguments, ["redactor", "add", "--format", "json"]);
    let secrets: BTreeMap<String, String> = serde_json::from_str(&masks[0].input).unwrap();
    assert_eq!(secrets.values().collect::<Vec<_>>(), [TOKEN]);
    for call in all {
        assert!(!call.arguments.join(" ").contains(TOKEN));
        assert!(call.arguments[0] == "redactor" || !call.input.contains(TOKEN));
    }
}

#[test]
fn nothing_is_handed_over_as_a_secret_where_no_agent_is() {
    let ran = step("buildkite", &running()).var("BUILDKITE", "1").input("ci", "buildkite").run();
    assert!(called(&ran).iter().all(|call| call.arguments[0] != "redactor"));
    assert!(!meta_data(&called(&ran)).is_empty());
}

#[test]
fn the_annotation_has_a_style_a_place_of_its_own_and_the_summary() {
    for (sandbox, style) in [(running(), "success"), (completing(), "error")] {
        let ran = step("buildkite", &sandbox).run();
        let all = annotations(&ran);
        assert_eq!(all.len(), 1);
        let expected = ["annotate", "--style", style, "--context", "cancel-deployment-job-1"];
        assert_eq!(all[0].arguments, expected);
        assert!(all[0].input.contains(SUMMARY) && all[0].input.len() <= 1 << 20);
    }
    let short = step("buildkite", &running()).input("summary", "false").run();
    let text = &annotations(&short)[0].input;
    assert!(text.contains("dep-1") && !text.contains(SUMMARY), "{text}");
}

#[test]
fn the_log_is_a_group_and_the_result_another() {
    let ran = step("buildkite", &running()).run();
    let groups = groups(&ran.stdout);
    assert_eq!(groups.len(), 2, "{}", ran.stdout);
    assert!(groups[0].starts_with("--- Cancel one deployment") && groups[1].starts_with("+++ "));
}

#[test]
fn a_program_that_is_missing_is_one_warning_and_changes_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let ran = step("buildkite", &running()).var("PATH", path).input("output_file", "out.json").run();
    warned(&ran, 0, "`buildkite-agent` is not in PATH");
    assert_eq!(ran.stdout.matches("warning: ").count(), 1, "{}", ran.stdout);
    let file: Value = serde_json::from_str(&super::read(&ran, "out.json")).unwrap();
    assert_eq!(file["outcome"], "canceled");
    let failed = step("buildkite", &completing()).var("PATH", path).run();
    assert_eq!(failed.code, 3);
}

#[test]
fn a_program_that_fails_is_a_warning_for_each_thing_lost() {
    for (sandbox, code) in [(running(), 0), (completing(), 3)] {
        let ran = step_with(&sandbox, "exit 7").run();
        warned(&ran, code, "ended with exit status: 7");
        assert_eq!(ran.stdout.matches("warning: ").count(), 3, "{}", ran.stdout);
    }
}

#[test]
fn a_program_that_hangs_over_a_secret_is_given_up() {
    let ran = step_with(&running(), "exec sleep 60").run();
    warned(&ran, 0, "`buildkite-agent` did not answer in time");
    assert_eq!(called(&ran).len(), 1);
    assert_eq!(ran.stdout.matches("warning: ").count(), 1, "{}", ran.stdout);
}

/// Starts a run whose program hangs over everything but the secrets, up to the cancel request.
fn hanging() -> (crate::sandbox::Sandbox, Running) {
    let sandbox = running();
    sandbox.fault(Sent::Cancel, [Fault::HoldBefore]);
    let step = step_with(&sandbox, "[ \"$1\" = redactor ] || exec sleep 60");
    let running = step.input("output_file", "out.json").start();
    sandbox.wait_for(Sent::Cancel, 1);
    (sandbox, running)
}

#[test]
fn a_program_that_hangs_after_a_signal_does_not_keep_the_rest_from_being_told() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (_sandbox, running) = hanging();
        running.signal(signal);
        let ran = running.wait();
        // Leaving by the last resort would cut off these lines.
        warned(&ran, code, "`buildkite-agent` did not answer in time");
        ran.says("warning: Interrupted");
        let file: Value = serde_json::from_str(&super::read(&ran, "out.json")).unwrap();
        assert_eq!(file["outcome"], "interrupted");
    }
}

#[test]
fn a_second_signal_waits_for_no_program() {
    let (_sandbox, mut running) = hanging();
    // Equal signals can merge into one while they are pending, so as many are sent as it takes.
    while running.child.try_wait().unwrap().is_none() {
        running.signal("INT");
    }
    let ran = running.wait();
    assert_eq!(ran.code, 130);
    let file: Value = serde_json::from_str(&super::read(&ran, "out.json")).unwrap();
    assert_eq!(file["outcome"], "interrupted");
    ran.says("did not answer in time").says("warning: Interrupted");
}
