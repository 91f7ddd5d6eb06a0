//! Lists deployments, and chooses from the list what is to be canceled.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::future::try_join_all;

use super::context::{AT_ONCE, Run, missing};
use super::observer::{Observer, Waiting, aloud};
use super::task::Keepers;
use crate::cancel::Verdict;
use crate::model::answers::{Filter, Found, Listed};
use crate::model::deployment::Deployment;
use crate::model::outcome::Outcome;
use crate::model::reason::Selected;
use crate::model::signal::Signals;
use crate::select::{MOST, Select, Selection, Selector, is_keepable};

/// Pause between two lists while a deployment is to appear.
const APPEARING: Duration = Duration::from_secs(2);
/// How often a selection is made anew because what it keeps has changed.
const MOST_LISTS: u8 = 3;

/// What was chosen, and what has to stay as it is for that.
pub(super) struct Chosen {
    pub(super) deployments: Vec<Deployment>,
    pub(super) keepers: Vec<Keepers>,
    pub(super) gives_way_to: HashMap<String, usize>,
    /// A list shows that nothing of it is in flight; only a read of the deployment itself tells how it ended.
    pub(super) is_over: bool,
    /// When the list showed them.
    pub(super) listed: Duration,
}

/// What it takes to choose: the run, what is wanted, the signals, and who is told.
pub(super) struct Choosing<'r, 'a> {
    pub(super) run: &'r Run<'a>,
    pub(super) selector: &'r Selector,
    pub(super) signals: &'r mut Signals,
    pub(super) observer: &'r mut dyn Observer,
}

impl Choosing<'_, '_> {
    /// Lists and chooses until something matches or the time for it to appear is up.
    pub(super) async fn choose(&mut self, appear_within: Duration) -> Result<Chosen, Verdict> {
        let run = self.run;
        run.resolve_scope(self.signals, self.observer).await?;
        let began = run.start.elapsed();
        let appear_by = (began + appear_within).min(run.plan.last_read());
        let mut relisted = 0;
        loop {
            let listed = self.list().await?;
            let selection = self.selector.select(&listed);
            self.refuse_unsure(&selection)?;
            let now = run.start.elapsed();
            let is_empty = selection.chosen.is_empty() && selection.ended.is_none();
            if !is_empty {
                if let Some(chosen) = self.still_chosen(selection).await? {
                    return Ok(chosen);
                }
                // What was to be kept is no longer worth keeping: choose again from what is there now.
                relisted += 1;
                if relisted > MOST_LISTS {
                    return Err(Verdict::new(Outcome::Error, Selected::Restless));
                }
            } else if now >= appear_by {
                self.publish_remarks(&selection);
                let when_empty = if listed.is_empty() { run.platform.when_empty() } else { "" };
                let unlisted = Some(run.platform.unlisted()).filter(|sentence| !sentence.is_empty());
                return Err(Verdict { addition: unlisted.map(str::to_owned), ..nothing(selection, when_empty) });
            } else {
                let slower = run.plan.slower.filter(|(after, _)| now - began >= *after);
                let rest = slower.map_or(APPEARING, |(_, rest)| rest.max(APPEARING)).max(run.least_pause());
                let pause = (now + rest).min(appear_by);
                let appears = Waiting::For("a matching deployment to appear", began);
                aloud(self.observer, appears, run.pause(pause, self.signals)).await?;
            }
        }
    }

    /// What was selected, with those to keep read right before anything older is canceled; `None` when one of these is
    /// not worth keeping any more.
    async fn still_chosen(&mut self, mut selection: Selection) -> Result<Option<Chosen>, Verdict> {
        let run = self.run;
        let mut chosen = Chosen {
            is_over: selection.ended.is_some(),
            deployments: std::mem::take(&mut selection.chosen),
            keepers: Vec::new(),
            gives_way_to: std::mem::take(&mut selection.gives_way_to),
            listed: run.start.elapsed(),
        };
        chosen.deployments.extend(selection.ended.take());
        let reading = Waiting::For("the deployments to keep to be read", chosen.listed);
        let good = run.are_keepable(&selection.kept, self.signals);
        if !aloud(self.observer, reading, good).await? {
            return Ok(None);
        }
        let read = run.start.elapsed();
        if selection.kept.len() > 1 {
            // Reading several takes a while: only what a list made after that shows as well is taken.
            let listed = self.list().await?;
            chosen.listed = run.start.elapsed();
            let before = std::mem::take(&mut chosen.deployments).into_iter();
            let before: HashSet<_> = before.map(|one| one.id).collect();
            chosen.deployments = self.selector.select(&listed).chosen;
            chosen.deployments.retain(|one| before.contains(&one.id));
            if chosen.deployments.is_empty() {
                return Ok(None);
            }
        }
        self.publish_remarks(&selection);
        let keepers = selection.keepers.into_iter().map(|kept| Keepers { kept, seen: read, lost: None });
        chosen.keepers = keepers.collect();
        Ok(Some(chosen))
    }

    async fn list(&mut self) -> Result<Vec<Deployment>, Verdict> {
        let (run, selector) = (self.run, self.selector);
        let filter = Filter {
            history: selector.select == Select::Superseded || selector.one_group,
            ended: selector.select == Select::Commit,
            pulls: selector.pull.is_some(),
            superseded: selector.select == Select::Superseded,
            commits: selector.commits(),
        };
        let list = Waiting::For("the list of deployments", run.start.elapsed());
        let listed = run.with_retries(self.signals, || run.platform.list(run.api, &filter));
        match aloud(self.observer, list, listed).await? {
            Listed::Here(listed) => Ok(listed),
            Listed::Missing(what) => Err(missing(what)),
        }
    }

    /// What cannot be chosen from safely ends the run.
    fn refuse_unsure(&self, selection: &Selection) -> Result<(), Verdict> {
        let count = selection.chosen.len();
        let refused = match &selection.unsure {
            Some(unsure) => Selected::Unsure(unsure.clone()),
            None if count > MOST && self.selector.select != Select::All => Selected::TooMany { count, most: MOST },
            None => return Ok(()),
        };
        Err(Verdict::new(Outcome::Error, refused))
    }

    /// What the selection has to say, to those who watch.
    fn publish_remarks(&mut self, selection: &Selection) {
        for warning in &selection.warnings {
            self.observer.warn(&self.run.sanitizer.short(&warning.to_string()));
        }
        for note in &selection.notes {
            self.observer.note(&self.run.sanitizer.short(&note.to_string()));
        }
    }
}

fn nothing(selection: Selection, when_empty: &'static str) -> Verdict {
    let Selection { looked_at, perhaps_live, .. } = selection;
    Verdict::new(Outcome::NothingToCancel, Selected::Nothing { looked_at, perhaps_live, when_empty })
}

impl Run<'_> {
    /// Whether what a selection keeps is still worth keeping, read right before anything older is canceled.
    async fn are_keepable(&self, kept: &[Deployment], signals: &mut Signals) -> Result<bool, Verdict> {
        for some in kept.chunks(AT_ONCE) {
            let reads = self.with_retries(signals, || {
                try_join_all(some.iter().map(|known| self.platform.refresh(self.api, known)))
            });
            let good = |found: &Found| matches!(found, Found::Here(now) if is_keepable(now));
            if !reads.await?.iter().all(good) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Run<'_> {
    /// Looks up what holds the deployments; what is missing of it ends the run.
    pub(super) async fn resolve_scope(
        &self,
        signals: &mut Signals,
        observer: &mut dyn Observer,
    ) -> Result<(), Verdict> {
        let looked_up = Waiting::For("what holds the deployments to be found", self.start.elapsed());
        let resolved = self.with_retries(signals, || self.platform.resolve_scope(self.api));
        if let Some(what) = aloud(observer, looked_up, resolved).await? {
            return Err(missing(what));
        }
        if let Some(remark) = self.platform.remark() {
            observer.warn(&self.sanitizer.short(&remark));
        }
        Ok(())
    }
}
