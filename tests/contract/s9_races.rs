//! Every race on the way back, and whether what the outputs say is true of what the sandbox serves. In all of them the
//! second deployment was live, and the first one is what should have been stopped.

use crate::inside;
use crate::sandbox::{Back, Call, Ends, Fault, One, Sandbox};
use crate::stage::{Course, Stage, every_platform};
use crate::step::{Ran, Step};

/// What leaves everything as it is.
const UNTOUCHED: [&str; 5] = ["moved_on", "newer_in_flight", "no_target", "refused", "dry_run"];

struct Race {
    stage: Stage,
    back: &'static Back,
    sandbox: Sandbox,
}

impl Stage {
    /// The way back, where the program can go it.
    fn goes_back(self) -> Option<&'static Back> {
        self.way_back().filter(|_| self.info().about.roll_back.info().is_some())
    }

    /// A platform on which nothing was deployed yet.
    fn race(self) -> Option<Race> {
        let back = self.goes_back()?;
        let sandbox = Sandbox::start();
        self.put_scopes(&sandbox);
        Some(Race { stage: self, back, sandbox })
    }

    /// The second one was live, and the first one is.
    fn too_late(self) -> Option<Race> {
        let race = self.race()?;
        race.puts_live(2).puts_live(1);
        Some(race)
    }
}

impl Race {
    fn puts_live(&self, number: usize) -> &Self {
        self.stage.put_live(&self.sandbox, number);
        self
    }

    fn puts(&self, one: &One) -> &Self {
        self.stage.put_one(&self.sandbox, one);
        self
    }

    fn faults(&self, faults: impl IntoIterator<Item = Fault>) -> &Self {
        self.sandbox.fault(Call::RollBack, faults);
        self
    }

    fn step(&self) -> Step {
        let step = self.stage.step_at(&self.sandbox.url(self.stage.name()));
        step.input("if_live", "roll_back").input("roll_back_timeout", "30s")
    }

    /// Runs a step, and holds what it says of the roll back against what the sandbox serves.
    #[track_caller]
    fn run(&self, step: Step) -> Ran {
        let before = self.sandbox.requests().len();
        let ran = step.run_inside(&self.sandbox);
        let requests = self.sandbox.requests().split_off(before);
        let took_effect = requests.iter().any(|seen| seen.call == Call::RollBack && seen.took_effect);
        let (result, serves) = (ran.output("rollback"), self.stage.serves(&self.sandbox));
        let log = format!("it serves {serves:?}:\n{}", ran.stdout);
        assert_eq!(ran.output("outcome") == "rolled_back", result == "done", "{log}");
        assert_eq!(ran.output("rollback_reason").is_empty(), result.is_empty(), "{log}");
        let served = serves.map(|number| self.stage.named(number)).unwrap_or_default();
        let target = self.sandbox.aim(self.stage.name(), self.back.slot);
        let is_target = target.is_some_and(|target| target.contains(&served));
        match result {
            "done" | "replaced_other" => assert!(is_target && serves != Some(1), "{log}"),
            "failed" => assert!(!is_target, "{log}"),
            _ if UNTOUCHED.contains(&result) || result.is_empty() => assert!(!took_effect, "{log}"),
            _ => {}
        }
        ran
    }

    /// The same, with that result.
    #[track_caller]
    fn ends(&self, step: Step, result: &str) -> Ran {
        let ran = self.run(step);
        ran.tells("rollback", result);
        ran
    }

    /// Runs the usual step: nothing was sent, and what was red stays so.
    #[track_caller]
    fn stays(&self, result: &str) -> Ran {
        let ran = self.ends(self.step(), result);
        ran.ended("already_finished", 3).tells("went_live", "true");
        assert_eq!(self.sends(), 0, "\n{}", ran.stdout);
        ran
    }

    fn sends(&self) -> usize {
        self.sandbox.count(Call::RollBack)
    }
}

// Something else is live.

every_platform!(what_was_replaced_meanwhile_is_left_alone, |stage| {
    // A newer one, one that was created before it, and its commit once more.
    for (number, at, commit) in [(3, 3, 3), (3, 0, 3), (3, 3, 1)] {
        let Some(race) = stage.too_late() else { return };
        let mut other = stage.bound(number).state("succeeded").at(at);
        other.commit = stage.bound(commit).commit;
        race.puts(&other);
        let ran = race.ends(race.step(), "moved_on");
        assert!(ran.output("rollback_reason").contains("is live"), "{}", ran.output("rollback_reason"));
        assert_eq!((race.sends(), stage.serves(&race.sandbox)), (0, Some(3)));
    }
});

every_platform!(what_was_live_long_before_and_is_again_is_not_the_one_before, |stage| {
    let Some(race) = stage.race() else { return };
    race.puts_live(4).puts_live(2).puts_live(1);
    assert_eq!(stage.roll_back(&race.sandbox, 4), race.back.accepted);
    let ran = race.step().run_inside(&race.sandbox);
    // It was put back already, where the platform tells that it had been live before.
    assert!(["moved_on", "done"].contains(&ran.output("rollback")), "\n{}", ran.stdout);
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (0, Some(4)));
});

every_platform!(what_a_guard_keeps_from_stays_live_although_it_was_named, |stage| {
    let Some(race) = stage.race() else { return };
    if !stage.follows("branch") {
        return;
    }
    race.puts_live(1).puts_live(3).puts(&stage.bound(2).state("succeeded").branch("another").at(4));
    let ids = format!("{},{}", stage.id(1), stage.id(2));
    let step = race.step().input("deployment_id", &ids).input("branch", stage.bound(1).branch.unwrap());
    let ran = race.run(step);
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (0, Some(2)), "\n{}", ran.stdout);
});

// Something else is in flight.

every_platform!(what_is_on_its_way_is_waited_for_by_nobody, |stage| {
    let Some(back) = stage.goes_back() else { return };
    let states = ["queued", "running"].into_iter().filter(|state| stage.has(state));
    for state in states.chain(["unknown"]).chain(back.held.iter().copied()) {
        let Some(race) = stage.too_late() else { return };
        race.puts(&stage.bound(3).state(state));
        let ran = race.stays("newer_in_flight");
        let reason = ran.output("rollback_reason");
        assert!(reason.contains(&stage.id(3)) && reason.contains(stage.shown(state)), "{reason}");
    }
});

every_platform!(what_this_run_never_asked_to_stop_is_not_waited_for, |stage| {
    let Some(race) = stage.too_late() else { return };
    race.puts(&stage.bound(3).state("running"));
    let ids = format!("{},{}", stage.id(1), stage.id(3));
    let step = race.step().input("deployment_id", &ids).input("only_states", "queued");
    let (ran, took) = inside::run(step, &race.sandbox);
    assert_eq!((ran.output("rollback"), race.sends()), ("newer_in_flight", 0), "\n{}", ran.stdout);
    let outcomes: Vec<_> = ran.deployments().iter().map(|one| one["outcome"].as_str().unwrap().to_owned()).collect();
    assert_eq!(outcomes, ["already_finished", "skipped"], "\n{}", ran.stdout);
    // By the clock of the run.
    assert!(took < std::time::Duration::from_secs(1), "{took:?}\n{}", ran.stdout);
});

every_platform!(what_else_moves_the_live_pointer_is_not_disturbed, |stage| {
    for (name, busy) in stage.goes_back().map_or(&[][..], |back| back.busy) {
        let Some(race) = stage.too_late() else { return };
        busy(&race.sandbox);
        let ran = race.run(race.step());
        assert_eq!((ran.output("rollback"), race.sends()), ("newer_in_flight", 0), "{name}\n{}", ran.stdout);
    }
});

every_platform!(what_begins_right_before_the_request_is_seen_at_the_last_look, |stage| {
    let Some(race) = stage.too_late() else { return };
    // A dry run ends where the last look would come.
    let dry = race.run(race.step().input("dry_run", "true"));
    dry.tells("rollback", "dry_run");
    let looks = race.sandbox.count(race.back.live);
    let late = stage.bound(3);
    race.sandbox.before(race.back.live, looks + 1, move |sandbox| stage.put_live(sandbox, late.number));
    race.ends(race.step(), "moved_on");
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (0, Some(3)));
});

// In another slot.

/// The first one went live and is too late to stop; the seventh is in flight elsewhere, where a cancel is accepted and
/// changes nothing by the limit.
fn beside_another(stage: Stage) -> Option<(Race, Step)> {
    // There an id finds its deployment in whatever slot.
    let race = stage
        .too_late()
        .filter(|_| ["cloud_foundry", "netlify", "vercel", "cloudflare_workers"].contains(&stage.name()))?;
    let endless = Course::running().then(&["running"]).answering("running");
    race.puts(&stage.bound(7).elsewhere().course(&endless));
    let ids = format!("{},{}", stage.id(1), stage.id(7));
    let step = race.step().input("deployment_id", &ids).input("timeout", "60s");
    Some((race, step))
}

every_platform!(one_slot_does_not_wait_for_the_end_in_another_one, |stage| {
    let Some((race, step)) = beside_another(stage) else { return };
    let ran = step.run_inside(&race.sandbox);
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (1, Some(2)), "\n{}", ran.stdout);
    let told: Vec<_> = ran.deployments().iter().map(|one| one["outcome"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, ["rolled_back", "timed_out"], "\n{}", ran.stdout);
    let requests = race.sandbox.requests();
    let at = |call| requests.iter().find(|seen| seen.call == call).unwrap().at;
    assert!(at(Call::RollBack) > at(Call::Cancel));
    // By the clock of the run.
    assert!(at(Call::RollBack) - at(Call::Cancel) < std::time::Duration::from_secs(10), "\n{}", ran.stdout);
});

every_platform!(nothing_is_rolled_back_while_a_cancel_request_has_no_answer, |stage| {
    let Some((race, step)) = beside_another(stage) else { return };
    race.sandbox.fault(Call::Cancel, [Fault::RetryAfter { status: 429, value: "20".to_owned() }]);
    let ran = step.run_inside(&race.sandbox);
    let calls: Vec<_> = race.sandbox.requests().iter().map(|seen| seen.call).collect();
    let last = |call| calls.iter().rposition(|seen| *seen == call).unwrap();
    assert_eq!(race.sandbox.count(Call::Cancel), 2, "\n{}", ran.stdout);
    assert!(last(Call::RollBack) > last(Call::Cancel), "\n{}", ran.stdout);
});

// There is nothing to go back to.

every_platform!(the_first_deployment_ever_has_nothing_before_it, |stage| {
    let Some(race) = stage.race() else { return };
    race.puts_live(1);
    race.stays("no_target");
});

every_platform!(what_was_never_live_is_nothing_to_go_back_to, |stage| {
    let Some(race) = stage.race() else { return };
    (race.back.never_live)(&race.sandbox, &stage.bound(2));
    race.puts_live(1);
    race.stays("no_target");
});

every_platform!(what_was_never_live_needs_no_way_back, |stage| {
    let Some(race) = stage.race() else { return };
    race.puts_live(2);
    (race.back.never_live)(&race.sandbox, &stage.bound(1));
    let ran = race.ends(race.step(), "");
    ran.tells("went_live", "false");
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (0, Some(2)));
});

every_platform!(what_this_run_was_to_stop_is_nothing_to_go_back_to, |stage| {
    let Some(race) = stage.too_late() else { return };
    let ids = format!("{},{}", stage.id(1), stage.id(2));
    let ran = race.run(race.step().input("deployment_id", &ids));
    assert_eq!(race.sends(), 0, "\n{}", ran.stdout);
    assert!(["no_target", "moved_on"].contains(&ran.output("rollback")), "\n{}", ran.stdout);
    assert_eq!(stage.serves(&race.sandbox), Some(1));
});

every_platform!(what_is_of_the_unwanted_commit_is_nothing_to_go_back_to, |stage| {
    let Some(race) = stage.race() else { return };
    if !stage.follows("commit") {
        return;
    }
    let ours = stage.bound(1).commit;
    race.puts(&stage.bound(2).commit(ours).state("succeeded").at(0)).puts_live(1);
    let inputs = stage.select_inputs().unwrap().into_iter();
    let step = inputs.fold(race.step().without("INPUT_DEPLOYMENT_ID"), |step, (name, value)| step.input(name, value));
    let ran = race.run(step.input("select", "commit").input("commit", ours));
    assert_eq!((ran.output("rollback"), race.sends()), ("no_target", 0), "\n{}", ran.stdout);
});

every_platform!(what_the_platform_has_forgotten_is_nothing_to_go_back_to, |stage| {
    let Some(race) = stage.too_late() else { return };
    stage.lose(&race.sandbox, 2);
    race.stays("no_target");
});

every_platform!(nobody_goes_one_further_back_than_what_was_seen_live, |stage| {
    let Some(race) = stage.race() else { return };
    let mut ours = stage.bound(1);
    ours.course = ours.course.then(&["running", "running", "succeeded"]).answering("running");
    race.puts_live(4).puts_live(2).puts(&ours);
    let reads = stage.traits().reads_before;
    race.sandbox.before(Call::Read, reads + 2, move |sandbox| stage.lose(sandbox, 2));
    let ran = race.run(race.step());
    assert_eq!(stage.serves(&race.sandbox), Some(1), "\n{}", ran.stdout);
    assert!(["no_target", "refused"].contains(&ran.output("rollback")), "\n{}", ran.stdout);
});

// The platform says no.

every_platform!(what_the_platform_says_will_not_do_is_not_sent, |stage| {
    let Some(back) = stage.goes_back() else { return };
    for (name, speaks_against) in back.refuses.iter().chain(back.traps) {
        let Some(race) = stage.too_late() else { return };
        speaks_against(&race.sandbox);
        let ran = race.run(race.step());
        assert!(["refused", "no_target"].contains(&ran.output("rollback")), "{name}\n{}", ran.stdout);
        assert_eq!(race.sends(), 0, "{name}");
    }
});

every_platform!(a_refused_request_is_told_and_not_repeated, |stage| {
    for status in [400, 401, 402, 403, 404, 409, 410, 422] {
        let Some(race) = stage.too_late() else { return };
        race.sandbox.always(Call::RollBack, Fault::Status(status));
        let ran = race.ends(race.step(), "refused");
        ran.ended("already_finished", 3);
        assert_eq!((race.sends(), stage.serves(&race.sandbox)), (1, Some(1)), "{status}");
        assert_eq!(ran.only()["rollback"]["http_status"], status);
    }
});

every_platform!(a_token_that_may_not_roll_back_is_told_so, |stage| {
    let Some(race) = stage.too_late() else { return };
    race.sandbox.token(stage.name(), crate::sandbox::TOKEN, crate::sandbox::Grant::NoRollBack);
    race.ends(race.step(), "refused").ended("already_finished", 3);
});

every_platform!(a_rate_limit_is_waited_for_and_no_send, |stage| {
    let Some(race) = stage.too_late() else { return };
    race.faults([Fault::RetryAfter { status: 429, value: "3".to_owned() }]);
    race.ends(race.step(), "done");
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (2, Some(2)));
});

// An answer that leaves doubt.

/// Answers that do not say whether a request was processed.
fn unclear() -> [Fault; 6] {
    [Fault::Status(408), Fault::Status(500), Fault::Html(502), Fault::Reset, Fault::Html(200), Fault::Garbage(200)]
}

every_platform!(what_was_done_without_a_clear_answer_is_found, |stage| {
    for fault in unclear() {
        let Some(race) = stage.too_late() else { return };
        race.faults([Fault::after(fault.clone())]);
        race.ends(race.step(), "done").ended("rolled_back", 3);
        assert_eq!((race.sends(), stage.serves(&race.sandbox)), (1, Some(2)), "{fault:?}");
    }
});

every_platform!(what_was_not_done_is_asked_for_once_more_at_most_and_a_new_deployment_never, |stage| {
    for fault in unclear() {
        let Some(race) = stage.too_late() else { return };
        race.sandbox.always(Call::RollBack, fault.clone());
        let ran = race.ends(race.step(), "unknown");
        ran.ended("error", 1);
        let most = if race.back.makes_one { 1 } else { 2 };
        assert_eq!((race.sends(), stage.serves(&race.sandbox)), (most, Some(1)), "{fault:?}");
    }
});

every_platform!(a_flip_without_a_clear_answer_is_done_at_the_second_request, |stage| {
    let Some(race) = stage.too_late() else { return };
    race.faults([Fault::Status(500)]);
    let result = if race.back.makes_one { "unknown" } else { "done" };
    race.ends(race.step(), result);
});

// Accepted, and then.

every_platform!(what_comes_to_nothing_is_a_failure_that_says_what_is_live, |stage| {
    let Some(race) = stage.too_late() else { return };
    if !race.back.can_fail {
        return;
    }
    race.sandbox.roll_backs_end(stage.name(), Ends::Badly);
    let ran = race.ends(race.step(), "failed");
    ran.ended("already_finished", 3);
    assert!(!ran.output("rollback_reason").is_empty());
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (1, Some(1)));
});

every_platform!(an_end_that_does_not_come_is_timed_out, |stage| {
    let Some(race) = stage.too_late() else { return };
    race.sandbox.roll_backs_end(stage.name(), Ends::Never);
    race.ends(race.step(), "timed_out").ended("timed_out", 124);
    assert_eq!(race.sends(), 1);
});

every_platform!(what_somebody_else_deployed_right_before_the_request_is_named_and_not_flipped_again, |stage| {
    let Some(race) = stage.too_late() else { return };
    race.sandbox.before(Call::RollBack, 1, move |sandbox| {
        sandbox.pass(stage.name(), 5);
        stage.put_live(sandbox, 3);
    });
    let ran = race.run(race.step());
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (1, Some(2)), "\n{}", ran.stdout);
    assert!(race.back.tells_replaced);
    ran.ended("error", 1).tells("rollback", "replaced_other");
    assert!(ran.output("rollback_reason").contains(&stage.named(3)), "{}", ran.output("rollback_reason"));
});

// Once more.

every_platform!(a_second_run_finds_that_it_was_put_back, |stage| {
    let Some(back) = stage.goes_back() else { return };
    for (name, manner) in [("as usual", (|_| {}) as fn(&Sandbox))].iter().chain(back.unknown) {
        let Some(race) = stage.race() else { return };
        manner(&race.sandbox);
        race.puts_live(2).puts_live(1);
        race.ends(race.step(), "done");
        let second = race.run(race.step());
        assert_eq!((race.sends(), stage.serves(&race.sandbox)), (1, Some(2)), "{name}");
        // Where the platform forgets that it was live before, it may be anybody's.
        let forgets = !back.makes_one && *name != "it keeps its time";
        let told = second.output("rollback");
        assert!(told == "done" || forgets && told == "moved_on", "{name}\n{}", second.stdout);
    }
});

every_platform!(two_runs_at_once_go_one_step_back, |stage| {
    let Some(race) = stage.too_late() else { return };
    let runs = [race.step().start(), race.step().start()];
    for ran in runs.map(crate::step::Running::wait) {
        assert_ne!(ran.output("rollback"), "", "\n{}", ran.stdout);
    }
    race.sandbox.run_out(stage.name());
    assert_eq!(stage.serves(&race.sandbox), Some(2));
});

// Where to.

every_platform!(what_is_written_is_gone_back_to, |stage| {
    let Some(race) = stage.race() else { return };
    race.puts_live(4).puts_live(2).puts_live(1);
    race.ends(race.step().input("roll_back_to", &stage.id(4)), "done");
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (1, Some(4)));
});

every_platform!(what_is_written_has_to_have_been_live_in_this_very_place, |stage| {
    let Some(race) = stage.too_late() else { return };
    (race.back.never_live)(&race.sandbox, &stage.bound(5));
    race.puts(&stage.bound(6).elsewhere().state("succeeded"));
    // One that was never live, one of another scope, none at all, and what is live.
    for number in [5, 6, 9, 1] {
        let ran = race.run(race.step().input("roll_back_to", &stage.id(number)));
        assert_eq!((race.sends(), stage.serves(&race.sandbox)), (0, Some(1)), "{number}\n{}", ran.stdout);
        assert!(["no_target", "refused"].contains(&ran.output("rollback")), "{number}\n{}", ran.stdout);
    }
});

every_platform!(whatever_the_facts_leave_open_it_is_put_back, |stage| {
    for (name, manner) in stage.goes_back().map_or(&[][..], |back| back.unknown) {
        let Some(race) = stage.race() else { return };
        manner(&race.sandbox);
        race.puts_live(2).puts_live(1);
        let ran = race.run(race.step());
        assert_eq!((ran.output("rollback"), stage.serves(&race.sandbox)), ("done", Some(2)), "{name}\n{}", ran.stdout);
    }
});

every_platform!(without_being_asked_nobody_goes_back, |stage| {
    let Some(race) = stage.too_late() else { return };
    let ran = race.run(race.step().without("INPUT_IF_LIVE").without("INPUT_ROLL_BACK_TIMEOUT"));
    ran.ended("already_finished", 3).tells("rollback", "");
    assert_eq!((race.sends(), stage.serves(&race.sandbox)), (0, Some(1)));
});
