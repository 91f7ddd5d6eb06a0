//! Watching: a failed read ends nothing, and an end that can be seen no more is said to be so.

use crate::sandbox::{Call, Fault, Grant, NoWay};
use crate::stage::{every_platform, first_reads, retry_after, watched};

every_platform!(a_token_revoked_while_watching_is_an_error, |stage| {
    let scene =
        watched(stage, &["running"]).fault(Call::Read, first_reads(stage, 1)).fault(Call::Read, [Fault::Status(401)]);
    let ran = scene.run();
    ran.ended("error", 1).reasons(&["the end is not visible"]);
    assert_eq!((ran.output("state"), scene.effective(1)), ("running", 1));
});

every_platform!(a_deployment_that_can_be_seen_no_more_is_an_error, |stage| {
    for status in [403, 404] {
        let scene = watched(stage, &["running"])
            .fault(Call::Read, first_reads(stage, 0))
            .fault(Call::Read, [Fault::Status(status)]);
        scene.run().ended("error", 1);
    }
});

every_platform!(an_end_that_may_not_be_read_is_an_error, |stage| {
    if !stage.traits().blind {
        return;
    }
    let scene = watched(stage, &["canceled"]).grant(Grant::CancelOnly);
    let ran = scene.run();
    ran.ended("error", 1).reasons(&["accepted", "the end is not visible"]);
    assert_eq!((ran.output("went_live"), scene.asked()), ("unknown", 1));
});

every_platform!(without_waiting_an_end_that_may_not_be_read_is_requested, |stage| {
    if !stage.traits().blind {
        return;
    }
    let scene = watched(stage, &["canceled"]).grant(Grant::CancelOnly);
    scene.step().input("wait", "false").run().ended("requested", 0).tells("went_live", "unknown");
});

every_platform!(an_api_that_goes_away_while_watching_is_timed_out, |stage| {
    let scene = watched(stage, &["running"])
        .fault(Call::Read, first_reads(stage, 1))
        .always(Call::Read, Fault::NoWay(NoWay::Refused));
    scene.run_inside().ended("timed_out", 124).reasons(&["accepted the cancel request"]).tells("state", "running");
});

every_platform!(lies_while_watching_do_not_end_the_watch, |stage| {
    let before = stage.traits().reads_before;
    let mut lies = vec![Fault::Html(200), Fault::Garbage(200), Fault::Reset];
    lies.extend(stage.body(&stage.id(8), stage.shown("succeeded")).map(|body| Fault::json(200, &body)));
    let reads = before + lies.len() + 1;
    let scene = watched(stage, &["canceled"]).fault(Call::Read, vec![Fault::Pass; before]).fault(Call::Read, lies);
    let ran = scene.run();
    ran.ended("canceled", 0);
    assert_eq!((scene.reads(), ran.output("went_live")), (reads, "false"));
});

every_platform!(a_400_while_watching_does_not_end_the_watch, |stage| {
    let scene =
        watched(stage, &["canceled"]).fault(Call::Read, first_reads(stage, 0)).fault(Call::Read, [Fault::Status(400)]);
    scene.run().ended("canceled", 0);
});

every_platform!(a_rate_limit_past_the_limit_while_watching_ends_at_once, |stage| {
    let scene = watched(stage, &["running"])
        .fault(Call::Read, first_reads(stage, 0))
        .fault(Call::Read, [retry_after(429, "100000")]);
    scene.step().input("timeout", "24h").run().ended("timed_out", 124).reasons(&["accepted the cancel request"]);
    assert_eq!((scene.asked(), scene.reads()), (1, stage.traits().reads_before + 1));
});
