//! How a deployment is told to have ended: by the state that was read, never by the answer to the request.

use std::sync::Arc;
use std::time::Duration;

use super::action::Action;
use super::procedure::{Procedure, Step};
use super::verdict::Verdict;
use crate::model::answers::Conclusion;
use crate::model::deployment::{Deployment, Live, State};
use crate::model::failure::Failure;
use crate::model::outcome::Outcome;
use crate::model::reason::{End, Reason, Refusal, Unsent};

impl Procedure {
    /// It has ended, and what was read says how.
    pub(super) fn classify(&mut self, now: Duration) -> Action {
        match self.judge() {
            Some((outcome, end)) => self.finish(now, outcome, end),
            None => Action::Done,
        }
    }

    fn judge(&mut self) -> Option<(Outcome, End)> {
        let last = self.last.as_ref()?;
        // In flight when a request was turned away, and canceled since: somebody else asked.
        let by_others = self.turned_away && !self.was_asked() && last.state == State::Canceled;
        let asked = self.was_asked() || self.already_canceling || by_others;
        // In flight at the first read: it went live while somebody wanted it stopped.
        let moved = self.first_word().is_some_and(|first| first != last.platform_state);
        let went_live = last.went_live() == Some(true);
        let outcome = match (asked, last.state) {
            (true, _) if went_live => Outcome::Completed,
            (true, State::Canceled) => Outcome::Canceled,
            (true, State::Succeeded) => Outcome::Completed,
            (true, State::Failed) => Outcome::Failed,
            (true, State::Superseded) => Outcome::Superseded,
            (true, State::Ended) if self.ended_by_a_request() => Outcome::Canceled,
            (true, State::Ended) => Outcome::AlreadyFinished,
            (true, _) => Outcome::Error,
            // Replaced before this run looked: nobody wanted it stopped while it was live.
            (false, State::Superseded) if !moved => Outcome::AlreadyFinished,
            (false, _) if went_live => Outcome::AlreadyLive,
            (false, _) => Outcome::AlreadyFinished,
        };
        let end = self.ended(outcome, last);
        self.already_canceling |= by_others;
        Some((outcome, end))
    }

    /// Whether one that is over, in a word that does not say how, counts as canceled: it was in flight when it was asked
    /// to cancel, and the platform did not clearly refuse.
    fn ended_by_a_request(&self) -> bool {
        // Of one that somebody else takes down nobody knows what it was before.
        let by_others = self.already_canceling && !self.last.as_ref().is_some_and(|last| last.live == Live::Unknown);
        by_others || !self.already_canceling && self.first_word.is_some() && !self.was_refused()
    }

    pub(super) fn requested(&mut self, now: Duration) -> Action {
        let requested = self.requested_how();
        self.finish(now, Outcome::Requested, requested)
    }

    /// The platform clearly refused, and the deployment has not ended.
    pub(super) fn refused(&mut self, now: Duration, deployment: &Deployment, answer: &Failure) -> Action {
        // A request before this one may still take effect.
        let goes_on = self.was_refused().then_some(deployment.state).filter(|state| state.is_in_flight());
        let word = deployment.platform_state.clone();
        self.finish(now, Outcome::Error, End::StillThere { word, goes_on, answer: Box::new(answer.clone()) })
    }

    pub(super) fn out_of_time(&mut self, now: Duration) -> Action {
        if self.has_ended() {
            return self.classify(now);
        }
        let outcome = if self.last.is_some() { Outcome::TimedOut } else { Outcome::Error };
        let known = self.known_at_the_limit();
        self.finish(now, outcome, End::OutOfTime(known))
    }

    /// A guard no longer passes, or a deployment to keep no longer goes live, so no (further) request is sent.
    pub(super) fn skip(&mut self, now: Duration, why: Refusal) -> Action {
        let unclear = self.unclear_answer.clone();
        self.finish(now, Outcome::Skipped, Unsent::NoLonger { why, unclear, turned_away: self.turned_away })
    }

    /// Sends nothing more, because of what another deployment has become.
    pub fn give_up(&mut self, now: Duration, why: Refusal) -> Action {
        self.withdraw();
        self.skip(now, why)
    }

    /// A signal: whatever is still open ends as interrupted. A cancel request under way is waited for by the caller.
    pub fn interrupt(&mut self, now: Duration) {
        if self.ending.is_some() {
            return;
        }
        if self.has_ended() {
            self.classify(now);
            return;
        }
        let interrupted = self.interrupted();
        let failed = self.last_failure.clone();
        self.finish(now, Outcome::Interrupted, interrupted);
        if let (Some(ending), Some(failure)) = (&mut self.ending, failed) {
            let answer = failure.answer().map(|answer| format!(": {answer}")).unwrap_or_default();
            ending.addition = Some(format!("Until then, {}{answer}.", failure.cause()));
        }
    }

    /// Ends it for a reason that concerns the whole run, such as a scope that is not there.
    pub fn end(&mut self, now: Duration, verdict: &Verdict) {
        if self.ending.is_none() {
            self.finish(now, verdict.outcome, verdict.reason.clone());
        }
    }

    /// Adds what came of putting back what was live before; that may change what came of it all.
    /// `found`: that it was live, where this run has seen that for itself.
    pub fn settle(&mut self, outcome: Option<Outcome>, told: &str, found: Option<Live>) {
        if let Some((last, found)) = self.last.as_mut().filter(|last| last.went_live() != Some(true)).zip(found) {
            Arc::make_mut(last).live = found;
            self.judge_again();
        }
        if let Some(ending) = &mut self.ending {
            ending.outcome = outcome.unwrap_or(ending.outcome);
            let before = ending.addition.take().map(|before| before + " ").unwrap_or_default();
            ending.addition = Some(before + told);
            if outcome == Some(Outcome::RolledBack) {
                ending.way_back = None;
            }
        }
    }

    /// Whether it is live has become known. What ended for another reason than its own state did so whether it is or not.
    fn judge_again(&mut self) {
        let by_state = self.ending.as_ref().is_some_and(|ending| matches!(ending.reason, Reason::End(_)));
        if by_state
            && self.has_ended()
            && let Some((outcome, end)) = self.judge()
        {
            self.ending = Some(Verdict::new(outcome, end));
        }
    }

    pub(super) fn finish(&mut self, now: Duration, outcome: Outcome, reason: impl Into<Reason>) -> Action {
        self.step = Step::Done;
        self.ended = now;
        self.ending = Some(Verdict::new(outcome, reason));
        match &self.last {
            Some(last) if last.is_terminal() => Action::Conclude(Arc::clone(last)),
            _ => Action::Done,
        }
    }

    pub(super) fn add_final_details(&mut self, conclusion: Conclusion) -> Action {
        if let Some(last) = &mut self.last {
            let last = Arc::make_mut(last);
            last.details.extend(conclusion.details);
            last.live = conclusion.live.unwrap_or(last.live);
        }
        if conclusion.live.is_some() {
            self.judge_again();
        }
        if let Some(ending) = &mut self.ending {
            ending.addition = conclusion.sentence;
            ending.way_back = conclusion.way_back;
        }
        Action::Done
    }
}
