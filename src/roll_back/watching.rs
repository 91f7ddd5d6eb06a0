//! When it is done: a roll back is watched until it has ended, then the live pointer is read until it says the same
//! twice, then what it took the place of is asked for. What the platform answered to the request proves nothing.

use std::time::Duration;

use super::action::Action;
use super::procedure::{Procedure, Step};
use crate::cancel::pacing::{SECOND_LOOK, pause_between};
use crate::model::deployment::State;
use crate::model::reason::Back;
use crate::model::roll_back::{LiveNow, Progress, RollBackResult, Version};

/// How often the live pointer has to say the same.
const TWICE: u8 = 2;

impl Step {
    /// Nothing was read yet.
    pub(super) const CONFIRMING: Self = Self::Confirming { is_target: false, times: 0 };
}

impl Procedure {
    pub(super) fn after_progress(&mut self, now: Duration, progress: Progress) -> Action {
        let Progress { state, word } = progress;
        if !word.is_empty() && self.timeline.last().is_none_or(|(_, last)| *last != word) {
            self.timeline.push((now.saturating_sub(self.began), word.clone()));
        }
        match state {
            State::Succeeded => self.act(now, Step::CONFIRMING),
            state if state.is_terminal() => self.act(now, Step::Failing { word }),
            _ => self.keep_watching(now),
        }
    }

    pub(super) fn keep_watching(&mut self, now: Duration) -> Action {
        let since = if let Step::Watching { since } = self.step { since } else { now };
        let pause = pause_between(now.saturating_sub(since), self.plan.poll_interval, None);
        self.pause(now, now + pause)
    }

    pub(super) fn after_live(&mut self, now: Duration, live: LiveNow) -> Action {
        self.live = live.version;
        let is_target = self.live.as_ref().is_some_and(|live| self.is_target(live));
        match self.step.clone() {
            // Another copy of it went live.
            Step::Failing { .. } if is_target => {
                self.copy = None;
                self.act(now, Step::CONFIRMING)
            }
            Step::Failing { word } => self.finish_failed(word),
            Step::Confirming { is_target: before, times } => {
                let times = if before == is_target { times + 1 } else { 1 };
                self.step = Step::Confirming { is_target, times };
                match is_target {
                    _ if times < TWICE && now + SECOND_LOOK >= self.plan.limit => self.out_of_time(now),
                    _ if times < TWICE => Action::Pause(now + SECOND_LOOK),
                    true if self.sends > 0 => self.act(now, Step::Tracing),
                    true => self.finish_done(),
                    false if self.sends > 0 => self.finish_failed(String::new()),
                    false => self.finish_moved_on(),
                }
            }
            _ => self.again(now),
        }
    }

    /// What the roll back took the place of is known, as far as the platform tells; or, before anything was sent, what the
    /// one that is live did.
    pub(super) fn after_displaced(&mut self, now: Duration, displaced: Option<Version>) -> Action {
        if matches!(self.step, Step::Doubting) {
            let was_live = displaced.is_some_and(|it| it.is_ours);
            return if was_live { self.act(now, Step::Choosing { moved_on: true }) } else { self.finish_unneeded() };
        }
        match displaced.filter(|it| !it.is_ours && !self.is_target(it)) {
            Some(other) => {
                let told = Back::ReplacedOther { target: self.target_label(), other: other.label() };
                self.finish(RollBackResult::ReplacedOther, told)
            }
            None => self.finish_done(),
        }
    }

    pub(super) fn finish_done(&mut self) -> Action {
        let told = Back::Done { target: self.target_label(), already: self.sends == 0 };
        self.finish(RollBackResult::Done, told)
    }

    fn finish_failed(&mut self, word: String) -> Action {
        let told = Back::Failed { word, live: self.live_label() };
        self.finish(RollBackResult::Failed, told)
    }
}
