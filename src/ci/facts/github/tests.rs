//! Every event as a table, whatever stands in its file.

use super::super::tests::{HEAD, MERGE, env};
use super::*;

use std::io::Write as _;

use proptest::prelude::*;
use serde_json::json;

/// A run for the event, its variables as on a pull request or on the default branch.
fn facts(name: &str, event: Option<&[u8]>, more: &[(&str, &str)]) -> Facts {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(event.unwrap_or_default()).unwrap();
    let path = file.path().to_str().unwrap();
    let mut variables = vec![("GITHUB_EVENT_NAME", name), ("GITHUB_SHA", MERGE), ("GITHUB_REF_TYPE", "branch")];
    if name.starts_with("pull_request") {
        variables.extend([
            ("GITHUB_REF", "refs/pull/42/merge"),
            ("GITHUB_REF_NAME", "42/merge"),
            ("GITHUB_HEAD_REF", "topic"),
        ]);
    } else {
        variables.extend([("GITHUB_REF", "refs/heads/main"), ("GITHUB_REF_NAME", "main")]);
    }
    variables.extend(event.map(|_| ("GITHUB_EVENT_PATH", path)));
    variables.extend(more);
    Facts::read(&env(&variables), "github")
}

/// `fork` is `None`, or the repository's name, empty when it is not known.
#[track_caller]
fn check(name: &str, event: Value, commit: &str, branch: &str, fork: Option<&str>) {
    let facts = facts(name, Some(event.to_string().as_bytes()), &[]);
    assert_eq!(facts.commit.unwrap_or_default(), commit, "{name}");
    assert_eq!(facts.branch.unwrap_or_default(), branch, "{name}");
    let found = facts.fork.map(|fork| fork.repository.unwrap_or_default());
    assert_eq!(found.as_deref(), fork, "{name}");
    assert_eq!(facts.notes, Vec::<String>::new(), "{name}");
}

fn pull(head: Value, base: Value) -> Value {
    json!({ "pull_request": {
        "head": { "sha": HEAD, "ref": "topic", "repo": head },
        "base": { "sha": MERGE, "ref": "main", "repo": base },
    }})
}

fn after(head: Value) -> Value {
    json!({
        "repository": { "full_name": "acme/web" },
        "workflow_run": { "head_sha": HEAD, "head_branch": "topic", "head_repository": head },
    })
}

#[test]
fn a_pull_request_is_its_head() {
    let own = json!({ "full_name": "acme/web" });
    let other = json!({ "full_name": "mallory/web" });
    for name in ["pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"] {
        check(name, pull(own.clone(), own.clone()), HEAD, "topic", None);
        let forked = pull(other.clone(), own.clone());
        check(name, forked, HEAD, "topic", Some("mallory/web"));
        check(name, pull(Value::Null, own.clone()), HEAD, "topic", Some(""));
    }
    let unproved = pull(own, Value::Null);
    check("pull_request", unproved, HEAD, "topic", Some("acme/web"));
}

#[test]
fn a_workflow_run_is_that_of_the_first_workflow() {
    let own = json!({ "full_name": "Acme/web" });
    check("workflow_run", after(own), HEAD, "topic", None);
    let other = json!({ "full_name": "mallory/web" });
    let name = Some("mallory/web");
    check("workflow_run", after(other), HEAD, "topic", name);
    check("workflow_run", after(Value::Null), HEAD, "topic", Some(""));
}

#[test]
fn a_pull_request_is_told_with_its_number_and_its_base() {
    let told = |event: Value| facts("pull_request", Some(event.to_string().as_bytes()), &[]).pull;
    let own = json!({ "full_name": "acme/web" });
    let mut event = pull(json!({ "full_name": "mallory/web" }), own);
    assert_eq!(told(event.clone()), None);
    let known = Some(Pull { base: "acme/web".to_owned(), number: 7 });
    event["number"] = json!(7);
    assert_eq!(told(event.clone()), known);
    event["number"] = json!("7");
    event["pull_request"]["number"] = json!(7);
    assert_eq!(told(event), known);
}

#[test]
fn a_push_is_what_was_pushed() {
    let push = |after: &str, name: &str| json!({ "after": after, "ref": name });
    check("push", push(HEAD, "refs/heads/a/b"), HEAD, "a/b", None);
    let zeros = "0".repeat(40);
    check("push", push(&zeros, "refs/heads/a"), "", "a", None);
    let deleted = json!({ "after": zeros, "ref": "refs/heads/a", "deleted": true, "head_commit": null });
    check("push", deleted, "", "a", None);
}

/// An annotated tag is an object of its own, and `after` names that one.
#[test]
fn a_pushed_tag_is_the_commit_that_it_stands_for() {
    let object = "c".repeat(40);
    let push = |head: Value| json!({ "after": object, "ref": "refs/tags/v1.4.0", "head_commit": head });
    check("push", push(json!({ "id": HEAD })), HEAD, "", None);
    check("push", push(Value::Null), MERGE, "", None);
    let unknown = facts("push", Some(push(Value::Null).to_string().as_bytes()), &[("GITHUB_SHA", "")]);
    assert_eq!(unknown.commit, None);
    let branch = json!({ "after": HEAD, "ref": "refs/heads/a", "head_commit": { "id": HEAD } });
    check("push", branch, HEAD, "a", None);
}

#[test]
fn other_runs_are_what_they_stand_on() {
    for name in ["workflow_dispatch", "schedule", "release", ""] {
        check(name, json!({}), MERGE, "main", None);
    }
    let own = json!({ "action": "nightly", "client_payload": {} });
    check("repository_dispatch", own, MERGE, "main", None);
    let odd = [("GITHUB_REF", ""), ("GITHUB_REF_NAME", "42/merge")];
    let knows_nothing = Facts { run_commit: Some(MERGE.to_owned()), ..Facts::default() };
    assert_eq!(facts("schedule", None, &odd), knows_nothing);
    let tag = [("GITHUB_REF", "refs/tags/v1"), ("GITHUB_REF_TYPE", "tag")];
    assert_eq!(facts("release", None, &tag).branch, None);
}

#[test]
fn a_run_after_a_run_on_the_default_branch_knows_nothing() {
    let of = |event: &str| {
        json!({
            "repository": { "full_name": "acme/web" },
            "workflow_run": { "event": event, "head_sha": MERGE, "head_branch": "main", "head_repository": { "full_name": "acme/web" } },
        })
    };
    check("workflow_run", of("push"), MERGE, "main", None);
    for event in ["issue_comment", "delete", "status", "check_run", "check_suite", "workflow_run"] {
        let facts = facts("workflow_run", Some(of(event).to_string().as_bytes()), &[]);
        assert_eq!((facts.commit, facts.branch), (None, None), "{event}");
        assert_eq!(facts.notes.len(), 1, "{event}");
    }
}

#[test]
fn a_deletion_tells_the_branch_that_is_gone() {
    let of = |kind: &str| json!({ "ref": "a/b", "ref_type": kind });
    check("delete", of("branch"), "", "a/b", None);
    check("delete", of("tag"), "", "", None);
}

#[test]
fn a_status_tells_its_commit_and_a_branch_only_if_it_is_the_only_one() {
    let on = |names: &[&str]| {
        let branches: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
        json!({ "sha": HEAD, "branches": branches })
    };
    check("status", on(&["topic"]), HEAD, "topic", None);
    check("status", on(&[]), HEAD, "", None);
    check("status", on(&["main", "topic"]), HEAD, "", None);
    check("status", json!({ "sha": HEAD }), HEAD, "", None);
}

/// Nothing in them says where the branch lives, but for a pull request of the same repository.
#[test]
fn a_check_tells_its_commit_and_a_branch_that_may_be_a_forks() {
    let pull = |head: u64| json!([{ "head": { "sha": HEAD, "ref": "topic", "repo": { "id": head } }, "base": { "repo": { "id": 7 } } }]);
    let suite =
        |branch: Value, pulls: Value| json!({ "head_sha": HEAD, "head_branch": branch, "pull_requests": pulls });
    let run = |branch: Value, pulls: Value| json!({ "head_sha": HEAD, "check_suite": { "head_branch": branch }, "pull_requests": pulls });
    for (branch, pulls, name, fork) in [
        (json!("topic"), pull(7), "topic", None),
        (json!("topic"), pull(8), "topic", Some("")),
        (json!("other"), pull(7), "other", Some("")),
        (json!("topic"), json!([]), "topic", Some("")),
        (Value::Null, Value::Null, "", Some("")),
    ] {
        let event = json!({ "check_suite": suite(branch.clone(), pulls.clone()) });
        check("check_suite", event, HEAD, name, fork);
        check("check_run", json!({ "check_run": run(branch, pulls) }), HEAD, name, fork);
    }
}

#[test]
fn the_default_branch_is_not_what_an_event_about_others_means() {
    for name in ["check_run", "check_suite", "delete", "issue_comment", "status"] {
        let facts = facts(name, Some(b"{}"), &[]);
        assert_eq!((facts.commit, facts.branch), (None, None), "{name}");
        assert_eq!(facts.notes.len(), 1, "{name}");
    }
}

#[test]
fn a_deployment_and_its_status_are_about_what_was_deployed() {
    let url = "https://web-1.example.app";
    for name in ["deployment", "deployment_status"] {
        let event = json!({
            "deployment": { "sha": HEAD, "ref": "topic" },
            "deployment_status": { "environment_url": url },
        });
        check(name, event, HEAD, "topic", None);
    }
}

#[test]
fn a_dispatch_by_a_platform_is_about_its_own_commit() {
    let event = |payload: Value| json!({ "action": "acme.deployment.success", "client_payload": payload });
    let name = "repository_dispatch";
    let git = json!({ "id": "d1", "git": { "sha": HEAD, "ref": "topic" } });
    check(name, event(git), HEAD, "topic", Some(""));
    check(name, event(json!({ "id": "d1" })), "", "", Some(""));
}

#[test]
fn a_deployed_commit_or_tag_is_no_branch() {
    let event = |name: &str| json!({ "deployment": { "sha": HEAD, "ref": name } });
    check("deployment", event("topic"), HEAD, "topic", None);
    check("deployment", event(HEAD), HEAD, "", None);
    check("deployment", event("deadbeef"), HEAD, "deadbeef", None);
    let tag = [("GITHUB_REF", "refs/tags/v1"), ("GITHUB_REF_TYPE", "tag")];
    let event_text = event("v1").to_string();
    let found = facts("deployment", Some(event_text.as_bytes()), &tag);
    assert_eq!((found.commit.as_deref(), found.branch), (Some(HEAD), None));
}

#[track_caller]
fn check_unread(name: &str, event: Option<&[u8]>, more: &[(&str, &str)], why: &str) {
    let facts = facts(name, event, more);
    assert_eq!(facts.commit, None, "{name}");
    let is_pull = name.starts_with("pull_request");
    assert_eq!(facts.branch.as_deref(), is_pull.then_some("topic"));
    assert_eq!(facts.fork, is_pull.then(Fork::default));
    let [note] = facts.notes.as_slice() else {
        panic!("{name}: {:?}", facts.notes);
    };
    assert!(note.contains(why), "{note}");
}

#[test]
fn without_the_event_the_merge_commit_is_not_taken_for_the_head() {
    let large = vec![b' '; usize::try_from(LARGEST_EVENT).unwrap() + 1];
    let folder = [("GITHUB_EVENT_PATH", "/")];
    for name in ["pull_request", "pull_request_target", "workflow_run", "repository_dispatch"] {
        check_unread(name, None, &[], "is not named by GITHUB_EVENT_PATH");
        check_unread(name, None, &folder, "cannot be read");
        check_unread(name, Some(b"{"), &[], "is not JSON");
        check_unread(name, Some(b"\xff"), &[], "is not JSON");
        check_unread(name, Some(&large), &[], "is too large");
        check_unread(name, Some(b"{}"), &[], "says nothing at");
    }
}

#[test]
fn without_the_event_a_run_for_a_ref_is_what_it_stands_on() {
    for name in ["push", "deployment", "deployment_status"] {
        let facts = facts(name, None, &[]);
        assert_eq!(facts.commit.as_deref(), Some(MERGE), "{name}");
        assert_eq!(facts.branch.as_deref(), Some("main"), "{name}");
        assert_eq!(facts.notes.len(), 0, "{name}");
    }
}

fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "pull_request",
        "workflow_run",
        "deployment_status",
        "repository_dispatch",
        "push",
        "delete",
        "status",
        "check_run",
        "check_suite",
    ])
}

/// Events of about the right shape, with anything where a text should be.
fn events() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("acme.deployment.x")),
        Just(json!(["https://[::1]:x"])),
    ];
    let keys = prop::sample::select(vec![
        "pull_request",
        "head",
        "base",
        "repo",
        "full_name",
        "sha",
        "ref",
        "workflow_run",
        "head_sha",
        "deployment",
        "deployment_status",
        "target_url",
        "action",
        "client_payload",
        "git",
        "id",
        "after",
        "head_commit",
        "ref_type",
        "branches",
        "check_run",
        "check_suite",
        "pull_requests",
    ]);
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop::collection::hash_map(keys.clone(), inner, 0..8)
            .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    })
}

#[track_caller]
fn is_sound(facts: &Facts) {
    for value in [facts.commit.as_ref(), facts.branch.as_ref()].into_iter().flatten() {
        assert!(!value.is_empty() && !value.chars().any(char::is_control), "{facts:?}");
    }
}

proptest! {
    #[test]
    fn no_event_file_panics(name in names(), bytes: Vec<u8>) {
        is_sound(&facts(name, Some(&bytes), &[]));
    }

    #[test]
    fn no_event_panics(name in names(), event in events()) {
        is_sound(&facts(name, Some(event.to_string().as_bytes()), &[]));
    }
}
