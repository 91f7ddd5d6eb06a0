//! What happens after a failed read, and when the time is up. Before the request that ends as "nothing sent"; after it
//! nobody can take it back, so what it came to stays open.

use std::time::Duration;

use super::action::Action;
use super::procedure::{Procedure, Step};
use crate::cancel::pacing::SECOND_LOOK;
use crate::model::failure::{Failure, Kind};
use crate::model::reason::{Back, NoTarget, NotSent};
use crate::model::roll_back::RollBackResult;

impl Procedure {
    pub(super) fn after_failed_read(&mut self, now: Duration, failure: Failure) -> Action {
        if self.sends > 0 {
            return self.after_failed_watch(now, failure);
        }
        match (&self.step, failure.kind) {
            (Step::Choosing { moved_on: false }, Kind::Guarded | Kind::NotFound) | (Step::Checking, Kind::NotFound) => {
                return self.without_target(NoTarget::Unfit(Box::new(failure)));
            }
            (Step::Checking, Kind::Guarded | Kind::Refused) => return self.refuse(NotSent::Check(Box::new(failure))),
            _ => {}
        }
        let again = self.retries.after(now, &failure);
        let too_late = failure.not_before.is_some_and(|until| until >= self.plan.limit);
        match again.filter(|_| !too_late) {
            Some(until) => {
                self.last_failure = Some(Box::new(failure));
                self.pause(now, until)
            }
            // What is live has been read, and only that would have been worth more.
            None if matches!(self.step, Step::Choosing { moved_on: true } | Step::Confirming { .. }) => {
                self.finish_moved_on()
            }
            None => self.refuse(NotSent::Unreadable(Box::new(failure))),
        }
    }

    fn after_failed_watch(&mut self, now: Duration, failure: Failure) -> Action {
        let is_lost = failure.kind.is_unreadable();
        let until = failure.not_before.unwrap_or_default().max(now + SECOND_LOOK);
        self.last_failure = Some(Box::new(failure));
        match &self.step {
            // Proven already, and nobody tells what it took the place of.
            Step::Tracing if is_lost => self.finish_done(),
            Step::Failing { word } if is_lost => {
                let told = Back::Failed { word: word.clone(), live: None };
                self.finish(RollBackResult::Failed, told)
            }
            _ if is_lost => {
                self.live = None;
                self.nobody_knows()
            }
            Step::Watching { .. } if until <= now + SECOND_LOOK => self.keep_watching(now),
            _ => self.pause(now, until),
        }
    }

    pub(super) fn out_of_time(&mut self, now: Duration) -> Action {
        let seconds = now.saturating_sub(self.began).as_secs();
        match &self.step {
            Step::Tracing => self.finish_done(),
            Step::Choosing { moved_on: true } | Step::Confirming { .. } if self.sends == 0 => self.finish_moved_on(),
            _ if self.sends == 0 => self.refuse(NotSent::OutOfTime(self.last_failure.clone(), seconds)),
            _ if self.was_accepted() => {
                let told = Back::TimedOut { target: self.target_label(), by: self.copy_label(), seconds };
                self.finish(RollBackResult::TimedOut, told)
            }
            _ => self.nobody_knows(),
        }
    }
}
