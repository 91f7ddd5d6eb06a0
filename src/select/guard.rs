//! What every deployment has to be made from before it may be canceled.

use crate::model::deployment::{Deployment, Source, same_commit};
use crate::model::reason::{Refusal, Says, What};

/// What a deployment has to be made from and where it has to go, looked at before each request that would stop it.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// A written `branch`.
    pub branch: Option<String>,
    /// A written `commit`.
    pub commit: Option<String>,
    /// A written `target`.
    pub target: Option<String>,
}

impl Guard {
    /// Whether there is anything to check.
    pub fn is_set(&self) -> bool {
        self.branch.is_some() || self.commit.is_some() || self.target.is_some()
    }

    /// Why a deployment does not pass; one that does not say what it was made from never does.
    ///
    /// What the platform said is compared as it is: a text that was made fit to be shown may have become another's.
    pub fn refusal(&self, deployment: &Deployment) -> Option<Refusal> {
        let own = Source { branch: deployment.branch.clone(), commit: deployment.commit.clone(), ..Source::default() };
        let sources: Vec<_> = deployment.sources.iter().chain([&own]).collect();
        if let Some(wanted) = &self.branch
            && !sources.iter().any(|source| source.branch.as_ref() == Some(wanted))
        {
            return other(What::Branch, wanted, deployment.branch.as_deref());
        }
        if let Some(wanted) = &self.commit
            && !sources.iter().any(|source| source.commit.as_ref().is_some_and(|found| same_commit(wanted, found)))
        {
            return other(What::Commit, wanted, deployment.commit.as_deref());
        }
        if let Some(wanted) = &self.target
            && deployment.target.as_ref() != Some(wanted)
        {
            return other(What::Target, wanted, deployment.target.as_deref());
        }
        None
    }
}

fn other(what: What, wanted: &str, found: Option<&str>) -> Option<Refusal> {
    Some(Refusal::Other(what, wanted.to_owned(), Says::of(found)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::deployment::State;

    fn deployment(branch: Option<&str>, commit: Option<&str>) -> Deployment {
        Deployment {
            state: State::Running,
            branch: branch.map(str::to_owned),
            commit: commit.map(str::to_owned),
            ..Deployment::without_reading("d")
        }
    }

    #[test]
    fn a_guard_that_cannot_be_checked_is_not_passed() {
        let guard = Guard { branch: Some("main".to_owned()), commit: Some("abcdef0".to_owned()), target: None };
        assert!(guard.refusal(&deployment(Some("main"), Some("abcdef0123"))).is_none());
        for (branch, commit) in [
            (None, Some("abcdef0123")),
            (Some("main"), None),
            (Some("main2"), Some("abcdef0")),
            (Some("main"), Some("abcdee")),
        ] {
            assert!(guard.refusal(&deployment(branch, commit)).is_some(), "{branch:?} {commit:?}");
        }
    }

    #[test]
    fn a_guard_compares_what_the_platform_said() {
        let guard =
            Guard { branch: Some("main".to_owned()), target: Some("production".to_owned()), ..Guard::default() };
        let to = |branch: &str, target: Option<&str>| Deployment {
            target: target.map(str::to_owned),
            ..deployment(Some(branch), None)
        };
        assert_eq!(guard.refusal(&to("main", Some("production"))), None);
        for (branch, target) in [
            ("main\u{fe0f}", Some("production")),
            (" main", Some("production")),
            ("main", Some("production\u{200b}")),
            ("main", Some("preview")),
            ("main", None),
        ] {
            let refused = guard.refusal(&to(branch, target)).unwrap().to_string();
            assert!(!refused.is_empty(), "{branch:?} {target:?}");
            assert!(refused.is_ascii(), "{refused:?}");
        }
        let long = guard.refusal(&to(&"x".repeat(9000), None)).unwrap().to_string();
        assert!(long.len() < 200, "{long}");
    }
}
