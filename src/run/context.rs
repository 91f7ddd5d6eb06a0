//! What all deployments of a run share.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::Api;
use crate::cancel::{Plan, Verdict};
use crate::model::about::RollBackInfo;
use crate::model::id::Id;
use crate::model::outcome::Outcome;
use crate::model::reason::{End, Interrupted, Missing, Reason};
use crate::platform::Platform;
use crate::text::sanitizer::Sanitizer;

/// The most requests under way at once.
pub(super) const AT_ONCE: usize = 8;
/// How long a request that changes something may take to finish after a signal.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// How long a read counts as fresh: a deployment that waits longer for its cancel request is read again before it.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Everything one run needs.
pub struct Run<'a> {
    /// The platform.
    pub platform: &'a dyn Platform,
    /// Sends requests to it.
    pub api: &'a Api,
    /// What holds for every deployment.
    pub plan: Plan,
    /// A list shows as much of a deployment as a read of it alone.
    pub lists_tell: bool,
    /// What to do where something went live; nothing where that is only told.
    pub if_live: Option<&'a IfLive>,
    /// Makes texts fit to be shown.
    pub sanitizer: &'a Sanitizer,
    /// The start of the run.
    pub start: Instant,
}

/// What to do where something went live that was to be stopped: put back what was live before.
#[derive(Debug)]
pub struct IfLive {
    /// How the platform goes back.
    pub info: &'static RollBackInfo,
    /// What to go back to, where that is written.
    pub to: Option<Id>,
    /// How long one roll back may take.
    pub timeout: Duration,
    /// The ids were given, or the commit: what had ended before this run looked was meant as well.
    pub is_named: bool,
    /// With `select: commit`: what is of that commit is never put back.
    pub commit: Option<String>,
}

/// What holds the deployments is not there.
pub(super) fn missing(what: Missing) -> Verdict {
    Verdict::new(Outcome::NotFound, Reason::Missing(what))
}

/// A signal came before any cancel request was sent.
pub(super) fn interrupted() -> Verdict {
    Verdict::new(Outcome::Interrupted, End::Interrupted(Interrupted::BeforeAny))
}
