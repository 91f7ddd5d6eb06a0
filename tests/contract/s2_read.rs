//! The first read: wrong credentials, an API that is down or lies, and what goes on where reading is forbidden. That every
//! fault at every request comes out right on every platform is the business of `tests/matrix`; here, and in the modules on
//! canceling and watching, is what that table has no column for.

use crate::sandbox::{Call, Fault, Grant, NoWay, TOKEN};
use crate::stage::{Course, every_platform, run_together};

every_platform!(a_token_pasted_with_its_scheme_is_sent_with_one, |stage| {
    let (header, scheme) = stage.traits().credential;
    // Where the scheme is not that one, nothing is taken off.
    for written in ["bearer", "Bearer", "BEARER "].into_iter().filter(|_| scheme == "Bearer ") {
        let scene = stage.play(&Course::running());
        let token = format!("{written} {TOKEN}");
        scene.step().input(stage.token(), &token).run().ended("canceled", 0);
        for seen in scene.sandbox.requests() {
            assert_eq!(seen.header(header), Some(format!("Bearer {TOKEN}").as_str()));
        }
    }
});

every_platform!(a_wrong_token_is_an_error_at_once, |stage| {
    let wrong = "somebody-elses-token-1234";
    let scene = stage.play(&Course::running());
    let ran = scene.step().input(stage.token(), wrong).secret(wrong).run();
    ran.ended("error", 1).says(&format!("`{}`", stage.token()));
    assert_eq!((scene.reads(), scene.effective(1)), (1, 0));
    assert_eq!((ran.output("count"), ran.output("went_live")), ("1", "unknown"));
});

every_platform!(what_may_not_be_read_may_still_be_canceled, |stage| {
    if !stage.traits().blind {
        return;
    }
    let scene = stage.play(&Course::running()).grant(Grant::CancelOnly);
    let ran = scene.run();
    ran.says("reading it is forbidden");
    assert_eq!((scene.asked(), scene.effective(1)), (1, 1));
    if !stage.traits().answer_tells {
        ran.ended("error", 1);
        return;
    }
    ran.ended("canceled", 0);
    assert_eq!((ran.output("previous_state"), ran.output("platform_state")), ("", stage.shown("canceled")));
});

every_platform!(states_that_cannot_be_checked_are_not_passed, |stage| {
    if !stage.traits().blind {
        return;
    }
    let scene = stage.play(&Course::running()).grant(Grant::CancelOnly);
    scene.step().input("only_states", "running").run().ended("error", 1).reasons(&["only_states"]);
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_dry_run_of_what_may_not_be_read_sends_nothing, |stage| {
    let scene = stage.play(&Course::running()).grant(Grant::CancelOnly);
    scene.step().input("dry_run", "true").run().ended("error", 1);
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_refused_connection_is_an_error, |stage| {
    let ran = stage.play(&Course::running()).always(Call::Read, Fault::NoWay(NoWay::Refused)).run_inside();
    ran.ended("error", 1).says("api_url");
    // Once at the beginning, so that nobody waits in silence, and once at the end.
    let told = |line: &&str| line.contains("s  could not ");
    assert_eq!(ran.stdout.lines().filter(told).count(), 1, "{}", ran.stdout);
    assert_eq!((ran.output("state"), ran.output("went_live")), ("", "unknown"));
});

every_platform!(a_read_that_makes_no_sense_is_an_error_and_nothing_is_sent, |stage| {
    let mut lies = vec![
        Fault::Html(200),
        Fault::Garbage(200),
        Fault::Empty(200),
        Fault::json(200, "[]"),
        Fault::json(200, "null"),
        Fault::json(200, "{}"),
        Fault::json(200, "{{{"),
    ];
    let another = stage.body(&stage.id(8), stage.shown("canceled"));
    let no_json = stage.body(&stage.id(1), "BUILDING").map(|body| body.replace("BUILDING", "\u{0}"));
    lies.extend([another, no_json].into_iter().flatten().map(|body| Fault::json(200, &body)));
    let played = |lie| stage.play(&Course::running()).always(Call::Read, lie);
    let scenes: Vec<_> = lies.into_iter().map(played).collect();
    for (ran, scene) in run_together(&scenes).iter().zip(&scenes) {
        ran.ended("error", 1);
        assert_eq!((scene.asked(), ran.output("state")), (0, ""));
    }
});

every_platform!(a_body_without_end_is_an_error, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Read, Fault::Huge);
    scene.run().ended("error", 1).reasons(&["16 MiB"]);
    assert_eq!(scene.asked(), 0);
});

every_platform!(an_api_that_fails_until_the_limit_is_an_error, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Read, Fault::Status(500));
    scene.run_inside().ended("error", 1).says("status page").reasons(&["500"]);
    assert_eq!(scene.asked(), 0);
});
