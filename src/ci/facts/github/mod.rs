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
mod tests;
