//! What is reported of one deployment.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::headlines::{NOTHING_CANCELED, headline, row};
use super::roll_back::RollBackReport;
use super::timeline::{StateChange, changes, one_decimal};
use super::why::Why;
use crate::cancel::Procedure;
use crate::input::Spelling;
use crate::model::about::About;
use crate::model::deployment::{Deployment, Live, State};
use crate::model::id::Id;
use crate::model::outcome::Outcome;
use crate::model::roll_back::RollBackResult;
use crate::roll_back;
use crate::text::sanitizer::{Sanitizer, break_marks};
use crate::text::shown::{Shown, ShownFacts};
use crate::text::web_link::WebLink;

/// What is reported of one deployment.
#[derive(Clone, Debug, Serialize)]
pub struct DeploymentReport {
    pub(super) platform: &'static str,
    pub(super) deployment_id: Shown,
    pub(super) deployment_url: Option<Shown>,
    #[serde(serialize_with = "outcome_word")]
    pub(super) outcome: Outcome,
    pub(super) canceled: bool,
    pub(super) went_live: &'static str,
    pub(super) state: Option<&'static str>,
    pub(super) platform_state: Option<Shown>,
    pub(super) previous_state: Option<Shown>,
    #[serde(rename = "reason")]
    pub(super) why: Why,
    pub(super) branch: Option<Shown>,
    pub(super) commit: Option<Shown>,
    pub(super) target: Option<Shown>,
    pub(super) created_at: Option<Timestamp>,
    #[serde(serialize_with = "one_decimal")]
    pub(super) duration_seconds: f64,
    pub(super) http_status: Option<u16>,
    pub(super) request_id: Option<Shown>,
    pub(super) timeline: Vec<StateChange>,
    pub(super) details: ShownFacts,
    pub(super) rollback: Option<Box<RollBackReport>>,
    /// Our word for the platform's last one, where that does not say it.
    #[serde(skip)]
    pub(super) our_word: Option<&'static str>,
    /// No request for it was sent.
    #[serde(skip)]
    pub(super) untouched: bool,
    /// The credential was refused for all that was tried.
    #[serde(skip)]
    pub(super) refused: bool,
    /// It was live, and is not any more.
    #[serde(skip)]
    pub(super) is_gone: bool,
    /// The state in flight that it was seen in after a clear refusal.
    #[serde(skip)]
    pub(super) goes_on: Option<State>,
}

impl DeploymentReport {
    /// The report of one deployment.
    pub fn new(
        about: &'static About,
        id: &Id,
        procedure: &Procedure,
        sanitizer: &Sanitizer,
        spelling: &Spelling,
    ) -> Self {
        let last = procedure.last();
        // The outputs that are written when the first cancel request goes out stand if no others follow.
        let ending = procedure.ending();
        let outcome = ending.map_or(Outcome::Interrupted, |verdict| verdict.outcome);
        let why = ending.map_or_else(Why::killed, |verdict| Why::new(verdict, sanitizer, spelling));
        let sent = procedure.sent();
        let said = |text: Option<&String>| text.map(|text| sanitizer.short(text));
        Self {
            platform: about.id,
            deployment_id: sanitizer.short(last.map_or(id.as_str(), |last| &last.id)),
            deployment_url: said(last.and_then(|last| last.url.as_ref())),
            outcome,
            canceled: outcome == Outcome::Canceled
                || outcome == Outcome::AlreadyFinished && last.is_some_and(|last| last.state == State::Canceled),
            went_live: went_live(outcome, last),
            state: last.map(|last| last.state.word()),
            platform_state: said(last.map(|last| &last.platform_state)),
            previous_state: procedure.first_word().map(|word| sanitizer.short(word)),
            why,
            branch: said(last.and_then(|last| last.branch.as_ref())),
            commit: said(last.and_then(|last| last.commit.as_ref())),
            target: said(last.and_then(|last| last.target.as_ref())),
            created_at: last.and_then(|last| last.created),
            duration_seconds: procedure.took().as_secs_f64(),
            http_status: sent.and_then(|sent| sent.status),
            request_id: said(sent.and_then(|sent| sent.request_id.as_ref())),
            timeline: changes(procedure.timeline(), sanitizer),
            details: last.map(|last| sanitizer.facts(&last.details)).unwrap_or_default(),
            rollback: None,
            our_word: last.and_then(our_word),
            untouched: procedure.is_untouched(),
            refused: ending.is_some_and(|verdict| verdict.reason.refused_all()),
            is_gone: last.is_some_and(|last| last.live == Live::Once),
            goes_on: ending.and_then(|verdict| verdict.reason.goes_on()),
        }
    }

    /// It had been live before this run looked, by the platform's own word.
    pub(super) fn was_live(&self) -> bool {
        self.our_word == Some(WAS_LIVE)
    }

    /// The same with what came of putting back what was live before.
    #[must_use]
    pub fn with_roll_back(
        self,
        procedure: Option<&roll_back::Procedure>,
        sanitizer: &Sanitizer,
        spelling: &Spelling,
    ) -> Self {
        let rollback = procedure.and_then(|procedure| RollBackReport::of(procedure, sanitizer, spelling)).map(Box::new);
        let is_gone = self.is_gone || rollback.as_ref().is_some_and(|it| it.came_to.found_it_gone());
        Self { rollback, is_gone, ..self }
    }

    /// The same if this process is killed after the request to put that back has gone out.
    #[must_use]
    pub fn killed_while_rolling_back(self) -> Self {
        Self { rollback: Some(Box::new(RollBackReport::killed())), ..self }
    }

    /// What came of putting back what was live before, where that was asked for and needed.
    pub(super) fn rolled_back(&self) -> Option<RollBackResult> {
        self.rollback.as_ref().map(|it| it.came_to)
    }

    /// What came of it.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// It was to be put back if it is live, and nobody could see whether it is.
    pub(super) fn may_serve(&self) -> bool {
        self.went_live == "unknown" && self.rolled_back().is_some_and(|came_to| !came_to.found_it_gone())
    }

    /// Whether this run had to do with it, and nobody knows whether it goes live.
    pub(super) fn is_unseen(&self) -> bool {
        let is_let_be = matches!(self.outcome, Outcome::NotFound | Outcome::DryRun | Outcome::Skipped);
        self.went_live == "unknown" && !is_let_be && !(self.untouched && self.state.is_none())
    }

    /// The platform's last word, and ours beside it.
    pub(super) fn last_word(&self, write: impl Fn(&str) -> String) -> Option<String> {
        let word = self.platform_state.as_deref().filter(|word| !word.is_empty())?;
        Some(write(word) + &self.our_word.map(|ours| format!(" ({ours})")).unwrap_or_default())
    }

    /// A page for people, as a link may name it.
    pub(super) fn page(&self) -> Option<WebLink> {
        self.deployment_url.as_ref().and_then(WebLink::to)
    }

    pub(super) fn sentence(&self) -> Shown {
        self.why.sentence()
    }

    /// A heading about it, under this name.
    pub(super) fn title(&self, name: &Shown) -> Shown {
        let is_unsent = self.outcome == Outcome::Error && (self.untouched || self.refused);
        match self.why.in_short.filter(|_| is_unsent && self.rollback.is_none()) {
            Some(why) => Shown::of(&[&self.headline(), &": ", &why, &" (", name, &")"]),
            None => Shown::of(&[&self.headline(), &": ", name]),
        }
    }

    /// What became of it, in words for a heading.
    pub(super) fn headline(&self) -> &'static str {
        match self.outcome {
            Outcome::Error | Outcome::TimedOut if self.rolled_back().is_some() => {
                "Went live, not known to be rolled back"
            }
            Outcome::Completed if self.went_live != "true" => "Finished before it could be canceled",
            Outcome::Canceled if self.may_serve() => "Canceled, but it may be live",
            Outcome::Failed if self.may_serve() => "Failed by itself, but it may be live",
            Outcome::AlreadyFinished if self.may_serve() => "Had ended already, but it may be live",
            Outcome::Error if self.untouched || self.refused => NOTHING_CANCELED,
            outcome => match self.goes_on {
                Some(State::Queued) => "Not canceled, still queued",
                Some(_) => "Not canceled, still running",
                None => headline(outcome),
            },
        }
    }

    /// The same for a row of a table, and behind a number.
    pub(super) fn row(&self) -> &'static str {
        match self.outcome {
            Outcome::Error | Outcome::TimedOut if self.rolled_back().is_some() => "not known to be rolled back",
            Outcome::Completed if self.went_live != "true" => "finished first",
            Outcome::Error if self.refused => "credential refused",
            Outcome::Error if self.untouched => "not asked to cancel",
            outcome => match self.goes_on {
                Some(State::Queued) => "still queued",
                Some(_) => "still running",
                None => row(outcome),
            },
        }
    }
}

const WAS_LIVE: &str = "was live";

/// What it ended as in our words, where the platform's word does not say so itself: `READY` is live.
pub fn our_word(last: &Deployment) -> Option<&'static str> {
    let ours = match (last.went_live(), last.live, last.state) {
        (_, Live::Once, _) => WAS_LIVE,
        (Some(true), ..) => "live",
        (_, Live::Unpublished, State::Succeeded) => "built, not published",
        (_, Live::TakesDown, State::Succeeded) => "taken down",
        (.., State::Canceled) => "canceled",
        (.., State::Failed) => "failed",
        (.., State::Superseded) => "superseded",
        (.., State::Ended) => "ended, not live",
        _ => return None,
    };
    let theirs = last.platform_state.to_lowercase().replace("cancelled", "canceled");
    (!theirs.contains(ours)).then_some(ours)
}

fn went_live(outcome: Outcome, last: Option<&Deployment>) -> &'static str {
    match (outcome, last.map(|last| last.state), last.and_then(Deployment::went_live)) {
        (Outcome::NothingToCancel, ..) => "false",
        // It was live, or nothing could have been put back.
        (Outcome::RolledBack, ..) => "true",
        // Replaced before anybody wanted it stopped.
        (_, Some(State::Superseded), Some(true)) if !is_live(outcome) => "false",
        // In flight when it was asked, and over because of that.
        (Outcome::Canceled, Some(State::Ended), None) => "false",
        (.., Some(true)) => "true",
        (.., Some(false)) => "false",
        (.., None) => "unknown",
    }
}

/// It went live although, or before, it was asked to stop.
const fn is_live(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Completed | Outcome::AlreadyLive | Outcome::RolledBack)
}

fn outcome_word<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.word())
}

/// The id of a deployment as log lines show it.
pub fn shown_id(id: &Id, sanitizer: &Sanitizer) -> String {
    break_marks(&sanitizer.short(id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_word_stands_beside_a_last_word_that_does_not_say_it() {
        for (word, live, state, ours) in [
            ("READY", Live::ByState, State::Succeeded, Some("live")),
            ("READY", Live::Unpublished, State::Succeeded, Some("built, not published")),
            ("READY", Live::Unknown, State::Succeeded, None),
            ("live", Live::ByState, State::Succeeded, None),
            ("ERROR", Live::ByState, State::Failed, Some("failed")),
            ("build_failed", Live::ByState, State::Failed, None),
            ("FINALIZED/CANCELLED", Live::ByState, State::Canceled, None),
            ("stopped", Live::ByState, State::Canceled, Some("canceled")),
            ("REMOVED", Live::Once, State::Succeeded, Some("was live")),
            ("deactivated", Live::Once, State::Superseded, Some("was live")),
            ("BUILDING", Live::ByState, State::Running, None),
        ] {
            let last = Deployment { live, state, platform_state: word.to_owned(), ..Deployment::without_reading("d") };
            assert_eq!(our_word(&last), ours, "{word} {live:?}");
        }
    }

    #[test]
    fn what_went_live_is_told_by_what_says_so() {
        use Outcome::{AlreadyFinished, AlreadyLive, Completed, Error};
        for (outcome, live, state, told) in [
            (Completed, Live::ByState, State::Succeeded, "true"),
            (Completed, Live::Unpublished, State::Succeeded, "false"),
            (Completed, Live::TakesDown, State::Succeeded, "false"),
            (Completed, Live::Unknown, State::Succeeded, "unknown"),
            (Completed, Live::Serving, State::Canceled, "true"),
            (Outcome::Canceled, Live::Unknown, State::Canceled, "unknown"),
            (Outcome::Canceled, Live::Unknown, State::Ended, "false"),
            (AlreadyFinished, Live::Unknown, State::Ended, "unknown"),
            (AlreadyLive, Live::Once, State::Failed, "true"),
            (Completed, Live::Once, State::Superseded, "true"),
            (AlreadyFinished, Live::Once, State::Superseded, "false"),
            (Outcome::RolledBack, Live::Once, State::Superseded, "true"),
            (Outcome::RolledBack, Live::Unknown, State::Succeeded, "true"),
            (Error, Live::ByState, State::Running, "unknown"),
            (Error, Live::ByState, State::Unknown, "unknown"),
            (Outcome::NothingToCancel, Live::ByState, State::Running, "false"),
        ] {
            let last = Deployment { live, state, ..Deployment::without_reading("d") };
            assert_eq!(went_live(outcome, Some(&last)), told, "{outcome} {live:?} {state:?}");
        }
        assert_eq!(went_live(Error, None), "unknown");
    }
}
