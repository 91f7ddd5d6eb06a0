//! What supersedes what: of each group the newest is kept, and what is older is superseded.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::selector::{Selection, Selector, in_flight, is_in_flight};
use crate::model::deployment::{Deployment, Live, State};
use crate::model::reason::Remark;

/// What supersedes what, by repository, branch, target and slot; or by slot alone.
type Groups<'a> = BTreeMap<[Option<&'a str>; 4], Vec<&'a Deployment>>;

impl Selector {
    /// What supersedes what: those of one branch, target and slot, or of one slot where branches do not count. One whose
    /// branch is not known belongs to no group, and a fork's branch of the same name is another branch. What the platform started by itself supersedes nothing.
    pub(super) fn groups<'a>(&self, listed: &[&'a Deployment]) -> Groups<'a> {
        let mut groups = Groups::new();
        for one in listed.iter().filter(|one| !one.automatic) {
            let branch = one.branch.as_deref();
            let mut sources = one.sources.iter();
            let repository = sources.find_map(|source| source.repository.as_deref());
            let is_wanted = self.branch.is_none() || branch == self.branch.as_deref();
            let key = if self.one_group {
                [None, None, None, one.slot.as_deref()]
            } else if branch.is_some() && is_wanted {
                [repository, branch, one.target.as_deref(), one.slot.as_deref()]
            } else {
                continue;
            };
            groups.entry(key).or_default().push(one);
        }
        groups
    }

    pub(super) fn pick_superseded(&self, listed: &[&Deployment]) -> Selection {
        let mut selection = Selection::default();
        let is_silent = |one: &&Deployment| !self.one_group && one.branch.is_none();
        let silent = in_flight(listed).into_iter().filter(is_silent).count();
        let mut undated = 0;
        for group in self.groups(listed).values() {
            undated += group.iter().filter(|one| is_in_flight(one) && one.created.is_none()).count();
            let Some((newest, kept)) = newest_kept(group) else {
                continue;
            };
            let is_narrowed_away = |one: &Deployment| {
                self.branch.is_some() && !one.sources.iter().any(|source| source.branch == self.branch)
            };
            let older = |one: &&&Deployment| {
                is_in_flight(one) && one.created.is_some_and(|created| created < newest) && !is_narrowed_away(one)
            };
            let chosen: Vec<_> = group.iter().filter(older).map(|one| (*one).clone()).collect();
            if !chosen.is_empty() {
                let group = selection.keepers.len();
                let give_way = chosen.iter().map(|one| (one.id.clone(), group));
                selection.gives_way_to.extend(give_way);
                selection.keepers.push(kept.clone().into());
                selection.chosen.extend(chosen);
                selection.kept.extend(kept);
            }
        }
        if silent > 0 {
            selection.warnings.push(Remark::Ungrouped(silent));
        }
        if undated > 0 {
            selection.warnings.push(Remark::Undated(undated));
        }
        selection
    }
}

/// Whether a deployment is worth keeping: on its way to go live, or live.
pub fn is_keepable(one: &Deployment) -> bool {
    let good = matches!(one.state, State::Queued | State::Running | State::Succeeded);
    good && !one.blocked && one.live != Live::Once && one.created.is_some()
}

/// The newest that is worth keeping, and all of the very same age: equal times prove no order.
fn newest_kept(group: &[&Deployment]) -> Option<(Timestamp, Vec<Deployment>)> {
    let keepable = |one: &&&Deployment| is_keepable(one);
    let newest = group.iter().filter(keepable).filter_map(|one| one.created).max()?;
    let kept = group.iter().filter(keepable).filter(|one| one.created == Some(newest));
    Some((newest, kept.map(|one| (*one).clone()).collect()))
}

/// A group without the ones that are kept: nobody wanted those stopped.
pub(super) fn without_kept(group: Vec<&Deployment>) -> Vec<&Deployment> {
    let newest = newest_kept(&group).map(|(newest, _)| newest);
    let mut rest = group;
    rest.retain(|one| !is_keepable(one) || one.created != newest);
    rest
}
