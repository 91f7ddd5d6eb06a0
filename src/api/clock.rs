//! The time of a run.

use std::time::Duration;

use tokio::time::Instant;

/// When a run began, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The beginning, from which every time of the run counts.
    pub start: Instant,
    /// No request goes on for longer than this after the start.
    pub limit: Duration,
}

impl Clock {
    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
