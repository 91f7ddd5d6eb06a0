//! What holds for every deployment of a run: what is asked for, and the times within which it happens.

use std::time::Duration;

use crate::model::deployment::State;
use crate::select::guard::Guard;

/// How much time the last read of each takes, where many are read several at a time.
const LAST_READ_OF_EACH: Duration = Duration::from_millis(15);
/// What is left for the very last read, when the one before it was quick.
const VERY_LAST: Duration = Duration::from_millis(300);

/// What holds for every deployment of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Wait until terminal.
    pub wait: bool,
    /// Cancel nothing.
    pub dry_run: bool,
    /// Cancel only in these states.
    pub only_states: Option<Vec<State>>,
    /// What it has to be made from.
    pub guard: Guard,
    /// The platform has a guard of its own that needs a read.
    pub guarded: bool,
    /// Longest pause between two reads.
    pub poll_interval: Duration,
    /// After how long a watch the pauses are at least how long, whatever the poll interval.
    pub slower: Option<(Duration, Duration)>,
    /// No pause is shorter than the poll interval, while the platform allows few requests.
    pub spare: bool,
    /// The end of the run, since its start.
    pub limit: Duration,
    /// How many deployments the run takes to their ends.
    pub many: u32,
}

impl Plan {
    /// The shortest pause, whatever it is for.
    pub fn least_pause(&self) -> Duration {
        if self.spare { self.poll_interval } else { Duration::ZERO }
    }

    /// When the last read has to begin, so that it ends by the limit: earlier when many deployments have to be read.
    pub fn last_read(&self) -> Duration {
        let all = Duration::from_secs(1) + LAST_READ_OF_EACH * self.many;
        self.limit - (self.limit / 4).min(all)
    }

    /// When the very last read has to begin, if the last one was so quick that there is time for another.
    pub(super) fn very_last_read(&self) -> Duration {
        self.limit - (self.limit / 8).min(VERY_LAST)
    }

    /// Whether `only_states` lets a deployment in this state be canceled.
    pub(super) fn wants(&self, state: State) -> bool {
        self.only_states.as_ref().is_none_or(|states| states.contains(&state))
    }
}
