//! Many, and what had to wait for its turn.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::sandbox::{Call, Fault, Seen};
use crate::stage::{Course, HEAD, One, Stage, every_selecting, on_push, one, rate_limit};

every_selecting!(what_a_list_said_is_read_again_when_the_cancel_had_to_wait, All, |stage| {
    if !stage.has("queued") {
        return;
    }
    for rule in stage.rules(["latest", "all", "branch"]) {
        let scope = stage.scope([one(1).state("queued")]);
        scope.sandbox.fault(Call::Cancel, [rate_limit()]);
        let running = on_push(scope.select(rule), "main", HEAD).input("only_states", "queued").start();
        scope.sandbox.wait_for(Call::Cancel, 1);
        scope.put(&one(1).state("running"));
        running.wait().ended("skipped", 0).reasons(&["turned one away", "only_states", stage.shown("running")]);
        assert_eq!(scope.sandbox.count(Call::Cancel), 1);
    }
});

every_selecting!(a_kept_one_is_read_again_when_the_cancel_had_to_wait, Superseded, |stage| {
    for (state, outcome, times) in [(stage.lost(), "skipped", 1), ("succeeded", "canceled", 2)] {
        let scope = stage.scope([one(1), one(2)]);
        scope.sandbox.fault(Call::Cancel, [rate_limit()]);
        let running = scope.select("superseded").start();
        scope.sandbox.wait_for(Call::Cancel, 1);
        scope.put(&one(2).state(state));
        let ran = running.wait();
        ran.ended(outcome, 0);
        assert_eq!(scope.asked(), vec![1; times]);
        let says = format!("{}, the newer one that was to take its place, is", stage.id(2));
        assert_eq!(ran.output("reason").contains(&says), times == 1);
    }
});

every_selecting!(a_kept_one_that_cannot_be_read_again_protects_the_older_one, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    scope.sandbox.fault(Call::Cancel, [rate_limit()]);
    // The kept one is read once before the first request.
    let forbidden = std::iter::repeat_n(Fault::Status(403), 8);
    scope.sandbox.fault(Call::Read, [Fault::Pass].into_iter().chain(forbidden));
    scope.select("superseded").run().ended("error", 1);
    assert_eq!(scope.asked(), [1]);
});

every_selecting!(what_waits_behind_many_others_is_read_again_before_its_turn, All, |stage| {
    if !stage.has("queued") {
        return;
    }
    let scope = stage.scope((1..=9).map(|number| one(number).state("queued")));
    // Long enough for what the list said to be old, and for what happens meanwhile here.
    scope.sandbox.fault(Call::Cancel, vec![Fault::Delay(Duration::from_secs(5)); 8]);
    let running = scope.select("all").input("only_states", "queued").start();
    scope.sandbox.wait_for(Call::Cancel, 8);
    let asked = scope.asked();
    let left = (1..=9).find(|number| !asked.contains(number)).unwrap();
    scope.put(&one(left).state("running"));
    let ran = running.wait();
    ran.ended("canceled", 0);
    assert_eq!(scope.asked(), asked);
    let told = ran.deployments();
    let skipped: Vec<_> = told.iter().filter(|it| it["outcome"] == "skipped").collect();
    assert_eq!(skipped.len(), 1, "{told:?}");
    assert_eq!(skipped[0]["deployment_id"], json!(stage.id(left)));
});

every_selecting!(at_most_eight_requests_are_under_way, All, |stage| {
    if stage.traits().supersedes {
        return;
    }
    let scope = stage.scope((1..=20).map(one));
    scope.sandbox.always(Call::Cancel, Fault::HoldBefore);
    let running = scope.select("all").start();
    scope.sandbox.wait_for(Call::Cancel, 8);
    // Those eight are the only ones that are out when the run is told to stop.
    running.signal("TERM");
    let ran = running.wait();
    ran.ended("interrupted", 143);
    assert_eq!((scope.asked().len(), ran.output("count")), (8, "20"));
});

#[test]
fn a_thousand_superseded_deployments_stay_readable_and_each_is_asked_once() {
    let scope = Stage::Vercel.scope((1..=1001).map(one));
    let ran = scope.select("superseded").input("timeout", "240").run_inside(&scope.sandbox);
    ran.ended("canceled", 0);
    let asked = scope.asked();
    let distinct: BTreeSet<_> = asked.iter().collect();
    assert_eq!((asked.len(), distinct.len()), (1000, 1000));
    assert!(!distinct.contains(&1001));
    assert_eq!(ran.output("count"), "1000");
    assert!(ran.output("deployments").len() < 100 << 10);
    assert!(ran.summary.len() < 1 << 20 && ran.summary.contains('|'));
    let notices = ran.stdout.lines();
    let notices = notices.filter(|line| line.starts_with("::notice title="));
    assert_eq!(notices.count(), 10);
    ran.warns(&["`deployments`", "left out"]);
}

#[test]
fn more_than_a_thousand_are_an_error_unless_all_are_meant() {
    let scope = Stage::Vercel.scope((1..=1002).map(one));
    for rule in ["branch", "superseded"] {
        let ran = on_push(scope.select(rule), "main", HEAD).run_inside(&scope.sandbox);
        ran.ended("error", 1).reasons(&["1000"]);
        assert_eq!(scope.asked(), [0; 0]);
    }
    let ran = scope.select("all").input("dry_run", "true").run_inside(&scope.sandbox);
    ran.ended("dry_run", 0).tells("count", "1002");
}

every_selecting!(many_end_by_a_read_of_their_own_where_their_list_lags, All, |stage| {
    let ids: Vec<_> = (1..=12).map(|number| stage.id(number)).collect();
    let Some(stale) = stage.list(&ids, stage.shown("running")) else { return };
    // The answer to the cancel shows no end either, so only reads do.
    let all = (1..=12).map(one).map(|one| One { course: one.course.clone().answering("running"), ..one });
    let scope = stage.scope(all.skip(12 - stage.still(&[0; 12]).len()));
    scope.sandbox.fault(Call::List, vec![Fault::Pass; stage.traits().lists]);
    scope.sandbox.always(Call::List, Fault::json(200, &stale));
    let ran = scope.select("all").run_inside(&scope.sandbox);
    ran.ended("canceled", 0);
    assert_eq!(ran.output("canceled_count"), stage.still(&[0; 12]).len().to_string());
});

every_selecting!(each_of_many_is_read_itself_however_late_its_list_came, All, |stage| {
    if !stage.traits().many {
        return;
    }
    let many = stage.still(&[0; 12]).len();
    let (list, answer) = (Duration::from_millis(350), Duration::from_millis(200));
    for timeout in 20..24 {
        let all = (1..=12).map(one).map(|one| One { course: Course::running().then(&["running"]), ..one });
        let scope = stage.scope(all.skip(12 - many));
        scope.sandbox.always(Call::List, Fault::Delay(list));
        scope.sandbox.always(Call::Read, Fault::Delay(answer));
        let step = scope.select("all").input("timeout", &timeout.to_string());
        step.run_inside(&scope.sandbox).ended("timed_out", 124);
        let requests = scope.sandbox.requests();
        let limit = requests[0].at + Duration::from_secs(timeout);
        let in_time = |read: &&Seen| (limit - Duration::from_secs(2)..=limit - answer).contains(&read.at);
        let reads = requests.iter().filter(|read| read.call == Call::Read).filter(in_time);
        let read: BTreeSet<_> = reads.map(|read| (&read.path, &read.body)).collect();
        assert_eq!(read.len(), many, "{timeout} s");
    }
});
