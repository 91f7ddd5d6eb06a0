//! Every outcome of a run that is not interrupted, on every platform that can have it.

use std::time::Duration;

use serde_json::Value;

use crate::sandbox::{Call, Fault, Grant};
use crate::stage::{Course, Stage, every_platform, racing};
use crate::step::Ran;

/// Asserts `canceled`, `went_live` and `state`.
#[track_caller]
fn tells(ran: &Ran, canceled: &str, went_live: &str, state: &str) {
    assert_eq!((ran.output("canceled"), ran.output("went_live"), ran.output("state")), (canceled, went_live, state));
}

/// Asserts the platform's words at the first read and at the last.
#[track_caller]
fn went(ran: &Ran, before: &str, after: &str) {
    assert_eq!((ran.output("previous_state"), ran.output("platform_state")), (before, after));
}

fn words(deployment: &Value) -> Vec<&str> {
    let moments = deployment["timeline"].as_array().unwrap().iter();
    moments.map(|moment| moment["platform_state"].as_str().unwrap()).collect()
}

every_platform!(a_running_deployment_is_canceled, |stage| {
    let scene = stage.play(&Course::running());
    let ran = scene.run();
    ran.ended("canceled", 0).says("::notice title=");
    tells(&ran, "true", "false", stage.stopped_state().0);
    went(&ran, stage.shown("running"), stage.shown("canceled"));
    assert_eq!((scene.asked(), scene.effective(1)), (1, 1));
});

every_platform!(a_queued_deployment_is_canceled, |stage| {
    if !stage.has("queued") {
        return;
    }
    let ran = stage.play(&Course::of(&["queued"])).run();
    ran.ended("canceled", 0);
    went(&ran, stage.shown("queued"), stage.shown("canceled"));
});

every_platform!(an_answer_that_shows_the_end_is_the_last_request, |stage| {
    if !stage.traits().answer_tells {
        return;
    }
    let scene = stage.play(&Course::running());
    scene.run().ended("canceled", 0);
    assert_eq!(scene.calls(), stage.asks());
});

every_platform!(the_end_is_waited_for_and_nothing_is_read_after_it, |stage| {
    let course = Course::running().then(&["running", "running", "canceled"]);
    let scene = stage.play(&course);
    scene.run().ended("canceled", 0);
    // Those before asking, and those of "running", "running" and "canceled".
    assert_eq!((scene.asked(), scene.reads()), (1, stage.traits().reads_before + 3));
    assert_eq!(scene.calls().last(), Some(&Call::Read));
});

every_platform!(a_state_is_logged_when_it_changes_and_not_for_every_read, |stage| {
    let mentions = |course: Course| {
        let ran = stage.play(&course).run();
        ran.stdout.matches(stage.shown("running")).count()
    };
    let once = mentions(Course::running());
    let often = mentions(Course::running().then(&["running", "running", "canceled"]));
    assert_eq!(once, often);
});

every_platform!(the_json_tells_the_cancel_request_and_the_course, |stage| {
    if !stage.has("queued") {
        return;
    }
    let ran = stage.play(&Course::of(&["queued"]).then(&["running", "canceled"])).run();
    let deployments = ran.deployments();
    let one = &deployments[0];
    assert_eq!(deployments.len(), 1);
    assert_eq!(one["platform"], stage.name());
    assert_eq!(one["deployment_id"], stage.id(1).as_str());
    assert_eq!(one["outcome"], "canceled");
    assert_eq!((&one["canceled"], &one["went_live"]), (&true.into(), &"false".into()));
    assert_eq!(one["state"], stage.stopped_state().0);
    assert_eq!(words(one), [stage.shown("queued"), stage.shown("running"), stage.shown("canceled")]);
    assert_eq!(one["http_status"], stage.traits().accepted);
    let request_id = one["request_id"].as_str().unwrap_or_default();
    assert!(request_id.starts_with(stage.traits().request_id), "{request_id}");
    if stage.traits().commits {
        assert_eq!(one["branch"], "main");
        assert_eq!(one["commit"].as_str().unwrap().len(), 40);
        assert!(one["created_at"].as_str().unwrap().ends_with('Z'));
    }
    assert!(one["duration_seconds"].is_f64() && one["details"].is_object());
});

every_platform!(a_deployment_that_went_live_before_fails_the_step, |stage| {
    let scene = stage.play(&Course::of(&["succeeded"]));
    let ran = scene.run();
    ran.ended("already_finished", 3).says("::error title=");
    tells(&ran, "false", "true", "succeeded");
    went(&ran, stage.shown("succeeded"), stage.shown("succeeded"));
    assert_eq!(scene.calls(), [Call::Read]);
    let deployments = ran.deployments();
    assert_eq!(deployments[0]["http_status"], Value::Null);
    assert_eq!(deployments[0]["request_id"], Value::Null);
});

every_platform!(a_deployment_that_was_canceled_before_is_satisfied, |stage| {
    let scene = stage.play(&Course::of(&["canceled"]));
    let ran = scene.run();
    ran.ended("already_finished", 0).says("::notice title=");
    let (state, is_told) = stage.stopped_state();
    tells(&ran, if is_told { "true" } else { "false" }, "false", state);
    assert_eq!(ran.output("canceled_count"), if is_told { "1" } else { "0" });
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_deployment_that_failed_before_is_satisfied, |stage| {
    if !stage.has("failed") {
        return;
    }
    let scene = stage.play(&Course::of(&["failed"]));
    let ran = scene.run();
    ran.ended("already_finished", 0).says("::notice title=");
    tells(&ran, "false", "false", "failed");
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_deployment_that_was_superseded_before_is_satisfied, |stage| {
    if !stage.has("superseded") {
        return;
    }
    let scene = stage.play(&Course::of(&["superseded"]));
    let ran = scene.run();
    ran.ended("already_finished", 0);
    tells(&ran, "false", "false", "superseded");
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_lost_race_is_completed_and_fails_the_step, |stage| {
    let scene = stage.play(&racing(stage, "succeeded"));
    let ran = scene.run();
    ran.ended("completed", 3).says("::error title=");
    tells(&ran, "false", "true", "succeeded");
    went(&ran, stage.shown("running"), stage.shown("succeeded"));
    assert_eq!((scene.asked(), scene.effective(1)), (1, 0));
    assert_eq!(ran.deployments()[0]["http_status"], stage.traits().too_late);
    assert!(!ran.summary.is_empty());
});

every_platform!(a_lost_race_is_completed_whatever_the_cancel_answers, |stage| {
    for status in [400, 403, 404, 409, 422] {
        let ran = stage.play(&racing(stage, "succeeded")).fault(Call::Cancel, [Fault::Status(status)]).run();
        ran.ended("completed", 3);
        assert_eq!(ran.deployments()[0]["http_status"], stage.traits().on_the_wire(status));
    }
});

every_platform!(an_accepted_cancel_that_ends_live_is_completed, |stage| {
    let ran = stage.play(&Course::running().then(&["running", "succeeded"])).run();
    ran.ended("completed", 3);
    tells(&ran, "false", "true", "succeeded");
});

every_platform!(a_failure_of_its_own_is_told_and_no_failed_step, |stage| {
    if !stage.has("failed") {
        return;
    }
    let scene = stage.play(&racing(stage, "failed"));
    let ran = scene.run();
    ran.ended("failed", 0).says("::warning title=");
    tells(&ran, "false", "false", "failed");
    assert_eq!(scene.asked(), 1);
});

every_platform!(a_failure_of_its_own_fails_the_step_when_listed, |stage| {
    if !stage.has("failed") {
        return;
    }
    let scene = stage.play(&racing(stage, "failed"));
    scene.step().input("fail_on", "failed").run().ended("failed", 3).says("::error title=");
});

every_platform!(a_deployment_that_is_overtaken_is_superseded, |stage| {
    // On Render it had gone live first, see there.
    if !stage.has("superseded") || stage == Stage::Render {
        return;
    }
    let ran = stage.play(&racing(stage, "superseded")).run();
    ran.ended("superseded", 0).says("::notice title=");
    tells(&ran, "false", "false", "superseded");
});

every_platform!(without_waiting_an_accepted_request_is_requested, |stage| {
    let scene = stage.play(&Course::running().then(&["running"]));
    let ran = scene.step().input("wait", "false").run();
    ran.ended("requested", 0).says("::notice title=");
    tells(&ran, "false", "unknown", "running");
    assert_eq!((scene.asked(), scene.effective(1)), (1, 1));
});

every_platform!(without_waiting_an_end_in_the_answer_is_told, |stage| {
    if !stage.traits().answer_tells {
        return;
    }
    stage.play(&Course::running()).step().input("wait", "false").run().ended("canceled", 0);
});

every_platform!(without_waiting_a_lost_race_is_no_request, |stage| {
    stage.play(&racing(stage, "succeeded")).step().input("wait", "false").run().ended("completed", 3);
});

every_platform!(without_waiting_an_unclear_answer_is_read_after, |stage| {
    let scene = stage.play(&Course::running()).fault(Call::Cancel, [Fault::after(Fault::Status(502))]);
    scene.step().input("wait", "false").run().ended("canceled", 0);
    assert_eq!(scene.asked(), 1);
});

every_platform!(without_waiting_a_refusal_is_an_error, |stage| {
    let scene = stage.play(&Course::running()).fault(Call::Cancel, [Fault::Status(409)]);
    scene.step().input("wait", "false").run().ended("error", 1);
    assert_eq!(scene.asked(), 1);
});

every_platform!(an_end_that_does_not_come_is_timed_out, |stage| {
    let ran = stage.play(&Course::running().then(&["running"])).run_inside();
    ran.ended("timed_out", 124).says("::error title=");
    tells(&ran, "false", "unknown", "running");
    assert!(ran.output("reason").contains("accepted the cancel request"));
});

every_platform!(the_last_read_before_the_limit_still_counts, |stage| {
    // The answer to the cancel comes just before the limit, and shows nothing; the read after it shows the end.
    let course = Course::running().answering("running");
    let delay = Fault::Delay(std::time::Duration::from_millis(1300));
    let scene = stage.play(&course).fault(Call::Cancel, [delay]);
    scene.step().input("timeout", "2").run_inside(&scene.sandbox).ended("canceled", 0);
});

every_platform!(a_deployment_that_is_not_there_is_not_found, |stage| {
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

every_platform!(an_id_the_platform_calls_malformed_is_not_found, |stage| {
    let scene = stage.play(&Course::running()).fault(Call::Read, [Fault::Status(400)]);
    let is_unknown = stage.traits().malformed_is_unknown;
    scene.run().ended(if is_unknown { "not_found" } else { "error" }, if is_unknown { 4 } else { 1 });
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_state_that_is_not_listed_is_skipped, |stage| {
    let scene = stage.play(&Course::running());
    let ran = scene.step().input("only_states", "queued").run();
    ran.ended("skipped", 0).says("::notice title=");
    tells(&ran, "false", "unknown", "running");
    assert_eq!(scene.calls(), [Call::Read]);
});

every_platform!(a_listed_state_is_canceled, |stage| {
    if !stage.has("queued") {
        return;
    }
    stage.play(&Course::of(&["queued"])).step().input("only_states", "running,queued").run().ended("canceled", 0);
});

every_platform!(an_unknown_state_is_not_among_the_listed_ones, |stage| {
    let scene = stage.play(&Course::of(&["unknown"]));
    scene.step().input("only_states", "running,queued").run().ended("skipped", 0);
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_dry_run_sends_nothing, |stage| {
    let scene = stage.play(&Course::running());
    let ran = scene.step().input("dry_run", "true").run();
    ran.ended("dry_run", 0).says("::notice title=");
    tells(&ran, "false", "unknown", "running");
    assert_eq!(scene.calls(), [Call::Read]);
});

every_platform!(a_dry_run_tells_what_has_ended_before, |stage| {
    stage.play(&Course::of(&["succeeded"])).step().input("dry_run", "true").run().ended("already_finished", 3);
});

every_platform!(a_token_that_may_only_read_is_an_error, |stage| {
    let ran = stage.play(&Course::running()).grant(Grant::ReadOnly).run();
    ran.ended("error", 1).says("::error title=").says(stage.right());
    tells(&ran, "false", "unknown", "running");
    assert_eq!(ran.deployments()[0]["http_status"], stage.traits().on_the_wire(stage.traits().no_right));
});

every_platform!(an_unknown_state_is_told_by_its_own_word_and_is_no_end, |stage| {
    // There the hosts say that it has ended, see datadog.rs.
    if stage == Stage::Datadog {
        return;
    }
    let ran = stage.play(&Course::running().then(&["unknown"])).run_inside();
    ran.ended("timed_out", 124);
    tells(&ran, "false", "unknown", "unknown");
    went(&ran, stage.shown("running"), stage.unknown());
});

every_platform!(a_deployment_in_an_unknown_state_is_asked_all_the_same, |stage| {
    let scene = stage.play(&Course::of(&["unknown"]));
    let ran = scene.run();
    assert_eq!(scene.asked(), 1);
    if !stage.traits().unknown_can_be_canceled {
        ran.ended("error", 1);
        return;
    }
    ran.ended("canceled", 0);
    went(&ran, stage.unknown(), stage.shown("canceled"));
});

every_platform!(canceled_is_read_with_two_l_as_well, |stage| {
    let word = stage.about().told("canceled").unwrap_or_default();
    if !word.to_lowercase().contains("canceled") {
        return;
    }
    let two_l: &'static str =
        word.replace("CANCELED", "CANCELLED").replace("canceled", "cancelled").replace("Canceled", "Cancelled").leak();
    let ran = stage.play(&Course::of(&[two_l])).run();
    ran.ended("already_finished", 0);
    tells(&ran, "true", "false", "canceled");
    let word = two_l.split(": ").next().unwrap();
    went(&ran, word, word);
});

every_platform!(nothing_fails_the_step_when_nothing_is_listed, |stage| {
    let none = |course: Course| stage.play(&course).step().input("fail_on", "none").run();
    none(Course::of(&["succeeded"])).ended("already_finished", 0);
    none(racing(stage, "succeeded")).ended("completed", 0);
});

// Several deployments.

every_platform!(several_deployments_are_all_canceled, |stage| {
    if !stage.traits().many {
        return;
    }
    let scene = stage.play_all(&vec![Course::running(); 12]);
    let ran = scene.run();
    ran.ended("canceled", 0).tells("count", "12").tells("canceled_count", "12");
    tells(&ran, "true", "false", stage.stopped_state().0);
    assert_eq!(ran.deployments().len(), 12);
    assert!((1..=12).all(|number| scene.effective(number) == 1));
    assert_eq!(scene.asked(), 12);
});

every_platform!(the_worst_outcome_is_the_runs, |stage| {
    if !stage.has("failed") || !stage.traits().many {
        return;
    }
    let scene = stage.play_all(&[
        Course::running(),
        racing(stage, "succeeded"),
        racing(stage, "failed"),
        Course::of(&["canceled"]),
    ]);
    let ran = scene.run();
    ran.ended("completed", 3);
    tells(&ran, "false", "true", "succeeded");
    assert_eq!(ran.output("deployment_id"), stage.id(2));
    // What was stopped before counts where a word tells that it was.
    let canceled = if stage.stopped_state().1 { "2" } else { "1" };
    assert_eq!((ran.output("count"), ran.output("canceled_count")), ("4", canceled));
    let deployments = ran.deployments();
    let outcomes: Vec<_> = deployments.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["canceled", "completed", "failed", "already_finished"]);
});

every_platform!(only_the_named_deployment_is_canceled, |stage| {
    if !stage.traits().many {
        return;
    }
    // One whose id begins alike is another one.
    let scene = stage.play_all(&vec![Course::running(); 11]);
    scene.step().input("deployment_id", &stage.id(1)).run().ended("canceled", 0);
    assert_eq!((scene.asked(), scene.effective(1)), (1, 1));
});

every_platform!(one_that_is_missing_does_not_stop_the_others, |stage| {
    if !stage.traits().many {
        return;
    }
    let scene = stage.play_all(&[Course::running(), Course::running()]);
    let ids = [stage.id(1), stage.id(9), stage.id(2)].join(",");
    let ran = scene.step().input("deployment_id", &ids).run();
    ran.ended("not_found", 4);
    tells(&ran, "false", "unknown", "");
    assert_eq!(ran.output("deployment_id"), stage.id(9));
    assert_eq!((ran.output("count"), ran.output("canceled_count")), ("3", "2"));
    assert_eq!((scene.effective(1), scene.effective(2)), (1, 1));
});

every_platform!(one_that_is_refused_does_not_stop_the_others, |stage| {
    if !stage.traits().many {
        return;
    }
    let scene = stage.play_all(&vec![Course::running(); 3]).fault(Call::Cancel, [Fault::Status(409)]);
    scene.run().ended("error", 1).tells("count", "3").tells("canceled_count", "2");
});

every_platform!(the_worst_failing_outcome_decides_the_exit_code, |stage| {
    if !stage.traits().many {
        return;
    }
    let scene = stage.play_all(&[Course::running(), Course::of(&["succeeded"])]);
    let ids = [stage.id(1), stage.id(2), stage.id(9)].join(",");
    let step = scene.step().input("deployment_id", &ids);
    // The worst outcome is not_found, but only what is listed makes the step fail.
    step.input("fail_on", "already_finished").run().ended("not_found", 3);
});

every_platform!(the_same_id_twice_counts_once, |stage| {
    let scene = stage.play(&Course::running());
    let ids = format!("{0}, {0}\n{0}", stage.id(1));
    let ran = scene.step().input("deployment_id", &ids).run();
    ran.ended("canceled", 0);
    assert_eq!((ran.output("count"), scene.asked()), ("1", 1));
});

every_platform!(at_most_eight_requests_are_under_way, |stage| {
    if !stage.traits().many {
        return;
    }
    let scene = stage.play_all(&vec![Course::running(); 12]).always(Call::Read, Fault::Hold);
    let ran = scene.run_inside();
    ran.ended("error", 1);
    assert_eq!((ran.output("count"), scene.reads()), ("12", 8));
    assert_eq!(scene.asked(), 0);
});

every_platform!(whatever_is_asked_besides_counts_to_the_eight, |stage| {
    if !stage.traits().many {
        return;
    }
    let slow = || Fault::Delay(Duration::from_millis(300));
    let calls = [Call::Read, Call::Cancel, Call::Live, Call::Other];
    let scene =
        calls.into_iter().fold(stage.play_all(&vec![Course::running(); 12]), |scene, call| scene.always(call, slow()));
    let step = scene.step();
    let step = if stage.info().about.roll_back.info().is_some() { step.input("if_live", "roll_back") } else { step };
    step.run().ended("canceled", 0);
    let most = scene.sandbox.most_open();
    assert!(most <= 8, "{most} at the same time");
});

every_platform!(a_slow_deployment_does_not_hold_up_the_others, |stage| {
    if !stage.traits().many {
        return;
    }
    let scene = stage.play_all(&vec![Course::running(); 10]).fault(Call::Read, [Fault::Hold]);
    let running = scene.step().start();
    scene.sandbox.wait_for(Call::Cancel, 9);
    scene.sandbox.release();
    running.wait().ended("canceled", 0).tells("canceled_count", "10");
});
