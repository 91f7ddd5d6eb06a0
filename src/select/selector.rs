//! What `select` can be, what is wanted of a list, and what was chosen from it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::deployment::{Deployment, Pull};
use crate::model::reason::{LookedAt, PerhapsLive, Remark, Unsure};

/// The most deployments chosen at once, unless all are meant.
pub const MOST: usize = 1000;

/// What `select` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Select {
    /// The newest in flight.
    Latest,
    /// All made from a commit.
    Commit,
    /// All made from a branch.
    Branch,
    /// All but the newest of each branch and target.
    Superseded,
    /// All in flight.
    All,
}

impl Select {
    /// Every kind, in the order of the documents.
    pub const ALL: [Self; 5] = [Self::Latest, Self::Commit, Self::Branch, Self::Superseded, Self::All];

    /// What the user writes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Commit => "commit",
            Self::Branch => "branch",
            Self::Superseded => "superseded",
            Self::All => "all",
        }
    }

    /// What it chooses.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Latest => "the newest",
            Self::Commit => "all made from `commit`",
            Self::Branch => "all made from `branch`",
            Self::Superseded => "all that have a newer one of the same branch and target",
            Self::All => "all",
        }
    }

    /// The one with that word, in any case.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|select| select.word().eq_ignore_ascii_case(text))
    }
}

/// What is wanted of a list.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The kind.
    pub select: Select,
    /// For `branch`, and for `superseded` when written.
    pub branch: Option<String>,
    /// For `commit`; seven characters or more.
    pub commit: Option<String>,
    /// The commit that this run itself stands on, where runs deploy it and a pull request's is not its head.
    pub run_commit: Option<String>,
    /// Only deployments to this target.
    pub target: Option<String>,
    /// The branch is a fork's: a deployment must come from this repository (`owner/name`) as well.
    pub repository: Option<String>,
    /// The branch is a fork's, and this pull request's head: a deployment must be a preview of it.
    pub pull: Option<Pull>,
    /// The branch is this repository's own: a deployment that says it comes from another one is not meant.
    pub home: Option<String>,
    /// The scope is one line of deployments: branches do not divide it into groups.
    pub one_group: bool,
    /// Deployments carry commits here, so a commit is a way to be sure which one is meant.
    pub knows_commits: bool,
}

/// What was chosen from a list.
#[derive(Debug, Default)]
pub struct Selection {
    /// To be canceled, newest first.
    pub chosen: Vec<Deployment>,
    /// The ones that are kept, for `superseded`: read again before their group is canceled.
    pub kept: Vec<Deployment>,
    /// The same, group by group.
    pub keepers: Vec<Arc<[Deployment]>>,
    /// Which of [`Self::keepers`] each of the chosen gives way to, by the chosen one's id.
    pub gives_way_to: HashMap<String, usize>,
    /// For `commit`, when nothing of it is in flight any more: how that commit ended, as if its id had been given.
    pub ended: Option<Deployment>,
    /// Why nobody can know whether what was meant went live, when nothing was chosen.
    pub perhaps_live: Option<PerhapsLive>,
    /// What was looked at.
    pub looked_at: LookedAt,
    /// What is worth a warning.
    pub warnings: Vec<Remark>,
    /// What is worth a line of the log.
    pub notes: Vec<Remark>,
    /// Why nothing can be chosen safely.
    pub unsure: Option<Unsure>,
}

impl Selection {
    pub(super) fn warning(mut self, remark: Option<Remark>) -> Self {
        self.warnings.extend(remark);
        self
    }
}

impl Selector {
    /// The commits that are meant by `commit`, each instead of those behind it.
    pub fn commits(&self) -> Vec<String> {
        let meant = [&self.commit, &self.run_commit].into_iter().flatten().cloned();
        if self.select == Select::Commit { meant.collect() } else { Vec::new() }
    }

    /// What is wanted, in a few words that fit one as well as many; for `commit` the hash comes next.
    pub fn describe(&self) -> String {
        let of_branch = self.branch.as_ref().map(|branch| format!(" of branch {branch}")).unwrap_or_default();
        match self.select {
            Select::Latest => "the latest deployment".to_owned(),
            Select::Commit => "every deployment of commit".to_owned(),
            Select::Branch => format!("every deployment{of_branch}"),
            Select::Superseded => format!("every superseded deployment{of_branch}"),
            Select::All => "every deployment".to_owned(),
        }
    }
}

/// Queued or running. One that is being canceled already needs nobody to choose it.
pub(super) fn is_in_flight(one: &Deployment) -> bool {
    one.state.is_in_flight()
}

pub(super) fn in_flight<'a>(listed: &[&'a Deployment]) -> Vec<&'a Deployment> {
    listed.iter().copied().filter(|one| is_in_flight(one)).collect()
}

pub(super) fn owned(chosen: Vec<&Deployment>) -> Vec<Deployment> {
    chosen.into_iter().cloned().collect()
}
