//! Vercel, end to end: which deployment is meant, the guard on its project, and this platform's own traps.

mod back;
mod guard;
mod select;

use serde_json::{Value, json};

use crate::sandbox::vercel::{COMMIT, Deployment, IGNORED, Team};
use crate::sandbox::{Call, Grant, Sandbox, TOKEN};
use crate::stage::{Course, Stage};
use crate::step::{Ran, Step};

fn deployment() -> Deployment {
    Deployment::new("prj_1", "web", "dpl_1")
}

fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(deployment);
    sandbox
}

fn step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "vercel").input("deployment_id", "dpl_1").input("timeout", "20")
}

/// What the only deployment is told to be, of a run that must end canceled.
fn told(deployment: Deployment) -> Value {
    let ran = step(&sandbox(deployment)).run();
    ran.ended("canceled", 0);
    ran.only()
}

/// Asserts that the run was refused before anything was sent to be canceled.
#[track_caller]
fn refused(sandbox: &Sandbox, ran: &Ran) {
    ran.ended("error", 1);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

// Which deployment is meant.

#[test]
fn a_deployment_is_read_and_canceled_by_its_id() {
    let sandbox = sandbox(deployment());
    step(&sandbox).run().ended("canceled", 0);
    let seen: Vec<_> = sandbox.requests().into_iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
    assert_eq!(seen, ["GET /v13/deployments/dpl_1", "PATCH /v12/deployments/dpl_1/cancel"]);
}

#[test]
fn addresses_name_a_deployment() {
    for address in [
        "web-abc.vercel.app",
        "WEB-abc.vercel.app",
        "https://web-abc.vercel.app",
        "https://web-abc.vercel.app/some/page?q=1",
        "https://vercel.com/acme/web/1",
    ] {
        let sandbox = sandbox(deployment().host("web-abc.vercel.app"));
        step(&sandbox).input("deployment_id", address).run().ended("canceled", 0).tells("deployment_id", "dpl_1");
        let cancels = sandbox.requests().into_iter().filter(|seen| seen.call == Call::Cancel);
        let paths: Vec<_> = cancels.map(|seen| seen.path).collect();
        assert_eq!(paths, ["/v12/deployments/dpl_1/cancel"], "{address}");
    }
}

#[test]
fn the_dashboard_address_and_the_id_are_one_deployment() {
    let sandbox = sandbox(deployment());
    let ran = step(&sandbox).input("deployment_id", "dpl_1, https://vercel.com/acme/web/1").run();
    ran.ended("canceled", 0);
    assert_eq!((ran.output("count"), sandbox.count(Call::Cancel)), ("1", 1));
}

#[test]
fn an_alias_is_refused_and_its_deployment_named() {
    let sandbox = sandbox(deployment().alias("www.example.com"));
    let ran = step(&sandbox).input("deployment_id", "https://www.example.com/").run();
    refused(&sandbox, &ran);
    ran.reasons(&["alias of dpl_1"]);
    assert!(ran.output("reason").contains("www.example.com"));
}

#[test]
fn a_host_whose_answer_names_no_host_is_refused() {
    let nameless = deployment().host("web-abc.vercel.app").field("url", Value::Null);
    let sandbox = sandbox(nameless);
    let ran = step(&sandbox).input("deployment_id", "web-abc.vercel.app").run();
    refused(&sandbox, &ran);
}

#[test]
fn an_unknown_host_is_not_found() {
    let sandbox = sandbox(deployment());
    step(&sandbox).input("deployment_id", "gone.vercel.app").run().ended("not_found", 4).reasons(&["gone.vercel.app"]);
}

#[test]
fn a_host_that_may_not_be_read_cannot_be_canceled() {
    let sandbox = sandbox(deployment().host("web-abc.vercel.app"));
    sandbox.token("vercel", TOKEN, Grant::CancelOnly);
    let ran = step(&sandbox).input("deployment_id", "web-abc.vercel.app").run();
    refused(&sandbox, &ran);
}

// Teams.

/// A deployment of a team, and the queries of all requests of a run that must end canceled.
fn queries(change: impl FnOnce(Step) -> Step) -> Vec<String> {
    let sandbox = sandbox(deployment().team("team_1", "acme"));
    change(step(&sandbox)).run().ended("canceled", 0);
    sandbox.requests().into_iter().map(|seen| seen.query).collect()
}

#[test]
fn a_team_stands_in_every_request() {
    let by_id = queries(|step| step.input("team_id", "team_1"));
    assert!(by_id.iter().all(|query| query.contains("teamId=team_1")), "{by_id:?}");
    let by_slug = queries(|step| step.input("team_slug", "acme"));
    assert!(by_slug.iter().all(|query| query.contains("slug=acme")), "{by_slug:?}");
}

#[test]
fn the_usual_variables_name_a_team() {
    queries(|step| step.var("VERCEL_TEAM_ID", "team_1"));
    queries(|step| step.var("VERCEL_ORG_ID", "team_1"));
}

#[test]
fn a_written_slug_beats_the_usual_variables() {
    let queries = queries(|step| {
        step.input("team_slug", "acme").var("VERCEL_ORG_ID", "team_other").var("VERCEL_TEAM_ID", "team_other")
    });
    assert!(queries.iter().all(|query| !query.contains("teamId")), "{queries:?}");
}

const PAGE: &str = "https://vercel.com/acme/web/1";

#[test]
fn an_address_beats_the_usual_variables_of_what_it_names() {
    let queries = queries(|step| {
        step.input("deployment_id", PAGE).var("VERCEL_ORG_ID", "team_other").var("VERCEL_PROJECT_ID", "prj_other")
    });
    assert!(queries.iter().all(|query| query.contains("slug=acme")), "{queries:?}");
}

#[test]
fn what_is_written_is_not_beaten_by_an_address() {
    let team = || sandbox(deployment().team("team_1", "acme"));
    let sandbox = team();
    let ran = step(&sandbox).input("deployment_id", PAGE).input("team_slug", "other").run();
    ran.ended("error", 2).says("team_slug");
    assert!(sandbox.requests().is_empty());

    let sandbox = team();
    let ran =
        step(&sandbox).input("deployment_id", PAGE).input("team_id", "team_1").input("project_id", "prj_other").run();
    refused(&sandbox, &ran);
    ran.reasons(&["prj_other"]);
}

#[test]
fn an_address_beats_the_usual_variables_beside_plain_ids_as_well() {
    let sandbox = sandbox(deployment().team("team_1", "acme"));
    sandbox.add(Deployment::new("prj_1", "web", "dpl_2").team("team_1", "acme"));
    let step = step(&sandbox).input("deployment_id", &format!("{PAGE}, dpl_2"));
    let ran = step.var("VERCEL_ORG_ID", "team_other").var("VERCEL_PROJECT_ID", "prj_other").run();
    ran.ended("error", 1).reasons(&["dpl_2 belongs to project web (prj_1)", "prj_other"]);
    assert_eq!((sandbox.effective_cancels("dpl_1"), sandbox.effective_cancels("dpl_2")), (1, 0));
}

#[test]
fn a_host_name_names_no_project_so_the_usual_variable_guards_it() {
    for address in ["web-abc.vercel.app", "https://web-abc.vercel.app/x"] {
        let sandbox = sandbox(deployment().host("web-abc.vercel.app"));
        let step = step(&sandbox).input("deployment_id", address).var("VERCEL_PROJECT_ID", "prj_other");
        refused(&sandbox, &step.run());
    }
}

#[test]
fn an_organisation_that_is_a_person_is_no_team() {
    let sandbox = sandbox(deployment());
    step(&sandbox).var("VERCEL_ORG_ID", "eLrCnEgbKhsHyfbiNR7E8496").run().ended("canceled", 0);
    assert!(sandbox.requests().iter().all(|seen| !seen.query.contains("teamId")));
}

#[test]
fn a_deployment_of_another_team_is_not_found() {
    let sandbox = sandbox(deployment().team("team_1", "acme"));
    sandbox.add(Team::new("team_2", "other"));
    step(&sandbox).input("team_id", "team_2").run().ended("not_found", 4).reasons(&["team_2"]);
    assert_eq!(sandbox.effective_cancels("dpl_1"), 0);
}

// States.

#[test]
fn every_state_in_flight_is_canceled() {
    for state in ["QUEUED", "INITIALIZING", "BLOCKED", "BUILDING", "ANALYZING", "DEPLOYING"] {
        assert_eq!(told(deployment().states([state]))["previous_state"], state);
    }
}

#[test]
fn what_has_not_begun_to_build_is_queued() {
    for state in ["QUEUED", "INITIALIZING", "BLOCKED"] {
        let ran = step(&sandbox(deployment().states([state]))).input("only_states", "running").run();
        ran.ended("skipped", 0).tells("state", "queued");
    }
}

#[test]
fn a_blocked_deployment_that_refuses_is_an_error_with_the_reason() {
    let blocked = deployment()
        .states(["BLOCKED"])
        .refuses_cancel("Waits for an owner.")
        .patch(json!({ "seatBlock": { "blockCode": "TEAM_ACCESS_REQUIRED" } }));
    let sandbox = sandbox(blocked);
    let ran = step(&sandbox).run();
    ran.ended("error", 1).reasons(&["BLOCKED", "Waits for an owner."]);
    assert_eq!(ran.only()["details"]["block_code"], "TEAM_ACCESS_REQUIRED");
    assert_eq!(sandbox.count(Call::Cancel), 1);
}

#[test]
fn a_deleted_deployment_has_ended() {
    let sandbox = sandbox(deployment().states(["DELETED"]));
    let ran = step(&sandbox).run();
    ran.ended("already_finished", 0);
    assert_eq!(
        (ran.output("canceled"), ran.output("state"), ran.output("platform_state")),
        ("false", "unknown", "DELETED")
    );
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_deployment_deleted_after_asking_is_an_error() {
    step(&sandbox(deployment().after_cancel(["BUILDING", "DELETED"]))).run().ended("error", 1).reasons(&["DELETED"]);
}

#[test]
fn a_deployment_the_platform_canceled_says_why() {
    let sandbox = sandbox(deployment().states(["CANCELED"]).error_message(IGNORED));
    let ran = step(&sandbox).run();
    ran.ended("already_finished", 0).reasons(&["Ignored Build Step"]);
    assert_eq!((ran.output("canceled"), sandbox.count(Call::Cancel)), ("true", 0));
}

#[test]
fn a_failure_says_why() {
    let broken = deployment().states(["BUILDING", "ERROR"]).error_message("Command \"next build\" exited with 1");
    step(&sandbox(broken)).run().ended("failed", 0).reasons(&["exited with 1"]);
}

#[test]
fn the_state_may_stand_in_status_only() {
    step(&sandbox(deployment().field("readyState", Value::Null))).run().ended("canceled", 0);
}

#[test]
fn an_answer_without_a_state_is_an_error() {
    let stateless = deployment().field("readyState", Value::Null).field("status", Value::Null);
    let sandbox = sandbox(stateless);
    let ran = step(&sandbox).run();
    refused(&sandbox, &ran);
}

/// What is told of a run about a deployment that was built and is not published.
fn not_published(states: &[&str], outcome: &str, exit: i32) {
    let ran = step(&sandbox(deployment().staged().states(states.iter().copied()))).run();
    ran.ended(outcome, exit).reasons(&["built, not published"]);
    assert_eq!(
        (ran.output("went_live"), ran.output("canceled"), ran.output("state"), ran.output("platform_state")),
        ("false", "false", "succeeded", "READY")
    );
    assert_eq!(ran.only()["details"]["ready_substate"], "STAGED");
    assert!(!ran.stdout.to_lowercase().contains("went live"), "{}", ran.stdout);
}

#[test]
fn what_was_built_and_never_published_did_not_go_live() {
    not_published(&["BUILDING", "READY"], "completed", 3);
    not_published(&["READY"], "already_finished", 0);
}

#[test]
fn what_was_published_went_live() {
    for substate in [json!("PROMOTED"), json!("ROLLING"), Value::Null] {
        for target in ["production", "staging"] {
            let one = deployment().target(Some(target)).states(["READY"]);
            let ran = step(&sandbox(one.field("readySubstate", substate.clone()))).run();
            ran.ended("already_finished", 3).tells("went_live", "true");
        }
    }
    let preview = deployment().states(["READY"]);
    step(&sandbox(preview.field("readySubstate", json!("STAGED")))).run().ended("already_finished", 3);
}

// The answer to a cancel.

// What is told.

#[test]
fn branch_and_commit_come_from_the_source() {
    let one = told(deployment().branch("feature/x"));
    assert_eq!((&one["branch"], &one["commit"]), (&json!("feature/x"), &json!(COMMIT)));
}

#[test]
fn a_deployment_without_git_has_neither_branch_nor_commit() {
    let one = told(deployment().without_commit());
    assert_eq!((&one["branch"], &one["commit"]), (&Value::Null, &Value::Null));
}

#[test]
fn the_target_is_told_and_none_is_a_preview() {
    assert_eq!(told(deployment())["target"], "preview");
    assert_eq!(told(deployment().target(Some("production")))["target"], "production");
    assert_eq!(told(deployment().environment("env_1", "qa"))["target"], "qa");
    let nameless = deployment().nameless_environment("env_1", "qa");
    assert_eq!(told(nameless)["target"], "env_1");
}

#[test]
fn milliseconds_are_told_as_a_time() {
    let one = told(deployment().created_at(1_740_495_809_875_i64));
    assert_eq!(one["created_at"], "2025-02-25T15:03:29.875Z");
}

#[test]
fn fields_of_another_shape_do_not_hide_the_state() {
    let odd = deployment()
        .field("meta", json!("none"))
        .field("gitSource", json!([1]))
        .field("target", json!(7))
        .field("createdAt", json!("yesterday"))
        .field("creator", Value::Null);
    told(odd);
}

#[test]
fn the_inspector_is_linked() {
    let one = told(deployment());
    assert_eq!(one["deployment_url"], "https://vercel.com/jane/web/1");
}

#[test]
fn a_wrong_team_is_named() {
    let scene = Stage::Vercel.play(&Course::running());
    scene.step().input("team_id", "team_wrong").run().ended("error", 1).says("team_wrong").says("`team_id`");
    assert_eq!(scene.calls(), [Call::Read]);
}

#[test]
fn a_missing_team_is_suggested() {
    let sandbox = Sandbox::start();
    sandbox.add(crate::sandbox::vercel::Deployment::new("prj_1", "web", "dpl_1").team("team_1", "acme"));
    Stage::Vercel.step_at(&sandbox.url("vercel")).run().ended("not_found", 4).says("team_id");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}
