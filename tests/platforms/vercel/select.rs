//! Choosing deployments on Vercel.

use serde_json::{Value, json};

use crate::sandbox::vercel;
use crate::sandbox::{Call, Fault, Sandbox};
use crate::stage::{HEAD, MERGE, One, Stage, dispatch_of, finished, on_event, on_pull, on_push, one};
use crate::step::Step;

/// One of the usual project.
fn made(one: &One) -> vercel::Deployment {
    vercel::Stand.made(one)
}

#[test]
fn a_deployment_in_any_state_in_flight_is_seen_on_vercel() {
    for state in ["QUEUED", "INITIALIZING", "BLOCKED", "BUILDING"] {
        let scope = Stage::Vercel.scope([one(1).state(state)]);
        scope.cancels(scope.select("latest"), &[1]);
    }
}

#[test]
fn a_project_is_also_given_by_its_name_or_its_usual_variable() {
    let scope = Stage::Vercel.scope([one(1), one(2).elsewhere()]);
    scope.cancels(scope.select("all").without("INPUT_PROJECT_ID").var("VERCEL_PROJECT_ID", "prj_1"), &[1]);
    let scope = Stage::Vercel.scope([one(1), one(2).elsewhere()]);
    scope.cancels(scope.select("all").input("project_id", "web"), &[1]);
}

#[test]
fn on_a_forks_run_a_deployment_must_say_that_it_is_the_forks() {
    let scope = Stage::Vercel.scope([]);
    let unsaid = json!({"meta": {"githubCommitOrg": null, "githubCommitRepo": null}});
    scope.sandbox.add(made(&one(1)).patch(unsaid));
    let step = scope.select("branch");
    scope.idles(on_pull(step, "pull_request", "mallory/sample-app", "main"));
}

#[test]
fn a_dispatch_by_vercel_is_about_its_own_commit() {
    let scope = Stage::Vercel.scope([one(1).commit(HEAD), one(2).commit(MERGE)]);
    let step = on_event(scope.select("commit"), "repository_dispatch", &dispatch_of("vercel.deployment.promoted"));
    scope.cancels(step, &[1]);
}

#[test]
fn a_blocked_deployment_is_never_the_one_to_keep() {
    let scope = Stage::Vercel.scope([one(1), one(2).state("BLOCKED")]);
    scope.idles(scope.select("superseded"));
    let scope = Stage::Vercel.scope([one(1), one(2), one(3).state("BLOCKED")]);
    scope.cancels(scope.select("superseded"), &[1]);
}

#[test]
fn a_blocked_deployment_can_be_superseded() {
    let scope = Stage::Vercel.scope([one(1).state("BLOCKED"), one(2)]);
    scope.cancels(scope.select("superseded"), &[1]);
}

#[test]
fn a_team_is_another_scope_than_the_tokens_own_account() {
    let team = |number| made(&one(number)).team("team_1", "acme");
    for (input, value) in [("team_id", "team_1"), ("team_slug", "acme")] {
        let scope = Stage::Vercel.scope([one(1)]);
        scope.sandbox.add(team(2));
        scope.cancels(scope.select("all").input(input, value), &[2]);
    }
    let scope = Stage::Vercel.scope([one(1)]);
    scope.sandbox.add(team(2));
    scope.cancels(scope.select("all"), &[1]);
}

#[test]
fn a_custom_environment_is_a_target() {
    let scope = Stage::Vercel.scope([one(1), one(2).target("staging")]);
    let ran = scope.cancels(scope.select("all").input("target", "staging"), &[2]);
    assert_eq!(ran.deployments()[0]["target"], "staging");
}

#[test]
fn a_custom_environment_is_found_by_its_name_whatever_its_answers_tell() {
    for rule in ["latest", "commit", "branch", "all"] {
        let to = |number: usize, environment: &str| {
            let one = made(&one(number).commit(HEAD));
            one.nameless_environment(&format!("env_{environment}"), environment)
        };
        let scope = Stage::Vercel.scope([one(1).commit(HEAD), one(4).target("production")]);
        scope.sandbox.add(to(2, "qa")).add(to(3, "demo"));
        let ran = scope.cancels(on_push(scope.select(rule), "main", HEAD).input("target", "qa"), &[2]);
        assert_eq!(ran.deployments()[0]["target"], "qa");
        // By its id as well, which then needs nobody who knows its name.
        let scope = Stage::Vercel.scope([one(1).commit(HEAD)]);
        scope.sandbox.add(to(2, "qa")).add(to(3, "demo"));
        scope.cancels(on_push(scope.select(rule), "main", HEAD).input("target", "env_demo"), &[3]);
    }
}

#[test]
fn a_custom_environment_is_no_preview() {
    let scope = Stage::Vercel.scope([one(1)]);
    let to_qa = made(&one(2));
    scope.sandbox.add(to_qa.nameless_environment("env_qa", "qa"));
    scope.cancels(scope.select("all").input("target", "preview"), &[1]);
}

#[test]
fn an_environment_that_nobody_deployed_to_is_told_from_those_that_were_seen() {
    let scope = Stage::Vercel.scope([]);
    let to_qa = made(&one(2));
    scope.sandbox.add(to_qa.nameless_environment("env_qa", "qa"));
    let ran = scope.idles(scope.select("all").input("target", "demo"));
    ran.warns(&["demo", "env_qa"]);
}

#[test]
fn a_filter_that_lets_other_targets_through_names_no_environment() {
    let item = |id: &str, more: Value| {
        let mut item =
            json!({ "uid": id, "state": "BUILDING", "projectId": "prj_1", "created": 1_786_100_000_000_i64 });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let qa = item("dpl_1", json!({ "customEnvironment": { "id": "env_qa" } }));
    for other in [
        json!({ "customEnvironment": { "id": "env_demo" } }),
        json!({ "customEnvironment": { "id": "env_qa", "slug": "demo" } }),
        json!({ "target": "production" }),
        json!({}),
    ] {
        let scope = Stage::Vercel.scope([one(1)]);
        let list = json!({ "deployments": [qa, item("dpl_2", other)] }).to_string();
        scope.sandbox.always(Call::List, Fault::json(200, &list));
        let ran = scope.errs(scope.select("all").input("target", "qa"));
        ran.reasons(&["other targets than asked for"]);
    }
}

#[test]
fn a_branch_is_found_on_every_page() {
    let of = |number| match number {
        1 | 75 | 150 => one(number),
        _ => one(number).branch("other"),
    };
    let scope = Stage::Vercel.scope((1..=150).map(of));
    let step = scope.select("branch").input("branch", "main");
    scope.cancels(step, &[1, 75, 150]);
    // Two pages by state, and the newest page of any state.
    assert_eq!(scope.lists(), 3);
}

#[test]
fn what_supersedes_is_looked_for_as_far_back_as_the_oldest_in_flight() {
    let mut all = finished(3..=150);
    all.extend([one(1).state("queued"), one(2).state("succeeded")]);
    let scope = Stage::Vercel.scope(all);
    scope.cancels(scope.select("superseded"), &[1]);
}

#[test]
fn a_project_without_deployments_has_nothing_to_cancel() {
    for project in ["prj_1", "web"] {
        let scope = Stage::Vercel.scope([]);
        scope.sandbox.add(vercel::Project::new("prj_1", "web"));
        scope.idles(scope.select("all").input("project_id", project));
    }
}

#[test]
fn a_full_reference_of_the_platforms_is_the_branch_it_names() {
    let of = |number: usize, reference: &str| {
        made(&one(number)).patch(json!({
            "gitSource": null,
            "meta": {"githubCommitRef": reference, "githubCommitSha": HEAD},
        }))
    };
    for (rule, canceled) in [("branch", vec![1, 2]), ("superseded", vec![1])] {
        let scope = Stage::Vercel.scope([]);
        scope.sandbox.add(of(1, "refs/heads/main"));
        scope.sandbox.add(of(2, "main"));
        scope.sandbox.add(of(3, "refs/tags/main"));
        scope.cancels(on_push(scope.select(rule), "main", HEAD), &canceled);
    }
    let scope = Stage::Vercel.scope([]);
    scope.sandbox.add(of(1, "refs/heads/main"));
    scope.cancels(scope.step().input("deployment_id", "dpl_1").input("branch", "main"), &[1]);
}

#[test]
fn an_older_list_is_used_where_the_newer_one_is_not_there() {
    let scope = Stage::Vercel.scope([one(1)]);
    scope.sandbox.fault(Call::List, [Fault::Status(404)]);
    scope.cancels(scope.select("latest"), &[1]);
    // The name of a custom environment is asked for there as well.
    let scope = Stage::Vercel.scope([]);
    let to_qa = made(&one(1));
    let to_qa = to_qa.nameless_environment("env_qa", "qa");
    scope.sandbox.add(to_qa);
    let gone = Fault::Status(404);
    let faults = [gone.clone(), Fault::Pass, Fault::Pass, gone];
    scope.sandbox.fault(Call::List, faults);
    scope.cancels(scope.select("latest").input("target", "qa"), &[1]);
}

#[test]
fn many_are_watched_by_one_list_a_round() {
    let many = 30;
    let sandbox = Sandbox::start();
    let at = |number: i64| {
        vercel::Deployment::new("prj_1", "web", &format!("dpl_{number}")).created_at(1_790_000_000_000 + number * 1000)
    };
    for number in 1..=many {
        sandbox.add(at(number).after_cancel(["BUILDING"]));
    }
    let running = Step::on(&sandbox, "vercel").input("project_id", "prj_1").input("select", "all").start();
    // One list to choose from, then three rounds in which nothing has ended.
    sandbox.wait_for(Call::List, 4);
    for number in 1..=many {
        sandbox.add(at(number).states(["CANCELED"]));
    }
    running.wait().ended("canceled", 0).tells("canceled_count", many.to_string());
    // Each end is read from the deployment itself; a round without an end costs none of these.
    let reads = sandbox.count(Call::Read);
    assert!(reads <= 2 * usize::try_from(many).unwrap(), "{reads} reads");
}
