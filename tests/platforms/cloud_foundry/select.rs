//! Choosing deployments on Cloud Foundry.

use serde_json::json;

use crate::sandbox::cloud_foundry::{APP, App, Deployment as Rolling, Foundation};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::stage::by_id::{ERROR, IDLE, MISSING, asks_nothing, cancels, refuses};
use crate::step::Step;

/// A rolling deployment of the usual app; each is a second younger than the one with the number before.
fn rolling(number: usize) -> Rolling {
    let (minutes, seconds) = (number / 60, number % 60);
    Rolling::new(&format!("dep-{number}")).created_at(format!("2026-08-01T10:{minutes:02}:{seconds:02}Z"))
}

fn ended(number: usize, word: &str) -> Rolling {
    rolling(number).states([format!("FINALIZED/{word}")])
}

/// A foundation with a second app in another space.
fn foundation(all: impl IntoIterator<Item = Rolling>) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-2", "web", "staging", "acme"));
    for one in all {
        sandbox.add(one);
    }
    sandbox
}

fn app(sandbox: &Sandbox, rule: &str) -> Step {
    Step::on(sandbox, "cloud_foundry").input("app_id", APP).input("select", rule)
}

fn app_named(sandbox: &Sandbox, name: &str, space: &str, org: &str) -> Step {
    app(sandbox, "latest").without("INPUT_APP_ID").input("app_name", name).input("space", space).input("org", org)
}

#[test]
fn an_app_is_given_by_its_name_within_its_space_and_organization_step_by_step() {
    let sandbox = foundation([rolling(1), rolling(2).app("app-2")]);
    cancels(&sandbox, app_named(&sandbox, "web", "prod", "acme"), &["dep-1"]);
    let seen = sandbox.requests();
    let steps: Vec<_> = seen[..4].iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(steps, ["/v3/organizations", "/v3/spaces", "/v3/apps", "/v3/deployments"]);
    assert!(seen[1].query.contains("organization_guids=org-acme"));
    assert!(seen[2].query.contains("space_guids=space-acme-prod"));
}

#[test]
fn organization_and_space_come_from_their_usual_variables() {
    let sandbox = foundation([rolling(1), rolling(2).app("app-2")]);
    let step = app_named(&sandbox, "web", "", "").var("CF_ORG", "acme").var("CF_SPACE", "staging");
    cancels(&sandbox, step, &["dep-2"]);
}

#[test]
fn a_name_that_is_not_there_is_named() {
    for (name, space, org, words) in [
        ("web", "prod", "nowhere", ["organization nowhere", "`org`"]),
        ("web", "attic", "acme", ["space attic", "`space`"]),
        ("shop", "prod", "acme", ["app shop", "`app_name`"]),
    ] {
        let sandbox = foundation([rolling(1), rolling(2).app("app-2")]);
        let step = app_named(&sandbox, name, space, org);
        asks_nothing(&sandbox, step, MISSING, &words[..1]).says(words[1]);
        assert_eq!(sandbox.count(Call::List), 0);
    }
}

#[test]
fn a_name_in_another_case_is_another_name() {
    for (name, space, org) in [("WEB", "prod", "acme"), ("web", "Prod", "acme"), ("web", "prod", "ACME")] {
        let sandbox = foundation([rolling(1)]);
        let step = app_named(&sandbox, name, space, org);
        asks_nothing(&sandbox, step, MISSING, &[]);
    }
    let sandbox = foundation([rolling(1), rolling(2).app("app-3")]);
    sandbox.add(App::new("app-3", "Web", "prod", "acme"));
    let step = app_named(&sandbox, "Web", "prod", "acme");
    cancels(&sandbox, step, &["dep-2"]);
}

#[test]
fn a_name_without_its_organization_and_space_is_bad_input() {
    let sandbox = foundation([rolling(1)]);
    refuses(&sandbox, app_named(&sandbox, "web", "prod", ""), &["`org`", "CF_ORG"]);
    refuses(&sandbox, app_named(&sandbox, "web", "", ""), &["`org`", "`space`"]);
}

#[test]
fn an_id_and_a_name_of_an_app_are_bad_input() {
    let sandbox = foundation([rolling(1)]);
    let step = app_named(&sandbox, "web", "prod", "acme").input("app_id", APP);
    refuses(&sandbox, step, &["`app_id`", "`app_name`"]);
}

#[test]
fn an_empty_list_of_an_app_that_cannot_be_read_is_an_error() {
    let sandbox = foundation([]);
    sandbox.always(Call::Scope, Fault::Status(403));
    asks_nothing(&sandbox, app(&sandbox, "latest"), ERROR, &["read the app"]);
}

#[test]
fn an_app_without_anything_in_flight_has_nothing_to_cancel() {
    // The newest of these may be what was meant; with `superseded`, the newest that is not kept.
    for (last, live, with_superseded) in [
        ("DEPLOYED", "unknown", "unknown"),
        ("CANCELED", "false", "false"),
        ("SUPERSEDED", "false", "false"),
        ("DEGENERATE", "unknown", "unknown"),
    ] {
        for rule in ["latest", "superseded", "all"] {
            let history = ["SUPERSEDED", "DEPLOYED", last].into_iter().zip(1..);
            let history = history.map(|(word, number)| ended(number, word));
            let sandbox = foundation(history.chain([rolling(9).app("app-2")]));
            let ran = asks_nothing(&sandbox, app(&sandbox, rule), IDLE, &["looked at"]);
            let live = if rule == "superseded" { with_superseded } else { live };
            assert_eq!((ran.output("count"), ran.output("went_live")), ("0", live));
            let sure = ran.output("reason").contains("to be sure which one is meant, give `deployment_id`");
            assert_eq!(sure, live == "unknown", "{}", ran.output("reason"));
        }
    }
    let sandbox = foundation([]);
    let ran = asks_nothing(&sandbox, app(&sandbox, "latest"), IDLE, &["looked at"]);
    assert_eq!(ran.output("went_live"), "false");
}

#[test]
fn latest_passes_over_what_has_ended_or_is_being_canceled() {
    let canceling = rolling(3).states(["ACTIVE/CANCELING"]);
    let paused = rolling(2).states(["ACTIVE/PAUSED"]);
    let sandbox = foundation([]);
    sandbox.add(Foundation::new().old()).add(canceling).add(paused).add(ended(4, "DEPLOYED"));
    cancels(&sandbox, app(&sandbox, "latest"), &["dep-2"]);
}

#[test]
fn a_newer_one_that_came_to_nothing_supersedes_nothing() {
    for word in
        ["FINALIZED/CANCELED", "FINALIZED/SUPERSEDED", "FINALIZED/DEGENERATE", "FINALIZED/ODD", "ACTIVE/CANCELING"]
    {
        let sandbox = foundation([rolling(1), rolling(2).states([word])]);
        asks_nothing(&sandbox, app(&sandbox, "superseded"), IDLE, &[]);
    }
}

#[test]
fn a_superseded_one_that_is_being_canceled_is_not_selected() {
    let canceling = rolling(1).states(["ACTIVE/CANCELING"]);
    let sandbox = foundation([]);
    sandbox.add(Foundation::new().old()).add(canceling).add(rolling(2));
    asks_nothing(&sandbox, app(&sandbox, "superseded"), IDLE, &[]);
}

#[test]
fn what_a_newer_one_has_superseded_needs_no_cancel() {
    let sandbox = foundation([rolling(1), rolling(2), rolling(3)]);
    asks_nothing(&sandbox, app(&sandbox, "superseded"), IDLE, &[]);
    cancels(&sandbox, app(&sandbox, "all"), &["dep-3"]);
    assert_eq!(sandbox.truth("cloud_foundry", "dep-1"), "FINALIZED/SUPERSEDED");
}

#[test]
fn all_pages_of_an_apps_deployments_are_read() {
    // The one that supersedes is behind a page of failed attempts.
    let attempts = (3..=212).map(|number| ended(number, "CANCELED"));
    let sandbox = foundation([rolling(1), ended(2, "DEPLOYED")].into_iter().chain(attempts));
    cancels(&sandbox, app(&sandbox, "superseded"), &["dep-1"]);
    assert!(sandbox.count(Call::List) > 2);
}

/// A deployment that began with one droplet and shall bring another.
fn with_droplets(one: Rolling, previous: &str, new: &str) -> Rolling {
    one.patch(json!({"previous_droplet": {"guid": previous}, "droplet": {"guid": new}}))
}

#[test]
fn cancelling_one_that_had_superseded_another_warns_of_that_ones_droplet() {
    for rule in ["latest", "all"] {
        let sandbox = foundation([
            with_droplets(ended(1, "SUPERSEDED"), "drop-0", "drop-1"),
            with_droplets(rolling(2), "drop-1", "drop-2"),
        ]);
        let ran = cancels(&sandbox, app(&sandbox, rule), &["dep-2"]);
        let details = &ran.deployments()[0]["details"];
        assert_eq!(details["superseded_another"], true, "{details}");
        assert!(ran.summary.contains("**Mind:** it had itself superseded another"), "{}", ran.summary);
    }
}

#[test]
fn cancelling_one_that_had_superseded_none_says_nothing_of_the_kind() {
    let sandbox = foundation([
        with_droplets(ended(1, "DEPLOYED"), "drop-0", "drop-1"),
        with_droplets(rolling(2), "drop-1", "drop-2"),
    ]);
    let ran = cancels(&sandbox, app(&sandbox, "latest"), &["dep-2"]);
    let details = &ran.deployments()[0]["details"];
    assert!(details["superseded_another"].is_null(), "{details}");
    assert!(!ran.summary.contains("**Mind:**"), "{}", ran.summary);
    // One list of what is in flight, one of the history; at the end nobody looks again.
    assert_eq!(sandbox.count(Call::List), 2);
}

/// Asserts that what a step has to read first cannot be read until its limit, with these words.
#[track_caller]
fn unreadable(sandbox: &Sandbox, step: Step, words: &str) {
    step.run_inside(sandbox).ended("error", 1).reasons(&[words]);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_list_with_another_apps_deployment_is_not_believed() {
    let foreign = json!({"relationships": {"app": {"data": {"guid": "app-2"}}}});
    let sandbox = foundation([rolling(1).patch(foreign)]);
    unreadable(&sandbox, app(&sandbox, "all"), "another app");
}

#[test]
fn a_list_whose_paging_is_no_paging_is_not_taken_for_whole() {
    for paging in [json!("soon"), json!([]), json!(1)] {
        let sandbox = foundation([rolling(1)]);
        sandbox.always(Call::List, Fault::json(200, &json!({ "resources": [], "pagination": paging }).to_string()));
        unreadable(&sandbox, app(&sandbox, "all"), "list the deployments");
    }
}

#[test]
fn a_name_whose_id_is_none_is_not_taken_for_missing() {
    for item in
        [json!({ "name": "acme" }), json!({ "name": "acme", "guid": "" }), json!({ "name": "acme", "guid": ".." })]
    {
        let sandbox = foundation([rolling(1)]);
        let page = json!({ "resources": [item], "pagination": { "next": null } });
        sandbox.always(Call::Scope, Fault::json(200, &page.to_string()));
        unreadable(&sandbox, app_named(&sandbox, "web", "prod", "acme"), "look up organizations by name");
    }
}
