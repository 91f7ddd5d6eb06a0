//! Every reason once, as somebody reads it: for documents and tests, and for who wants to read them all in one go.

use std::time::Duration;

use super::{
    Answer, Asked, Course, End, Gone, How, Interrupted, Liveness, LookedAt, Missing, Of, Ours, OutOfTime, PerhapsLive,
    Reason, Refusal, Remark, Requested, Rest, Says, Selected, TooLate, Unchecked, Unseen, Unsent, Unsure, What,
};
use crate::model::deployment::State;
use crate::model::failure::{Failure, Kind};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Reasons with their sentences.
pub type Examples = Vec<(Reason, &'static str)>;

/// Every reason with its sentence.
pub fn examples() -> Examples {
    let how_it_ended = [over(), earlier(), late(), open(), unseen_ends(), times_up(), signals()];
    let why_nothing_was_sent = [unsent(), failed(), refused(), selected(), of_few(), unsure()];
    how_it_ended.into_iter().chain(why_nothing_was_sent).flatten().collect()
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

fn course(first: &str, last: &str, note: Option<&str>) -> Course {
    Course { first: Some(first.to_owned()), last: last.to_owned(), note: note.map(str::to_owned) }
}

fn failure(kind: Kind, action: &str, status: Option<u16>, words: &str) -> Box<Failure> {
    let request_id = status.map(|_| "req-1".to_owned());
    let hint = "Do this.";
    Box::new(Failure { action: action.to_owned(), status, request_id, ..Failure::own(kind, words, hint) })
}

fn forbidden() -> Box<Failure> {
    failure(Kind::Forbidden, "read the deployment", Some(403), "Not yours")
}

fn refusal(kind: Kind, status: u16) -> Box<Failure> {
    failure(kind, "cancel the deployment", Some(status), "Not now")
}

fn over() -> Examples {
    let over = |how, last| End::Ended(how, course("BUILDING", last, None)).into();
    vec![
        (over(How::Canceled, "CANCELED"), "It went from BUILDING to CANCELED."),
        (
            End::Ended(How::Canceled, course("building", "error", Some("Canceled build"))).into(),
            "It went from building to error (\"Canceled build\").",
        ),
        (
            over(How::CanceledAfterRefusal, "CANCELED"),
            "The platform refused the cancel request, and then it was canceled all the same, by somebody else or by the platform itself: it went from BUILDING to CANCELED.",
        ),
        (
            End::CanceledByOthers(Ours::None, course("BUILDING", "CANCELED", None)).into(),
            "It was being canceled already, so this run sent nothing and only watched: it ended CANCELED.",
        ),
        (
            End::CanceledByOthers(Ours::TurnedAway, course("BUILDING", "CANCELED", None)).into(),
            "It was being canceled already, and a rate limit (429) turned the request of this run away: it ended CANCELED.",
        ),
        (
            End::CanceledByOthers(Ours::Refused, course("BUILDING", "CANCELED", None)).into(),
            "It was being canceled already, and the platform refused the request of this run: it ended CANCELED.",
        ),
        (
            over(How::NotLiveAfterYes, "REMOVED"),
            "The platform accepted the cancel request, and it went from BUILDING to REMOVED, which means that it is over and not live.",
        ),
        (
            over(How::NotLiveAfterUnclear, "REMOVED"),
            "The cancel request had no clear answer, but it went from BUILDING to REMOVED, which means that it is over and not live.",
        ),
        (
            End::Ended(How::NotLivePerhapsBefore, Course { last: "REMOVED".to_owned(), ..Course::default() }).into(),
            "The answer to the cancel request says REMOVED, which means that it is over and not live; this credential may not read it, so it may have been over before.",
        ),
        (
            End::Ended(How::UnknownWord, course("BUILDING", "HALTED", Some("by hand"))).into(),
            "It was asked to cancel and ended HALTED (\"by hand\"), a word that does not say whether it was canceled.",
        ),
    ]
}

fn earlier() -> Examples {
    let over = |how, last| End::Ended(how, course("BUILDING", last, None)).into();
    vec![
        (over(How::HadSucceeded, "READY"), "It was READY when this run first looked, so nothing was sent."),
        (
            over(How::HadGoneLive, "CRASHED"),
            "It was CRASHED when this run first looked, after it had gone live, so nothing was sent.",
        ),
        (
            over(How::HadBeenBuilt, "READY"),
            "It was READY when this run first looked, built but not published, so nothing was sent.",
        ),
        (
            End::Ended(How::HadEnded, course("ERROR", "ERROR", Some("out of memory"))).into(),
            "It was ERROR (\"out of memory\") when this run first looked, so nothing was sent.",
        ),
    ]
}

fn late() -> Examples {
    let late = |answer, live, last, note| End::TooLate { answer, course: course("BUILDING", last, note), live }.into();
    let before = |last, ours| End::Beforehand { course: course("BUILDING", last, None), ours }.into();
    let at_once =
        End::TooLate { answer: Answer::Accepted, course: course("READY", "READY", None), live: TooLate::Plain };
    vec![
        (
            late(Answer::Accepted, TooLate::Live, "READY", None),
            "The platform accepted the cancel request, but too late: it went from BUILDING to READY (live).",
        ),
        (
            late(Answer::Accepted, TooLate::Live, "live", None),
            "The platform accepted the cancel request, but too late: it went from BUILDING to live.",
        ),
        (at_once.into(), "The platform accepted the cancel request, but too late: it ended READY."),
        (
            late(Answer::Accepted, TooLate::Unpublished, "READY", None),
            "The platform accepted the cancel request, but too late: it went from BUILDING to READY, built but not published.",
        ),
        (
            late(Answer::Accepted, TooLate::PerhapsLive, "READY", None),
            "The platform accepted the cancel request, but too late: it went from BUILDING to READY, and whether that is live could not be read.",
        ),
        (
            late(Answer::ByOthers, TooLate::TornDown, "STOPPED", None),
            "Somebody else had asked to cancel it, but too late: it went from BUILDING to STOPPED, a teardown, so nothing went live.",
        ),
        (
            late(Answer::Refused(refusal(Kind::Refused, 409)), TooLate::Plain, "ERROR", Some("out of memory")),
            "The platform refused the cancel request, and it went from BUILDING to ERROR (\"out of memory\"): the answer was 409 \"Not now\" (request req-1).",
        ),
        (
            late(Answer::Unclear(Some(refusal(Kind::Server, 502))), TooLate::Plain, "SUPERSEDED", None),
            "The cancel request had no clear answer, and it went from BUILDING to SUPERSEDED: the answer was 502 \"Not now\" (request req-1).",
        ),
        (before("READY", Ours::None), "It went from BUILDING to READY before a cancel request could be processed."),
        (
            before("ERROR", Ours::TurnedAway),
            "It went from BUILDING to ERROR while a rate limit (429) turned the cancel request away.",
        ),
        (
            before("REMOVED", Ours::Refused),
            "It went from BUILDING to REMOVED, and the platform refused the cancel request.",
        ),
    ]
}

fn open() -> Examples {
    let there = |kind, status| {
        let word = "BUILDING".to_owned();
        End::StillThere { word, goes_on: Some(State::Running), answer: refusal(kind, status) }.into()
    };
    let unsent = failure(Kind::Untrusted, "cancel the deployment", None, "TLS failed");
    let in_vain = End::AskedInVain { times: 3, word: "BUILDING".to_owned(), answer: refusal(Kind::Server, 502) };
    vec![
        (
            End::Requested(Requested::Accepted).into(),
            "The platform accepted the cancel request, and this run did not wait for the end.",
        ),
        (
            End::Requested(Requested::AcceptedUnread).into(),
            "The platform accepted the cancel request; this credential may not read it, and this run did not wait for the end.",
        ),
        (
            End::Requested(Requested::AlreadyCanceling).into(),
            "It was being canceled already, and this run did not wait for the end.",
        ),
        (
            there(Kind::Refused, 409),
            "The platform refused to cancel it, and it is still BUILDING: the answer was 409 \"Not now\" (request req-1).",
        ),
        (
            there(Kind::Forbidden, 403),
            "This credential may read it but not cancel it; it is still BUILDING: the answer was 403 \"Not now\" (request req-1).",
        ),
        (
            there(Kind::Unauthorized, 401),
            "This credential could read it but may not cancel it, or not any more; it is still BUILDING: the answer was 401 \"Not now\" (request req-1).",
        ),
        (
            there(Kind::Unsupported, 404),
            "This API has no cancel call, and it is still BUILDING: the answer was 404 \"Not now\" (request req-1).",
        ),
        (
            there(Kind::NotFound, 410),
            "The platform answered the cancel request as if it were gone, but it is still BUILDING: the answer was 410 \"Not now\" (request req-1).",
        ),
        (
            End::StillThere { word: "BUILDING".to_owned(), goes_on: None, answer: unsent }.into(),
            "The cancel request could not be sent again, and it is still BUILDING: TLS failed.",
        ),
        (
            in_vain.into(),
            "This run asked 3 times to cancel it, without a clear answer, and it is still BUILDING: the answer was 502 \"Not now\" (request req-1).",
        ),
    ]
}

fn unseen_ends() -> Examples {
    let missing = || Gone::Missing(Missing::Gone("d-1".to_owned()));
    vec![
        (
            End::Unseen(Unseen::Accepted, Gone::Failed(forbidden())).into(),
            "The platform accepted the cancel request, but the end is not visible, because this run could not read the deployment: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            End::Unseen(Unseen::Canceling, Gone::Failed(forbidden())).into(),
            "It was being canceled, but the end is not visible, because this run could not read the deployment: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            End::Unseen(Unseen::Refused(refusal(Kind::Refused, 409)), Gone::Failed(forbidden())).into(),
            "The platform refused the cancel request, and what became of it is not visible, because this run could not read the deployment: the answer was 409 \"Not now\" (request req-1); to the read after that, the answer was 403 \"Not yours\" (request req-1).",
        ),
        (End::Unseen(Unseen::NotAsked, missing()).into(), "Deployment d-1 cannot be found any more."),
        (
            End::Unseen(Unseen::Refused(refusal(Kind::Refused, 409)), missing()).into(),
            "The platform refused the cancel request, and what became of it is not visible: deployment d-1 cannot be found any more: the answer was 409 \"Not now\" (request req-1).",
        ),
        (
            End::Unseen(Unseen::Unclear(refusal(Kind::Server, 502)), Gone::Excluded(Refusal::State("LIVE".to_owned())))
                .into(),
            "The cancel request had no clear answer, and what became of it is not visible: it is LIVE now, which `only_states` excludes: the answer was 502 \"Not now\" (request req-1).",
        ),
    ]
}

fn times_up() -> Examples {
    let at = |asked, is_held, failure| {
        let seen = Some(course("QUEUED", "BUILDING", None));
        End::OutOfTime(OutOfTime { asked, seen, seconds: 240, is_held, failure }).into()
    };
    let unread = OutOfTime { asked: Asked::No, seen: None, seconds: 240, is_held: false, failure: Some(forbidden()) };
    vec![
        (
            at(Asked::Accepted, false, None),
            "The platform accepted the cancel request, and it is still BUILDING at the limit of 240 s.",
        ),
        (
            at(
                Asked::Unclear,
                false,
                Some(failure(Kind::Timeout, "cancel the deployment", None, "no whole answer within 20 s")),
            ),
            "The cancel request had no clear answer, and it is still BUILDING at the limit of 240 s; most recently, this run could not cancel the deployment: no whole answer within 20 s.",
        ),
        (
            at(Asked::TurnedAway, true, None),
            "A rate limit (429) turned the cancel request away, and it is still BUILDING, and the platform allows no request before the limit of 240 s.",
        ),
        (
            at(Asked::AlreadyCanceling, false, None),
            "It was being canceled already, and it is still BUILDING at the limit of 240 s.",
        ),
        (
            End::OutOfTime(unread).into(),
            "No cancel request was sent, because the deployment could not be read within 240 s: the answer was 403 \"Not yours\" (request req-1).",
        ),
    ]
}

fn signals() -> Examples {
    let sentences = [
        (Interrupted::BeforeAny, "A signal stopped this run before it sent any cancel request."),
        (Interrupted::BeforeAsking, "A signal stopped this run before it sent the cancel request."),
        (
            Interrupted::WhileAsking,
            "A signal stopped this run while the cancel request was on its way, so nobody knows whether that took effect.",
        ),
        (
            Interrupted::Unclear,
            "A signal stopped this run after it had sent the cancel request, before it was clear whether that took effect.",
        ),
        (
            Interrupted::Accepted,
            "A signal stopped this run after the platform had accepted the cancel request; the end was not seen.",
        ),
        (
            Interrupted::TurnedAway,
            "A signal stopped this run after a rate limit (429) had turned the cancel request away, before it was sent again.",
        ),
        (
            Interrupted::AlreadyCanceling,
            "A signal stopped this run while it only watched, because it was being canceled already.",
        ),
        (Interrupted::Killed, "This run was killed after it had sent the cancel request; the end was not seen."),
    ];
    sentences.map(|(interrupted, sentence)| (End::Interrupted(interrupted).into(), sentence)).into()
}

fn unsent() -> Examples {
    let word = || "BUILDING".to_owned();
    let unchecked = |what| Unsent::Unchecked(what, forbidden()).into();
    vec![
        (Unsent::State(word()).into(), "It is BUILDING, which `only_states` excludes."),
        (Unsent::DryRun(word()).into(), "It is BUILDING; without `dry_run`, this run would ask to cancel it."),
        (
            Unsent::DryRunCanceling("STOPPING".to_owned()).into(),
            "It is STOPPING, so it is being canceled already; without `dry_run`, this run would only watch it.",
        ),
        (
            unchecked(Unchecked::Source),
            "This credential may not read it, so its branch, commit and target cannot be checked: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            unchecked(Unchecked::Scope),
            "This credential may not read it, so the project or environment it belongs to cannot be checked: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            unchecked(Unchecked::State),
            "This credential may not read it, so `only_states` cannot be checked: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            unchecked(Unchecked::DryRun),
            "This credential may not read it, so a dry run has nothing to tell: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            unchecked(Unchecked::Id),
            "This credential may not read it, so nobody knows which deployment is meant: the answer was 403 \"Not yours\" (request req-1).",
        ),
    ]
}

fn failed() -> Examples {
    let own = |words| Box::new(Failure::guarded(words, "Do this."));
    vec![
        (
            Unsent::Unknown(refusal(Kind::NotFound, 404)).into(),
            "There is no such deployment for this credential: the answer was 404 \"Not now\" (request req-1).",
        ),
        (
            Unsent::Unknown(refusal(Kind::Forbidden, 403)).into(),
            "This credential may neither read nor cancel it: the answer was 403 \"Not now\" (request req-1).",
        ),
        (
            Unsent::Unsendable(failure(Kind::UnknownHost, "cancel the deployment", None, "the host name is not known"))
                .into(),
            "The cancel request could not be sent: the host name is not known.",
        ),
        (
            Unsent::Guarded(own("deployment d-1 belongs to project p-2, not to p-1")).into(),
            "Deployment d-1 belongs to project p-2, not to p-1.",
        ),
        (
            Unsent::Misdirected(own("the environment moved on: d-2 was asked to stop, not d-1")).into(),
            "The environment moved on: d-2 was asked to stop, not d-1.",
        ),
        (
            Reason::failed(*forbidden()),
            "This run could not read the deployment: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            Unsent::Failed { failure: forbidden(), turned_away: true }.into(),
            "This run could not read the deployment; a rate limit (429) had turned the cancel request away: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (Reason::failed(*own("the API has no sign-in")), "The API has no sign-in."),
        (Reason::Missing(Missing::NoList), "This platform has no list of deployments."),
        (
            Reason::CannotBegin("too few files can be open at once".to_owned()),
            "This run could not begin: too few files can be open at once.",
        ),
    ]
}

fn refused() -> Examples {
    let other = |what, wanted: &str, told| Unsent::Refused(Refusal::Other(what, wanted.to_owned(), told)).into();
    let main2 = || Says::This("main2".to_owned());
    let kept = || Refusal::Kept { id: "d-2".to_owned(), word: "ERROR".to_owned() };
    let no_longer = |why, unclear, turned_away| Unsent::NoLonger { why, unclear, turned_away }.into();
    let place = || "environment e-1".to_owned();
    let never = Refusal::NeverDeployed { place: place(), word: "READY".to_owned() };
    let teardown = Refusal::Teardown { place: place(), word: "STOPPING".to_owned(), id: Some("d-1".to_owned()) };
    vec![
        (other(What::Branch, "main", main2()), "It had to be of branch main, but its branch is main2."),
        (
            other(What::Commit, "1234567890abcdef", Says::Nothing),
            "It had to be of commit 1234567, but its commit is not known.",
        ),
        (
            other(What::Commit, "1234567890abcdef", Says::This("fedcba0987654321".to_owned())),
            "It had to be of commit 1234567, but its commit is fedcba0.",
        ),
        (
            other(What::Target, "production", Says::TooLong),
            "It had to go to production, but its target is another one.",
        ),
        (
            no_longer(kept(), None, false),
            "No cancel request was sent, because d-2, the newer one that was to take its place, is ERROR now.",
        ),
        (
            no_longer(Refusal::State("LIVE".to_owned()), None, true),
            "No further cancel request was sent, because it is LIVE now, which `only_states` excludes; a rate limit (429) had turned one away.",
        ),
        (
            no_longer(Refusal::Own("it is another one's".to_owned()), Some(refusal(Kind::Server, 502)), false),
            "No further cancel request was sent, because it is another one's; the one before had no clear answer: the answer was 502 \"Not now\" (request req-1).",
        ),
        (
            no_longer(teardown, None, false),
            "No cancel request was sent, because environment e-1 is STOPPING, which is no deployment.",
        ),
        (Unsent::Nothing(never).into(), "Nothing was ever deployed in environment e-1: its status is READY."),
    ]
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
            "This run looked at one deployment, which is not in flight; d-9 (commit 1234567), the newest that could have been meant, has gone live.",
        ),
        (
            perhaps(None, Liveness::Open { word: "REMOVED".to_owned(), over: true }),
            "This run looked at one deployment, which is not in flight; d-9, the newest that could have been meant, is REMOVED, which does not tell whether it went live.",
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
