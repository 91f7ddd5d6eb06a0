//! What a CI system can tell about this run.

use crate::model::deployment::Pull;

/// What the CI system knows about this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The head's, never the merge commit or the target's.
    pub commit: Option<String>,
    /// The head's short name, without `refs/heads/`.
    pub branch: Option<String>,
    /// Commit and branch are, or may be, those of another repository than this one.
    pub fork: Option<Fork>,
    /// The page of the commit in this repository, where the CI system itself says where that is.
    pub commit_page: Option<String>,
    /// The pull request that it is for, and whose head commit and branch are.
    pub pull: Option<Pull>,
    /// The commit that the run itself stands on, whatever it is about.
    pub run_commit: Option<String>,
    /// That is the merge of the pull request that it is for.
    pub is_merge: bool,
    /// Sentences worth a warning.
    pub notes: Vec<String>,
}

/// Another repository than this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fork {
    /// Its `owner/name`; `None` when nobody says it, as with a fork that is gone.
    pub repository: Option<String>,
}

/// Whole or abbreviated. `HEAD` is a place, a revision number is another system's, and zeros stand for "deleted".
pub(super) fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit()) && text.chars().any(|c| c != '0')
}

/// The head's repository is a fork unless it is proved to be the base.
pub(super) fn fork(head: Option<&str>, base: Option<&str>) -> Option<Fork> {
    match (head, base) {
        (Some(head), Some(base)) if head.eq_ignore_ascii_case(base) => None,
        _ => Some(Fork { repository: head.map(str::to_owned) }),
    }
}
