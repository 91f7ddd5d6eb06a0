//! Whether anything may be sent: ours is live, nothing else is in flight, and both are so right before the request. And
//! where ours is not live any more: whether it was put back already.

use std::time::Duration;

use super::action::{Action, Standing};
use super::procedure::{Procedure, Step};
use super::target::choose;
use crate::cancel::pacing::SECOND_LOOK;
use crate::model::id::is_same;
use crate::model::reason::{Back, NoTarget, NotSent};
use crate::model::roll_back::{InFlight, RollBackResult, Version};

/// How old the look right before the request may be.
const FRESH: Duration = Duration::from_secs(2);
/// How long the live pointer may name what it named before, once a deployment is said to be done.
const SETTLING: Duration = Duration::from_secs(10);

impl Procedure {
    pub(super) fn after_look(&mut self, now: Duration, standing: Standing) -> Action {
        let Standing { in_flight, live } = standing;
        self.live = live.version;
        if self.sends == 0 {
            self.dated = live.date;
        }
        match self.step {
            Step::Searching { until } => self.search(now, &in_flight, until),
            // An unclear answer before: it may be under way.
            Step::Rechecking if self.unclear_answer.is_some() => match self.find(now, &in_flight) {
                Some(found) => found,
                None => self.decide(now, &in_flight),
            },
            _ => self.decide(now, &in_flight),
        }
    }

    fn decide(&mut self, now: Duration, in_flight: &[InFlight]) -> Action {
        let hindrance = in_flight.iter().find(|one| !one.is_stale);
        let is_ours = self.live.as_ref().map(|live| live.is_ours);
        match (is_ours, hindrance) {
            (_, Some(hindrance)) if self.plan.in_flight_first => self.hindered(now, hindrance),
            (Some(false), _) => self.moved(now),
            (_, Some(hindrance)) => self.hindered(now, hindrance),
            (None, None) if self.sends > 0 => self.nobody_knows(),
            (None, None) => self.refuse(NotSent::NothingLive),
            (Some(true), None) if matches!(self.step, Step::Rechecking) => self.send(now),
            (Some(true), None) => self.act(now, Step::Choosing { moved_on: false }),
        }
    }

    /// Something else may go live at any moment. What this run has canceled itself is watched to its end.
    fn hindered(&mut self, now: Duration, by: &InFlight) -> Action {
        if self.sends > 0 {
            return self.nobody_knows();
        }
        let told = Back::InFlight { version: by.version.label(), word: by.word.clone() };
        if by.version.is_ours && now + 2 * SECOND_LOOK < self.plan.limit {
            return self.pause(now, now + SECOND_LOOK);
        }
        self.finish(RollBackResult::NewerInFlight, told)
    }

    /// Something else is live.
    fn moved(&mut self, now: Duration) -> Action {
        if self.live.as_ref().is_some_and(|live| self.is_target(live)) {
            return self.act(now, Step::CONFIRMING);
        }
        match self.step {
            _ if self.sends > 0 => self.nobody_knows(),
            Step::Looking if self.is_as_seen() && now < self.began + SETTLING => self.pause(now, now + SECOND_LOOK / 2),
            Step::Looking if !self.plan.went_live => self.act(now, Step::Doubting),
            Step::Looking => self.act(now, Step::Choosing { moved_on: true }),
            _ => self.finish_moved_on(),
        }
    }

    /// Whether what is live is what was while ours was in flight: nothing has gone live since, as far as that tells.
    fn is_as_seen(&self) -> bool {
        let seen = self.seen.as_ref().and_then(|seen| seen.version.as_ref());
        seen.zip(self.live.as_ref()).is_some_and(|(seen, live)| is_same(&seen.id, &live.id))
    }

    pub(super) fn finish_moved_on(&mut self) -> Action {
        let live = self.live_label().unwrap_or_default();
        self.finish(RollBackResult::MovedOn, Back::MovedOn(live))
    }

    /// What was live before is known, or that nothing is; or what was written to go back to was looked for.
    pub(super) fn after_before(&mut self, now: Duration, before: Option<Version>) -> Action {
        let was_replaced = self.plan.to.is_none() && before.as_ref().is_some_and(|it| it.was_live && !it.is_ours);
        let chosen = choose(&self.plan, self.seen.as_ref(), before);
        match (&self.step, chosen) {
            (Step::Choosing { moved_on: true }, Ok(target)) => {
                self.target = Some(target);
                let is_back = self.live.as_ref().is_some_and(|live| self.is_target(live));
                // What was seen, and nothing tells that ours ever took its place, has not gone live again.
                if is_back && (was_replaced || !self.is_as_seen()) {
                    self.act(now, Step::CONFIRMING)
                } else {
                    self.finish_moved_on()
                }
            }
            (Step::Choosing { moved_on: true }, Err(_)) => self.finish_moved_on(),
            (_, Ok(target)) if self.live.as_ref().is_some_and(|live| live.serves(&target)) => {
                self.without_target(NoTarget::Current(target.label()))
            }
            (_, Ok(target)) => {
                self.target = Some(target);
                self.act(now, Step::Checking)
            }
            (_, Err(why)) => self.without_target(why),
        }
    }

    pub(super) fn without_target(&mut self, why: NoTarget) -> Action {
        self.finish(RollBackResult::NoTarget, Back::NoTarget(why))
    }

    pub(super) fn after_check(&mut self, now: Duration) -> Action {
        if self.plan.dry_run {
            let target = self.target_label();
            return self.finish(RollBackResult::DryRun, Back::DryRun(target));
        }
        self.act(now, Step::Rechecking)
    }

    /// Everything is as it has to be; an answer that took long is as good as none.
    fn send(&mut self, now: Duration) -> Action {
        if now.saturating_sub(self.looked) >= FRESH {
            self.step = Step::Rechecking;
            return self.pause(now, now + SECOND_LOOK / 2);
        }
        let action = self.act(now, Step::Sending);
        if matches!(action, Action::Send(_)) {
            self.sends += 1;
        }
        action
    }
}
