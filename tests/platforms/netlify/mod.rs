//! Netlify, end to end: which deploy is meant, and this platform's own traps.

mod back;
mod ends;
mod live;
mod select;

use serde_json::{Value, json};

use crate::sandbox::netlify::{Deploy, OTHER_SITE, SITE, Site, id};
use crate::sandbox::{Call, Fault, Grant, Sandbox, TOKEN};
use crate::step::{Ran, Step};

fn deploy() -> Deploy {
    Deploy::new(SITE, &id(1)).finished_cancel(422)
}

fn sandbox(deploys: impl IntoIterator<Item = Deploy>) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(Site::new(SITE, "web"));
    for deploy in deploys {
        sandbox.add(deploy);
    }
    sandbox
}

fn bare(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "netlify").input("timeout", "20")
}

fn step(sandbox: &Sandbox) -> Step {
    bare(sandbox).input("deployment_id", &id(1))
}

fn select(sandbox: &Sandbox, rule: &str) -> Step {
    bare(sandbox).input("site_id", SITE).input("select", rule)
}

/// The deploys that were asked to cancel, in the order of the requests.
fn asked(sandbox: &Sandbox) -> Vec<String> {
    let cancels = sandbox.requests().into_iter().filter(|seen| seen.call == Call::Cancel);
    cancels.filter_map(|seen| seen.path.split('/').nth(2).map(str::to_owned)).collect()
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

// Which deploy is meant.

#[test]
fn a_deploy_is_canceled_without_its_site_by_two_requests_and_a_201() {
    let sandbox = sandbox([deploy()]);
    let ran = step(&sandbox).run();
    ran.ended("canceled", 0).tells("platform_state", "error").tells("previous_state", "building");
    let seen: Vec<_> = sandbox.requests().into_iter().map(|seen| (seen.method, seen.path, seen.body)).collect();
    let path = format!("/deploys/{}", id(1));
    let cancel = format!("{path}/cancel");
    assert_eq!(seen, [("GET".to_owned(), path, Vec::new()), ("POST".to_owned(), cancel, Vec::new())]);
    let one = ran.only();
    assert_eq!(one["http_status"], 201);
    assert!(one["request_id"].as_str().unwrap().starts_with("b6c6a2ba-"));
    assert_eq!(one["deployment_url"], format!("https://app.netlify.com/projects/web/deploys/{}", id(1)).as_str());
    assert_eq!(one["details"]["error_message"], "Canceled build");
    ran.reasons(&["from building to error (\"Canceled build\")"]);
}

#[test]
fn an_address_names_its_site_and_beats_the_usual_variable() {
    for address in [
        format!("https://{}--web.netlify.app/a/page?x=1", id(1)),
        format!("{}--web.netlify.app", id(1).to_uppercase()),
        format!("http://{}--web.netlify.com", id(1)),
        format!("https://app.netlify.com/projects/web/deploys/{}", id(1)),
        format!("https://app.netlify.com/sites/web/deploys/{}#L7", id(1)),
        format!("https://app.netlify.com/sites/{SITE}/deploys/{}", id(1)),
    ] {
        for usual in [OTHER_SITE, "api"] {
            let sandbox = sandbox([deploy()]);
            let step = bare(&sandbox).input("deployment_id", &address).var("NETLIFY_SITE_ID", usual);
            step.run().ended("canceled", 0);
            assert_eq!(sandbox.count(Call::Scope), 0);
        }
    }
}

#[test]
fn an_address_beats_the_usual_variable_beside_plain_ids_as_well() {
    let sandbox = sandbox([deploy(), Deploy::new(OTHER_SITE, &id(2)).of("api").finished_cancel(422)]);
    let both = format!("{}--web.netlify.app,{}", id(1), id(2));
    let step = bare(&sandbox).input("deployment_id", &both).var("NETLIFY_SITE_ID", OTHER_SITE);
    step.run().ended("canceled", 0).tells("canceled_count", "2");
}

#[test]
fn an_address_of_another_site_is_a_guard_that_is_not_passed() {
    for address in [
        format!("https://{}--blog.netlify.app", id(1)),
        format!("https://app.netlify.com/projects/blog/deploys/{}", id(1)),
        format!("https://app.netlify.com/sites/{OTHER_SITE}/deploys/{}", id(1)),
    ] {
        let sandbox = sandbox([deploy()]);
        guarded(&sandbox, bare(&sandbox).input("deployment_id", &address), "belongs to site");
    }
    let sandbox = sandbox([deploy().field("name", Value::Null)]);
    let page = format!("https://app.netlify.com/projects/web/deploys/{}", id(1));
    guarded(&sandbox, bare(&sandbox).input("deployment_id", &page), "does not say which site");
}

#[test]
fn a_written_site_that_differs_from_the_addresss_is_bad_input_or_a_guard() {
    let sandbox = sandbox([deploy()]);
    let page = |site: &str| format!("https://app.netlify.com/projects/{site}/deploys/{}", id(1));
    let words = "is another site than in the address in `deployment_id`";
    let with =
        |address: &str, input: &str, site: &str| bare(&sandbox).input("deployment_id", address).input(input, site);
    refused(&sandbox, with(&page("web"), "site_name", "api"), words);
    refused(&sandbox, with(&page(SITE), "site_id", OTHER_SITE), words);
    sandbox.add(Site::new(OTHER_SITE, "api"));
    guarded(&sandbox, with(&page("web"), "site_id", OTHER_SITE), "belongs to site");
    guarded(&sandbox, with(&page(SITE), "site_name", "api"), "belongs to site");
    with(&page("web"), "site_id", SITE).run().ended("canceled", 0);
}

#[test]
fn an_alias_names_no_single_deploy_and_what_is_no_address_is_an_unknown_id() {
    let sandbox = sandbox([deploy()]);
    let (deploy, other) = (id(1), "z".repeat(24));
    for address in [
        "https://main--web.netlify.app",
        "deploy-preview-4--web.netlify.app",
        &format!("{other}--web.netlify.app"),
        "www.example.com",
        "web.netlify.app",
        &format!("{deploy}--web.netlify.app.evil.example"),
        &format!("https://app.netlify.com.evil.example/projects/web/deploys/{deploy}"),
        &format!("https://app.netlify.com/projects/web/deploys/{other}"),
        "https://app.netlify.com/projects/web/deploys",
        "a/b",
    ] {
        refused(&sandbox, bare(&sandbox).input("deployment_id", address), "names no single deploy");
    }
    for opaque in ["dep-1", &other] {
        let ran = bare(&sandbox).input("deployment_id", opaque).run();
        ran.ended("not_found", 4).reasons(&[&format!("There is no deployment {opaque} for this credential")]);
    }
    // What cannot be a build's id is not asked for.
    assert_eq!(sandbox.count(Call::Other), 0);
}

#[test]
fn a_builds_id_is_not_found_and_the_reason_names_its_deploy() {
    let one = deploy();
    let build = one.build();
    let sandbox = sandbox([one]);
    let ran = bare(&sandbox).input("deployment_id", &build).run();
    ran.ended("not_found", 4).reasons(&["it is the id of a build, whose deployment is", &id(1)]);
    ran.says(&format!("Give `deployment_id: {}`.", id(1)));
    assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Other), sandbox.count(Call::Cancel)), (1, 1, 0));
    let told = |body: Value| Fault::json(200, &body.to_string());
    // Neither another build's answer, nor one whose deploy is none.
    let of_another = told(json!({"id": id(2), "deploy_id": id(1)}));
    let without = told(json!({"id": build, "deploy_id": "z".repeat(24)}));
    for fault in [Fault::Status(404), Fault::Status(500), Fault::Html(200), of_another, without] {
        sandbox.clear_faults().always(Call::Other, fault);
        let ran = bare(&sandbox).input("deployment_id", &build).run();
        ran.ended("not_found", 4).reasons(&[&format!("There is no deployment {build} for this credential")]);
    }
}

// Sites.

#[test]
fn a_site_beside_an_id_is_a_guard_by_its_id_or_its_name() {
    let sandbox = sandbox([deploy()]);
    sandbox.add(Site::new(OTHER_SITE, "api"));
    for (name, site) in [("INPUT_SITE_ID", OTHER_SITE), ("INPUT_SITE_NAME", "api"), ("NETLIFY_SITE_ID", "api")] {
        guarded(&sandbox, step(&sandbox).var(name, site), "belongs to site");
    }
    for (name, site) in [("INPUT_SITE_ID", SITE), ("INPUT_SITE_NAME", "web"), ("NETLIFY_SITE_ID", "web")] {
        let sandbox = self::sandbox([deploy()]);
        step(&sandbox).var(name, site).run().ended("canceled", 0);
    }
    let untold = self::sandbox([deploy().field("site_id", Value::Null)]);
    guarded(&untold, step(&untold).input("site_id", SITE), "does not say which site");
}

#[test]
fn a_site_that_cannot_be_checked_is_a_guard_that_is_not_passed() {
    let permalink = format!("{}--web.netlify.app", id(1));
    for (input, value) in [("site_id", SITE), ("deployment_id", permalink.as_str())] {
        let sandbox = sandbox([deploy()]);
        sandbox.always(Call::Read, Fault::Status(403));
        step(&sandbox).input(input, value).run().ended("error", 1);
        assert_eq!(sandbox.count(Call::Cancel), 0, "{input}");
    }
}

#[test]
fn a_site_is_found_by_its_exact_name() {
    let sandbox = sandbox([deploy()]);
    sandbox.add(Site::new(OTHER_SITE, "web-api"));
    let by = |name: &str| bare(&sandbox).input("site_name", name).input("select", "all");
    by("web").run().ended("canceled", 0);
    let looked_up = &sandbox.requests()[0];
    assert_eq!((looked_up.path.as_str(), looked_up.query.contains("name=web&filter=all")), ("/sites", true));
    by("we").run().ended("not_found", 4).reasons(&["There is no site named we"]);
    refused(
        &self::sandbox([]),
        by("web").input("site_id", SITE).input("api_url", "https://127.0.0.1:1"),
        "cannot stand beside",
    );
}

#[test]
fn a_name_that_fits_several_sites_is_bad_input_that_lists_them() {
    let sandbox = sandbox([deploy()]);
    sandbox.add(Site::new(OTHER_SITE, "web"));
    for aim in [("deployment_id", id(1)), ("select", "all".to_owned())] {
        for (name, fail_on) in [("INPUT_SITE_NAME", "error"), ("INPUT_SITE_NAME", "none"), ("NETLIFY_SITE_ID", "error")]
        {
            let ran = bare(&sandbox).var(name, "web").input(aim.0, &aim.1).input("fail_on", fail_on).run();
            ran.ended("error", 2).says("Give `site_id`.").tells("count", "0").reasons(&[SITE, OTHER_SITE]);
        }
    }
    assert_eq!(sandbox.count(Call::Scope), sandbox.requests().len());
}

#[test]
fn a_site_that_is_not_there_is_named() {
    let sandbox = Sandbox::start();
    select(&sandbox, "all").run().ended("not_found", 4).reasons(&[&format!("There is no site {SITE}")]);
}

// Variables.

#[test]
fn the_usual_variables_are_enough() {
    let sandbox = sandbox([deploy()]);
    let step = Step::github().input("platform", "netlify").input("select", "all").input("timeout", "20");
    let step = step.var("NETLIFY_AUTH_TOKEN", TOKEN).var("NETLIFY_SITE_ID", SITE);
    step.var("NETLIFY_API_URL", &sandbox.url("netlify")).run().ended("canceled", 0);
}

#[test]
fn a_token_that_is_the_word_null_is_none() {
    let sandbox = sandbox([deploy().without_commit()]);
    let without = || step(&sandbox).without("INPUT_TOKEN").var("NETLIFY_AUTH_TOKEN", "null");
    refused(&sandbox, without(), "`token` is missing");
    let ran = without().var("NETLIFY_API_TOKEN", TOKEN).run();
    ran.ended("canceled", 0);
    // Nor is it a secret that would have to be hidden.
    assert!(ran.output("deployments").contains(":null") && !ran.stdout.contains("::add-mask::null"));
}

#[test]
fn an_address_of_the_api_in_the_usual_variable_may_lack_its_path() {
    let sandbox = sandbox([deploy()]);
    let bare = format!("http://{}", sandbox.address());
    for (name, path) in [("NETLIFY_API_URL", "/v1/deploys/"), ("INPUT_API_URL", "/")] {
        let before = sandbox.requests().len();
        step(&sandbox).without("INPUT_API_URL").var(name, &bare).run().ended("error", 1);
        let seen = sandbox.requests().remove(before);
        let whole = format!("{path}{}", id(1));
        assert_eq!((seen.platform.as_str(), seen.path), ("", whole));
    }
}

// Refusals and rights.

#[test]
fn whatever_a_finished_one_answers_the_state_decides() {
    for status in [200, 404, 409, 422] {
        let sandbox = sandbox([deploy().finished_cancel(status).states(["building", "ready"])]);
        step(&sandbox).run().ended("completed", 3).tells("went_live", "true");
    }
}

#[test]
fn a_404_to_the_cancel_of_what_can_be_read_is_a_missing_right() {
    let sandbox = sandbox([deploy()]);
    sandbox.token("netlify", TOKEN, Grant::ReadOnly);
    let ran = step(&sandbox).run();
    ran.ended("error", 1)
        .says("must be allowed to write to the site")
        .reasons(&["This credential may read it but not cancel it"]);
    assert_eq!(ran.only()["http_status"], 404);
}

#[test]
fn a_404_that_is_no_answer_of_the_api_says_that_its_address_is_wrong() {
    let sandbox = sandbox([deploy()]);
    let url = format!("{}/v2", sandbox.url("netlify"));
    for step in [step(&sandbox), select(&sandbox, "all")] {
        step.input("api_url", &url).run().ended("error", 1).says("Check `api_url` (or NETLIFY_API_URL)");
    }
}

#[test]
fn refusals_say_what_to_check() {
    for (status, words) in [
        (401, "to reset a password revokes all tokens of a user"),
        (403, "The account's credit may be used up as well"),
        (429, "Netlify allows 500 a minute for everything that this token does"),
    ] {
        let sandbox = sandbox([deploy()]);
        sandbox.always(Call::Read, Fault::Status(status)).always(Call::Cancel, Fault::Status(status));
        step(&sandbox).input("timeout", "3").run().ended("error", 1).says(words);
    }
}

#[test]
fn after_a_429_nothing_is_sent_before_the_reset() {
    let sandbox = sandbox([deploy()]);
    sandbox.fault(Call::Cancel, [Fault::ResetHeader { in_seconds: 3600 }]);
    let ran = step(&sandbox).run();
    ran.ended("timed_out", 124).reasons(&["429"]);
    assert_eq!(sandbox.count(Call::Cancel), 1);
}

// What is told.

#[test]
fn what_only_netlify_knows_is_a_detail() {
    let ran: Ran = step(&sandbox([deploy().preview(4).field("draft", json!(true))])).run();
    let one = ran.only();
    assert_eq!((&one["details"]["review_id"], &one["details"]["draft"]), (&json!(4), &json!(true)));
    assert_eq!((&one["details"]["site"], &one["target"]), (&json!("web"), &json!("deploy-preview")));
    assert_eq!(one["details"]["plugin_state"], "none");
}
