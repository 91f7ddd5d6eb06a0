//! What happens after a failed read, and after an answer to the cancel request that was not a yes.

use std::time::Duration;

use super::action::Action;
use super::pacing::{SECOND_LOOK, watch_pause};
use super::procedure::{Procedure, Step};
use super::verdict::Sent;
use crate::model::failure::{Failure, Kind};
use crate::model::outcome::Outcome;
use crate::model::reason::{End, Gone, Reason, Refusal, Unchecked, Unseen, Unsent};

impl Procedure {
    /// It is not there: `outcome` if it never was, as far as this run knows.
    pub(super) fn after_miss(&mut self, now: Duration, outcome: Outcome, what: Gone) -> Action {
        match self.step {
            Step::Reading if !self.was_asked() && self.last.is_none() => match what {
                Gone::Missing(what) => self.finish(now, outcome, Reason::Missing(what)),
                Gone::Excluded(what) => self.finish(now, outcome, Unsent::Nothing(what)),
                Gone::Failed(failure) => self.finish(now, outcome, Reason::failed(*failure)),
            },
            Step::Confirming => self.requested(now),
            _ => {
                let before = match &self.unclear_answer {
                    _ if self.was_accepted() => Unseen::Accepted,
                    Some(answer) if self.was_asked() => self.unseen_after(answer),
                    _ => Unseen::NotAsked,
                };
                self.finish(now, Outcome::Error, End::Unseen(before, what))
            }
        }
    }

    pub(super) fn after_failed_read(&mut self, now: Duration, failure: Failure) -> Action {
        match self.step.clone() {
            Step::Reading => self.after_failed_first_read(now, failure),
            Step::Confirming => self.requested(now),
            Step::Watching { .. } if failure.kind.is_unreadable() => {
                let before = if self.was_accepted() { Unseen::Accepted } else { Unseen::Canceling };
                self.finish(now, Outcome::Error, End::Unseen(before, Gone::Failed(Box::new(failure))))
            }
            Step::Watching { since } => {
                let pause = watch_pause(now.saturating_sub(since), &self.plan);
                self.after_passing_failure(now, failure, pause)
            }
            Step::Verifying { answer, .. } if failure.kind.is_unreadable() => {
                let before = self.unseen_after(&answer);
                self.finish(now, Outcome::Error, End::Unseen(before, Gone::Failed(Box::new(failure))))
            }
            Step::Verifying { .. } => self.after_passing_failure(now, failure, SECOND_LOOK),
            Step::Asking | Step::Done => Action::Done,
        }
    }

    fn after_failed_first_read(&mut self, now: Duration, failure: Failure) -> Action {
        if failure.kind == Kind::Forbidden && self.last.is_none() {
            return self.go_on_unseen(now, failure);
        }
        match self.retries.after(now, &failure) {
            Some(until) => self.after_passing_failure(now, failure, until.saturating_sub(now)),
            None => {
                let turned_away = self.turned_away && !self.was_asked();
                self.finish(now, Outcome::Error, Unsent::Failed { failure: Box::new(failure), turned_away })
            }
        }
    }

    /// Reading is forbidden, canceling may be allowed: go on without, unless something has to be checked first.
    fn go_on_unseen(&mut self, now: Duration, failure: Failure) -> Action {
        let unchecked = if self.plan.guard.is_set() {
            Some(Unchecked::Source)
        } else if self.plan.guarded {
            Some(Unchecked::Scope)
        } else if self.plan.only_states.is_some() {
            Some(Unchecked::State)
        } else if self.plan.dry_run {
            Some(Unchecked::DryRun)
        } else {
            None
        };
        match (unchecked, self.unseen.clone()) {
            (None, Some(unseen)) => {
                self.last_failure = Some(Box::new(failure));
                self.ask(now, unseen)
            }
            (unchecked, _) => {
                let unchecked = unchecked.unwrap_or(Unchecked::Id);
                self.finish(now, Outcome::Error, Unsent::Unchecked(unchecked, Box::new(failure)))
            }
        }
    }

    pub(super) fn after_failed_answer(&mut self, now: Duration, failure: Failure) -> Action {
        let readable = self.last.is_some();
        self.turned_away |= failure.was_turned_away();
        if failure.kind.may_have_been_sent() || failure.was_turned_away() {
            self.sent = Some(Sent { accepted: false, status: failure.status, request_id: failure.request_id.clone() });
        }
        match failure.kind {
            Kind::Limited | Kind::MovedOn | Kind::Unreachable | Kind::Proxy => {
                // Nothing was processed, so this was no request. Before the next one the state is read again.
                self.sends -= 1;
                self.step = match self.unclear_answer.clone() {
                    Some(answer) => Step::Verifying { answer, seen: 1 },
                    None => Step::Reading,
                };
                let pause = watch_pause(now.saturating_sub(self.began), &self.plan);
                self.after_passing_failure(now, failure, pause)
            }
            // An earlier request may have taken effect, and this refusal may be its consequence: the state decides.
            _ if self.unclear_answer.is_some() && !matches!(failure.kind, Kind::Guarded | Kind::Misdirected) => {
                self.decide(now, failure)
            }
            Kind::NotFound if !readable => self.finish(now, Outcome::NotFound, Unsent::Unknown(Box::new(failure))),
            Kind::Unauthorized | Kind::Forbidden if !readable => {
                self.finish(now, Outcome::Error, Unsent::Unknown(Box::new(failure)))
            }
            Kind::Guarded => {
                self.sends -= 1;
                if self.was_asked() || self.turned_away {
                    return self.skip(now, Refusal::Own(failure.to_string()));
                }
                self.finish(now, Outcome::Error, Unsent::Guarded(Box::new(failure)))
            }
            Kind::Misdirected => self.finish(now, Outcome::Error, Unsent::Misdirected(Box::new(failure))),
            Kind::Untrusted | Kind::UnknownHost => {
                self.sends -= 1;
                self.finish(now, Outcome::Error, Unsent::Unsendable(Box::new(failure)))
            }
            _ => self.decide(now, failure),
        }
    }

    fn after_passing_failure(&mut self, now: Duration, failure: Failure, pause: Duration) -> Action {
        let until = failure.not_before.unwrap_or_default().max(now + pause);
        let too_late = failure.not_before.is_some_and(|until| until >= self.plan.limit);
        self.last_failure = Some(Box::new(failure));
        if too_late { self.out_of_time(now) } else { self.pause_until(now, until) }
    }
}
