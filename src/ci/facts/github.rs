//! GitHub, Gitea and Forgejo Actions: the event file first, after "Events that trigger workflows" and "Webhook events and
//! payloads" of GitHub's documentation.

use std::fs::File;
use std::io::Read as _;

use serde_json::Value;

use super::known::{Facts, Fork, fork, is_commit};
use crate::input::env::Env;
use crate::model::deployment::Pull;

/// The largest event file that is read, in bytes.
const LARGEST_EVENT: u64 = 8 << 20;
/// Events whose run stands on the default branch although they are about something else.
const ABOUT_OTHERS: [&str; 6] = ["check_run", "check_suite", "delete", "issue_comment", "status", "workflow_run"];

/// What the run is about, and the commit that it stands on itself: of a pull request its merge, or the base's where the
/// reference is not the pull request's own.
pub(super) fn read(env: &Env) -> Facts {
    let facts = about(env);
    let reference = env.var("GITHUB_REF").unwrap_or_default();
    let is_merge = facts.pull.is_some() && reference.starts_with("refs/pull/") && reference.ends_with("/merge");
    Facts { run_commit: env.var("GITHUB_SHA").map(str::to_owned), is_merge, ..facts }
}

/// Reads the event where the variables alone would name a merge commit or the default branch.
fn about(env: &Env) -> Facts {
    let name = env.var("GITHUB_EVENT_NAME").unwrap_or_default();
    let (needed, read): (_, fn(&Env, &Value) -> Facts) = match name {
        _ if name.starts_with("pull_request") => ("/pull_request/head", pull_request),
        "workflow_run" => ("/workflow_run", workflow_run),
        "deployment" | "deployment_status" => ("/deployment", deployment),
        "repository_dispatch" => ("/action", dispatch),
        "push" => ("/ref", push),
        "delete" => ("/ref", deletion),
        "status" => ("/sha", status),
        "check_run" => ("/check_run", |_, event| check(event, "/check_run")),
        "check_suite" => ("/check_suite", |_, event| check(event, "/check_suite")),
        "issue_comment" => return about_others(name),
        _ => return of_run(env),
    };
    let event = event_file(env).and_then(|event| match event.pointer(needed) {
        None | Some(Value::Null) => Err(format!("says nothing at `{needed}`")),
        Some(_) => Ok(event),
    });
    match event {
        Ok(event) => read(env, &event),
        Err(why) => without_event(env, name, &why),
    }
}

fn about_others(name: &str) -> Facts {
    Facts::default().noting(format!("A run for `{name}` stands on the default branch, which is not what the event is about: it says neither commit nor branch."))
}

/// The event's file; the error continues a sentence.
fn event_file(env: &Env) -> Result<Value, String> {
    let path = env.var("GITHUB_EVENT_PATH").ok_or("is not named by GITHUB_EVENT_PATH")?;
    // Opened a pipe would wait for its writer.
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = is_file.then(|| File::open(path).ok()).flatten();
    let mut bytes = Vec::new();
    file.and_then(|file| file.take(LARGEST_EVENT + 1).read_to_end(&mut bytes).ok()).ok_or("cannot be read")?;
    if bytes.len() as u64 > LARGEST_EVENT {
        return Err("is too large".to_owned());
    }
    serde_json::from_slice(&bytes).map_err(|_| "is not JSON".to_owned())
}

/// What the variables alone can prove. They name the merge commit or the default branch where the event is needed.
fn without_event(env: &Env, name: &str, why: &str) -> Facts {
    let note = format!("The event file {why}");
    if matches!(name, "push" | "deployment" | "deployment_status") {
        of_run(env)
    } else if name.starts_with("pull_request") {
        Facts::new(None, env.var("GITHUB_HEAD_REF")).of_fork(Some(Fork::default())).noting(format!(
            "{note}: the commit is not known, nor whether the pull request comes from a fork, so it is taken for one."
        ))
    } else {
        Facts::default().noting(format!("{note}: neither commit nor branch is known."))
    }
}

/// What the run itself stands on.
fn of_run(env: &Env) -> Facts {
    let reference = env.var("GITHUB_REF").unwrap_or_default();
    let name = env.var("GITHUB_REF_NAME").unwrap_or_default();
    let number = name.strip_suffix("/merge").or_else(|| name.strip_suffix("/head"));
    let is_pull = number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()));
    if is_pull || reference.starts_with("refs/pull/") {
        return Facts::default();
    }
    let is_branch = reference.starts_with("refs/heads/") || env.var("GITHUB_REF_TYPE") == Some("branch");
    let branch = [reference, name].into_iter().find(|name| !name.is_empty());
    Facts::new(env.var("GITHUB_SHA"), branch.filter(|_| is_branch))
}

fn text<'a>(event: &'a Value, pointer: &str) -> Option<&'a str> {
    let text = event.pointer(pointer)?.as_str()?.trim_matches(' ');
    (!text.is_empty()).then_some(text)
}

fn pull_request(_env: &Env, event: &Value) -> Facts {
    let at = |place: &str| text(event, &format!("/pull_request/{place}"));
    let base = at("base/repo/full_name");
    let number = event.pointer("/pull_request/number").or_else(|| event.get("number")).and_then(Value::as_u64);
    let pull = base.zip(number).map(|(base, number)| Pull { base: base.to_owned(), number });
    let facts = Facts::new(at("head/sha"), at("head/ref")).of_fork(fork(at("head/repo/full_name"), base));
    Facts { pull, ..facts }
}

/// What the first workflow ran for. Where that stood on the default branch for something else, so do its facts.
fn workflow_run(_env: &Env, event: &Value) -> Facts {
    let at = |place: &str| text(event, &format!("/workflow_run/{place}"));
    if let Some(first) = at("event").filter(|first| ABOUT_OTHERS.contains(first)) {
        return about_others(first);
    }
    let base = text(event, "/repository/full_name").or(at("repository/full_name"));
    Facts::new(at("head_sha"), at("head_branch")).of_fork(fork(at("head_repository/full_name"), base))
}

/// The reference deployed may be a branch, a tag or a commit; GITHUB_REF tells a tag.
fn deployment(env: &Env, event: &Value) -> Facts {
    let of_run = of_run(env);
    let reference = text(event, "/deployment/ref").or(of_run.branch.as_deref());
    let is_tag = env.var("GITHUB_REF").is_some_and(|reference| reference.starts_with("refs/tags/"));
    let branch = reference.filter(|name| !is_tag && !is_whole_commit(name));
    Facts::new(text(event, "/deployment/sha").or(of_run.commit.as_deref()), branch)
}

/// A branch may well look like an abbreviated one.
fn is_whole_commit(text: &str) -> bool {
    text.len() >= 40 && is_commit(text)
}

/// A platform reports its deployment as `<platform>.deployment.<what>`; the run itself stands on the default branch.
fn dispatch(env: &Env, event: &Value) -> Facts {
    let action = text(event, "/action").unwrap_or_default();
    if !action.contains(".deployment.") {
        return of_run(env);
    }
    let at = |place: &str| text(event, &format!("/client_payload/{place}"));
    // The event names no repository: only what goes to production is known to be of this one.
    let fork = (at("environment") != Some("production")).then(Fork::default);
    let branch = at("git/ref").filter(|name| !is_whole_commit(name));
    Facts::new(at("git/sha"), branch).of_fork(fork)
}

/// For an annotated tag `after` is the tag's own object; only `head_commit` and GITHUB_SHA are always the commit. For a
/// ref that was deleted `after` is zeros, and GITHUB_SHA the default branch's.
fn push(env: &Env, event: &Value) -> Facts {
    let (reference, after) = (text(event, "/ref"), text(event, "/after"));
    let is_tag = reference.is_some_and(|reference| reference.starts_with("refs/tags/"));
    let is_deleted = after.is_some_and(|after| after.chars().all(|c| c == '0'));
    let commit = text(event, "/head_commit/id").or(after.filter(|_| !is_tag)).or(env.var("GITHUB_SHA"));
    Facts::new(commit.filter(|_| !is_deleted), reference)
}

/// A branch that is gone is told by its short name; its last commit is not told.
fn deletion(_env: &Env, event: &Value) -> Facts {
    let is_branch = text(event, "/ref_type") == Some("branch");
    Facts::new(None, text(event, "/ref").filter(|_| is_branch))
}

/// A commit may be part of many branches.
fn status(_env: &Env, event: &Value) -> Facts {
    let branches = event.pointer("/branches").and_then(Value::as_array);
    let branch = match branches.map(Vec::as_slice) {
        Some([only]) => text(only, "/name"),
        _ => None,
    };
    Facts::new(text(event, "/sha"), branch)
}

/// A check tells of a branch, but not where it lives, unless a pull request of this repository proves it.
fn check(event: &Value, place: &str) -> Facts {
    let at = |name: &str| text(event, &format!("{place}/{name}"));
    let branch = at("head_branch").or(at("check_suite/head_branch"));
    let pulls = event.pointer(&format!("{place}/pull_requests"));
    let mut pulls = pulls.and_then(Value::as_array).into_iter().flatten();
    let is_ours = pulls.any(|pull| {
        let repository = |side: &str| pull.pointer(&format!("/{side}/repo/id"))?.as_u64();
        text(pull, "/head/ref") == branch
            && branch.is_some()
            && repository("head").is_some()
            && repository("head") == repository("base")
    });
    Facts::new(at("head_sha"), branch).of_fork((!is_ours).then(Fork::default))
}

#[cfg(test)]
mod tests {
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
}
