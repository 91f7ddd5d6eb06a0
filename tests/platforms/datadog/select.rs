//! Choosing deployments on Datadog.

use crate::sandbox::datadog::{API_KEY, Deployment as Upgrade, Only, QUERY, Surface};
use crate::sandbox::{Call, Fault, Sandbox, TOKEN};
use crate::stage::by_id::{ERROR, IDLE, asked, asks_nothing, cancels};
use crate::step::{Ran, Step};

fn upgrade_id(number: usize) -> String {
    format!("a7Q-3mX-{number:03}")
}

/// A deployment on v2; each started a second after the one with the number before.
fn upgrade(number: usize) -> Upgrade {
    let second = 1_786_000_000 + i64::try_from(number).unwrap();
    Upgrade::v2(&upgrade_id(number)).created_at(second)
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
        all.ended("dry_run", 0).tells("count", "2");
    }
    let sandbox = account([upgrade(1).states(["pending"]).not_started(), upgrade(2)]);
    stops(&sandbox, fleet(&sandbox, "all"), &[1, 2]);
}

#[test]
fn latest_is_the_one_that_started_last() {
    let sandbox = account([upgrade(3), upgrade(1), upgrade(2), upgrade(4).states(["completed"])]);
    stops(&sandbox, fleet(&sandbox, "latest"), &[3]);
    let sandbox = account([upgrade(1).states(["pending"]).not_started()]);
    stops(&sandbox, fleet(&sandbox, "latest"), &[1]);
}

#[test]
fn one_that_has_not_started_has_no_place_in_the_order_and_nothing_is_guessed() {
    let sandbox = account([upgrade(1), upgrade(2).states(["pending"]).not_started()]);
    let step = fleet(&sandbox, "latest");
    asks_nothing(&sandbox, step, ERROR, &["nobody knows which is the latest"]);
}

#[test]
fn every_page_of_an_account_is_read() {
    // What has not started comes at the very end of the list.
    let many = (1..=250).map(|number| upgrade(number).states(["completed"]));
    let sandbox = account(many.chain([upgrade(500).states(["pending"]).not_started()]));
    stops(&sandbox, fleet(&sandbox, "all"), &[500]);
    let sandbox = account([upgrade(0)].into_iter().chain((1..=250).map(|number| upgrade(number).query("env:dev"))));
    stops(&sandbox, fleet(&sandbox, "latest"), &[0]);
    let many = (1..=250).map(|number| preview(number).states(["completed"]));
    let sandbox = preview_account(many.chain([preview(500)]));
    stops(&sandbox, fleet(&sandbox, "latest"), &[500]);
}

#[test]
fn latest_on_the_preview_surface_takes_the_only_one() {
    let sandbox = preview_account([preview(1), preview(2).states(["completed"])]);
    stops(&sandbox, fleet(&sandbox, "latest"), &[1]);
    assert!(asked(&sandbox)[0].starts_with("/api/unstable/"));
}

#[test]
fn latest_on_the_preview_surface_does_not_guess_among_several() {
    let sandbox = preview_account([preview(1), preview(2)]);
    for version in ["auto", "unstable"] {
        let step = fleet(&sandbox, "latest").input("api_version", version);
        let ran = asks_nothing(&sandbox, step, ERROR, &["nobody knows which is the latest"]);
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
