//! The state of the procedure for one deployment: what is known of it, and which step it is at. The phases decide what
//! happens next.

use std::sync::Arc;
use std::time::Duration;

use super::action::Action;
use super::pacing::Retries;
use super::plan::Plan;
use super::verdict::{Sent, Verdict};
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;

/// The procedure for one deployment, and what is known of it.
pub struct Procedure {
    pub(super) plan: Arc<Plan>,
    pub(super) step: Step,
    /// What was read first and last.
    pub(super) first_word: Option<String>,
    pub(super) last: Option<Arc<Deployment>>,
    /// When it was read last.
    pub(super) seen: Duration,
    pub(super) unseen: Option<Arc<Deployment>>,
    pub(super) timeline: Vec<(Duration, String)>,
    pub(super) sends: u8,
    pub(super) sent: Option<Sent>,
    /// Somebody else had asked before us, or while a request of ours was turned away or refused.
    pub(super) already_canceling: bool,
    /// A request of ours was turned away by a rate limit (429).
    pub(super) turned_away: bool,
    /// Its end has been looked at once more, as the platform had not said how.
    pub(super) looked_again: bool,
    /// Since when it is read again because it has not said what it was made from.
    pub(super) pending_since: Option<Duration>,
    pub(super) last_failure: Option<Box<Failure>>,
    /// The last unclear answer to a cancel request.
    pub(super) unclear_answer: Option<Box<Failure>>,
    pub(super) retries: Retries,
    pub(super) began: Duration,
    pub(super) ended: Duration,
    pub(super) ending: Option<Verdict>,
}

/// The step that the procedure is at; every one but the last waits for an event.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The first read, or one before asking at last after a rate limit.
    Reading,
    /// The cancel request is under way.
    Asking,
    /// The answer was no clear yes: the state decides.
    Verifying {
        answer: Box<Failure>,
        seen: u8,
    },
    /// Accepted, or asked by somebody else: until it has ended.
    Watching {
        since: Duration,
    },
    /// Accepted and not to be waited for, but the answer did not show the deployment: one look.
    Confirming,
    Done,
}

impl Procedure {
    /// A procedure that begins `now`; `unseen` stands in for the deployment if it may not be read.
    pub fn new(plan: impl Into<Arc<Plan>>, unseen: Option<Deployment>, now: Duration) -> Self {
        Self {
            plan: plan.into(),
            step: Step::Reading,
            first_word: None,
            last: None,
            seen: now,
            unseen: unseen.map(Arc::new),
            timeline: Vec::new(),
            sends: 0,
            sent: None,
            already_canceling: false,
            turned_away: false,
            looked_again: false,
            pending_since: None,
            last_failure: None,
            unclear_answer: None,
            retries: Retries::new(),
            began: now,
            ended: now,
            ending: None,
        }
    }

    /// Says whether the platform allows few requests from now on.
    pub fn spare(&mut self, spare: bool) {
        if self.plan.spare != spare {
            Arc::make_mut(&mut self.plan).spare = spare;
        }
    }

    /// Takes back a cancel request that was decided on but never put on the wire.
    pub fn withdraw(&mut self) {
        if matches!(self.step, Step::Asking) {
            self.sends -= 1;
            self.step = Step::Reading;
        }
    }

    /// The same after a signal, when the action that followed will not be carried out.
    pub fn withdraw_unsent(&mut self, action: &Action) {
        if matches!(action, Action::Cancel(_)) {
            self.withdraw();
        }
    }

    /// How it ended, once it has.
    pub fn ending(&self) -> Option<&Verdict> {
        self.ending.as_ref()
    }

    /// Its page for people, where that had to be looked up.
    pub fn show_page(&mut self, page: String) {
        if let Some(last) = &mut self.last {
            Arc::make_mut(last).url.get_or_insert(page);
        }
    }

    /// The deployment as it was read last.
    pub fn last(&self) -> Option<&Deployment> {
        self.last.as_deref()
    }

    /// Whether it was ever read, if only to be read again before anything is made of it.
    pub fn was_seen(&self) -> bool {
        self.last.is_some() || self.pending_since.is_some()
    }

    /// The platform's word at the first read.
    pub fn first_word(&self) -> Option<&str> {
        self.first_word.as_deref()
    }

    /// The platform's words and when each was seen first, since this procedure began.
    pub fn timeline(&self) -> &[(Duration, String)] {
        &self.timeline
    }

    /// The cancel request, when one was answered or at least sent.
    pub fn sent(&self) -> Option<&Sent> {
        self.sent.as_ref()
    }

    /// When its state changed last, as far as was read, or else when it began, since the start of the run.
    pub fn last_change(&self) -> Duration {
        let seen = self.timeline.last().map(|(seen, _)| *seen);
        self.began + seen.unwrap_or_default()
    }

    /// Time from its beginning to its end.
    pub fn took(&self) -> Duration {
        self.ended.saturating_sub(self.began)
    }

    /// Whether its cancel request has been answered, or it has ended without one.
    pub fn is_settled(&self) -> bool {
        let waits = matches!(self.step, Step::Reading | Step::Asking | Step::Verifying { .. });
        !waits || self.ending.is_some()
    }

    /// Whether a cancel request is on the wire right now.
    pub fn is_asking(&self) -> bool {
        matches!(self.step, Step::Asking)
    }

    /// Whether a cancel request may follow the next read, which then must not be a list, since lists may lag.
    pub fn is_before_a_send(&self) -> bool {
        matches!(self.step, Step::Reading | Step::Verifying { .. })
    }

    /// Whether there is time for hardly more than one read.
    pub fn is_last_read(&self, now: Duration) -> bool {
        now >= self.plan.last_read()
    }

    /// When it was read last, if it ever was.
    pub fn seen(&self) -> Option<Duration> {
        self.last.as_ref().map(|_| self.seen)
    }

    /// Whether nothing of this run's can have reached it: no request for it was sent, not even one that was turned away.
    pub fn is_untouched(&self) -> bool {
        self.sends == 0 && !self.turned_away && !self.already_canceling
    }

    /// Whether a request was sent that was not turned away.
    pub fn was_asked(&self) -> bool {
        self.sends > 0
    }

    /// The last answer to a cancel request was a clear yes.
    pub(super) fn was_accepted(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.accepted)
    }

    /// The one request that went out had a clear no. One that was refused after an unclear answer may have been refused
    /// because of the request before it.
    pub(super) fn was_refused(&self) -> bool {
        let answer = self.unclear_answer.as_ref().filter(|_| self.sends == 1 && !self.was_accepted());
        answer.is_some_and(|answer| !answer.kind.is_ambiguous())
    }

    /// What was read is an end; perhaps one that is looked at once more.
    pub(super) fn has_ended(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.is_terminal())
    }

    /// What was read now.
    pub(super) fn note(&mut self, now: Duration, deployment: &Arc<Deployment>) {
        let word = &deployment.platform_state;
        if self.timeline.last().is_none_or(|(_, last)| last != word) {
            self.timeline.push((now.saturating_sub(self.began), word.clone()));
        }
        self.last = Some(Arc::clone(deployment));
        self.unseen = None;
        self.seen = now;
        self.retries = Retries::new();
        self.last_failure = None;
    }
}
