//! What is not there for this credential. The sentences have no period yet.

use std::fmt;

/// What exactly is not there.
#[derive(Clone, Debug)]
pub enum Missing {
    /// A deployment that nobody has seen.
    Deployment {
        /// What was written.
        id: String,
        /// Where it is not, and for whom: the rest of the sentence.
        place: String,
        /// What may be wrong.
        check: String,
    },
    /// What holds deployments is there, and has no such one.
    InScope {
        /// Such as "app web".
        scope: String,
        /// What was written.
        id: String,
        /// What may be wrong.
        check: &'static str,
    },
    /// What should hold the deployments.
    Scope {
        /// Such as "app web".
        name: String,
        /// Where it is not, and for whom: the rest of the sentence.
        place: String,
        /// What may be wrong.
        check: String,
    },
    /// What was written names a build, and that belongs to another id.
    Build {
        /// What was written.
        id: String,
        /// Its deployment.
        deployment: String,
    },
    /// It was there before.
    Gone(String),
    /// An environment knows nothing of it any more.
    Forgotten {
        /// The environment.
        environment: String,
        /// The deployment.
        id: String,
        /// What it is doing instead: which deployment, and the platform's word for it.
        instead: Option<(String, String)>,
    },
    /// The platform has no lists.
    NoList,
}

impl Missing {
    /// The same with what a platform or a user wrote made fit to be shown.
    #[must_use]
    pub fn cleaned(self, clean: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Deployment { id, place, check } => {
                Self::Deployment { id: clean(&id), place: clean(&place), check: clean(&check) }
            }
            Self::InScope { scope, id, check } => Self::InScope { scope: clean(&scope), id: clean(&id), check },
            Self::Scope { name, place, check } => {
                Self::Scope { name: clean(&name), place: clean(&place), check: clean(&check) }
            }
            Self::Build { id, deployment } => Self::Build { id: clean(&id), deployment: clean(&deployment) },
            Self::Gone(id) => Self::Gone(clean(&id)),
            Self::Forgotten { environment, id, instead } => Self::Forgotten {
                environment: clean(&environment),
                id: clean(&id),
                instead: instead.map(|(id, word)| (clean(&id), clean(&word))),
            },
            Self::NoList => Self::NoList,
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Deployment { check, .. } | Self::Scope { check, .. } => format!("Check {check}."),
            Self::InScope { check, .. } => format!("Check {check}."),
            Self::NoList => "Give `deployment_id`.".to_owned(),
            Self::Build { deployment, .. } => format!("Give `deployment_id: {deployment}`."),
            Self::Gone(_) | Self::Forgotten { .. } => String::new(),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deployment { id, place, .. } => write!(f, "there is no deployment {id} {place}"),
            Self::InScope { scope, id, .. } => write!(f, "the {scope} has no deployment {id}"),
            Self::Scope { name, place, .. } => write!(f, "there is no {name} {place}"),
            Self::Build { id, deployment } => {
                write!(f, "there is no deployment {id}: it is the id of a build, whose deployment is {deployment}")
            }
            Self::Gone(id) => write!(f, "deployment {id} cannot be found any more"),
            Self::Forgotten { environment, id, instead } => {
                write!(f, "environment {environment} tells of deployment {id} no more")?;
                let instead = instead.as_ref();
                instead.map_or(Ok(()), |(other, word)| write!(f, ", only of {other}, which is {word}"))
            }
            Self::NoList => f.write_str("this platform has no list of deployments"),
        }
    }
}

impl Missing {
    /// One of each as it is read at the beginning of a run, with what to do; for documents and tests.
    pub fn examples() -> [(Self, &'static str, &'static str); 8] {
        let id = || "d-1".to_owned();
        let here = || "for this credential".to_owned();
        let forgotten = |instead| Self::Forgotten { environment: "e-1".to_owned(), id: id(), instead };
        [
            (
                Self::Deployment { id: id(), place: here(), check: "`deployment_id`".to_owned() },
                "There is no deployment d-1 for this credential.",
                "Check `deployment_id`.",
            ),
            (
                Self::InScope { scope: "app web".to_owned(), id: id(), check: "`deployment_id`" },
                "The app web has no deployment d-1.",
                "Check `deployment_id`.",
            ),
            (
                Self::Scope { name: "app web".to_owned(), place: here(), check: "`app_id`".to_owned() },
                "There is no app web for this credential.",
                "Check `app_id`.",
            ),
            (
                Self::Build { id: "b-1".to_owned(), deployment: id() },
                "There is no deployment b-1: it is the id of a build, whose deployment is d-1.",
                "Give `deployment_id: d-1`.",
            ),
            (Self::Gone(id()), "Deployment d-1 cannot be found any more.", ""),
            (forgotten(None), "Environment e-1 tells of deployment d-1 no more.", ""),
            (
                forgotten(Some(("d-2".to_owned(), "BUILDING".to_owned()))),
                "Environment e-1 tells of deployment d-1 no more, only of d-2, which is BUILDING.",
                "",
            ),
            (Self::NoList, "This platform has no list of deployments.", "Give `deployment_id`."),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::Reason;

    #[test]
    fn what_is_missing_reads_as_it_is_written_here_and_says_what_to_check() {
        for (missing, sentence, hint) in Missing::examples() {
            let reason = Reason::Missing(missing);
            assert_eq!((reason.to_string().as_str(), reason.hint().as_str()), (sentence, hint));
        }
    }
}
