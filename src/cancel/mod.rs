//! The one procedure for one deployment: read, ask once, read until it has ended, classify by what was read.
//!
//! A state machine without input or output: an [`Event`] and the time go in, an [`Action`] comes out. It never reports
//! an end that it did not read, never asks for a deployment that it did not read as wanted (unless reading itself is
//! forbidden and no guard depends on it), never asks after the limit, and always ends.

use std::time::Duration;

use crate::model::answers::{Accepted, Conclusion, Found};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::outcome::Outcome;
use crate::select::guard::Guard;
pub use pacing::Retries;
use pacing::watch_pause;
pub(crate) use reasons::capital;
use reasons::refused_reason;

mod pacing;
mod reasons;

/// What holds for every deployment of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Wait until terminal.
    pub wait: bool,
    /// Cancel nothing.
    pub dry_run: bool,
    /// Cancel only in these states.
    pub only_states: Option<Vec<State>>,
    /// What it has to be made from.
    pub guard: Guard,
    /// The platform has a guard of its own that needs a read.
    pub guarded: bool,
    /// Longest pause between two reads.
    pub poll_interval: Duration,
    /// After how long a watch the pauses are at least how long, whatever the poll interval.
    pub slower: Option<(Duration, Duration)>,
    /// The end of the run, since its start.
    pub limit: Duration,
    /// How many deployments the run takes to their ends.
    pub many: u32,
}

impl Plan {
    /// When the last read has to begin, so that it ends by the limit: earlier when many deployments have to be read.
    pub fn last_read(&self) -> Duration {
        let all = Duration::from_secs(1) + LAST_READ_OF_EACH * self.many;
        self.limit - (self.limit / 4).min(all)
    }
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A find or a refresh was answered.
    Read(Result<Found, Failure>),
    /// The cancel request was answered.
    Answered(Result<Accepted, Failure>),
    /// The pause is over.
    Woke,
    /// What only the platform can tell at the end.
    Concluded(Conclusion),
}

/// What to do next.
#[derive(Clone, Debug)]
pub enum Action {
    /// Find the deployment behind the id.
    Find,
    /// Read the deployment again.
    Refresh(Box<Deployment>),
    /// Send the cancel request.
    Cancel(Box<Deployment>),
    /// Nothing before this time since the start of the run.
    Pause(Duration),
    /// It is over, and the platform may have more to tell about it: see [`Procedure::ending`].
    Conclude(Box<Deployment>),
    /// It is over: see [`Procedure::ending`].
    Done,
}

/// The cancel request as it was answered last.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// The platform said yes, clearly.
    pub accepted: bool,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The platform's id of the request.
    pub request_id: Option<String>,
}

/// How it ended for one deployment.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// One sentence, and what the platform had to add.
    pub reason: String,
    /// What to change, when something can be changed.
    pub hint: String,
    /// Nothing was taken to its end, and what was meant may be live.
    pub perhaps_live: bool,
}

/// How much time the last read of each takes, where many are read several at a time.
const LAST_READ_OF_EACH: Duration = Duration::from_millis(15);
/// Pause between the two reads after an ambiguous answer.
const SECOND_LOOK: Duration = Duration::from_secs(2);
/// What is left for the very last read, when the one before it was quick.
const VERY_LAST: Duration = Duration::from_millis(300);
/// The most cancel requests for one deployment.
const MOST_SENDS: u8 = 3;

/// One deployment on its way.
pub struct Procedure {
    plan: Plan,
    step: Step,
    /// What was read first and last.
    first_word: Option<String>,
    last: Option<Deployment>,
    /// When it was read last.
    seen: Duration,
    unseen: Option<Deployment>,
    timeline: Vec<(Duration, String)>,
    sends: u8,
    sent: Option<Sent>,
    /// Somebody else had asked before us, or while a request of ours was turned away or refused.
    under_way: bool,
    /// A request of ours was turned away by a rate limit (429).
    turned_away: bool,
    trouble: Option<Failure>,
    /// The last unclear answer to a cancel request.
    doubt: Option<Box<Failure>>,
    retries: Retries,
    began: Duration,
    ended: Duration,
    ending: Option<Verdict>,
}

/// Where the procedure stands; every variant but the last waits for an event.
#[derive(Clone, Debug)]
enum Step {
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
    Over,
}

impl Procedure {
    /// A procedure that begins `now`; `unseen` stands in for the deployment if it may not be read.
    pub fn new(plan: Plan, unseen: Option<Deployment>, now: Duration) -> Self {
        Self {
            plan,
            step: Step::Reading,
            first_word: None,
            last: None,
            seen: now,
            unseen,
            timeline: Vec::new(),
            sends: 0,
            sent: None,
            under_way: false,
            turned_away: false,
            trouble: None,
            doubt: None,
            retries: Retries::new(),
            began: now,
            ended: now,
            ending: None,
        }
    }

    /// What to do first.
    pub fn first(&self) -> Action {
        if self.ending.is_some() { Action::Done } else { Action::Find }
    }

    /// What to do after `event`.
    pub fn next(&mut self, now: Duration, event: Event) -> Action {
        match event {
            Event::Concluded(conclusion) => self.conclude(conclusion),
            _ if self.ending.is_some() => Action::Done,
            Event::Woke => self.look_again(now),
            Event::Read(result) => self.after_read(now, result),
            Event::Answered(answer) => self.after_answer(now, answer),
        }
    }

    fn conclude(&mut self, conclusion: Conclusion) -> Action {
        if let Some(last) = &mut self.last {
            last.details.extend(conclusion.details);
        }
        if let Some((ending, sentence)) = self.ending.as_mut().zip(conclusion.sentence) {
            ending.reason = format!("{} {sentence}", ending.reason);
        }
        Action::Done
    }

    /// A signal: whatever is still open ends as interrupted. A cancel request under way is waited for by the caller.
    pub fn interrupt(&mut self, now: Duration) {
        if self.ending.is_some() {
            return;
        }
        let reason = self.interrupted_reason();
        self.finish(now, Outcome::Interrupted, reason.to_owned(), String::new());
    }

    /// Takes back a cancel request that was decided on but never put on the wire.
    pub fn withdraw(&mut self) {
        if matches!(self.step, Step::Asking) {
            self.sends -= 1;
            self.step = Step::Reading;
        }
    }

    /// Takes back a cancel request that had to wait for its turn: everything is read again before it is sent.
    pub fn look_before_asking(&mut self, now: Duration) -> Action {
        self.withdraw();
        if let Some(answer) = self.doubt.clone() {
            self.step = Step::Verifying { answer, seen: 1 };
        }
        self.look_again(now)
    }

    /// Sends nothing more, because of what another deployment has become.
    pub fn give_up(&mut self, now: Duration, why: &str) -> Action {
        self.withdraw();
        self.skip(now, why)
    }

    /// The same after a signal, when the action that followed will not be carried out.
    pub fn withdraw_unsent(&mut self, action: &Action) {
        if matches!(action, Action::Cancel(_)) {
            self.withdraw();
        }
    }

    /// Ends it for a reason that concerns the whole run, such as a scope that is not there.
    pub fn end(&mut self, now: Duration, outcome: Outcome, reason: String, hint: String) {
        if self.ending.is_none() {
            self.finish(now, outcome, reason, hint);
        }
    }

    /// How it ended, once it has.
    pub fn ending(&self) -> Option<&Verdict> {
        self.ending.as_ref()
    }

    /// Its page for people, where that had to be looked up.
    pub fn show_page(&mut self, page: String) {
        if let Some(last) = &mut self.last {
            last.url.get_or_insert(page);
        }
    }

    /// The deployment as it was read last.
    pub fn last(&self) -> Option<&Deployment> {
        self.last.as_ref()
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

    /// Whether a request may follow upon the next read: a list, which may lag, is no judge of that.
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
        self.sends == 0 && !self.turned_away && !self.under_way
    }

    fn was_asked(&self) -> bool {
        self.sends > 0
    }

    /// Reads again; the action after every pause.
    fn look_again(&mut self, now: Duration) -> Action {
        if now >= self.plan.limit {
            return self.out_of_time(now);
        }
        match &self.last {
            Some(known) => Action::Refresh(Box::new(known.clone())),
            None => match (&self.unseen, &self.step) {
                (Some(unseen), Step::Watching { .. } | Step::Verifying { .. } | Step::Confirming) => {
                    Action::Refresh(Box::new(unseen.clone()))
                }
                _ => Action::Find,
            },
        }
    }

    fn note(&mut self, now: Duration, deployment: &Deployment) {
        let word = &deployment.platform_state;
        if self.timeline.last().is_none_or(|(_, last)| last != word) {
            self.timeline.push((now.saturating_sub(self.began), word.clone()));
        }
        self.last = Some(deployment.clone());
        self.seen = now;
        self.retries = Retries::new();
        self.trouble = None;
    }

    fn after_read(&mut self, now: Duration, result: Result<Found, Failure>) -> Action {
        match result {
            Ok(Found::Here(deployment)) => {
                let is_first = self.last.is_none() && matches!(self.step, Step::Reading);
                self.first_word.get_or_insert_with(|| deployment.platform_state.clone());
                self.note(now, &deployment);
                let guard = self.plan.guard.refusal(&deployment);
                if let Some(refusal) = guard.filter(|_| is_first) {
                    let reason = format!("Nothing was sent: {refusal}.");
                    let hint = "Check `deployment_id`, `branch`, `commit` and `target`.".to_owned();
                    self.finish(now, Outcome::Error, reason, hint)
                } else if deployment.is_terminal() {
                    self.classify(now)
                } else if !is_first && let Some(why) = self.no_longer_meant(&deployment) {
                    self.skip(now, &why)
                } else {
                    self.after_sight(now, &deployment)
                }
            }
            Ok(Found::Missing(what)) => self.after_miss(now, Outcome::NotFound, what),
            Ok(Found::Idle(what)) => self.after_miss(now, Outcome::NothingToCancel, what),
            Ok(Found::Spared(deployment, why)) => {
                self.first_word.get_or_insert_with(|| deployment.platform_state.clone());
                self.note(now, &deployment);
                if self.was_asked() {
                    self.after_miss(now, Outcome::Skipped, why)
                } else {
                    self.finish(now, Outcome::Skipped, why, String::new())
                }
            }
            Err(failure) => self.after_failed_read(now, failure),
        }
    }

    /// It was read, and it has not ended.
    fn after_sight(&mut self, now: Duration, deployment: &Deployment) -> Action {
        match self.step.clone() {
            Step::Reading => self.judge_first_sight(now, deployment),
            Step::Verifying { answer, .. } if deployment.state == State::Canceling && !answer.kind.is_ambiguous() => {
                // Refused because somebody else had asked a moment before.
                self.under_way = true;
                self.watch_another(now)
            }
            Step::Verifying { .. } if deployment.state == State::Canceling => self.watch(now),
            Step::Verifying { answer, .. } if !answer.kind.is_ambiguous() => {
                let reason = refused_reason(&answer, &deployment.platform_state);
                self.finish(now, Outcome::Error, reason, answer.hint.clone())
            }
            Step::Verifying { answer, seen: 0 } => {
                self.step = Step::Verifying { answer, seen: 1 };
                self.pause_until(now, now + SECOND_LOOK)
            }
            Step::Verifying { answer, .. } => self.ask_again(now, deployment, &answer),
            Step::Watching { since } => self.keep_watching(now, since),
            Step::Confirming => self.requested(now),
            Step::Asking | Step::Over => Action::Done,
        }
    }

    /// The guard that a deployment passed before it had to wait, and does not pass any more.
    fn no_longer_meant(&self, deployment: &Deployment) -> Option<String> {
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
        let word = &deployment.platform_state;
        let excluded =
            (!self.is_wanted(deployment.state)).then(|| format!("it is {word} now, which `only_states` excludes"));
        excluded.or_else(|| self.plan.guard.refusal(deployment))
    }

    /// What passed at first, or was to be kept, no longer does, so nothing is sent, or nothing more.
    fn skip(&mut self, now: Duration, why: &str) -> Action {
        let reason = match &self.doubt {
            Some(answer) => {
                format!("Nothing more was sent: {why}; the cancel request had had no clear answer ({answer}).")
            }
            None if self.turned_away => {
                format!("Nothing more was sent: {why}; the cancel request had been turned away by a rate limit (429).")
            }
            None => format!("Nothing was sent: {why}."),
        };
        self.finish(now, Outcome::Skipped, reason, String::new())
    }

    fn judge_first_sight(&mut self, now: Duration, deployment: &Deployment) -> Action {
        let word = &deployment.platform_state;
        if !self.is_wanted(deployment.state) {
            let reason = format!("It is {word}, which `only_states` excludes; nothing was sent.");
            return self.finish(now, Outcome::Skipped, reason, String::new());
        }
        if self.plan.dry_run {
            let otherwise = if deployment.state == State::Canceling {
                "is being canceled already, so it would only have been watched"
            } else {
                "would have been asked to cancel"
            };
            let reason = format!("It is {word} and {otherwise}; this is a dry run and nothing was sent.");
            return self.finish(now, Outcome::DryRun, reason, String::new());
        }
        if deployment.state == State::Canceling {
            self.under_way = true;
            return self.watch_another(now);
        }
        self.ask(now, Box::new(deployment.clone()))
    }

    /// Somebody else asked: nothing is sent, and its end is watched where it is to be waited for.
    fn watch_another(&mut self, now: Duration) -> Action {
        if self.plan.wait { self.keep_watching_from(now) } else { self.requested(now) }
    }

    fn is_wanted(&self, state: State) -> bool {
        self.plan.only_states.as_ref().is_none_or(|states| states.contains(&state))
    }

    fn ask(&mut self, now: Duration, known: Box<Deployment>) -> Action {
        if now >= self.plan.limit {
            return self.out_of_time(now);
        }
        self.step = Step::Asking;
        self.sends += 1;
        Action::Cancel(known)
    }

    fn ask_again(&mut self, now: Duration, deployment: &Deployment, answer: &Failure) -> Action {
        let word = &deployment.platform_state;
        if self.sends >= MOST_SENDS {
            let reason =
                format!("It was asked {MOST_SENDS} times without a clear answer and is still {word}: {answer}.");
            return self.finish(now, Outcome::Error, reason, answer.hint.clone());
        }
        if now >= self.plan.last_read() {
            return self.out_of_time(now);
        }
        if answer.not_before.is_some_and(|until| until > now) {
            // Only reading is allowed for now; it may still turn out that the first request was enough.
            return self.pause_until(now, now + SECOND_LOOK);
        }
        self.ask(now, Box::new(deployment.clone()))
    }

    fn after_answer(&mut self, now: Duration, answer: Result<Accepted, Failure>) -> Action {
        match answer {
            Ok(accepted) => {
                self.sent =
                    Some(Sent { accepted: true, status: Some(accepted.status), request_id: accepted.request_id });
                match accepted.deployment {
                    Some(deployment) => self.after_showing_answer(now, &deployment),
                    None if self.plan.wait => self.watch(now),
                    None => self.glance(now),
                }
            }
            Err(failure) => self.after_failed_answer(now, failure),
        }
    }

    fn after_showing_answer(&mut self, now: Duration, deployment: &Deployment) -> Action {
        if deployment.is_terminal() {
            self.note(now, deployment);
            return self.classify(now);
        }
        let is_seen = deployment.state.is_in_flight() || deployment.state == State::Canceling;
        match (self.plan.wait, is_seen) {
            (true, _) => self.watch(now),
            (false, true) => self.requested(now),
            (false, false) => self.glance(now),
        }
    }

    fn after_failed_answer(&mut self, now: Duration, failure: Failure) -> Action {
        let readable = self.last.is_some();
        self.turned_away |= failure.was_turned_away();
        if failure.kind.may_have_been_sent() || failure.was_turned_away() {
            self.sent = Some(Sent { accepted: false, status: failure.status, request_id: failure.request_id.clone() });
        }
        match failure.kind {
            Kind::Limited | Kind::MovedOn | Kind::Unreachable | Kind::Proxy => {
                // Nothing was processed, so this was no request. Before the next one the state is read again.
                self.sends -= 1;
                self.step = match self.doubt.clone() {
                    Some(answer) => Step::Verifying { answer, seen: 1 },
                    None => Step::Reading,
                };
                let pause = watch_pause(now.saturating_sub(self.began), &self.plan);
                self.after_passing_failure(now, failure, pause)
            }
            // An earlier request may have taken effect, and this refusal may be its consequence: the state decides.
            _ if self.doubt.is_some() && !matches!(failure.kind, Kind::Guarded | Kind::Misdirected) => {
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

    /// No clear yes: what is read next decides.
    fn decide(&mut self, now: Duration, failure: Failure) -> Action {
        let answer = Box::new(failure);
        self.doubt = Some(answer.clone());
        self.step = Step::Verifying { answer, seen: 0 };
        self.look_again(now)
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
    fn glance(&mut self, now: Duration) -> Action {
        self.step = Step::Confirming;
        self.look_again(now)
    }

    fn keep_watching_from(&mut self, now: Duration) -> Action {
        self.step = Step::Watching { since: now };
        self.keep_watching(now, now)
    }

    fn keep_watching(&mut self, now: Duration, since: Duration) -> Action {
        let pause = watch_pause(now.saturating_sub(since), &self.plan);
        self.pause_until(now, now + pause)
    }

    /// Pauses until `until`, or until there is just time for one last read that ends by the limit.
    fn pause_until(&mut self, now: Duration, until: Duration) -> Action {
        let last_read = self.plan.last_read();
        let very_last = self.plan.limit - (self.plan.limit / 8).min(VERY_LAST);
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

    /// It is not there: `outcome` if it never was, as far as this run knows.
    fn after_miss(&mut self, now: Duration, outcome: Outcome, what: String) -> Action {
        match self.step {
            Step::Reading if !self.was_asked() && self.last.is_none() => self.finish(now, outcome, what, String::new()),
            Step::Confirming => self.requested(now),
            _ => {
                let accepted = self.sent.as_ref().is_some_and(|sent| sent.accepted);
                let before = match &self.doubt {
                    Some(answer) if self.was_asked() && !accepted => self.unseen_reason(answer),
                    _ if self.was_asked() => "The cancel request was sent, but the end cannot be seen".to_owned(),
                    _ => "It was there before, but can be seen no more".to_owned(),
                };
                self.finish(now, Outcome::Error, format!("{before}: {what}"), String::new())
            }
        }
    }

    fn after_failed_read(&mut self, now: Duration, failure: Failure) -> Action {
        match self.step.clone() {
            Step::Reading => self.after_failed_first_read(now, failure),
            Step::Confirming => self.requested(now),
            Step::Watching { since } => {
                if failure.kind.is_unreadable() {
                    let accepted = if self.sent.as_ref().is_some_and(|sent| sent.accepted) {
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
            Step::Asking | Step::Over => Action::Done,
        }
    }

    fn after_passing_failure(&mut self, now: Duration, failure: Failure, pause: Duration) -> Action {
        let until = failure.not_before.unwrap_or_default().max(now + pause);
        let too_late = failure.not_before.is_some_and(|until| until >= self.plan.limit);
        self.trouble = Some(failure);
        if too_late { self.out_of_time(now) } else { self.pause_until(now, until) }
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

    /// Reading is forbidden, cancelling may be allowed: go on without, unless something has to be checked first.
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
                self.trouble = Some(failure);
                self.ask(now, Box::new(unseen))
            }
            (guard, _) => {
                let guard = guard.unwrap_or("only its id can be canceled");
                let reason = format!("It may not be read, so {guard} and nothing was sent: {failure}.");
                self.finish(now, Outcome::Error, reason, failure.hint)
            }
        }
    }

    fn requested(&mut self, now: Duration) -> Action {
        let reason = self.requested_reason();
        self.finish(now, Outcome::Requested, reason.to_owned(), String::new())
    }

    fn out_of_time(&mut self, now: Duration) -> Action {
        let hint = self.trouble.as_ref().map(|failure| failure.hint.clone());
        let reason = self.out_of_time_reason();
        let (outcome, usual) = if self.last.is_some() {
            (Outcome::TimedOut, "Look at its page, or allow a longer `timeout`.")
        } else {
            (Outcome::Error, "")
        };
        let hint = hint.filter(|hint| !hint.is_empty()).unwrap_or_else(|| usual.to_owned());
        self.finish(now, outcome, reason, hint)
    }

    /// It has ended, and what was read says how.
    fn classify(&mut self, now: Duration) -> Action {
        let Some(last) = &self.last else {
            return Action::Done;
        };
        // In flight when a request was turned away, and canceled since: somebody else asked.
        let by_others = self.turned_away && !self.was_asked() && last.state == State::Canceled;
        let asked = self.was_asked() || self.under_way || by_others;
        let outcome = match (asked, last.state) {
            (true, State::Canceled) => Outcome::Canceled,
            (true, State::Succeeded) => Outcome::Completed,
            (true, State::Failed) => Outcome::Failed,
            (true, State::Superseded) => Outcome::Superseded,
            (true, _) => Outcome::Error,
            (false, State::Succeeded) if last.went_live() => Outcome::AlreadyLive,
            (false, _) => Outcome::AlreadyFinished,
        };
        let reason = self.ended_reason(outcome, last);
        self.under_way |= by_others;
        self.finish(now, outcome, reason, String::new())
    }

    fn finish(&mut self, now: Duration, outcome: Outcome, reason: String, hint: String) -> Action {
        self.step = Step::Over;
        self.ended = now;
        self.ending = Some(Verdict { outcome, reason, hint, perhaps_live: false });
        match &self.last {
            Some(last) if last.is_terminal() => Action::Conclude(Box::new(last.clone())),
            _ => Action::Done,
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
