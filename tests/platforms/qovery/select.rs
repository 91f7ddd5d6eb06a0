//! Choosing deployments on Qovery.

use crate::sandbox::qovery::{Deployment, ENVIRONMENT, Environment, request};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::stage::by_id::{IDLE, asked, asks_nothing};
use crate::step::Step;

fn environment(all: impl IntoIterator<Item = Deployment>) -> Sandbox {
    let sandbox = Sandbox::start();
    for one in all {
        sandbox.add(one);
    }
    sandbox
}

fn deployment(number: usize) -> Deployment {
    Deployment::new(ENVIRONMENT, number)
}

fn select(sandbox: &Sandbox, rule: &str) -> Step {
    Step::on(sandbox, "qovery").input("environment_id", ENVIRONMENT).input("select", rule)
}

const CANCEL: &str = "/environment/e0f6b1c4-8d3a-4c57-9b21-000000000001/cancelDeployment";

fn queued(number: usize) -> String {
    format!("/deploymentQueue/{}/cancelDeployment", request(number))
}

fn effects(sandbox: &Sandbox, numbers: &[usize]) -> Vec<usize> {
    numbers.iter().map(|number| sandbox.effective_cancels(&request(*number))).collect()
}

#[test]
fn latest_takes_the_one_under_way_and_leaves_the_queue() {
    let sandbox = environment([1, 2, 3].map(deployment));
    select(&sandbox, "latest").run().ended("canceled", 0).tells("deployment_id", request(1));
    assert_eq!(asked(&sandbox), [CANCEL]);
    assert_eq!(effects(&sandbox, &[1, 2, 3]), [1, 0, 0]);
}

#[test]
fn latest_takes_the_only_one_that_waits_in_the_queue() {
    let sandbox = environment([deployment(1).states(["QUEUED"]).after_cancel(["CANCELED"])]);
    select(&sandbox, "latest").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [queued(1)]);
}

#[test]
fn all_asks_the_queued_ones_before_the_one_under_way_so_that_nothing_starts_in_between() {
    let sandbox = environment([1, 2, 3].map(deployment));
    let ran = select(&sandbox, "all").run();
    ran.ended("canceled", 0).tells("canceled_count", "3");
    let mut asked = asked(&sandbox);
    assert_eq!(asked.pop().as_deref(), Some(CANCEL));
    asked.sort_unstable();
    assert_eq!(asked, [queued(2), queued(3)]);
    for told in ran.deployments() {
        let is_first = told["deployment_id"] == request(1);
        let words: Vec<_> = told["timeline"].as_array().unwrap().iter().collect();
        let started = words.iter().any(|at| at["platform_state"] == "BUILDING");
        assert_eq!(started, is_first, "{told}");
    }
}

#[test]
fn the_one_under_way_waits_until_an_unclear_answer_for_a_queued_one_is_cleared_up() {
    let sandbox = environment([1, 2].map(deployment));
    sandbox.fault(Call::Cancel, [Fault::Status(500)]);
    select(&sandbox, "all").run().ended("canceled", 0);
    let two = queued(2);
    assert_eq!(asked(&sandbox), [&two, &two, CANCEL]);
    assert_eq!(effects(&sandbox, &[1, 2]), [1, 1]);
}

#[test]
fn without_waiting_the_queued_ones_are_asked_first_as_well() {
    let sandbox = environment([1, 2].map(deployment));
    select(&sandbox, "all").input("wait", "false").run().ended("requested", 0);
    assert_eq!(asked(&sandbox), [queued(2).as_str(), CANCEL]);
}

#[cfg(unix)]
#[test]
fn a_signal_while_a_queued_one_is_asked_leaves_the_one_under_way_running() {
    let sandbox = environment([1, 2].map(deployment));
    sandbox.fault(Call::Cancel, [Fault::HoldBefore]);
    let running = select(&sandbox, "all").start();
    sandbox.wait_for(Call::Cancel, 1);
    running.signal("TERM");
    running.wait().ended("interrupted", 143);
    assert_eq!(asked(&sandbox), [queued(2)]);
}

#[test]
fn one_that_leaves_the_queue_meanwhile_is_stopped_and_the_finished_one_before_it_is_not_asked() {
    let sandbox = environment([deployment(1), deployment(2).leaves_queue_at_cancel()]);
    let ran = select(&sandbox, "all").run();
    assert_eq!((ran.code, ran.output("went_live")), (3, "true"));
    assert_eq!(asked(&sandbox), [queued(2).as_str(), CANCEL]);
    assert_eq!(effects(&sandbox, &[1, 2]), [0, 1]);
}

#[test]
fn one_that_starts_after_the_choice_is_never_stopped_in_its_place() {
    let sandbox = environment([]);
    sandbox.add(Environment::new(ENVIRONMENT).moves_on_after(1));
    sandbox.add(deployment(1)).add(deployment(2));
    let ran = select(&sandbox, "latest").run();
    assert_eq!((ran.code, ran.output("went_live")), (3, "true"));
    assert_eq!(ran.output("deployment_id"), request(1));
    assert_eq!(asked(&sandbox), [""; 0]);
}

#[test]
fn a_teardown_in_the_queue_is_never_selected() {
    for action in ["STOP", "DELETE", "DELETE_RESOURCES_ONLY", "UNINSTALL"] {
        let teardown = deployment(2).action(action);
        let sandbox = environment([deployment(1), teardown, deployment(3)]);
        select(&sandbox, "all").run().ended("canceled", 0);
        assert_eq!(asked(&sandbox), [queued(3).as_str(), CANCEL]);
        assert_eq!(effects(&sandbox, &[1, 2, 3]), [1, 0, 1]);
    }
}

#[test]
fn a_teardown_under_way_is_never_selected() {
    for word in ["STOPPING", "DELETING", "STOP_QUEUED", "DELETE_QUEUED"] {
        let teardown = deployment(1).states([word]);
        for rule in ["latest", "all"] {
            let sandbox = environment([teardown.clone()]);
            asks_nothing(&sandbox, select(&sandbox, rule), IDLE, &[]);
        }
        let sandbox = environment([teardown.clone(), deployment(2)]);
        asks_nothing(&sandbox, select(&sandbox, "latest"), IDLE, &[]);
        select(&sandbox, "all").run().ended("canceled", 0);
        assert_eq!(asked(&sandbox), [queued(2)]);
    }
}

#[test]
fn latest_leaves_what_is_behind_one_that_is_being_canceled() {
    let canceling = deployment(1).states(["CANCELING"]);
    let sandbox = environment([canceling, deployment(2)]);
    asks_nothing(&sandbox, select(&sandbox, "latest"), IDLE, &[]);
}

#[test]
fn an_environment_at_rest_has_nothing_to_cancel() {
    let at_rest = [("DEPLOYED", "unknown"), ("CANCELED", "false"), ("BUILD_ERROR", "false"), ("STOPPED", "false")];
    let at_rest = at_rest.map(|(word, live)| (environment([deployment(1).states([word])]), live));
    let ready = environment([]);
    ready.add(Environment::new(ENVIRONMENT));
    for (sandbox, live) in at_rest.into_iter().chain([(ready, "false")]) {
        for rule in ["latest", "all"] {
            let ran = asks_nothing(&sandbox, select(&sandbox, rule), IDLE, &["looked at"]);
            assert_eq!((ran.output("count"), ran.output("went_live")), ("0", live));
        }
    }
}

#[test]
fn an_environment_in_a_state_that_is_not_known_is_not_taken_for_calm() {
    for word in ["UNAVAILABLE", "PREPARING"] {
        let sandbox = environment([deployment(1).states([word])]);
        asks_nothing(&sandbox, select(&sandbox, "latest"), ("error", 1), &[word]);
        let ran = asks_nothing(&sandbox, select(&sandbox, "all"), IDLE, &["looked at"]);
        assert!(ran.stdout.contains(&format!("does not know ({word})")));
    }
}
