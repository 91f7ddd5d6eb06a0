//! Deployments that nothing lists: the records name the commits, and each is asked for.

use super::{asked, bare, sandbox};
use crate::sandbox::github_pages::{Again, Publication, REPOSITORY, Repository, id};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::stage::{HEAD, HOME, MERGE, on_event, on_pull, on_push};
use crate::step::Step;
use serde_json::json;

fn one(number: usize, state: &str) -> Publication {
    Publication::new(REPOSITORY, &id(number)).states([state])
}

fn going(number: usize) -> Publication {
    one(number, "deployment_in_progress")
}

fn select(sandbox: &Sandbox, rule: &str) -> Step {
    bare(sandbox).input("select", rule)
}

/// How many commits a choice has asked for.
fn looks(sandbox: &Sandbox) -> usize {
    let all = sandbox.requests();
    all.iter().filter(|seen| seen.call == Call::Other && !seen.path.ends_with("/statuses")).count()
}

fn statuses(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|seen| seen.path.ends_with("/statuses")).count()
}

// How far.

#[test]
fn what_is_older_than_one_that_went_live_is_not_asked_for() {
    let mut all: Vec<_> = (1..=20).map(|number| one(number, "deployment_failed")).collect();
    all.extend([one(21, "succeed"), going(22)]);
    for rule in ["latest", "all"] {
        let sandbox = sandbox(all.clone());
        select(&sandbox, rule).run().ended("canceled", 0);
        assert_eq!((asked(&sandbox), looks(&sandbox), sandbox.count(Call::List)), (vec![id(22)], 8, 1));
        let query = &sandbox.requests()[0].query;
        assert!(query.contains("environment=github-pages") && query.contains("per_page=100"), "{query}");
    }
}

#[test]
fn thirty_commits_are_asked_for_at_most() {
    let sandbox = sandbox((1..=40).map(|number| if number == 9 { going(9) } else { one(number, "deployment_failed") }));
    select(&sandbox, "all").run().ended("nothing_to_cancel", 0);
    assert_eq!((looks(&sandbox), asked(&sandbox).len()), (30, 0));
    let sandbox =
        self::sandbox((1..=40).map(|number| if number == 11 { going(11) } else { one(number, "deployment_failed") }));
    select(&sandbox, "all").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [id(11)]);
}

#[test]
fn a_hundred_records_are_read_at_most() {
    let sandbox = sandbox((1..=130).map(|number| one(number, "deployment_failed")));
    select(&sandbox, "all").run().ended("nothing_to_cancel", 0);
    assert_eq!((looks(&sandbox), sandbox.count(Call::List)), (30, 1));
}

#[test]
fn for_superseded_all_thirty_are_looked_at() {
    let sandbox = sandbox((1..=40).map(|number| match number {
        12 => going(12),
        35 => one(35, "succeed"),
        _ => one(number, "deployment_failed"),
    }));
    select(&sandbox, "superseded").run().ended("canceled", 0);
    assert_eq!((looks(&sandbox), asked(&sandbox)), (30, vec![id(12)]));
}

#[test]
fn a_commit_that_was_deployed_twice_is_asked_for_once_and_is_as_new_as_the_second() {
    let sandbox = sandbox([going(1), going(2)]);
    sandbox.add(Again("8e52d20341103fba0f42d25d5c4e3a6a00000001", "dev", "2026-09-01T00:00:00Z"));
    let ran = select(&sandbox, "latest").run();
    ran.ended("canceled", 0);
    assert_eq!((looks(&sandbox), sandbox.count(Call::Read), asked(&sandbox)), (2, 1, vec![id(1)]));
    assert_eq!(ran.only()["created_at"], "2026-09-01T00:00:00Z");
}

#[test]
fn a_record_without_a_number_or_a_commit_makes_no_sense() {
    for record in [json!({"id": 7, "sha": "main"}), json!({"id": 7, "sha": null}), json!({"sha": id(1)})] {
        let sandbox = sandbox([going(1)]);
        sandbox.always(Call::List, Fault::json(200, &json!([record]).to_string()));
        select(&sandbox, "all").run().ended("error", 1).says("a record without an id or a commit");
        assert_eq!(asked(&sandbox).len(), 0, "{record}");
    }
}

#[test]
fn records_of_one_commit_may_fill_a_page_and_come_in_any_order() {
    let sandbox = sandbox([going(1)]);
    let page = |number: u32, created: &str| {
        json!([{"id": number, "sha": id(1), "ref": "main", "created_at": created}]).to_string()
    };
    let first = Fault::Reply {
        status: 200,
        content_type: "application/json".to_owned(),
        headers: vec![("link".to_owned(), "<https://api.github.com/x?page=2>; rel=\"next\"".to_owned())],
        body: page(1, "2026-07-01T00:00:00Z").into_bytes(),
    };
    sandbox.fault(Call::List, [first, Fault::json(200, &page(2, "2026-09-01T00:00:00Z"))]);
    let ran = select(&sandbox, "all").run();
    ran.ended("canceled", 0);
    assert_eq!((&ran.only()["created_at"], sandbox.count(Call::List)), (&json!("2026-09-01T00:00:00Z"), 2));
}

#[test]
fn another_environment_is_another_list() {
    let sandbox = sandbox([going(1).environment("site"), going(2)]);
    select(&sandbox, "all").input("environment", "site").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [id(1)]);
}

#[test]
fn a_repository_without_a_site_is_told_from_one_without_deployments() {
    let empty = sandbox([]);
    for rule in ["latest", "branch", "superseded", "all"] {
        on_push(select(&empty, rule), "main", HEAD).run().ended("nothing_to_cancel", 0);
    }
    let disabled = Sandbox::start();
    disabled.add(Repository::new(REPOSITORY).without_site());
    select(&disabled, "all").run().ended("not_found", 4).reasons(&["no Pages site of repository acme/web"]);
}

#[test]
fn a_stuck_one_that_no_record_names_is_reached_by_its_id_alone() {
    let sandbox = sandbox([going(1).unrecorded()]);
    select(&sandbox, "all").run().ended("nothing_to_cancel", 0).reasons(&[
        "no deployment is on it",
        "One that no record names, as a stuck one may be, is reached by `deployment_id` alone.",
    ]);
    bare(&sandbox).input("deployment_id", &id(1)).run().ended("canceled", 0);
}

// What supersedes.

#[test]
fn one_that_has_not_come_to_its_deploy_step_supersedes() {
    for status in ["queued", "pending", "waiting", "in_progress"] {
        let sandbox = sandbox([going(1), going(2).waiting(status)]);
        select(&sandbox, "superseded").run().ended("canceled", 0);
        assert_eq!(asked(&sandbox), [id(1)], "{status}");
        let asked = sandbox.requests().into_iter().find(|seen| seen.path.ends_with("/statuses"));
        assert!(asked.is_some_and(|seen| seen.query == "per_page=1"), "{status}: the newest one counts");
    }
    for status in ["failure", "error", "success", "inactive"] {
        let sandbox = sandbox([going(1), going(2).waiting(status)]);
        select(&sandbox, "superseded").run().ended("nothing_to_cancel", 0);
        assert_eq!((asked(&sandbox).len(), statuses(&sandbox)), (0, 1), "{status}");
    }
    let latest = sandbox([going(1), going(2).waiting("queued")]);
    select(&latest, "latest").run().ended("canceled", 0);
    assert_eq!((asked(&latest), statuses(&latest)), (vec![id(1)], 0));
    // It is older, or there is nothing that it could supersede, or another rule does not ask for it.
    for (rule, all) in [
        ("superseded", vec![going(1).waiting("queued"), going(2)]),
        ("superseded", vec![one(1, "succeed"), going(2).waiting("queued")]),
        ("latest", vec![one(1, "succeed"), going(2).waiting("queued")]),
    ] {
        let sandbox = sandbox(all);
        select(&sandbox, rule).run().ended("nothing_to_cancel", 0);
        assert_eq!(statuses(&sandbox), 0);
    }
}

#[test]
fn one_whose_job_fails_meanwhile_supersedes_nothing_any_more() {
    let sandbox = sandbox([going(1), going(2).waiting("queued")]);
    sandbox.fault(Call::Read, [Fault::HoldBefore]);
    let running = select(&sandbox, "superseded").start();
    sandbox.wait_for(Call::Read, 1);
    sandbox.add(going(2).waiting("failure"));
    sandbox.release();
    running.wait().ended("nothing_to_cancel", 0);
    assert_eq!(asked(&sandbox).len(), 0);
}

#[test]
fn the_environment_is_the_group() {
    let sandbox = sandbox([going(1).branch("dev"), going(2)]);
    select(&sandbox, "superseded").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [id(1)]);
}

// By commit.

#[test]
fn a_commit_is_asked_for_without_a_list() {
    let sandbox = sandbox([going(1).unrecorded(), going(2)]);
    select(&sandbox, "commit").input("commit", &id(1)).run().ended("canceled", 0);
    assert_eq!((asked(&sandbox), sandbox.count(Call::List)), (vec![id(1)], 0));
    let over = self::sandbox([one(1, "succeed")]);
    let ran = select(&over, "commit").input("commit", &id(1)).run();
    ran.ended("already_finished", 3).tells("went_live", "true").tells("deployment_id", id(1));
}

#[test]
fn a_short_commit_is_looked_for_in_the_records() {
    let whole = "abcdef0123456789abcdef0123456789abcdef01";
    let sandbox = sandbox([Publication::new(REPOSITORY, whole), going(2)]);
    select(&sandbox, "commit").input("commit", "ABCDEF0").run().ended("canceled", 0).tells("deployment_id", whole);
    select(&sandbox, "commit").input("commit", "abcdef1").run().ended("nothing_to_cancel", 0);
    sandbox.add(Publication::new(REPOSITORY, "abcdef0999999999abcdef0123456789abcdef01"));
    let several = select(&sandbox, "commit").input("commit", "abcdef0").run();
    several.ended("error", 2).reasons(&["more than one commit", whole]);
}

#[test]
fn a_pull_request_is_its_head_or_else_the_merge_that_its_run_stands_on() {
    let of = |commits: &[&str]| sandbox(commits.iter().map(|commit| Publication::new(REPOSITORY, commit)));
    for (there, canceled) in [(vec![HEAD], HEAD), (vec![MERGE], MERGE), (vec![HEAD, MERGE], HEAD)] {
        let sandbox = of(&there);
        let step = on_pull(select(&sandbox, "commit"), "pull_request", HOME, "dev").input("repository", REPOSITORY);
        step.run().ended("canceled", 0);
        assert_eq!(asked(&sandbox), [canceled]);
    }
    // One that is over passes by the merge as well.
    let over = sandbox([Publication::new(REPOSITORY, MERGE).states(["succeed"])]);
    let step = on_pull(select(&over, "commit"), "pull_request", HOME, "dev").input("repository", REPOSITORY);
    step.run().ended("already_finished", 3).tells("deployment_id", MERGE);
}

/// What such a run stands on is the base's last commit, which somebody else has pushed.
#[test]
fn the_base_of_a_pull_request_is_never_what_is_meant() {
    for event in ["pull_request_target", "workflow_run"] {
        let sandbox = sandbox([Publication::new(REPOSITORY, MERGE)]);
        let step = select(&sandbox, "commit");
        let step = match event {
            "workflow_run" => crate::stage::on_workflow_run(step, HOME, "dev"),
            _ => on_pull(step, event, HOME, "dev"),
        };
        step.input("repository", REPOSITORY).run().ended("nothing_to_cancel", 0);
        assert_eq!(asked(&sandbox).len(), 0, "{event}");
    }
    let sandbox = sandbox([Publication::new(REPOSITORY, MERGE)]);
    let step = on_pull(select(&sandbox, "commit"), "pull_request", HOME, "dev").input("repository", REPOSITORY);
    step.input("commit", HEAD).run().ended("nothing_to_cancel", 0);
}

#[test]
fn the_deployment_of_an_event_is_its_commit() {
    let sandbox = sandbox([Publication::new(REPOSITORY, HEAD)]);
    let event = json!({"deployment": {"id": 3003, "sha": HEAD, "ref": "main", "environment": "github-pages"}});
    let step = on_event(select(&sandbox, "commit"), "deployment_status", &event);
    step.input("repository", REPOSITORY).run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [HEAD]);
}

#[test]
fn without_a_site_no_commit_is_waited_for() {
    let disabled = Sandbox::start();
    disabled.add(Repository::new(REPOSITORY).without_site());
    let step = |sandbox: &Sandbox| select(sandbox, "commit").input("commit", &id(1)).input("appear_within", "15s");
    step(&disabled).run().ended("not_found", 4).reasons(&["Pages is not enabled"]);
    assert_eq!((disabled.count(Call::Read), disabled.count(Call::Scope)), (1, 1));
    // With one it is waited for, and that there is one is asked once.
    let sandbox = sandbox([]);
    let running = step(&sandbox).start();
    sandbox.wait_for(Call::Read, 2);
    sandbox.add(going(1));
    running.wait().ended("canceled", 0);
    assert_eq!(sandbox.count(Call::Scope), 1);
}

// This run's own.

#[test]
fn a_choice_of_the_commit_that_this_run_stands_on_is_warned_of() {
    for rule in ["latest", "branch", "all"] {
        let sandbox = sandbox([going(1)]);
        let ran = on_push(select(&sandbox, rule), "main", &id(1)).input("repository", REPOSITORY).run();
        ran.ended("canceled", 0).warns(&[&id(1), "This run itself stands on commit"]);
        let other = self::sandbox([going(1)]);
        let ran = on_push(select(&other, rule), "main", HEAD).input("repository", REPOSITORY).run();
        assert!(!ran.ended("canceled", 0).stdout.contains("stands on"), "{}", ran.stdout);
    }
    // Who names the commit means it.
    let sandbox = sandbox([going(1)]);
    let ran = on_push(select(&sandbox, "commit"), "main", &id(1)).input("repository", REPOSITORY).run();
    assert!(!ran.ended("canceled", 0).stdout.contains("::warning"), "{}", ran.stdout);
}
