//! Signals: what a canceled workflow leaves behind.

use std::path::PathBuf;

use crate::sandbox::digitalocean::{App, Deployment};
use crate::sandbox::{Call, CancelAnswer, Fault, Sandbox, TOKEN};
use crate::step::{Ran, Running, Step};

fn sandbox(ids: &[&str]) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web"));
    for id in ids {
        sandbox.add(Deployment::new("app-1", id));
    }
    sandbox
}

/// A deployment whose cancel is accepted without a word about its state.
fn quiet() -> Sandbox {
    let sandbox = sandbox(&[]);
    sandbox.add(Deployment::new("app-1", "dep-1").after_cancel(["DEPLOYING"]).cancel_answer(CancelAnswer::Empty));
    sandbox
}

fn step(sandbox: &Sandbox, ids: &[&str]) -> Step {
    Step::on(sandbox, "digitalocean").input("app_id", "app-1").input("deployment_id", &ids.join(","))
}

/// Starts a run of one deployment and waits until that request has arrived.
fn started(sandbox: &Sandbox, call: Call, n: usize) -> Running {
    let running = step(sandbox, &["dep-1"]).start();
    sandbox.wait_for(call, n);
    running
}

fn held_read() -> Sandbox {
    let sandbox = sandbox(&["dep-1"]);
    sandbox.fault(Call::Read, [Fault::HoldBefore]);
    sandbox
}

fn held_cancel(fault: Fault) -> Sandbox {
    let sandbox = sandbox(&["dep-1"]);
    sandbox.fault(Call::Cancel, [fault]);
    sandbox
}

fn held_watch() -> Sandbox {
    let sandbox = quiet();
    sandbox.fault(Call::Read, [Fault::Pass, Fault::HoldBefore]);
    sandbox
}

fn signalled(running: Running, signal: &str) -> Ran {
    running.signal(signal);
    running.wait()
}

/// Sends a signal and waits until the process has heard it: it answers each with a thread that makes sure it leaves.
/// Without this an answer that is released next could overtake the signal on a busy machine.
#[track_caller]
fn signal_heard(running: &Running, signal: &str) {
    let tasks = PathBuf::from(format!("/proc/{}/task", running.child.id()));
    let threads = || std::fs::read_dir(&tasks).map_or(usize::MAX, Iterator::count);
    let before = threads();
    running.signal(signal);
    // One that hears nothing is killed in the end, and has no threads then.
    while threads() <= before && before != usize::MAX {
        std::thread::yield_now();
    }
}

const BOTH: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];

#[test]
fn a_signal_before_the_cancel_request_ends_the_run_without_one() {
    for (signal, code) in BOTH {
        let sandbox = held_read();
        let ran = signalled(started(&sandbox, Call::Read, 1), signal);
        ran.ended("interrupted", code);
        ran.reasons(&["before it sent the cancel request"]);
        assert_eq!(sandbox.requests().len(), 1);
    }
}

#[test]
fn a_cancel_request_under_way_may_finish_and_counts() {
    for (signal, code) in BOTH {
        let sandbox = held_cancel(Fault::Hold);
        let running = started(&sandbox, Call::Cancel, 1);
        signal_heard(&running, signal);
        sandbox.release();
        running.wait().ended("canceled", code).tells("canceled", "true").tells("went_live", "false");
        assert_eq!(sandbox.count(Call::Cancel), 1);
    }
}

#[test]
fn a_cancel_request_that_is_not_answered_in_time_is_called_unclear() {
    for (signal, code) in BOTH {
        let sandbox = held_cancel(Fault::HoldBefore);
        let ran = signalled(started(&sandbox, Call::Cancel, 1), signal);
        ran.ended("interrupted", code);
        ran.reasons(&["while the cancel request was on its way"]);
        assert_eq!((ran.output("canceled"), ran.output("went_live")), ("false", "unknown"));
    }
}

#[test]
fn a_signal_while_watching_says_that_the_request_had_been_accepted() {
    for (signal, code) in BOTH {
        let sandbox = held_watch();
        let ran = signalled(started(&sandbox, Call::Read, 2), signal);
        ran.ended("interrupted", code);
        ran.reasons(&["after the platform had accepted the cancel request"]);
        assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Cancel)), (2, 1));
    }
}

#[test]
fn an_accepted_request_is_not_watched_any_more_after_a_signal() {
    let sandbox = quiet();
    sandbox.fault(Call::Cancel, [Fault::Hold]);
    let running = started(&sandbox, Call::Cancel, 1);
    signal_heard(&running, "TERM");
    sandbox.release();
    let ran = running.wait();
    ran.ended("interrupted", 143).reasons(&["after the platform had accepted the cancel request"]);
    assert_eq!(ran.deployments()[0]["http_status"], 200);
}

#[test]
fn a_request_without_a_clear_answer_is_not_repeated_after_a_signal() {
    let sandbox = held_cancel(Fault::Status(503));
    sandbox.fault(Call::Read, [Fault::Pass, Fault::HoldBefore]);
    let ran = signalled(started(&sandbox, Call::Read, 2), "INT");
    ran.ended("interrupted", 130);
    ran.reasons(&["before it was clear whether that took effect"]);
    assert_eq!(sandbox.count(Call::Cancel), 1);
}

#[test]
fn a_signal_ends_the_pause_before_another_try() {
    let sandbox = sandbox(&["dep-1"]);
    sandbox.always(Call::Read, Fault::Status(503));
    let ran = signalled(started(&sandbox, Call::Read, 2), "TERM");
    ran.ended("interrupted", 143);
    ran.reasons(&["before it sent the cancel request"]);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_signal_ends_the_search_for_the_app() {
    let sandbox = sandbox(&["dep-1"]);
    sandbox.fault(Call::Scope, [Fault::HoldBefore]);
    let running = Step::on(&sandbox, "digitalocean").input("app_name", "web").input("deployment_id", "dep-1").start();
    sandbox.wait_for(Call::Scope, 1);
    let ran = signalled(running, "INT");
    assert_eq!(ran.ended("interrupted", 130).output("count"), "1");
    assert_eq!(sandbox.requests().len(), 1);
}

#[test]
fn an_interrupted_run_is_annotated_and_summarised() {
    let sandbox = held_watch();
    let ran = signalled(started(&sandbox, Call::Read, 2), "INT");
    ran.says("::warning title=Interrupted%3A dep-1::");
    assert!(ran.summary.contains("Interrupted") && ran.summary.contains("`dep-1`"), "{}", ran.summary);
}

#[test]
fn an_interrupted_run_closes_its_group() {
    let sandbox = held_read();
    let ran = signalled(started(&sandbox, Call::Read, 1), "INT");
    let lines = |start: &str| ran.stdout.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((lines("::group::"), lines("::endgroup::")), (1, 1), "{}", ran.stdout);
}

#[test]
fn an_interrupted_run_writes_its_own_output_file() {
    let sandbox = held_read();
    let running = step(&sandbox, &["dep-1"]).input("output_file", "out.json").start();
    sandbox.wait_for(Call::Read, 1);
    let ran = signalled(running, "TERM");
    let text = std::fs::read_to_string(ran.folder.path().join("out.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["outcome"], "interrupted");
}

#[test]
fn a_signal_ends_with_its_code_whatever_may_fail() {
    let sandbox = held_read();
    let running = step(&sandbox, &["dep-1"]).input("fail_on", "none").start();
    sandbox.wait_for(Call::Read, 1);
    signalled(running, "INT").ended("interrupted", 130);
}

#[test]
fn a_signal_in_a_plain_run_ends_with_its_code_too() {
    let sandbox = held_read();
    let running = Step::plain()
        .input("platform", "digitalocean")
        .input("api_url", &sandbox.url("digitalocean"))
        .input("token", TOKEN)
        .input("app_id", "app-1")
        .input("deployment_id", "dep-1")
        .start();
    sandbox.wait_for(Call::Read, 1);
    let ran = signalled(running, "TERM");
    assert_eq!(ran.code, 143);
    ran.says("Interrupted: dep-1");
}

#[test]
fn a_second_signal_does_not_wait_for_the_cancel_request() {
    let sandbox = held_cancel(Fault::HoldBefore);
    let mut running = started(&sandbox, Call::Cancel, 1);
    // Equal signals can merge into one while they are pending, so as many are sent as it takes.
    while running.child.try_wait().unwrap().is_none() {
        running.signal("INT");
    }
    running.wait().ended("interrupted", 130).reasons(&["while the cancel request was on its way"]);
}

#[test]
fn several_cancel_requests_under_way_may_all_finish() {
    let ids = ["dep-1", "dep-2", "dep-3"];
    let sandbox = sandbox(&ids);
    sandbox.always(Call::Cancel, Fault::Hold);
    let running = step(&sandbox, &ids).start();
    sandbox.wait_for(Call::Cancel, 3);
    signal_heard(&running, "TERM");
    sandbox.release();
    let ran = running.wait();
    assert_eq!(ran.ended("canceled", 143).output("canceled_count"), "3");
}

#[test]
fn each_of_several_deployments_is_told_as_it_stood() {
    let ids = ["dep-1", "dep-2"];
    let sandbox = sandbox(&ids);
    sandbox.fault(Call::Cancel, [Fault::Pass, Fault::HoldBefore]);
    let running = step(&sandbox, &ids).start();
    sandbox.wait_for(Call::Cancel, 2);
    let ran = signalled(running, "INT");
    ran.ended("interrupted", 130);
    let mut outcomes: Vec<_> = ran.deployments().iter().map(|told| told["outcome"].to_string()).collect();
    outcomes.sort();
    assert_eq!(outcomes, [r#""canceled""#, r#""interrupted""#]);
    assert_eq!((ran.output("canceled"), ran.output("canceled_count")), ("false", "1"));
}

#[test]
fn nothing_that_was_waiting_its_turn_is_started_after_a_signal() {
    let ids: Vec<String> = (0..20).map(|n| format!("dep-{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let sandbox = sandbox(&ids);
    sandbox.always(Call::Read, Fault::HoldBefore);
    let running = step(&sandbox, &ids).start();
    sandbox.wait_for(Call::Read, 8);
    let ran = signalled(running, "TERM");
    assert_eq!(ran.ended("interrupted", 143).output("count"), "20");
    assert_eq!(sandbox.requests().len(), 8);
}

#[test]
fn a_run_killed_without_warning_leaves_outputs_that_say_so() {
    let sandbox = held_cancel(Fault::HoldBefore);
    let running = started(&sandbox, Call::Cancel, 1);
    running.signal("KILL");
    let ran = running.wait();
    assert_eq!((ran.output("outcome"), ran.output("canceled")), ("interrupted", "false"));
    assert_eq!((ran.output("count"), ran.output("deployment_id")), ("1", "dep-1"));
    ran.reasons(&["had sent the cancel request"]);
}

#[cfg(unix)]
#[test]
fn a_run_without_room_for_its_files_says_so_in_one_sentence() {
    use std::process::Command;
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_cancel-deployment");
    for limit in [6, 7, 9, 12, 20] {
        let output = folder.path().join(format!("output-{limit}"));
        let ran = Command::new("/bin/sh")
            .args(["-c", &format!("ulimit -n {limit}; exec \"$0\""), program])
            .env_clear()
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_OUTPUT", &output)
            .env("INPUT_PLATFORM", "digitalocean")
            .env("INPUT_APP_ID", "app-1")
            .env("INPUT_DEPLOYMENT_ID", "dep-1")
            .env("INPUT_TOKEN", "sandbox-secret-token")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{limit}: {said}");
        let sentence = "This run could not begin: too few files";
        assert!(said.contains(sentence), "{limit}: {said}");
        let written = std::fs::read_to_string(&output).unwrap();
        assert!(written.contains("\nerror\n"), "{limit}: {written}");
        assert!(ran.stderr.is_empty(), "{limit}");
    }
}
