//! The one procedure for one deployment: read, ask once, read until it has ended, classify by what was read.
//!
//! A state machine without input or output: an [`Event`] and the time go in, an [`Action`] comes out. It never reports
//! an end that it did not read, never asks for a deployment that it did not read as wanted (unless reading itself is
//! forbidden and no guard depends on it), never asks after the limit, and always ends.
//!
//! The phases are here in their order; `failures` has what happens after a failure, `ending` how it ends.

use std::sync::Arc;
use std::time::Duration;

use super::action::{Action, Event};
use super::pacing::{SECOND_LOOK, watch_pause};
use super::procedure::{Procedure, Step};
use super::verdict::Sent;
use crate::model::answers::{Accepted, Exclusion, Found};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::outcome::Outcome;
use crate::model::reason::{End, Gone, Refusal, Unsent};

/// For how long, and how often, one is read again that has not said yet what it was made from.
const MOST_PENDING: Duration = Duration::from_secs(5);
const PENDING_LOOK: Duration = Duration::from_secs(1);
/// The most cancel requests for one deployment.
const MOST_SENDS: u8 = 3;

impl Procedure {
    /// What to do first.
    pub fn first(&self) -> Action {
        if self.ending.is_some() { Action::Done } else { Action::Find }
    }

    /// What to do after `event`.
    pub fn next(&mut self, now: Duration, event: Event) -> Action {
        match event {
            Event::Concluded(conclusion) => self.add_final_details(conclusion),
            _ if self.ending.is_some() => Action::Done,
            Event::Woke => self.look_again(now),
            Event::Read(result) => self.after_read(now, result),
            Event::Answered(answer) => self.after_answer(now, answer),
        }
    }

    fn after_read(&mut self, now: Duration, result: Result<Found, Failure>) -> Action {
        match result {
            Ok(Found::Here(deployment)) => {
                let deployment: Arc<Deployment> = Arc::from(deployment);
                let is_first = self.last.is_none() && matches!(self.step, Step::Reading);
                let guard = self.plan.guard.refusal(&deployment);
                if is_first && guard.is_some() && self.may_yet_pass(now, &deployment) {
                    return self.pause_until(now, now + PENDING_LOOK);
                }
                self.first_word.get_or_insert_with(|| deployment.platform_state.clone());
                self.note(now, &deployment);
                if let Some(refusal) = guard.filter(|_| is_first) {
                    self.finish(now, Outcome::Error, Unsent::Refused(refusal))
                } else if deployment.is_terminal() && self.needs_second_look(now, &deployment) {
                    self.pause_until(now, now + SECOND_LOOK)
                } else if deployment.is_terminal() {
                    self.classify(now)
                } else if !is_first && let Some(why) = self.no_longer_meant(&deployment) {
                    self.skip(now, why)
                } else {
                    self.after_sight(now, &deployment)
                }
            }
            // An end was read before, and all that could be missing are the platform's words about it.
            _ if self.has_ended() => self.classify(now),
            Ok(Found::Missing(what)) => self.after_miss(now, Outcome::NotFound, Gone::Missing(what)),
            Ok(Found::Excluded(exclusion)) => self.after_exclusion(now, exclusion),
            Err(failure) => self.after_failed_read(now, failure),
        }
    }

    /// Whether an end is looked at once more before it is believed: right after a request of ours the platform may not
    /// have said yet how it ended.
    fn needs_second_look(&mut self, now: Duration, ended: &Deployment) -> bool {
        let is_ours = self.was_asked() && !self.was_refused();
        let is_open = ended.unexplained && is_ours && !self.looked_again && now + SECOND_LOOK < self.plan.last_read();
        self.looked_again |= is_open;
        is_open
    }

    /// Whether one that no guard lets pass is read again, as it may say in a moment what it was made from.
    fn may_yet_pass(&mut self, now: Duration, deployment: &Deployment) -> bool {
        let since = *self.pending_since.get_or_insert(now);
        let until = (since + MOST_PENDING).min(self.plan.last_read());
        deployment.source_pending && now + PENDING_LOOK <= until
    }

    /// It is not what was meant. If a request was sent, nothing is known of what came of it.
    fn after_exclusion(&mut self, now: Duration, exclusion: Exclusion) -> Action {
        let Exclusion { outcome, seen, why } = exclusion;
        if let Some(deployment) = seen {
            self.first_word.get_or_insert_with(|| deployment.platform_state.clone());
            self.note(now, &Arc::from(deployment));
        }
        if outcome == Outcome::Skipped && !self.was_asked() {
            self.skip(now, why)
        } else {
            self.after_miss(now, outcome, Gone::Excluded(why))
        }
    }

    /// It was read, and it has not ended.
    fn after_sight(&mut self, now: Duration, deployment: &Arc<Deployment>) -> Action {
        match self.step.clone() {
            Step::Reading => self.judge_first_sight(now, deployment),
            Step::Verifying { answer, .. } if deployment.state == State::Canceling && !answer.kind.is_ambiguous() => {
                // Refused because somebody else had asked a moment before.
                self.already_canceling = true;
                self.watch_another(now)
            }
            Step::Verifying { .. } if deployment.state == State::Canceling => self.watch(now),
            Step::Verifying { answer, seen: 0 } if answer.is_over => {
                // What refuses may know of the end before what is read does.
                self.step = Step::Verifying { answer, seen: 1 };
                self.pause_until(now, now + SECOND_LOOK)
            }
            Step::Verifying { answer, .. } if !answer.kind.is_ambiguous() => self.refused(now, deployment, &answer),
            Step::Verifying { answer, seen: 0 } => {
                self.step = Step::Verifying { answer, seen: 1 };
                self.pause_until(now, now + SECOND_LOOK)
            }
            Step::Verifying { answer, .. } => self.ask_again(now, deployment, &answer),
            Step::Watching { since } => self.keep_watching(now, since),
            Step::Confirming => self.requested(now),
            Step::Asking | Step::Done => Action::Done,
        }
    }

    fn judge_first_sight(&mut self, now: Duration, deployment: &Arc<Deployment>) -> Action {
        let word = || deployment.platform_state.clone();
        if !self.plan.wants(deployment.state) {
            return self.finish(now, Outcome::Skipped, Unsent::State(word()));
        }
        if self.plan.dry_run {
            let is_canceling = deployment.state == State::Canceling;
            let why = if is_canceling { Unsent::DryRunCanceling(word()) } else { Unsent::DryRun(word()) };
            return self.finish(now, Outcome::DryRun, why);
        }
        if deployment.state == State::Canceling {
            self.already_canceling = true;
            return self.watch_another(now);
        }
        self.ask(now, Arc::clone(deployment))
    }

    /// The guard that a deployment passed before it had to wait, and does not pass any more.
    fn no_longer_meant(&self, deployment: &Deployment) -> Option<Refusal> {
        let is_next = match &self.step {
            Step::Reading => true,
            Step::Verifying { answer, seen } => {
                let asks_again = *seen > 0 && answer.kind.is_ambiguous();
                asks_again && self.sends < MOST_SENDS && deployment.state != State::Canceling
            }
            _ => false,
        };
        if !is_next {
            return None;
        }
        let word = || deployment.platform_state.clone();
        let excluded = (!self.plan.wants(deployment.state)).then(|| Refusal::State(word()));
        excluded.or_else(|| self.plan.guard.refusal(deployment))
    }

    pub(super) fn ask(&mut self, now: Duration, known: Arc<Deployment>) -> Action {
        if now >= self.plan.limit {
            return self.out_of_time(now);
        }
        self.step = Step::Asking;
        self.sends += 1;
        Action::Cancel(known)
    }

    fn after_answer(&mut self, now: Duration, answer: Result<Accepted, Failure>) -> Action {
        match answer {
            Ok(accepted) => {
                self.sent =
                    Some(Sent { accepted: true, status: Some(accepted.status), request_id: accepted.request_id });
                match accepted.deployment {
                    Some(deployment) => self.after_showing_answer(now, &Arc::from(deployment)),
                    None if self.plan.wait => self.watch(now),
                    None => self.confirm(now),
                }
            }
            Err(failure) => self.after_failed_answer(now, failure),
        }
    }

    fn after_showing_answer(&mut self, now: Duration, deployment: &Arc<Deployment>) -> Action {
        if deployment.is_terminal() && !deployment.unexplained {
            self.note(now, deployment);
            return self.classify(now);
        }
        let is_seen = deployment.state.is_in_flight() || deployment.state == State::Canceling;
        match (self.plan.wait, is_seen) {
            (true, _) => self.watch(now),
            (false, true) => self.requested(now),
            (false, false) => self.confirm(now),
        }
    }

    /// There was no clear yes, so what is read next decides.
    pub(super) fn decide(&mut self, now: Duration, failure: Failure) -> Action {
        let answer = Box::new(failure);
        self.unclear_answer = Some(answer.clone());
        self.step = Step::Verifying { answer, seen: 0 };
        self.look_again(now)
    }

    fn ask_again(&mut self, now: Duration, deployment: &Arc<Deployment>, answer: &Failure) -> Action {
        if self.sends >= MOST_SENDS {
            let (word, answer) = (deployment.platform_state.clone(), Box::new(answer.clone()));
            return self.finish(now, Outcome::Error, End::AskedInVain { times: MOST_SENDS, word, answer });
        }
        if now >= self.plan.last_read() {
            return self.out_of_time(now);
        }
        if answer.not_before.is_some_and(|until| until > now) {
            // Only reading is allowed for now; it may still turn out that the first request was enough.
            return self.pause_until(now, now + SECOND_LOOK);
        }
        self.ask(now, Arc::clone(deployment))
    }

    /// The first look after an accepted request follows at once.
    fn watch(&mut self, now: Duration) -> Action {
        self.step = Step::Watching { since: now };
        if self.last.as_ref().is_some_and(|last| last.state == State::Canceling) {
            return self.keep_watching(now, now);
        }
        self.look_again(now)
    }

    /// The one look after an accepted request that is not waited for.
    fn confirm(&mut self, now: Duration) -> Action {
        self.step = Step::Confirming;
        self.look_again(now)
    }

    /// Somebody else asked: nothing is sent, and its end is watched where it is to be waited for.
    fn watch_another(&mut self, now: Duration) -> Action {
        if self.plan.wait { self.keep_watching_from(now) } else { self.requested(now) }
    }

    fn keep_watching_from(&mut self, now: Duration) -> Action {
        self.step = Step::Watching { since: now };
        self.keep_watching(now, now)
    }

    fn keep_watching(&mut self, now: Duration, since: Duration) -> Action {
        let pause = watch_pause(now.saturating_sub(since), &self.plan);
        self.pause_until(now, now + pause)
    }

    /// Reads again; the action after every pause.
    fn look_again(&mut self, now: Duration) -> Action {
        if now >= self.plan.limit {
            return self.out_of_time(now);
        }
        match &self.last {
            Some(known) => Action::Refresh(Arc::clone(known)),
            None => match (&self.unseen, &self.step) {
                (Some(unseen), Step::Watching { .. } | Step::Verifying { .. } | Step::Confirming) => {
                    Action::Refresh(Arc::clone(unseen))
                }
                _ => Action::Find,
            },
        }
    }

    /// Takes back a cancel request that had to wait for its turn: everything is read again before it is sent.
    pub fn look_before_asking(&mut self, now: Duration) -> Action {
        self.withdraw();
        if let Some(answer) = self.unclear_answer.clone() {
            self.step = Step::Verifying { answer, seen: 1 };
        }
        self.look_again(now)
    }

    /// Pauses until `until`, or until there is just time for one last read that ends by the limit.
    pub(super) fn pause_until(&mut self, now: Duration, until: Duration) -> Action {
        let until = until.max(now + self.plan.least_pause());
        let last_read = self.plan.last_read();
        let very_last = self.plan.very_last_read();
        if until < last_read {
            Action::Pause(until)
        } else if now < last_read {
            Action::Pause(last_read)
        } else if now < very_last {
            // That read was quick, so there is time for another.
            Action::Pause(very_last)
        } else {
            self.out_of_time(now)
        }
    }
}
