//! What the answer to the one request means. A clear yes is watched, a clear no ends it, and where neither is clear the
//! slot is looked at for a while: the live pointer, or the new deployment, decides. A flip of the pointer may be sent
//! once more then, because its target is named; a request that makes a deployment never is.

use std::time::Duration;

use super::action::Action;
use super::procedure::{Procedure, Step};
use crate::cancel::pacing::SECOND_LOOK;
use crate::cancel::verdict::Sent;
use crate::model::failure::{Failure, Kind};
use crate::model::id::is_same;
use crate::model::reason::{Back, NotSent};
use crate::model::roll_back::{InFlight, RollBackResult, Started, Version};

/// How long a roll back is looked for after an unclear answer.
const SEARCH: Duration = Duration::from_secs(10);
/// The most requests to move the live pointer; of those that make a deployment there is one.
const MOST_FLIPS: u8 = 2;

impl Procedure {
    pub(super) fn after_answer(&mut self, now: Duration, answer: Result<Started, Failure>) -> Action {
        match answer {
            Ok(started) => {
                let Started { copy, status, request_id } = started;
                self.sent = Some(Sent { accepted: true, status: Some(status), request_id });
                // An answer that shows another one is no different from one that shows none.
                self.copy = copy.filter(|copy| !copy.is_ours && !self.names_target(copy));
                if self.plan.flips || self.copy.is_some() {
                    self.act(now, Step::Watching { since: now })
                } else {
                    self.act(now, Step::Searching { until: now + SEARCH })
                }
            }
            Err(failure) => self.after_failed_answer(now, failure),
        }
    }

    fn after_failed_answer(&mut self, now: Duration, failure: Failure) -> Action {
        if failure.kind.may_have_been_sent() || failure.was_turned_away() {
            self.sent = Some(Sent { accepted: false, status: failure.status, request_id: failure.request_id.clone() });
        }
        match failure.kind {
            Kind::Limited | Kind::MovedOn | Kind::Unreachable | Kind::Proxy => {
                // Nothing was processed, so this was no request.
                self.sends -= 1;
                let until = failure.not_before.unwrap_or_default().max(now + SECOND_LOOK);
                let failure = Box::new(failure);
                if until >= self.plan.limit && self.unclear_answer.is_none() {
                    return self.refuse(match failure.kind {
                        Kind::Limited => NotSent::Answer(failure),
                        _ => NotSent::Unreadable(failure),
                    });
                }
                self.last_failure = Some(failure);
                self.step = Step::Rechecking;
                if until >= self.plan.limit { self.out_of_time(now) } else { self.pause(now, until) }
            }
            kind if kind.is_ambiguous() => self.look_for_it(now, failure),
            // It may be a consequence of the request before it.
            _ if self.unclear_answer.is_some() => self.look_for_it(now, failure),
            _ => {
                self.sends -= 1;
                self.refuse(NotSent::Answer(Box::new(failure)))
            }
        }
    }

    fn names_target(&self, version: &Version) -> bool {
        self.target.as_ref().is_some_and(|target| is_same(&target.id, &version.id))
    }

    fn look_for_it(&mut self, now: Duration, failure: Failure) -> Action {
        self.unclear_answer = Some(Box::new(failure));
        self.act(now, Step::Searching { until: now + SEARCH })
    }

    /// The slot was looked at for it.
    pub(super) fn search(&mut self, now: Duration, in_flight: &[InFlight], until: Duration) -> Action {
        if let Some(found) = self.find(now, in_flight) {
            found
        } else if now < until || self.was_accepted() {
            self.pause(now, now + SECOND_LOOK / 2)
        } else if self.plan.flips && self.sends < MOST_FLIPS {
            self.act(now, Step::Rechecking)
        } else {
            self.nobody_knows()
        }
    }

    /// What follows if it is live, or on its way.
    pub(super) fn find(&mut self, now: Duration, in_flight: &[InFlight]) -> Option<Action> {
        if self.live.as_ref().is_some_and(|live| self.is_target(live)) {
            return Some(self.act(now, Step::CONFIRMING));
        }
        let found = in_flight.iter().find(|one| self.is_target(&one.version))?;
        if found.version.copy_of.is_some() {
            self.copy = Some(found.version.clone());
        }
        Some(self.act(now, Step::Watching { since: now }))
    }

    pub(super) fn nobody_knows(&mut self) -> Action {
        let answer = self.unclear_answer.clone().or_else(|| self.last_failure.clone());
        let told =
            Back::Unknown { target: self.target_label(), by: self.copy_label(), live: self.live_label(), answer };
        self.finish(RollBackResult::Unknown, told)
    }
}
