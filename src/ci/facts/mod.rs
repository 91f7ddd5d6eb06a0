//! What the CI system knows about this run: its commit and branch, and whether they are a fork's.
//!
//! On a pull request the head counts, never the merge commit or the target. Where it is not known whether a pull
//! request comes from a fork, it is taken for one: a branch name from elsewhere proves nothing.

mod github;
mod known;
mod others;
mod pages;

use self::known::is_commit;
pub use self::known::{Facts, Fork};

use crate::input::env::{Env, is_unexpanded};
use crate::model::branch::short_name;
use crate::model::deployment::Pull;

/// The variables that tell the number of the pull request, and which repository it is for where that may be another one
/// than the run's.
const PULLS: [(&str, &str, &str); 7] = [
    ("azure", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", ""),
    ("gitlab", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_PROJECT_PATH"),
    ("buildkite", "BUILDKITE_PULL_REQUEST", ""),
    ("drone", "DRONE_PULL_REQUEST", ""),
    ("harness", "DRONE_PULL_REQUEST", ""),
    ("circleci", "CIRCLE_PR_NUMBER", ""),
    ("woodpecker", "CI_COMMIT_PULL_REQUEST", ""),
];

/// The longest value that is believed, in bytes.
const LONGEST: usize = 1024;

impl Facts {
    /// Reads what the CI system `ci` tells; for `plain`, whichever sets its own variable.
    pub fn read(env: &Env, ci: &str) -> Self {
        // How things are said is one thing, what this run is another: `ci: plain` does not change its commit.
        let here = if ci == "plain" { super::systems::detect(env) } else { ci };
        let facts = match here {
            "github" | "gitea" | "forgejo" => github::read(env),
            _ => Self { pull: Self::pull(env, here), ..others::read(env, here) },
        };
        let facts = facts.checked();
        Self { commit_page: pages::commit_page(env, here, &facts), ..facts }
    }

    /// This repository as `owner/name`, where the CI system tells it: its own variables, or the address it clones from.
    pub fn repository(env: &Env) -> Option<String> {
        const NAMES: [&str; 6] = [
            "GITHUB_REPOSITORY",
            "CI_PROJECT_PATH",
            "BUILD_REPOSITORY_NAME",
            "BITBUCKET_REPO_FULL_NAME",
            "DRONE_REPO",
            "CI_REPO",
        ];
        let named = NAMES.iter().find_map(|name| env.var(name)).map(str::to_owned);
        let circle = || {
            let owner = env.var("CIRCLE_PROJECT_USERNAME")?;
            Some(format!("{owner}/{}", env.var("CIRCLE_PROJECT_REPONAME")?))
        };
        let cloned = || {
            let address = env.var("BUILDKITE_REPO")?.trim_end_matches('/');
            let mut parts = address.trim_end_matches(".git").rsplit(['/', ':']);
            let name = parts.next()?;
            Some(format!("{}/{name}", parts.next()?))
        };
        named.or_else(circle).or_else(cloned).filter(|name| name.contains('/'))
    }

    /// The pull request that the CI system tells.
    fn pull(env: &Env, ci: &str) -> Option<Pull> {
        let (_, number, base) = PULLS.iter().find(|(id, ..)| *id == ci)?;
        let number = env.var(number)?.parse().ok()?;
        let base = if base.is_empty() { Self::repository(env) } else { env.var(base).map(str::to_owned) };
        Some(Pull { base: base?, number })
    }

    fn new(commit: Option<&str>, branch: Option<&str>) -> Self {
        Self { commit: commit.map(str::to_owned), branch: branch.map(str::to_owned), ..Self::default() }
    }

    fn of_fork(self, fork: Option<Fork>) -> Self {
        Self { fork, ..self }
    }

    fn noting(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }

    /// Everything above is untrusted text until here.
    fn checked(mut self) -> Self {
        let notes = &mut self.notes;
        self.commit = sound(self.commit, "commit", notes).filter(|commit| is_commit(commit));
        self.run_commit = self.run_commit.filter(|commit| is_commit(commit));
        self.branch = sound(self.branch, "branch", notes);
        self.branch = self.branch.and_then(|name| branch(&name, notes));
        if let Some(fork) = &mut self.fork {
            fork.repository = sound(fork.repository.take(), "fork's name", notes);
        }
        self
    }
}

fn sound(value: Option<String>, what: &str, notes: &mut Vec<String>) -> Option<String> {
    let value = value.filter(|value| !value.is_empty())?;
    let wrong = if value.len() > LONGEST {
        "is too long"
    } else if value.chars().any(char::is_control) {
        "contains control characters"
    } else {
        return Some(value);
    };
    notes.push(format!("The {what} that the CI system tells {wrong} and is not used."));
    None
}

/// A branch by its short name; a tag, a pull request's ref and `HEAD` are no branches, and nothing odd about them.
fn branch(reference: &str, notes: &mut Vec<String>) -> Option<String> {
    let short = reference.strip_prefix("refs/heads/").unwrap_or(reference);
    let is_other = short.is_empty() || short.starts_with("refs/") || short == "HEAD";
    let name = short_name(reference).filter(|name| !is_unexpanded(name));
    if name.is_none() && !is_other {
        notes.push("The branch that the CI system tells is no name that git allows, and is not used.".to_owned());
    }
    name.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::ffi::OsString;

    pub(super) const HEAD: &str = "1111111111111111111111111111111111111111";
    pub(super) const MERGE: &str = "2222222222222222222222222222222222222222";

    pub(super) fn env(variables: &[(&str, &str)]) -> Env {
        Env::new(variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    #[track_caller]
    fn check(commit: &str, branch: &str, known: (Option<&str>, Option<&str>), notes: usize) {
        let facts = Facts::new(Some(commit), Some(branch)).checked();
        let found = (facts.commit.as_deref(), facts.branch.as_deref());
        assert_eq!(found, known, "{commit:?} {branch:?}");
        assert_eq!(facts.notes.len(), notes, "{:?}", facts.notes);
    }

    #[test]
    fn only_plain_text_is_believed() {
        check(HEAD, "a/b", (Some(HEAD), Some("a/b")), 0);
        check("1234567", "ü", (Some("1234567"), Some("ü")), 0);
        check(HEAD, "a\u{1b}[31m", (Some(HEAD), None), 1);
        check("1111111\n", "a\nb", (None, None), 2);
        check(HEAD, &"a".repeat(LONGEST + 1), (Some(HEAD), None), 1);
    }

    #[test]
    fn a_place_or_a_revision_is_no_commit() {
        for text in ["HEAD", "r12345", "123456", &"0".repeat(40), &"a".repeat(65)] {
            check(text, "", (None, None), 0);
        }
    }

    #[test]
    fn only_a_branch_is_a_branch() {
        check("", "refs/heads/a", (None, Some("a")), 0);
        for name in ["refs/tags/v1", "refs/pull/4/merge", "refs/heads/", "HEAD"] {
            check("", name, (None, None), 0);
        }
    }

    #[test]
    fn a_name_that_git_does_not_allow_is_no_branch() {
        for name in
            ["$(Build.SourceBranchName)", "${{ github.ref }}", "refs/heads/$BRANCH", "a..b", "a b", "topic.lock", "-x"]
        {
            check(HEAD, name, (Some(HEAD), None), 1);
        }
    }

    #[test]
    fn a_pull_request_is_told_where_its_number_and_its_repository_are() {
        let known = Some(Pull { base: "acme/web".to_owned(), number: 7 });
        let gitlab = [("CI_MERGE_REQUEST_IID", "7"), ("CI_PROJECT_PATH", "mallory/web")];
        for (ci, variables, pull) in [
            ("drone", &[("DRONE_PULL_REQUEST", "7"), ("DRONE_REPO", "acme/web")][..], &known),
            ("buildkite", &[("BUILDKITE_PULL_REQUEST", "7"), ("BUILDKITE_REPO", "git@h:acme/web.git")], &known),
            ("buildkite", &[("BUILDKITE_PULL_REQUEST", "false"), ("BUILDKITE_REPO", "git@h:acme/web.git")], &None),
            // It may run in the fork's own project.
            ("gitlab", &gitlab, &None),
            ("gitlab", &[gitlab[0], gitlab[1], ("CI_MERGE_REQUEST_PROJECT_PATH", "acme/web")], &known),
            ("drone", &[("DRONE_PULL_REQUEST", "7")], &None),
            ("jenkins", &[("CHANGE_ID", "7")], &None),
        ] {
            assert_eq!(&Facts::read(&env(variables), ci).pull, pull, "{variables:?}");
        }
    }

    #[test]
    fn where_a_fork_is_is_checked_too() {
        let bad = || Some("a\nb".to_owned());
        let facts = Facts::default().of_fork(Some(Fork { repository: bad() }));
        let facts = facts.checked();
        assert_eq!(facts.fork, Some(Fork::default()));
        assert_eq!(facts.notes.len(), 1);
    }

    #[test]
    fn a_system_without_facts_has_none() {
        assert_eq!(Facts::read(&env(&[]), "plain"), Facts::default());
        assert_eq!(Facts::read(&env(&[]), "github"), Facts::default());
        assert_eq!(Facts::read(&env(&[]), "unheard-of"), Facts::default());
    }
}
