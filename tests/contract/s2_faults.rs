//! Wrong credentials, wrong scopes, an API that is down, slow, lying or unclear: never a wrong verdict, never a
//! cancel request too many, and always a message that says what to do. That every fault at every request comes out right
//! on every platform is the business of `tests/matrix`; here is what that table has no column for.

use std::time::{Duration, SystemTime};

use crate::sandbox::digitalocean::App;
use crate::sandbox::{Call, Fault, Grant, Nobody, Sandbox, Seen, TOKEN};
use crate::stage::{Course, Scene, Stage, every_platform, racing, run_together};
use crate::step::Ran;

/// A word in the reason of the run.
#[track_caller]
fn reasons(ran: &Ran, text: &str) {
    let reason = ran.output("reason");
    assert!(reason.contains(text), "no {text:?} in {reason:?}");
}

/// A scene whose cancel is accepted without an end in the answer, so that reads have to find it.
fn watched(stage: Stage, after: &[&'static str]) -> Scene {
    stage.play(&Course::running().answering("running").then(after))
}

/// Leaves the reads before the cancel request alone, and so many after it.
fn first_reads(stage: Stage, after: usize) -> Vec<Fault> {
    vec![Fault::Pass; stage.traits().reads_before + after]
}

fn duration(ran: &Ran) -> f64 {
    ran.output("duration_seconds").parse().unwrap()
}

/// The time from one request to a later one.
fn gap(from: &Seen, to: &Seen) -> Duration {
    to.at.duration_since(from.at)
}

fn retry_after(status: u16, value: &str) -> Fault {
    Fault::RetryAfter { status, value: value.to_owned() }
}

fn redirect(status: u16, target: &str) -> Fault {
    Fault::Reply {
        status,
        content_type: "text/plain".to_owned(),
        headers: vec![("location".to_owned(), target.to_owned())],
        body: b"elsewhere".to_vec(),
    }
}

// Credentials and rights.

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

every_platform!(a_token_revoked_while_watching_is_an_error, |stage| {
    let scene =
        watched(stage, &["running"]).fault(Call::Read, first_reads(stage, 1)).fault(Call::Read, [Fault::Status(401)]);
    let ran = scene.run();
    ran.ended("error", 1);
    reasons(&ran, "end not visible");
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
        headed(&scene.run(), &format!("Not canceled, still {state}"));
    }
    let unread =
        watched(stage, &["running"]).fault(Call::Read, first_reads(stage, 0)).fault(Call::Read, [Fault::Status(403)]);
    headed(&unread.fault(Call::Cancel, [Fault::Status(403)]).run(), "Not known to be canceled");
    let unsent = stage.play(&Course::running()).always(Call::Read, Fault::Status(403)).step();
    headed(&unsent.input("only_states", "running").run(), "Not asked to cancel");
});

fn headed(ran: &Ran, heading: &str) {
    let title = format!("{heading}: ").replace(',', "%2C").replace(':', "%3A");
    ran.ended("error", 1).says(&format!("title={title}"));
    assert!(ran.summary.starts_with(&format!("### ❌ {heading}: ")), "{}", ran.summary);
}

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

every_platform!(an_end_that_may_not_be_read_is_an_error, |stage| {
    if !stage.traits().blind {
        return;
    }
    let scene = watched(stage, &["canceled"]).grant(Grant::CancelOnly);
    let ran = scene.run();
    ran.ended("error", 1);
    reasons(&ran, "accepted");
    reasons(&ran, "end not visible");
    assert_eq!((ran.output("went_live"), scene.asked()), ("unknown", 1));
});

every_platform!(without_waiting_an_end_that_may_not_be_read_is_requested, |stage| {
    if !stage.traits().blind {
        return;
    }
    let scene = watched(stage, &["canceled"]).grant(Grant::CancelOnly);
    let ran = scene.step().input("wait", "false").run();
    ran.ended("requested", 0);
    assert_eq!(ran.output("went_live"), "unknown");
});

every_platform!(states_that_cannot_be_checked_are_not_passed, |stage| {
    if !stage.traits().blind {
        return;
    }
    let scene = stage.play(&Course::running()).grant(Grant::CancelOnly);
    let ran = scene.step().input("only_states", "running").run();
    ran.ended("error", 1);
    reasons(&ran, "only_states");
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_dry_run_of_what_may_not_be_read_sends_nothing, |stage| {
    let scene = stage.play(&Course::running()).grant(Grant::CancelOnly);
    scene.step().input("dry_run", "true").run().ended("error", 1);
    assert_eq!(scene.asked(), 0);
});

// Scopes.

#[test]
fn a_wrong_app_id_is_named() {
    let scene = Stage::DigitalOcean.play(&Course::running());
    let ran = scene.step().input("app_id", "app-9").run();
    ran.ended("not_found", 4);
    reasons(&ran, "app-9");
    reasons(&ran, "app_id");
    assert_eq!(scene.asked(), 0);
}

#[test]
fn an_app_is_found_by_its_name_on_a_later_page() {
    let scene = Stage::DigitalOcean.play(&Course::running());
    for number in 0..450 {
        scene.sandbox.add(App::new(&format!("other-{number}"), &format!("shop-{number}")));
    }
    scene.sandbox.add(App::new("app-1", "shop"));
    let ran = scene.step().input("app_id", "").input("app_name", "shop").run();
    ran.ended("canceled", 0);
    // Fifty a page: an app carries its whole specification.
    assert_eq!(scene.sandbox.count(Call::Scope), 10);
}

#[test]
fn an_app_name_that_only_begins_alike_is_another_app() {
    let scene = Stage::DigitalOcean.play(&Course::running());
    scene.sandbox.add(App::new("app-1", "shop-staging"));
    for name in ["shop", "Shop-Staging", "shop-staging-2"] {
        let ran = scene.step().without("INPUT_APP_ID").input("app_name", name).run();
        ran.ended("not_found", 4);
        reasons(&ran, name);
        reasons(&ran, "app_name");
    }
    assert_eq!((scene.asked(), scene.reads()), (0, 0));
}

#[test]
fn looking_up_the_app_survives_a_burst_of_errors() {
    let scene = Stage::DigitalOcean.play(&Course::running()).fault(Call::Scope, [Fault::Status(500), Fault::Reset]);
    scene.sandbox.add(App::new("app-1", "shop"));
    let step = scene.step().without("INPUT_APP_ID").input("app_name", "shop");
    step.run().ended("canceled", 0);
}

#[test]
fn looking_up_the_app_with_a_wrong_token_is_an_error_for_every_deployment() {
    let wrong = "somebody-elses-token-1234";
    let scene = Stage::DigitalOcean.play_all(&vec![Course::running(); 3]);
    let step = scene.step().without("INPUT_APP_ID").input("app_name", "shop");
    let ran = step.input("token", wrong).secret(wrong).run();
    ran.ended("error", 1);
    assert_eq!((ran.output("count"), scene.sandbox.requests().len()), ("3", 1));
}

#[test]
fn a_wrong_team_is_named() {
    let scene = Stage::Vercel.play(&Course::running());
    let ran = scene.step().input("team_id", "team_wrong").run();
    ran.ended("error", 1).says("team_wrong").says("`team_id`");
    assert_eq!(scene.calls(), [Call::Read]);
}

#[test]
fn a_missing_team_is_suggested() {
    let sandbox = Sandbox::start();
    let deployment = crate::sandbox::vercel::Deployment::new("prj_1", "web", "dpl_1");
    sandbox.add(deployment.team("team_1", "acme"));
    let ran = Stage::Vercel.step_at(&sandbox.url("vercel")).run();
    ran.ended("not_found", 4).says("team_id");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

// An API that is down.

every_platform!(a_refused_connection_is_an_error, |stage| {
    let nobody = Nobody::new();
    let step = stage.step_at(&format!("http://{}/api", nobody.address()));
    let ran = step.input("timeout", "1").run();
    ran.ended("error", 1).says("api_url");
    // Once at the beginning, so that nobody waits in silence, and once at the end.
    let told = |line: &&str| line.contains("s  could not ");
    assert_eq!(ran.stdout.lines().filter(told).count(), 1, "{}", ran.stdout);
    assert_eq!((ran.output("state"), ran.output("went_live")), ("", "unknown"));
});

every_platform!(an_api_that_goes_away_while_watching_is_timed_out, |stage| {
    let scene = watched(stage, &["running"]);
    let running = scene.step().input("timeout", "2").start();
    scene.sandbox.wait_for(Call::Read, stage.traits().reads_before + 1);
    drop(scene);
    let ran = running.wait();
    ran.ended("timed_out", 124);
    reasons(&ran, "accepted the cancel request");
    assert_eq!(ran.output("state"), "running");
});

every_platform!(a_plain_address_of_another_machine_is_bad_input, |stage| {
    let ran = stage.step_at("http://192.0.2.1/api").run();
    ran.ended("error", 2);
    reasons(&ran, "api_url");
    assert_eq!((ran.output("count"), ran.output("deployments")), ("0", "[]"));
});

// An API that lies.

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
    let ran = scene.run();
    ran.ended("error", 1);
    reasons(&ran, "16 MiB");
    assert_eq!(scene.asked(), 0);
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
    page.step().input("wait", "false").input("timeout", "8").run().ended("error", 1);
    assert_eq!((page.asked(), page.effective(1)), (3, 0));
});

// Trouble that passes.

every_platform!(a_400_while_watching_does_not_end_the_watch, |stage| {
    let scene =
        watched(stage, &["canceled"]).fault(Call::Read, first_reads(stage, 0)).fault(Call::Read, [Fault::Status(400)]);
    scene.run().ended("canceled", 0);
});

every_platform!(an_api_that_fails_until_the_limit_is_an_error, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Read, Fault::Status(500));
    let ran = scene.step().input("timeout", "1").run();
    ran.ended("error", 1).says("status page");
    reasons(&ran, "500");
    assert_eq!(scene.asked(), 0);
});

every_platform!(a_cancel_answer_that_hangs_leaves_time_for_a_last_read, |stage| {
    let scene = stage.play(&Course::running()).fault(Call::Cancel, [Fault::Hold]);
    let ran = scene.step().input("timeout", "2").run();
    assert!(duration(&ran) <= 2.1, "{} s", duration(&ran));
    ran.ended("canceled", 0);
    assert_eq!(scene.asked(), 1);
});

// Rate limits.

every_platform!(a_pause_that_the_platform_asks_for_is_kept_to, |stage| {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    let asked = [
        (Call::Read, retry_after(429, "1")),
        (Call::Cancel, retry_after(429, "1")),
        (Call::Read, retry_after(503, "1")),
        (Call::Cancel, retry_after(503, "1")),
        // Dates and the platform's own headers have whole seconds, so up to two of the three may be lost.
        (Call::Cancel, retry_after(429, &date)),
        (Call::Cancel, Fault::ResetHeader { in_seconds: 3 }),
    ];
    let scenes = asked.clone().map(|(call, fault)| stage.play(&Course::running()).fault(call, [fault]));
    for ((ran, scene), (call, fault)) in run_together(&scenes).iter().zip(&scenes).zip(&asked) {
        ran.ended("canceled", 0);
        let seen = scene.seen(*call);
        let pause = gap(&seen[0], &seen[1]);
        assert!(pause >= Duration::from_secs(1), "{fault:?}: {pause:?}");
        assert_eq!(scene.effective(1), 1);
    }
});

every_platform!(a_reset_in_the_past_is_no_obstacle, |stage| {
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
    let scene = stage.play(&Course::running()).always(Call::Read, retry_after(429, "600"));
    let ran = scene.step().input("timeout", "9").run();
    ran.ended("error", 1).says("Too many requests");
    assert!(duration(&ran) < 5.0, "{} s", duration(&ran));
    assert_eq!(scene.calls(), [Call::Read]);
});

every_platform!(a_rate_limit_past_the_limit_instead_of_a_cancel_ends_at_once, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Cancel, retry_after(429, "600"));
    let ran = scene.step().input("timeout", "9").run();
    ran.ended("timed_out", 124);
    reasons(&ran, "was turned away by a rate limit (429)");
    assert_eq!(ran.deployments()[0]["http_status"], 429);
    assert!(duration(&ran) < 5.0, "{} s", duration(&ran));
    assert_eq!(scene.asked(), 1);
});

every_platform!(a_rate_limit_past_the_limit_while_watching_ends_at_once, |stage| {
    let scene = watched(stage, &["running"])
        .fault(Call::Read, first_reads(stage, 0))
        .fault(Call::Read, [retry_after(429, "600")]);
    let ran = scene.step().input("timeout", "6").run();
    ran.ended("timed_out", 124);
    reasons(&ran, "accepted the cancel request");
    assert!(duration(&ran) < 4.0, "{} s", duration(&ran));
    assert_eq!((scene.asked(), scene.reads()), (1, stage.traits().reads_before + 1));
});

#[test]
fn a_retry_after_past_the_limit_in_an_unclear_answer_ends_at_once() {
    // The limit is the credential's, so that not even reading is allowed before it ends.
    let scene = Stage::DigitalOcean.play(&Course::running()).fault(Call::Cancel, [retry_after(503, "600")]);
    let ran = scene.step().input("timeout", "6").run();
    ran.ended("timed_out", 124);
    reasons(&ran, "without a clear answer");
    assert!(duration(&ran) < 4.0, "{} s", duration(&ran));
    assert_eq!(scene.calls(), [Call::Read, Call::Cancel]);
}

#[test]
fn a_retry_after_of_the_cancel_endpoint_does_not_stop_reading() {
    let unavailable = Fault::after(retry_after(503, "600"));
    let scene = Stage::Vercel.play(&Course::running()).fault(Call::Cancel, [unavailable]);
    let ran = scene.step().input("timeout", "6").run();
    ran.ended("canceled", 0);
    assert!(duration(&ran) < 4.0, "{} s", duration(&ran));
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

// Unclear answers to the cancel request.

every_platform!(a_cancel_on_a_connection_that_was_closed_meanwhile_is_sent_on_another, |stage| {
    let course = Course::running();
    let once = stage.play(&course).fault(Call::Cancel, [Fault::Reset]);
    once.run().ended("canceled", 0);
    let asks = stage.asks();
    assert_eq!(once.calls()[..=asks.len()], [asks.as_slice(), &[Call::Cancel]].concat());
    // That one breaking as well is as unclear as any other answer.
    let twice = stage.play(&course).fault(Call::Cancel, [Fault::Reset, Fault::Reset]);
    twice.run().ended("canceled", 0);
    let first = [asks.as_slice(), &[Call::Cancel, Call::Read, Call::Read]].concat();
    assert_eq!(twice.calls()[..first.len()], first);
    assert_eq!(twice.asked(), 3);
});

every_platform!(an_unclear_answer_is_repeated_only_after_two_reads_in_flight, |stage| {
    let scenes: Vec<_> = [Fault::Status(408), Fault::Status(500), Fault::Html(502), Fault::Empty(504)]
        .into_iter()
        .map(|unclear| stage.play(&Course::running()).fault(Call::Cancel, [unclear]))
        .collect();
    for (ran, scene) in run_together(&scenes).iter().zip(&scenes) {
        ran.ended("canceled", 0);
        let (before, calls) = (stage.traits().reads_before, scene.calls());
        let first = [stage.asks(), vec![Call::Read; 1 + before], vec![Call::Cancel]].concat();
        assert_eq!(calls[..first.len()], first);
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
    headed(&ran, "Not known to be canceled");
    reasons(&ran, "502");
    assert_eq!((scene.asked(), ran.output("state")), (3, "running"));
    assert_eq!(ran.deployments()[0]["http_status"], 502);
    assert_eq!(ran.output("went_live"), "unknown");
});

every_platform!(an_unclear_answer_at_the_limit_is_timed_out, |stage| {
    let scene = stage.play(&Course::running()).always(Call::Cancel, Fault::Status(500));
    let ran = scene.step().input("timeout", "1").run();
    ran.ended("timed_out", 124);
    reasons(&ran, "without a clear answer");
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
    assert!(!ran.output("reason").contains("nothing was sent"), "{}", ran.output("reason"));
    ran.ended("skipped", 0);
    reasons(&ran, "had had no clear answer");
});

// Refusals of the cancel request.

every_platform!(a_refusal_of_what_is_in_flight_is_an_error_in_the_platforms_words, |stage| {
    for status in [400, 409, 422] {
        let body = stage.refusal("Not on a Sunday.");
        let scene = stage.play(&Course::running()).always(Call::Cancel, Fault::json(status, &body));
        let ran = scene.run();
        ran.ended("error", 1);
        reasons(&ran, "Not on a Sunday.");
        reasons(&ran, stage.shown("running"));
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

// Redirects.

every_platform!(a_redirect_to_another_host_is_not_followed, |stage| {
    let other = stage.play(&Course::running());
    for status in [301, 302, 307, 308] {
        for call in [Call::Read, Call::Cancel] {
            let target = other.sandbox.url(stage.name());
            let scene = stage.play(&Course::running()).always(call, redirect(status, &target));
            let ran = scene.run();
            ran.ended("error", 1).says("`api_url`");
            assert_eq!(scene.effective(1), 0);
        }
    }
    assert!(other.calls().is_empty(), "the other host was sent a request");
});

every_platform!(a_cancel_says_how_long_its_body_is, |stage| {
    let scene = stage.play(&Course::running());
    scene.run().ended("canceled", 0);
    for seen in scene.seen(Call::Cancel) {
        assert_eq!(seen.header("content-length"), Some(seen.body.len().to_string().as_str()));
    }
});

every_platform!(the_token_goes_into_one_header_and_nowhere_else, |stage| {
    let scene = stage.play(&Course::running());
    scene.run().ended("canceled", 0);
    for seen in scene.sandbox.requests() {
        let (header, scheme) = stage.traits().credential;
        assert_eq!(seen.header(header), Some(format!("{scheme}{TOKEN}").as_str()));
        let holders = seen.headers.iter().filter(|(_, value)| value.contains(TOKEN));
        assert_eq!(holders.count(), 1);
        assert!(!format!("{}?{}", seen.path, seen.query).contains(TOKEN));
        assert!(!String::from_utf8_lossy(&seen.body).contains(TOKEN));
    }
});
