//! An onlooker who knows nothing of the steps: what went out and what came back, and whether the story told fits.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::scene::{BRANCH, COMMIT, Scene};
use crate::cancel::{Action, Event, Plan, Procedure};
use crate::model::answers::{Exclusion, Found};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::outcome::Outcome;

pub(super) type Checked = Result<(), TestCaseError>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Nothing was on the wire any more.
    Heard,
    /// A cancel request was on the wire and stayed unanswered.
    OnTheWire,
}

/// What an onlooker knows: the plan, what went out, and what came back.
pub(super) struct Observer<'a> {
    plan: &'a Plan,
    may_be_unseen: bool,
    /// What the reads, and answers that show an end, said last and at first.
    last: Option<Deployment>,
    first_word: Option<String>,
    words: Vec<String>,
    /// Since the last answer to a cancel request: the last read, when it showed something to be canceled.
    fit: Option<Deployment>,
    /// Since the same: reading is forbidden, and nothing was ever read.
    banned: bool,
    /// Since the last answer that left open whether it was processed: when something to be canceled was seen.
    looks: Option<Vec<Duration>>,
    /// Cancel requests that may have been processed.
    processed: usize,
    /// The last of these had a clear yes.
    accepted: bool,
    /// It was being canceled before any request of ours was processed.
    already_canceling: bool,
    /// One was turned away by a rate limit.
    turned_away: bool,
    /// The last answer was a clear no.
    refused: bool,
    excluded: bool,
    /// Requests since a clear yes.
    after_yes: usize,
    /// Requests at this very moment.
    at_once: (Duration, usize),
    barred: bool,
    said: Option<Event>,
}

impl<'a> Observer<'a> {
    pub(super) fn new(scene: &'a Scene) -> Self {
        Self {
            plan: &scene.plan,
            may_be_unseen: scene.may_be_unseen,
            last: None,
            first_word: None,
            words: Vec::new(),
            fit: None,
            banned: false,
            looks: None,
            processed: 0,
            accepted: false,
            already_canceling: false,
            turned_away: false,
            refused: false,
            excluded: false,
            after_yes: 0,
            at_once: (Duration::ZERO, 0),
            barred: false,
            said: None,
        }
    }

    pub(super) fn passes(&self, seen: &Deployment) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>, good: &str| wanted.is_none() || found == Some(good);
        is(&self.plan.guard.branch, seen.branch.as_deref(), BRANCH)
            && is(&self.plan.guard.commit, seen.commit.as_deref(), COMMIT)
    }

    pub(super) fn is_wanted(&self, state: State) -> bool {
        let only = self.plan.only_states.as_ref();
        only.is_none_or(|states| states.contains(&state))
    }

    /// A request goes out.
    pub(super) fn goes_out(&mut self, now: Duration, action: &Action) -> Checked {
        prop_assert!(now < self.plan.limit, "a request after the limit");
        let before = if self.at_once.0 == now { self.at_once.1 } else { 0 };
        self.at_once = (now, before + 1);
        prop_assert!(self.at_once.1 <= 4, "requests without a pause");
        if self.accepted {
            self.after_yes += 1;
            prop_assert!(self.plan.wait || self.after_yes <= 1, "it is waited for");
        }
        let Action::Cancel(known) = action else {
            return Ok(());
        };
        prop_assert!(!self.plan.dry_run, "a dry run sends");
        prop_assert!(self.processed < 3, "a fourth request");
        prop_assert!(!self.accepted, "a request after a clear yes");
        prop_assert!(!self.excluded, "what was excluded is asked");
        prop_assert!(!self.already_canceling, "it was being canceled already");
        match &self.fit {
            Some(fit) => {
                prop_assert_eq!(&fit.id, &known.id, "another one than was read");
                prop_assert!(self.is_wanted(fit.state), "excluded by only_states");
                prop_assert!(self.passes(fit), "a guard does not pass");
            }
            None => {
                let unguarded = !self.plan.guard.is_set() && !self.plan.guarded && self.plan.only_states.is_none();
                prop_assert!(self.banned && unguarded && self.may_be_unseen, "nothing that was read allows it");
            }
        }
        if let Some(looks) = &self.looks {
            let apart = looks.first().zip(looks.last()).map(|(a, b)| *b - *a);
            prop_assert!(apart.is_some_and(|apart| apart >= Duration::from_secs(2)), "asked again too soon");
        }
        (self.fit, self.banned) = (None, false);
        Ok(())
    }

    pub(super) fn sees(&mut self, seen: &Deployment) {
        if self.words.last() != Some(&seen.platform_state) {
            self.words.push(seen.platform_state.clone());
        }
        self.last = Some(seen.clone());
    }

    /// An answer comes in.
    pub(super) fn hears(&mut self, now: Duration, event: Event) {
        if let Event::Read(Err(failure)) | Event::Answered(Err(failure)) = &event {
            let limit = self.plan.limit;
            self.barred = failure.not_before.is_some_and(|until| until >= limit);
        }
        match &event {
            Event::Read(read) => self.hears_read(now, read),
            Event::Answered(Ok(accepted)) => {
                self.processed += 1;
                self.accepted = true;
                let shown = accepted.deployment.as_deref();
                if let Some(shown) = shown.filter(|shown| shown.is_terminal()) {
                    self.sees(shown);
                }
            }
            Event::Answered(Err(failure)) => self.hears_no(failure.kind),
            Event::Woke | Event::Concluded(_) => {}
        }
        self.said = Some(event);
    }

    fn hears_read(&mut self, now: Duration, read: &Result<Found, Failure>) {
        (self.fit, self.banned) = (None, false);
        match read {
            Ok(Found::Here(seen) | Found::Excluded(Exclusion { seen: Some(seen), .. })) => {
                let word = || seen.platform_state.clone();
                self.first_word.get_or_insert_with(word);
                self.sees(seen);
                let canceling = seen.state == State::Canceling;
                self.already_canceling |= canceling && (self.processed == 0 || self.refused);
                self.already_canceling |= self.turned_away && self.processed == 0 && seen.state == State::Canceled;
                self.excluded |= matches!(read, Ok(Found::Excluded(_)));
                if !seen.is_terminal() && !canceling {
                    self.fit = Some((**seen).clone());
                    self.looks.iter_mut().for_each(|looks| looks.push(now));
                }
            }
            Err(failure) => {
                self.banned = failure.kind == Kind::Forbidden && self.last.is_none();
            }
            Ok(_) => {}
        }
    }

    fn hears_no(&mut self, kind: Kind) {
        match kind {
            Kind::Limited => self.turned_away = true,
            // Nobody got to see it.
            Kind::MovedOn | Kind::Unreachable | Kind::UnknownHost | Kind::Untrusted | Kind::Proxy | Kind::Guarded => {}
            kind => {
                self.processed += 1;
                self.refused = !kind.is_ambiguous();
                if kind.is_ambiguous() {
                    self.looks = Some(Vec::new());
                }
            }
        }
    }

    /// The whole story against what was heard.
    pub(super) fn judge(&self, now: Duration, procedure: &Procedure, signal: Option<Signal>) -> Checked {
        let Some(ending) = procedure.ending() else {
            return Err(TestCaseError::fail("it has no ending"));
        };
        let outcome = ending.outcome;
        let end = self.end();
        let told = match outcome {
            Outcome::Canceled if end.is_some_and(|end| end.state == State::Ended) => Some(State::Ended),
            Outcome::Canceled => Some(State::Canceled),
            Outcome::Failed => Some(State::Failed),
            Outcome::Superseded => Some(State::Superseded),
            _ => None,
        };
        if told.is_some() {
            prop_assert_eq!(end.map(|end| end.state), told, "an end that was not read");
            prop_assert!(!self.went_live(), "it went live");
        }
        self.judge_end(outcome)?;
        self.judge_no_end(now, outcome, signal)?;
        self.judge_words(procedure, signal)
    }

    /// Where it is said to have ended, or that somebody said yes.
    fn judge_end(&self, outcome: Outcome) -> Checked {
        let end = self.end();
        let asked = self.processed > 0 || self.already_canceling;
        match outcome {
            Outcome::Canceled if end.is_some_and(|end| end.state == State::Ended) => {
                prop_assert!(self.ends_by_a_request(), "nobody asked in time, or the answer was a clear no");
            }
            Outcome::Completed => {
                let ended_well = end.is_some_and(|end| end.state == State::Succeeded);
                prop_assert!(asked && (ended_well || self.went_live()), "nobody asked, or it did not go live");
            }
            Outcome::Canceled | Outcome::Failed | Outcome::Superseded => prop_assert!(asked, "nobody asked"),
            Outcome::AlreadyFinished if end.is_some_and(|end| end.state == State::Ended) && asked => {
                prop_assert!(!self.ends_by_a_request(), "it was asked in time, and nobody clearly said no");
            }
            Outcome::AlreadyLive | Outcome::AlreadyFinished => {
                prop_assert!(end.is_some() && !asked, "it was asked before");
                // What was replaced before anybody looked is over like any other.
                let replaced = end.is_some_and(|end| {
                    end.state == State::Superseded && self.first_word.as_ref() == Some(&end.platform_state)
                });
                prop_assert_eq!(self.went_live() && !replaced, outcome == Outcome::AlreadyLive);
            }
            Outcome::Requested => {
                // An end of what is excluded is the end of another one.
                prop_assert!(!self.plan.wait && (end.is_none() || self.excluded));
                prop_assert!(self.accepted || self.already_canceling, "nobody said yes");
            }
            Outcome::Error => {
                // An end in a word that we know has a name of its own, unless it is the end of another one.
                let known = end.is_some_and(|end| end.state.is_terminal() && self.passes(end));
                prop_assert!(!known || self.excluded, "the end was read");
            }
            _ => {}
        }
        Ok(())
    }

    fn went_live(&self) -> bool {
        self.end().and_then(Deployment::went_live) == Some(true)
    }

    /// Where nothing was taken to its end, and why.
    fn judge_no_end(&self, now: Duration, outcome: Outcome, signal: Option<Signal>) -> Checked {
        let end = self.end();
        match outcome {
            Outcome::TimedOut => {
                prop_assert!(self.last.is_some() && end.is_none());
                prop_assert!(now >= self.plan.last_read() || self.barred, "too early");
            }
            Outcome::Interrupted => prop_assert!(signal.is_some()),
            Outcome::DryRun => {
                prop_assert!(self.plan.dry_run && self.last.is_some() && end.is_none());
            }
            Outcome::Skipped => {
                let left = self.last.as_ref();
                let left = left.is_some_and(|last| !self.is_wanted(last.state) || !self.passes(last));
                let guarded =
                    matches!(&self.said, Some(Event::Answered(Err(failure))) if failure.kind == Kind::Guarded);
                let left = end.is_none() && left;
                prop_assert!(!self.accepted && (self.excluded || left || guarded));
            }
            Outcome::NothingToCancel => {
                prop_assert!(self.processed == 0 && self.last.is_none());
                let excluded = matches!(self.said, Some(Event::Read(Ok(Found::Excluded(_)))));
                prop_assert!(excluded);
            }
            Outcome::NotFound => self.judge_not_found()?,
            _ => {}
        }
        Ok(())
    }

    fn judge_not_found(&self) -> Checked {
        prop_assert!(self.last.is_none() && self.looks.is_none());
        match &self.said {
            Some(Event::Read(Ok(Found::Missing(_)))) => prop_assert_eq!(self.processed, 0),
            Some(Event::Answered(Err(failure))) => prop_assert_eq!(failure.kind, Kind::NotFound),
            other => prop_assert!(false, "not found by {other:?}"),
        }
        Ok(())
    }

    /// In flight when it was asked, and no clear no to the only request; or asked by somebody else.
    fn ends_by_a_request(&self) -> bool {
        let only_no = self.refused && self.processed == 1 && !self.accepted;
        self.already_canceling || self.processed > 0 && self.first_word.is_some() && !only_no
    }

    fn end(&self) -> Option<&Deployment> {
        self.last.as_ref().filter(|last| last.is_terminal())
    }

    /// What is told besides the outcome.
    pub(super) fn judge_words(&self, procedure: &Procedure, signal: Option<Signal>) -> Checked {
        let last = procedure.last().map(|last| last.state);
        prop_assert_eq!(last, self.last.as_ref().map(|last| last.state));
        prop_assert_eq!(procedure.first_word(), self.first_word.as_deref());
        let words: Vec<_> = procedure.timeline().iter().map(|(_, word)| word).collect();
        prop_assert_eq!(words, self.words.iter().collect::<Vec<_>>());
        let on_the_wire = signal == Some(Signal::OnTheWire);
        let sent = procedure.sent();
        prop_assert_eq!(sent.is_some(), self.processed > 0 || self.turned_away);
        prop_assert_eq!(sent.is_some_and(|sent| sent.accepted), self.accepted);
        let reason = procedure.ending().unwrap().reason.to_string();
        let nothing = [
            "othing was sent",
            "o cancel request was sent",
            "sent nothing",
            "it only watched",
            "before it sent",
            "before a cancel request could be processed",
        ];
        if nothing.iter().any(|words| reason.contains(words)) {
            prop_assert!(self.processed == 0 && !on_the_wire && !self.turned_away, "{reason}");
        }
        if ["had sent the cancel request", "request had no clear answer"].iter().any(|words| reason.contains(words)) {
            prop_assert!(self.processed > 0, "{reason}");
        }
        if reason.contains("platform accepted") || reason.contains("platform had accepted") {
            prop_assert!(self.accepted, "{reason}");
        }
        if on_the_wire && procedure.ending().unwrap().outcome == Outcome::Interrupted {
            prop_assert!(reason.contains("on its way"), "{reason}");
        }
        Ok(())
    }
}
