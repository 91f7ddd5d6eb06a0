//! Render, end to end: which deploy is meant, and this platform's own traps.

mod select;

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::render::{COMMIT, Deploy, SERVICE, Service, WORKSPACE};
use crate::sandbox::{Call, CancelAnswer, Fault, Grant, Sandbox, TOKEN};
use crate::stage::gap;
use crate::step::Step;

const OTHER: &str = "srv-d0ehle3if6oc7397dt7g";
const CRON: &str = "crn-cu2k7g0gph6c73ffc4h0";
const FIRST: &str = "dep-d9n1qi2jnfac73a7d9l0";
const SECOND: &str = "dep-d9n1r2inefac73a7d9n0";
const THIRD: &str = "dep-d9n1s2inefac73a7d9o0";

fn deploy() -> Deploy {
    Deploy::new(SERVICE, FIRST)
}

fn sandbox(deploys: impl IntoIterator<Item = Deploy>) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(Service::new(SERVICE, "web"));
    for deploy in deploys {
        sandbox.add(deploy);
    }
    sandbox
}

fn bare(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "render").input("timeout", "20")
}

fn step(sandbox: &Sandbox) -> Step {
    bare(sandbox).input("service_id", SERVICE).input("deployment_id", FIRST)
}

fn select(sandbox: &Sandbox, rule: &str) -> Step {
    bare(sandbox).input("service_id", SERVICE).input("select", rule)
}

fn address(service: &str, deploy: &str) -> String {
    format!("https://dashboard.render.com/web/{service}/deploys/{deploy}")
}

/// What the only deploy is told to be, of a run that must end canceled.
#[track_caller]
fn told(deploy: Deploy) -> Value {
    let ran = step(&sandbox([deploy])).run();
    ran.ended("canceled", 0);
    ran.deployments().remove(0)
}

/// A run whose inputs are refused before any request, in these words.
#[track_caller]
fn refused(sandbox: &Sandbox, step: Step, words: &str) {
    step.run().ended("error", 2).says(words).tells("count", "0");
    assert!(sandbox.requests().is_empty());
}

/// The deploys that were asked to cancel, in the order of the requests.
fn asked(sandbox: &Sandbox) -> Vec<String> {
    let cancels = sandbox.requests().into_iter().filter(|seen| seen.call == Call::Cancel);
    cancels.filter_map(|seen| seen.path.split('/').nth(4).map(str::to_owned)).collect()
}

// Which deploy is meant.

#[test]
fn a_deploy_is_canceled_within_its_service_by_two_requests() {
    let sandbox = sandbox([deploy()]);
    let ran = step(&sandbox).run();
    ran.ended("canceled", 0);
    let seen: Vec<_> = sandbox.requests().into_iter().map(|seen| (seen.method, seen.path, seen.query)).collect();
    let path = format!("/services/{SERVICE}/deploys/{FIRST}");
    let wanted =
        [("GET".to_owned(), path.clone(), String::new()), ("POST".to_owned(), format!("{path}/cancel"), String::new())];
    assert_eq!(seen, wanted);
    let id = ran.deployments()[0]["request_id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("api-"), "{id}");
}

#[test]
fn the_usual_variables_are_enough_and_the_host_includes_the_version() {
    let sandbox = sandbox([deploy()]);
    let step = Step::github().input("platform", "render").input("deployment_id", FIRST);
    let step = step.var("RENDER_API_KEY", TOKEN).var("RENDER_SERVICE_ID", SERVICE);
    step.var("RENDER_HOST", &format!("{}/", sandbox.url("render"))).run().ended("canceled", 0);
    assert!(sandbox.requests().iter().all(|seen| seen.path.starts_with("/services/")));
}

#[test]
fn an_id_without_its_service_reaches_nothing_and_is_bad_input() {
    let sandbox = sandbox([deploy()]);
    let words = "`service_id` is missing: set it (or the variable RENDER_SERVICE_ID) or `service_name`";
    refused(&sandbox, bare(&sandbox).input("deployment_id", FIRST), words);
    refused(
        &sandbox,
        bare(&sandbox).input("select", "latest"),
        "`select` needs `service_id`, or `service_name` on Render",
    );
}

#[test]
fn an_address_names_both_and_beats_the_usual_variable() {
    for address in [address(SERVICE, FIRST), format!("{}?r=1h", &address(SERVICE, FIRST)["https://".len()..])] {
        let sandbox = sandbox([deploy()]);
        bare(&sandbox).input("deployment_id", &address).run().ended("canceled", 0);
        bare(&sandbox)
            .input("deployment_id", &address)
            .var("RENDER_SERVICE_ID", OTHER)
            .run()
            .ended("already_finished", 0);
    }
}

#[test]
fn a_named_service_that_is_another_than_the_addresss_is_a_guard_that_is_not_passed() {
    let sandbox = sandbox([deploy()]);
    sandbox.add(Service::new(OTHER, "api"));
    let both = |name: &str| bare(&sandbox).input("deployment_id", &address(SERVICE, FIRST)).input("service_name", name);
    both("api").run().ended("error", 1).says("is of service").says("not of service api");
    assert_eq!(sandbox.count(Call::Cancel), 0);
    both("web").run().ended("canceled", 0);
}

#[test]
fn an_address_of_no_deploy_is_bad_input() {
    let sandbox = sandbox([deploy()]);
    for bad in [
        "https://dashboard.render.com/web/srv-1",
        "https://dashboard.render.com/web/srv-1/deploys/",
        "https://web.onrender.com/x/y/deploys/z",
    ] {
        let ran = bare(&sandbox).input("deployment_id", bad).run();
        ran.ended("error", 2).says("is no address of a deploy");
        assert!(!ran.stdout.contains("`service_id` is missing"), "{}", ran.stdout);
    }
}

#[test]
fn a_deploy_of_another_service_is_not_found_there() {
    let sandbox = sandbox([Deploy::new(OTHER, FIRST)]);
    step(&sandbox).run().ended("not_found", 4).reasons(&[&format!("The service {SERVICE} has no deployment {FIRST}")]);
    assert_eq!(sandbox.effective_cancels(FIRST), 0);
}

#[test]
fn a_service_that_is_not_there_is_named() {
    let sandbox = Sandbox::start();
    for step in [step(&sandbox), select(&sandbox, "all")] {
        step.run().ended("not_found", 4).reasons(&[&format!("There is no service {SERVICE}")]).says("a scoped key");
    }
}

// A service by its name.

#[test]
fn a_service_is_found_by_its_exact_name() {
    let sandbox = sandbox([deploy()]);
    sandbox.add(Service::new(OTHER, "web-api"));
    bare(&sandbox).input("service_name", "web").input("deployment_id", FIRST).run().ended("canceled", 0);
    let looked_up = &sandbox.requests()[0];
    assert_eq!((looked_up.path.as_str(), looked_up.query.contains("name=web")), ("/services", true));
    let ran = bare(&sandbox).input("service_name", "we").input("deployment_id", FIRST).run();
    ran.ended("not_found", 4).says("There is no service named we");
}

#[test]
fn a_written_name_beats_the_usual_variable_of_the_id() {
    let sandbox = sandbox([deploy()]);
    let step = bare(&sandbox).input("service_name", "web").input("deployment_id", FIRST);
    step.var("RENDER_SERVICE_ID", OTHER).run().ended("canceled", 0);
    let both = bare(&sandbox).input("service_name", "web").input("service_id", SERVICE);
    both.input("deployment_id", FIRST).run().ended("error", 2);
}

#[test]
fn a_name_that_fits_several_services_is_bad_input_that_lists_them() {
    let sandbox = sandbox([deploy()]);
    sandbox.add(Service::new(OTHER, "web").owner("tea-another"));
    for step in [bare(&sandbox).input("deployment_id", FIRST), bare(&sandbox).input("select", "all")] {
        for fail_on in ["error", "none"] {
            let ran = step_again(&step, &sandbox).input("service_name", "web").input("fail_on", fail_on).run();
            ran.ended("error", 2).says("::error title=").says("Give `service_id`, or `owner_id`.");
            ran.reasons(&[SERVICE, OTHER]);
            assert_eq!((ran.output("count"), ran.output("deployments")), ("0", "[]"));
        }
    }
    assert_eq!(sandbox.count(Call::Scope), sandbox.requests().len());
    for owner in ["INPUT_OWNER_ID", "RENDER_OWNER_ID", "RENDER_WORKSPACE"] {
        let step = bare(&sandbox).input("service_name", "web").var(owner, WORKSPACE);
        let ran = step.input("deployment_id", FIRST).run();
        assert_eq!(ran.code, 0, "{owner}: {}", ran.stdout);
    }
}

/// The same inputs once more.
fn step_again(step: &Step, sandbox: &Sandbox) -> Step {
    step.variables().fold(
        bare(sandbox),
        |again, (name, value)| {
            if name.starts_with("INPUT_") { again.var(&name, &value) } else { again }
        },
    )
}

// Cron jobs.

#[test]
fn a_cron_job_is_refused_before_any_request() {
    let sandbox = sandbox([Deploy::new(CRON, FIRST)]);
    let words = "is a cron job, and Render does not cancel the deploys of cron jobs";
    let written = step(&sandbox).input("service_id", CRON);
    refused(&sandbox, written, &format!("`service_id` {words}"));
    refused(&sandbox, bare(&sandbox).input("select", "all").var("RENDER_SERVICE_ID", CRON), words);
    let page = format!("https://dashboard.render.com/cron/{CRON}/deploys/{FIRST}");
    refused(&sandbox, bare(&sandbox).input("deployment_id", &page), words);
}

#[test]
fn a_cron_job_by_its_name_is_bad_input_as_well() {
    let sandbox = sandbox([Deploy::new(CRON, FIRST)]);
    sandbox.add(Service::new(CRON, "nightly").patch(json!({"type": "cron_job"})));
    for aim in [("deployment_id", FIRST), ("select", "all")] {
        let ran = bare(&sandbox).input("service_name", "nightly").input(aim.0, aim.1).run();
        ran.ended("error", 2).says("is a cron job").tells("count", "0");
    }
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

// States.

#[test]
fn every_status_in_flight_is_canceled() {
    for status in ["created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"] {
        let one = told(deploy().states([status]));
        assert_eq!(one["previous_state"], status);
    }
}

#[test]
fn every_failure_is_one() {
    for status in ["build_failed", "pre_deploy_failed", "update_failed"] {
        let ran = step(&sandbox([deploy().states(["build_in_progress", status])])).run();
        ran.ended("failed", 0).tells("platform_state", status);
    }
}

#[test]
fn a_status_that_is_missing_between_two_steps_is_no_end() {
    for odd in [Value::Null, json!(7), json!("")] {
        let sandbox = sandbox([deploy().field("status", odd)]);
        let ran = step(&sandbox).input("only_states", "running").run_inside(&sandbox);
        ran.ended("skipped", 0).tells("state", "unknown").tells("platform_state", "unknown");
    }
    let silent = json!({"id": FIRST}).to_string();
    let sandbox = sandbox([deploy().cancel_answer(CancelAnswer::Empty)]);
    sandbox.fault(Call::Read, [Fault::Pass, Fault::json(200, &silent)]);
    step(&sandbox).run().ended("canceled", 0);
}

#[test]
fn nothing_but_the_status_decides() {
    // As in a template of Render's own tests.
    told(deploy().field("finishedAt", json!("2024-12-03T17:04:01.515412Z")));
    let odd = deploy().of_image().field("startedAt", Value::Null).field("trigger", json!("config_change"));
    let one = told(odd.patch(json!({"updatedAt": null, "createdAt": null})));
    assert_eq!((&one["commit"], &one["created_at"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_was_live_and_is_replaced_was_neither_canceled_nor_stopped_too_late() {
    let sandbox = sandbox([deploy().states(["deactivated"])]);
    let ran = step(&sandbox).run();
    ran.ended("already_finished", 0).says("::notice title=").says("deactivated (was live)");
    // Neither "No." nor "Yes.": it had been live, and nobody asked for anything then.
    let sentence = "No longer: what had been live was replaced before this run looked.";
    assert!(ran.summary.contains(&format!("**Did it go live?** {sentence}")), "{}", ran.summary);
    assert_eq!(
        (ran.output("state"), ran.output("went_live"), ran.output("canceled")),
        ("superseded", "false", "false")
    );
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn what_ends_deactivated_after_a_request_went_live_first() {
    for late in [deploy().states(["update_in_progress", "deactivated"]), deploy().after_cancel(["deactivated"])] {
        let ran = step(&sandbox([late])).run();
        ran.ended("completed", 3).says(" to deactivated");
        assert_eq!((ran.output("went_live"), ran.output("state")), ("true", "superseded"));
    }
}

#[test]
fn what_ends_deactivated_while_a_limit_held_the_request_went_live_as_well() {
    let sandbox = sandbox([deploy().states(["update_in_progress", "deactivated"])]);
    sandbox.fault(Call::Cancel, [Fault::Status(429)]);
    step(&sandbox).run().ended("already_finished", 3).tells("went_live", "true");
}

// What a cancel's answer proves.

#[test]
fn canceled_although_our_request_was_refused_is_not_called_our_doing() {
    let ran = step(&sandbox([deploy().states(["build_in_progress", "canceled"])])).run();
    ran.ended("canceled", 0).says("canceled all the same, by somebody else or by the platform itself");
    assert_eq!(ran.deployments()[0]["http_status"], 400);
}

// Rate limits.

#[test]
fn the_reset_is_a_count_of_seconds_and_the_first_of_two_counts() {
    let limited = |headers: &[(&str, &str)]| Fault::Reply {
        status: 429,
        content_type: "application/json".to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: br#"{"message":"rate limit exceeded"}"#.to_vec(),
    };
    for (headers, seconds) in [
        (&[("Ratelimit-Reset", "2")][..], 2),
        // Fifteen minutes would be past the limit.
        (&[("Ratelimit-Reset", "2"), ("Ratelimit-Reset", "900")], 2),
        (&[("Retry-After", "1"), ("Ratelimit-Reset", "900")], 1),
        (&[("Ratelimit-Reset", "0")], 0),
    ] {
        let sandbox = sandbox([deploy()]);
        sandbox.fault(Call::Read, [limited(headers)]);
        step(&sandbox).run().ended("canceled", 0);
        let seen = sandbox.requests();
        assert!(gap(&seen[0], &seen[1]) >= Duration::from_secs(seconds), "{headers:?}");
    }
}

// Guards.

#[test]
fn a_branch_beside_an_id_is_that_of_the_service() {
    let sandbox = sandbox([deploy()]);
    let ran = step(&sandbox).input("branch", "main").run();
    ran.ended("canceled", 0);
    assert_eq!((ran.deployments()[0]["branch"].as_str(), sandbox.count(Call::Scope)), (Some("main"), 1));
    for (branch, told) in [(json!("develop"), "its branch is develop"), (Value::Null, "its branch is not known")] {
        let sandbox = sandbox_of(Service::new(SERVICE, "web").patch(json!({"branch": branch})));
        step(&sandbox).input("branch", "main").run().ended("error", 1).says(told);
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
}

#[test]
fn a_branch_that_cannot_be_read_is_a_guard_that_is_not_passed() {
    let sandbox = sandbox([deploy()]);
    sandbox.always(Call::Scope, Fault::Status(403));
    step(&sandbox).input("branch", "main").run().ended("error", 1);
    sandbox.clear_faults().token("render", TOKEN, Grant::CancelOnly);
    step(&sandbox).input("branch", "main").run().ended("error", 1);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_commit_beside_an_id_is_compared() {
    let sandbox = sandbox([deploy()]);
    step(&sandbox).input("commit", "1234567").run().ended("error", 1);
    assert_eq!(sandbox.count(Call::Cancel), 0);
    step(&sandbox).input("commit", &COMMIT[..7]).run().ended("canceled", 0);
}

fn sandbox_of(service: Service) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(deploy()).add(service);
    sandbox
}

// What is told.

#[test]
fn the_page_has_the_services_type_where_that_is_known() {
    let one = told(deploy());
    assert_eq!(one["deployment_url"], address(SERVICE, FIRST).as_str());
    for (kind, segment) in [
        ("static_site", "static"),
        ("private_service", "pserv"),
        ("background_worker", "worker"),
        ("web_service", "web"),
    ] {
        let sandbox = sandbox_of(Service::new(SERVICE, "web").patch(json!({"type": kind})));
        let ran = step(&sandbox).input("branch", "main").run();
        let page = format!("https://dashboard.render.com/{segment}/{SERVICE}/deploys/{FIRST}");
        assert_eq!(ran.output("deployment_url"), page);
        bare(&sandbox).input("deployment_id", &page).run().tells("deployment_url", page);
    }
}

#[test]
fn an_image_and_the_trigger_are_details() {
    let one = told(deploy().of_image());
    assert_eq!(one["details"]["image"], "docker.io/library/nginx:latest");
    assert_eq!(one["details"]["trigger"], "new_commit");
    assert_eq!(one["created_at"], "2026-08-01T00:00:00.46045Z");
}

#[test]
fn a_missing_right_is_named() {
    let sandbox = sandbox([deploy()]);
    sandbox.token("render", TOKEN, Grant::ReadOnly);
    let ran = step(&sandbox).run();
    ran.ended("error", 1).says("a scoped key needs the permission to change services and their deploys");
    assert_eq!(ran.deployments()[0]["http_status"], 403);
}
