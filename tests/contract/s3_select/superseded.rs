//! All that have a newer one of the same branch and target, and the one that is kept.

use crate::sandbox::{Call, Fault};
use crate::stage::{HEAD, every_selecting, on_push, one};

every_selecting!(all_but_the_newest_of_a_branch_are_superseded, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2).state(stage.waits()), one(3)]);
    let ran = scope.cancels(scope.select("superseded"), &[1, 2]);
    assert_eq!(ran.output("canceled_count"), "2");
});

every_selecting!(the_only_one_of_a_branch_is_kept, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let scope = stage.scope([one(1), one(2).branch("dev")]);
    scope.idles(scope.select("superseded"));
});

every_selecting!(each_branch_keeps_its_own_newest, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let scope = stage.scope([one(1).branch("dev"), one(2), one(3).branch("dev"), one(4).branch("dev2"), one(5)]);
    scope.cancels(scope.select("superseded"), &[1, 2]);
});

every_selecting!(each_target_keeps_its_own_newest, Superseded, |stage| {
    if !stage.has_targets() {
        return;
    }
    let production = |number| one(number).target("production");
    let scope = stage.scope([production(1), one(2), production(3), one(4)]);
    scope.cancels(scope.select("superseded"), &[1, 2]);
    let scope = stage.scope([production(1), one(2).target("staging"), one(3)]);
    scope.idles(scope.select("superseded"));
});

every_selecting!(a_finished_newer_one_supersedes, Superseded, |stage| {
    let scope = stage.scope([one(1).state(stage.waits()), one(2).state("succeeded"), one(3).state("canceled")]);
    scope.cancels(scope.select("superseded"), &[1]);
});

every_selecting!(a_newer_one_that_came_to_nothing_supersedes_nothing, Superseded, |stage| {
    for state in ["canceled", stage.lost()] {
        let scope = stage.scope([one(1), one(2).state(state)]);
        scope.idles(scope.select("superseded"));
    }
});

every_selecting!(a_newer_one_that_was_superseded_itself_supersedes_nothing, Superseded, |stage| {
    if !stage.has("superseded") {
        return;
    }
    let scope = stage.scope([one(1), one(2).state("superseded"), one(3).state(stage.lost())]);
    scope.idles(scope.select("superseded"));
});

every_selecting!(a_newer_one_in_an_unknown_state_supersedes_nothing, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2).state("unknown")]);
    scope.idles(scope.select("superseded"));
});

every_selecting!(two_of_the_same_time_are_both_kept, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2).at(5), one(3).at(5)]);
    scope.cancels(scope.select("superseded"), &[1]);
});

every_selecting!(an_undated_deployment_is_left_alone_and_counted, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2), one(3).undated()]);
    let ran = scope.cancels(scope.select("superseded"), &[1]);
    ran.warns(&["One deployment", "time of creation"]);
});

every_selecting!(a_deployment_without_a_branch_belongs_to_no_group, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let scope = stage.scope([one(1).silent(), one(2).silent(), one(3)]);
    let ran = scope.idles(scope.select("superseded"));
    ran.warns(&["2 deployments", "branch"]);
});

every_selecting!(a_late_run_cancels_its_own_and_not_the_newer_one, Superseded, |stage| {
    let scope = stage.scope([one(1).commit(HEAD), one(2)]);
    scope.cancels(on_push(scope.select("superseded"), "main", HEAD), &[1]);
});

every_selecting!(the_runs_own_branch_does_not_narrow_what_is_superseded, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    scope.cancels(on_push(scope.select("superseded"), "dev", HEAD), &[1]);
});

every_selecting!(a_written_branch_narrows_what_is_superseded, Superseded, |stage| {
    if !stage.has_branches() {
        return;
    }
    let dev = |number| one(number).branch("dev");
    let scope = stage.scope([one(1), dev(2), one(3), dev(4)]);
    let step = scope.select("superseded").input("branch", "refs/heads/dev");
    scope.cancels(step, &[2]);
});

every_selecting!(the_kept_one_is_read_right_before_its_group_is_canceled, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    scope.cancels(scope.select("superseded"), &[1]);
    let calls = scope.calls();
    let at = calls.iter().position(|call| *call == Call::Cancel).unwrap();
    assert_eq!(calls[at - 1], Call::Read);
    assert_eq!(scope.named(Call::Read)[0], 2);
});

every_selecting!(when_the_kept_one_fails_in_between_the_next_one_is_kept, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2), one(3)]);
    let running = scope.held_before_the_kept_one();
    scope.put(&one(3).state(stage.lost()));
    scope.sandbox.release();
    running.wait().ended("canceled", 0);
    assert_eq!(scope.asked(), [1]);
});

every_selecting!(when_the_only_one_to_keep_is_canceled_in_between_nothing_is, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    let running = scope.held_before_the_kept_one();
    scope.put(&one(2).state("canceled"));
    scope.sandbox.release();
    running.wait().ended("nothing_to_cancel", 0);
    assert_eq!(scope.asked(), [0; 0]);
});

every_selecting!(a_kept_one_that_finishes_in_between_is_still_kept, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    let running = scope.held_before_the_kept_one();
    scope.put(&one(2).state("succeeded"));
    scope.sandbox.release();
    running.wait().ended("canceled", 0);
    assert_eq!(scope.asked(), [1]);
});

every_selecting!(a_kept_one_that_cannot_be_read_is_waited_for, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    scope.sandbox.fault(Call::Read, [Fault::Status(503), Fault::Reset]);
    scope.cancels(scope.select("superseded"), &[1]);
});

every_selecting!(a_kept_one_that_may_not_be_read_protects_its_group, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    scope.sandbox.always(Call::Read, Fault::Status(403));
    scope.errs(scope.select("superseded"));
});

every_selecting!(every_kept_one_is_read_and_the_others_are_not, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let dev = |number| one(number).branch("dev");
    let scope = stage.scope([one(1), dev(2), one(3), dev(4), one(5).branch("alone")]);
    scope.cancels(scope.select("superseded"), &[1, 2]);
    // What only ended ones tell may be read later.
    let calls = scope.calls();
    let before = calls.iter().take_while(|call| **call != Call::Cancel).filter(|call| **call == Call::Read);
    let mut read = scope.named(Call::Read);
    read.truncate(before.count());
    read.sort_unstable();
    assert_eq!(read, [3, 4]);
});

every_selecting!(one_branchs_lost_keeper_saves_its_older_ones_and_no_others, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let dev = |number| one(number).branch("dev");
    let scope = stage.scope([one(1), dev(2), one(3), dev(4)]);
    let running = scope.held_before_the_kept_one();
    scope.put(&dev(4).state("failed"));
    scope.sandbox.release();
    running.wait().ended("canceled", 0);
    assert_eq!(scope.asked(), [1]);
});

every_selecting!(a_newer_one_that_appears_in_between_is_not_touched, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    let running = scope.held_before_the_kept_one();
    scope.put(&one(3));
    scope.sandbox.release();
    running.wait().ended("canceled", 0);
    assert_eq!(scope.asked(), [1]);
});

every_selecting!(keepers_that_fail_again_and_again_end_the_run_without_a_cancel, Superseded, |stage| {
    let scope = stage.scope((1..=8).map(one));
    scope.sandbox.always(Call::Read, Fault::HoldBefore);
    let running = scope.select("superseded").start();
    for look in 1..=4 {
        scope.sandbox.wait_for(Call::Read, look);
        scope.put(&one(9 - look).state(stage.lost()));
        scope.sandbox.release();
    }
    running.wait().ended("error", 1);
    assert_eq!(scope.asked(), [0; 0]);
});

every_selecting!(a_superseded_one_that_goes_live_first_is_no_failure, Superseded, |stage| {
    let scope = stage.scope([one(1).then("succeeded"), one(2)]);
    scope.select("superseded").run().ended("completed", 0).tells("went_live", "true");
});

every_selecting!(with_another_rule_one_that_goes_live_first_is_a_failure, All, |stage| {
    stage.scope([one(1).then("succeeded")]).select("all").run().ended("completed", 3);
});

every_selecting!(a_written_fail_on_holds_for_superseded_ones_as_well, Superseded, |stage| {
    let scope = stage.scope([one(1).then("succeeded"), one(2)]);
    scope.select("superseded").input("fail_on", "completed").run().ended("completed", 3);
});
