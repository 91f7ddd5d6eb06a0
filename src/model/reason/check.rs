//! What a platform's own check of a deployment says. The sentences have no period yet.

use std::fmt;

use crate::model::failure::{Failure, Kind};

/// Why a deployment does not pass its platform's own check.
#[derive(Clone, Debug)]
pub enum Check {
    /// A host name is another deployment's own, or none's.
    Alias {
        /// What is written.
        written: String,
        /// What it leads to now.
        id: String,
        /// That one's own host name.
        host: String,
    },
    /// It belongs to something else than what is written.
    Elsewhere {
        /// The deployment.
        id: String,
        /// Such as `project`.
        noun: &'static str,
        /// What it belongs to, as people know it.
        found: String,
        /// What is written, as people know it.
        wanted: String,
        /// Where that is written.
        input: &'static str,
    },
    /// It does not say what it belongs to.
    Untold {
        /// The deployment.
        id: String,
        /// Such as `project`.
        noun: &'static str,
        /// The input that names one.
        input: &'static str,
    },
    /// The request was for the environment, and that was doing something else already.
    MovedOn {
        /// What was asked to stop.
        stopped: String,
        /// What was meant.
        meant: String,
    },
}

impl Check {
    /// About a deployment that belongs to something else than what is wanted, or does not say to what: `found` is as
    /// people know it, and `input` is where the wanted one is written.
    pub fn not_of(
        id: &str,
        (noun, input): (&'static str, &'static str),
        found: Option<String>,
        wanted: String,
    ) -> Self {
        let id = id.to_owned();
        match found {
            Some(found) => Self::Elsewhere { id, noun, found, wanted, input },
            None => Self::Untold { id, noun, input },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Alias { id, .. } => format!("Give `deployment_id: {id}`."),
            Self::Elsewhere { input, .. } | Self::Untold { input, .. } if *input == "deployment_id" => {
                "Check `deployment_id`.".to_owned()
            }
            Self::Elsewhere { input, .. } | Self::Untold { input, .. } => {
                format!("Check `{input}` and `deployment_id`.")
            }
            Self::MovedOn { .. } => {
                "Look at both in the console; what was asked to stop may have to be deployed again.".to_owned()
            }
        }
    }

    /// One of each, for documents and tests.
    pub fn examples() -> [(Self, &'static str); 4] {
        let id = || "d-1".to_owned();
        let (found, wanted) = ("blog (p-2)".to_owned(), "p-1".to_owned());
        [
            (
                Self::Alias { written: "www.example.com".to_owned(), id: id(), host: "d-1.example.app".to_owned() },
                "www.example.com is an alias of d-1 (d-1.example.app), and an alias can move to another deployment at any time",
            ),
            (
                Self::Elsewhere { id: id(), noun: "project", found, wanted, input: "project_id" },
                "deployment d-1 belongs to project blog (p-2), not to p-1",
            ),
            (
                Self::Untold { id: id(), noun: "project", input: "project_id" },
                "the answer does not say which project deployment d-1 belongs to, so the guard `project_id` cannot be checked",
            ),
            (
                Self::MovedOn { stopped: "d-2".to_owned(), meant: id() },
                "the environment moved on: d-2 was asked to stop, not d-1",
            ),
        ]
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alias { written, id, host } => write!(
                f,
                "{written} is an alias of {id} ({host}), and an alias can move to another deployment at any time"
            ),
            Self::Elsewhere { id, noun, found, wanted, .. } => {
                write!(f, "deployment {id} belongs to {noun} {found}, not to {wanted}")
            }
            Self::Untold { id, noun, input } => write!(
                f,
                "the answer does not say which {noun} deployment {id} belongs to, so the guard `{input}` cannot be checked"
            ),
            Self::MovedOn { stopped, meant } => {
                write!(f, "the environment moved on: {stopped} was asked to stop, not {meant}")
            }
        }
    }
}

impl From<Check> for Failure {
    fn from(check: Check) -> Self {
        let kind = match check {
            Check::MovedOn { .. } => Kind::Misdirected,
            _ => Kind::Guarded,
        };
        Self::own(kind, check.to_string(), check.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_reads_as_it_is_written_here_and_says_what_to_do() {
        for (check, sentence) in Check::examples() {
            assert_eq!(check.to_string(), sentence);
            assert!(check.hint().ends_with('.') && !sentence.contains(&check.hint()));
        }
    }
}
