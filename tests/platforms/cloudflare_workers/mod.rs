//! Cloudflare Workers Builds, end to end: which build is meant, and this platform's own traps.

mod back;
mod live;
mod select;

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::cloudflare_workers::{ACCOUNT, Build, OTHER_TAG, TAG, Worker, id, no};
use crate::sandbox::{Call, CancelAnswer, Fault, Grant, Sandbox, TOKEN};
use crate::stage::{HEAD, gap};
use crate::step::Step;

fn numbered(number: usize) -> Build {
    Build::new(number)
}

fn build() -> Build {
    numbered(1)
}

fn preview() -> Build {
    build().target(Some("preview"))
}

fn sandbox(builds: impl IntoIterator<Item = Build>) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(Worker::new(TAG, "shop"));
    for build in builds {
        sandbox.add(build);
    }
    sandbox
}

fn bare(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "cloudflare_workers").input("account_id", ACCOUNT).input("timeout", "20")
}

fn step(sandbox: &Sandbox) -> Step {
    bare(sandbox).input("deployment_id", &id(1))
}

fn select(sandbox: &Sandbox, rule: &str) -> Step {
    bare(sandbox).input("worker", "shop").input("select", rule)
}

/// The builds that were asked to cancel, in the order of the requests.
fn asked(sandbox: &Sandbox) -> Vec<String> {
    let cancels = sandbox.requests().into_iter().filter(|seen| seen.call == Call::Cancel);
    cancels.filter_map(|seen| seen.path.split('/').nth(5).map(str::to_owned)).collect()
}

/// A run whose inputs are refused before any request, in these words.
#[track_caller]
fn refused(sandbox: &Sandbox, step: Step, words: &str) {
    step.run().ended("error", 2).says(words).tells("count", "0");
    assert!(sandbox.requests().is_empty());
}

/// A run that ends as an error before anything was asked to stop, in these words.
#[track_caller]
fn guarded(sandbox: &Sandbox, step: Step, words: &str) {
    step.run().ended("error", 1).says(words);
    assert_eq!(asked(sandbox), [""; 0]);
}

fn page(account: &str, worker: &str) -> String {
    format!("https://dash.cloudflare.com/{account}/workers/services/view/{worker}/production/builds/{}", id(1))
}

// Which build is meant.

#[test]
fn a_build_is_canceled_by_a_put_without_a_body_and_its_page_is_looked_up() {
    let sandbox = sandbox([build()]);
    let ran = step(&sandbox).run();
    ran.ended("canceled", 0).tells("platform_state", "cancelled").tells("previous_state", "running");
    let seen = sandbox.requests();
    let sent: Vec<_> = seen.iter().map(|seen| (seen.method.as_str(), seen.path.as_str(), seen.body.len())).collect();
    let path = format!("/accounts/{ACCOUNT}/builds/builds/{}", id(1));
    assert_eq!(sent[..2], [("GET", path.as_str(), 0), ("PUT", &format!("{path}/cancel"), 0)]);
    assert_eq!(seen.iter().filter(|seen| seen.call == Call::Scope).count(), 1, "for the page and for what serves");
    let one = ran.only();
    assert_eq!((&one["http_status"], &one["deployment_url"]), (&json!(200), &json!(page(ACCOUNT, "shop"))));
    assert!(one["request_id"].as_str().unwrap().starts_with("8f2c"), "{one}");
    assert_eq!((&one["branch"], &one["target"]), (&json!("main"), &json!("production")));
    assert_eq!((&one["details"]["source"], &one["details"]["trigger"]), (&json!("push"), &json!("Deploy production")));
}

#[test]
fn an_address_names_its_account_and_beats_the_usual_variables() {
    for address in
        [page(ACCOUNT, "shop"), page(ACCOUNT, "shop").replace("https://", ""), page(ACCOUNT, "shop") + "/logs?a=1#L7"]
    {
        for variable in ["CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID"] {
            let sandbox = sandbox([build()]);
            let step = bare(&sandbox).without("INPUT_ACCOUNT_ID").var(variable, "another");
            let ran = step.input("deployment_id", &address).run();
            ran.ended("canceled", 0).tells("deployment_url", page(ACCOUNT, "shop")).tells("deployment_id", id(1));
        }
    }
}

#[test]
fn an_address_tells_the_page_where_no_worker_may_be_looked_up() {
    let sandbox = sandbox([preview()]);
    sandbox.always(Call::Scope, Fault::Status(403));
    let ran = bare(&sandbox).input("deployment_id", &page(ACCOUNT, "shop")).run();
    ran.ended("canceled", 0).tells("deployment_url", page(ACCOUNT, "shop"));
}

#[test]
fn a_written_worker_must_not_contradict_an_address() {
    let sandbox = sandbox([build()]);
    let step = |address: &str| bare(&sandbox).input("deployment_id", address);
    let words = "`worker` is another worker than in the address in `deployment_id`: shop";
    refused(&sandbox, step(&page(ACCOUNT, "shop")).input("worker", "blog"), words);
    // Whose tag it is only the platform knows.
    sandbox.add(Worker::new(OTHER_TAG, "blog"));
    guarded(&sandbox, step(&page(ACCOUNT, "shop")).input("worker", OTHER_TAG), "belongs to Worker shop (");
    step(&page(ACCOUNT, "shop")).input("worker", TAG).run().ended("canceled", 0);
}

#[test]
fn each_of_several_addresses_tells_a_page_of_its_own() {
    let sandbox = sandbox([preview(), numbered(2).of(OTHER_TAG, "blog").target(Some("preview"))]);
    sandbox.always(Call::Scope, Fault::Status(403));
    let pages = [page(ACCOUNT, "shop"), page(ACCOUNT, "blog").replace(&id(1), &id(2))];
    let ran = bare(&sandbox).input("deployment_id", &pages.join("\n")).run();
    let told: Vec<_> = ran.ended("canceled", 0).deployments().iter().map(|one| one["deployment_url"].clone()).collect();
    assert_eq!(told, pages);
}

#[test]
fn a_page_of_cloudflare_pages_is_refused_in_so_many_words() {
    let sandbox = sandbox([build()]);
    for address in [
        format!("https://dash.cloudflare.com/{ACCOUNT}/pages/view/shop/{}", id(1)),
        "https://8d578524.shop.pages.dev".to_owned(),
    ] {
        let step = bare(&sandbox).input("deployment_id", &address);
        refused(&sandbox, step, "on Cloudflare Pages, which has no call that cancels one");
    }
    for address in [
        format!("https://dash.cloudflare.com/{ACCOUNT}/workers/services/view/shop/production"),
        format!(
            "https://dash.cloudflare.com.evil.example/{ACCOUNT}/workers/services/view/shop/production/builds/{}",
            id(1)
        ),
        "https://shop.example.workers.dev".to_owned(),
        "https://".to_owned(),
    ] {
        let step = bare(&sandbox).without("INPUT_ACCOUNT_ID").input("deployment_id", &address);
        let ran = step.refused(&sandbox, &["`deployment_id`"]);
        assert!(!ran.stdout.contains("`account_id`"), "{}", ran.stdout);
    }
}

#[test]
fn the_build_that_a_run_is_itself_is_never_meant() {
    let sandbox = sandbox([build()]);
    let inside = bare(&sandbox).var("WORKERS_CI", "1").var("WORKERS_CI_BUILD_UUID", &id(1));
    refused(&sandbox, inside, "`deployment_id` is missing");
}

#[test]
fn without_an_account_nothing_can_be_looked_for() {
    let sandbox = sandbox([build()]);
    refused(&sandbox, step(&sandbox).without("INPUT_ACCOUNT_ID"), "`account_id` is missing");
    for (variable, token) in [("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN"), ("CF_ACCOUNT_ID", "CF_API_TOKEN")] {
        let sandbox = self::sandbox([build()]);
        let step = step(&sandbox).without("INPUT_ACCOUNT_ID").without("INPUT_TOKEN").var(variable, ACCOUNT);
        step.var(token, TOKEN).run().ended("canceled", 0);
    }
}

#[test]
fn another_accounts_build_is_not_found_and_the_account_is_named() {
    let sandbox = sandbox([build()]);
    let ran = step(&sandbox).input("account_id", &"f".repeat(32)).run();
    ran.ended("not_found", 4).reasons(&[&"f".repeat(32)]).says("Check `deployment_id` and `account_id`.");
    for step in [bare(&sandbox), bare(&sandbox).input("worker", "shop")] {
        let ran = step.input("deployment_id", "dep-1").run();
        ran.ended("not_found", 4).reasons(&["There is no deployment dep-1 in account"]);
    }
}

#[test]
fn the_base_url_of_other_tools_is_not_read() {
    let sandbox = sandbox([build()]);
    let step = step(&sandbox).without("INPUT_API_URL").var("CLOUDFLARE_BASE_URL", "nowhere").input("target", "prod");
    let ran = step.refused(&sandbox, &["takes `production` or `preview`"]);
    assert!(!ran.stdout.contains("`api_url`") && !ran.stdout.contains("nowhere"), "{}", ran.stdout);
}

#[test]
fn a_worker_beside_an_id_is_a_guard() {
    let sandbox = sandbox([build()]);
    sandbox.add(Worker::new(OTHER_TAG, "shop-staging"));
    for worker in ["shop-staging", OTHER_TAG] {
        guarded(&sandbox, step(&sandbox).input("worker", worker), "belongs to Worker shop (");
    }
    let untold = self::sandbox([build().field("trigger", Value::Null)]);
    guarded(&untold, step(&untold).input("worker", "shop"), "does not say which Worker");
    for worker in ["shop", TAG] {
        let sandbox = self::sandbox([build()]);
        step(&sandbox).input("worker", worker).run().ended("canceled", 0);
        // What may not be read passes no guard.
        sandbox.always(Call::Read, Fault::Status(403));
        step(&sandbox).input("worker", worker).run().ended("error", 1);
        assert_eq!(asked(&sandbox).len(), 1);
    }
}

#[test]
fn a_target_is_production_or_preview() {
    let sandbox = sandbox([build()]);
    for target in ["prod", "Production", "staging"] {
        refused(&sandbox, step(&sandbox).input("target", target), "takes `production` or `preview`");
    }
}

// Tokens.

#[test]
fn an_account_owned_token_is_not_told_as_merely_wrong() {
    let sandbox = sandbox([build()]);
    let token = "cfat_0123456789abcdef0123456789abcdef01234567";
    sandbox.token("cloudflare_workers", token, Grant::Revoked);
    let ran = step(&sandbox).input("token", token).secret(token).run();
    ran.ended("error", 1).warns(&["`token` begins with cfat_", "takes only a user's API token"]);
    ran.reasons(&["Invalid token (12006)"]).says("(My Profile, API Tokens): an account-owned one is answered 401");
    // Older ones do not show whose they are.
    let old = "0123456789abcdef0123456789abcdef01234567";
    let ran = step(&sandbox).input("token", old).secret(old).run();
    ran.ended("error", 1).says("an account-owned one is answered 401");
    assert!(!ran.stdout.contains("::warning"), "{}", ran.stdout);
    let users = "cfut_0123456789abcdef0123456789abcdef01234567";
    sandbox.token("cloudflare_workers", users, Grant::All);
    let ran = step(&sandbox).input("token", users).secret(users).run();
    ran.ended("canceled", 0);
    assert!(!ran.stdout.contains("::warning"), "{}", ran.stdout);
}

#[test]
fn a_global_key_is_bad_input() {
    let sandbox = sandbox([build()]);
    let key = "cfk_0123456789abcdef0123456789abcdef01234567";
    refused(&sandbox, step(&sandbox).input("token", key).secret(key), "is a global key, which needs X-Auth headers");
}

#[test]
fn a_missing_right_is_named_also_where_it_looks_like_a_wrong_token() {
    for status in [401, 403] {
        let sandbox = sandbox([build()]);
        sandbox.always(Call::Cancel, Fault::Status(status));
        let ran = step(&sandbox).run();
        ran.ended("error", 1).says("Workers Builds Configuration: Edit").tells("state", "running");
        assert_eq!(ran.only()["http_status"], status);
        if status == 403 {
            ran.says(&format!("account {ACCOUNT}: check `account_id`"));
        }
    }
}

// Words.

#[test]
fn the_words_of_both_surfaces_are_read() {
    for (word, state, code) in [
        ("stopped: canceled", "canceled", 0),
        ("stopped: CANCELLED", "canceled", 0),
        ("canceled", "canceled", 0),
        ("stopped: failure", "failed", 0),
        ("terminated", "failed", 0),
        ("skipped", "superseded", 0),
        ("success", "succeeded", 3),
    ] {
        let sandbox = sandbox([build().states([word]).ran(false)]);
        let ran = step(&sandbox).run();
        ran.ended("already_finished", code).tells("state", state);
        ran.tells("platform_state", word.split(": ").last().unwrap());
        assert_eq!(asked(&sandbox), [""; 0]);
    }
    for (word, state) in [("queued", "queued"), ("initializing", "running"), ("running", "running")] {
        let sandbox = sandbox([build().states([word])]);
        step(&sandbox).input("dry_run", "true").run().ended("dry_run", 0).tells("state", state);
    }
}

#[test]
fn an_outcome_is_an_end_whatever_the_status_says() {
    for (word, outcome, code) in
        [("running: cancelled", "canceled", 0), ("running: fail", "failed", 0), ("queued: running", "error", 1)]
    {
        let sandbox = sandbox([build().cancel_answer(CancelAnswer::Empty).after_cancel([word])]);
        let ran = step(&sandbox).run();
        ran.ended(outcome, code).tells("state", if outcome == "error" { "unknown" } else { outcome });
    }
}

#[test]
fn a_status_that_is_missing_is_told_by_the_times() {
    let told = |patch: Value| {
        let sandbox = sandbox([build().patch(patch)]);
        let ran = step(&sandbox).input("dry_run", "true").run();
        (ran.output("platform_state").to_owned(), ran.output("state").to_owned())
    };
    let word = |word: &str, state: &str| (word.to_owned(), state.to_owned());
    assert_eq!(told(json!({"status": null})), word("running", "running"));
    assert_eq!(told(json!({"status": null, "running_on": null})), word("initializing", "running"));
    let waits = json!({"status": null, "running_on": null, "initializing_on": null});
    assert_eq!(told(waits), word("queued", "queued"));
    assert_eq!(told(json!({"status": "", "build_outcome": ""})), word("running", "running"));
    assert_eq!(told(json!({"status": null, "build_outcome": "fail"})), word("fail", "failed"));
    assert_eq!(told(json!({"status": null, "stopped_on": "2026-08-01T00:00:00Z"})), word("stopped", "unknown"));
}

#[test]
fn one_that_is_stopped_gets_its_outcome_a_moment_later() {
    let sandbox = sandbox([build().cancel_answer(CancelAnswer::Empty).after_cancel([
        "stopped | 1",
        "stopped | 14",
        "cancelled",
    ])]);
    step(&sandbox).run().ended("canceled", 0);
    assert_eq!(sandbox.count(Call::Read), 4);
}

#[test]
fn one_that_gets_no_outcome_is_over_all_the_same() {
    let late = || build().cancel_answer(CancelAnswer::Empty).after_cancel(["stopped | 1", "stopped | 16"]);
    let ran = step(&sandbox([late()])).run();
    ran.ended("error", 1).tells("state", "unknown").tells("platform_state", "stopped").tells("went_live", "unknown");
    let before = step(&sandbox([build().states(["stopped | 60"])])).run();
    before.ended("already_finished", 0).tells("state", "unknown").says("::warning title=");
    // One that does not say when it stopped was changed last then.
    let untold = build().states(["stopped"]).patch(json!({"stopped_on": null, "modified_on": "2026-08-01T00:00:00Z"}));
    step(&sandbox([untold])).run().ended("already_finished", 0).tells("state", "unknown");
    // By the platform's own clock, not ours.
    let ahead = sandbox([build().states(["stopped | 60"])]);
    let body = json!({"success": true, "result": {
        "build_uuid": id(1), "status": "stopped", "created_on": "2026-08-01T00:00:00Z", "stopped_on": "2026-08-01T00:01:00Z",
    }});
    let dated = |date: &str| Fault::Reply {
        status: 200,
        content_type: "application/json".to_owned(),
        headers: vec![("date".to_owned(), date.to_owned())],
        body: body.to_string().into_bytes(),
    };
    ahead.fault(Call::Read, [dated("Sat, 01 Aug 2026 00:01:14 GMT")]);
    step(&ahead).input("dry_run", "true").run().ended("dry_run", 0).tells("state", "running");
    ahead.fault(Call::Read, [dated("Sat, 01 Aug 2026 00:01:15 GMT")]);
    step(&ahead).input("dry_run", "true").run().ended("already_finished", 0).tells("state", "unknown");
}

#[test]
fn skipped_is_cloudflares_own_superseding() {
    let ran = step(&sandbox([build().states(["skipped"])])).run();
    ran.ended("already_finished", 0).tells("state", "superseded").tells("went_live", "false").says("::notice title=");
    let ran = step(&sandbox([build().states(["queued"]).after_cancel(["skipped"])])).run();
    ran.ended("superseded", 0).tells("canceled", "false").tells("went_live", "false");
    let ran = step(&sandbox([build().after_cancel(["terminated"])])).run();
    ran.ended("failed", 0).tells("state", "failed");
}

// Answers.

#[test]
fn a_cancel_answer_tells_the_outcome_and_keeps_what_was_read_before() {
    let ran = step(&sandbox([build()])).run();
    let one = ran.ended("canceled", 0).only();
    assert_eq!(
        (&one["branch"], &one["target"], &one["created_at"].is_string()),
        (&json!("main"), &json!("production"), &true)
    );
    for shape in [CancelAnswer::Empty, CancelAnswer::OtherId, CancelAnswer::Word("running".to_owned())] {
        let sandbox = sandbox([build().cancel_answer(shape)]);
        step(&sandbox).run().ended("canceled", 0);
        assert_eq!(sandbox.count(Call::Read), 2);
    }
}

#[test]
fn a_yes_that_says_no_is_a_refusal() {
    let sandbox = sandbox([build()]);
    sandbox.always(Call::Cancel, Fault::json(200, &no(12010, "Build is locked").to_string()));
    let ran = step(&sandbox).run();
    ran.ended("error", 1).reasons(&["The platform refused to cancel it", "Build is locked (12010)"]);
    assert_eq!((&ran.only()["http_status"], asked(&sandbox).len()), (&json!(200), 1));
    step(&sandbox).input("wait", "false").run().ended("error", 1);
    for call in [Call::Read, Call::List, Call::Scope] {
        let sandbox = self::sandbox([build()]);
        sandbox.always(call, Fault::json(200, &no(10001, "Not today").to_string()));
        let step = if call == Call::Read { step(&sandbox) } else { select(&sandbox, "all") };
        guarded(&sandbox, step, "Not today (10001)");
    }
}

#[test]
fn whatever_a_finished_build_answers_the_state_decides() {
    for status in [200, 400, 404, 409, 422] {
        let sandbox = sandbox([build().finished_cancel(status).states(["running", "success"])]);
        step(&sandbox).run().ended("completed", 3).tells("went_live", "true");
        let sandbox = self::sandbox([build().finished_cancel(status).states(["running", "cancelled"])]);
        step(&sandbox).run().ended("canceled", 0);
    }
}

#[test]
fn a_429_shuts_out_for_five_minutes_unless_it_says_otherwise() {
    let sandbox = sandbox([build()]);
    sandbox.fault(Call::Cancel, [Fault::ResetHeader { in_seconds: 1 }]);
    let ran = step(&sandbox).run();
    ran.ended("timed_out", 124).says("shuts this user out for five minutes");
    assert_eq!(asked(&sandbox).len(), 1);
    let patient = self::sandbox([build()]);
    patient.fault(Call::Cancel, [Fault::ResetHeader { in_seconds: 1 }]);
    step(&patient).input("timeout", "900").run_inside(&patient).ended("canceled", 0);
    let seen: Vec<_> = patient.requests().into_iter().filter(|seen| seen.call == Call::Cancel).collect();
    assert!(gap(&seen[0], &seen[1]) >= Duration::from_secs(300));
    let told = self::sandbox([build()]);
    told.fault(Call::Cancel, [Fault::Status(429)]);
    step(&told).run().ended("canceled", 0);
}

#[test]
fn a_page_of_the_edge_is_no_answer() {
    let sandbox = sandbox([build()]);
    sandbox.fault(Call::Cancel, [Fault::Html(502)]);
    step(&sandbox).run().ended("canceled", 0);
    assert_eq!(asked(&sandbox).len(), 2);
}

// Guards.

#[test]
fn a_fresh_build_is_read_again_before_a_guard_refuses_it() {
    let sandbox = sandbox([build().fresh()]);
    let running = step(&sandbox).input("branch", "main").start();
    sandbox.wait_for(Call::Read, 2);
    sandbox.add(build());
    running.wait().ended("canceled", 0).tells("previous_state", "running");
    let silent = self::sandbox([build().fresh()]);
    let ran = step(&silent).input("commit", HEAD).run_inside(&silent);
    ran.ended("error", 1).reasons(&["commit"]);
    // A look every second, for five seconds at most.
    assert!((3..=6).contains(&silent.count(Call::Read)), "{}", silent.count(Call::Read));
    assert_eq!(silent.count(Call::Cancel), 0);
}

#[test]
fn one_that_is_of_something_else_or_of_no_guard_is_not_read_again() {
    let other = sandbox([build()]);
    guarded(&other, step(&other).input("branch", "dev"), "branch");
    assert_eq!(other.count(Call::Read), 1);
    let free = sandbox([build().fresh()]);
    step(&free).run().ended("canceled", 0).tells("previous_state", "running");
    assert_eq!(free.count(Call::Read), 1);
}
