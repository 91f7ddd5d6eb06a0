//! What has to be true of every run, whatever happened in it. It follows from the promises to users, not from what the code
//! does:
//!
//! 1. "Nothing was rolled back" is said only where no request was sent that may have been processed.
//! 2. `done` and `replaced_other`: what was live before ours is live; what it took the place of was ours, or was not.
//! 3. `failed`: it was accepted, and something else is live. `timed_out`: it was accepted.
//! 4. `moved_on`: something else than ours is live.
//! 5. Each request names what was live right before ours, comes right after a look at the slot, and there is one, or two
//!    where the pointer is only moved.
//! 6. The outcome and the exit code follow from that.
//! 7. Whoever is killed has said before that a request may be under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::answers::Answer;
use super::races::{Course, Deed, Race};
use crate::inside::Stop;
use crate::models::github;
use crate::sandbox::{Back, Call, Sandbox, Seen, Served, Stand};
use crate::step::Ran;

/// The results of runs in which nothing was rolled back.
const NOTHING: [&str; 7] = ["", "moved_on", "newer_in_flight", "no_target", "refused", "interrupted", "dry_run"];
/// The exit code of SIGTERM.
const TERMINATED: i32 = 143;

/// What is known of a run that is over.
pub struct Facts {
    pub stand: &'static dyn Stand,
    pub back: &'static Back,
    pub sandbox: Sandbox,
    pub course: Course,
    pub answer: Answer,
    pub race: Race,
    pub moment: Option<usize>,
    pub stop: Option<Stop>,
    pub deed: Option<Deed>,
    /// How much had been served when that was done.
    pub until: Arc<AtomicUsize>,
    /// What was live at the first look.
    pub first_seen: Arc<AtomicUsize>,
    pub ran: Ran,
}

impl Facts {
    /// Everything that was served in the time of the run: what somebody did after its last look is left out.
    fn served(&self) -> Vec<Served> {
        let mut served = self.sandbox.history(self.stand.name(), self.back.slot);
        let requests = self.sandbox.requests();
        let mut reads: Vec<usize> = (0..requests.len()).filter(|at| self.is_live_read(&requests[*at])).collect();
        if self.result() == "done" && self.count() > 0 {
            // Behind the second read, two seconds after the first one, only what was replaced is asked for.
            let waits = |pair: &[usize]| requests[pair[1]].at - requests[pair[0]].at >= Duration::from_secs(2);
            let second = reads.windows(2).rposition(waits);
            second.into_iter().for_each(|at| reads.truncate(at + 2));
        }
        if self.moment.zip(reads.pop()).is_some_and(|(moment, last)| moment > last) {
            served.truncate(self.until.load(Ordering::Relaxed));
        }
        served
    }

    /// How many requests to roll back there were.
    fn count(&self) -> usize {
        self.sandbox.count(Call::RollBack)
    }

    /// Where what is live is told by a list, others are of everything.
    fn is_live_read(&self, seen: &Seen) -> bool {
        seen.call == self.back.live && (seen.call != Call::List || seen.query.contains("status="))
    }

    /// What was live before ours, last of all; what no list shows any more was seen by nobody.
    fn targets(&self) -> Vec<Served> {
        let mut before = self.served();
        let is_ours = |served: &Served| served.build == self.stand.id(1);
        before.truncate(before.iter().position(is_ours).unwrap_or_default());
        if let Some(to) = self.race.to() {
            before.retain(|served| served.build == self.stand.id(to));
        }
        let is_forgotten = self.deed == Some(Deed::Forgets) && self.first_seen.load(Ordering::Relaxed) == 1;
        before.split_off(before.len().saturating_sub(if is_forgotten { 2 } else { 1 }))
    }

    fn is_target(&self, number: Option<usize>) -> bool {
        let number = number.map(|number| self.stand.id(number));
        self.targets().into_iter().any(|target| Some(target.build) == number)
    }

    pub fn result(&self) -> &str {
        self.ran.output("rollback")
    }

    /// The kinds of its requests.
    pub fn calls(&self) -> Vec<Call> {
        self.sandbox.requests().iter().map(|seen| seen.call).collect()
    }

    /// The numbers of what was built for what was live, one after the other.
    fn history(&self) -> Vec<usize> {
        let number = |id: &str| (1..20).find(|number| self.stand.id(*number) == id).unwrap_or_default();
        self.served().iter().map(|served| number(&served.build)).collect()
    }

    pub fn log(&self) -> String {
        let Self { course, answer, moment, deed, stop, ran, .. } = self;
        let race = self.race.name();
        let history = self.history();
        let calls = self.calls();
        format!(
            "\n{race} {course:?} {answer:?} {deed:?} before request {moment:?}, {stop:?}\nserved {history:?}\n{calls:?}\n{}",
            ran.stdout
        )
    }
}

/// Holds the outputs of a run against what the sandbox serves.
#[track_caller]
pub fn check(facts: &Facts) {
    let requests = facts.sandbox.requests();
    let sends: Vec<usize> = (0..requests.len()).filter(|at| requests[*at].call == Call::RollBack).collect();
    sends.iter().for_each(|at| check_look(facts, &requests, *at));
    check_aim(facts, &sends);
    let took_effect = sends.iter().any(|at| requests[*at].took_effect);
    if facts.ran.code == 137 {
        return check_provisional(facts, took_effect);
    }
    check_result(facts, &requests, &sends, took_effect);
    check_outcome(facts);
}

fn check_result(facts: &Facts, requests: &[Seen], sends: &[usize], took_effect: bool) {
    let (result, log) = (facts.result(), || facts.log());
    let history = facts.history();
    let live = history.last().copied();
    let may_have = took_effect || (!sends.is_empty() && facts.answer.leaves_doubt());
    if NOTHING.contains(&result) {
        assert!(!may_have, "a request was sent that may have been processed{}", log());
    }
    match result {
        "done" if sends.is_empty() => assert!(is_again(&history), "{}", log()),
        "done" => {
            assert!(facts.is_target(live), "{}", log());
            if let Some(other) = replaced(facts, sends, took_effect, &history) {
                panic!("it replaced {other}{}", log());
            }
            check_two_reads(facts, requests, sends);
        }
        // What was in flight was served by nobody yet.
        "replaced_other" if facts.deed == Some(Deed::Begins) => {
            assert!(took_effect && facts.is_target(live), "{}", log());
        }
        "replaced_other" => {
            assert!(took_effect && facts.is_target(live), "{}", log());
            let before = history.iter().rev().nth(1).copied();
            assert!(before != Some(1) && !facts.is_target(before), "{}", log());
        }
        // The same code may be live by somebody else's hand, and in other variables.
        "failed" => {
            let is_another = facts.deed == Some(Deed::PutsBack) || !facts.is_target(live);
            assert!(took_effect && is_another, "{}", log());
        }
        "timed_out" => assert!(took_effect, "{}", log()),
        "moved_on" => assert!(live.is_some_and(|live| live != 1), "{}", log()),
        "unknown" => assert!(!sends.is_empty(), "{}", log()),
        "" => {}
        _ => assert!(NOTHING.contains(&result), "{}", log()),
    }
    if ["done", "replaced_other"].contains(&result) && took_effect {
        let live = facts.served().pop().map(|live| (facts.back.named)(&live.id));
        assert_eq!(Some(facts.ran.output("rollback_deployment_id")), live.as_deref(), "{}", log());
    }
}

/// What is live had been live before ours went live, and is again since.
fn is_again(history: &[usize]) -> bool {
    let ours = history.iter().position(|number| *number == 1);
    let before = ours.map_or(&[][..], |at| &history[..at]);
    history.last().is_some_and(|live| before.contains(live))
}

/// What else than ours the roll back took the place of, where the platform tells. What goes live only after the request
/// was processed it need not know.
fn replaced(facts: &Facts, sends: &[usize], took_effect: bool, history: &[usize]) -> Option<usize> {
    let is_before =
        matches!(facts.race, Race::Late) || facts.moment.zip(sends.first()).is_some_and(|(it, at)| it <= *at);
    let before = history.iter().rev().nth(1).copied().filter(|before| *before != 1 && !facts.is_target(Some(*before)));
    before.filter(|_| took_effect && facts.back.tells_replaced && is_before)
}

/// It is live at two reads, with two seconds between.
fn check_two_reads(facts: &Facts, requests: &[Seen], sends: &[usize]) {
    let from = sends.last().map_or(0, |at| at + 1);
    let reads: Vec<_> = requests[from..].iter().filter(|seen| facts.is_live_read(seen)).collect();
    let apart = reads.first().zip(reads.last()).map(|(first, last)| last.at.duration_since(first.at));
    assert!(apart.is_some_and(|apart| apart >= Duration::from_secs(2)), "read once{}", facts.log());
}

/// What is in flight and what is live was read right before the request, and after everything else.
fn check_look(facts: &Facts, requests: &[Seen], send: usize) {
    // Some need another read to know what a live pointer names.
    let is_look = |seen: &&Seen| [Call::List, Call::Other, facts.back.live].contains(&seen.call);
    let looks: Vec<_> = requests[..send].iter().rev().take_while(is_look).collect();
    assert!(looks.len() >= 2 && looks.iter().any(|seen| seen.call == facts.back.live), "no look{}", facts.log());
    let is_told = |seen: &Seen| seen.call == Call::List && !facts.is_live_read(seen);
    let told = requests[..send].iter().rposition(is_told);
    let is_seen = facts.deed == Some(Deed::Begins) && facts.moment.zip(told).is_some_and(|(moment, at)| moment <= at);
    assert!(!is_seen, "it was in flight already{}", facts.log());
    let age = requests[send].at.duration_since(looks[1].at);
    assert!(age < Duration::from_secs(2), "the look is {age:?} old{}", facts.log());
}

/// Each request names what was live before, and there are no more than may be.
fn check_aim(facts: &Facts, sends: &[usize]) {
    let Some(aim) = facts.sandbox.aim(facts.stand.name(), facts.back.slot) else { return };
    let is_it = facts
        .targets()
        .iter()
        .any(|target| [&target.id, &target.build].iter().any(|id| aim.contains(&(facts.back.named)(id))));
    assert!(is_it, "it names {aim}{}", facts.log());
    let most = match facts.answer {
        Answer::Barred => usize::MAX,
        // Those were no requests.
        Answer::Limited | Answer::Unconnected => 2,
        _ if facts.back.makes_one => 1,
        _ => 2,
    };
    assert!(sends.len() <= most, "{} requests{}", sends.len(), facts.log());
}

/// The outcome, and how the process ended, are those of the result.
fn check_outcome(facts: &Facts) {
    let (result, outcome, code) = (facts.result(), facts.ran.output("outcome"), facts.ran.code);
    let standing = facts.course.outcome();
    // One that was not live any more when the run began is no failure.
    let is_live = facts.ran.output("platform_state") == facts.stand.shown("succeeded");
    let wanted = match result {
        "done" => ("rolled_back", 3),
        "replaced_other" => ("error", 1),
        "timed_out" => ("timed_out", 124),
        // A signal may come when all is over.
        "unknown" if code == TERMINATED && outcome == "interrupted" => ("interrupted", TERMINATED),
        "unknown" => ("error", 1),
        "interrupted" => (standing, TERMINATED),
        // Before it is known how ours ended.
        "" => {
            let is_live = facts.history().contains(&1);
            let is_open = facts.stop.is_some() || ["error", "timed_out"].contains(&outcome);
            return assert!(is_open || !is_live, "{}", facts.log());
        }
        _ => (standing, if is_live || outcome == "completed" { 3 } else { 0 }),
    };
    let code = if facts.stop.is_some() && code == TERMINATED { wanted.1 } else { code };
    assert_eq!((outcome, code), wanted, "{}", facts.log());
    let went_live = facts.ran.output("went_live");
    let is_told = if result == "done" { went_live == "true" } else { went_live != "false" || !is_live };
    assert!(is_told, "went_live is {went_live}{}", facts.log());
    assert!(!facts.ran.output("rollback_reason").is_empty(), "{}", facts.log());
}

/// Nobody is there any more who could say what was done: it was said before.
fn check_provisional(facts: &Facts, took_effect: bool) {
    let written = std::fs::read_to_string(facts.ran.folder.path().join("output")).unwrap_or_default();
    let written = github::outputs(&written).expect("outputs");
    let last = |name: &str| written.iter().rfind(|(own, _)| own == name).map_or("", |(_, value)| value.as_str());
    if !took_effect {
        return;
    }
    assert_eq!(last("outcome"), "interrupted", "{}", facts.log());
    // One block a run: where a cancel request was sent, it is about that.
    let wanted = if facts.course == Course::Asked { "" } else { "unknown" };
    assert_eq!(last("rollback"), wanted, "{}", facts.log());
}
