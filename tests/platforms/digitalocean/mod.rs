//! DigitalOcean App Platform, end to end: which deployment is meant, and this platform's own traps.

mod back;
mod select;

use serde_json::{Value, json};

use crate::sandbox::digitalocean::{App, COMMIT, Deployment};
use crate::sandbox::{Call, CancelAnswer, Fault, Sandbox, TOKEN};
use crate::stage::{Course, Stage, retry_after};
use crate::step::Step;

fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web")).add(deployment);
    sandbox
}

fn step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "digitalocean").input("app_id", "app-1").input("deployment_id", "dep-1").input("timeout", "20")
}

fn deployment() -> Deployment {
    Deployment::new("app-1", "dep-1")
}

/// What the only deployment is told to be, of a run that must end canceled.
fn told(deployment: Deployment) -> Value {
    let ran = step(&sandbox(deployment)).run();
    ran.ended("canceled", 0);
    ran.only()
}

// Which deployment is meant.

#[test]
fn a_deployment_is_canceled_within_its_app() {
    let sandbox = sandbox(deployment());
    step(&sandbox).run().ended("canceled", 0);
    let seen: Vec<_> = sandbox.requests().into_iter().map(|seen| (seen.method, seen.path, seen.query)).collect();
    let path = "/v2/apps/app-1/deployments/dep-1";
    let wanted = [
        ("GET".to_owned(), path.to_owned(), String::new()),
        ("POST".to_owned(), format!("{path}/cancel"), String::new()),
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn a_deployment_of_another_app_is_not_found_there() {
    let sandbox = sandbox(Deployment::new("app-2", "dep-1"));
    step(&sandbox).run().ended("not_found", 4).reasons(&["The app app-1 has no deployment dep-1"]);
    assert_eq!(sandbox.effective_cancels("dep-1"), 0);
}

#[test]
fn ids_are_opaque_and_never_leave_their_place_in_the_path() {
    let id = "a/../b?c=d#e%2F f";
    let sandbox = sandbox(Deployment::new("app/1", id));
    let ran = step(&sandbox).input("app_id", "app/1").input("deployment_id", id).run();
    ran.ended("canceled", 0).tells("deployment_id", id);
    assert!(sandbox.requests().iter().all(|seen| seen.query.is_empty()));
}

#[test]
fn the_app_may_be_named() {
    let sandbox = sandbox(deployment());
    step(&sandbox).without("INPUT_APP_ID").input("app_name", "web").run().ended("canceled", 0);
    assert_eq!(sandbox.count(Call::Scope), 1);
}

#[test]
fn the_usual_variables_are_enough() {
    let sandbox = sandbox(deployment());
    let ran = step(&sandbox)
        .without("INPUT_APP_ID")
        .without("INPUT_TOKEN")
        .var("DIGITALOCEAN_APP_ID", "app-1")
        .var("DIGITALOCEAN_ACCESS_TOKEN", TOKEN)
        .run();
    ran.ended("canceled", 0);
}

#[test]
fn an_account_without_apps_has_no_app_of_that_name() {
    let sandbox = Sandbox::start();
    step(&sandbox).without("INPUT_APP_ID").input("app_name", "web").run().ended("not_found", 4).reasons(&["web"]);
}

// States.

#[test]
fn every_phase_in_flight_is_canceled() {
    for phase in ["PENDING_BUILD", "BUILDING", "PENDING_DEPLOY", "DEPLOYING", "UNKNOWN"] {
        let one = told(deployment().states([phase]));
        assert_eq!(one["previous_state"], phase);
    }
}

#[test]
fn only_a_pending_build_is_queued() {
    for (phase, outcome) in [("PENDING_BUILD", "canceled"), ("PENDING_DEPLOY", "skipped")] {
        step(&sandbox(deployment().states([phase]))).input("only_states", "queued").run().ended(outcome, 0);
    }
}

#[test]
fn counters_that_say_otherwise_are_not_asked() {
    told(deployment().patch(json!({"progress": {"total_steps": 6, "success_steps": 6, "error_steps": 2}})));
}

// The answer to a cancel proves nothing.

#[test]
fn the_documented_answer_names_another_deployment_and_is_read_after() {
    let one = deployment().cancel_answer(CancelAnswer::OtherId).after_cancel(["BUILDING", "CANCELED"]);
    let sandbox = sandbox(one);
    step(&sandbox).run().ended("canceled", 0).tells("deployment_id", "dep-1");
    assert_eq!((sandbox.count(Call::Cancel), sandbox.count(Call::Read)), (1, 3));
}

#[test]
fn a_200_of_a_deployment_that_went_live_is_completed() {
    let ran = step(&sandbox(deployment().states(["DEPLOYING", "ACTIVE"]).finished_cancel(200))).run();
    ran.ended("completed", 3);
    assert_eq!(ran.only()["http_status"], 200);
}

// What is told.

#[test]
fn branch_and_commit_come_from_the_push() {
    let one = told(deployment().branch("feature/x"));
    assert_eq!((&one["branch"], &one["commit"]), (&json!("feature/x"), &json!(COMMIT)));
    assert_eq!(one["target"], Value::Null);
}

#[test]
fn a_deployment_without_a_commit_has_none() {
    let one = told(deployment().without_commit());
    assert_eq!((&one["branch"], &one["commit"]), (&json!("main"), &Value::Null));
}

#[test]
fn the_zero_time_is_no_time_and_others_are_told_in_utc() {
    let zero = told(deployment().created_at("0001-01-01T00:00:00Z"));
    assert_eq!(zero["created_at"], Value::Null);
    let zoned = told(deployment().created_at("2026-08-07T12:11:12+02:00"));
    assert_eq!(zoned["created_at"], "2026-08-07T10:11:12Z");
}

#[test]
fn fields_of_another_shape_do_not_hide_the_phase() {
    let odd = deployment()
        .field("services", json!("none"))
        .field("cause_details", json!([1]))
        .field("spec", json!(7))
        .field("created_at", json!({"at": 1}))
        .field("progress", Value::Null);
    told(odd);
}

#[test]
fn the_page_of_the_app_is_linked() {
    let one = told(deployment());
    let url = one["deployment_url"].as_str().unwrap();
    assert!(url.starts_with("https://cloud.digitalocean.com/apps/app-1"), "{url}");
}

// Scopes and limits.

#[test]
fn a_wrong_app_id_is_named() {
    let scene = Stage::DigitalOcean.play(&Course::running());
    scene.step().input("app_id", "app-9").run().ended("not_found", 4).reasons(&["app-9"]).says("Check `app_id`");
    assert_eq!(scene.asked(), 0);
}

#[test]
fn an_app_is_found_by_its_name_on_a_later_page() {
    let scene = Stage::DigitalOcean.play(&Course::running());
    for number in 0..450 {
        scene.sandbox.add(App::new(&format!("other-{number}"), &format!("shop-{number}")));
    }
    scene.sandbox.add(App::new("app-1", "shop"));
    scene.step().input("app_id", "").input("app_name", "shop").run().ended("canceled", 0);
    // Fifty a page: an app carries its whole specification.
    assert_eq!(scene.sandbox.count(Call::Scope), 10);
}

#[test]
fn an_app_name_that_only_begins_alike_is_another_app() {
    let scene = Stage::DigitalOcean.play(&Course::running());
    scene.sandbox.add(App::new("app-1", "shop-staging"));
    for name in ["shop", "Shop-Staging", "shop-staging-2"] {
        let ran = scene.step().without("INPUT_APP_ID").input("app_name", name).run();
        ran.ended("not_found", 4).reasons(&[name]).says("Check `app_name`");
    }
    assert_eq!((scene.asked(), scene.reads()), (0, 0));
}

#[test]
fn looking_up_the_app_survives_a_burst_of_errors() {
    let scene = Stage::DigitalOcean.play(&Course::running()).fault(Call::Scope, [Fault::Status(500), Fault::Reset]);
    scene.sandbox.add(App::new("app-1", "shop"));
    scene.step().without("INPUT_APP_ID").input("app_name", "shop").run().ended("canceled", 0);
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
fn a_retry_after_past_the_limit_in_an_unclear_answer_ends_at_once() {
    // The limit is the credential's, so that not even reading is allowed before it ends.
    let scene = Stage::DigitalOcean.play(&Course::running()).fault(Call::Cancel, [retry_after(503, "100000")]);
    scene.step().input("timeout", "24h").run().ended("timed_out", 124).reasons(&["had no clear answer"]);
    assert_eq!(scene.calls(), [Call::Read, Call::Cancel]);
}
