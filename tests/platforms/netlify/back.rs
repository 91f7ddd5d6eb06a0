//! Netlify's way back.

use serde_json::json;

use crate::sandbox::netlify::{Deploy, SITE, id, time};
use crate::sandbox::{Call, Sandbox, epoch};
use crate::stage::Stage;

#[test]
fn what_is_in_flight_for_over_a_day_is_named_and_in_nobodys_way() {
    let (stage, sandbox) = (Stage::Netlify, Sandbox::without_server());
    stage.put_scopes(&sandbox);
    stage.put_live(&sandbox, 2);
    stage.put_live(&sandbox, 1);
    let created = time(epoch(-25 * 3600));
    sandbox.add(Deploy::new(SITE, &id(3)).states(["uploading"]).patch(json!({"created_at": created})));
    let step = stage.step_at(&sandbox.url(stage.name())).input("if_live", "roll_back");
    let ran = step.run_inside(&sandbox);
    ran.ended("rolled_back", 3).tells("rollback", "done");
    assert_eq!((sandbox.count(Call::RollBack), stage.serves(&sandbox)), (1, Some(2)));
    // Once, however often it is looked at.
    let named = "is uploading, in flight for over a day and in nobody's way";
    assert_eq!(ran.stdout.matches(named).count(), 1, "{}", ran.stdout);
}
