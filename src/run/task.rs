//! One deployment of a run, those that it gives way to, and how many are still waited for.

use std::sync::Arc;
use std::time::Duration;

use super::context::FRESH;
use crate::cancel::Procedure;
use crate::model::deployment::Deployment;
use crate::model::id::Id;
use crate::model::reason::Refusal;
use crate::roll_back;

/// One deployment of a run.
pub struct Task {
    /// As the user wrote it.
    pub id: Id,
    /// Where it stands.
    pub procedure: Procedure,
    /// What was done to put back what was live before, and what came of that.
    pub roll_back: Option<Arc<roll_back::Procedure>>,
    /// Another name of a deployment that is in the run already: it is not asked twice, and not told twice.
    pub(super) duplicate: bool,
    /// It waits behind what its scope is doing now: such are asked before that, or they would start when it stops.
    pub(super) queued_behind: bool,
    /// Its page for people was asked for.
    pub(super) paged: bool,
    /// What only the platform can tell of its end is being asked for, whether it is live for one.
    pub(super) concludes: bool,
    /// The number of the [`Keepers`] that it is canceled for.
    pub(super) gives_way_to: Option<usize>,
}

impl Task {
    pub(super) fn new(id: Id, procedure: Procedure) -> Self {
        Self {
            id,
            procedure,
            roll_back: None,
            duplicate: false,
            queued_behind: false,
            paged: false,
            concludes: false,
            gives_way_to: None,
        }
    }

    /// Whether what was read of it is too old to send a cancel request for.
    pub(super) fn has_waited(&self, now: Duration) -> bool {
        self.procedure.seen().is_some_and(|seen| is_old(seen, now))
    }

    /// Whether it is at its end, and all is known of that.
    pub(super) fn is_over(&self) -> bool {
        self.procedure.ending().is_some() && !self.concludes
    }

    /// Whether its page for people is still to be looked up.
    pub(super) fn lacks_page(&self) -> bool {
        let is_bare = |last: &Deployment| last.url.is_none();
        !self.paged && self.procedure.is_settled() && self.procedure.last().is_some_and(is_bare)
    }
}

/// Newer deployments that the older ones of their group are canceled for, as long as all of them are worth keeping.
pub(super) struct Keepers {
    pub(super) kept: Arc<[Deployment]>,
    /// When they were read last.
    pub(super) seen: Duration,
    /// Why one of them is not worth it any more.
    pub(super) lost: Option<Box<Refusal>>,
}

impl Keepers {
    /// Whether what was read of them is too old to cancel anything for.
    pub(super) fn have_waited(&self, now: Duration) -> bool {
        is_old(self.seen, now)
    }
}

fn is_old(seen: Duration, now: Duration) -> bool {
    now.saturating_sub(seen) > FRESH
}

/// How many deployments a run still waits for. The numbers are kept up to date, because counting all of many at every
/// step would take too long.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    /// A cancel request is on the wire.
    pub(super) asking: usize,
    /// It waits behind what its scope is doing, and has not been asked yet.
    pub(super) open_behind: usize,
    /// Its cancel request has not been answered yet, if it needs one.
    pub(super) unsettled: usize,
    /// It is not at its end.
    pub(super) open: usize,
}

impl Tally {
    pub(super) fn of(task: &Task) -> Self {
        Self {
            asking: usize::from(task.procedure.is_asking()),
            open_behind: usize::from(task.queued_behind && !task.procedure.is_settled()),
            unsettled: usize::from(!task.procedure.is_settled()),
            open: usize::from(!task.is_over()),
        }
    }

    pub(super) fn of_all(tasks: &[Task]) -> Self {
        tasks.iter().fold(Self::default(), |mut all, task| {
            all.replace(Self::default(), Self::of(task));
            all
        })
    }

    pub(super) fn replace(&mut self, before: Self, after: Self) {
        self.asking = self.asking + after.asking - before.asking;
        self.open_behind = self.open_behind + after.open_behind - before.open_behind;
        self.unsettled = self.unsettled + after.unsettled - before.unsettled;
        self.open = self.open + after.open - before.open;
    }
}
