//! Railway, end to end: its two kinds of tokens, its errors inside a 200, and the word that does not tell whether anything
//! was canceled.

mod select;

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::railway::{
    Answered, COMMIT, Deployment, ENVIRONMENT, PROJECT, ProjectToken, Remaining, SERVICE, Service, id,
};
use crate::sandbox::{Call, Fault, Grant, Sandbox, TOKEN};
use crate::stage::gap;
use crate::step::Step;

const OTHER: &str = "99999999-0000-4000-8000-00000000000f";

fn sandbox(deployments: impl IntoIterator<Item = Deployment>) -> Sandbox {
    let sandbox = Sandbox::start();
    for deployment in deployments {
        sandbox.add(deployment);
    }
    sandbox
}

fn one(deployment: Deployment) -> Sandbox {
    sandbox([deployment])
}

/// A step with an account's token and no id.
fn bare(sandbox: &Sandbox) -> Step {
    let url = sandbox.url("railway");
    Step::github().input("platform", "railway").input("api_url", &url).input("api_token", TOKEN).input("timeout", "20")
}

fn step(sandbox: &Sandbox) -> Step {
    bare(sandbox).input("deployment_id", &id(1))
}

/// The same with a project's token, which tells the project and the environment itself.
fn project_step(sandbox: &Sandbox) -> Step {
    sandbox.add(ProjectToken::new(TOKEN));
    bare(sandbox).without("INPUT_API_TOKEN").input("project_token", TOKEN)
}

/// What was sent, by the name of each operation.
fn operations(sandbox: &Sandbox) -> Vec<String> {
    let seen = sandbox.requests().into_iter();
    let name = |body: Vec<u8>| {
        let body: Value = serde_json::from_slice(&body).unwrap();
        let query = body["query"].as_str().unwrap().to_owned();
        query.split(['(', '{', ' ']).nth(1).unwrap().to_owned()
    };
    seen.map(|seen| name(seen.body)).collect()
}

// Two kinds of tokens.

#[test]
fn each_kind_of_token_goes_into_its_own_header() {
    let sandbox = one(Deployment::new(1));
    step(&sandbox).run().ended("canceled", 0);
    let other = one(Deployment::new(1));
    project_step(&other).input("deployment_id", &id(1)).run().ended("canceled", 0);
    for (sandbox, header, value, without) in [
        (&sandbox, "authorization", format!("Bearer {TOKEN}"), "project-access-token"),
        (&other, "project-access-token", TOKEN.to_owned(), "authorization"),
    ] {
        for seen in sandbox.requests() {
            assert_eq!((seen.header(header), seen.header(without)), (Some(value.as_str()), None));
            assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.query.as_str()), ("POST", "", ""));
        }
    }
}

#[test]
fn the_usual_variables_are_enough_and_the_project_token_wins() {
    let sandbox = one(Deployment::new(1));
    let step = project_step(&sandbox).without("INPUT_PROJECT_TOKEN").input("deployment_id", &id(1));
    step.var("RAILWAY_TOKEN", TOKEN).var("RAILWAY_API_TOKEN", "another-token-0123456789").run().ended("canceled", 0);
    assert!(sandbox.requests().iter().all(|seen| seen.header("project-access-token") == Some(TOKEN)));
}

#[test]
fn a_written_token_beats_the_other_kinds_usual_variable() {
    let sandbox = one(Deployment::new(1));
    step(&sandbox).var("RAILWAY_TOKEN", "another-token-0123456789").run().ended("canceled", 0);
    let both = step(&sandbox).input("project_token", "another-token-0123456789").secret("another-token-0123456789");
    both.run().ended("error", 2);
}

#[test]
fn a_plain_token_is_bad_input_that_names_both_kinds() {
    let sandbox = one(Deployment::new(1));
    let ran = step(&sandbox).input("token", "another-token-0123456789").secret("another-token-0123456789").run();
    ran.ended("error", 2).says("`project_token`").says("`api_token`");
    step(&sandbox).without("INPUT_API_TOKEN").input("token", TOKEN).run().ended("error", 2).says("look alike");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn the_wrong_kind_of_token_is_an_error_at_once_that_names_the_other_input() {
    // A project's token as an account's.
    let sandbox = one(Deployment::new(1));
    sandbox.add(ProjectToken::new(TOKEN));
    let account = step(&sandbox).run();
    account.ended("error", 1).says("Not Authorized").says("Check `api_token` (or RAILWAY_API_TOKEN): it may be wrong");
    account.says("It was sent as an account or workspace token; if it is a project token, give it as `project_token`.");
    assert_eq!(operations(&sandbox), ["Read"]);
    // An account's as a project's.
    let sandbox = one(Deployment::new(1));
    let project =
        bare(&sandbox).without("INPUT_API_TOKEN").input("project_token", TOKEN).input("deployment_id", &id(1));
    let project = project.run();
    project.ended("error", 1).says("Not Authorized").says("Check `project_token` (or RAILWAY_TOKEN): it may be wrong");
    project.says("It was sent as a project token, which reaches one environment; if it is an account or workspace token, give it as `api_token`.");
    assert_eq!(operations(&sandbox), ["Read"]);
}

#[test]
fn nothing_is_canceled_unread() {
    let sandbox = one(Deployment::new(1));
    sandbox.token("railway", TOKEN, Grant::CancelOnly);
    step(&sandbox).run().ended("error", 1);
    let forbidden = one(Deployment::new(1));
    forbidden.always(Call::Read, Fault::json(403, "{}"));
    step(&forbidden).run().ended("error", 1);
    assert_eq!((sandbox.count(Call::Cancel), forbidden.count(Call::Cancel)), (0, 0));
}

#[test]
fn a_second_factor_is_told_with_what_to_do() {
    let sandbox = one(Deployment::new(1));
    let body = json!({ "data": null, "errors": [{
        "message": "Two Factor Authentication Required", "path": ["deployment"],
        "extensions": { "code": "INTERNAL_SERVER_ERROR", "workspaceName": "acme" },
    }] });
    sandbox.always(Call::Read, Fault::json(200, &body.to_string()));
    step(&sandbox).run().ended("error", 1).says("second factor");
}

// Errors inside a 200.

#[test]
fn a_deployment_that_is_not_there_is_not_found_although_the_answer_is_a_200() {
    step(&one(Deployment::new(2))).run().ended("not_found", 4).reasons(&["another project's, or deleted"]);
}

#[test]
fn trouble_without_a_field_is_repeated_and_no_verdict() {
    let sandbox = one(Deployment::new(1));
    let trouble = json!({ "data": null, "errors": [{ "message": "Problem processing request", "traceId": "5527782523421805956" }] });
    let fault = || Fault::json(200, &trouble.to_string());
    sandbox.fault(Call::Read, [fault(), fault()]).fault(Call::Cancel, [fault()]);
    step(&sandbox).run().ended("canceled", 0);
    assert_eq!((sandbox.count(Call::Cancel), sandbox.effective_cancels(&id(1))), (2, 1));
}

#[test]
fn an_error_about_the_cancel_is_a_refusal_with_status_200_and_its_trace() {
    let sandbox = one(Deployment::new(1).cancel_gets(Answered::Error("Deployment cannot be canceled")));
    let ran = step(&sandbox).run();
    ran.ended("error", 1).reasons(&["Deployment cannot be canceled"]);
    let told = ran.only();
    assert_eq!(told["http_status"], 200);
    assert!(told["request_id"].as_str().unwrap().starts_with("55277825234218"), "{told}");
    assert_eq!(sandbox.count(Call::Cancel), 1);
}

#[test]
fn a_request_id_in_the_header_comes_before_the_trace() {
    let sandbox = one(Deployment::new(1));
    let body = json!({ "errors": [{ "message": "No", "path": ["deploymentCancel"], "traceId": "1" }] });
    sandbox.fault(
        Call::Cancel,
        [Fault::Reply {
            status: 200,
            content_type: "application/json".to_owned(),
            headers: vec![("x-railway-request-id".to_owned(), "edge-7".to_owned())],
            body: body.to_string().into_bytes(),
        }],
    );
    assert_eq!(step(&sandbox).run().only()["request_id"], "edge-7");
}

#[test]
fn a_false_is_a_refusal_and_what_is_read_decides() {
    let sandbox = one(Deployment::new(1).cancel_gets(Answered::Plain(false)));
    step(&sandbox).run().ended("error", 1).reasons(&["the platform said no without a reason"]);
    let live = one(Deployment::new(1).states(["DEPLOYING", "SUCCESS"]).late_cancel_gets(Answered::Plain(false)));
    step(&live).run().ended("completed", 3);
}

#[test]
fn a_yes_with_an_error_beside_it_is_unclear() {
    let sandbox = one(Deployment::new(1).cancel_gets(Answered::Both));
    step(&sandbox).run().ended("canceled", 0).reasons(&["had no clear answer"]);
    assert_eq!(sandbox.count(Call::Cancel), 1);
}

#[test]
fn a_schema_that_has_moved_is_an_error_and_never_not_found() {
    for status in [200, 400] {
        let body = json!({ "errors": [{
            "message": "Cannot query field \"canRollback\" on type \"Deployment\".",
            "extensions": { "code": "GRAPHQL_VALIDATION_FAILED" },
        }] });
        let sandbox = one(Deployment::new(1));
        sandbox.always(Call::Read, Fault::json(status, &body.to_string()));
        step(&sandbox).run().ended("error", 1).reasons(&["Cannot query field"]);
        assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Cancel)), (1, 0));
    }
}

#[test]
fn a_rate_limit_inside_a_200_is_waited_for() {
    let sandbox = one(Deployment::new(1));
    let limited = json!({ "errors": [{ "message": "Slow down", "extensions": { "code": "RATE_LIMITED" } }] });
    sandbox.fault(
        Call::Cancel,
        [Fault::Reply {
            status: 200,
            content_type: "application/json".to_owned(),
            headers: vec![("retry-after".to_owned(), "2".to_owned())],
            body: limited.to_string().into_bytes(),
        }],
    );
    step(&sandbox).run().ended("canceled", 0);
    let seen: Vec<_> = sandbox.requests().into_iter().filter(|seen| seen.call == Call::Cancel).collect();
    assert!(gap(&seen[0], &seen[1]) >= Duration::from_millis(1900));
    let exhausted = one(Deployment::new(1));
    exhausted.always(Call::Read, Fault::RetryAfter { status: 429, value: "600".to_owned() });
    step(&exhausted).run().ended("error", 1).says("an hour");
}

// REMOVED has three meanings.

#[test]
fn a_deployment_that_is_asked_in_flight_and_removed_is_canceled() {
    for word in ["QUEUED", "WAITING", "NEEDS_APPROVAL", "INITIALIZING", "BUILDING", "DEPLOYING"] {
        let sandbox = one(Deployment::new(1).states([word]).built());
        let ran = step(&sandbox).run();
        ran.ended("canceled", 0);
        assert_eq!(
            (
                ran.output("canceled"),
                ran.output("went_live"),
                ran.output("state"),
                ran.output("platform_state"),
                ran.output("previous_state")
            ),
            ("true", "false", "ended", "REMOVED", word)
        );
        assert_eq!(operations(&sandbox), ["Read", "Cancel", "Read", "Events"]);
    }
}

#[test]
fn one_that_was_live_in_between_is_completed() {
    let rolled = Deployment::new(1).can_roll_back().built();
    let drained = Deployment::new(1).built().events(&["BUILD_IMAGE", "HEALTHCHECK", "DRAIN_INSTANCES"]);
    for deployment in [rolled, drained] {
        step(&one(deployment)).run().ended("completed", 3).tells("went_live", "true").tells("state", "succeeded");
    }
}

#[test]
fn what_is_live_no_more_is_not_said_to_be_live() {
    let told = |deployment: Deployment| step(&one(deployment)).run().summary;
    let gone = told(Deployment::new(1).can_roll_back());
    assert!(gone.contains("**Next:** It went live. To go back:"), "{gone}");
    let live = told(Deployment::new(1).states(["SUCCESS"]));
    assert!(live.contains("**Next:** It is live. To go back:"), "{live}");
}

#[test]
fn events_that_cannot_be_read_take_nothing_from_what_was_read() {
    let sandbox = one(Deployment::new(1));
    sandbox.always(Call::Other, Fault::Status(500));
    step(&sandbox).run().ended("canceled", 0);
}

#[test]
fn one_that_was_removed_before_is_told_by_what_shows_whether_it_was_live() {
    for (deployment, code, went_live, state) in [
        (Deployment::new(1), 0, "false", "ended"),
        (Deployment::new(1).built(), 0, "unknown", "ended"),
        (Deployment::new(1).patch(json!({ "meta": null })), 0, "unknown", "ended"),
        (Deployment::new(1).built().can_roll_back(), 3, "true", "succeeded"),
        (Deployment::new(1).built().events(&["DRAIN_INSTANCES"]), 3, "true", "succeeded"),
    ] {
        let sandbox = one(deployment.states(["REMOVED"]));
        let ran = step(&sandbox).run();
        ran.ended("already_finished", code);
        assert_eq!((ran.output("canceled"), ran.output("went_live"), ran.output("state")), ("false", went_live, state));
        assert_eq!(sandbox.count(Call::Cancel), 0);
        let sign = match went_live {
            "true" => "::error",
            "unknown" => "::warning",
            _ => "::notice",
        };
        ran.says(sign);
    }
}

#[test]
fn one_that_ends_removed_after_a_clear_no_is_not_said_to_be_canceled() {
    let deployment =
        Deployment::new(1).states(["BUILDING", "REMOVED"]).built().late_cancel_gets(Answered::Plain(false));
    step(&one(deployment)).run().ended("already_finished", 0).tells("canceled", "false").tells("went_live", "unknown");
}

#[test]
fn one_that_is_being_removed_is_only_watched() {
    let never = one(Deployment::new(1).states(["REMOVING", "REMOVING", "REMOVED"]));
    step(&never).run().ended("canceled", 0).reasons(&["being canceled already"]);
    assert_eq!(never.count(Call::Cancel), 0);
    // Normally it was live: without a proof of the contrary nothing is claimed.
    let unsure = one(Deployment::new(1).states(["REMOVING", "REMOVED"]).built());
    step(&unsure).run().ended("already_finished", 0).tells("went_live", "unknown");
    let live = one(Deployment::new(1).states(["REMOVING", "REMOVED"]).built().can_roll_back());
    step(&live).run().ended("completed", 3);
    assert_eq!(unsure.count(Call::Cancel) + live.count(Call::Cancel), 0);
}

#[test]
fn a_phase_of_removing_after_an_accepted_cancel_is_waited_out() {
    let sandbox = one(Deployment::new(1).after_cancel(["BUILDING", "REMOVING", "REMOVED"]).built());
    step(&sandbox).run().ended("canceled", 0);
    assert_eq!(sandbox.count(Call::Cancel), 1);
}

// Other ends.

#[test]
fn one_that_crashed_had_gone_live() {
    let ran = step(&one(Deployment::new(1).states(["DEPLOYING", "CRASHED"]))).run();
    ran.ended("completed", 3).tells("went_live", "true").tells("state", "failed");
    assert_eq!(ran.only()["details"]["went_live"], true);
    let ran = step(&one(Deployment::new(1).states(["CRASHED"]))).run();
    ran.ended("already_finished", 3).reasons(&["had gone live"]).tells("went_live", "true").tells("state", "failed");
}

#[test]
fn one_that_sleeps_is_live() {
    let ran = step(&one(Deployment::new(1).states(["SLEEPING"]))).run();
    ran.ended("already_finished", 3).tells("went_live", "true").tells("state", "succeeded");
}

#[test]
fn one_that_railway_skips_is_told_with_its_words() {
    let skipped = |deployment: Deployment| deployment.meta(json!({ "skippedReason": "CI check suite failed" }));
    let ran = step(&one(skipped(Deployment::new(1)).states(["WAITING"]).after_cancel(["SKIPPED"]))).run();
    ran.ended("failed", 0).reasons(&["CI check suite failed"]);
    let ran = step(&one(skipped(Deployment::new(1)).states(["SKIPPED"]))).run();
    ran.ended("already_finished", 0).tells("went_live", "false").tells("state", "failed");
    // Without a reason it was our request.
    step(&one(Deployment::new(1).states(["WAITING"]).after_cancel(["SKIPPED"]))).run().ended("canceled", 0);
}

#[test]
fn only_a_cancel_is_ever_sent_to_change_something() {
    let sandbox = one(Deployment::new(1).cancel_gets(Answered::Trouble));
    step(&sandbox).run().ended("error", 1);
    let known = ["Read", "Cancel", "Events"];
    assert!(operations(&sandbox).iter().all(|name| known.contains(&name.as_str())), "{:?}", operations(&sandbox));
}

// Which deployment is meant.

#[test]
fn ids_are_the_same_in_capitals() {
    let sandbox = one(Deployment::new(1));
    let ran = step(&sandbox)
        .input("deployment_id", &format!("{},{}", id(1).to_uppercase(), id(1)))
        .input("project_id", &PROJECT.to_uppercase())
        .run();
    ran.ended("canceled", 0).tells("count", "1").tells("deployment_id", id(1).as_str());
}

#[test]
fn a_dashboard_address_names_a_deployment_and_guards_it() {
    let sandbox = one(Deployment::new(1));
    let address = format!("https://railway.com/project/{PROJECT}/service/{SERVICE}?id={}&", id(1));
    step(&sandbox).input("deployment_id", &address).run().ended("canceled", 0);
    for wrong in [
        format!("https://railway.com/project/{OTHER}/service/{SERVICE}?id={}", id(1)),
        format!("https://railway.app/project/{PROJECT}/service/{OTHER}?deploymentId={}", id(1)),
        format!("railway.com/project/{PROJECT}/service/{SERVICE}?environmentId={OTHER}&id={}", id(1)),
    ] {
        let sandbox = one(Deployment::new(1));
        step(&sandbox).input("deployment_id", &wrong).run().ended("error", 1).reasons(&["belongs to"]);
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
}

#[test]
fn an_address_beats_usual_variables_and_must_not_contradict_what_is_written() {
    let sandbox = one(Deployment::new(1));
    let address =
        format!("https://railway.com/project/{PROJECT}/service/{SERVICE}?environmentId={ENVIRONMENT}&id={}", id(1));
    let usual = step(&sandbox).input("deployment_id", &address).var("RAILWAY_PROJECT_ID", OTHER);
    usual.var("RAILWAY_SERVICE_ID", OTHER).var("RAILWAY_ENVIRONMENT_ID", OTHER).run().ended("canceled", 0);
    for input in ["project_id", "environment_id", "service_id"] {
        let ran = step(&sandbox).input("deployment_id", &address).input(input, OTHER).run();
        ran.ended("error", 2).says("than in the address");
    }
    let nameless = format!("https://railway.com/project/{PROJECT}/service/{SERVICE}");
    step(&sandbox).input("deployment_id", &nameless).run().ended("error", 2).says("without a deployment");
}

#[test]
fn written_ids_and_usual_variables_guard_a_deployment() {
    for name in ["project_id", "environment_id", "service_id"] {
        let sandbox = one(Deployment::new(1));
        step(&sandbox).input(name, OTHER).run().ended("error", 1).says(&format!("`{name}`"));
        let variable = format!("RAILWAY_{}", name.to_uppercase());
        step(&sandbox).var(&variable, OTHER).run().ended("error", 1);
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
    let silent = one(Deployment::new(1).patch(json!({ "serviceId": null })));
    step(&silent).input("service_id", SERVICE).run().ended("error", 1).reasons(&["cannot be checked"]);
    assert_eq!(silent.count(Call::Cancel), 0);
}

#[test]
fn the_deployment_that_a_step_runs_in_is_never_taken_for_the_one_to_cancel() {
    let sandbox = one(Deployment::new(1));
    bare(&sandbox).var("RAILWAY_DEPLOYMENT_ID", &id(1)).run().ended("error", 2);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_commit_that_is_not_told_is_a_guard_that_is_not_passed() {
    let sandbox = one(Deployment::new(1).uploaded());
    for (name, value) in [("branch", "main"), ("commit", COMMIT)] {
        step(&sandbox).input(name, value).run().ended("error", 1);
    }
    assert_eq!(sandbox.count(Call::Cancel), 0);
    step(&one(Deployment::new(1))).input("branch", "main").input("commit", &COMMIT[..9]).run().ended("canceled", 0);
}

#[test]
fn a_project_token_reaches_its_own_environment_only() {
    let sandbox = one(Deployment::new(1).place(Service::new(PROJECT, OTHER, SERVICE)));
    project_step(&sandbox).input("deployment_id", &id(1)).run().ended("error", 1).says("one environment");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

// What is told, and how often is asked.

#[test]
fn the_page_names_project_service_environment_and_deployment() {
    let ran = step(&one(Deployment::new(1))).run();
    let page =
        format!("https://railway.com/project/{PROJECT}/service/{SERVICE}?environmentId={ENVIRONMENT}&id={}", id(1));
    assert_eq!(ran.output("deployment_url"), page);
    let told = ran.only();
    assert_eq!((&told["branch"], &told["commit"], &told["target"]), (&json!("main"), &json!(COMMIT), &Value::Null));
    assert_eq!(told["details"]["service_id"], SERVICE);
}

#[test]
fn with_few_requests_left_every_pause_is_the_poll_interval() {
    let sandbox = one(Deployment::new(1).after_cancel(["BUILDING", "BUILDING", "REMOVED"]));
    sandbox.add(Remaining(49));
    step(&sandbox).input("poll_interval", "3").run().ended("canceled", 0);
    let reads: Vec<_> = sandbox.requests().into_iter().filter(|seen| seen.call == Call::Read).collect();
    // The first read after the cancel follows at once.
    assert!(reads[1..].windows(2).all(|pair| gap(&pair[0], &pair[1]) >= Duration::from_millis(2900)));
}
