//! How it ended, or what is known where nobody saw the end.

use super::parts::{Examples, failure, forbidden, refusal};
use crate::model::deployment::State;
use crate::model::failure::Kind;
use crate::model::reason::{
    Answer, Asked, Course, End, Gone, How, Interrupted, Missing, Ours, OutOfTime, Refusal, Requested, TooLate, Unseen,
};

pub(super) fn all() -> Examples {
    [over(), earlier(), late(), open(), unseen_ends(), times_up(), signals()].into_iter().flatten().collect()
}

fn course(first: &str, last: &str, note: Option<&str>) -> Course {
    Course { first: Some(first.to_owned()), last: last.to_owned(), note: note.map(str::to_owned) }
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
        (over(How::HadSucceeded, "READY"), "It was READY when this run first looked, so no cancel request was sent."),
        (
            over(How::HadGoneLive, "CRASHED"),
            "It was CRASHED when this run first looked, after it had gone live, so no cancel request was sent.",
        ),
        (
            over(How::HadBeenBuilt, "READY"),
            "It was READY when this run first looked (built, not published), so no cancel request was sent.",
        ),
        (
            End::Ended(How::HadEnded, course("ERROR", "ERROR", Some("out of memory"))).into(),
            "It was ERROR (\"out of memory\") when this run first looked, so no cancel request was sent.",
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
            "The platform accepted the cancel request, but too late: it went from BUILDING to READY (built, not published).",
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
