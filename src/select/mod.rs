//! Which deployments a run means when no id is given: latest, commit, branch, superseded, all. Pure.
//!
//! Only deployments in flight are ever chosen. Commits and branches are compared here, never by the platform: a
//! platform's own filter may miss or lag.

pub mod guard;
mod selector;
mod superseded;

use std::collections::BTreeSet;

pub use self::selector::{MOST, Select, Selection, Selector};
use self::selector::{in_flight, is_in_flight, owned};
pub use self::superseded::is_keepable;
use self::superseded::without_kept;
use crate::model::deployment::{Deployment, Source, State, newest_first, same_commit};
use crate::model::reason::{Liveness, LookedAt, Of, PerhapsLive, Remark, Rest, Unsure};

impl Selector {
    /// Chooses from the deployments of a scope.
    pub fn select(&self, listed: &[Deployment]) -> Selection {
        let target = |one: &&Deployment| self.target.as_ref().is_none_or(|wanted| one.target.as_ref() == Some(wanted));
        let in_target: Vec<_> = listed.iter().filter(target).collect();
        let unseen_target = self.unseen_target(listed, &in_target);
        let (in_target, automatic) = self.apart(in_target);
        let mut selection = match self.select {
            Select::Latest => pick_latest(&in_target),
            Select::All => Selection { chosen: owned(in_flight(&in_target)), ..Selection::default() },
            Select::Commit => {
                self.pick_matching(&in_target, |source| self.is_commit(source), |source| source.commit.is_some())
            }
            Select::Branch => self
                .pick_matching(&in_target, |source| self.is_branch(source), |source| source.branch.is_some())
                .warning(self.strangers(&in_target)),
            Select::Superseded => self.pick_superseded(&in_target),
        };
        self.mind_unknown(&in_target, &mut selection);
        selection.warnings.extend(unseen_target);
        selection.warnings.extend(stuck(&in_target));
        selection.warnings.extend(self.own_run(&selection.chosen));
        selection.looked_at = self.looked_at(&in_target);
        if automatic > 0 {
            selection.looked_at.automatic = automatic;
            selection.notes.push(Remark::Automatic(automatic));
        }
        if selection.chosen.is_empty() {
            self.look_back(&in_target, &mut selection);
        }
        newest_first(&mut selection.chosen);
        selection
    }

    /// What the platform started by itself, such as the copy that an autoscaler makes, is nobody's push: it is set apart,
    /// unless all are meant or it is live, since then its commit is. Answers with how many of those are in flight.
    fn apart<'a>(&self, listed: Vec<&'a Deployment>) -> (Vec<&'a Deployment>, usize) {
        let counts = |one: &&Deployment| !one.automatic || self.select == Select::All || one.is_live();
        let (counting, automatic): (Vec<_>, Vec<_>) = listed.into_iter().partition(counts);
        (counting, in_flight(&automatic).len())
    }

    /// Nothing is in flight of what was meant: what can be said of those that are over, or that nobody understands.
    fn look_back(&self, listed: &[&Deployment], selection: &mut Selection) {
        let mut meant: Vec<_> = listed.to_vec();
        match self.select {
            Select::Commit => meant.retain(|one| one.sources.iter().any(|it| self.is_commit(it))),
            Select::Branch => meant.retain(|one| one.sources.iter().any(|it| self.is_branch(it))),
            Select::Superseded => {
                let groups = self.groups(listed);
                meant = groups.into_values().flat_map(without_kept).collect();
            }
            Select::Latest | Select::All => {}
        }
        meant.retain(|one| !is_in_flight(one));
        let is_live = |one: &&&Deployment| one.is_live();
        let open = meant.iter().find(|one| !one.is_terminal());
        if self.select == Select::Commit {
            let live = meant.iter().filter(is_live).max_by_key(|one| one.created);
            let last = meant.iter().max_by_key(|one| one.created);
            let ended = live.or(last.filter(|_| open.is_none()));
            selection.ended = ended.map(|one| (**one).clone());
            if selection.ended.is_some() {
                return;
            }
        }
        let newest = meant.iter().filter_map(|one| one.created).max();
        let mut last = meant.iter().filter(|one| one.created.is_none() || one.created == newest);
        let telling = open.or_else(|| last.find(|one| may_be_live(one).is_some()));
        let told = telling.and_then(|one| Some((one, may_be_live(one)?)));
        selection.perhaps_live = told.map(|(one, how)| PerhapsLive {
            id: one.id.clone(),
            commit: one.commit.clone(),
            created: one.created,
            how,
            by_commit: self.knows_commits && self.select != Select::Commit,
        });
    }

    /// A target that no deployment has may be mistyped: the ones that were seen are named.
    fn unseen_target(&self, listed: &[Deployment], in_target: &[&Deployment]) -> Option<Remark> {
        let wanted = self.target.as_ref().filter(|_| in_target.is_empty())?;
        let seen: BTreeSet<_> = listed.iter().filter_map(|one| one.target.as_deref()).collect();
        let seen: Vec<_> = seen.into_iter().map(str::to_owned).collect();
        (!seen.is_empty()).then(|| Remark::UnseenTarget(wanted.clone(), seen))
    }

    /// A word that nobody knows is no end: it is said, and `latest` is not sure any more if such a one is newer.
    fn mind_unknown(&self, listed: &[&Deployment], selection: &mut Selection) {
        let unknown = |one: &&&Deployment| one.state == State::Unknown && !one.is_terminal();
        let unknown: Vec<_> = listed.iter().filter(unknown).collect();
        let Some(first) = unknown.first() else {
            return;
        };
        let (count, word) = (unknown.len(), &first.platform_state);
        let newest = unknown.iter().filter_map(|one| one.created).max();
        let chosen = selection.chosen.iter().filter_map(|one| one.created).max();
        // One without a time may be newer than any, and any may be newer than one without a time.
        let undated = unknown.iter().any(|one| one.created.is_none());
        if self.select == Select::Latest && (undated || newest >= chosen) {
            selection.chosen.clear();
            selection.unsure = Some(Unsure::UnknownState(count, word.clone()));
        }
        selection.warnings.push(Remark::UnknownState(count, word.clone()));
    }

    fn pick_matching(
        &self,
        listed: &[&Deployment],
        matches: impl Fn(&Source) -> bool,
        tells: impl Fn(&Source) -> bool,
    ) -> Selection {
        let in_flight = in_flight(listed);
        let silent = in_flight.iter().filter(|one| !one.sources.iter().any(&tells)).count();
        let chosen = in_flight.into_iter().filter(|one| one.sources.iter().any(&matches));
        let mut selection = Selection { chosen: owned(chosen.collect()), ..Selection::default() };
        if silent > 0 {
            let what = if self.select == Select::Commit { "commit" } else { "branch" };
            selection.warnings.push(Remark::Silent(silent, what));
        }
        selection
    }

    /// What is in flight of a branch of that name, but from another repository than this run's.
    fn strangers(&self, listed: &[&Deployment]) -> Option<Remark> {
        let is_named = |source: &Source| source.branch.is_some() && source.branch == self.branch;
        let left = in_flight(listed)
            .into_iter()
            .filter(|one| one.sources.iter().any(is_named) && !one.sources.iter().any(|it| self.is_branch(it)));
        let count = left.count();
        (count > 0).then(|| Remark::Strangers(count, self.repository.clone().or_else(|| self.home.clone())))
    }

    /// Where runs deploy, whatever is newest may be what this very run deploys.
    fn own_run(&self, chosen: &[Deployment]) -> Option<Remark> {
        let own = self.run_commit.as_ref().filter(|_| self.select != Select::Commit)?;
        let is_own = |one: &&Deployment| one.commit.as_ref() == Some(own);
        chosen.iter().find(is_own).map(|one| Remark::OwnRun(one.id.clone()))
    }

    fn is_meant(&self, one: &Deployment) -> bool {
        one.sources.iter().any(|source| self.is_commit(source) || self.is_branch(source))
    }

    fn is_commit(&self, source: &Source) -> bool {
        let (Some(wanted), Some(found)) = (&self.commit, &source.commit) else {
            return false;
        };
        same_commit(wanted, found)
    }

    fn is_branch(&self, source: &Source) -> bool {
        let found = source.repository.as_deref();
        let is = |wanted: &String| found.map(|found| found.eq_ignore_ascii_case(wanted));
        let from_fork = self.repository.as_ref().is_none_or(|wanted| is(wanted) == Some(true));
        let from_home = self.home.as_ref().is_none_or(|wanted| is(wanted) != Some(false));
        let from_pull =
            self.pull.as_ref().is_none_or(|wanted| source.pull.as_ref().is_some_and(|it| it.is_same(wanted)));
        from_fork && from_pull && from_home && self.branch.is_some() && source.branch == self.branch
    }

    fn looked_at(&self, in_target: &[&Deployment]) -> LookedAt {
        let of = match (self.select, &self.branch, &self.commit) {
            (Select::Branch | Select::Superseded, Some(branch), _) => Of::Branch(branch.clone()),
            (Select::Commit, _, Some(commit)) => Of::Commit(commit.clone()),
            _ => Of::Scope,
        };
        let count = match self.select {
            Select::Commit => {
                in_target.iter().filter(|one| one.sources.iter().any(|source| self.is_commit(source))).count()
            }
            // Without those of another repository, which are in flight perhaps, and warned of.
            Select::Branch => {
                in_target.iter().filter(|one| one.sources.iter().any(|source| self.is_branch(source))).count()
            }
            Select::Superseded if self.branch.is_some() => {
                in_target.iter().filter(|one| one.sources.iter().any(|source| source.branch == self.branch)).count()
            }
            _ => in_target.len(),
        };
        let in_flight = in_flight(in_target).len();
        let rest = match self.select {
            // Somebody who looks for one commit or branch wants to know that it is out already.
            Select::Commit | Select::Branch => {
                let is_live = |one: &&&Deployment| one.is_live() && self.is_meant(one);
                Rest::Live(in_target.iter().filter(is_live).count())
            }
            Select::Superseded if in_flight > 0 => Rest::NoneSuperseded(in_flight),
            _ if in_flight > 0 => Rest::NoneMeant(in_flight, self.select.word()),
            _ => Rest::NoneInFlight,
        };
        LookedAt { count, of, target: self.target.clone(), rest, automatic: 0 }
    }
}

/// What one that is not in flight leaves open about going live.
fn may_be_live(one: &Deployment) -> Option<Liveness> {
    match one.went_live() {
        Some(true) => Some(Liveness::WentLive),
        Some(false) => None,
        None => Some(Liveness::Open { word: one.platform_state.clone(), over: one.is_terminal() }),
    }
}

/// How many of those that are stuck are named.
const MOST_NAMED: usize = 10;

/// What has been in flight for longer than anything takes: nobody may be working on it any more.
fn stuck(listed: &[&Deployment]) -> Option<Remark> {
    let in_flight = in_flight(listed);
    let all = in_flight.iter().filter_map(|one| Some((one.id.clone(), one.stuck?)));
    let mut all: Vec<_> = all.collect();
    let more = all.len().saturating_sub(MOST_NAMED);
    all.truncate(MOST_NAMED);
    (!all.is_empty()).then_some(Remark::Stuck(all, more))
}

fn pick_latest(listed: &[&Deployment]) -> Selection {
    let mut in_flight = in_flight(listed);
    // Where nothing has a date, what the scope is doing now is meant, even if that is nothing to be canceled.
    in_flight.retain(|one| !one.queued_behind || one.created.is_some());
    match in_flight.as_slice() {
        [] => Selection::default(),
        [only] => Selection { chosen: vec![(*only).clone()], ..Selection::default() },
        several if several.iter().any(|one| one.created.is_none()) => {
            Selection { unsure: Some(Unsure::Undated(several.len())), ..Selection::default() }
        }
        several => {
            let newest = several.iter().filter_map(|one| one.created).max();
            let last: Vec<_> = several.iter().filter(|one| one.created == newest).collect();
            match last.as_slice() {
                [only] => Selection { chosen: vec![(**only).clone()], ..Selection::default() },
                _ => Selection { unsure: Some(Unsure::SameTime(last.len())), ..Selection::default() },
            }
        }
    }
}

#[cfg(test)]
mod tests;
