//! Choosing deployments on DigitalOcean.

use serde_json::json;

use crate::sandbox::digitalocean;
use crate::sandbox::{Call, Fault};
use crate::stage::{HEAD, One, Scope, Stage, finished, on_push, one};

/// One of the usual app.
fn made(one: &One) -> digitalocean::Deployment {
    digitalocean::Stand.made(one)
}

#[test]
fn a_deployment_in_any_state_in_flight_is_seen_on_digitalocean() {
    for state in ["PENDING_BUILD", "BUILDING", "PENDING_DEPLOY", "DEPLOYING"] {
        let scope = Stage::DigitalOcean.scope([one(1).state(state)]);
        scope.cancels(scope.select("latest"), &[1]);
    }
}

#[test]
fn an_app_given_by_its_name_is_selected_from() {
    let scope = Stage::DigitalOcean.scope([one(1), one(2).elsewhere()]);
    scope.cancels(scope.select("latest").without("INPUT_APP_ID").input("app_name", "web"), &[1]);
}

#[test]
fn a_deployment_of_several_components_matches_by_any_of_them() {
    for (rule, value) in [("commit", HEAD), ("branch", "jobs")] {
        let scope = Stage::DigitalOcean.scope([one(2)]);
        scope.sandbox.add(made(&one(1)).component("worker", "jobs", HEAD));
        scope.cancels(scope.select(rule).input(rule, value), &[1]);
    }
}

#[test]
fn the_apps_own_repository_is_nobodys_fork_whatever_its_name() {
    // Mirrored elsewhere, or renamed since.
    let scope = Stage::DigitalOcean.scope([one(1), one(2).branch("dev")]);
    let step = on_push(scope.select("branch"), "main", HEAD).var("GITHUB_REPOSITORY", "mirror/sample-app");
    scope.cancels(step, &[1]);
}

#[test]
fn a_page_is_followed_by_the_next_while_something_is_in_flight() {
    let mut all = finished((1..=250).filter(|number| ![160, 205, 250].contains(number)));
    all.extend([one(160), one(205), one(250)]);
    let scope = Stage::DigitalOcean.scope(all);
    scope.cancels(scope.select("all"), &[160, 205, 250]);
    assert_eq!(scope.lists(), 3);
}

#[test]
fn a_whole_page_without_anything_in_flight_is_the_end() {
    let mut all = finished(2..=250);
    all.push(one(1).state("succeeded"));
    let scope = Stage::DigitalOcean.scope(all);
    scope.idles(scope.select("all"));
    assert_eq!(scope.lists(), 1);
}

#[test]
fn a_commit_is_looked_for_among_the_newest_hundred() {
    for (rule, lists) in [("latest", 1), ("commit", 2)] {
        let scope = Stage::DigitalOcean.scope(finished(1..=150));
        let step = on_push(scope.select(rule), "main", HEAD);
        scope.idles(step);
        assert_eq!(scope.lists(), lists, "{rule}");
    }
}

#[test]
fn an_app_id_of_another_form_is_not_found_by_its_name() {
    let scope = Stage::DigitalOcean.scope([one(1)]);
    scope.sandbox.always(Call::List, Fault::Status(400)).always(Call::Scope, Fault::Status(400));
    let ran = scope.select("latest").input("app_id", "my-app").run();
    ran.ended("not_found", 4).reasons(&["There is no app my-app"]).says("Check `app_id`");
}

/// The causes of copies that nobody asked for.
const AUTOMATIC: [&str; 4] = ["AUTOSCALED", "MAINTENANCE", "UPDATE_DATABASE_TRUSTED_SOURCES", "AUTO_ROLLBACK"];

fn with_a_copy(cause: &str, state: &'static str) -> Scope {
    let scope = Stage::DigitalOcean.scope([one(1).commit(HEAD), one(2).commit(HEAD)]);
    scope.sandbox.add(made(&one(3).commit(HEAD).state(state)).patch(json!({"cause_details": {"type": cause}})));
    scope
}

#[test]
fn what_digitalocean_started_by_itself_is_chosen_only_where_all_are_meant() {
    for cause in AUTOMATIC {
        for (rule, canceled) in [
            ("latest", vec![2]),
            ("commit", vec![1, 2]),
            ("branch", vec![1, 2]),
            ("superseded", vec![1]),
            ("all", vec![1, 2, 3]),
        ] {
            let scope = with_a_copy(cause, "running");
            let ran = scope.cancels(on_push(scope.select(rule), "main", HEAD), &canceled);
            let counted = ran.stdout.contains("One deployment in flight was started by the platform");
            assert_eq!(counted, rule != "all", "{rule}: {}", ran.stdout);
        }
    }
    let scope = with_a_copy("AUTOSCALED", "running");
    scope.cancels(scope.step().input("deployment_id", "dep-3"), &[3]);
}

#[test]
fn a_copy_is_how_its_commit_ended_only_if_it_is_live() {
    for (state, told, code) in [("succeeded", "dep-3", 3), ("failed", "dep-2", 0), ("running", "dep-2", 0)] {
        let scope = with_a_copy("AUTOSCALED", state);
        scope.put(&one(1).commit(HEAD).state("failed"));
        scope.put(&one(2).commit(HEAD).state("failed"));
        let ran = scope.select("commit").input("commit", HEAD).run();
        ran.ended("already_finished", code).tells("deployment_id", told);
        assert_eq!(scope.asked(), [0; 0]);
    }
}
