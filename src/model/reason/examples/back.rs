//! Every end of a roll back once, as somebody reads it: for documents and tests.

use crate::model::failure::{Failure, Kind};
use crate::model::reason::{Back, Choice, NoTarget, NotSent};

/// Ends of roll backs with their sentences.
type Examples = Vec<(Back, &'static str)>;

/// Every end with its sentence.
pub fn roll_backs() -> Examples {
    [kept_away(), without_target(), not_sent(), sent()].into_iter().flatten().collect()
}

fn id(text: &str) -> String {
    text.to_owned()
}

fn failure() -> Box<Failure> {
    let own = Failure::own(Kind::Refused, "Not now", "Do this.");
    let (action, request_id) = ("roll back".to_owned(), Some("r-1".to_owned()));
    Box::new(Failure { action, status: Some(409), request_id, ..own })
}

fn kept_away() -> Examples {
    vec![
        (Back::MovedOn(id("d-3")), "Nothing was rolled back: d-3 is live by now."),
        (
            Back::InFlight { version: id("d-3"), word: id("BUILDING") },
            "Nothing was rolled back: d-3 may go live at any moment, it is BUILDING.",
        ),
        (Back::Interrupted, "Nothing was rolled back: a signal came before the request."),
        (Back::DryRun(id("d-0")), "Nothing was rolled back, as this is a dry run: d-0 would be put back."),
    ]
}

fn without_target() -> Examples {
    let no = |why: NoTarget| Back::NoTarget(why);
    vec![
        (no(NoTarget::First), "Nothing was rolled back: nothing is known to have been live before it."),
        (no(NoTarget::Unproven(id("d-0"))), "Nothing was rolled back: nothing proves that d-0 had been live."),
        (
            no(NoTarget::Differ { seen: id("d-0"), replaced: id("d-4") }),
            "Nothing was rolled back: d-0 was live when this run looked, d-4 is what it replaced by what the platform says, and nothing proves which of them was live last.",
        ),
        (
            no(NoTarget::Ours(Choice::Previous(id("d-0")))),
            "Nothing was rolled back: d-0, which was live before it, is one that this run was to stop.",
        ),
        (
            no(NoTarget::SameCommit(Choice::Previous(id("d-0")))),
            "Nothing was rolled back: d-0, which was live before it, is of the same commit.",
        ),
        (
            no(NoTarget::Ours(Choice::Written(id("d-0")))),
            "Nothing was rolled back: `roll_back_to` is d-0, which is one that this run was to stop.",
        ),
        (
            no(NoTarget::SameCommit(Choice::Written(id("d-0")))),
            "Nothing was rolled back: `roll_back_to` is d-0, which is of the same commit.",
        ),
        (no(NoTarget::Current(id("d-0"))), "Nothing was rolled back: d-0 is what is live already."),
        (
            no(NoTarget::NotThere(id("d-9"))),
            "Nothing was rolled back: `roll_back_to` is \"d-9\", and nothing here has that id.",
        ),
        (
            no(NoTarget::Unfit(failure())),
            "Nothing was rolled back: the answer was 409 \"Not now\" (request r-1). Do this.",
        ),
    ]
}

fn not_sent() -> Examples {
    let refused = |why: NotSent| Back::Refused(why);
    vec![
        (refused(NotSent::NothingLive), "Nothing was rolled back: the platform names nothing as live."),
        (
            refused(NotSent::Check(failure())),
            "Nothing was rolled back: the platform's own check does not pass: the answer was 409 \"Not now\" (request r-1). Do this.",
        ),
        (
            refused(NotSent::Unreadable(failure())),
            "Nothing was rolled back: could not roll back: the answer was 409 \"Not now\" (request r-1). Do this.",
        ),
        (
            refused(NotSent::OutOfTime(None, 9)),
            "Nothing was rolled back: whether that is safe was not known after 9 s.",
        ),
        (
            refused(NotSent::OutOfTime(Some(failure()), 9)),
            "Nothing was rolled back: whether that is safe was not known after 9 s: the answer was 409 \"Not now\" (request r-1). Do this.",
        ),
        (
            refused(NotSent::Answer(failure())),
            "Nothing was rolled back: the platform refused: the answer was 409 \"Not now\" (request r-1). Do this.",
        ),
    ]
}

fn sent() -> Examples {
    let copy = Some(id("d-2"));
    vec![
        (
            Back::Done { target: id("d-0 (abc1234)"), already: false },
            "Rolled back: d-0 (abc1234), which was live before it, is live again.",
        ),
        (
            Back::Done { target: id("d-0"), already: true },
            "It was put back already: d-0, which was live before it, is live again.",
        ),
        (Back::Failed { word: id("ERROR"), live: Some(id("d-1")) }, "The roll back ended as ERROR: d-1 is live now."),
        (
            Back::Failed { word: String::new(), live: None },
            "The roll back did not work: what is live now could not be read.",
        ),
        (
            Back::ReplacedOther { target: id("d-0"), other: id("d-3") },
            "d-0 is live again, but it replaced d-3, which somebody had put live in the meantime: look at that before anything else.",
        ),
        (
            Back::TimedOut { target: id("d-0"), by: copy.clone(), seconds: 240 },
            "The roll back to d-0 by d-2 was accepted and had not ended after 240 s; it may still happen.",
        ),
        (
            Back::Unknown { target: id("d-0"), by: None, live: Some(id("d-1")), answer: Some(failure()) },
            "Nobody knows whether the roll back to d-0 happens: d-1 is live now; the answer was 409 \"Not now\" (request r-1). Do this.",
        ),
        (
            Back::GoesOn { target: id("d-0"), by: copy },
            "The roll back to d-0 by d-2 was sent and was not watched: it goes on by itself.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_reads_as_it_is_written_here() {
        for (back, sentence) in roll_backs() {
            assert_eq!(back.sentence(), sentence);
        }
    }
}
