//! Choosing deployments: what is so only on Cloud Foundry, Datadog and Qovery.

use serde_json::json;

use crate::sandbox::cloud_foundry::{APP, App, Deployment as Rolling};
use crate::sandbox::datadog::{API_KEY, Deployment as Upgrade, Only, QUERY, Surface};
use crate::sandbox::qovery::{Deployment, Environment};
use crate::sandbox::{Call, Fault, Sandbox, TOKEN};
use crate::step::{Ran, Step};

/// The paths of all cancel requests, in order.
fn asked(sandbox: &Sandbox) -> Vec<String> {
    let all = sandbox.requests().into_iter();
    all.filter(|seen| seen.call == Call::Cancel).map(|seen| seen.path).collect()
}

/// Asserts that exactly these were asked to stop, each once, and that it took effect.
#[track_caller]
fn only(sandbox: &Sandbox, ids: &[&str]) {
    let mut asked = asked(sandbox);
    for id in ids {
        assert_eq!(sandbox.effective_cancels(id), 1, "{id} in {asked:?}");
        let segment = format!("/{id}/");
        let before = asked.len();
        asked.retain(|path| !path.contains(&segment));
        assert_eq!(asked.len() + 1, before, "{id} is asked once");
    }
    assert!(asked.is_empty(), "asked as well: {asked:?}");
}

/// Asserts that a step cancels exactly these.
#[track_caller]
fn cancels(sandbox: &Sandbox, step: Step, ids: &[&str]) -> Ran {
    let ran = step.run();
    ran.ended("canceled", 0);
    only(sandbox, ids);
    assert_eq!(ran.output("count"), ids.len().to_string());
    ran
}

/// Asserts that a step asks nothing to stop, with that outcome and a reason with these words.
#[track_caller]
fn asks_nothing(sandbox: &Sandbox, step: Step, end: (&str, i32), words: &[&str]) -> Ran {
    let ran = step.run();
    ran.ended(end.0, end.1);
    assert_eq!(asked(sandbox), [""; 0]);
    let reason = ran.output("reason");
    for word in words {
        assert!(reason.contains(word), "no {word:?} in {reason:?}");
    }
    ran
}

const IDLE: (&str, i32) = ("nothing_to_cancel", 0);
const ERROR: (&str, i32) = ("error", 1);
const BAD: (&str, i32) = ("error", 2);
const MISSING: (&str, i32) = ("not_found", 4);

/// Asserts that a step is bad input, before anything was sent.
#[track_caller]
fn refuses(sandbox: &Sandbox, step: Step, words: &[&str]) {
    asks_nothing(sandbox, step, BAD, words);
    assert!(sandbox.requests().is_empty(), "something was sent");
}

// Cloud Foundry.

/// A rolling deployment of the usual app; each is a second younger than the one with the number before.
fn rolling(number: usize) -> Rolling {
    let (minutes, seconds) = (number / 60, number % 60);
    Rolling::new(&format!("dep-{number}")).created(&format!("2026-08-01T10:{minutes:02}:{seconds:02}Z"))
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
        asks_nothing(&sandbox, step, MISSING, &words);
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
    let both = app_named(&sandbox, "web", "", "");
    refuses(&sandbox, both, &["`org`", "`space`"]);
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
            let seen = (ran.output("count"), ran.output("went_live"));
            assert_eq!(seen, ("0", live), "{rule} {last}");
            let sure = ran.output("reason").contains("to be sure, give `deployment_id`");
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
    let sandbox = foundation([rolling(1), paused, canceling, ended(4, "DEPLOYED")]);
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
    let sandbox = foundation([canceling, rolling(2), rolling(3)]);
    cancels(&sandbox, app(&sandbox, "superseded"), &["dep-2"]);
}

#[test]
fn all_pages_of_an_apps_deployments_are_read() {
    // The one that supersedes is behind a page of failed attempts.
    let attempts = (3..=212).map(|number| ended(number, "CANCELED"));
    let sandbox = foundation([rolling(1), ended(2, "DEPLOYED")].into_iter().chain(attempts));
    cancels(&sandbox, app(&sandbox, "superseded"), &["dep-1"]);
    let sandbox = foundation((1..=201).map(rolling));
    let step = app(&sandbox, "all").input("dry_run", "true");
    let ran = asks_nothing(&sandbox, step, ("dry_run", 0), &[]);
    assert_eq!(ran.output("count"), "201");
    assert_eq!(sandbox.count(Call::List) % 2, 0);
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

#[test]
fn a_list_with_another_apps_deployment_is_not_believed() {
    let foreign = json!({"relationships": {"app": {"data": {"guid": "app-2"}}}});
    let sandbox = foundation([rolling(1).patch(foreign)]);
    let step = app(&sandbox, "all").input("timeout", "1s");
    asks_nothing(&sandbox, step, ERROR, &["another app"]);
}

#[test]
fn a_list_whose_paging_is_no_paging_is_not_taken_for_whole() {
    for paging in [json!("soon"), json!([]), json!(1)] {
        let sandbox = foundation([rolling(1)]);
        let page = json!({ "resources": [], "pagination": paging });
        sandbox.always(Call::List, Fault::json(200, &page.to_string()));
        asks_nothing(&sandbox, app(&sandbox, "all").input("timeout", "1s"), ERROR, &["list the deployments"]);
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
        let step = app_named(&sandbox, "web", "prod", "acme").input("timeout", "1s");
        asks_nothing(&sandbox, step, ERROR, &["look up organizations by name"]);
    }
}

// Datadog.

fn upgrade_id(number: usize) -> String {
    format!("a7Q-3mX-{number:03}")
}

/// A deployment on v2; each started a second after the one with the number before.
fn upgrade(number: usize) -> Upgrade {
    let second = 1_786_000_000 + i64::try_from(number).unwrap();
    Upgrade::v2(&upgrade_id(number)).started(second)
}

fn preview(number: usize) -> Upgrade {
    Upgrade::preview(&upgrade_id(number))
}

fn account(all: impl IntoIterator<Item = Upgrade>) -> Sandbox {
    let sandbox = Sandbox::start();
    for one in all {
        sandbox.add(one);
    }
    sandbox
}

/// An account that has only the preview surface.
fn preview_account(all: impl IntoIterator<Item = Upgrade>) -> Sandbox {
    let sandbox = account(all);
    sandbox.add(Only(Surface::Preview));
    sandbox
}

fn fleet(sandbox: &Sandbox, rule: &str) -> Step {
    Step::on(sandbox, "datadog")
        .without("INPUT_TOKEN")
        .input("api_key", API_KEY)
        .input("app_key", TOKEN)
        .input("query", QUERY)
        .input("select", rule)
        .secret(API_KEY)
}

#[track_caller]
fn stops(sandbox: &Sandbox, step: Step, numbers: &[usize]) -> Ran {
    let ids: Vec<_> = numbers.iter().copied().map(upgrade_id).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    cancels(sandbox, step, &ids)
}

/// Whether the preview surface was asked for anything.
fn saw_preview(sandbox: &Sandbox) -> bool {
    let all = sandbox.requests();
    all.iter().any(|seen| seen.path.contains("/unstable/"))
}

#[test]
fn only_deployments_for_exactly_that_query_are_meant() {
    for rule in ["latest", "all"] {
        let others = [
            "ENV:PROD AND SERVICE:WEB",
            "service:web AND env:prod",
            "env:prod",
            "env:prod AND service:web2",
            "env:prod AND service:web AND team:core",
            "",
        ];
        let others = others.iter().zip(2..);
        let others = others.map(|(query, number)| upgrade(number).query(query));
        let sandbox = account([upgrade(1)].into_iter().chain(others));
        stops(&sandbox, fleet(&sandbox, rule), &[1]);
    }
}

#[test]
fn another_teams_deployment_on_the_preview_surface_is_left_alone() {
    let theirs = preview(2).query("env:prod AND service:api");
    let sandbox = preview_account([preview(1), theirs]);
    stops(&sandbox, fleet(&sandbox, "latest"), &[1]);
}

#[test]
fn pending_and_running_ones_are_found() {
    for sandbox in [
        account([
            upgrade(1).states(["pending"]).not_started(),
            upgrade(2).states(["Running"]),
            upgrade(3).states(["stopping"]),
            upgrade(4).states(["completed"]),
            upgrade(5).states(["done_with_errors"]),
        ]),
        preview_account([preview(1).states(["pending"]), preview(2)]),
    ] {
        let all = fleet(&sandbox, "all").input("dry_run", "true").run();
        all.ended("dry_run", 0);
        assert_eq!(all.output("count"), "2");
    }
    let sandbox = account([upgrade(1).states(["pending"]).not_started(), upgrade(2)]);
    stops(&sandbox, fleet(&sandbox, "all"), &[1, 2]);
}

#[test]
fn latest_is_the_one_that_started_last() {
    let done = upgrade(4).states(["completed"]);
    let sandbox = account([upgrade(3), upgrade(1), upgrade(2), done]);
    stops(&sandbox, fleet(&sandbox, "latest"), &[3]);
    let waiting = upgrade(1).states(["pending"]).not_started();
    let sandbox = account([waiting]);
    stops(&sandbox, fleet(&sandbox, "latest"), &[1]);
}

#[test]
fn one_that_has_not_started_has_no_place_in_the_order_and_nothing_is_guessed() {
    let waiting = upgrade(2).states(["pending"]).not_started();
    let sandbox = account([upgrade(1), waiting]);
    let step = fleet(&sandbox, "latest");
    asks_nothing(&sandbox, step, ERROR, &["`deployment_id`"]);
}

#[test]
fn every_page_of_an_account_is_read() {
    // What has not started comes at the very end of the list.
    let many = (1..=250).map(|number| upgrade(number).states(["completed"]));
    let waiting = upgrade(500).states(["pending"]).not_started();
    let sandbox = account(many.chain([waiting]));
    stops(&sandbox, fleet(&sandbox, "all"), &[500]);
    let many = (1..=250).map(|number| upgrade(number).query("env:dev"));
    let sandbox = account([upgrade(0)].into_iter().chain(many));
    stops(&sandbox, fleet(&sandbox, "latest"), &[0]);
    let many = (1..=250).map(|number| preview(number).states(["completed"]));
    let sandbox = preview_account(many.chain([preview(500)]));
    stops(&sandbox, fleet(&sandbox, "latest"), &[500]);
}

#[test]
fn latest_on_the_preview_surface_takes_the_only_one() {
    let done = preview(2).states(["completed"]);
    let sandbox = preview_account([preview(1), done]);
    stops(&sandbox, fleet(&sandbox, "latest"), &[1]);
    assert!(asked(&sandbox)[0].starts_with("/api/unstable/"));
}

#[test]
fn latest_on_the_preview_surface_does_not_guess_among_several() {
    let sandbox = preview_account([preview(1), preview(2)]);
    for version in ["auto", "unstable"] {
        let step = fleet(&sandbox, "latest").input("api_version", version);
        let ran = asks_nothing(&sandbox, step, ERROR, &["`deployment_id`"]);
        assert_eq!(ran.output("count"), "0");
    }
    stops(&sandbox, fleet(&sandbox, "all"), &[1, 2]);
}

#[test]
fn the_preview_surface_is_not_asked_where_there_is_the_newer_one() {
    let sandbox = account([upgrade(1), preview(2)]);
    stops(&sandbox, fleet(&sandbox, "all"), &[1]);
    assert!(!saw_preview(&sandbox));
    let sandbox = account([upgrade(1)]);
    sandbox.fault(Call::List, [Fault::Status(503)]);
    stops(&sandbox, fleet(&sandbox, "latest"), &[1]);
    assert!(!saw_preview(&sandbox));
}

#[test]
fn the_preview_surface_is_listed_only_where_the_newer_one_has_no_list_at_all() {
    for status in [400, 404] {
        let sandbox = preview_account([preview(1)]);
        sandbox.fault(Call::List, [Fault::Status(status)]);
        stops(&sandbox, fleet(&sandbox, "all"), &[1]);
    }
    for status in [400, 403, 404] {
        // There is such a list, but a later page of it does not come: what it holds must not be left out.
        let sandbox = account((1..=120).map(upgrade));
        sandbox.fault(Call::List, [Fault::Pass, Fault::Status(status)]);
        asks_nothing(&sandbox, fleet(&sandbox, "all"), ERROR, &["list the deployments"]);
        assert!(!saw_preview(&sandbox));
    }
}

#[test]
fn a_fixed_version_is_the_only_one_that_is_listed() {
    let sandbox = account([upgrade(1), preview(2)]);
    let step = fleet(&sandbox, "all").input("api_version", "unstable");
    stops(&sandbox, step, &[2]);
    let sandbox = preview_account([preview(1)]);
    let step = fleet(&sandbox, "all").input("api_version", "v2");
    asks_nothing(&sandbox, step, ERROR, &["list the deployments"]);
    assert!(!saw_preview(&sandbox));
}

#[test]
fn an_account_without_anything_in_flight_for_the_query_has_nothing_to_cancel() {
    for rule in ["latest", "all"] {
        for sandbox in [
            account([]),
            account([upgrade(1).states(["completed"]), upgrade(2).states(["stopping"]), upgrade(3).query("env:dev")]),
            preview_account([preview(1).query("env:dev")]),
        ] {
            asks_nothing(&sandbox, fleet(&sandbox, rule), IDLE, &["looked at"]);
        }
    }
}

// Qovery.

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
    let ran = select(&sandbox, "all").input("wait", "false").run();
    ran.ended("requested", 0);
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
        let ran = select(&sandbox, "all").run();
        ran.ended("canceled", 0);
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
