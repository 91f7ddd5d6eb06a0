//! The whole story of a run, and what holds for all ways to tell it.

use std::collections::HashSet;
use std::time::Duration;

use super::deployment::DeploymentReport;
use super::headlines::{NOTHING_CANCELED, whole_headline};
use super::why::{Why, reason};
use crate::cancel::Verdict;
use crate::model::about::About;
use crate::model::outcome::{FailOn, Level, Outcome};
use crate::text::sanitizer::Sanitizer;
use crate::text::shown::Shown;

/// More lines of one kind than this are not shown.
pub(super) const MOST_LINES: usize = 10;

/// The whole story of a run.
#[derive(Debug)]
pub struct Report {
    /// The platform, once known.
    pub platform: Option<&'static About>,
    /// What was asked, in a few words.
    pub asked: Shown,
    /// One each, in the order given.
    pub deployments: Vec<DeploymentReport>,
    /// What fails the step.
    pub fail_on: FailOn,
    /// How it ended for the whole run, when there was no deployment to tell of.
    pub whole: Option<Whole>,
    /// Faults of the inputs, when there was no run.
    pub faults: Vec<Shown>,
    /// How long the run took.
    pub took: Duration,
}

/// How a run ended that took no deployment to its end.
#[derive(Debug)]
pub struct Whole {
    /// The outcome.
    pub outcome: Outcome,
    /// One sentence.
    pub reason: Shown,
    /// The same in its parts, with what to change.
    pub(super) why: Why,
    /// What was meant may be live.
    pub perhaps_live: bool,
}

impl Whole {
    /// The verdict as it is told.
    pub fn new(verdict: &Verdict, sanitizer: &Sanitizer) -> Self {
        Self {
            outcome: verdict.outcome,
            reason: sanitizer.short(&reason(verdict)),
            why: Why::new(verdict, |text| sanitizer.short(text)),
            perhaps_live: verdict.reason.leaves_open_what_is_live(),
        }
    }

    pub(super) fn sentence(&self) -> Shown {
        self.why.sentence()
    }
}

impl Report {
    /// The worst outcome.
    pub fn outcome(&self) -> Outcome {
        let worst = self.deployments.iter().map(DeploymentReport::outcome).min();
        let whole = self.whole.as_ref().map(|whole| whole.outcome);
        worst.or(whole).unwrap_or(Outcome::Error)
    }

    /// The outcomes that decide the exit.
    pub fn outcomes(&self) -> Vec<Outcome> {
        match self.deployments.as_slice() {
            [] => vec![self.outcome()],
            some => some.iter().map(DeploymentReport::outcome).collect(),
        }
    }

    /// The loudest level of the run.
    pub fn level(&self) -> Level {
        let levels = self.deployments.iter().map(|told| self.level_of(told));
        let whole = self.whole.as_ref().map(|whole| self.fail_on.level(whole.outcome));
        levels.max().or(whole).unwrap_or(Level::Error)
    }

    /// How loudly a deployment is told. One that had ended already is worth a look where nobody knows whether it is live.
    pub(super) fn level_of(&self, told: &DeploymentReport) -> Level {
        let level = self.fail_on.level(told.outcome);
        if told.outcome == Outcome::AlreadyFinished && told.went_live == "unknown" {
            level.max(Level::Warning)
        } else {
            level
        }
    }

    pub(super) fn worst(&self) -> Option<&DeploymentReport> {
        self.deployments.iter().min_by_key(|told| told.outcome)
    }

    pub(super) fn went_live(&self) -> &'static str {
        let any = |word| self.deployments.iter().any(|told| told.went_live == word);
        if any("true") {
            "true"
        } else if any("unknown") || !self.faults.is_empty() || self.is_unreadable() {
            // With bad input, or without a list, nothing was looked at, so nobody knows.
            "unknown"
        } else {
            "false"
        }
    }

    pub(super) fn canceled_count(&self) -> usize {
        self.deployments.iter().filter(|told| told.canceled).count()
    }

    /// Whether everything that was asked for has happened.
    pub fn all_canceled(&self) -> bool {
        !self.deployments.is_empty() && self.deployments.iter().all(|told| told.canceled)
    }

    /// Whether it ended before anything was seen, or what was seen leaves open which deployment was meant.
    pub(super) fn is_unreadable(&self) -> bool {
        let whole = self.whole.as_ref();
        whole.is_some_and(|whole| whole.outcome != Outcome::NothingToCancel || whole.perhaps_live)
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &DeploymentReport> {
        let mut live: Vec<_> = self.deployments.iter().collect();
        live.retain(|told| told.went_live == "true");
        live.sort_by_key(|told| told.outcome);
        live.into_iter()
    }

    /// The faults of the inputs, each once; of more than ten the first nine, and one line that counts the rest.
    pub(super) fn shown_faults(&self) -> Vec<Shown> {
        let mut seen = HashSet::new();
        let mut faults: Vec<_> = self.faults.iter().filter(|it| seen.insert(*it)).collect();
        if faults.len() <= MOST_LINES {
            return faults.into_iter().cloned().collect();
        }
        let more = faults.split_off(MOST_LINES - 1).len();
        let rest = Shown::of(&[&"And ", &more, &" more faults like these."]);
        faults.into_iter().cloned().chain([rest]).collect()
    }

    /// One sentence for the whole run.
    pub fn reason(&self) -> Shown {
        match (self.worst(), self.deployments.len()) {
            (None, _) if !self.faults.is_empty() => {
                let faults = Shown::join(self.shown_faults().iter().map(Shown::without_stop), "; ");
                Shown::of(&[&"The inputs are not right, and nothing was sent: ", &faults, &"."])
            }
            (None, _) => self.whole.as_ref().map(|whole| whole.reason.clone()).unwrap_or_default(),
            (Some(only), 1) => only.reason.clone(),
            (Some(worst), count) => {
                let tally = self.tally(&Shown::of(&[&"of ", &count]));
                Shown::of(&[&tally, &"; ", &worst.deployment_id, &" is ", &worst.outcome, &": ", &worst.reason])
            }
        }
    }

    /// The summary's heading as a sentence.
    pub fn title(&self) -> Shown {
        let name = self.platform.map_or("", |about| about.name);
        match (self.deployments.as_slice(), self.faults.is_empty()) {
            (_, false) => Shown::of(&[&NOTHING_CANCELED, &": the inputs are not right"]),
            ([], true) => Shown::of(&[&whole_headline(self.outcome()), &" on ", &name]),
            ([only], true) => Shown::of(&[&only.headline(), &": ", &only.deployment_id, &" on ", &name]),
            (many, true) => self.tally(&Shown::of(&[&"of ", &many.len(), &" deployments on ", &name])),
        }
    }

    /// What came of several, as far as this run goes: one that sends nothing or does not wait sees no end.
    pub(super) fn tally(&self, of_all: &Shown) -> Shown {
        let count = |outcome| {
            let all = self.deployments.iter();
            all.filter(|told| told.outcome == outcome).count()
        };
        let canceled = self.canceled_count();
        match (count(Outcome::DryRun), count(Outcome::Requested)) {
            (0, 0) => Shown::of(&[&canceled, &" ", of_all, &" ended canceled"]),
            (0, requested) => {
                let asked = if requested == 1 { " was" } else { " were" };
                let seen = match canceled {
                    0 => Shown::default(),
                    _ => Shown::of(&[&", and ", &canceled, &" ended canceled"]),
                };
                Shown::of(&[&requested, &" ", of_all, &asked, &" asked to cancel and not waited for", &seen])
            }
            (would, _) => Shown::of(&[&"Dry run: ", &would, &" ", of_all, &" would be asked to cancel"]),
        }
    }

    pub(super) fn live_sentence(&self) -> String {
        let live = self.live().count();
        match (self.went_live(), self.deployments.len()) {
            ("true", 1) => "**Yes.**".to_owned(),
            ("true", all) => format!("**Yes, {live} of {all}.**"),
            ("false", _) => "No.".to_owned(),
            _ => "Not known: see below.".to_owned(),
        }
    }

    /// The worst of those that went live in production, which is what the platform's way back is about. Where
    /// deployments have targets, all platforms call that one the same.
    pub(super) fn goes_back(&self) -> Option<&DeploymentReport> {
        self.live().find(|told| told.target.as_deref().is_none_or(|target| target == "production"))
    }

    pub(super) fn how_to_go_back(&self) -> String {
        match self.platform.filter(|_| self.goes_back().is_some()) {
            Some(about) => format!("To go back: {}", about.way_back),
            None => "This is not production: what production serves has not changed.".to_owned(),
        }
    }

    /// The pages of the deployments by their ids, the worst outcome first.
    pub fn links(&self) -> Vec<(&str, &str)> {
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        sorted.into_iter().filter_map(|told| Some((told.deployment_id.as_str(), told.page()?))).collect()
    }
}

pub(super) fn count_outcomes(deployments: &[&DeploymentReport]) -> Shown {
    let of = |outcome| deployments.iter().filter(|told| told.outcome == outcome).count();
    let counts = Outcome::ALL.into_iter().map(|outcome| (of(outcome), outcome)).filter(|(count, _)| *count > 0);
    Shown::join(counts.map(|(count, outcome)| Shown::of(&[&count, &" ", &outcome])), ", ")
}
