//! What a read, a list or a cancel request brought.

use serde_json::{Map, Value};

use super::deployment::{Deployment, Live};
use super::outcome::Outcome;
use super::reason::{Missing, Refusal};

/// What a read brought.
#[derive(Clone, Debug)]
pub enum Found {
    /// The deployment as it stands now.
    Here(Box<Deployment>),
    /// There is none for this credential.
    Missing(Missing),
    /// What is there is not to be canceled.
    Excluded(Exclusion),
}

/// What is there, and not meant by anybody who did not name it.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// What came of it, if nothing was sent.
    pub outcome: Outcome,
    /// What is there, where that is something.
    pub seen: Option<Box<Deployment>>,
    /// What it is: whether something was sent is not known here.
    pub why: Refusal,
}

/// What a platform's own filter may narrow: never branches, commits or targets, which are compared on our side.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Ended deployments are needed as well, back to the oldest in flight.
    pub history: bool,
    /// Ended deployments are needed as well, at least among the newest [`NEWEST`].
    pub ended: bool,
    /// Which pull requests they are previews of is needed as well.
    pub pulls: bool,
    /// What supersedes the ones in flight is needed as well, also what has hardly begun.
    pub superseded: bool,
    /// The commits that are meant, each instead of those behind it, where an id is a commit and nothing lists all.
    pub commits: Vec<String>,
}

/// How many of the newest deployments are looked at, where ended ones count as well.
pub const NEWEST: usize = 100;

/// What a list brought.
#[derive(Clone, Debug)]
pub enum Listed {
    /// The deployments of a scope that was seen to exist.
    Here(Vec<Deployment>),
    /// The scope is not there for this credential.
    Missing(Missing),
}

/// A clear 2xx to a cancel request.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    /// The deployment, if the answer carried this very one.
    pub deployment: Option<Box<Deployment>>,
    /// HTTP status.
    pub status: u16,
    /// The platform's id of the request.
    pub request_id: Option<String>,
}

/// What a platform has to add once a deployment has ended.
#[derive(Clone, Debug, Default)]
pub struct Conclusion {
    /// Added to the deployment's details.
    pub details: Map<String, Value>,
    /// Added to the reason: a sentence of its own.
    pub sentence: Option<String>,
    /// How to go back from it by hand: sentences. Left out once it was rolled back.
    pub way_back: Option<String>,
    /// Whether it is live, where its own answer left that open.
    pub live: Option<Live>,
}
