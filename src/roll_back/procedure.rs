//! The state of a roll back: what is known, which step it is at, and what is done there.

use std::time::Duration;

use jiff::Timestamp;

use super::action::{Action, Event};
use super::plan::Plan;
use crate::cancel::pacing::Retries;
use crate::cancel::verdict::Sent;
use crate::model::failure::Failure;
use crate::model::reason::{Back, NotSent};
use crate::model::roll_back::{Asked, LiveNow, RollBackResult, Version};

/// How a roll back ended that was needed.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What came of it.
    pub result: RollBackResult,
    /// Why.
    pub reason: Back,
    /// A signal ended the run after the request was sent.
    pub is_interrupted: bool,
}

/// A roll back of one slot, and what is known of it.
pub struct Procedure {
    pub(super) plan: Plan,
    pub(super) step: Step,
    /// What was live while the deployment that should have been stopped was in flight.
    pub(super) seen: Option<LiveNow>,
    /// What was live at the last read.
    pub(super) live: Option<Version>,
    /// When the slot was looked at last, by our clock: the asking.
    pub(super) looked: Duration,
    /// When it was looked at last before the request, by the platform's clock: the answer.
    pub(super) dated: Option<Timestamp>,
    pub(super) target: Option<Version>,
    /// The deployment that was made to put it back.
    pub(super) copy: Option<Version>,
    pub(super) sends: u8,
    pub(super) sent: Option<Sent>,
    /// The last unclear answer.
    pub(super) unclear_answer: Option<Box<Failure>>,
    /// The last read that failed, until one succeeds.
    pub(super) last_failure: Option<Box<Failure>>,
    pub(super) retries: Retries,
    pub(super) timeline: Vec<(Duration, String)>,
    pub(super) began: Duration,
    pub(super) verdict: Option<Verdict>,
}

/// The step that the procedure is at; each but the last waits for an event.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Is it live, and is nothing else in flight?
    Looking,
    /// Something else is live: had ours been, before?
    Doubting,
    /// What was live before?
    Choosing {
        /// Ours is not live any more.
        moved_on: bool,
    },
    /// Does the platform say that it can be put back?
    Checking,
    /// The first look once more, right before the request.
    Rechecking,
    /// The request is on its way.
    Sending,
    /// Nobody knows whether it is being done: look for it.
    Searching {
        /// By then it has to be found, if the answer was no clear yes.
        until: Duration,
    },
    /// It is being done.
    Watching {
        since: Duration,
    },
    /// It ended otherwise: what is live?
    Failing {
        word: String,
    },
    /// The live pointer is read until it says the same twice.
    Confirming {
        is_target: bool,
        times: u8,
    },
    /// What did it take the place of?
    Tracing,
    Done,
}

impl Procedure {
    /// A roll back that begins `now`, with what was seen live before.
    pub fn new(plan: Plan, seen: Option<LiveNow>, now: Duration) -> Self {
        Self {
            plan,
            step: Step::Looking,
            seen,
            live: None,
            looked: now,
            dated: None,
            target: None,
            copy: None,
            sends: 0,
            sent: None,
            unclear_answer: None,
            last_failure: None,
            retries: Retries::new(),
            timeline: Vec::new(),
            began: now,
            verdict: None,
        }
    }

    /// What to do first.
    pub fn first(&mut self, now: Duration) -> Action {
        self.act(now, Step::Looking)
    }

    /// What to do after `event`.
    pub fn next(&mut self, now: Duration, event: Event) -> Action {
        if matches!(self.step, Step::Done) {
            return Action::Done;
        }
        if !matches!(event, Event::Failed(_) | Event::Woke) {
            (self.retries, self.last_failure) = (Retries::new(), None);
        }
        match event {
            Event::Looked(standing) => self.after_look(now, standing),
            Event::Live(live) => self.after_live(now, live),
            Event::Before(before) => self.after_before(now, before),
            Event::Checked => self.after_check(now),
            Event::Progress(progress) => self.after_progress(now, progress),
            Event::Displaced(displaced) => self.after_displaced(now, displaced),
            Event::Failed(failure) => self.after_failed_read(now, failure),
            Event::Answered(answer) => self.after_answer(now, answer),
            Event::Woke => self.again(now),
        }
    }

    /// Goes to a step, and does what that needs.
    pub(super) fn act(&mut self, now: Duration, step: Step) -> Action {
        self.step = step;
        self.again(now)
    }

    /// Does what the step needs.
    pub(super) fn again(&mut self, now: Duration) -> Action {
        if now >= self.plan.limit {
            return self.out_of_time(now);
        }
        match (&self.step, &self.target, &self.live) {
            (Step::Looking | Step::Rechecking | Step::Searching { .. }, ..) => {
                self.looked = now;
                Action::Look
            }
            (Step::Choosing { .. }, ..) => Action::FindBefore,
            (Step::Checking, Some(target), _) => Action::Check(target.clone()),
            (Step::Sending, Some(target), _) => Action::Send(target.clone()),
            (Step::Watching { .. }, Some(target), _) => {
                let (target, copy) = (target.clone(), self.copy.clone());
                Action::ReadProgress(Box::new(Asked { target, copy, since: self.dated }))
            }
            (Step::Doubting | Step::Tracing, _, Some(live)) => Action::FindDisplaced(live.clone(), self.dated),
            (Step::Done, ..) => Action::Done,
            _ => Action::ReadLive,
        }
    }

    /// Pauses until then, or until there is just time for one last read that ends by the limit.
    pub(super) fn pause(&mut self, now: Duration, until: Duration) -> Action {
        let whole = self.plan.limit.saturating_sub(self.began);
        let last_read = self.plan.limit.saturating_sub((whole / 4).min(Duration::from_secs(1)));
        if until < last_read {
            Action::Pause(until)
        } else if now < last_read {
            Action::Pause(last_read)
        } else {
            self.out_of_time(now)
        }
    }

    pub(super) fn finish(&mut self, result: RollBackResult, reason: Back) -> Action {
        self.step = Step::Done;
        self.verdict = Some(Verdict { result, reason, is_interrupted: false });
        Action::Done
    }

    /// There is nothing to be put back: it never went live.
    pub(super) fn finish_unneeded(&mut self) -> Action {
        self.step = Step::Done;
        Action::Done
    }

    pub(super) fn refuse(&mut self, why: NotSent) -> Action {
        self.finish(RollBackResult::Refused, Back::Refused(why))
    }

    /// A signal, or the end of the time to leave after one: whatever is open ends. A request on its way is waited for by
    /// the caller.
    pub fn interrupt(&mut self) {
        match self.step {
            Step::Done => return,
            Step::Tracing => self.finish_done(),
            _ if self.sends == 0 => self.finish(RollBackResult::Interrupted, Back::Interrupted),
            _ => {
                let goes_on = Back::GoesOn { target: self.target_label(), by: self.copy_label() };
                self.finish(RollBackResult::Unknown, goes_on)
            }
        };
        if let Some(verdict) = &mut self.verdict {
            verdict.is_interrupted = verdict.result == RollBackResult::Unknown;
        }
    }

    /// How it ended; `None` before, and where there was nothing to be put back.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// What was live at the last read.
    pub fn live(&self) -> Option<&Version> {
        self.live.as_ref()
    }

    /// What is put back, once that is known.
    pub fn target(&self) -> Option<&Version> {
        self.target.as_ref()
    }

    /// What serves, or will, because of it: the deployment that was made for it, or the target itself.
    pub fn served_by(&self) -> Option<&Version> {
        match self.verdict.as_ref()?.result {
            RollBackResult::Done | RollBackResult::ReplacedOther => {
                let live = self.live.as_ref();
                // The live pointer may name what is no deployment.
                let copy = self.copy.as_ref().filter(|copy| live.is_some_and(|live| live.kind != copy.kind));
                copy.or(live)
            }
            _ => self.copy.as_ref(),
        }
    }

    /// The request, when it was answered or at least sent.
    pub fn sent(&self) -> Option<&Sent> {
        self.sent.as_ref()
    }

    /// The platform's words for the roll back and when each was seen first, since it began.
    pub fn timeline(&self) -> &[(Duration, String)] {
        &self.timeline
    }

    pub(super) fn was_accepted(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.accepted)
    }

    pub(super) fn target_label(&self) -> String {
        self.target.as_ref().map(Version::label).unwrap_or_default()
    }

    pub(super) fn copy_label(&self) -> Option<String> {
        self.copy.as_ref().map(|copy| copy.id.clone())
    }

    pub(super) fn live_label(&self) -> Option<String> {
        self.live.as_ref().map(Version::label)
    }

    /// Whether this is what is to be put back, or the deployment that was made for it, or another copy of it.
    pub(super) fn is_target(&self, version: &Version) -> bool {
        let serves = |other: &Version| version.serves(other);
        self.target.as_ref().is_some_and(serves) || self.copy.as_ref().is_some_and(serves)
    }
}
