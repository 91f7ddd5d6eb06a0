//! What a failure changes: a read that brought nothing, an answer to the cancel request that was no yes.

use std::time::Duration;

use super::action::Action;
use super::pacing::{SECOND_LOOK, watch_pause};
use super::procedure::{Procedure, Step};
use super::reasons::capital;
use super::verdict::Sent;
use crate::model::failure::{Failure, Kind};
use crate::model::outcome::Outcome;

impl Procedure {
    /// It is not there: `outcome` if it never was, as far as this run knows.
    pub(super) fn after_miss(&mut self, now: Duration, outcome: Outcome, what: String) -> Action {
        match self.step {
            Step::Reading if !self.was_asked() && self.last.is_none() => {
                self.finish(now, outcome, capital(&what), String::new())
            }
            Step::Confirming => self.requested(now),
            _ => {
                let accepted = self.was_accepted();
                let before = match &self.unclear_answer {
                    Some(answer) if self.was_asked() && !accepted => self.unseen_reason(answer),
                    _ if self.was_asked() => "The cancel request was sent, but the end cannot be seen".to_owned(),
                    _ => "It was there before, but can be seen no more".to_owned(),
                };
                self.finish(now, Outcome::Error, format!("{before}: {what}"), String::new())
            }
        }
    }

    pub(super) fn after_failed_read(&mut self, now: Duration, failure: Failure) -> Action {
        match self.step.clone() {
            Step::Reading => self.after_failed_first_read(now, failure),
            Step::Confirming => self.requested(now),
            Step::Watching { since } => {
                if failure.kind.is_unreadable() {
                    let accepted = if self.was_accepted() {
                        "The platform accepted the cancel request"
                    } else {
                        "It was being canceled"
                    };
                    let reason = format!("{accepted}, end not visible: {failure}.");
                    return self.finish(now, Outcome::Error, reason, failure.hint);
                }
                let pause = watch_pause(now.saturating_sub(since), &self.plan);
                self.after_passing_failure(now, failure, pause)
            }
            Step::Verifying { answer, .. } if failure.kind.is_unreadable() => {
                let reason = format!("{}: {failure}.", self.unseen_reason(&answer));
                self.finish(now, Outcome::Error, reason, failure.hint)
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
                let nothing = if self.was_asked() {
                    ""
                } else if self.turned_away {
                    "; the cancel request had been turned away by a rate limit (429)"
                } else {
                    "; nothing was canceled"
                };
                self.finish(now, Outcome::Error, format!("{}{nothing}.", capital(&failure.to_string())), failure.hint)
            }
        }
    }

    /// Reading is forbidden, canceling may be allowed: go on without, unless something has to be checked first.
    fn go_on_unseen(&mut self, now: Duration, failure: Failure) -> Action {
        let guard = if self.plan.guard.is_set() {
            Some("its branch, commit and target cannot be checked")
        } else if self.plan.guarded {
            Some("the project or environment it belongs to cannot be checked")
        } else if self.plan.only_states.is_some() {
            Some("`only_states` cannot be checked")
        } else if self.plan.dry_run {
            Some("a dry run has nothing to tell")
        } else {
            None
        };
        match (guard, self.unseen.clone()) {
            (None, Some(unseen)) => {
                self.last_failure = Some(failure);
                self.ask(now, Box::new(unseen))
            }
            (guard, _) => {
                let guard = guard.unwrap_or("only its id can be canceled");
                let reason = format!("It may not be read, so {guard} and nothing was sent: {failure}.");
                self.finish(now, Outcome::Error, reason, failure.hint)
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
            Kind::NotFound if !readable => {
                let reason = format!("There is no such deployment for this credential: {failure}.");
                self.finish(now, Outcome::NotFound, reason, failure.hint)
            }
            Kind::Unauthorized | Kind::Forbidden if !readable => {
                let reason = format!("This credential may neither read nor cancel it: {failure}.");
                self.finish(now, Outcome::Error, reason, failure.hint)
            }
            Kind::Guarded => {
                self.sends -= 1;
                if self.was_asked() || self.turned_away {
                    return self.skip(now, &failure.to_string());
                }
                let reason = format!("Nothing was sent: {failure}.");
                self.finish(now, Outcome::Error, reason, failure.hint)
            }
            Kind::Misdirected => {
                let reason = format!("{}.", capital(&failure.to_string()));
                self.finish(now, Outcome::Error, reason, failure.hint)
            }
            Kind::Untrusted | Kind::UnknownHost => {
                self.sends -= 1;
                let reason = format!("The cancel request could not be sent: {failure}.");
                self.finish(now, Outcome::Error, reason, failure.hint)
            }
            _ => self.decide(now, failure),
        }
    }

    fn after_passing_failure(&mut self, now: Duration, failure: Failure, pause: Duration) -> Action {
        let until = failure.not_before.unwrap_or_default().max(now + pause);
        let too_late = failure.not_before.is_some_and(|until| until >= self.plan.limit);
        self.last_failure = Some(failure);
        if too_late { self.out_of_time(now) } else { self.pause_until(now, until) }
    }
}
