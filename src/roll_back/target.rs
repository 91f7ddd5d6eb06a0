//! What is put back: what was *live* before, by going live and not by creation. Two sources know it, what this run saw
//! live while ours was in flight, and what ours replaced as the platform tells it. Any doubt is no target.

use std::time::Duration;

use jiff::Timestamp;

use super::plan::Plan;
use crate::model::deployment::same_commit;
use crate::model::id::is_same;
use crate::model::reason::{Choice, NoTarget};
use crate::model::roll_back::{LiveNow, Version};

/// What is put back. `before` is what ours replaced, or what was written to go back to.
pub(super) fn choose(plan: &Plan, seen: Option<&LiveNow>, before: Option<Version>) -> Result<Version, NoTarget> {
    let target = match (&plan.to, before) {
        (Some(to), None) => Err(NoTarget::NotThere(to.as_str().to_owned())),
        (Some(_), Some(named)) if named.was_live => Ok(named),
        (Some(_), Some(named)) => Err(NoTarget::Unproven(named.label())),
        (None, replaced) => by_what_was_live(seen, replaced),
    }?;
    let choice = |version: &Version| match plan.to {
        Some(_) => Choice::Written(version.label()),
        None => Choice::Previous(version.label()),
    };
    if target.is_ours {
        return Err(NoTarget::Ours(choice(&target)));
    }
    let is_unwanted = |own: &String| plan.commit.as_ref().is_some_and(|unwanted| same_commit(unwanted, own));
    if target.commit.iter().chain(&target.commits).any(is_unwanted) {
        return Err(NoTarget::SameCommit(choice(&target)));
    }
    Ok(target)
}

fn by_what_was_live(seen: Option<&LiveNow>, replaced: Option<Version>) -> Result<Version, NoTarget> {
    // What this run was to stop is nothing to go back to, and if it was seen live, ours was not in flight any more.
    let sight = seen.and_then(|seen| Some((seen.version.as_ref().filter(|it| !it.is_ours)?, seen.date)));
    let unproven = replaced.as_ref().filter(|it| !it.was_live).map(Version::label);
    match (sight, replaced.filter(|it| it.was_live)) {
        (None, None) => Err(unproven.map_or(NoTarget::First, NoTarget::Unproven)),
        (Some((seen, _)), None) => Ok(seen.clone()),
        (Some((seen, _)), Some(replaced)) if replaced.is_ours => Ok(seen.clone()),
        (None, Some(replaced)) => Ok(replaced),
        (Some((seen, _)), Some(replaced)) if is_same(&seen.id, &replaced.id) => Ok(Version {
            content: replaced.content.or_else(|| seen.content.clone()),
            commit: replaced.commit.or_else(|| seen.commit.clone()),
            url: replaced.url.or_else(|| seen.url.clone()),
            ..replaced
        }),
        (Some((_, date)), Some(replaced)) if went_live_after(&replaced, date) => Ok(replaced),
        (Some((seen, _)), Some(replaced)) => Err(NoTarget::Differ { seen: seen.label(), replaced: replaced.label() }),
    }
}

/// Whether it is proven to have gone live after an answer of that date, which is cut to whole seconds.
fn went_live_after(version: &Version, date: Option<Timestamp>) -> bool {
    let times = version.since.zip(date);
    times.is_some_and(|(since, date)| {
        Duration::try_from(since.duration_since(date)).is_ok_and(|later| later >= Duration::from_secs(1))
    })
}
