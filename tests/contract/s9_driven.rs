//! The way back, driven from the request to cancel to the live pointer: the real program, every platform that has one.

use crate::sandbox::{Call, Ends, Fault, One, Sandbox};
use crate::stage::{Stage, every_platform};
use crate::step::{Ran, Step};

impl Stage {
    /// Whether the program can put back here what was live before.
    fn can_go_back(self) -> bool {
        self.way_back().is_some() && self.info().about.roll_back.info().is_some()
    }

    /// The second deployment was live, and the first one is what `one` says.
    fn before(self, one: One) -> Sandbox {
        let sandbox = Sandbox::start();
        self.put_scopes(&sandbox);
        self.put_live(&sandbox, 2);
        self.put_one(&sandbox, &one);
        sandbox
    }

    fn step_back(self, sandbox: &Sandbox) -> Step {
        let step = self.step_at(&sandbox.url(self.name()));
        step.input("deployment_id", &self.id(1)).input("if_live", "roll_back").input("roll_back_timeout", "20s")
    }
}

/// What a run says of a roll back that worked is what the sandbox serves.
#[track_caller]
fn is_back(stage: Stage, sandbox: &Sandbox, ran: &Ran) {
    ran.ended("rolled_back", 3).tells("went_live", "true").tells("rollback", "done");
    // The last line of the log, before its group ends, and what everybody should know.
    let (log, rest) = ran.stdout.split_once("::endgroup::").unwrap();
    assert!(log.contains("Rolled back: "), "{log}\n{rest}");
    let warning = stage.info().about.roll_back.info().map_or("", |info| info.warning);
    assert!(log.contains(warning), "{log}");
    let live = stage.live(sandbox).unwrap();
    let serves = (stage.way_back().unwrap().named)(&live.id);
    ran.tells("rollback_deployment_id", &serves);
    assert_eq!(stage.serves(sandbox), Some(2));
    let rollback = &ran.only()["rollback"];
    assert_eq!((&rollback["result"], &rollback["deployment_id"]), (&"done".into(), &serves.into()), "{rollback}");
    assert!(ran.summary.contains("**Put back:**"), "{}", ran.summary);
    assert!(!ran.summary.contains("To go back:"), "{}", ran.summary);
    assert_eq!(sandbox.count(Call::RollBack), 1);
}

every_platform!(what_was_live_already_is_rolled_back, |stage| {
    if !stage.can_go_back() {
        return;
    }
    let sandbox = stage.before(stage.bound(1).state("succeeded"));
    is_back(stage, &sandbox, &stage.step_back(&sandbox).run());
    assert_eq!(sandbox.count(Call::Cancel), 0);
});

every_platform!(what_went_live_although_it_was_asked_to_stop_is_rolled_back, |stage| {
    if !stage.can_go_back() {
        return;
    }
    let mut one = stage.bound(1);
    one.course = one.course.then(&["running", "succeeded"]);
    let sandbox = stage.before(one);
    is_back(stage, &sandbox, &stage.step_back(&sandbox).run());
    assert_eq!(sandbox.count(Call::Cancel), 1);
    // What is live is looked at beside the cancel request, and not before it.
    let calls: Vec<_> = sandbox.requests().into_iter().map(|seen| seen.call).collect();
    let canceled = calls.iter().position(|call| *call == Call::Cancel).unwrap();
    assert_eq!(calls.iter().take(canceled).filter(|call| **call == Call::Scope).count(), 0, "{calls:?}");
});

every_platform!(a_request_whose_answer_breaks_off_is_not_sent_once_more, |stage| {
    if !stage.can_go_back() {
        return;
    }
    let sandbox = stage.before(stage.bound(1).state("succeeded"));
    // On a connection that brought answers before, such a one might have gone out too late to be heard.
    sandbox.fault(Call::RollBack, [Fault::After(Box::new(Fault::Reset))]);
    is_back(stage, &sandbox, &stage.step_back(&sandbox).run());
});

every_platform!(what_is_canceled_needs_no_way_back, |stage| {
    if !stage.can_go_back() {
        return;
    }
    let sandbox = stage.before(stage.bound(1));
    let ran = stage.step_back(&sandbox).run();
    ran.ended("canceled", 0).tells("rollback", "").tells("rollback_reason", "");
    assert!(ran.only()["rollback"].is_null());
    assert_eq!((sandbox.count(Call::RollBack), stage.serves(&sandbox)), (0, Some(2)));
});

every_platform!(a_dry_run_names_what_would_be_put_back, |stage| {
    let Some(back) = stage.way_back().filter(|_| stage.can_go_back()) else { return };
    let sandbox = stage.before(stage.bound(1).state("succeeded"));
    let ran = stage.step_back(&sandbox).input("dry_run", "true").run();
    ran.ended("already_finished", 3).tells("rollback", "dry_run").tells("rollback_deployment_id", "");
    assert_eq!((sandbox.count(Call::RollBack), stage.serves(&sandbox)), (0, Some(1)));
    stage.step_back(&sandbox).run().ended("rolled_back", 3);
    let named = ran.only()["rollback"]["target"].as_str().map(str::to_owned);
    assert_eq!((named, stage.serves(&sandbox)), (sandbox.aim(stage.name(), back.slot), Some(2)));
});

every_platform!(who_goes_back_by_hand_is_told_what_to_look_at_first, |stage| {
    if !stage.can_go_back() {
        return;
    }
    let newer = stage.before(stage.bound(1).state("succeeded"));
    stage.put_one(&newer, &stage.bound(3));
    let ran = stage.step_back(&newer).run();
    ran.tells("rollback", "newer_in_flight");
    let says = "Something else is on its way: let it go live, or cancel it first. To go back:";
    assert!(ran.summary.contains(says), "{}", ran.summary);

    let endless = stage.before(stage.bound(1).state("succeeded"));
    endless.roll_backs_end(stage.name(), Ends::Never);
    let ran = stage.step_back(&endless).input("roll_back_timeout", "3s").run();
    ran.ended("timed_out", 124).tells("rollback", "timed_out");
    for says in ["the roll back may still happen. If it does not:", "**After a roll back:**"] {
        assert!(ran.summary.contains(says), "{}", ran.summary);
    }
});

every_platform!(inputs_are_named_as_they_were_written, |stage| {
    if !stage.can_go_back() {
        return;
    }
    let sandbox = stage.before(stage.bound(1).state("succeeded"));
    let inputs = [("platform", stage.name()), ("deployment_id", &stage.id(1)), ("if_live", "roll_back")];
    let inputs = inputs.into_iter().chain(stage.inputs()).chain([("roll_back_to", "the good one")]);
    let step = Step::of("gitlab").var("CANCEL_DEPLOYMENT_API_URL", &sandbox.url(stage.name()));
    let set = |step: Step, (name, value): (&str, &str)| {
        step.var(&format!("CANCEL_DEPLOYMENT_{}", name.to_uppercase()), value)
    };
    let ran = inputs.fold(step, set).run();
    ran.says("`CANCEL_DEPLOYMENT_ROLL_BACK_TO` is \"the good one\"");
    assert!(!ran.stdout.contains("`roll_back_to`"), "{}", ran.stdout);
});

every_platform!(what_is_no_way_back_is_bad_input_that_says_what_to_do, |stage| {
    let sandbox = stage.before(stage.bound(1));
    let step = || stage.step_back(&sandbox);
    if stage.can_go_back() {
        step().input("wait", "false").refused(&sandbox, &["if_live", "wait"]);
    } else {
        step().refused(&sandbox, &["if_live", "cannot be \"roll_back\" on", stage.info().about.name]);
    }
});

#[cfg(unix)]
every_platform!(a_signal_while_the_request_is_on_its_way_takes_nothing_back, |stage| {
    if !stage.can_go_back() {
        return;
    }
    let sandbox = stage.before(stage.bound(1).state("succeeded"));
    sandbox.fault(Call::RollBack, [Fault::Hold]);
    let running = stage.step_back(&sandbox).start();
    sandbox.wait_for(Call::RollBack, 1);
    running.signal("TERM");
    let ran = running.wait();
    ran.ended("interrupted", 143).tells("rollback", "unknown");
    ran.tells("went_live", "true");
    assert_eq!(sandbox.count(Call::RollBack), 1);
    sandbox.release();
});

#[cfg(unix)]
every_platform!(a_signal_before_the_request_leaves_everything_as_it_is, |stage| {
    let Some(back) = stage.way_back().filter(|_| stage.can_go_back()) else { return };
    let sandbox = stage.before(stage.bound(1).state("succeeded"));
    sandbox.always(back.live, Fault::HoldBefore);
    let running = stage.step_back(&sandbox).start();
    sandbox.wait_for(back.live, 1);
    running.signal("INT");
    let ran = running.wait();
    assert_eq!((ran.code, ran.output("rollback")), (130, "interrupted"));
    ran.tells("outcome", "already_finished");
    assert_eq!((sandbox.count(Call::RollBack), stage.serves(&sandbox)), (0, Some(1)));
    sandbox.release();
});
