//! The report of a whole run, and what all ways to show it have in common.

use std::collections::HashSet;
use std::time::Duration;

use super::asked::Asked;
use super::deployment::DeploymentReport;
use super::headlines::{NOTHING_CANCELED, whole_headline};
use super::roll_back::RollBackReport;
use super::why::Why;
use crate::cancel::Verdict;
use crate::input::Spelling;
use crate::model::about::About;
use crate::model::outcome::{FailOn, Level, Outcome};
use crate::model::roll_back::RollBackResult;
use crate::text::sanitizer::Sanitizer;
use crate::text::shown::Shown;
use crate::text::web_link::WebLink;

/// More lines of one kind than this are not shown.
pub(super) const MOST_LINES: usize = 10;

/// The report of a whole run.
#[derive(Debug)]
pub struct Report {
    /// The platform, once known.
    pub platform: Option<&'static About>,
    /// What was asked, in a few words.
    pub asked: Asked,
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
    /// Why.
    pub(super) why: Why,
    /// What was meant may be live.
    pub(super) perhaps_live: bool,
}

impl Whole {
    /// The verdict as it is told.
    pub fn new(verdict: &Verdict, sanitizer: &Sanitizer, spelling: &Spelling) -> Self {
        Self {
            outcome: verdict.outcome,
            why: Why::new(verdict, sanitizer, spelling),
            perhaps_live: verdict.reason.leaves_open_what_is_live(),
        }
    }

    /// What became of the run, in words for a heading.
    pub(super) fn headline(&self, name: &'static str) -> Shown {
        let on = if name.is_empty() { "" } else { " on " };
        let headline = Shown::of(&[&whole_headline(self.outcome), &on, &name]);
        match self.why.in_short {
            Some(why) if matches!(self.outcome, Outcome::Error | Outcome::BadInput) => {
                Shown::of(&[&headline, &": ", &why])
            }
            _ => headline,
        }
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

    /// The most severe level of the run.
    pub fn level(&self) -> Level {
        let levels = self.deployments.iter().map(|told| self.level_of(told));
        let whole = self.whole.as_ref().map(|whole| self.fail_on.level(whole.outcome));
        levels.max().or(whole).unwrap_or(Level::Error)
    }

    /// How severe the outcome of a deployment is. One that is over is a warning if nobody knows whether it is live.
    pub(super) fn level_of(&self, told: &DeploymentReport) -> Level {
        let level = self.fail_on.level(told.outcome);
        if matches!(told.outcome, Outcome::AlreadyFinished | Outcome::Canceled) && told.went_live == "unknown" {
            level.max(Level::Warning)
        } else {
            level
        }
    }

    /// The roll back that is told for the whole run: of the worst deployment that has one, any before one that is done.
    pub(super) fn rollback(&self) -> Option<&RollBackReport> {
        let with = self.deployments.iter().filter_map(|told| Some((told.outcome, told.rollback.as_deref()?)));
        let worst = with.min_by_key(|(outcome, it)| (it.came_to == RollBackResult::Done, *outcome));
        worst.map(|(_, it)| it)
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
        self.sorted().into_iter().filter(|told| told.went_live == "true")
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
            (None, _) => self.whole.as_ref().map(|whole| whole.why.one_line().clone()).unwrap_or_default(),
            (Some(only), 1) => only.why.one_line().clone(),
            (Some(worst), _) => {
                let told = Shown::of(&[&". ", &worst.deployment_id, &": ", worst.why.one_line()]);
                Shown::of(&[&tally(&self.sorted()), &told])
            }
        }
    }

    /// The summary's heading as a sentence.
    pub fn title(&self) -> Shown {
        let name = self.platform.map_or("", |about| about.name);
        match (self.deployments.as_slice(), self.faults.is_empty()) {
            (_, false) => Shown::of(&[&NOTHING_CANCELED, &": the inputs are not right"]),
            ([], true) => match &self.whole {
                Some(whole) => whole.headline(name),
                None => Shown::from(NOTHING_CANCELED),
            },
            ([only], true) => only.title(&Shown::of(&[&only.deployment_id, &" on ", &name])),
            (many, true) => Shown::of(&[&many.len(), &" deployments on ", &name, &": ", &tally(&self.sorted())]),
        }
    }

    pub(super) fn live_sentence(&self) -> String {
        let live = self.live().count();
        match (self.went_live(), self.deployments.len()) {
            ("true", 1) => "**Yes.**".to_owned(),
            ("true", all) => format!("**Yes, {live} of {all}.**"),
            ("false", _) if self.deployments.iter().any(DeploymentReport::was_live) => {
                "No longer: what had been live was replaced before this run looked.".to_owned()
            }
            ("false", _) => "No.".to_owned(),
            _ => self.why_not_known(),
        }
    }

    fn why_not_known(&self) -> String {
        let perhaps_live = self.whole.as_ref().is_some_and(|whole| whole.perhaps_live);
        let goes_on = |told: &DeploymentReport| matches!(told.state, Some("queued" | "running" | "canceling"));
        let open = self.deployments.iter().filter(|told| told.went_live == "unknown");
        let why = match self.deployments.as_slice() {
            [] if perhaps_live => "Not known: see below.",
            [] => "Not known: nothing was read.",
            [only] if only.state.is_none() => "Not known: it was not read.",
            _ if open.clone().all(goes_on) => "Not yet, by what was read last.",
            all if open.clone().count() < all.len() => {
                return format!("Not known for {} of {}.", open.count(), all.len());
            }
            _ => "Not known.",
        };
        why.to_owned()
    }

    /// The deployments, the worst outcome first.
    pub(super) fn sorted(&self) -> Vec<&DeploymentReport> {
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        sorted
    }

    /// The worst of those that went live in production, which is what the platform's way back is about. Where
    /// deployments have targets, all platforms call that one the same.
    pub(super) fn goes_back(&self) -> Option<&DeploymentReport> {
        let mut open = self.live().filter(|told| told.rolled_back() != Some(RollBackResult::Done));
        open.find(|told| told.target.as_deref().is_none_or(|target| target == "production"))
    }

    pub(super) fn how_to_go_back(&self) -> String {
        match self.platform.filter(|_| self.goes_back().is_some()) {
            Some(about) => format!("{} {}", self.before_going_back(), about.way_back),
            None if self.rollback().is_some() => "What was live before it is live again.".to_owned(),
            None => "It is not production, which is unchanged.".to_owned(),
        }
    }

    /// What has to be looked at first. Who goes back by hand must not undo somebody else's work, or do it twice.
    fn before_going_back(&self) -> &'static str {
        match self.rollback().map(|rollback| rollback.came_to) {
            Some(RollBackResult::TimedOut | RollBackResult::Unknown) => {
                "Look at what is live first, the roll back may still happen. If it does not:"
            }
            Some(RollBackResult::MovedOn) => "Something else is live by now: look at that first. To go back:",
            Some(RollBackResult::NewerInFlight) => {
                "Something else is on its way: let it go live, or cancel it first. To go back:"
            }
            Some(RollBackResult::ReplacedOther) => {
                "It took the place of somebody else's: look at that first. To go back:"
            }
            _ => "To go back:",
        }
    }

    /// The pages of the deployments by their ids, the worst outcome first.
    pub fn links(&self) -> Vec<(&str, WebLink)> {
        self.sorted().into_iter().filter_map(|told| Some((told.deployment_id.as_str(), told.page()?))).collect()
    }
}

/// How many ended how, in the order given: "1 went live, 2 canceled".
pub(super) fn tally(deployments: &[&DeploymentReport]) -> Shown {
    let mut rows: Vec<&'static str> = deployments.iter().map(|told| told.row()).collect();
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(*row));
    let of = |row| deployments.iter().filter(|told| told.row() == row).count();
    Shown::join(rows.into_iter().map(|row| Shown::of(&[&of(row), &" ", &row])), ", ")
}
