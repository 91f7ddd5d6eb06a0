//! What all deployments of a run share.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::Api;
use crate::cancel::{Plan, Verdict};
use crate::model::outcome::Outcome;
use crate::model::reason::{End, Interrupted, Missing, Reason};
use crate::platform::Platform;
use crate::text::sanitizer::Sanitizer;

/// The most requests under way at once.
pub(super) const AT_ONCE: usize = 8;
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
    /// Makes texts fit to be shown.
    pub sanitizer: &'a Sanitizer,
    /// The start of the run.
    pub start: Instant,
}

/// What holds the deployments is not there.
pub(super) fn missing(what: Missing) -> Verdict {
    Verdict::new(Outcome::NotFound, Reason::Missing(what))
}

/// A signal came before any cancel request was sent.
pub(super) fn interrupted() -> Verdict {
    Verdict::new(Outcome::Interrupted, End::Interrupted(Interrupted::BeforeAny))
}
