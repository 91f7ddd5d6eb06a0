//! Every outcome of a run that is not interrupted, on both platforms where both can have it.

use serde_json::Value;

use crate::sandbox::{Call, Fault, Grant};
use crate::stage::{Course, Stage, both};
use crate::step::Ran;

/// Asserts `canceled`, `went_live` and `state`.
#[track_caller]
fn tells(ran: &Ran, canceled: &str, went_live: &str, state: &str) {
    let told = ["canceled", "went_live", "state"].map(|name| ran.output(name));
    assert_eq!(told, [canceled, went_live, state], "\n{}", ran.stdout);
}

/// Asserts the platform's words at the first read and at the last.
#[track_caller]
fn went(ran: &Ran, before: &str, after: &str) {
    let told = (ran.output("previous_state"), ran.output("platform_state"));
    assert_eq!(told, (before, after), "\n{}", ran.stdout);
}

fn words(deployment: &Value) -> Vec<&str> {
    let moments = deployment["timeline"].as_array().unwrap().iter();
    moments.map(|moment| moment["platform_state"].as_str().unwrap()).collect()
}

both!(a_running_deployment_is_canceled, |stage| {
    let scene = stage.play(&Course::running());
    let ran = scene.run();
    ran.ended("canceled", 0).says("::notice title=");
    tells(&ran, "true", "false", "canceled");
    went(&ran, "BUILDING", "CANCELED");
    assert_eq!((scene.asked(), scene.effective(1)), (1, 1));
});

both!(a_queued_deployment_is_canceled, |stage| {
    let scene = stage.play(&Course::of(&["queued"]));
    let ran = scene.run();
    ran.ended("canceled", 0);
    went(&ran, stage.word("queued"), "CANCELED");
});

both!(an_answer_that_shows_the_end_is_the_last_request, |stage| {
    let scene = stage.play(&Course::running());
    scene.run().ended("canceled", 0);
    assert_eq!(scene.calls(), [Call::Read, Call::Cancel]);
});

both!(the_end_is_waited_for_and_nothing_is_read_after_it, |stage| {
    let course = Course::running().then(&["running", "running", "canceled"]);
    let scene = stage.play(&course);
    let ran = scene.run();
    ran.ended("canceled", 0);
    // One before asking, and those of "running", "running" and "canceled".
    assert_eq!((scene.asked(), scene.reads()), (1, 4));
    assert_eq!(scene.calls().last(), Some(&Call::Read));
});

both!(a_state_is_logged_when_it_changes_and_not_for_every_read, |stage| {
    let mentions = |course: Course| {
        let ran = stage.play(&course).run();
        ran.stdout.matches("BUILDING").count()
    };
    let once = mentions(Course::running());
    let often = mentions(Course::running().then(&["running", "running", "canceled"]));
    assert_eq!(once, often);
});

both!(the_json_tells_the_cancel_request_and_the_course, |stage| {
    let scene = stage.play(&Course::of(&["queued"]).then(&["running", "canceled"]));
    let ran = scene.run();
    let deployments = ran.deployments();
    let one = &deployments[0];
    assert_eq!(deployments.len(), 1);
    assert_eq!(one["platform"], stage.name());
    assert_eq!(one["deployment_id"], stage.id(1).as_str());
    assert_eq!(one["outcome"], "canceled");
    assert_eq!((&one["canceled"], &one["went_live"]), (&true.into(), &"false".into()));
    assert_eq!(one["state"], "canceled");
    assert_eq!(words(one), [stage.word("queued"), "BUILDING", "CANCELED"]);
    assert_eq!(one["http_status"], 200);
    let request_id = one["request_id"].as_str().unwrap();
    let begins = match stage {
        Stage::DigitalOcean => "4851a473-",
        Stage::Vercel => "fra1::iad1::",
    };
    assert!(request_id.starts_with(begins), "{request_id}");
    assert_eq!(one["branch"], "main");
    assert_eq!(one["commit"].as_str().unwrap().len(), 40);
    assert!(one["created_at"].as_str().unwrap().ends_with('Z'));
    assert!(one["duration_seconds"].is_f64() && one["details"].is_object());
});

both!(a_deployment_that_went_live_before_fails_the_step, |stage| {
    let scene = stage.play(&Course::of(&["succeeded"]));
    let ran = scene.run();
    ran.ended("already_finished", 3).says("::error title=");
    tells(&ran, "false", "true", "succeeded");
    went(&ran, stage.word("succeeded"), stage.word("succeeded"));
    assert_eq!(scene.calls(), [Call::Read]);
    let deployments = ran.deployments();
    assert_eq!(deployments[0]["http_status"], Value::Null);
    assert_eq!(deployments[0]["request_id"], Value::Null);
});

both!(a_deployment_that_was_canceled_before_is_satisfied, |stage| {
    let scene = stage.play(&Course::of(&["canceled"]));
    let ran = scene.run();
    ran.ended("already_finished", 0).says("::notice title=");
    tells(&ran, "true", "false", "canceled");
    assert_eq!(ran.output("canceled_count"), "1");
    assert_eq!(scene.asked(), 0);
});

both!(a_deployment_that_failed_before_is_satisfied, |stage| {
    let scene = stage.play(&Course::of(&["failed"]));
    let ran = scene.run();
    ran.ended("already_finished", 0).says("::notice title=");
    tells(&ran, "false", "false", "failed");
    assert_eq!(scene.asked(), 0);
});

#[test]
fn a_deployment_that_was_superseded_before_is_satisfied() {
    let scene = Stage::DigitalOcean.play(&Course::of(&["superseded"]));
    let ran = scene.run();
    ran.ended("already_finished", 0);
    tells(&ran, "false", "false", "superseded");
    assert_eq!(scene.asked(), 0);
}

both!(a_lost_race_is_completed_and_fails_the_step, |stage| {
    let scene = stage.play(&Course::of(&["running", "succeeded"]));
    let ran = scene.run();
    ran.ended("completed", 3).says("::error title=");
    tells(&ran, "false", "true", "succeeded");
    went(&ran, "BUILDING", stage.word("succeeded"));
    assert_eq!((scene.asked(), scene.effective(1)), (1, 0));
    assert_eq!(ran.deployments()[0]["http_status"], 400);
    assert!(!ran.summary.is_empty());
});

both!(a_lost_race_is_completed_whatever_the_cancel_answers, |stage| {
    for status in [200, 409, 422] {
        let scene = stage.play(&Course::of(&["running", "succeeded"]).refusing_with(status));
        let ran = scene.run();
        ran.ended("completed", 3);
        assert_eq!(ran.deployments()[0]["http_status"], status);
    }
});

both!(an_accepted_cancel_that_ends_live_is_completed, |stage| {
    let scene = stage.play(&Course::running().then(&["running", "succeeded"]));
    let ran = scene.run();
    ran.ended("completed", 3);
    tells(&ran, "false", "true", "succeeded");
});

both!(a_failure_of_its_own_is_told_and_no_failed_step, |stage| {
    let scene = stage.play(&Course::of(&["running", "failed"]));
    let ran = scene.run();
    ran.ended("failed", 0).says("::warning title=");
    tells(&ran, "false", "false", "failed");
    assert_eq!(scene.asked(), 1);
});

both!(a_failure_of_its_own_fails_the_step_when_listed, |stage| {
    let scene = stage.play(&Course::of(&["running", "failed"]));
    let ran = scene.step().input("fail_on", "failed").run();
    ran.ended("failed", 3).says("::error title=");
});

#[test]
fn a_deployment_that_is_overtaken_is_superseded() {
    let scene = Stage::DigitalOcean.play(&Course::of(&["running", "superseded"]));
    let ran = scene.run();
    ran.ended("superseded", 0).says("::notice title=");
    tells(&ran, "false", "false", "superseded");
}

both!(without_waiting_an_accepted_request_is_requested, |stage| {
    let scene = stage.play(&Course::running().then(&["running"]));
    let ran = scene.step().input("wait", "false").run();
    ran.ended("requested", 0).says("::notice title=");
    tells(&ran, "false", "unknown", "running");
    assert_eq!((scene.asked(), scene.effective(1)), (1, 1));
});

both!(without_waiting_an_end_in_the_answer_is_told, |stage| {
    let scene = stage.play(&Course::running());
    let ran = scene.step().input("wait", "false").run();
    ran.ended("canceled", 0);
});

both!(without_waiting_a_lost_race_is_no_request, |stage| {
    for status in [200, 400] {
        let scene = stage.play(&Course::of(&["running", "succeeded"]).refusing_with(status));
        let ran = scene.step().input("wait", "false").run();
        ran.ended("completed", 3);
    }
});

both!(without_waiting_an_unclear_answer_is_read_after, |stage| {
    let scene = stage.play(&Course::running()).fault(Call::Cancel, [Fault::after(Fault::Status(502))]);
    let ran = scene.step().input("wait", "false").run();
    ran.ended("canceled", 0);
    assert_eq!(scene.asked(), 1);
});

both!(without_waiting_a_refusal_is_an_error, |stage| {
    let scene = stage.play(&Course::running()).fault(Call::Cancel, [Fault::Status(409)]);
    let ran = scene.step().input("wait", "false").run();
    ran.ended("error", 1);
    assert_eq!(scene.asked(), 1);
});

both!(an_end_that_does_not_come_is_timed_out, |stage| {
    let scene = stage.play(&Course::running().then(&["running"]));
    let ran = scene.step().input("timeout", "1").run();
    ran.ended("timed_out", 124).says("::error title=");
    tells(&ran, "false", "unknown", "running");
    assert!(ran.output("reason").contains("accepted the cancel request"));
    let took: f64 = ran.output("duration_seconds").parse().unwrap();
    assert!(took <= 1.1, "ends within its limit, took {took} s");
});

both!(the_last_read_before_the_limit_still_counts, |stage| {
    // The answer to the cancel comes just before the limit, and shows nothing; the read after it shows the end.
    let course = Course::running().answering("running");
    let delay = Fault::Delay(std::time::Duration::from_millis(1300));
    let scene = stage.play(&course).fault(Call::Cancel, [delay]);
    scene.step().input("timeout", "2").run().ended("canceled", 0);
});

both!(a_deployment_that_is_not_there_is_not_found, |stage| {
    let scene = stage.play(&Course::running());
    let ran = scene.step().input("deployment_id", &stage.id(9)).run();
    ran.ended("not_found", 4).says("::error title=");
    tells(&ran, "false", "unknown", "");
    went(&ran, "", "");
    assert!(ran.output("reason").contains(&stage.id(9)));
    assert_eq!(ran.output("deployment_id"), stage.id(9));
    assert_eq!((scene.asked(), ran.output("count")), (0, "1"));
    assert_eq!(ran.deployments()[0]["state"], Value::Null);
});

both!(an_id_the_platform_calls_malformed_is_not_found, |stage| {
    let scene = stage.play(&Course::running()).fault(Call::Read, [Fault::Status(400)]);
    scene.run().ended("not_found", 4);
    assert_eq!(scene.asked(), 0);
});

both!(a_state_that_is_not_listed_is_skipped, |stage| {
    let scene = stage.play(&Course::running());
    let ran = scene.step().input("only_states", "queued").run();
    ran.ended("skipped", 0).says("::notice title=");
    tells(&ran, "false", "unknown", "running");
    assert_eq!(scene.calls(), [Call::Read]);
});

both!(a_listed_state_is_canceled, |stage| {
    let scene = stage.play(&Course::of(&["queued"]));
    let ran = scene.step().input("only_states", "running,queued").run();
    ran.ended("canceled", 0);
});

both!(an_unknown_state_is_not_among_the_listed_ones, |stage| {
    let scene = stage.play(&Course::of(&["FROZEN"]));
    let ran = scene.step().input("only_states", "running,queued").run();
    ran.ended("skipped", 0);
    assert_eq!(scene.asked(), 0);
});

both!(a_dry_run_sends_nothing, |stage| {
    let scene = stage.play(&Course::running());
    let ran = scene.step().input("dry_run", "true").run();
    ran.ended("dry_run", 0).says("::notice title=");
    tells(&ran, "false", "unknown", "running");
    assert_eq!(scene.calls(), [Call::Read]);
});

both!(a_dry_run_tells_what_has_ended_before, |stage| {
    let scene = stage.play(&Course::of(&["succeeded"]));
    let ran = scene.step().input("dry_run", "true").run();
    ran.ended("already_finished", 3);
});

both!(a_token_that_may_only_read_is_an_error, |stage| {
    let scene = stage.play(&Course::running()).grant(Grant::ReadOnly);
    let ran = scene.run();
    ran.ended("error", 1).says("::error title=").says(stage.right());
    tells(&ran, "false", "unknown", "running");
    assert_eq!(ran.deployments()[0]["http_status"], 403);
});

both!(an_unknown_state_is_told_by_its_own_word_and_is_no_end, |stage| {
    let scene = stage.play(&Course::running().then(&["FROZEN"]));
    let ran = scene.step().input("timeout", "1").run();
    ran.ended("timed_out", 124);
    tells(&ran, "false", "unknown", "unknown");
    went(&ran, "BUILDING", "FROZEN");
});

both!(a_deployment_in_an_unknown_state_is_asked_all_the_same, |stage| {
    let scene = stage.play(&Course::of(&["FROZEN"]));
    let ran = scene.run();
    ran.ended("canceled", 0);
    went(&ran, "FROZEN", "CANCELED");
});

both!(canceled_is_read_with_two_l_as_well, |stage| {
    let ran = stage.play(&Course::of(&["CANCELLED"])).run();
    ran.ended("already_finished", 0);
    tells(&ran, "true", "false", "canceled");
    went(&ran, "CANCELLED", "CANCELLED");
});

both!(nothing_fails_the_step_when_nothing_is_listed, |stage| {
    let none = |course: Course| stage.play(&course).step().input("fail_on", "none").run();
    none(Course::of(&["succeeded"])).ended("already_finished", 0);
    none(Course::of(&["running", "succeeded"])).ended("completed", 0);
});

// Several deployments.

both!(several_deployments_are_all_canceled, |stage| {
    let scene = stage.play_all(&vec![Course::running(); 12]);
    let ran = scene.run();
    ran.ended("canceled", 0);
    assert_eq!((ran.output("count"), ran.output("canceled_count")), ("12", "12"));
    tells(&ran, "true", "false", "canceled");
    assert_eq!(ran.deployments().len(), 12);
    assert!((1..=12).all(|number| scene.effective(number) == 1));
    assert_eq!(scene.asked(), 12);
});

both!(the_worst_outcome_is_the_runs, |stage| {
    let scene = stage.play_all(&[
        Course::running(),
        Course::of(&["running", "succeeded"]),
        Course::of(&["running", "failed"]),
        Course::of(&["canceled"]),
    ]);
    let ran = scene.run();
    ran.ended("completed", 3);
    tells(&ran, "false", "true", "succeeded");
    assert_eq!(ran.output("deployment_id"), stage.id(2));
    assert_eq!((ran.output("count"), ran.output("canceled_count")), ("4", "2"));
    let deployments = ran.deployments();
    let outcomes: Vec<_> = deployments.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["canceled", "completed", "failed", "already_finished"]);
});

both!(one_that_is_missing_does_not_stop_the_others, |stage| {
    let scene = stage.play_all(&[Course::running(), Course::running()]);
    let ids = [stage.id(1), stage.id(9), stage.id(2)].join(",");
    let ran = scene.step().input("deployment_id", &ids).run();
    ran.ended("not_found", 4);
    tells(&ran, "false", "unknown", "");
    assert_eq!(ran.output("deployment_id"), stage.id(9));
    assert_eq!((ran.output("count"), ran.output("canceled_count")), ("3", "2"));
    assert_eq!((scene.effective(1), scene.effective(2)), (1, 1));
});

both!(one_that_is_refused_does_not_stop_the_others, |stage| {
    let scene = stage.play_all(&vec![Course::running(); 3]).fault(Call::Cancel, [Fault::Status(409)]);
    let ran = scene.run();
    ran.ended("error", 1);
    assert_eq!((ran.output("count"), ran.output("canceled_count")), ("3", "2"));
});

both!(the_worst_failing_outcome_decides_the_exit_code, |stage| {
    let scene = stage.play_all(&[Course::running(), Course::of(&["succeeded"])]);
    let ids = [stage.id(1), stage.id(2), stage.id(9)].join(",");
    let step = scene.step().input("deployment_id", &ids);
    // The worst outcome is not_found, but only what is listed makes the step fail.
    step.input("fail_on", "already_finished").run().ended("not_found", 3);
});

both!(the_same_id_twice_counts_once, |stage| {
    let scene = stage.play(&Course::running());
    let ids = format!("{0}, {0}\n{0}", stage.id(1));
    let ran = scene.step().input("deployment_id", &ids).run();
    ran.ended("canceled", 0);
    assert_eq!((ran.output("count"), scene.asked()), ("1", 1));
});

both!(at_most_eight_requests_are_under_way, |stage| {
    let scene = stage.play_all(&vec![Course::running(); 12]).always(Call::Read, Fault::Hold);
    let ran = scene.step().input("timeout", "1").run();
    ran.ended("error", 1);
    assert_eq!((ran.output("count"), scene.reads()), ("12", 8));
    assert_eq!(scene.asked(), 0);
});

both!(a_slow_deployment_does_not_hold_up_the_others, |stage| {
    let scene = stage.play_all(&vec![Course::running(); 10]).fault(Call::Read, [Fault::Hold]);
    let running = scene.step().start();
    scene.sandbox.wait_for(Call::Cancel, 9);
    scene.sandbox.release();
    let ran = running.wait();
    ran.ended("canceled", 0);
    assert_eq!(ran.output("canceled_count"), "10");
});
