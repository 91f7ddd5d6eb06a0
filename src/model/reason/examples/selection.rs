//! Why a selection took nothing, and what it has to say besides.

use std::time::Duration;

use super::parts::Examples;
use crate::model::reason::{Liveness, LookedAt, Of, PerhapsLive, Remark, Rest, Selected, Unsure};

const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) fn all() -> Examples {
    [selected(), of_few(), unsure()].into_iter().flatten().collect()
}

fn selected() -> Examples {
    let nothing = |of, target: Option<&str>, rest, automatic| {
        let looked_at = LookedAt { count: 3, of, target: target.map(str::to_owned), rest, automatic };
        Selected::Nothing { looked_at, perhaps_live: None, when_empty: "" }.into()
    };
    let perhaps = |commit: Option<&str>, how| {
        let commit = commit.map(str::to_owned);
        let by_commit = commit.is_some();
        let one = PerhapsLive { id: "d-9".to_owned(), commit, created: None, how, by_commit };
        Selected::Nothing {
            looked_at: LookedAt { count: 1, ..LookedAt::default() },
            perhaps_live: Some(one),
            when_empty: "",
        }
        .into()
    };
    let branch = || Of::Branch("main".to_owned());
    vec![
        (
            nothing(Of::Scope, None, Rest::NoneInFlight, 2),
            "This run looked at 3 deployments, none of them in flight, besides 2 that the platform started by itself.",
        ),
        (
            nothing(Of::Commit("1234567890abcdef".to_owned()), None, Rest::Live(1), 0),
            "This run looked at 3 deployments of commit 1234567, none of them in flight, 1 of them live.",
        ),
        (
            nothing(branch(), Some("production"), Rest::NoneSuperseded(1), 0),
            "This run looked at 3 deployments of branch main to production, 1 of them in flight, none of them superseded.",
        ),
        (
            nothing(Of::Scope, None, Rest::NoneMeant(2, "latest"), 0),
            "This run looked at 3 deployments, 2 of them in flight, none of them what `select: latest` means.",
        ),
        (
            perhaps(Some("1234567890abcdef"), Liveness::WentLive),
            "This run looked at one deployment, which is not in flight; d-9 (commit 1234567), the newest that could have been meant, has gone live; to be sure which one is meant, use `select: commit` or give `deployment_id`.",
        ),
        (
            perhaps(None, Liveness::Open { word: "REMOVED".to_owned(), over: true }),
            "This run looked at one deployment, which is not in flight; d-9, the newest that could have been meant, is REMOVED, which does not tell whether it went live; to be sure which one is meant, give `deployment_id`.",
        ),
    ]
}

/// The same of one deployment, and of none.
fn of_few() -> Examples {
    let nothing = |count, rest| {
        let of = Of::Branch("main".to_owned());
        let looked_at = LookedAt { count, of, rest, ..LookedAt::default() };
        Selected::Nothing { looked_at, perhaps_live: None, when_empty: "" }.into()
    };
    vec![
        (nothing(0, Rest::NoneInFlight), "This run looked at the list, and no deployment of branch main is on it."),
        (nothing(1, Rest::NoneInFlight), "This run looked at one deployment of branch main, which is not in flight."),
        (
            nothing(1, Rest::Live(1)),
            "This run looked at one deployment of branch main, which is not in flight but live.",
        ),
        (
            nothing(1, Rest::NoneSuperseded(1)),
            "This run looked at one deployment of branch main, which is in flight and not superseded.",
        ),
        (
            nothing(1, Rest::NoneMeant(1, "latest")),
            "This run looked at one deployment of branch main, which is in flight, but not what `select: latest` means.",
        ),
    ]
}

fn unsure() -> Examples {
    vec![
        (
            Selected::Unsure(Unsure::Undated(2)).into(),
            "2 deployments are in flight, and their list does not say when they were created, so nobody knows which is the latest.",
        ),
        (
            Selected::Unsure(Unsure::SameTime(2)).into(),
            "2 deployments in flight were created at the same time, so nobody knows which is the latest.",
        ),
        (
            Selected::Unsure(Unsure::UnknownState(1, "HALTED".to_owned())).into(),
            "One deployment in a state that this program does not know (HALTED) may be the latest.",
        ),
        (
            Selected::TooMany { count: 1200, most: 1000 }.into(),
            "1200 deployments match, more than the 1000 that are taken at once.",
        ),
        (Selected::Restless.into(), "The deployment to keep was another one at every look."),
        (Selected::OddId.into(), "The list holds a deployment whose id cannot be used."),
    ]
}

/// What a selection has to say besides, each with its sentence.
pub fn remarks() -> Vec<(Remark, &'static str)> {
    let word = || "HALTED".to_owned();
    vec![
        (
            Remark::UnseenTarget("prodution".to_owned(), vec!["preview".to_owned(), "production".to_owned()]),
            "No deployment to prodution was seen, only to preview, production.",
        ),
        (
            Remark::Automatic(1),
            "One deployment in flight was started by the platform itself and is left alone: only `select: all` or `deployment_id` cancels it.",
        ),
        (
            Remark::UnknownState(2, word()),
            "2 deployments are in a state that this program does not know (HALTED) and are left alone: to cancel them, give `deployment_id`.",
        ),
        (
            Remark::Silent(2, "commit"),
            "2 deployments in flight do not name a commit and are left alone: to cancel them, give `deployment_id`.",
        ),
        (
            Remark::Strangers(1, None),
            "One deployment in flight is of a branch of the same name that does not come from this repository, and is left alone: to cancel it, write `branch`, or give `deployment_id`.",
        ),
        (
            Remark::Ungrouped(2),
            "2 deployments in flight do not name a branch, so nobody knows what supersedes them, and they are left alone.",
        ),
        (
            Remark::Ungrouped(1),
            "One deployment in flight does not name a branch, so nobody knows what supersedes it, and it is left alone.",
        ),
        (
            Remark::OwnRun("d-1".to_owned()),
            "This run itself stands on commit d-1: what was chosen may be what this very run deploys.",
        ),
        (
            Remark::Stuck(vec![("d-1".to_owned(), Duration::from_secs(30 * 3600)), ("d-2".to_owned(), DAY * 14)], 0),
            "2 deployments have been in flight for over a day, which nobody may be working on any more: d-1 (1 day), d-2 (14 days).",
        ),
        (
            Remark::Stuck(vec![("d-1".to_owned(), DAY * 2)], 3),
            "4 deployments have been in flight for over a day, which nobody may be working on any more: d-1 (2 days), and 3 more.",
        ),
        (
            Remark::Undated(2),
            "2 deployments in flight do not carry a time of creation, so nobody knows what supersedes them, and they are left alone.",
        ),
    ]
}
