//! Two runs at once for the same slot: the second one begins at whatever request of the first one, and goes on to its end
//! before that arrives, or beside it.
//!
//! What has to be true: the slot goes one step back, and no further and not forward again. Each run tells what it did, and
//! whoever says that nothing was sent sent nothing.

use super::answers::Answer;
use super::races::Course;
use super::scene::Scene;
use crate::sandbox::Call;
use crate::step::Ran;

pub fn every_meeting(platform: &'static str, course: Course) {
    let calls = Scene::new(platform, course, Answer::Yes).run(None).calls();
    let sent = calls.iter().position(|call| *call == Call::RollBack).expect("a request");
    for at in 1..=calls.len().min(sent + 12) {
        for waits in [true, false] {
            check(platform, course, at, waits);
        }
    }
}

fn check(platform: &'static str, course: Course, at: usize, waits: bool) {
    let (stand, sandbox, rans) = Scene::new(platform, course, Answer::Yes).run_two(at, waits);
    let back = stand.way_back().expect("a way back");
    let number = |id: &str| (1..20).find(|number| stand.id(*number) == id).unwrap_or_default();
    let served = sandbox.history(stand.name(), back.slot);
    let history: Vec<_> = served.iter().map(|one| number(&one.build)).collect();
    let requests = sandbox.requests().into_iter().filter(|seen| seen.call == Call::RollBack);
    let took_effect: Vec<_> = requests.map(|seen| seen.took_effect).collect();
    let [first, second] = &rans;
    let log = format!(
        "{course:?}, the second one begins at request {at} and {}\nserved {history:?}\n{}\n{}",
        if waits { "goes first" } else { "goes along" },
        first.stdout,
        second.stdout
    );
    let ours = history.iter().position(|number| *number == 1).expect("ours went live");
    let (_, since) = history.split_at(ours + 1);
    assert!(!since.is_empty() && since.iter().all(|number| *number == 2), "{log}");
    let is_already = |ran: &Ran| ran.output("rollback_reason").contains("put back already");
    for ran in &rans {
        let (outcome, code) = (ran.output("outcome"), ran.code);
        match ran.output("rollback") {
            "done" => {
                assert_eq!((outcome, code), ("rolled_back", 3), "{log}");
                let mut named = served.iter().map(|one| (back.named)(&one.id));
                assert!(is_already(ran) || named.any(|id| id == ran.output("rollback_deployment_id")), "{log}");
            }
            // By its list, or by its answer where both ask in the same moment. What the other one has put back may not tell
            // any more that it had been live before.
            "newer_in_flight" | "refused" | "no_target" => {
                assert_eq!((course.is_standing(outcome), code), (true, 3), "{log}");
            }
            "moved_on" => assert!(course.is_standing(outcome), "{log}"),
            other => panic!("{other:?} is nothing that it can come to: {log}"),
        }
    }
    let senders = rans.iter().filter(|ran| ran.output("rollback") == "done" && !is_already(ran)).count();
    // The second flip to where it is already changes nothing.
    let changed = took_effect.iter().filter(|took_effect| **took_effect).count();
    assert!(changed >= 1 && changed <= senders && senders <= took_effect.len(), "{took_effect:?}: {log}");
}
