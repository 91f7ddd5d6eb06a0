//! Every sentence is read once, and holds what is promised of all of them.

use std::collections::BTreeSet;

use super::examples::{examples, remarks};
use super::*;

#[test]
fn every_reason_reads_as_it_is_written_here() {
    for (reason, sentence) in examples() {
        assert_eq!(reason.to_string(), sentence);
    }
    for (remark, sentence) in remarks() {
        assert_eq!(remark.to_string(), sentence);
    }
}

/// What is wrong with a sentence of this program.
fn faults(sentence: &str) -> Vec<&'static str> {
    let first = sentence.chars().next();
    let opening = sentence.split([':', ',', '.', ';']).next().unwrap_or_default();
    let faulty = [
        (!first.is_some_and(|c| c.is_uppercase() || c.is_ascii_digit()), "it does not begin with a capital"),
        (!sentence.ends_with('.') || sentence.ends_with(".."), "it does not end with one stop"),
        (sentence.contains(". ") || sentence.contains(".:"), "it is more than one sentence"),
        (sentence.matches(opening).count() > 1, "it says its opening twice"),
        (sentence.contains("  ") || sentence.contains(" ."), "it has an odd space"),
        (sentence.contains("trouble"), "trouble is no word for a failure"),
        (sentence.contains("request of ours"), "nobody knows who we are"),
    ];
    faulty.into_iter().filter(|(is_faulty, _)| *is_faulty).map(|(_, fault)| fault).collect()
}

#[test]
fn every_sentence_is_one_sentence() {
    for (reason, _) in examples() {
        for sentence in [Some(reason.to_string()), Some(reason.cause()), reason.answer()].into_iter().flatten() {
            assert_eq!(faults(&sentence), [""; 0], "{sentence}");
        }
        let hint = reason.hint();
        assert!(hint.is_empty() || hint.ends_with('.') && !hint.starts_with(char::is_lowercase), "{hint}");
    }
    for (remark, _) in remarks() {
        assert_eq!(faults(&remark.to_string()), [""; 0], "{remark}");
    }
}

#[test]
fn a_cause_and_an_answer_say_together_what_the_sentence_says() {
    for (reason, sentence) in examples() {
        let cause = reason.cause();
        match reason.answer() {
            None => assert_eq!(cause, sentence),
            Some(answer) => {
                assert!(sentence.starts_with(cause.trim_end_matches('.')), "{sentence}");
                assert!(sentence.to_lowercase().ends_with(&answer.to_lowercase()), "{sentence}");
                assert!(!cause.contains("req-1") || cause.contains("(request req-1))"), "{cause}");
            }
        }
    }
}

/// The names of all variants of some types; a new one is missing here until it is named, and then in the examples.
macro_rules! variants {
    ($($of:ident: $($name:ident)+;)+) => {{
        $(let _ = |it: &$of| match it { $($of::$name { .. } => (),)+ };)+
        vec![$($(stringify!($name),)+)+]
    }};
}

#[test]
fn every_variant_has_an_example() {
    let shown = format!("{:?} {:?}", examples(), remarks());
    let shown: BTreeSet<_> = shown.split(|c: char| !c.is_alphanumeric()).collect();
    let names = variants! {
        Reason: End Unsent Selected Missing CannotBegin;
        End: Ended TooLate CanceledByOthers Beforehand Requested StillThere AskedInVain Unseen OutOfTime Interrupted;
        How: Canceled CanceledAfterRefusal NotLiveAfterYes NotLiveAfterUnclear NotLivePerhapsBefore UnknownWord
            HadSucceeded HadGoneLive HadBeenBuilt HadEnded;
        Answer: Accepted Refused Unclear ByOthers;
        TooLate: Plain Live Unpublished PerhapsLive TornDown;
        Ours: None TurnedAway Refused;
        Requested: Accepted AcceptedUnread AlreadyCanceling;
        Unseen: NotAsked Canceling Accepted Refused Unclear;
        Gone: Missing Excluded Failed;
        Asked: No TurnedAway Unclear Accepted AlreadyCanceling;
        Interrupted: BeforeAny BeforeAsking WhileAsking Unclear Accepted TurnedAway AlreadyCanceling Killed;
        Unsent: Refused NoLonger State DryRun DryRunCanceling Nothing Unchecked Unknown Guarded Unsendable
            Misdirected Failed;
        Unchecked: Source Scope State DryRun Id;
        Refusal: Other State Kept Teardown NeverDeployed Own;
        What: Branch Commit Target;
        Says: Nothing This TooLong;
        Selected: Nothing Unsure TooMany Restless OddId;
        Of: Scope Branch Commit;
        Rest: NoneInFlight Live NoneSuperseded NoneMeant;
        Liveness: WentLive Open;
        Unsure: Undated SameTime UnknownState;
        Remark: UnseenTarget Automatic UnknownState Silent Strangers Ungrouped Undated OwnRun Stuck;
    };
    for name in names {
        assert!(shown.contains(name), "{name} has no example");
    }
}

/// Hints of our own stand beside their sentence; where a failure is behind it, its hint is better.
#[test]
fn what_can_be_changed_is_said() {
    for (reason, sentence) in examples() {
        let hint = reason.hint();
        match sentence {
            _ if hint == "Do this." => {}
            _ if sentence.contains("had to be of branch") => assert_eq!(hint, "Check `deployment_id` and `branch`."),
            _ if sentence.contains("had to be of commit") => assert_eq!(hint, "Check `deployment_id` and `commit`."),
            _ if sentence.contains("had to go to") => assert_eq!(hint, "Check `deployment_id` and `target`."),
            _ if sentence.contains("which is no deployment") => {
                assert_eq!(hint, "To cancel that, give `deployment_id: d-1`.");
            }
            _ if sentence.contains("could have been meant") => {
                assert!(sentence.contains("`deployment_id`"), "{sentence}")
            }
            _ if sentence.contains("it is still") => assert!(hint.contains("`timeout`"), "{sentence}"),
            _ if sentence.contains("nobody knows which is the latest") => assert_eq!(hint, "Give `deployment_id`."),
            _ => assert!(hint.is_empty() || !sentence.contains(&hint), "{sentence}"),
        }
    }
}
