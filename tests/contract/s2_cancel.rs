//! The cancel request: rate limits, unclear answers and refusals. Never a request too many, and what is read decides.

use std::time::Duration;

use crate::sandbox::{Call, Fault};
use crate::stage::{
    Course, Scene, Stage, every_platform, first_reads, gap, racing, retry_after, run_together, watched,
};

every_platform!(a_refused_right_to_cancel_is_named_and_never_not_found, |stage| {
    for status in [403, 404] {
        let scene = stage.play(&Course::running()).fault(Call::Cancel, [Fault::Status(status)]);
        let ran = scene.run();
        ran.ended("error", 1).says(stage.right());
        assert_eq!(scene.asked(), 1);
        assert_eq!(ran.deployments()[0]["http_status"], stage.traits().on_the_wire(status));
    }
});

every_platform!(a_heading_says_what_is_known_after_a_refusal, |stage| {
    for state in ["queued", "running"].into_iter().filter(|state| stage.has(state)) {
        let scene = stage.play(&Course::of(&[state])).fault(Call::Cancel, [Fault::Status(403)]);
        scene.run().headed(&format!("Not canceled, still {state}"));
    }
    let unread =
        watched(stage, &["running"]).fault(Call::Read, first_reads(stage, 0)).fault(Call::Read, [Fault::Status(403)]);
    unread
        .fault(Call::Cancel, [Fault::Status(403)])
        .run()
        .headed("Nothing was canceled")
        .says("the credential was refused (");
    let unsent = stage.play(&Course::running()).always(Call::Read, Fault::Status(403));
    unsent.step().input("only_states", "running").run().headed("Nothing was canceled");
});

every_platform!(a_cancel_answer_about_another_deployment_proves_nothing, |stage| {
    let Some(body) = stage.body(&stage.id(8), stage.shown("canceled")) else { return };
    let lie = Fault::json(200, &body);
    let scene = stage.play(&Course::running().then(&["running", "succeeded"])).fault(Call::Cancel, [Fault::after(lie)]);
    scene.run().ended("completed", 3);
    assert_eq!(scene.asked(), 1);
});

every_platform!(any_2xx_that_is_empty_or_json_is_a_yes, |stage| {
    let answers =
        [(200, ""), (201, "{}"), (202, "[]"), (200, "null"), (204, ""), (206, "true"), (299, r#"{"a": {"b": 1}}"#)];
    let scenes = answers.map(|(status, body)| {
        let yes = Fault::after(Fault::json(status, body));
        stage.play(&Course::running().then(&["canceled"])).fault(Call::Cancel, [yes])
    });
    for ((ran, scene), (status, body)) in run_together(&scenes).iter().zip(&scenes).zip(answers) {
        ran.ended("canceled", 0);
        assert_eq!((scene.asked(), &ran.deployments()[0]["http_status"]), (1, &status.into()), "{body}");
    }
    // A yes is one although nothing comes of it, and a page of a proxy is none.
    let idle = stage.play(&Course::running()).fault(Call::Cancel, [Fault::json(200, "{}")]);
    idle.step().input("wait", "false").run().ended("requested", 0);
    let page = stage.play(&Course::running()).always(Call::Cancel, Fault::Html(200));
    page.step().input("wait", "false").run_inside(&page.sandbox).ended("error", 1);
    assert_eq!((page.asked(), page.effective(1)), (3, 0));
});

every_platform!(a_cancel_answer_that_hangs_leaves_time_for_a_last_read, |stage| {
    let scene = stage.play(&Course::running()).fault(Call::Cancel, [Fault::Hold]);
    scene.run_inside().ended("canceled", 0);
    assert_eq!(scene.asked(), 1);
});

every_platform!(a_pause_that_the_platform_asks_for_is_kept_to, |stage| {
    let asked = [
        (Call::Read, retry_after(429, "1")),
        (Call::Cancel, retry_after(429, "1")),
        (Call::Read, retry_after(503, "1")),
        (Call::Cancel, retry_after(503, "1")),
        // Dates and the platform's own headers have whole seconds, so up to two of the three may be lost.
        (Call::Cancel, Fault::RetryDate { in_seconds: 3 }),
        (Call::Cancel, Fault::ResetHeader { in_seconds: 3 }),
    ];
    let tells_reset = stage.traits().tells_reset;
    let asked: Vec<_> =
        asked.into_iter().filter(|(_, fault)| tells_reset || !matches!(fault, Fault::ResetHeader { .. })).collect();
    let scenes: Vec<_> =
        asked.iter().cloned().map(|(call, fault)| stage.play(&Course::running()).fault(call, [fault])).collect();
    for ((ran, scene), (call, fault)) in run_together(&scenes).iter().zip(&scenes).zip(&asked) {
        ran.ended("canceled", 0);
        let seen = scene.seen(*call);
        let pause = gap(&seen[0], &seen[1]);
        assert!(pause >= Duration::from_secs(1), "{fault:?}: {pause:?}");
        assert_eq!(scene.effective(1), 1);
    }
});

every_platform!(a_reset_in_the_past_is_no_obstacle, |stage| {
    if !stage.traits().tells_reset {
        return;
    }
    let reset = Fault::ResetHeader { in_seconds: -3600 };
    let scene = stage.play(&Course::running()).fault(Call::Cancel, [reset]);
    scene.run().ended("canceled", 0);
    assert_eq!(scene.asked(), 2);
});

every_platform!(a_429_is_no_send, |stage| {
    let limits = vec![retry_after(429, "0"); 5];
    let scene = stage.play(&Course::running()).fault(Call::Cancel, limits);
    scene.run().ended("canceled", 0);
    assert_eq!((scene.asked(), scene.effective(1)), (6, 1));
});

every_platform!(a_rate_limit_past_the_limit_before_the_first_read_ends_at_once, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Read, retry_after(429, "100000"));
    scene.step().input("timeout", "24h").run().ended("error", 1).says("Too many requests");
    assert_eq!(scene.calls(), [Call::Read]);
});

every_platform!(a_rate_limit_past_the_limit_instead_of_a_cancel_ends_at_once, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Cancel, retry_after(429, "100000"));
    let ran = scene.step().input("timeout", "24h").run();
    ran.ended("timed_out", 124).reasons(&["A rate limit (429) turned the cancel request away"]);
    assert_eq!(ran.deployments()[0]["http_status"], 429);
    assert_eq!(scene.asked(), 1);
});

#[test]
fn a_retry_after_of_the_cancel_endpoint_does_not_stop_reading() {
    let unavailable = Fault::after(retry_after(503, "100000"));
    let scene = Stage::Vercel.play(&Course::running()).fault(Call::Cancel, [unavailable]);
    scene.step().input("timeout", "24h").run().ended("canceled", 0);
}

/// Three deployments: the first read is limited for two seconds, the others are answered a little later.
fn limited_among_others(stage: Stage) -> Scene {
    let late = || Fault::Delay(Duration::from_millis(400));
    stage.play_all(&vec![Course::running(); 3]).fault(Call::Read, [retry_after(429, "2"), late(), late()])
}

#[test]
fn a_rate_limit_stops_all_requests_with_that_credential() {
    let scene = limited_among_others(Stage::DigitalOcean);
    scene.run().ended("canceled", 0);
    let seen = scene.sandbox.requests();
    let (first, later) = (&seen[0], &seen[3]);
    assert!(gap(first, later) >= Duration::from_secs(2));
}

#[test]
fn a_rate_limit_of_one_endpoint_does_not_stop_another() {
    let scene = limited_among_others(Stage::Vercel);
    scene.run().ended("canceled", 0);
    assert_eq!(scene.calls()[3..5], [Call::Cancel, Call::Cancel]);
    let reads = scene.seen(Call::Read);
    assert!(gap(&reads[0], &reads[3]) >= Duration::from_secs(2));
}

every_platform!(a_cancel_whose_connection_broke_is_never_repeated_unseen, |stage| {
    // It may have arrived, and on Qovery a second one would stop what comes next: only a look tells.
    let arrived = Fault::after(Fault::Reset);
    let scene = stage.play(&Course::running()).fault(Call::Cancel, [arrived]);
    scene.run().ended("canceled", 0);
    assert_eq!(scene.asked(), 1);
});

every_platform!(an_unclear_answer_is_repeated_only_after_two_reads_in_flight, |stage| {
    let scenes: Vec<_> = [Fault::Status(408), Fault::Status(500), Fault::Html(502), Fault::Empty(504), Fault::Reset]
        .into_iter()
        .map(|unclear| stage.play(&Course::running()).fault(Call::Cancel, [unclear]))
        .collect();
    for (ran, scene) in run_together(&scenes).iter().zip(&scenes) {
        ran.ended("canceled", 0);
        let (before, calls) = (stage.traits().reads_before, scene.calls());
        assert!(
            calls.starts_with(&[stage.asks(), vec![Call::Read; 1 + before], vec![Call::Cancel]].concat()),
            "{calls:?}"
        );
        let reads = scene.seen(Call::Read);
        // Two seconds, of which the way of a request takes some.
        assert!(gap(&reads[before], &reads[before + 1]) >= Duration::from_millis(1900));
        assert_eq!(scene.effective(1), 1);
    }
});

every_platform!(an_unclear_answer_followed_by_an_end_is_not_repeated, |stage| {
    let course = racing(stage, "running").and("succeeded");
    let scene = stage.play(&course).fault(Call::Cancel, [Fault::Status(500)]);
    scene.run().ended("completed", 3);
    assert_eq!(scene.asked(), 1);
});

every_platform!(three_unclear_answers_are_enough, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Cancel, Fault::Status(502));
    let ran = scene.run();
    ran.headed("Not known to be canceled").reasons(&["502"]);
    assert_eq!((scene.asked(), ran.output("state")), (3, "running"));
    assert_eq!(ran.deployments()[0]["http_status"], 502);
    assert_eq!(ran.output("went_live"), "unknown");
});

every_platform!(an_unclear_answer_at_the_limit_is_timed_out, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Cancel, Fault::Status(500));
    scene
        .step()
        .input("timeout", "1")
        .run_inside(&scene.sandbox)
        .ended("timed_out", 124)
        .reasons(&["had no clear answer"]);
});

every_platform!(what_was_sent_is_not_denied_when_the_state_leaves_the_listed_ones, |stage| {
    if !stage.has("queued") {
        return;
    }
    let reads = 2 * stage.traits().reads_before + 1;
    let course = Course::of(&vec!["queued"; reads]).and("running");
    let answers = [Fault::Status(500), retry_after(429, "0")];
    let scene = stage.play(&course).fault(Call::Cancel, answers);
    let ran = scene.step().input("only_states", "queued").run();
    assert_eq!(scene.asked(), 2);
    assert!(!ran.output("reason").to_lowercase().contains("no cancel request was sent"), "{}", ran.output("reason"));
    ran.ended("skipped", 0);
    ran.reasons(&["the one before had no clear answer"]);
});

every_platform!(a_refusal_of_what_is_in_flight_is_an_error_in_the_platforms_words, |stage| {
    for status in [400, 409, 422] {
        let body = stage.refusal("Not on a Sunday.");
        let scene = stage.play(&Course::running()).always(Call::Cancel, Fault::json(status, &body));
        let ran = scene.run();
        ran.ended("error", 1).reasons(&["Not on a Sunday.", stage.shown("running")]);
        assert_eq!((scene.asked(), ran.output("state")), (1, "running"));
    }
});

every_platform!(a_refusal_of_what_somebody_else_canceled_is_canceled, |stage| {
    let scene = stage.play(&racing(stage, "canceled"));
    let ran = scene.run();
    // Without a word for it nobody knows whether it was canceled at all.
    ran.ended(if stage.stopped_state().1 { "canceled" } else { "already_finished" }, 0);
    assert_eq!((scene.asked(), scene.effective(1)), (1, 0));
});

every_platform!(a_refusal_is_decided_by_reading_even_if_the_first_try_to_read_fails, |stage| {
    let scene = stage
        .play(&racing(stage, "succeeded"))
        .fault(Call::Read, first_reads(stage, 0))
        .fault(Call::Read, [Fault::Status(500)]);
    scene.run().ended("completed", 3);
    assert_eq!(scene.asked(), 1);
});

every_platform!(a_cancel_says_how_long_its_body_is, |stage| {
    let scene = stage.play(&Course::running());
    scene.run().ended("canceled", 0);
    for seen in scene.seen(Call::Cancel) {
        assert_eq!(seen.header("content-length"), Some(seen.body.len().to_string().as_str()));
    }
});
