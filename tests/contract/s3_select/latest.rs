//! The newest in flight.

use crate::sandbox::Call;
use crate::stage::{every_selecting, one};

every_selecting!(latest_is_the_newest_in_flight_of_any_branch, Latest, |stage| {
    let scope = stage.scope([one(1), one(2).branch("dev"), one(3).state("succeeded"), one(4).state("canceled")]);
    // Where one goes on at a time, that one is meant and not what waits for it.
    let latest = if stage.traits().many { 2 } else { 1 };
    let ran = scope.cancels(scope.select("latest"), &[latest]);
    assert_eq!(ran.output("deployment_id"), stage.id(latest));
});

every_selecting!(a_queued_deployment_is_in_flight_as_well, Latest, |stage| {
    let scope = stage.scope([one(1).state("succeeded"), one(2).state(stage.waits())]);
    scope.cancels(scope.select("latest"), &[2]);
});

every_selecting!(the_rule_is_written_in_any_case, Latest, |stage| {
    let scope = stage.scope([one(1)]);
    scope.cancels(scope.select("LATEST"), &[1]);
});

every_selecting!(the_list_counts_as_the_first_read, Latest, |stage| {
    let scope = stage.scope([one(1).state(stage.waits())]);
    let ran = scope.cancels(scope.select("latest"), &[1]);
    let calls = scope.calls();
    let at = calls.iter().position(|call| *call == Call::Cancel).unwrap();
    // Where one goes on at a time, what it is comes from a read, and is read again right before the request.
    assert!(!calls[..at].contains(&Call::Read) || !stage.traits().many, "{calls:?}");
    assert_eq!(ran.output("previous_state"), stage.shown(stage.waits()));
});
