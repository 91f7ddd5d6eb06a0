//! Choosing builds of a Worker.

use super::{asked, bare, build, guarded, numbered, preview, sandbox, select};
use crate::sandbox::cloudflare_workers::{Build, OTHER_TAG, TAG, Worker, id};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::stage::{HEAD, HOME, on_pull, on_push};
use crate::step::Step;

/// Asserts that a step asks exactly these to stop.
#[track_caller]
fn cancels(sandbox: &Sandbox, step: Step, numbers: &[usize]) {
    let ran = step.run();
    ran.ended(if numbers.is_empty() { "nothing_to_cancel" } else { "canceled" }, 0);
    let mut asked = asked(sandbox);
    asked.sort();
    assert_eq!(asked, numbers.iter().map(|number| id(*number)).collect::<Vec<_>>(), "{}", ran.stdout);
}

#[test]
fn a_worker_is_found_by_its_name_or_its_tag_and_addressed_by_its_tag() {
    for worker in ["shop", TAG, &TAG.to_uppercase()] {
        let sandbox = sandbox([build()]);
        cancels(&sandbox, bare(&sandbox).input("worker", worker).input("select", "all"), &[1]);
        let seen = sandbox.requests();
        let list = seen.iter().find(|seen| seen.call == Call::List).unwrap();
        assert!(list.path.ends_with(&format!("/builds/workers/{TAG}/builds")), "{}", list.path);
        assert_eq!(list.query, "page=1&per_page=50");
        assert_eq!(sandbox.count(Call::Scope), 1);
    }
}

#[test]
fn a_worker_is_found_on_any_page_of_the_list() {
    let sandbox = Sandbox::start();
    for number in 1..=45 {
        sandbox.add(Worker::new(&format!("{number:032x}"), &format!("other-{number}")));
    }
    sandbox.add(build());
    cancels(&sandbox, select(&sandbox, "all"), &[1]);
    assert_eq!(sandbox.count(Call::Scope), 3);
}

#[test]
fn a_part_of_a_name_is_no_name_and_an_unknown_worker_is_not_found() {
    for worker in ["sho", "shop-", "SHOP", &"0".repeat(32)] {
        let sandbox = sandbox([build()]);
        for step in [
            bare(&sandbox).input("worker", worker).input("select", "all"),
            bare(&sandbox).input("worker", worker).input("deployment_id", &id(1)),
        ] {
            let ran = step.run();
            ran.ended("not_found", 4).reasons(&[&format!("There is no Worker {worker} in account")]);
            ran.says("Check `worker`, `account_id`");
            assert_eq!(asked(&sandbox), [""; 0]);
        }
    }
}

#[test]
fn a_name_that_looks_like_a_tag_wins_with_a_warning() {
    let sandbox = sandbox([build()]);
    // A Worker that is called like the tag of another one.
    sandbox.add(Worker::new(OTHER_TAG, TAG)).add(numbered(2).of(OTHER_TAG, TAG));
    let step = bare(&sandbox).input("worker", TAG).input("select", "all");
    let ran = step.run();
    ran.ended("canceled", 0).warns(&["`worker` looks like an id", &format!("has the id {OTHER_TAG}")]);
    assert_eq!(asked(&sandbox), [id(2)]);
    let plain = self::sandbox([build()]);
    let ran = bare(&plain).input("worker", TAG).input("select", "all").run();
    assert!(!ran.stdout.contains("looks like an id"), "{}", ran.stdout);
}

#[test]
fn a_tag_needs_no_list_of_workers_unless_nothing_is_there() {
    let sandbox = sandbox([build()]);
    sandbox.always(Call::Scope, Fault::Status(403));
    let by = |worker: &str| bare(&sandbox).input("worker", worker).input("select", "all");
    by("shop").run().ended("error", 1).says("Workers Scripts: Read");
    let ran = by(TAG).run();
    ran.ended("canceled", 0).tells("went_live", "unknown").says("Workers Scripts: Read");
    assert_eq!(asked(&sandbox), [id(1)]);
    // An empty list does not prove that there is such a Worker.
    let empty = self::sandbox([]);
    empty.always(Call::Scope, Fault::Status(403));
    let ran = bare(&empty).input("worker", TAG).input("select", "all").run();
    ran.ended("error", 1).says("Workers Scripts: Read");
}

#[test]
fn a_worker_without_builds_may_not_be_connected_to_a_repository() {
    let sandbox = sandbox([]);
    for worker in ["shop", TAG] {
        let ran = bare(&sandbox).input("worker", worker).input("select", "all").run();
        ran.ended("nothing_to_cancel", 0).says("Is the Worker connected to a repository?");
    }
    let idle = self::sandbox([build().states(["success"])]);
    let ran = select(&idle, "all").run();
    assert!(!ran.stdout.contains("repository?"), "{}", ran.stdout);
}

#[test]
fn never_one_of_another_worker() {
    let other = || numbered(2).of(OTHER_TAG, "shop-staging");
    let sandbox = sandbox([build(), other()]);
    cancels(&sandbox, select(&sandbox, "all"), &[1]);
    // One that says in the list of a Worker that it is another's spoils that list.
    let sandbox = self::sandbox([build()]);
    sandbox.add(numbered(3).patch(serde_json::json!({"trigger": {"external_script_id": OTHER_TAG}})));
    guarded(&sandbox, select(&sandbox, "all"), "belongs to Worker");
}

#[test]
fn the_latest_is_the_newest_in_whatever_order_they_are_listed() {
    // The sandbox puts the newest second.
    let sandbox = sandbox([build(), numbered(2), numbered(3)]);
    cancels(&sandbox, select(&sandbox, "latest"), &[3]);
}

#[test]
fn what_waits_is_asked_first_as_it_would_start() {
    let sandbox = sandbox([build(), numbered(2).states(["queued"]), numbered(3).states(["initializing"])]);
    select(&sandbox, "all").run().ended("canceled", 0).tells("count", "3");
    assert_eq!(asked(&sandbox)[0], id(2));
}

#[test]
fn each_trigger_and_branch_supersedes_its_own_alone() {
    let rest = |number: usize, branch: &str| preview_of(number).branch(branch);
    let sandbox =
        sandbox([build(), rest(2, "topic"), numbered(3), rest(4, "topic"), rest(5, "other"), rest(6, "main")]);
    cancels(&sandbox, select(&sandbox, "superseded"), &[1, 2]);
    // What waited was skipped by Cloudflare itself, and a skipped one supersedes nothing.
    let skipped = self::sandbox([numbered(1).states(["skipped"]), numbered(2), numbered(3).states(["skipped"])]);
    cancels(&skipped, select(&skipped, "superseded"), &[]);
    let other = numbered(2).patch(serde_json::json!({"trigger": {"trigger_uuid": "another"}}));
    let apart = self::sandbox([build(), other]);
    cancels(&apart, select(&apart, "superseded"), &[]);
}

fn preview_of(number: usize) -> Build {
    numbered(number).target(Some("preview"))
}

#[test]
fn a_target_is_told_by_the_triggers_branches() {
    for (target, number) in [("production", 1), ("preview", 2)] {
        let sandbox = sandbox([build(), preview_of(2)]);
        cancels(&sandbox, select(&sandbox, "all").input("target", target), &[number]);
        let sandbox = self::sandbox([build(), preview_of(2)]);
        let step = |of: usize| bare(&sandbox).input("deployment_id", &id(of)).input("target", target);
        cancels(&sandbox, step(number), &[number]);
        step(3 - number).run().ended("error", 1).reasons(&["target"]);
        assert_eq!(asked(&sandbox).len(), 1);
    }
    // Without its trigger, or the branches of that, nobody knows where it goes.
    let none = serde_json::json!({"trigger": {"branch_includes": []}});
    for untold in [build().field("trigger", serde_json::Value::Null), build().patch(none)] {
        let untold = sandbox([untold]);
        guarded(&untold, bare(&untold).input("deployment_id", &id(1)).input("target", "production"), "target");
    }
    let some = sandbox([build().patch(serde_json::json!({"trigger": {"branch_includes": ["main", "feature/*"]}}))]);
    guarded(&some, bare(&some).input("deployment_id", &id(1)).input("target", "production"), "target");
}

#[test]
fn a_list_goes_on_while_a_page_holds_one_in_flight() {
    let sandbox = Sandbox::start();
    let add = |number: usize, state: &str| {
        sandbox.add(numbered(number).states([state]));
    };
    (1..=130).for_each(|number| add(number, "success"));
    add(131, "running");
    (132..=160).for_each(|number| add(number, "fail"));
    cancels(&sandbox, select(&sandbox, "all"), &[131]);
    assert_eq!(sandbox.count(Call::List), 2);
    // A page that is full and the last one is told by the number of all.
    let full = self::sandbox((1..=50).map(numbered));
    select(&full, "all").input("dry_run", "true").run().ended("dry_run", 0).tells("count", "50");
    assert_eq!(full.count(Call::List), 1);
}

#[test]
fn a_commit_or_branch_that_is_not_told_yet_may_be_in_a_moment() {
    // It is listed again until it is told.
    let sandbox = sandbox([build().fresh()]);
    let running = select(&sandbox, "branch").input("branch", "main").input("appear_within", "15s").start();
    sandbox.wait_for(Call::List, 1);
    sandbox.add(build());
    running.wait().ended("canceled", 0);
    let silent = self::sandbox([build().fresh()]);
    let ran = select(&silent, "commit").input("commit", HEAD).run();
    ran.ended("nothing_to_cancel", 0).warns(&["One deployment in flight does not name a commit"]);
}

#[test]
fn a_forks_preview_is_known_by_its_pull_request() {
    for event in ["pull_request", "pull_request_target"] {
        let sandbox =
            sandbox([build(), preview_of(2).branch("main").preview(4), preview_of(3).branch("main").preview(5)]);
        cancels(&sandbox, on_pull(select(&sandbox, "branch"), event, "mallory/sample-app", "main"), &[2]);
    }
    let other = sandbox([preview()
        .field("pull_request", serde_json::json!({"pull_request_url": "https://github.com/example/other/pull/4"}))]);
    cancels(&other, on_pull(select(&other, "branch"), "pull_request", "mallory/sample-app", "main"), &[]);
    let gitlab = sandbox([preview().field(
        "pull_request",
        serde_json::json!({"pull_request_url": format!("https://gitlab.com/{HOME}/-/merge_requests/4")}),
    )]);
    cancels(&gitlab, on_pull(select(&gitlab, "branch"), "pull_request", "mallory/sample-app", "main"), &[1]);
}

#[test]
fn ours_is_chosen_by_its_branch() {
    let sandbox = sandbox([build(), numbered(2).branch("main2"), preview_of(3).branch("topic")]);
    cancels(&sandbox, on_push(select(&sandbox, "branch"), "main", HEAD), &[1]);
}
