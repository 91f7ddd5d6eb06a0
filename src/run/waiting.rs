//! Waiting for a time, a signal, or an answer that may need several tries.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::context::{Run, interrupted};
use crate::cancel::{Retries, Verdict};
use crate::model::failure::{Failure, Kind};
use crate::model::outcome::Outcome;
use crate::model::reason::Reason;
use crate::model::signal::{Received, Signals};

impl Run<'_> {
    /// The shortest pause while the platform allows few requests.
    pub(super) fn least_pause(&self) -> Duration {
        if self.api.is_to_be_spared() { self.plan.poll_interval } else { Duration::ZERO }
    }

    /// Pauses until this time since the start of the run, or until a signal ends it.
    pub(super) async fn pause(&self, until: Duration, signals: &mut Signals) -> Result<(), Verdict> {
        tokio::select! {
            biased;
            () = signal_received(signals, false) => Err(interrupted()),
            () = sleep_until(self.start + until) => Ok(()),
        }
    }

    /// Asks until there is an answer, a failure that cannot improve, a signal, or the limit.
    pub(super) async fn with_retries<T, F, A>(&self, signals: &mut Signals, mut ask: F) -> Result<T, Verdict>
    where
        F: FnMut() -> A,
        A: Future<Output = Result<T, Failure>>,
    {
        let mut retries = Retries::new();
        let last_try = self.plan.last_read();
        loop {
            let answer = tokio::select! {
                biased;
                () = signal_received(signals, false) => return Err(interrupted()),
                answer = ask() => answer,
            };
            let failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let now = self.start.elapsed();
            let again = retries.after(now, &failure).filter(|_| now < last_try);
            let too_late = failure.not_before.is_some_and(|until| until >= self.plan.limit);
            let Some(again) = again.filter(|_| !too_late) else {
                let outcome = if failure.kind == Kind::BadInput { Outcome::BadInput } else { Outcome::Error };
                return Err(Verdict::new(outcome, Reason::failed(failure)));
            };
            let again = again.max(now + self.least_pause());
            self.pause(again.min(last_try), signals).await?;
        }
    }
}

/// Waits for the first signal, or for the second one when the first was heard.
pub(super) async fn signal_received(signals: &mut Signals, heard: bool) {
    let wanted = |received: &Received| {
        if heard { received.again } else { received.first.is_some() }
    };
    if signals.wait_for(wanted).await.is_err() {
        // Nobody is left who could send one.
        pending::<()>().await;
    }
}

/// Sleeps until this time, or forever when there is none.
pub(super) async fn sleep_until_opt(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
