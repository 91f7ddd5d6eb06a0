//! How long to wait between two reads: after failures, and while watching.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::plan::Plan;
use crate::model::failure::{Failure, Retry};

/// Pause between the two reads after an ambiguous answer, and before another look after one.
pub const SECOND_LOOK: Duration = Duration::from_secs(2);
/// How often an answer that makes no sense is asked for.
const FEW_TRIES: u8 = 3;

/// Growing pauses between first reads that fail, and when to stop.
pub struct Retries {
    /// Made at the first failure: most deployments never have one.
    growing: Option<Box<ExponentialBackoff>>,
    senseless: u8,
}

impl Retries {
    /// Begins with a short pause.
    pub fn new() -> Self {
        Self { growing: None, senseless: 0 }
    }

    /// When to try again after this failure, since the start of the run; `None` when it cannot improve.
    pub fn after(&mut self, now: Duration, failure: &Failure) -> Option<Duration> {
        match failure.kind.retry() {
            Retry::None => return None,
            Retry::AFewTimes => {
                self.senseless += 1;
                if self.senseless >= FEW_TRIES {
                    return None;
                }
            }
            Retry::UntilTheLimit => {}
        }
        let pause = self.growing.get_or_insert_with(growing).next().unwrap_or(SECOND_LOOK);
        Some((now + pause).max(failure.not_before.unwrap_or_default()))
    }
}

fn growing() -> Box<ExponentialBackoff> {
    let growing = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(400))
        .with_max_delay(Duration::from_secs(10))
        .without_max_times()
        .with_jitter();
    Box::new(growing.build())
}

impl Default for Retries {
    fn default() -> Self {
        Self::new()
    }
}

/// The pause before the next read: a twentieth of the time watched, between half a second and, for the first
/// 30 seconds, 1.25 seconds, later the poll interval; with some jitter, so that many jobs do not read in step. A
/// platform that allows few requests makes it longer once the watch has gone on for a while.
pub(super) fn watch_pause(watched: Duration, plan: &Plan) -> Duration {
    let slower = plan.slower.filter(|(after, _)| watched >= *after);
    pause_between(watched, plan.poll_interval, slower.map(|(_, pause)| pause))
}

/// The same for a poll interval, and for the least pause that a platform allows.
pub fn pause_between(watched: Duration, poll_interval: Duration, least: Option<Duration>) -> Duration {
    const LEAST: Duration = Duration::from_millis(500);
    let most =
        if watched < Duration::from_secs(30) { poll_interval.min(Duration::from_millis(1250)) } else { poll_interval };
    let least = least.unwrap_or(LEAST);
    let most = most.max(least);
    let jitter = 0.85 + 0.3 * fastrand::f64();
    (watched / 20).clamp(least, most).mul_f64(jitter).clamp(least, most)
}
