//! Cloud Foundry, end to end.

mod back;
mod select;
mod sign_in;

use serde_json::json;

use crate::sandbox::cloud_foundry::{Client, Deployment, Foundation, User};
use crate::sandbox::{Call, Fault, Sandbox, Seen};
use crate::step::{Ran, Step};

const PASSWORD: &str = "open  sesame+&=9";
const SECRET: &str = "client-secret-must-not-leak";

fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(deployment).add(User::new("ci", PASSWORD)).add(Client::new("ci-client", SECRET));
    sandbox
}

/// A step with a ready token.
fn step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "cloud_foundry").input("deployment_id", "dep-1")
}

/// A step that signs in with a user.
fn user(sandbox: &Sandbox) -> Step {
    step(sandbox).without("INPUT_TOKEN").input("username", "ci").input("password", PASSWORD).secret(PASSWORD)
}

/// A step that signs in with a client.
fn client(sandbox: &Sandbox) -> Step {
    step(sandbox).without("INPUT_TOKEN").input("client_id", "ci-client").input("client_secret", SECRET).secret(SECRET)
}

fn run(deployment: Deployment) -> (Sandbox, Ran) {
    let sandbox = sandbox(deployment);
    let ran = step(&sandbox).run();
    (sandbox, ran)
}

fn requests(sandbox: &Sandbox, call: Call) -> Vec<Seen> {
    let mut all = sandbox.requests();
    all.retain(|seen| seen.call == call);
    all
}

#[test]
fn a_rolling_deployment_is_canceled_though_the_answer_to_the_cancel_is_empty() {
    let (sandbox, ran) = run(Deployment::new("dep-1"));
    ran.ended("canceled", 0);
    assert_eq!(ran.output("previous_state"), "ACTIVE/DEPLOYING");
    assert_eq!(ran.output("platform_state"), "FINALIZED/CANCELED");
    assert_eq!((ran.output("canceled"), ran.output("went_live")), ("true", "false"));
    let told = &ran.deployments()[0];
    assert_eq!(told["http_status"], 200);
    assert_eq!(told["details"]["strategy"], "rolling");
    assert!(told["request_id"].as_str().unwrap().contains("4851a473"));
    assert_eq!(told["timeline"][1]["platform_state"], "ACTIVE/CANCELING");
    assert_eq!(sandbox.effective_cancels("dep-1"), 1);
    assert_eq!(sandbox.count(Call::Cancel), 1);
}

#[test]
fn a_paused_canary_is_canceled() {
    let (sandbox, ran) = run(Deployment::new("dep-1").states(["ACTIVE/PAUSED"]));
    ran.ended("canceled", 0);
    assert_eq!(sandbox.effective_cancels("dep-1"), 1);
}

#[test]
fn one_that_is_being_canceled_is_watched_and_not_asked_again() {
    let words = ["ACTIVE/CANCELING", "FINALIZED/CANCELED"];
    let (sandbox, ran) = run(Deployment::new("dep-1").states(words));
    ran.ended("canceled", 0).says("being canceled already");
    assert_eq!(sandbox.count(Call::Cancel), 0);
    let old = Deployment::new("dep-1").states(["CANCELING", "FINALIZED/CANCELED"]);
    let (sandbox, ran) = run(old);
    ran.ended("canceled", 0);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn one_that_had_ended_is_left_alone() {
    for (word, state, canceled, code) in [
        ("FINALIZED/DEPLOYED", "succeeded", "false", 3),
        ("FINALIZED/CANCELED", "canceled", "true", 0),
        ("FINALIZED/SUPERSEDED", "superseded", "false", 0),
        ("FINALIZED/DEGENERATE", "unknown", "false", 0),
        ("FINALIZED/ODD", "unknown", "false", 0),
    ] {
        let (sandbox, ran) = run(Deployment::new("dep-1").states([word]));
        ran.ended("already_finished", code);
        assert_eq!((ran.output("state"), ran.output("canceled")), (state, canceled));
        // What old foundations wrote over one that had gone live as well tells nothing about that.
        let live = match state {
            "succeeded" => "true",
            "unknown" => "unknown",
            _ => "false",
        };
        assert_eq!(ran.output("went_live"), live, "{word}");
        assert_eq!(sandbox.count(Call::Cancel), 0, "{word}");
    }
}

#[test]
fn only_the_end_that_is_read_says_how_an_accepted_cancel_came_out() {
    for (word, outcome, code) in [
        ("FINALIZED/SUPERSEDED", "superseded", 0),
        ("FINALIZED/DEPLOYED", "completed", 3),
        ("FINALIZED/DEGENERATE", "error", 1),
        ("FINALIZED/ODD", "error", 1),
    ] {
        let (_, ran) = run(Deployment::new("dep-1").after_cancel([word]));
        ran.ended(outcome, code);
        assert_eq!(ran.output("canceled"), "false", "{word}");
        assert_eq!(ran.output("platform_state"), word);
    }
}

#[test]
fn a_reason_nobody_knows_is_no_end_while_it_is_active() {
    let odd = Deployment::new("dep-1").states(["ACTIVE/ODD"]).after_cancel(["ACTIVE/ODDER", "FINALIZED/CANCELED"]);
    let (sandbox, ran) = run(odd);
    ran.ended("canceled", 0);
    assert_eq!(sandbox.effective_cancels("dep-1"), 1);
}

#[test]
fn a_422_because_it_has_just_ended_is_decided_by_reading() {
    for (word, outcome, code) in [
        ("FINALIZED/DEPLOYED", "completed", 3),
        ("FINALIZED/CANCELED", "canceled", 0),
        ("FINALIZED/SUPERSEDED", "superseded", 0),
    ] {
        let words = ["ACTIVE/DEPLOYING", word];
        let (sandbox, ran) = run(Deployment::new("dep-1").states(words));
        ran.ended(outcome, code);
        assert_eq!(ran.deployments()[0]["http_status"], 422);
        assert_eq!(sandbox.count(Call::Cancel), 1);
    }
}

#[test]
fn a_422_while_it_goes_on_is_an_error_in_the_platforms_words() {
    for (code, detail) in [(10008, "Unable to assign current droplet."), (10020, "The organization is being deleted")] {
        let (sandbox, ran) = run(Deployment::new("dep-1").refusal(422, code, detail));
        ran.ended("error", 1).says(detail);
        assert_eq!(ran.output("platform_state"), "ACTIVE/DEPLOYING");
        assert_eq!(sandbox.count(Call::Cancel), 1);
    }
}

#[test]
fn a_cancel_that_hangs_is_told_with_the_platforms_error() {
    let hangs = Deployment::new("dep-1")
        .after_cancel(["ACTIVE/CANCELING"])
        .error("An unexpected error has occurred: RuntimeError");
    let sandbox = sandbox(hangs);
    let ran = step(&sandbox).run_inside(&sandbox);
    ran.ended("timed_out", 124).says("RuntimeError").tells("platform_state", "ACTIVE/CANCELING");
}

#[test]
fn a_404_of_the_router_is_about_the_address() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.add(Foundation::new().unknown_route());
    for step in [step(&sandbox), user(&sandbox)] {
        step.run().ended("error", 1).says("`api_url`");
        assert_eq!(sandbox.count(Call::Cancel) + sandbox.count(Call::SignIn), 0);
    }
}

#[test]
fn an_api_that_knows_no_deployments_is_the_wrong_one() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let unknown = r#"{"errors":[{"detail":"Unknown request","title":"CF-NotFound","code":10000}]}"#;
    sandbox.always(Call::Read, Fault::json(404, unknown));
    step(&sandbox).run().ended("error", 1).says("`api_url`");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn korifi_has_no_cancel_and_the_message_says_so() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.add(Foundation::new().korifi());
    step(&sandbox).run().ended("error", 1).says("This API has no cancel").tells("platform_state", "ACTIVE/DEPLOYING");
    assert_eq!(sandbox.count(Call::Cancel), 1);
    user(&sandbox).run().ended("error", 1).says("Korifi");
    assert_eq!(sandbox.count(Call::SignIn), 0);
}

#[test]
fn a_suspended_organization_is_named() {
    for (code, said) in [(10017, "The organization is suspended"), (10019, "The space is suspended")] {
        let (_, ran) = run(Deployment::new("dep-1").refusal(403, code, said));
        ran.ended("error", 1).says(said).says("ends the suspension");
        for lie in ["may not cancel", "more rights", "Space Developer"] {
            assert!(!ran.stdout.contains(lie), "{lie}");
        }
        // It is the state that refuses, so the state decides: it may have ended in this moment.
        let over = Deployment::new("dep-1").refusal(403, code, said);
        step(&sandbox(over.states(["ACTIVE/DEPLOYING", "FINALIZED/DEPLOYED"]))).run().ended("completed", 3);
    }
}

#[test]
fn one_given_by_its_id_that_had_superseded_another_warns_of_that_ones_droplet() {
    for (word, warned) in [("SUPERSEDED", true), ("DEPLOYED", false)] {
        let droplets =
            |new: &str, previous: &str| json!({"droplet": {"guid": new}, "previous_droplet": {"guid": previous}});
        let before = Deployment::new("dep-0").states([format!("FINALIZED/{word}")]);
        let before = before.created_at("2026-01-15T10:00:00Z").patch(droplets("drop-1", "drop-0"));
        let sandbox = sandbox(before);
        let own = Deployment::new("dep-1").created_at("2026-01-15T10:00:01Z");
        sandbox.add(own.patch(droplets("drop-2", "drop-1")));
        let ran = step(&sandbox).run();
        ran.ended("canceled", 0);
        let details = &ran.deployments()[0]["details"];
        assert_eq!(details["superseded_another"] == true, warned, "{details}");
        assert_eq!(ran.summary.contains("had itself superseded another"), warned);
    }
    // Whoever may not look it up has canceled it all the same.
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.always(Call::List, Fault::Status(403));
    step(&sandbox).run().ended("canceled", 0);
}

#[test]
fn a_guid_in_capitals_is_the_same() {
    // Whether one in capitals is found hangs on the database, so it goes out as it is stored.
    let guid = "4a1f3c0e-7d2b-4b7e-9d0f-52a6f1c0be11";
    let sandbox = sandbox(Deployment::new(guid));
    sandbox.add(Foundation::new().exact());
    let ran = step(&sandbox).input("deployment_id", &guid.to_uppercase()).run();
    ran.ended("canceled", 0).tells("deployment_id", guid);
    let ran = step(&sandbox).input("deployment_id", &format!("{guid},{}", guid.to_uppercase())).run();
    ran.ended("already_finished", 0);
    assert_eq!(ran.deployments().len(), 1);
}

#[test]
fn a_rate_limit_is_waited_for_though_its_body_claims_to_be_text() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.fault(Call::Cancel, [Fault::Status(429)]);
    step(&sandbox).run().ended("canceled", 0);
    let cancels = requests(&sandbox, Call::Cancel);
    assert_eq!(cancels.len(), 2);
    let far = Fault::ResetHeader { in_seconds: 600 };
    sandbox.add(Deployment::new("dep-1")).always(Call::Read, far);
    let reads = sandbox.count(Call::Read);
    step(&sandbox).input("timeout", "20s").run().ended("error", 1).says("Rate Limit Exceeded");
    assert_eq!(sandbox.count(Call::Read), reads + 1);
    assert_eq!(sandbox.count(Call::Cancel), 2);
}
