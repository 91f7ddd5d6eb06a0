//! Qovery, end to end: whose deployment is meant, and that nothing else is ever stopped.

mod rights;
mod select;

use serde_json::json;

use crate::sandbox::qovery::{Deployment, ENVIRONMENT, Environment, OTHER_ENVIRONMENT, request};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::step::{Ran, Step};

/// The requests of the deployments with these numbers, and one that nobody has made.
const ONE: &str = "b81d3c95-0e4b-4f68-a2c7-000000000001";
const TWO: &str = "b81d3c95-0e4b-4f68-a2c7-000000000002";
const THREE: &str = "b81d3c95-0e4b-4f68-a2c7-000000000003";
const NONE: &str = "b81d3c95-0e4b-4f68-a2c7-000000000009";

/// The executions of the first two.
const EXECUTION: &str = "e0f6b1c4-8d3a-4c57-9b21-000000000001-1";
const OTHER_EXECUTION: &str = "e0f6b1c4-8d3a-4c57-9b21-000000000001-2";

fn sandbox(deployments: impl IntoIterator<Item = Deployment>) -> Sandbox {
    let sandbox = Sandbox::start();
    for deployment in deployments {
        sandbox.add(deployment);
    }
    sandbox
}

fn step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "qovery").input("environment_id", ENVIRONMENT)
}

fn named(sandbox: &Sandbox, id: &str) -> Step {
    step(sandbox).input("deployment_id", id)
}

fn one() -> Deployment {
    Deployment::new(ENVIRONMENT, 1)
}

fn two() -> Deployment {
    Deployment::new(ENVIRONMENT, 2)
}

/// The paths and bodies of all cancel requests.
fn asked(sandbox: &Sandbox) -> Vec<(String, String)> {
    let cancels = sandbox.requests().into_iter();
    let cancels = cancels.filter(|seen| seen.call == Call::Cancel);
    cancels.map(|seen| (seen.path, String::from_utf8(seen.body).unwrap())).collect()
}

fn reports(ran: &Ran, state: &str, canceled: &str, live: &str) {
    assert_eq!((ran.output("state"), ran.output("canceled"), ran.output("went_live")), (state, canceled, live));
}

#[test]
fn what_is_under_way_is_canceled() {
    let sandbox = sandbox([one()]);
    let ran = step(&sandbox).run();
    ran.ended("canceled", 0);
    reports(&ran, "canceled", "true", "false");
    let environment = (format!("/environment/{ENVIRONMENT}/cancelDeployment"), r#"{"force_cancel":false}"#.to_owned());
    assert_eq!(asked(&sandbox), [environment]);
    assert_eq!(sandbox.effective_cancels(ONE), 1);
    assert_eq!(ran.output("deployment_id"), ONE);
    assert_eq!(
        ran.output("deployment_url"),
        format!(
            "https://console.qovery.com/organization/2b7c7f3e-55d0-4c1e-8b1c-6e6f6f4f2a10/project/6d0c8a52-1f3b-4e6f-a5d4-b3c2a1908f7e/environment/{ENVIRONMENT}/deployment/{EXECUTION}"
        )
    );
    let told = &ran.deployments()[0];
    assert_eq!(told["http_status"], 202);
    assert_eq!(told["details"]["execution_id"], EXECUTION);
    assert!(ran.summary.contains("starts by itself"), "{}", ran.summary);
}

#[test]
fn lifecycle_jobs_are_abandoned_only_when_asked_for() {
    let sandbox = sandbox([one()]);
    step(&sandbox).input("force_cancel", "TRUE").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox)[0].1, r#"{"force_cancel":true}"#);
    step(&sandbox).input("force_cancel", "yes").run().ended("error", 2).says("force_cancel");
}

#[test]
fn the_next_in_the_queue_is_never_taken_for_ours() {
    let sandbox = sandbox([one(), two()]);
    step(&sandbox).run().ended("canceled", 0).tells("deployment_id", ONE);
    assert_eq!((sandbox.effective_cancels(ONE), sandbox.effective_cancels(TWO)), (1, 0));
}

#[test]
fn without_a_request_id_the_history_tells_the_end() {
    let old = [one().without_request(), two().without_request()];
    let sandbox = sandbox(old);
    step(&sandbox).run().ended("canceled", 0).tells("deployment_id", EXECUTION);
    assert_eq!(sandbox.effective_cancels(OTHER_EXECUTION), 0);
}

#[test]
fn an_end_that_nobody_tells_is_no_cancellation() {
    let ran = step(&sandbox([one().without_request().out_of_history(), two()])).run();
    ran.ended("error", 1).says("the end is not visible");
    reports(&ran, "canceling", "false", "unknown");
}

#[test]
fn how_it_really_ended_decides() {
    for (word, outcome, code, live) in [
        ("DEPLOYED", "completed", 3, "true"),
        ("RESTARTED", "completed", 3, "true"),
        ("DEPLOYMENT_ERROR", "failed", 0, "false"),
        ("SOMETHING_ERROR", "failed", 0, "false"),
    ] {
        let sandbox = sandbox([one().after_cancel(["CANCELING", word])]);
        step(&sandbox).run().ended(outcome, code).tells("canceled", "false").tells("went_live", live);
    }
}

#[test]
fn one_that_ended_before_the_next_started_is_judged_by_its_own_end() {
    let sandbox = sandbox([one().after_cancel(["CANCELING", "DEPLOYED"]), two()]);
    step(&sandbox).run().ended("completed", 3);
    assert_eq!(sandbox.effective_cancels(TWO), 0);
}

#[test]
fn a_never_deployed_environment_has_nothing_to_cancel() {
    let sandbox = Sandbox::start();
    sandbox.add(Environment::new(ENVIRONMENT));
    let ran = step(&sandbox).run();
    ran.ended("nothing_to_cancel", 0).says("READY").says(ENVIRONMENT);
    assert_eq!((ran.output("canceled"), ran.output("went_live")), ("false", "false"));
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_teardown_is_canceled_only_by_its_name() {
    for word in ["STOPPING", "DELETING", "STOP_QUEUED", "DELETE_QUEUED"] {
        let sandbox = sandbox([one().states([word])]);
        let ran = step(&sandbox).run();
        ran.ended("skipped", 0).says("no deployment").says(&format!("deployment_id: {ONE}"));
        assert_eq!(ran.output("platform_state"), word);
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
    named(&sandbox([one().states(["DELETING"])]), ONE).run().ended("canceled", 0);
}

#[test]
fn a_teardown_that_follows_upon_a_request_is_not_said_to_be_unsent() {
    let sandbox = sandbox([one().after_cancel(["STOPPING"])]);
    let ran = step(&sandbox).run();
    ran.ended("error", 1)
        .says("The platform accepted the cancel request, but the end is not visible")
        .says("no deployment");
    assert_eq!(sandbox.count(Call::Cancel), 1);
    let told = format!("{}{}", ran.stdout, ran.summary).to_lowercase();
    assert!(!told.contains("no cancel request was sent") && !told.contains("nothing was canceled"), "{told}");
}

#[test]
fn what_was_taken_down_is_not_live() {
    for (word, end) in [("STOPPING", "STOPPED"), ("DELETE_QUEUED", "DELETED")] {
        let taken_down = sandbox([one().states([end])]);
        for step in [step(&taken_down), named(&taken_down, ONE)] {
            let ran = step.run();
            ran.ended("already_finished", 0);
            reports(&ran, "succeeded", "false", "false");
            assert!(!ran.summary.contains("To go back"), "{}", ran.summary);
        }
        // Named, asked to stop, and over all the same.
        let ran = named(&sandbox([one().states([word]).after_cancel([end])]), ONE).run();
        ran.ended("completed", 3).says("nothing went live");
        reports(&ran, "succeeded", "false", "false");
        let told = format!("{}{}", ran.stdout, ran.summary);
        for lie in ["To go back", "Went live", "It went live"] {
            assert!(!told.contains(lie), "{lie}: {told}");
        }
    }
}

#[test]
fn what_the_history_calls_a_teardown_is_not_live() {
    // The environment has moved on, and its history is all there is.
    for (action, live) in [("DEPLOY", "true"), ("STOP", "false"), ("DEPLOY_DRY_RUN", "false")] {
        let past = one().without_request().states(["RECAP"]).action(action);
        let sandbox = sandbox([past, two().states(["DEPLOYED"])]);
        sandbox.add(Environment::new(ENVIRONMENT).moves_on_after(0));
        named(&sandbox, EXECUTION).run().tells("went_live", live).tells("outcome", "already_finished");
    }
}

#[test]
fn an_end_that_was_read_waits_for_no_page() {
    // The look-up of the page never ends; a signal that comes meanwhile denies nothing.
    let sandbox = sandbox([one().states(["CANCELED"])]);
    sandbox.always(Call::Scope, Fault::Hold);
    let running = step(&sandbox).start();
    sandbox.wait_for(Call::Scope, 1);
    running.signal("TERM");
    let ran = running.wait();
    ran.ended("already_finished", 143);
    reports(&ran, "canceled", "true", "false");
    // Without a signal it is told as well, only without its page.
    step(&sandbox).run().ended("already_finished", 0).tells("deployment_url", "");
}

#[test]
fn a_run_that_does_not_wait_is_told_with_its_page() {
    let ran = step(&sandbox([one()])).input("wait", "false").run();
    ran.ended("requested", 0);
    assert!(ran.output("deployment_url").ends_with(&format!("/deployment/{EXECUTION}")));
}

#[test]
fn both_kinds_of_id_name_the_one_under_way() {
    for id in [ONE, EXECUTION] {
        let sandbox = sandbox([one(), two()]);
        named(&sandbox, id).run().ended("canceled", 0).tells("deployment_id", ONE);
        assert_eq!(sandbox.effective_cancels(TWO), 0);
    }
}

#[test]
fn one_that_waits_is_canceled_in_the_queue() {
    let sandbox = sandbox([one(), two()]);
    named(&sandbox, TWO).run().ended("canceled", 0).tells("previous_state", "QUEUED");
    let queue = (format!("/deploymentQueue/{TWO}/cancelDeployment"), "{}".to_owned());
    assert_eq!(asked(&sandbox), [queue]);
    assert_eq!(sandbox.effective_cancels(ONE), 0);
}

#[test]
fn an_environment_that_only_waits_is_canceled_in_the_queue() {
    let sandbox = sandbox([one().states(["QUEUED"]).after_cancel(["CANCELED"])]);
    step(&sandbox).run().ended("canceled", 0);
    assert_eq!(asked(&sandbox)[0].0, format!("/deploymentQueue/{ONE}/cancelDeployment"));
}

#[test]
fn one_that_leaves_the_queue_at_that_moment_is_canceled_where_it_is_now() {
    let sandbox = sandbox([one(), two().leaves_queue_at_cancel()]);
    named(&sandbox, TWO).run().ended("canceled", 0);
    assert_eq!(sandbox.effective_cancels(TWO), 1);
    assert_eq!(asked(&sandbox)[1].0, format!("/environment/{ENVIRONMENT}/cancelDeployment"));
}

#[test]
fn another_id_cancels_nothing() {
    let sandbox = sandbox([one().states(["DEPLOYED"]), two()]);
    for id in [ONE, EXECUTION] {
        named(&sandbox, id).run().ended("already_finished", 3);
    }
    for id in [NONE, "exec-none", ENVIRONMENT] {
        named(&sandbox, id).run().ended("not_found", 4).says("neither under way nor in its queue");
    }
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_request_of_another_environment_is_not_found() {
    let sandbox = sandbox([one(), Deployment::new(OTHER_ENVIRONMENT, 4), Deployment::new(OTHER_ENVIRONMENT, 5)]);
    for number in [4, 5] {
        named(&sandbox, &request(number)).run().ended("not_found", 4);
    }
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn nothing_is_sent_once_the_environment_has_moved_on() {
    let sandbox = sandbox([one(), two()]);
    sandbox.add(Environment::new(ENVIRONMENT).moves_on_after(1));
    let ran = step(&sandbox).run();
    ran.ended("already_finished", 3);
    assert_eq!((ran.output("deployment_id"), sandbox.count(Call::Cancel)), (ONE, 0));
}

#[test]
fn an_answer_about_another_deployment_is_an_error_that_names_both() {
    let sandbox = sandbox([one(), two()]);
    sandbox.add(Environment::new(ENVIRONMENT).moves_on_after(2));
    let ran = step(&sandbox).run();
    ran.ended("error", 1).says(&format!("The environment moved on: {TWO} was asked to stop, not {ONE}"));
    assert_eq!(ran.deployments()[0]["http_status"], 202);
    assert_eq!(ran.output("canceled"), "false");
}

#[test]
fn an_execution_that_changed_under_one_request_is_told_apart() {
    let sandbox = sandbox([one()]);
    let patch = json!({ "last_deployment_id": OTHER_EXECUTION });
    let answer = json!({
        "id": ENVIRONMENT, "state": "CANCELING", "last_deployment_state": "CANCELING",
        "last_deployment_id": OTHER_EXECUTION, "deployment_request_id": ONE,
    });
    sandbox.fault(Call::Cancel, [Fault::json(202, &answer.to_string())]);
    named(&sandbox, ONE).run().ended("error", 1).says(&format!("{OTHER_EXECUTION} was asked to stop, not {EXECUTION}"));
    sandbox.add(Environment::new(ENVIRONMENT).patch(patch));
    named(&sandbox, EXECUTION).run_inside(&sandbox).ended("timed_out", 124).says("No cancel request was sent");
    assert_eq!(sandbox.count(Call::Cancel), 1);
}

#[test]
fn an_unclear_request_before_the_environment_moved_on_is_decided_by_our_own_end() {
    for (end, outcome, code) in [("CANCELED", "canceled", 0), ("DEPLOYED", "completed", 3)] {
        let sandbox = sandbox([one().after_cancel([end]), two()]);
        sandbox.fault(Call::Cancel, [Fault::after(Fault::Status(503))]);
        step(&sandbox).run().ended(outcome, code);
        assert_eq!((sandbox.count(Call::Cancel), sandbox.effective_cancels(TWO)), (1, 0));
    }
}

#[test]
fn an_unclear_request_whose_end_nobody_tells_is_told_with_what_the_environment_moved_on_to() {
    let gone = one().without_request().out_of_history().after_cancel(["CANCELED"]);
    let sandbox = sandbox([gone, two()]);
    sandbox.fault(Call::Cancel, [Fault::after(Fault::Status(503))]);
    let ran = step(&sandbox).run();
    ran.ended("error", 1).says("The answer was 503");
    ran.says(&format!("tells of deployment {EXECUTION} no more, only of {TWO}, which is BUILDING"));
    assert_eq!((sandbox.count(Call::Cancel), sandbox.effective_cancels(TWO)), (1, 0));
}

#[test]
fn a_request_whose_ids_could_not_be_compared_in_time_was_not_sent() {
    let sandbox = sandbox([one()]);
    sandbox.always(Call::Read, Fault::Hold);
    sandbox.fault(Call::Read, [Fault::Pass]);
    step(&sandbox).run_inside(&sandbox).ended("timed_out", 124).says("No cancel request was sent");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn ids_are_compared_again_before_an_unclear_request_is_repeated() {
    let sandbox = sandbox([one(), two()]);
    // Find, compare, two looks after the 503, and then the compare that sees the next one.
    sandbox.add(Environment::new(ENVIRONMENT).moves_on_after(4));
    sandbox.fault(Call::Cancel, [Fault::Status(503)]);
    let ran = step(&sandbox).run();
    ran.ended("completed", 3);
    assert_eq!(sandbox.count(Call::Cancel), 1);
    assert_eq!(ran.deployments()[0]["http_status"], 503);
}

#[test]
fn one_that_is_being_canceled_is_only_watched() {
    let sandbox = sandbox([one().states(["CANCELING", "CANCELED"])]);
    step(&sandbox).run().ended("canceled", 0).says("being canceled already");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn it_is_over_only_when_both_words_say_so() {
    let words = ["CANCELED/CANCELING", "CANCELING/CANCELED", "CANCELED"];
    let sandbox = sandbox([one().after_cancel(words)]);
    step(&sandbox).run().ended("canceled", 0);
    assert!(sandbox.count(Call::Read) >= 4);
    step(&self::sandbox([one().after_cancel(["CANCELED/DEPLOYED"])])).run().ended("completed", 3);
}

#[test]
fn while_the_words_may_speak_of_two_deployments_no_id_is_trusted() {
    let torn = ["BUILDING/CANCELED"];
    let sandbox = sandbox([one().states(torn).without_request()]);
    step(&sandbox).run().ended("error", 1).says("does not tell which deployment");
    assert_eq!(sandbox.count(Call::Cancel), 0);
    // The request's own status says that it is over: something else must be building.
    let sandbox = self::sandbox([one().states(torn)]);
    named(&sandbox, ONE).run().ended("already_finished", 0);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn new_words_are_reported_and_never_an_end() {
    for word in ["UNAVAILABLE", "RECAP", "SOMETHING_NEW"] {
        let sandbox = sandbox([one().after_cancel([word])]);
        let ran = step(&sandbox).run_inside(&sandbox);
        ran.ended("timed_out", 124);
        reports(&ran, "unknown", "false", "unknown");
        assert_eq!(ran.output("platform_state"), word);
    }
}

#[test]
fn other_kinds_of_waiting_are_canceled_in_the_environment() {
    for word in ["DEPLOYMENT_QUEUED", "WAITING_RUNNING", "NEW_QUEUED"] {
        let sandbox = sandbox([one().states([word])]);
        step(&sandbox).input("only_states", "queued").run().ended("canceled", 0);
        assert_eq!(asked(&sandbox)[0].0, format!("/environment/{ENVIRONMENT}/cancelDeployment"));
    }
    let sandbox = sandbox([one().states(["QUEUED"])]);
    step(&sandbox).input("only_states", "running").run().ended("skipped", 0);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn an_environment_that_is_not_there_is_named() {
    step(&Sandbox::start()).run().ended("not_found", 4).says(&format!("no environment {ENVIRONMENT}"));
}

#[test]
fn both_inputs_are_asked_for_at_once() {
    let ran = Step::github().input("platform", "Qovery").run();
    ran.ended("error", 2).says("QOVERY_API_TOKEN").says("QOVERY_ENVIRONMENT_ID");
}

#[test]
fn every_shape_of_error_is_shown() {
    for body in [
        r#"{"status":409,"detail":"the words"}"#,
        r#"{"status":409,"error":"Conflict","message":"the words"}"#,
        r#"{"error":"the words"}"#,
    ] {
        let sandbox = sandbox([one()]);
        sandbox.always(Call::Cancel, Fault::json(409, body));
        step(&sandbox).run().ended("error", 1).says("\"the words\"");
    }
}

#[test]
fn a_read_that_fails_right_before_the_request_is_no_request() {
    let sandbox = sandbox([one()]);
    sandbox.fault(Call::Read, [Fault::Pass, Fault::Status(503)]);
    step(&sandbox).run().ended("canceled", 0);
    assert_eq!(sandbox.count(Call::Cancel), 1);
    // The header is a moment since 1970, not a number of seconds.
    let soon = self::sandbox([one()]);
    soon.fault(Call::Read, [Fault::ResetHeader { in_seconds: 1 }]);
    step(&soon).run().ended("canceled", 0);
    let limited = self::sandbox([one()]);
    limited.fault(Call::Read, [Fault::Pass, Fault::ResetHeader { in_seconds: 1800 }]);
    let ran = step(&limited).run();
    ran.ended("timed_out", 124).says("No cancel request was sent");
    assert_eq!((ran.deployments()[0]["http_status"].clone(), limited.count(Call::Cancel)), (json!(null), 0));
}

#[test]
fn several_are_canceled_each_where_it_is() {
    let sandbox = sandbox([one(), two(), Deployment::new(ENVIRONMENT, 3)]);
    named(&sandbox, &format!("{ONE},{TWO}")).run().ended("canceled", 0).tells("canceled_count", "2");
    assert_eq!(sandbox.effective_cancels(THREE), 0);
}
