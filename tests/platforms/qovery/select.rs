//! Choosing deployments on Qovery.

use crate::sandbox::qovery::{Deployment, Environment};
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

fn deployment(name: &str) -> Deployment {
    Deployment::new("env-1", name)
}

fn select(sandbox: &Sandbox, rule: &str) -> Step {
    Step::on(sandbox, "qovery").input("environment_id", "env-1").input("select", rule)
}

const ENVIRONMENT: &str = "/environment/env-1/cancelDeployment";

fn queued(name: &str) -> String {
    format!("/deploymentQueue/req-{name}/cancelDeployment")
}

fn effects(sandbox: &Sandbox, names: &[&str]) -> Vec<usize> {
    let ids = names.iter().map(|name| format!("req-{name}"));
    ids.map(|id| sandbox.effective_cancels(&id)).collect()
}

#[test]
fn latest_takes_the_one_under_way_and_leaves_the_queue() {
    let sandbox = environment(["one", "two", "three"].map(deployment));
    let ran = select(&sandbox, "latest").run();
    ran.ended("canceled", 0);
    assert_eq!(ran.output("deployment_id"), "req-one");
    assert_eq!(asked(&sandbox), [ENVIRONMENT]);
    assert_eq!(effects(&sandbox, &["one", "two", "three"]), [1, 0, 0]);
}

#[test]
fn latest_takes_the_only_one_that_waits_in_the_queue() {
    let waiting = deployment("one").states(["QUEUED"]);
    let sandbox = environment([waiting.after_cancel(["CANCELED"])]);
    select(&sandbox, "latest").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [queued("one")]);
}

#[test]
fn all_asks_the_queued_ones_before_the_one_under_way_so_that_nothing_starts_in_between() {
    let sandbox = environment(["one", "two", "three"].map(deployment));
    let ran = select(&sandbox, "all").run();
    ran.ended("canceled", 0);
    assert_eq!(ran.output("canceled_count"), "3");
    let mut asked = asked(&sandbox);
    assert_eq!(asked.pop().as_deref(), Some(ENVIRONMENT));
    asked.sort_unstable();
    assert_eq!(asked, [queued("three"), queued("two")]);
    for told in ran.deployments() {
        let is_first = told["deployment_id"] == "req-one";
        let words: Vec<_> = told["timeline"].as_array().unwrap().iter().collect();
        let started = words.iter().any(|at| at["platform_state"] == "BUILDING");
        assert_eq!(started, is_first, "{told}");
    }
}

#[test]
fn the_one_under_way_waits_until_an_unclear_answer_for_a_queued_one_is_cleared_up() {
    let sandbox = environment(["one", "two"].map(deployment));
    sandbox.fault(Call::Cancel, [Fault::Status(500)]);
    select(&sandbox, "all").run().ended("canceled", 0);
    let two = queued("two");
    assert_eq!(asked(&sandbox), [&two, &two, ENVIRONMENT]);
    assert_eq!(effects(&sandbox, &["one", "two"]), [1, 1]);
}

#[test]
fn without_waiting_the_queued_ones_are_asked_first_as_well() {
    let sandbox = environment(["one", "two"].map(deployment));
    select(&sandbox, "all").input("wait", "false").run().ended("requested", 0);
    assert_eq!(asked(&sandbox), [queued("two").as_str(), ENVIRONMENT]);
}

#[cfg(unix)]
#[test]
fn a_signal_while_a_queued_one_is_asked_leaves_the_one_under_way_running() {
    let sandbox = environment(["one", "two"].map(deployment));
    sandbox.fault(Call::Cancel, [Fault::HoldBefore]);
    let running = select(&sandbox, "all").start();
    sandbox.wait_for(Call::Cancel, 1);
    running.signal("TERM");
    running.wait().ended("interrupted", 143);
    assert_eq!(asked(&sandbox), [queued("two")]);
}

#[test]
fn one_that_leaves_the_queue_meanwhile_is_stopped_and_the_finished_one_before_it_is_not_asked() {
    let sandbox = environment([deployment("one"), deployment("two").leaves_queue_at_cancel()]);
    let ran = select(&sandbox, "all").run();
    assert_eq!((ran.code, ran.output("went_live")), (3, "true"));
    assert_eq!(asked(&sandbox), [queued("two").as_str(), ENVIRONMENT]);
    assert_eq!(effects(&sandbox, &["one", "two"]), [0, 1]);
}

#[test]
fn one_that_starts_after_the_choice_is_never_stopped_in_its_place() {
    let sandbox = environment([]);
    sandbox.add(Environment::new("env-1").moves_on_after(1));
    sandbox.add(deployment("one")).add(deployment("two"));
    let ran = select(&sandbox, "latest").run();
    assert_eq!((ran.code, ran.output("went_live")), (3, "true"));
    assert_eq!(ran.output("deployment_id"), "req-one");
    assert_eq!(asked(&sandbox), [""; 0]);
}

#[test]
fn a_teardown_in_the_queue_is_never_selected() {
    for action in ["STOP", "DELETE", "DELETE_RESOURCES_ONLY", "UNINSTALL"] {
        let teardown = deployment("two").action(action);
        let sandbox = environment([deployment("one"), teardown, deployment("three")]);
        select(&sandbox, "all").run().ended("canceled", 0);
        assert_eq!(asked(&sandbox), [queued("three").as_str(), ENVIRONMENT]);
        assert_eq!(effects(&sandbox, &["one", "two", "three"]), [1, 0, 1]);
    }
}

#[test]
fn a_teardown_under_way_is_never_selected() {
    for word in ["STOPPING", "DELETING", "STOP_QUEUED", "DELETE_QUEUED"] {
        let teardown = deployment("one").states([word]);
        for rule in ["latest", "all"] {
            let sandbox = environment([teardown.clone()]);
            asks_nothing(&sandbox, select(&sandbox, rule), IDLE, &[]);
        }
        let sandbox = environment([teardown.clone(), deployment("two")]);
        asks_nothing(&sandbox, select(&sandbox, "latest"), IDLE, &[]);
        select(&sandbox, "all").run().ended("canceled", 0);
        assert_eq!(asked(&sandbox), [queued("two")]);
    }
}

#[test]
fn latest_leaves_what_is_behind_one_that_is_being_canceled() {
    let canceling = deployment("one").states(["CANCELING"]);
    let sandbox = environment([canceling, deployment("two")]);
    asks_nothing(&sandbox, select(&sandbox, "latest"), IDLE, &[]);
}

#[test]
fn an_environment_at_rest_has_nothing_to_cancel() {
    let at_rest = [("DEPLOYED", "unknown"), ("CANCELED", "false"), ("BUILD_ERROR", "false"), ("STOPPED", "false")];
    let at_rest = at_rest.map(|(word, live)| (environment([deployment("one").states([word])]), live));
    let ready = environment([]);
    ready.add(Environment::new("env-1"));
    for (sandbox, live) in at_rest.into_iter().chain([(ready, "false")]) {
        for rule in ["latest", "all"] {
            let ran = asks_nothing(&sandbox, select(&sandbox, rule), IDLE, &["looked at"]);
            let seen = (ran.output("count"), ran.output("went_live"));
            assert_eq!(seen, ("0", live));
        }
    }
}

#[test]
fn an_environment_in_a_state_that_is_not_known_is_not_taken_for_calm() {
    for word in ["UNAVAILABLE", "PREPARING"] {
        let sandbox = environment([deployment("one").states([word])]);
        asks_nothing(&sandbox, select(&sandbox, "latest"), ("error", 1), &[word]);
        let ran = asks_nothing(&sandbox, select(&sandbox, "all"), IDLE, &["looked at"]);
        assert!(ran.stdout.contains(&format!("not known ({word})")));
    }
}
