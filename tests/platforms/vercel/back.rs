//! Vercel's way back, and the job that goes it.

use crate::sandbox::vercel::Moves;
use crate::sandbox::{Call, Ends, Sandbox};
use crate::stage::Stage;

#[test]
fn an_older_job_between_the_same_two_is_not_the_one_that_was_asked_for() {
    let (stage, sandbox) = (Stage::Vercel, Sandbox::start());
    stage.put_scopes(&sandbox);
    stage.put_live(&sandbox, 2);
    stage.put_live(&sandbox, 1);
    let step = || {
        let step = stage.step_at(&sandbox.url(stage.name())).input("if_live", "roll_back");
        step.input("roll_back_timeout", "20s")
    };
    sandbox.roll_backs_end(stage.name(), Ends::Badly);
    step().run().tells("rollback", "failed");
    sandbox.pass(stage.name(), 5).roll_backs_end(stage.name(), Ends::Well);
    sandbox.add(Moves { late: true, ..Moves::default() });
    step().run().ended("rolled_back", 3).tells("rollback", "done");
    assert_eq!((sandbox.count(Call::RollBack), stage.serves(&sandbox)), (2, Some(2)));
}
