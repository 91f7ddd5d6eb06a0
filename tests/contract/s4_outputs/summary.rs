//! The summary.

use super::{ending, levels, running, sandbox, step};
use crate::sandbox::digitalocean::Deployment;
use crate::sandbox::{Call, Fault, Sandbox, TOKEN, vercel};
use crate::step::Step;

#[test]
fn the_summary_tells_what_was_asked_and_what_was_seen() {
    let sandbox = running();
    let summary = step(&sandbox).run().summary;
    for text in [
        "Cancel one deployment on DigitalOcean App Platform",
        "| deployment | before | after | outcome | time |",
        "`dep-1`",
        "| `BUILDING` | `CANCELED` |",
        "canceled",
        "go live?** No",
        "**Seen:**",
        "`BUILDING` → ",
        "**Not undone",
    ] {
        assert!(summary.contains(text), "no {text:?} in\n{summary}");
    }
}

/// What holds only after a cancellation that took effect, in a run in which nothing new is live.
#[test]
fn what_stays_after_a_cancellation_is_said_only_where_that_is_so() {
    const STAYS: &str = "live before stays live";
    let course = |states: &[&str], after: &[&str]| ending(states, after);
    let refused = course(&["BUILDING"], &["CANCELED"]);
    refused.always(Call::Cancel, Fault::json(422, r#"{"message": "no"}"#));
    let one_live = running();
    one_live.add(Deployment::new("app-1", "dep-2").after_cancel(["ACTIVE"]));
    for (name, sandbox, outcome, says) in [
        ("canceled", running(), "canceled", true),
        ("refused", refused, "error", false),
        ("completed", course(&["BUILDING"], &["ACTIVE"]), "completed", false),
        ("failed", course(&["BUILDING"], &["ERROR"]), "failed", false),
        ("superseded", course(&["BUILDING"], &["SUPERSEDED"]), "superseded", false),
        ("not seen", course(&["BUILDING"], &["BUILDING"]), "timed_out", false),
        ("finished", course(&["CANCELED"], &["CANCELED"]), "already_finished", false),
        ("one live", one_live, "completed", false),
    ] {
        let ids = if name == "one live" { "dep-1,dep-2" } else { "dep-1" };
        let ran = step(&sandbox).input("deployment_id", ids).run_inside(&sandbox);
        assert_eq!(ran.output("outcome"), outcome, "{name}");
        let summary = &ran.summary;
        assert_eq!(summary.contains(STAYS), says, "{name}\n{summary}");
        assert_eq!(summary.contains("Not undone"), says, "{name}\n{summary}");
    }
}

#[test]
fn a_run_of_several_that_sees_no_end_counts_none() {
    for (input, value, counted) in [
        ("dry_run", "true", "1 had ended already, 2 would be asked to cancel"),
        ("wait", "false", "2 asked to cancel, 1 had ended already"),
        ("wait", "true", "2 canceled, 1 had ended already"),
    ] {
        let slow = |id| Deployment::new("app-1", id).after_cancel(["BUILDING", "CANCELED"]);
        let sandbox = sandbox(slow("dep-1"));
        sandbox.add(slow("dep-2"));
        sandbox.add(Deployment::new("app-1", "dep-3").states(["ERROR"]));
        let ran = step(&sandbox).input("deployment_id", "dep-1,dep-2,dep-3").input(input, value).run();
        let reason = ran.output("reason");
        assert!(reason.starts_with(counted), "{reason}");
        let heading = format!("3 deployments on DigitalOcean App Platform: {counted}\n");
        assert!(ran.summary.contains(&heading), "{}", ran.summary);
    }
}

#[test]
fn one_that_had_ended_in_a_way_nobody_knows_is_a_warning() {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").states(["DELETED"]));
    let ran = Step::on(&sandbox, "vercel").input("deployment_id", "dpl_1").run();
    ran.ended("already_finished", 0);
    assert_eq!((ran.output("went_live"), levels(&ran)), ("unknown", vec!["warning".to_owned()]));
    assert!(ran.summary.contains("⚠️"), "{}", ran.summary);
}

#[test]
fn a_fault_that_many_ids_have_is_told_once() {
    let ran = step(&running()).input("deployment_id", &".,".repeat(4000)).run();
    ran.ended("error", 2);
    assert_eq!(levels(&ran), ["error"]);
    let sizes = [ran.output("reason").len(), ran.summary.len()];
    assert!(sizes.iter().all(|size| *size < 2000), "{sizes:?}");
}

#[test]
fn the_summary_shows_the_way_back_when_it_went_live() {
    let ran = step(&ending(&["BUILDING"], &["ACTIVE"])).run();
    let summary = &ran.ended("completed", 3).summary;
    for text in ["go live?** **Yes", "**Next:**", "roll back", "https://cloud.digitalocean.com/apps/app-1"] {
        assert!(summary.contains(text), "no {text:?} in\n{summary}");
    }
}

#[test]
fn a_heading_says_that_nothing_was_canceled_where_a_run_sent_no_request() {
    let refused = step(&running()).input("select", "all").input("deployment_id", "").input("token", "another").run();
    refused.ended("error", 1).says("title=Nothing was canceled");
    assert!(refused.summary.contains("### ❌ Nothing was canceled"), "{}", refused.summary);
}

#[test]
fn a_refused_credential_heads_the_story_and_the_platforms_words_end_it() {
    let wrong = step(&running()).input("token", "another").run();
    wrong.ended("error", 1).says("title=Nothing was canceled%3A the credential was refused (dep-1)::");
    let heading = "### ❌ Nothing was canceled: the credential was refused (dep-1 on DigitalOcean App Platform)\n";
    assert!(wrong.summary.starts_with(heading) && !wrong.summary.contains("**Next:**"), "{}", wrong.summary);
    let (before, answer) = wrong.summary.trim_end().rsplit_once("\n\n").unwrap();
    assert!(answer.starts_with("The answer was 401 \"") && answer.contains("(request "), "{answer}");
    let last = before.lines().last().unwrap();
    assert!(last.starts_with("**What to do:** Check `token`"), "{last}");
    assert!(wrong.stdout.contains("%0AThe answer was 401 \""), "{}", wrong.stdout);
}

#[test]
fn a_cure_names_inputs_as_the_user_of_that_ci_system_writes_them() {
    let sandbox = running();
    let variables =
        [("PLATFORM", "digitalocean"), ("TOKEN", "another"), ("APP_ID", "app-1"), ("DEPLOYMENT_ID", "dep-1")];
    for (ci, prefix, name) in [
        ("gitlab", "CANCEL_DEPLOYMENT_", "`CANCEL_DEPLOYMENT_TOKEN`"),
        ("drone", "PLUGIN_", "`settings: token`"),
        ("buildkite", "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_", "`token`"),
    ] {
        let step = Step::of(ci).var(&format!("{prefix}API_URL"), &sandbox.url("digitalocean"));
        let step = variables.iter().fold(step, |step, (input, value)| step.var(&format!("{prefix}{input}"), value));
        step.run().says(&format!("Check {name} (or DIGITALOCEAN_ACCESS_TOKEN"));
    }
}

#[test]
fn a_row_says_in_our_words_what_became_of_it() {
    let ran = step(&ending(&["BUILDING"], &["ACTIVE"])).run();
    assert_eq!(ran.output("outcome"), "completed");
    assert!(ran.summary.contains("| `BUILDING` | `ACTIVE` (live) | ❌ went live | "), "{}", ran.summary);
    ran.says("BUILDING → ACTIVE (live)");
    let failed = step(&ending(&["BUILDING"], &["ERROR"])).run();
    assert!(failed.summary.contains("`ERROR` (failed) | ⚠️ failed by itself | "), "{}", failed.summary);
}

#[test]
fn a_page_to_look_at_is_named_only_where_there_is_one_of_a_deployment_that_was_seen() {
    let missing = step(&running()).input("deployment_id", "dep-1,dep-9").run();
    missing.ended("not_found", 4);
    assert!(!missing.summary.contains("**Next:**"), "{}", missing.summary);

    let sandbox = ending(&["BUILDING"], &["BUILDING"]);
    let late = step(&sandbox).input("deployment_id", "dep-1,dep-9").run_inside(&sandbox);
    let page = "**Next:** Look at [`dep-1`](https://cloud.digitalocean.com/apps/app-1";
    assert!(late.summary.contains(page), "{}", late.summary);
}

#[test]
fn the_way_back_of_production_is_not_offered_for_a_preview() {
    for (target, offered) in [(Some("production"), true), (None, false), (Some("staging"), false)] {
        let sandbox = Sandbox::start();
        let live = vercel::Deployment::new("prj_1", "web", "dpl_1").target(target).states(["READY"]);
        sandbox.add(live);
        let ran = Step::on(&sandbox, "vercel").input("deployment_id", "dpl_1").run();
        ran.ended("already_finished", 3).tells("went_live", "true");
        let plain = Step::plain()
            .input("platform", "vercel")
            .input("api_url", &sandbox.url("vercel"))
            .input("token", TOKEN)
            .input("deployment_id", "dpl_1")
            .run();
        for text in [&ran.summary, &plain.stdout] {
            assert_eq!(text.contains("vercel rollback"), offered, "{target:?}\n{text}");
            assert_eq!(text.contains("It is not production"), !offered, "{target:?}\n{text}");
        }
    }
}

#[test]
fn the_summary_lists_every_deployment() {
    let sandbox = running();
    sandbox.add(Deployment::new("app-1", "dep-2"));
    let summary = step(&sandbox).input("deployment_id", "dep-1,dep-2,dep-9").run().summary;
    for id in ["`dep-1`", "`dep-2`", "`dep-9`"] {
        assert_eq!(summary.lines().filter(|line| line.starts_with('|') && line.contains(id)).count(), 1, "{summary}");
    }
}

#[test]
fn the_summary_of_several_says_which_went_live_and_why_others_need_a_look() {
    let sandbox = running();
    let fast = Deployment::new("app-1", "dep-2").after_cancel(["BUILDING", "ACTIVE"]);
    sandbox.add(fast);
    let summary = step(&sandbox).input("deployment_id", "dep-1,dep-2,dep-9").run().summary;
    for text in [
        "go live?** **Yes, 1 of 3.**",
        "\n- `dep-2`: The platform accepted the cancel request, but too late",
        "\n- `dep-9`: The app app-1 has no deployment dep-9. Check",
        "**Next:** `dep-2` is live. To go back:",
    ] {
        assert!(summary.contains(text), "no {text:?} in\n{summary}");
    }
    assert!(!summary.contains("\n- `dep-1`"), "{summary}");
}

#[test]
fn the_summary_of_bad_input_lists_the_faults() {
    let sandbox = running();
    let summary = step(&sandbox).input("timeout", "soon").run().summary;
    assert!(summary.contains("`timeout`") && summary.contains("Nothing was sent"), "{summary}");
}

#[test]
fn the_summary_is_appended() {
    let sandbox = running();
    let step = step(&sandbox);
    std::fs::write(step.file("summary"), "# Earlier\n").unwrap();
    assert!(step.run().summary.starts_with("# Earlier\n"));
}

#[test]
fn no_summary_is_written_when_none_is_wanted() {
    let ran = step(&running()).input("summary", "False").run();
    assert_eq!(ran.ended("canceled", 0).summary, "");
}

#[test]
fn a_huge_summary_stays_below_1_mib_and_says_so() {
    let sandbox = Sandbox::start();
    let mut step = Step::on(&sandbox, "vercel");
    for list in 0..8 {
        let ids: Vec<String> = (0..150).map(|n| format!("{list}-{n:03}-{}", "x".repeat(500))).collect();
        let name = format!("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_DEPLOYMENT_ID_{list}");
        step = step.var(&name, &ids.join(","));
    }
    let ran = step.run();
    assert_eq!(ran.output("count"), "1200");
    assert!(ran.summary.len() < 1024 * 1024);
    assert!(ran.summary.contains("more are not listed"), "{}", ran.summary.len());
}

/// The whole hash is for machines; a link leads only where the CI system itself says that this repository is.
#[test]
fn a_commit_is_shown_in_seven_digits_and_linked_in_its_own_repository() {
    const COMMIT: &str = vercel::COMMIT;
    let short = &COMMIT[..7];
    let shown = |server: &str, head: &str, written: &str| {
        let sandbox = Sandbox::start();
        sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").after_cancel(["READY"]));
        let step = Step::on(&sandbox, "vercel").input("project_id", "web").input("select", "commit");
        let step = step.input("commit", written).var("GITHUB_EVENT_NAME", "workflow_dispatch");
        let step = step.var("GITHUB_SERVER_URL", server).var("GITHUB_REPOSITORY", "jane/shop").var("GITHUB_SHA", head);
        let ran = step.var("GITHUB_REF", "refs/heads/main").run();
        ran.ended("completed", 3).says(&format!("Cancel every deployment of commit {short} on Vercel"));
        assert_eq!(ran.only()["commit"], COMMIT);
        assert!(!ran.stdout.contains(COMMIT) && !ran.output("reason").contains(COMMIT), "{}", ran.stdout);
        let asked = ran.summary.lines().find(|line| line.starts_with("**Asked:**")).unwrap();
        asked.split(" of commit ").nth(1).unwrap().split(" on ").next().unwrap().to_owned()
    };
    let linked = format!("[`{short}`](https://github.example.com/jane/shop/commit/{COMMIT})");
    let plain = format!("`{short}`");
    for (server, head, written, is_linked) in [
        ("https://github.example.com", COMMIT, "", true),
        ("https://github.example.com", COMMIT, short, true),
        ("https://github.example.com", "1111111111111111111111111111111111111111", COMMIT, false),
        ("http://github.example.com", COMMIT, "", false),
        ("https://github.example.com/a)](https://evil.example", COMMIT, "", false),
        ("", COMMIT, "", false),
    ] {
        assert_eq!(
            shown(server, head, written),
            if is_linked { &*linked } else { &*plain },
            "{server} {head} {written}"
        );
    }
}

#[test]
fn a_log_that_is_the_summary_names_the_page_of_the_commit() {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1"));
    let step = Step::of("gitlab").input("platform", "vercel").input("api_url", &sandbox.url("vercel"));
    let step = step.input("token", TOKEN).input("project_id", "web").input("select", "commit");
    let step = step.var("CI_COMMIT_SHA", vercel::COMMIT).var("CI_PROJECT_URL", "https://gitlab.example.com/jane/shop");
    let page = format!("Commit: https://gitlab.example.com/jane/shop/-/commit/{}\n", vercel::COMMIT);
    step.run().says(&page);
}
