//! Why a deployment's run ends as it does: what is known of it, as facts. The sentences are the [`Reason`]'s.
//!
//! [`Reason`]: crate::model::reason::Reason

use super::procedure::{Procedure, Step};
use crate::model::deployment::{Deployment, Live, State};
use crate::model::failure::Failure;
use crate::model::outcome::Outcome;
use crate::model::reason::{Answer, Asked, Course, End, How, Interrupted, Ours, OutOfTime, Requested, TooLate, Unseen};

impl Procedure {
    pub(super) fn interrupted(&self) -> End {
        End::Interrupted(match (&self.step, self.was_asked()) {
            (Step::Asking, _) => Interrupted::WhileAsking,
            (_, true) if self.was_accepted() => Interrupted::Accepted,
            (_, true) => Interrupted::Unclear,
            (_, false) if self.turned_away => Interrupted::TurnedAway,
            (_, false) if self.already_canceling => Interrupted::AlreadyCanceling,
            (_, false) => Interrupted::BeforeAsking,
        })
    }

    pub(super) fn requested_how(&self) -> End {
        End::Requested(if self.already_canceling {
            Requested::AlreadyCanceling
        } else if self.last.is_none() {
            Requested::AcceptedUnread
        } else {
            Requested::Accepted
        })
    }

    pub(super) fn known_at_the_limit(&self) -> OutOfTime {
        let unclear_answer = self.unclear_answer.clone().filter(|_| !self.was_accepted());
        let failure = self.last_failure.clone().or(unclear_answer);
        let held_until = failure.as_ref().and_then(|failure| failure.not_before);
        OutOfTime {
            asked: match &self.sent {
                _ if self.sends == 0 && self.already_canceling => Asked::AlreadyCanceling,
                _ if self.sends == 0 && self.turned_away => Asked::TurnedAway,
                _ if self.sends == 0 => Asked::No,
                Some(sent) if sent.accepted => Asked::Accepted,
                _ => Asked::Unclear,
            },
            seen: self.last.as_ref().map(|last| self.course(last)),
            seconds: self.plan.limit.as_secs(),
            is_held: held_until.is_some_and(|until| until >= self.plan.limit),
            failure,
        }
    }

    /// What became of the request for one that can no longer be seen, and that has had no clear yes.
    pub(super) fn unseen_after(&self, answer: &Failure) -> Unseen {
        // One that was refused after an unclear answer may have been refused because of the request before it.
        let answer_kept = Box::new(answer.clone());
        if answer.kind.is_ambiguous() || self.sends > 1 {
            Unseen::Unclear(answer_kept)
        } else {
            Unseen::Refused(answer_kept)
        }
    }

    /// How it ended, where `outcome` says what came of that.
    pub(super) fn ended(&self, outcome: Outcome, last: &Deployment) -> End {
        let how = match outcome {
            Outcome::Canceled if self.already_canceling || !self.was_asked() => {
                let ours = if self.was_asked() { Ours::Refused } else { self.our_request() };
                return End::CanceledByOthers(ours, self.course(last));
            }
            Outcome::AlreadyLive | Outcome::AlreadyFinished => return self.already_ended(outcome, last),
            Outcome::Canceled if last.state == State::Ended && self.was_accepted() => How::NotLiveAfterYes,
            Outcome::Canceled if last.state == State::Ended => How::NotLiveAfterUnclear,
            Outcome::Canceled if self.was_refused() => How::CanceledAfterRefusal,
            Outcome::Canceled => How::Canceled,
            Outcome::Completed | Outcome::Failed | Outcome::Superseded => return self.too_late(outcome, last),
            _ => How::UnknownWord,
        };
        End::Ended(how, self.course(last))
    }

    /// It ended otherwise than it was asked to.
    fn too_late(&self, outcome: Outcome, last: &Deployment) -> End {
        let answer = match self.unclear_answer.clone() {
            _ if !self.was_asked() => Answer::ByOthers,
            _ if self.was_accepted() => Answer::Accepted,
            Some(answer) if self.was_refused() => Answer::Refused(answer),
            answer => Answer::Unclear(answer),
        };
        let live = match last.live {
            _ if outcome != Outcome::Completed => TooLate::Plain,
            Live::TakesDown => TooLate::TornDown,
            Live::Unpublished => TooLate::Unpublished,
            _ if last.went_live().is_none() => TooLate::PerhapsLive,
            _ => TooLate::Live,
        };
        End::TooLate { answer, course: self.course(last), live }
    }

    /// It ended before any request was processed.
    fn already_ended(&self, outcome: Outcome, last: &Deployment) -> End {
        let live = outcome == Outcome::AlreadyLive;
        let course = self.course(last);
        let how = match &course.first {
            None => How::NotLivePerhapsBefore,
            Some(first) if *first != course.last => {
                return End::Beforehand { course, ours: self.our_request() };
            }
            _ if live && last.live != Live::ByState => How::HadGoneLive,
            _ if live => How::HadSucceeded,
            _ if last.live == Live::Unpublished && last.state == State::Succeeded => How::HadBeenBuilt,
            _ => How::HadEnded,
        };
        End::Ended(how, course)
    }

    fn course(&self, last: &Deployment) -> Course {
        Course { first: self.first_word.clone(), last: last.platform_state.clone(), note: last.note.clone() }
    }

    /// What became of the requests for one that ended without.
    fn our_request(&self) -> Ours {
        if self.was_refused() {
            Ours::Refused
        } else if self.turned_away {
            Ours::TurnedAway
        } else {
            Ours::None
        }
    }
}
