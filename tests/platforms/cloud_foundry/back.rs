//! The way back on Cloud Foundry: by the revision, or by the droplet of an app without revisions.

use std::time::Duration;

use serde_json::{Value, json};

use super::{PASSWORD, requests, step};
use crate::sandbox::cloud_foundry::{APP, App, Deployment, Expired, Foundation};
use crate::sandbox::{Call, Ends, Fault, Grant, Sandbox, TOKEN};
use crate::step::{Ran, Step};

const DEPLOYED: &str = "FINALIZED/DEPLOYED";

fn app() -> App {
    App::new(APP, "web", "prod", "acme")
}

fn deployed(id: &str) -> Deployment {
    Deployment::new(id).states([DEPLOYED])
}

/// An app to which these were deployed, the last one last.
fn sandbox<const N: usize>(app: App, all: [Deployment; N]) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(app);
    for one in all {
        sandbox.add(one);
    }
    sandbox
}

/// It goes live although it is being canceled, and not at once.
fn too_late(id: &str) -> Deployment {
    let mut words = ["ACTIVE/CANCELING"; 5];
    words[4] = DEPLOYED;
    Deployment::new(id).after_cancel(words)
}

fn back(sandbox: &Sandbox) -> Step {
    step(sandbox).input("if_live", "roll_back").input("roll_back_timeout", "20s")
}

/// The target, and what became of it.
#[track_caller]
fn told<'r>(ran: &'r Ran, result: &str) -> (&'r str, Option<String>) {
    ran.tells("rollback", result);
    (ran.output("rollback_reason"), ran.only()["rollback"]["target"].as_str().map(str::to_owned))
}

fn body(sandbox: &Sandbox) -> Value {
    let sent = requests(sandbox, Call::RollBack);
    assert_eq!(sent.len(), 1);
    serde_json::from_slice(&sent[0].body).unwrap()
}

/// Nothing was sent, and that is what the reason says.
#[track_caller]
fn nothing_was_sent(sandbox: &Sandbox, ran: &Ran, result: &str, words: &[&str]) {
    let (reason, _) = told(ran, result);
    words.iter().for_each(|word| assert!(reason.contains(word), "no {word:?} in {reason:?}"));
    assert_eq!(sandbox.count(Call::RollBack), 0);
    assert_eq!(ran.code, 3);
}

#[test]
fn a_rolling_deployment_of_the_revision_puts_it_back() {
    let sandbox = sandbox(app(), [deployed("dep-0"), deployed("dep-2"), deployed("dep-1")]);
    let ran = back(&sandbox).run();
    ran.ended("rolled_back", 3);
    let (reason, target) = told(&ran, "done");
    assert!(reason.contains("revision revision-dep-2"), "{reason}");
    assert_eq!(target.as_deref(), Some("revision-dep-2"));
    let live = sandbox.live("cloud_foundry", APP).unwrap();
    assert_eq!((live.build.as_str(), ran.output("rollback_deployment_id")), ("dep-2", live.id.as_str()));
    let app = json!({ "app": { "data": { "guid": APP } } });
    let wanted = json!({ "revision": { "guid": "revision-dep-2" }, "strategy": "rolling", "relationships": app });
    assert_eq!(body(&sandbox), wanted);
}

#[test]
fn what_is_live_is_asked_beside_the_cancel_without_waiting_for_the_list() {
    // The deployment may be at its end as soon as the cancel request is answered.
    let sandbox = sandbox(app(), [deployed("dep-2"), Deployment::new("dep-1")]);
    sandbox.fault(Call::List, [Fault::Hold]);
    let running = back(&sandbox).start();
    sandbox.wait_for(Call::Live, 1);
    sandbox.release();
    running.wait().ended("canceled", 0);
}

#[test]
fn an_app_without_revisions_goes_back_by_its_droplet() {
    for ours in [deployed("dep-1"), too_late("dep-1")] {
        let sandbox = sandbox(app().without_revisions(), [deployed("dep-2"), ours]);
        let ran = back(&sandbox).run();
        ran.ended("rolled_back", 3);
        let (reason, _) = told(&ran, "done");
        assert!(reason.contains("droplet droplet-dep-2"), "{reason}");
        assert_eq!(body(&sandbox)["droplet"], json!({ "guid": "droplet-dep-2" }));
        let live = sandbox.live("cloud_foundry", APP).unwrap();
        assert_eq!((live.build.as_str(), ran.output("rollback_deployment_id")), ("dep-2", live.id.as_str()));
    }
}

#[test]
fn what_is_in_flight_is_asked_for_before_what_is_live() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    sandbox.add(Deployment::new("dep-3").states(["ACTIVE/PAUSED"]));
    let ran = back(&sandbox).run();
    // Two revisions run, and that of ours is one of them.
    nothing_was_sent(&sandbox, &ran, "newer_in_flight", &["dep-3", "ACTIVE/PAUSED"]);
    let calls: Vec<_> = sandbox.requests().iter().map(|seen| seen.call).collect();
    let first = |call| calls.iter().position(|seen| *seen == call);
    assert!(first(Call::List) < first(Call::Live), "{calls:?}");
    // While something is in flight nobody knows for sure what is live.
    let sandbox =
        self::sandbox(app(), [deployed("dep-2"), deployed("dep-1"), deployed("dep-4"), Deployment::new("dep-3")]);
    nothing_was_sent(&sandbox, &back(&sandbox).run(), "newer_in_flight", &["dep-3"]);
}

#[test]
fn a_stopped_app_is_not_started() {
    for app in [app(), app().without_revisions()] {
        let sandbox = sandbox(app.clone(), [deployed("dep-2"), deployed("dep-1")]);
        sandbox.add(app.stopped());
        let ran = back(&sandbox).run();
        nothing_was_sent(&sandbox, &ran, "refused", &[]);
    }
}

#[test]
fn what_cannot_be_deployed_any_more_is_not_asked_for() {
    let both = || [deployed("dep-2"), deployed("dep-1")];
    let gone = sandbox(app(), both());
    gone.add(Expired(2));
    nothing_was_sent(&gone, &back(&gone).run(), "refused", &["droplet is gone"]);
    let gone = sandbox(app().without_revisions(), both());
    gone.add(Expired(2));
    nothing_was_sent(&gone, &back(&gone).run(), "refused", &["droplet is not kept"]);
    let off = sandbox(app(), both());
    off.add(app().without_revisions());
    nothing_was_sent(&off, &back(&off).run(), "refused", &[]);
}

#[test]
fn what_ours_superseded_was_not_live_before_it() {
    for app in [app(), app().without_revisions()] {
        // The app had its droplet when ours began.
        let sandbox = sandbox(
            app.clone(),
            [
                deployed("dep-2"),
                Deployment::new("dep-3"),
                Deployment::new("dep-1").states(["ACTIVE/DEPLOYING", DEPLOYED]),
            ],
        );
        sandbox.run_out("cloud_foundry");
        assert_eq!(sandbox.truth("cloud_foundry", "dep-3"), "FINALIZED/SUPERSEDED");
        back(&sandbox).run().ended("rolled_back", 3).tells("rollback", "done");
        assert_eq!(sandbox.live("cloud_foundry", APP).unwrap().build, "dep-2");
    }
}

#[test]
fn what_was_never_done_is_not_put_back_although_the_app_runs_it() {
    let both = [deployed("dep-2"), Deployment::new("dep-3"), Deployment::new("dep-4")];
    let sandbox = sandbox(app(), both);
    // The app goes back to what was on its way.
    sandbox.ask("cloud_foundry", "POST", "/v3/deployments/dep-4/actions/cancel", &json!({}));
    sandbox.run_out("cloud_foundry");
    assert_eq!(sandbox.live("cloud_foundry", APP).unwrap().id, "dep-3");
    sandbox.add(deployed("dep-1"));
    nothing_was_sent(&sandbox, &back(&sandbox).run(), "no_target", &["nothing proves"]);
}

#[test]
fn a_plain_push_proves_nothing_but_may_have_been_seen() {
    for app in [app(), app().without_revisions()] {
        let before = || [deployed("dep-3"), deployed("dep-2").pushed()];
        let late = sandbox(app.clone(), before());
        late.add(deployed("dep-1"));
        nothing_was_sent(&late, &back(&late).run(), "no_target", &["nothing proves", "dep-2"]);
        let seen = sandbox(app.clone(), before());
        seen.add(too_late("dep-1"));
        back(&seen).run().ended("rolled_back", 3);
        assert_eq!(seen.live("cloud_foundry", APP).unwrap().build, "dep-2");
        // Instances of what ours superseded run beside it.
        let among = sandbox(app, before());
        among.add(Deployment::new("dep-4")).add(too_late("dep-1"));
        among.fault(Call::Cancel, [Fault::HoldBefore]).before(Call::List, 2, Sandbox::release);
        back(&among).run().ended("rolled_back", 3);
        assert_eq!(among.live("cloud_foundry", APP).unwrap().build, "dep-2");
    }
}

#[test]
fn it_goes_back_to_a_deployment_or_a_revision_of_the_same_app() {
    for (to, app) in [("dep-3", app()), ("revision-dep-3", app()), ("dep-3", app().without_revisions())] {
        let sandbox = sandbox(app, [deployed("dep-3"), deployed("dep-2"), deployed("dep-1")]);
        back(&sandbox).input("roll_back_to", to).run().ended("rolled_back", 3);
        assert_eq!(sandbox.live("cloud_foundry", APP).unwrap().build, "dep-3", "{to}");
    }
    for (to, words) in [
        ("dep-9", "none of the deployments and revisions"),
        ("revision-dep-9", "none of the deployments and revisions"),
        ("dep-8", "none of the deployments and revisions"),
        ("revision-dep-4", "nothing proves"),
        ("dep-1", "was to stop"),
    ] {
        let canceled = Deployment::new("dep-4").states(["FINALIZED/CANCELED"]);
        let sandbox = sandbox(app(), [deployed("dep-2"), canceled, deployed("dep-1")]);
        sandbox.add(deployed("dep-9").app("app-2"));
        let ran = back(&sandbox).input("roll_back_to", to).run();
        nothing_was_sent(&sandbox, &ran, "no_target", &[words]);
    }
}

#[test]
fn a_roll_back_that_never_ends_is_not_canceled() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    sandbox.roll_backs_end("cloud_foundry", Ends::Never);
    let ran = back(&sandbox).input("roll_back_timeout", "2s").run();
    ran.ended("timed_out", 124).tells("rollback", "timed_out");
    assert_eq!((sandbox.count(Call::RollBack), sandbox.count(Call::Cancel)), (1, 0));
    assert_eq!(ran.only()["rollback"]["deployment_id"], "dep-91");
}

/// Two apps go back at once. The last look at one of them finds its token refused, and the new sign-in takes its time: the
/// other one has its look behind it, and would wait for that.
#[test]
fn a_sign_in_between_the_last_look_and_the_request_means_another_look() {
    for looks in [2, 3] {
        let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
        sandbox.add(App::new("app-2", "web", "staging", "acme"));
        sandbox.add(deployed("dep-3").app("app-2")).add(deployed("dep-7").app("app-2"));
        sandbox.fault(Call::Live, vec![Fault::Pass; looks]).fault(Call::Live, [Fault::Status(401)]);
        sandbox.fault(Call::SignIn, [Fault::Pass, Fault::Delay(Duration::from_secs(5))]);
        let step = back(&sandbox).without("INPUT_TOKEN").input("username", "ci").input("password", PASSWORD);
        let ran = step.input("deployment_id", "dep-1,dep-7").secret(PASSWORD).run_inside(&sandbox);
        ran.ended("rolled_back", 3);
        assert_eq!((sandbox.count(Call::SignIn), sandbox.count(Call::RollBack)), (2, 2));
        for sent in requests(&sandbox, Call::RollBack) {
            let body: Value = serde_json::from_slice(&sent.body).unwrap();
            let app = body.pointer("/relationships/app/data/guid").unwrap().as_str().unwrap();
            let looks = requests(&sandbox, Call::Live).into_iter().filter(|seen| seen.path.contains(app));
            let last = looks.filter(|look| look.at < sent.at).map(|look| look.at).max().unwrap();
            assert!(sent.at - last < Duration::from_secs(2), "{app}\n{}", ran.stdout);
        }
    }
}

#[test]
fn the_same_roll_back_is_refused_after_one_that_was_canceled() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    sandbox.roll_backs_end("cloud_foundry", Ends::Badly);
    let ran = back(&sandbox).run();
    let (reason, _) = told(&ran, "failed");
    assert!(reason.contains("FINALIZED/CANCELED") && reason.contains("revision-dep-1 is live now"), "{reason}");
    sandbox.roll_backs_end("cloud_foundry", Ends::Well);
    let (ran, words) = (back(&sandbox).run(), "The code and configuration you are rolling back to is the same");
    let (reason, _) = told(&ran, "refused");
    assert!(reason.contains(words), "{reason}");
    assert_eq!(sandbox.live("cloud_foundry", APP).unwrap().id, "dep-1");
}

#[test]
fn an_unclear_answer_is_decided_by_the_new_deployment_and_nothing_is_sent_twice() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    sandbox.fault(Call::RollBack, [Fault::after(Fault::json(502, "{}"))]);
    back(&sandbox).run().ended("rolled_back", 3).tells("rollback_deployment_id", "dep-91");
    assert_eq!(sandbox.count(Call::RollBack), 1);
}

#[test]
fn a_missing_role_is_named_although_the_api_speaks_of_the_app() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    sandbox.token("cloud_foundry", TOKEN, Grant::NoRollBack);
    let ran = back(&sandbox).run();
    let (reason, _) = told(&ran, "refused");
    assert!(reason.contains("Unable to use app") && reason.contains("Space Developer"), "{reason}");
    assert_eq!((ran.code, sandbox.live("cloud_foundry", APP).unwrap().id.as_str()), (3, "dep-1"));
}

#[test]
fn korifi_tells_nothing_that_was_live_before() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    sandbox.add(Foundation::new().korifi());
    nothing_was_sent(&sandbox, &back(&sandbox).run(), "no_target", &["nothing is known"]);
}

#[test]
fn what_a_roll_back_made_is_told_although_it_was_done_at_once() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    // Five lists come before the request.
    sandbox.before(Call::List, 6, |sandbox| {
        sandbox.run_out("cloud_foundry");
    });
    back(&sandbox).run().ended("rolled_back", 3).tells("rollback_deployment_id", "dep-91");
}

#[test]
fn somebody_elses_deployment_in_between_is_told() {
    for (other, app) in [
        (deployed("dep-3"), app()),
        (Deployment::new("dep-3"), app()),
        (deployed("dep-3").pushed(), app()),
        (deployed("dep-3"), app().without_revisions()),
    ] {
        let sandbox = sandbox(app, [deployed("dep-2"), deployed("dep-1")]);
        sandbox.before(Call::RollBack, 1, |sandbox| {
            sandbox.add(other);
        });
        let ran = back(&sandbox).run();
        ran.ended("error", 1);
        let (reason, _) = told(&ran, "replaced_other");
        assert!(reason.contains("droplet droplet-dep-3"), "{reason}");
        assert_eq!(sandbox.count(Call::RollBack), 1);
    }
}

/// Its variables may be others: only the platform's own word makes it a copy.
#[test]
fn what_only_has_the_droplet_is_no_copy_of_what_was_live() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    // Somebody deploys the old code with the variables of today.
    let droplet = json!({
        "droplet": {"guid": "droplet-dep-2"},
        "strategy": "rolling",
        "relationships": {"app": {"data": {"guid": APP}}},
    });
    assert_eq!(sandbox.ask("cloud_foundry", "POST", "/v3/deployments", &droplet).status, 201);
    sandbox.run_out("cloud_foundry");
    nothing_was_sent(&sandbox, &back(&sandbox).run(), "moved_on", &["is live by now"]);
}

/// A revision goes live of its own, right after the roll back was done.
#[test]
fn a_copy_is_known_by_the_revision_that_its_deployment_made() {
    let sandbox = sandbox(app(), [deployed("dep-2"), deployed("dep-1")]);
    let lives = sandbox.count(Call::Live);
    let dry = back(&sandbox).input("dry_run", "true").run();
    dry.tells("rollback", "dry_run");
    let looks = sandbox.count(Call::Live) - lives;
    // Two looks come before the request, two reads behind it.
    sandbox.before(Call::Live, looks + 2, |sandbox| {
        sandbox.run_out("cloud_foundry");
        let droplet = json!({
            "droplet": {"guid": "droplet-dep-2"},
            "strategy": "rolling",
            "relationships": {"app": {"data": {"guid": APP}}},
        });
        sandbox.ask("cloud_foundry", "POST", "/v3/deployments", &droplet);
        sandbox.run_out("cloud_foundry");
    });
    let ran = back(&sandbox).run();
    assert_eq!(ran.output("rollback"), "failed", "{}", ran.stdout);
}
