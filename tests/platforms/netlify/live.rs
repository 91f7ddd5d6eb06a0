//! Built is not live on Netlify: what the deploy says of itself, and the look at its site where that is not enough.

use serde_json::{Value, json};

use super::{deploy, sandbox, select, step};
use crate::sandbox::netlify::{Deploy, OTHER_SITE, SITE, Site, id};
use crate::sandbox::{Call, Fault, Grant, Sandbox, TOKEN};
use crate::step::Ran;

/// Built although it was asked to cancel, on a site that publishes this one.
fn built(deploy: Deploy, site: Site) -> (Sandbox, Ran) {
    let sandbox = sandbox([deploy.after_cancel(["ready"])]);
    sandbox.add(site);
    let ran = step(&sandbox).run();
    ran.ended("completed", 3);
    (sandbox, ran)
}

fn web() -> Site {
    Site::new(SITE, "web")
}

#[test]
fn what_was_published_is_live_without_another_look() {
    let (sandbox, ran) = built(deploy(), web().publishes(&id(9), false));
    ran.tells("went_live", "true");
    assert!(ran.summary.contains("Publish deploy"), "{}", ran.summary);
    assert_eq!(sandbox.count(Call::Scope), 0);
}

#[test]
fn what_does_not_go_to_production_is_live_at_its_own_address() {
    for (context, draft) in
        [("deploy-preview", false), ("branch-deploy", false), ("staging", false), ("deploy-preview", true)]
    {
        let one = deploy().target(Some(context)).field("draft", json!(draft));
        let (sandbox, ran) = built(one, web().publishes(&id(9), true));
        ran.tells("went_live", "true");
        assert_eq!(sandbox.count(Call::Scope), 0, "{context}");
    }
}

#[test]
fn built_on_a_locked_site_is_not_live() {
    for (locked, words) in [(true, "Auto publishing is locked"), (false, "is published.")] {
        let (sandbox, ran) = built(deploy().unpublished(), web().publishes(&id(9), locked));
        ran.tells("went_live", "false").tells("state", "succeeded").tells("canceled", "false");
        ran.reasons(&["built, not published", words, &id(9)]);
        assert_eq!(ran.only()["details"]["published"], false);
        assert!(!ran.summary.contains("Publish deploy"), "{}", ran.summary);
        assert_eq!(sandbox.count(Call::Scope), 1);
    }
}

#[test]
fn a_context_is_read_in_any_case() {
    let (sandbox, ran) = built(deploy().target(Some("Production")).unpublished(), web().publishes(&id(9), true));
    ran.tells("went_live", "false");
    assert_eq!(sandbox.count(Call::Scope), 1);
}

#[test]
fn what_the_site_publishes_is_live_although_it_does_not_say_so_itself() {
    let (_, ran) = built(deploy().unpublished(), web().publishes(&id(1), false));
    ran.tells("went_live", "true")
        .reasons(&["The platform accepted the cancel request, but too late: it went from building to ready"]);
}

#[test]
fn a_draft_for_production_is_not_live() {
    let (sandbox, ran) = built(deploy().field("draft", json!(true)), web().publishes(&id(1), false));
    ran.tells("went_live", "false").reasons(&["built, not published"]);
    assert_eq!(sandbox.count(Call::Scope), 0);
}

#[test]
fn what_the_site_does_not_tell_is_not_known_and_changes_no_verdict() {
    for fault in [Fault::Status(403), Fault::Status(404), Fault::Status(500), Fault::Html(200), Fault::HoldBefore] {
        let sandbox = sandbox([deploy().unpublished().after_cancel(["ready"])]);
        sandbox.always(Call::Scope, fault.clone());
        let ran = step(&sandbox).run();
        ran.ended("completed", 3).tells("went_live", "unknown");
        sandbox.release();
    }
    // Who may only look sees little of a site.
    let (_, ran) = built(deploy().unpublished(), web().patch(json!({"published_deploy": null})));
    ran.tells("went_live", "unknown");
    // What it says of another site is nothing about this one.
    let other = web().publishes(&id(1), false).patch(json!({"id": OTHER_SITE}));
    let (_, ran) = built(deploy().unpublished(), other);
    ran.tells("went_live", "unknown");
}

#[test]
fn whether_one_that_had_ended_before_is_red_the_site_decides() {
    for (site, live, code) in [(web().publishes(&id(1), false), "true", 3), (web().publishes(&id(9), true), "false", 0)]
    {
        let sandbox = sandbox([deploy().unpublished().states(["ready"])]);
        sandbox.add(site);
        let ran = step(&sandbox).run();
        ran.ended("already_finished", code).tells("went_live", live);
        assert_eq!(sandbox.count(Call::Cancel), 0);
        let ran = select(&sandbox, "commit").input("commit", crate::sandbox::netlify::COMMIT).run();
        ran.ended("already_finished", code).tells("went_live", live);
    }
}

#[test]
fn one_without_a_context_is_live_only_where_that_is_proven() {
    let nowhere = || deploy().unpublished().field("context", Value::Null);
    for (published, live) in [(1, "true"), (9, "unknown")] {
        let (_, ran) = built(nowhere(), web().publishes(&id(published), false));
        ran.tells("went_live", live);
    }
}

#[test]
fn what_is_old_was_live() {
    let ran = step(&sandbox([deploy().states(["old"])])).run();
    ran.ended("already_finished", 3).tells("state", "succeeded").tells("went_live", "true");
    ran.reasons(&["after it had gone live"]);
    let ran = step(&sandbox([deploy().after_cancel(["old"])])).run();
    ran.ended("completed", 3).tells("went_live", "true");
}

#[test]
fn a_token_that_may_only_look_reads_the_end_all_the_same() {
    let sandbox = sandbox([deploy().states(["building", "ready"])]);
    sandbox.token("netlify", TOKEN, Grant::ReadOnly);
    step(&sandbox).run().ended("completed", 3).tells("went_live", "true");
}
