//! Choosing deployments on Railway.

use serde_json::{Value, json};

use super::{OTHER, bare, one, operations, project_step, sandbox};
use crate::sandbox::railway::{COMMIT, Deployment, ENVIRONMENT, PROJECT, SERVICE, Service, id};
use crate::sandbox::{Call, Sandbox, TOKEN};
use crate::step::Step;

/// A step that chooses among the deployments of the usual service.
fn selecting(sandbox: &Sandbox, select: &str) -> Step {
    bare(sandbox)
        .input("select", select)
        .input("project_id", PROJECT)
        .input("environment_id", ENVIRONMENT)
        .input("service_id", SERVICE)
}

/// Ids whose cancel request took effect.
fn canceled(sandbox: &Sandbox, numbers: impl IntoIterator<Item = usize>) -> Vec<usize> {
    numbers.into_iter().filter(|number| sandbox.effective_cancels(&id(*number)) > 0).collect()
}

#[test]
fn the_latest_of_a_service_is_chosen() {
    let sandbox = sandbox([
        Deployment::new(1),
        Deployment::new(2),
        Deployment::new(3).states(["SUCCESS"]),
        Deployment::new(4).service(OTHER),
        Deployment::new(5).place(Service::new(PROJECT, OTHER, SERVICE)),
    ]);
    selecting(&sandbox, "latest").run().ended("canceled", 0);
    assert_eq!(canceled(&sandbox, 1..=5), [2]);
}

#[test]
fn commit_and_branch_are_compared_here_and_what_has_none_is_counted() {
    let all = || {
        sandbox([
            Deployment::new(1),
            Deployment::new(2).branch("dev").commit(&"ab".repeat(20)),
            Deployment::new(3).uploaded(),
        ])
    };
    let by_branch = all();
    let ran = selecting(&by_branch, "branch").input("branch", "dev").run();
    ran.ended("canceled", 0).says("One deployment in flight does not name a branch");
    assert_eq!(canceled(&by_branch, 1..=3), [2]);
    let by_commit = all();
    selecting(&by_commit, "commit").input("commit", &COMMIT[..7]).run().ended("canceled", 0);
    assert_eq!(canceled(&by_commit, 1..=3), [1]);
}

#[test]
fn a_commit_that_has_gone_live_is_told() {
    let ran = selecting(&one(Deployment::new(1).states(["SUCCESS"])), "commit").input("commit", COMMIT).run();
    ran.ended("already_finished", 3).tells("went_live", "true");
}

#[test]
fn superseded_goes_by_service_and_environment_whatever_the_branch() {
    let all = || {
        sandbox([
            Deployment::new(1).branch("main"),
            Deployment::new(2).branch("dev"),
            Deployment::new(3).uploaded(),
            Deployment::new(4).service(OTHER),
        ])
    };
    let whole = all();
    project_step(&whole).input("select", "superseded").run().ended("canceled", 0);
    assert_eq!(canceled(&whole, 1..=4), [1, 2]);
    // A branch narrows what may go, not what stays.
    let narrowed = all();
    selecting(&narrowed, "superseded").input("branch", "main").run().ended("canceled", 0);
    assert_eq!(canceled(&narrowed, 1..=4), [1]);
}

#[test]
fn what_is_over_without_being_live_supersedes_nothing() {
    for word in ["FAILED", "CRASHED", "SKIPPED", "REMOVED", "REMOVING"] {
        let sandbox = sandbox([Deployment::new(1), Deployment::new(2).states([word]).built().can_roll_back()]);
        selecting(&sandbox, "superseded").run().ended("nothing_to_cancel", 0);
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
    for word in ["SUCCESS", "SLEEPING", "WAITING"] {
        let sandbox = sandbox([Deployment::new(1), Deployment::new(2).states([word])]);
        selecting(&sandbox, "superseded").run().ended("canceled", 0);
        assert_eq!(canceled(&sandbox, 1..=2), [1]);
    }
}

#[test]
fn all_pages_of_a_whole_environment_are_read() {
    let services = ["a", "b"].map(|service| format!("{service}{}", &SERVICE[1..]));
    let sandbox = sandbox((1..=230).map(|number| Deployment::new(number).service(&services[number % 2])));
    let ran = project_step(&sandbox).input("select", "all").input("timeout", "60").run();
    ran.ended("canceled", 0).tells("count", "230");
    let lists = sandbox.requests().into_iter().filter(|seen| seen.call == Call::List);
    let asked: Vec<Value> = lists.map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect();
    let after: Vec<_> = asked[..3].iter().map(|one| one["variables"]["after"].as_str()).collect();
    assert_eq!(after, [None, Some("cursor-100"), Some("cursor-200")]);
    // A last page has a cursor as well, and leads nowhere: the fourth is the list without the filter.
    assert_eq!(asked[3]["variables"]["after"], Value::Null);
    let input = &asked[0]["variables"]["input"];
    assert_eq!((&input["environmentId"], &input["projectId"]), (&json!(ENVIRONMENT), &json!(PROJECT)));
}

#[test]
fn what_a_selection_needs_is_named() {
    let sandbox = one(Deployment::new(1));
    let ran = bare(&sandbox).input("select", "all").run();
    ran.ended("error", 2).says("`project_id`").says("`environment_id`").says("`service_id`");
    project_step(&sandbox).input("select", "latest").run().ended("error", 2).says("`service_id` is missing");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_project_that_is_not_the_tokens_is_bad_input() {
    for name in ["project_id", "environment_id"] {
        let sandbox = one(Deployment::new(1));
        let ran = project_step(&sandbox).input("select", "all").input(name, OTHER).run();
        ran.ended("error", 2).says(&format!("`{name}`"));
        assert_eq!(operations(&sandbox), ["TokenScope"]);
    }
}

#[test]
fn an_empty_list_in_a_wrong_place_is_not_nothing_to_cancel() {
    let sandbox = one(Deployment::new(1).states(["SUCCESS"]));
    sandbox.add(Service::new(OTHER, OTHER, OTHER));
    // What is there.
    let empty = Sandbox::start();
    empty.add(Service::new(PROJECT, ENVIRONMENT, SERVICE));
    selecting(&empty, "all").run().ended("nothing_to_cancel", 0);
    project_step(&empty).input("select", "all").input("service_id", SERVICE).run().ended("nothing_to_cancel", 0);
    for name in ["project_id", "environment_id", "service_id"] {
        selecting(&sandbox, "all").input(name, OTHER).run().ended("not_found", 4).says(&format!("`{name}`"));
    }
    // The token is good, so it is the service that is not.
    for service in [OTHER, "7f1b0cd0-0000-4000-8000-000000000001"] {
        let ran = project_step(&sandbox).input("select", "all").input("service_id", service).run();
        ran.ended("not_found", 4).says(service);
    }
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_token_that_is_no_project_token_is_an_error_when_its_scope_is_asked() {
    let sandbox = one(Deployment::new(1));
    let step = bare(&sandbox).without("INPUT_API_TOKEN").input("project_token", TOKEN).input("select", "all");
    step.run().ended("error", 1).says("Project Token not found").says("`api_token`");
    assert_eq!(operations(&sandbox), ["TokenScope"]);
}
