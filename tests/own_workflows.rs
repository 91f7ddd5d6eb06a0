//! Rules about the repository's own workflows: whoever may write takes no foreign code, and nobody's text becomes a command.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml_ng::Value;

fn below(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

struct Workflow {
    path: PathBuf,
    text: String,
    yaml: Value,
}

fn workflows() -> Vec<Workflow> {
    let open = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let yaml = serde_yaml_ng::from_str(&text).unwrap();
        Workflow { path, text, yaml }
    };
    below(".github/workflows").into_iter().map(open).collect()
}

impl Workflow {
    fn jobs(&self) -> Vec<(&str, &Value)> {
        let jobs = self.yaml["jobs"].as_mapping().unwrap();
        jobs.iter().map(|(name, job)| (name.as_str().unwrap(), job)).collect()
    }
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_sequence().unwrap()
}

fn script(step: &Value) -> &str {
    step["run"].as_str().unwrap_or_default()
}

/// `owner/name@` and 40 hex digits, and the version that they are as a comment.
fn is_pinned(reference: &str) -> bool {
    let Some((action, comment)) = reference.split_once(" # v") else {
        return false;
    };
    let Some((name, hash)) = action.split_once('@') else {
        return false;
    };
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let mut numbers = comment.split('.');
    let numeric = numbers.all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
    name.contains('/') && hash.len() == 40 && hash.chars().all(hex) && comment.matches('.').count() == 2 && numeric
}

#[test]
fn only_a_full_hash_with_its_version_counts_as_pinned() {
    let hash = "0123456789abcdef0123456789abcdef01234567";
    assert!(is_pinned(&format!("actions/checkout@{hash} # v1.2.3")));
    for loose in [
        "actions/checkout@v4".to_owned(),
        "actions/checkout@v4 # v4.0.0".to_owned(),
        format!("actions/checkout@{hash}"),
        format!("actions/checkout@{hash} # v1"),
        format!("actions/checkout@{hash} # v1.2.x"),
        format!("actions/checkout@{} # v1.2.3", &hash[1..]),
        format!("actions/checkout@{} # v1.2.3", hash.to_uppercase()),
    ] {
        assert!(!is_pinned(&loose), "{loose}");
    }
}

#[test]
fn every_foreign_action_is_pinned_by_its_full_hash_and_names_its_version() {
    for workflow in workflows() {
        let used = workflow.text.lines().filter_map(|line| {
            let line = line.trim_start();
            line.strip_prefix("- ").unwrap_or(line).strip_prefix("uses: ")
        });
        let used: Vec<_> = used.collect();
        // Found by their lines, for the comment's sake: none may hide in another way of writing.
        let known: usize =
            workflow.jobs().iter().flat_map(|(_, job)| steps(job)).filter(|step| !step["uses"].is_null()).count();
        assert_eq!(used.len(), known, "{}", workflow.path.display());
        for reference in used {
            assert!(reference.starts_with("./") || is_pinned(reference), "{}: {reference}", workflow.path.display());
        }
    }
}

#[test]
fn a_workflow_grants_nothing_and_each_job_only_what_it_names() {
    for workflow in workflows() {
        let none = &workflow.yaml["permissions"];
        assert!(
            none.as_mapping().is_some_and(serde_yaml_ng::Mapping::is_empty),
            "{}: {none:?}",
            workflow.path.display()
        );
        for (name, job) in workflow.jobs() {
            assert!(job["permissions"].is_mapping(), "{name}");
        }
    }
}

#[test]
fn no_expression_stands_in_a_script_of_a_workflow() {
    for workflow in workflows() {
        for (name, job) in workflow.jobs() {
            for step in steps(job) {
                assert!(!script(step).contains("${{"), "{name}: {}", script(step));
            }
        }
    }
}

#[test]
fn no_checkout_leaves_its_token_on_the_disk() {
    let mut checkouts = 0;
    for workflow in workflows() {
        for step in workflow.jobs().into_iter().flat_map(|(_, job)| steps(job)) {
            if step["uses"].as_str().is_some_and(|name| name.starts_with("actions/checkout@")) {
                checkouts += 1;
                assert_eq!(step["with"]["persist-credentials"], false, "{step:?}");
            }
        }
    }
    assert!(checkouts > 0);
}

#[test]
fn a_job_that_may_write_builds_and_installs_nothing() {
    let mut writing = BTreeSet::new();
    for workflow in workflows() {
        for (name, job) in workflow.jobs() {
            let granted = job["permissions"].as_mapping().unwrap();
            if granted.values().all(|grant| grant == "read") {
                continue;
            }
            writing.insert(name.to_owned());
            for step in steps(job) {
                for word in
                    ["cargo ", ".ci/", "release/build", "docker build", "docker run", "pip", "npm", "apt-get", "curl"]
                {
                    assert!(!script(step).contains(word), "{name} may write, and runs {word}");
                }
            }
        }
    }
    assert_eq!(writing, ["promote", "publish"].map(str::to_owned).into());
}

#[test]
fn the_tags_that_users_follow_move_last() {
    let workflows = workflows();
    let release = workflows.iter().find(|workflow| workflow.path.ends_with("release.yml")).unwrap();
    let mut before: Vec<&str> = vec!["promote"];
    let mut next = 0;
    while let Some(name) = before.get(next) {
        let needs = &release.yaml["jobs"][*name]["needs"];
        let needed = needs.as_sequence().map_or_else(
            || needs.as_str().into_iter().collect(),
            |names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
        );
        for name in needed {
            if !before.contains(&name) {
                before.push(name);
            }
        }
        next += 1;
    }
    let all: BTreeSet<_> = release.jobs().into_iter().map(|(name, _)| name).collect();
    assert_eq!(before.into_iter().collect::<BTreeSet<_>>(), all);
}

#[test]
fn the_job_to_require_waits_for_every_other() {
    for workflow in workflows() {
        let jobs = workflow.jobs();
        let Some((_, last)) = jobs.iter().find(|(name, _)| *name == "all-green") else {
            continue;
        };
        let needs: BTreeSet<_> = last["needs"].as_sequence().unwrap().iter().filter_map(Value::as_str).collect();
        let others = jobs.iter().map(|(name, _)| *name).filter(|name| *name != "all-green");
        assert_eq!(needs, others.collect());
        return;
    }
    panic!("no workflow has the job all-green");
}

#[test]
fn every_script_that_a_workflow_calls_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut called = BTreeSet::new();
    for workflow in workflows() {
        for word in workflow.text.split(|c: char| c.is_whitespace() || c == '(') {
            let word = word.strip_prefix("rel/").unwrap_or(word);
            if [".ci/", ".github/release/", "tests/runners/"].iter().any(|folder| word.starts_with(folder)) {
                called.insert(word.to_owned());
            }
        }
    }
    assert!(called.contains(".ci/run") && called.contains(".github/release/judge"), "{called:?}");
    for path in called {
        assert!(root.join(&path).is_file(), "{path}");
    }
}
