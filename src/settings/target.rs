//! What a run is aimed at: deployments by their ids, or a selection; and the guards that each has to pass.

use std::time::Duration;

use crate::ci::facts::Facts;
use crate::input::Values;
use crate::input::env::is_unexpanded;
use crate::input::faults::Faults;
use crate::model::branch::short_name;
use crate::model::deployment::SHORTEST_COMMIT;
use crate::model::id::Id;
use crate::platform::PlatformInfo;
use crate::select::guard::Guard;
use crate::select::{Select, Selector};

/// What a run is aimed at.
#[derive(Debug)]
pub enum Target {
    /// Deployments by their ids; none where the platform means its whole scope.
    Ids(Vec<Id>),
    /// Whatever a list shows.
    Selection {
        /// What is wanted of it.
        selector: Selector,
        /// How long to wait for a match to appear.
        appear_within: Duration,
    },
}

/// What the inputs about choosing are judged against.
pub struct Known<'a> {
    /// What was written.
    pub values: &'a Values,
    /// What the platform can.
    pub entry: &'a PlatformInfo,
    /// What the CI system knows of this run.
    pub facts: &'a Facts,
    /// This repository, as far as the CI system tells it.
    pub home: Option<String>,
}

/// What the inputs about choosing say.
pub fn judge(known: &Known<'_>, ids: Vec<Id>, faults: &mut Faults) -> (Target, Guard) {
    let Known { values, entry, .. } = known;
    let select = values.choice("select", faults).and_then(Select::named);
    let branch = values.parsed("branch", faults, branch);
    let commit = values.parsed("commit", faults, commit);
    let appear_within = values.duration("appear_within", faults);
    let select_given = values.given("select").is_some();
    if !select_given {
        let target = values.get("target").map(str::to_owned);
        let guard = Guard { branch, commit, target };
        judge_guard(values, entry, &guard, faults);
        refuse_beside_ids(values, faults);
        return (Target::Ids(ids), guard);
    }
    if values.given("deployment_id").is_some() {
        faults.add(values.given("select"), "select", "cannot stand beside `deployment_id`: give one of the two");
    }
    let Some(select) = select else {
        return (Target::Ids(ids), Guard::default());
    };
    judge_support(values, entry, select, faults);
    refuse_unused(values, entry, select, faults);
    let mut selector = Selector {
        select,
        branch,
        commit,
        run_commit: None,
        target: values.get("target").map(str::to_owned),
        repository: None,
        pull: None,
        home: None,
        one_group: entry.one_group,
        knows_commits: entry.selects.contains(&Select::Commit),
    };
    if entry.selects.contains(&select) && values.given(select.word()).is_none() {
        fill_from_facts(&mut selector, known, faults);
    }
    let appear_within = appear_within.unwrap_or_default();
    // What was chosen by its branch or commit has to be of it still when its turn comes.
    let guard = Guard { branch: selector.branch.clone(), commit: selector.commit.clone(), target: None };
    (Target::Selection { selector, appear_within }, guard)
}

/// The commit or branch of the CI's own run, where none is written.
fn fill_from_facts(selector: &mut Selector, known: &Known<'_>, faults: &mut Faults) {
    let Known { entry, facts, home, .. } = known;
    if entry.runs_deploy && (selector.select != Select::Commit || facts.is_merge) {
        selector.run_commit.clone_from(&facts.run_commit);
    }
    match selector.select {
        // A commit proves itself, also a fork's.
        Select::Commit if selector.commit.is_none() => {
            selector.commit.clone_from(&facts.commit);
            if selector.commit.is_none() {
                faults.add(
                    None,
                    "commit",
                    "is missing: this CI system does not tell the commit of this run, so set `commit`",
                );
            }
        }
        // A written branch is taken as it is.
        Select::Branch if selector.branch.is_none() => {
            selector.branch.clone_from(&facts.branch);
            if selector.branch.is_none() {
                faults.add(
                    None,
                    "branch",
                    "is missing: this CI system does not tell the branch of this run, so set `branch`",
                );
                return;
            }
            let Some(fork) = &facts.fork else {
                selector.home.clone_from(home);
                return;
            };
            if entry.knows_pulls && facts.pull.is_some() {
                selector.pull.clone_from(&facts.pull);
                return;
            }
            match &fork.repository {
                Some(repository) if entry.knows_forks => selector.repository = Some(repository.clone()),
                Some(_) => faults.add(
                    None,
                    "branch",
                    "cannot be taken from this run: it belongs to a fork, whose branch names prove nothing here; use `select: commit`, or set `branch`",
                ),
                None => faults.add(
                    None,
                    "branch",
                    "cannot be taken from this run: it may belong to a fork, whose branch names prove nothing here; use `select: commit`, or set `branch`",
                ),
            }
        }
        _ => {}
    }
}

fn judge_guard(values: &Values, entry: &PlatformInfo, guard: &Guard, faults: &mut Faults) {
    if entry.selects.contains(&Select::Commit) {
        return;
    }
    for (name, written) in [("branch", &guard.branch), ("commit", &guard.commit)] {
        if written.is_some() {
            let text = format!(
                "cannot be checked on {}: its deployments carry neither a branch nor a commit",
                entry.about.name
            );
            faults.add(values.given(name), name, text);
        }
    }
}

/// Inputs that mean something only with `select`.
fn refuse_beside_ids(values: &Values, faults: &mut Faults) {
    for name in ["appear_within", "query"] {
        if values.given(name).is_some() {
            faults.add(values.given(name), name, "means something only with `select`");
        }
    }
}

/// A narrowing that would be ignored is refused: more would be canceled than was meant.
fn refuse_unused(values: &Values, entry: &PlatformInfo, select: Select, faults: &mut Faults) {
    let groups = select == Select::Superseded;
    if groups && entry.one_group && !entry.selects.contains(&Select::Branch) && values.given("branch").is_some() {
        let text = format!(
            "cannot narrow a selection on {}: its deployments carry no branch, so more would be canceled than was meant",
            entry.about.name
        );
        faults.add(values.given("branch"), "branch", text);
        return;
    }
    let uses_branch = groups || select == Select::Branch;
    for (name, used) in [("branch", uses_branch), ("commit", select == Select::Commit)] {
        if values.given(name).is_some() && !used {
            let text = format!("does not narrow `select: {}`; use `select: {name}`", select.word());
            faults.add(values.given(name), name, text);
        }
    }
}

fn judge_support(values: &Values, entry: &PlatformInfo, select: Select, faults: &mut Faults) {
    let given = values.given("select");
    if !entry.selects.contains(&select) {
        let text = format!("cannot be \"{}\" on {}: {}", select.word(), entry.about.name, entry.no_select);
        faults.add(given, "select", text);
    }
}

/// A branch's short name.
fn branch(text: &str) -> Result<String, String> {
    let name = short_name(text).filter(|name| !is_unexpanded(name));
    name.map(str::to_owned)
        .ok_or_else(|| "takes the name of a branch as git allows it, such as `main` or `refs/heads/main`".to_owned())
}

/// A commit hash, whole or shortened to at least seven digits.
fn commit(text: &str) -> Result<String, String> {
    let is_hash = (SHORTEST_COMMIT..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_hash {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("takes a commit hash of at least seven hexadecimal digits".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_and_commits_are_read_as_people_write_them() {
        assert_eq!(branch("refs/heads/feature/x").as_deref(), Ok("feature/x"));
        assert!(branch("refs/pull/1/merge").is_err());
        for text in ["refs/heads/$(X)", "a..b", "a b", "feature/*", "@", "HEAD"] {
            assert!(branch(text).is_err(), "{text}");
        }
        assert_eq!(commit("ABCDEF0").as_deref(), Ok("abcdef0"));
        assert!(commit("abcdef").is_err() && commit("HEAD").is_err() && commit("main123").is_err());
    }
}
