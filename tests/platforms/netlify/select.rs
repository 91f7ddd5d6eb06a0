//! Choosing deploys on Netlify.

use serde_json::{Value, json};

use super::{asked, bare, deploy, sandbox, select};
use crate::sandbox::netlify::{COMMIT, Deploy, OTHER_SITE, SITE, Site, id, time};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::stage::{HEAD, HOME, MERGE, on_event, on_pull, on_push};
use crate::step::Step;

fn numbered(number: usize) -> Deploy {
    Deploy::new(SITE, &id(number))
}

/// As made by uploading files.
fn upload(number: usize) -> Deploy {
    numbered(number).without_commit()
}

/// That long ago.
fn ago(days: i64) -> Value {
    json!(time(crate::sandbox::epoch(-days * 24 * 3600 - 60)))
}

/// Asserts that a step asks exactly these to stop.
#[track_caller]
fn cancels(sandbox: &Sandbox, step: Step, numbers: &[usize]) {
    let ran = step.run();
    let outcome = if numbers.is_empty() { "nothing_to_cancel" } else { "canceled" };
    ran.ended(outcome, 0);
    let mut asked = asked(sandbox);
    asked.sort();
    assert_eq!(asked, numbers.iter().map(|number| id(*number)).collect::<Vec<_>>(), "{}", ran.stdout);
}

#[test]
fn twelve_states_are_in_flight_and_no_filter_hides_one() {
    let sandbox = sandbox([numbered(1).states(["uploading"]), numbered(2).states(["enqueued"]), numbered(3)]);
    cancels(&sandbox, select(&sandbox, "all"), &[1, 2, 3]);
    let seen = sandbox.requests();
    let list = seen.iter().find(|seen| seen.call == Call::List).unwrap();
    assert_eq!(list.query, "page=1&per_page=100");
    assert_eq!(asked(&sandbox)[0], id(2), "what waits is asked first, as it would start");
}

#[test]
fn the_latest_is_the_newest_in_whatever_order_they_are_listed() {
    // The sandbox puts the newest second.
    let sandbox = sandbox([numbered(1), numbered(2), numbered(3)]);
    cancels(&sandbox, select(&sandbox, "latest"), &[3]);
}

#[test]
fn links_are_followed_until_a_whole_page_holds_nothing_in_flight() {
    let sandbox = Sandbox::start();
    let add = |number: usize, state: &str| {
        sandbox.add(numbered(number).states([state]));
    };
    (1..=250).for_each(|number| add(number, "ready"));
    add(251, "building");
    (252..=340).for_each(|number| add(number, "ready"));
    add(341, "building");
    (342..=400).for_each(|number| add(number, "ready"));
    let ran = select(&sandbox, "all").run();
    ran.ended("canceled", 0).tells("count", "2");
    // The third page holds nothing in flight.
    assert_eq!(sandbox.count(Call::List), 3);
}

#[test]
fn a_link_leads_nowhere_else() {
    let sandbox = sandbox([deploy()]);
    let evil = Fault::Reply {
        status: 200,
        content_type: "application/json".to_owned(),
        headers: vec![("link".to_owned(), "<https://evil.example/x?page=2&per_page=100>; rel=\"next\"".to_owned())],
        body: json!([{"id": id(2), "site_id": SITE, "state": "ready"}]).to_string().into_bytes(),
    };
    sandbox.fault(Call::List, [evil]);
    cancels(&sandbox, select(&sandbox, "all"), &[]);
    let lists: Vec<_> = sandbox.requests().into_iter().filter(|seen| seen.call == Call::List).collect();
    assert_eq!(lists[1].query, "page=2&per_page=100");
}

#[test]
fn a_commit_is_that_of_what_was_built_and_what_was_uploaded_has_none() {
    let sandbox = sandbox([numbered(1).commit(HEAD), upload(2), numbered(3)]);
    let step = select(&sandbox, "commit").input("commit", &HEAD[..7]);
    let ran = step.run();
    ran.ended("canceled", 0).warns(&["One deployment in flight does not name a commit"]);
    assert_eq!(asked(&sandbox), [id(1)]);
}

#[test]
fn a_commit_that_was_built_too_soon_is_told() {
    let sandbox = sandbox([deploy().states(["ready"])]);
    let ran = select(&sandbox, "commit").input("commit", COMMIT).run();
    ran.ended("already_finished", 3).tells("went_live", "true").tells("deployment_id", id(1));
}

#[test]
fn a_target_is_the_context_in_any_case() {
    let all = || [numbered(1), numbered(2).target(Some("Staging")), numbered(3).preview(4)];
    for (target, number) in [("Production", 1), ("staging", 2), ("DEPLOY-PREVIEW", 3)] {
        let sandbox = sandbox(all());
        cancels(&sandbox, select(&sandbox, "all").input("target", target), &[number]);
        let sandbox = self::sandbox(all());
        let step = bare(&sandbox).input("deployment_id", &id(number)).input("target", target);
        cancels(&sandbox, step, &[number]);
    }
    let sandbox = sandbox(all());
    bare(&sandbox).input("deployment_id", &id(1)).input("target", "staging").run().ended("error", 1);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn each_branch_context_and_pull_request_supersedes_its_own_alone() {
    let branch = |number: usize| numbered(number).branch("topic").target(Some("branch-deploy"));
    let preview = |number: usize, of: u64| numbered(number).branch("topic").preview(of);
    // A branch with a pull request is built twice, and two pull requests may have one head.
    let sandbox =
        sandbox([branch(1), preview(2, 4), branch(3), preview(4, 4), preview(5, 7), numbered(6), numbered(7)]);
    cancels(&sandbox, select(&sandbox, "superseded"), &[1, 2, 6]);
}

#[test]
fn an_upload_supersedes_no_build_and_no_build_an_upload() {
    let draft = |number: usize| upload(number).target(Some("deploy-preview"));
    let sandbox = sandbox([upload(1), numbered(2), upload(3), numbered(4), draft(5), draft(6)]);
    cancels(&sandbox, select(&sandbox, "superseded"), &[1, 2, 5]);
}

#[test]
fn what_is_in_flight_for_over_a_day_is_named_with_its_age() {
    let zombie = || upload(1).states(["uploading"]).created_at(ago(14));
    let sandbox = sandbox([zombie(), numbered(2)]);
    let ran = select(&sandbox, "latest").run();
    ran.ended("canceled", 0).tells("deployment_id", id(2));
    ran.warns(&["has been in flight for over a day", &format!("{} (14 days)", id(1))]);
    // All are meant.
    let sandbox = self::sandbox([zombie()]);
    cancels(&sandbox, select(&sandbox, "all"), &[1]);
    let sandbox = self::sandbox([numbered(1)]);
    let ran = select(&sandbox, "all").run();
    assert!(!ran.stdout.contains("over a day"), "{}", ran.stdout);
}

#[test]
fn only_the_site_that_is_meant_is_looked_at() {
    let sandbox = sandbox([numbered(1), Deploy::new(OTHER_SITE, &id(2)).of("api")]);
    cancels(&sandbox, bare(&sandbox).input("site_name", "api").input("select", "all"), &[2]);
    let sandbox = self::sandbox([numbered(1).field("site_id", json!(OTHER_SITE))]);
    select(&sandbox, "all").run().ended("error", 1).says("belongs to site");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

// Forks.

fn previews() -> [Deploy; 3] {
    [numbered(1), numbered(2).preview(4), numbered(3).preview(5)]
}

#[test]
fn a_forks_preview_is_known_by_its_number_and_the_sites_repository() {
    for event in ["pull_request", "pull_request_target"] {
        let sandbox = sandbox(previews());
        let step = on_pull(select(&sandbox, "branch"), event, "mallory/sample-app", "main");
        cancels(&sandbox, step, &[2]);
        assert_eq!(sandbox.count(Call::Scope), 1);
    }
}

#[test]
fn a_number_of_another_repository_or_of_none_that_is_told_proves_nothing() {
    for settings in [json!({"repo_url": "https://github.com/example/other"}), json!({"repo_url": null}), Value::Null] {
        let sandbox = sandbox(previews());
        sandbox.add(Site::new(SITE, "web").patch(json!({"build_settings": settings})));
        let step = on_pull(select(&sandbox, "branch"), "pull_request", "mallory/sample-app", "main");
        cancels(&sandbox, step, &[]);
    }
    // Of another head it is none of this run's.
    let sandbox = sandbox(previews());
    cancels(&sandbox, on_pull(select(&sandbox, "branch"), "pull_request", "mallory/sample-app", "topic"), &[]);
}

#[test]
fn a_site_that_cannot_be_read_proves_nothing_either() {
    let sandbox = sandbox(previews());
    sandbox.always(Call::Scope, Fault::Status(403));
    let step = on_pull(select(&sandbox, "branch"), "pull_request", "mallory/sample-app", "main");
    step.run().ended("error", 1);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn without_the_number_a_forks_branch_is_bad_input() {
    let sandbox = sandbox(previews());
    let event = json!({"pull_request": {
        "head": {"sha": HEAD, "ref": "main", "repo": {"full_name": "mallory/sample-app"}},
        "base": {"sha": MERGE, "ref": "main", "repo": {"full_name": HOME}},
    }});
    on_event(select(&sandbox, "branch"), "pull_request", &event).refused(&sandbox, &["`branch`", "fork"]);
}

#[test]
fn other_ci_systems_tell_the_number_as_well() {
    let sandbox = sandbox(previews());
    let variables = [
        ("DRONE", "true"),
        ("DRONE_REPO", HOME),
        ("DRONE_PULL_REQUEST", "4"),
        ("DRONE_BUILD_EVENT", "pull_request"),
        ("DRONE_SOURCE_BRANCH", "main"),
        ("DRONE_COMMIT_SHA", HEAD),
        ("PLUGIN_PLATFORM", "netlify"),
        ("PLUGIN_TOKEN", crate::sandbox::TOKEN),
        ("PLUGIN_SITE_ID", SITE),
        ("PLUGIN_SELECT", "branch"),
    ];
    let step = Step::plain().var("PLUGIN_API_URL", &sandbox.url("netlify"));
    let ran = variables.iter().fold(step, |step, (name, value)| step.var(name, value)).run();
    assert_eq!((ran.code, asked(&sandbox)), (0, vec![id(2)]), "{}", ran.stdout);
}

#[test]
fn ours_is_chosen_by_its_branch_without_another_request() {
    let sandbox = sandbox([numbered(1), numbered(2).branch("main2"), numbered(3).branch("topic").preview(4)]);
    cancels(&sandbox, on_push(select(&sandbox, "branch"), "main", HEAD), &[1]);
    assert_eq!(sandbox.count(Call::Scope), 0);
    let sandbox = self::sandbox(previews());
    cancels(&sandbox, select(&sandbox, "branch").input("branch", "main"), &[1, 2, 3]);
    assert_eq!(sandbox.count(Call::Scope), 0);
}
