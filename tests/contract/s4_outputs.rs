//! What a run tells, where, and that nothing a platform says can act on its own.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::models::github::{Obeyed, obeyed};
use crate::sandbox::digitalocean::{App, Deployment};
use crate::sandbox::vercel;
use crate::sandbox::{Call, Fault, Sandbox, TOKEN};
use crate::step::{self, OUTPUTS, Ran, Step};

fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web")).add(deployment);
    sandbox
}

fn running() -> Sandbox {
    sandbox(Deployment::new("app-1", "dep-1"))
}

fn ending(states: &[&str], after_cancel: &[&str]) -> Sandbox {
    let deployment = Deployment::new("app-1", "dep-1").states(states.to_vec());
    sandbox(deployment.after_cancel(after_cancel.to_vec()))
}

fn step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "digitalocean").input("app_id", "app-1").input("deployment_id", "dep-1")
}

/// The same outside any CI system; with the variable it is GitHub without files.
fn bare(sandbox: &Sandbox) -> Step {
    Step::plain()
        .input("platform", "digitalocean")
        .input("api_url", &sandbox.url("digitalocean"))
        .input("token", TOKEN)
        .input("app_id", "app-1")
        .input("deployment_id", "dep-1")
}

/// A GitHub step whose files are named, but not made.
fn github_with(sandbox: &Sandbox, output: Option<&str>, summary: Option<&str>) -> Step {
    let mut step = bare(sandbox).var("GITHUB_ACTIONS", "true");
    for (name, file) in [("GITHUB_OUTPUT", output), ("GITHUB_STEP_SUMMARY", summary)] {
        if let Some(file) = file {
            let path = step.file(file);
            step = step.var(name, path.to_str().unwrap());
        }
    }
    step
}

/// A step for that many deployments that are not there.
fn lost(sandbox: &Sandbox, count: usize) -> Step {
    let ids: Vec<String> = (0..count).map(|n| format!("dpl_{n:04}")).collect();
    Step::on(sandbox, "vercel").input("deployment_id", &ids.join(","))
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

fn annotations(ran: &Ran) -> Vec<Obeyed> {
    let levels = ["notice", "warning", "error"];
    let all = obeyed(&ran.stdout).into_iter();
    all.filter(|command| levels.contains(&command.name.as_str())).collect()
}

/// The levels of all annotations.
fn levels(ran: &Ran) -> Vec<String> {
    annotations(ran).into_iter().map(|annotation| annotation.name).collect()
}

/// The only annotation.
#[track_caller]
fn annotation(ran: &Ran) -> Obeyed {
    let mut all = annotations(ran);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

// Outputs

#[test]
fn outputs_are_appended_to_what_the_step_wrote_before() {
    for before in ["earlier<<X\nvalue\nX\n", "earlier<<X\nvalue\nX"] {
        let sandbox = running();
        let step = step(&sandbox);
        std::fs::write(step.file("output"), before).unwrap();
        let ran = step.run();
        assert_eq!(ran.ended("canceled", 0).output("earlier"), "value");
        assert!(read(ran.folder.path(), "output").starts_with(before));
    }
}

#[test]
fn a_block_that_says_interrupted_comes_before_the_final_one() {
    let sandbox = running();
    let ran = step(&sandbox).run();
    let outcomes: Vec<_> =
        ran.written.iter().filter(|(name, _)| name == "outcome").map(|(_, value)| value.as_str()).collect();
    assert_eq!(outcomes, ["interrupted", "canceled"]);
    assert_eq!(ran.written.len(), 2 * OUTPUTS.len());
}

#[test]
fn the_provisional_block_is_written_once_for_all_deployments() {
    let sandbox = running();
    sandbox.add(Deployment::new("app-1", "dep-2"));
    let ran = step(&sandbox).input("deployment_id", "dep-1,dep-2").run();
    assert_eq!(ran.written.len(), 2 * OUTPUTS.len());
}

#[test]
fn a_run_that_sends_nothing_writes_no_provisional_block() {
    let sandbox = running();
    let ran = step(&sandbox).input("dry_run", "true").run();
    assert_eq!(ran.ended("dry_run", 0).written.len(), OUTPUTS.len());
}

#[test]
fn no_marker_in_the_output_file_is_used_twice() {
    let sandbox = running();
    let mut markers = BTreeSet::new();
    for _ in 0..2 {
        sandbox.add(Deployment::new("app-1", "dep-1"));
        let ran = step(&sandbox).run();
        let file = read(ran.folder.path(), "output");
        markers.extend(file.lines().filter_map(|line| line.split_once("<<")).map(|(_, mark)| mark.to_owned()));
    }
    assert_eq!(markers.len(), 4 * OUTPUTS.len());
}

#[test]
fn every_output_is_written_even_when_nothing_was_read() {
    let sandbox = Sandbox::start();
    let ran = lost(&sandbox, 1).run();
    ran.ended("not_found", 4);
    assert_eq!((ran.output("state"), ran.output("platform_state"), ran.output("deployment_url")), ("", "", ""));
    assert_eq!(ran.output("went_live"), "unknown");
}

#[test]
fn each_deployment_is_told_with_every_field() {
    let sandbox = running();
    let ran = step(&sandbox).run();
    let told = &ran.deployments()[0];
    let names: BTreeSet<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "platform",
        "deployment_id",
        "deployment_url",
        "outcome",
        "canceled",
        "went_live",
        "state",
        "platform_state",
        "previous_state",
        "reason",
        "branch",
        "commit",
        "target",
        "created_at",
        "duration_seconds",
        "http_status",
        "request_id",
        "timeline",
        "details",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    assert_eq!(told["timeline"][0]["platform_state"], "BUILDING");
    assert_eq!(told["http_status"], 200);
}

#[test]
fn nothing_sent_means_no_status_of_a_cancel_request() {
    let sandbox = running();
    let ran = step(&sandbox).input("dry_run", "true").run();
    let told = &ran.deployments()[0];
    assert_eq!((&told["http_status"], &told["request_id"]), (&Value::Null, &Value::Null));
}

#[test]
fn deployments_is_one_line_of_compact_json() {
    let sandbox = running();
    let ran = step(&sandbox).run();
    let text = ran.output("deployments");
    assert!(
        !text.contains('\n') && !text.contains("\": ") && text.starts_with(r#"[{"platform":"digitalocean","#),
        "{text}"
    );
}

#[test]
fn times_have_one_decimal() {
    let sandbox = running();
    let ran = step(&sandbox).run();
    let (whole, decimal) = ran.output("duration_seconds").split_once('.').unwrap();
    assert!(whole.parse::<u32>().is_ok() && decimal.len() == 1 && decimal.parse::<u32>().is_ok());
}

#[test]
fn the_worst_of_several_deployments_fills_the_single_outputs() {
    let sandbox = running();
    sandbox.add(Deployment::new("app-1", "dep-2").states(["ACTIVE"]));
    let ran = step(&sandbox).input("deployment_id", "dep-1,dep-2").run();
    ran.ended("already_finished", 3);
    assert_eq!((ran.output("deployment_id"), ran.output("platform_state")), ("dep-2", "ACTIVE"));
    assert_eq!((ran.output("went_live"), ran.output("canceled")), ("true", "false"));
}

#[test]
fn six_hundred_deployments_stay_below_100_kib() {
    let sandbox = Sandbox::start();
    let ran = lost(&sandbox, 600).input("output_file", "all.json").run();
    ran.ended("not_found", 4);
    assert!(ran.output("deployments").len() < 100 * 1024);
    assert_eq!((ran.output("count"), ran.output("canceled_count")), ("600", "0"));
    let left = 600 - ran.deployments().len();
    assert!(left > 0, "the test is too small");
    ran.says(&format!("{left} deployments are left out"));
    let whole: Value = serde_json::from_str(&read(ran.folder.path(), "all.json")).unwrap();
    assert_eq!(whole["deployments"].as_array().unwrap().len(), 600);
}

#[test]
fn what_is_left_out_of_deployments_are_the_best_outcomes() {
    let sandbox = Sandbox::start();
    for n in 0..300 {
        let id = format!("dpl_{n:04}");
        sandbox.add(vercel::Deployment::new("prj_1", "web", &id).states(["CANCELED"]));
    }
    let ran = lost(&sandbox, 600).run();
    let shown = ran.deployments();
    let lost = shown.iter().filter(|told| told["outcome"] == "not_found").count();
    assert_eq!(lost, 300.min(shown.len()));
}

// Annotations

#[test]
fn an_outcome_that_fails_the_step_is_an_error_and_another_at_most_a_warning() {
    for (states, after, fail_on, level) in [
        (["BUILDING"], ["CANCELED"], "", "notice"),
        (["BUILDING"], ["CANCELED"], "canceled", "error"),
        (["BUILDING"], ["ACTIVE"], "", "error"),
        (["BUILDING"], ["ACTIVE"], "none", "warning"),
        (["BUILDING"], ["ERROR"], "", "warning"),
        (["BUILDING"], ["ERROR"], "failed", "error"),
        (["BUILDING"], ["SUPERSEDED"], "", "notice"),
        (["ACTIVE"], ["ACTIVE"], "", "error"),
        (["ERROR"], ["ERROR"], "", "notice"),
    ] {
        let sandbox = ending(&states, &after);
        let ran = step(&sandbox).input("fail_on", fail_on).run();
        assert_eq!(annotation(&ran).name, level, "{states:?} {after:?} {fail_on}");
    }
}

#[test]
fn an_annotation_has_a_title_with_the_deployment_and_a_text() {
    let sandbox = running();
    let annotation = annotation(&step(&sandbox).run());
    assert_eq!(annotation.properties, "title=Canceled: dep-1");
    assert!(!annotation.text.trim().is_empty());
}

#[test]
fn ten_deployments_get_an_annotation_each() {
    let sandbox = Sandbox::start();
    assert_eq!(levels(&lost(&sandbox, 10).run()), ["error"; 10]);
}

#[test]
fn of_more_than_ten_deployments_the_last_annotation_counts_the_rest() {
    let sandbox = Sandbox::start();
    let ran = lost(&sandbox, 12).run();
    let all = annotations(&ran);
    assert_eq!(all.len(), 10);
    let last = all.last().unwrap();
    assert!(last.properties.contains('3') && last.text.contains("3 not_found"), "{last:?}");
}

#[test]
fn the_worst_of_many_deployments_are_annotated() {
    let sandbox = Sandbox::start();
    for n in 0..11 {
        let id = format!("dpl_{n:04}");
        sandbox.add(vercel::Deployment::new("prj_1", "web", &id).states(["CANCELED"]));
    }
    let ran = lost(&sandbox, 12).run();
    assert_eq!(annotations(&ran)[0].properties, "title=Not found: dpl_0011");
}

#[test]
fn text_in_an_annotation_comes_back_as_it_was() {
    let word = "50%0Ahalf%3A, 100%";
    let sandbox = ending(&[word], &["CANCELED"]);
    let ran = step(&sandbox).input("dry_run", "true").run();
    assert!(annotation(&ran).text.contains(word), "{}", ran.stdout);
}

#[test]
fn a_title_is_escaped_as_a_property() {
    let sandbox = Sandbox::start();
    let deployment = vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app").states(["READY"]);
    sandbox.add(deployment.field("id", json!("dpl_a,file=x:y%0Az")));
    let ran = Step::on(&sandbox, "vercel").input("deployment_id", "own.vercel.app").run();
    ran.ended("already_finished", 3).says("title=Was live already%3A dpl_a%2Cfile=x%3Ay%250Az::");
}

// Masks

#[test]
fn every_secret_is_masked_before_anything_else() {
    let sandbox = running();
    let ran = step(&sandbox)
        .var("INPUT_API-KEY", "an-unused-key-1")
        .input("client_secret", "another-platforms-secret")
        .secret("an-unused-key-1")
        .secret("another-platforms-secret")
        .run();
    let masked: BTreeSet<_> =
        obeyed(&ran.stdout).into_iter().take(3).map(|command| (command.name, command.text)).collect();
    let expected = [TOKEN, "an-unused-key-1", "another-platforms-secret"];
    assert_eq!(masked, expected.map(|text| ("add-mask".to_owned(), text.to_owned())).into());
}

#[test]
fn the_masks_come_first_even_with_bad_input() {
    let sandbox = running();
    let ran = step(&sandbox).input("timeout", "soon").input("ci", "travis").run();
    assert_eq!(obeyed(&ran.stdout)[0].text, TOKEN);
}

#[test]
fn a_mask_is_escaped_so_that_the_runner_hides_the_real_value() {
    let sandbox = running();
    let ran = step(&sandbox).input("token", "half%0Aand%25half").run();
    assert_eq!(obeyed(&ran.stdout)[0].text, "half%0Aand%25half");
}

#[test]
fn ids_and_very_short_secrets_are_not_masked() {
    let sandbox = running();
    let ran = step(&sandbox).input("token", "abc").run();
    assert!(!ran.stdout.contains("add-mask"), "{}", ran.stdout);
}

#[test]
fn a_secret_is_not_printed_as_a_mask_where_no_runner_reads_it() {
    for variable in ["GITHUB_ACTIONS", "CI"] {
        for ci in ["github", "gitea", "forgejo"] {
            let sandbox = running();
            let ran = bare(&sandbox).input("ci", ci).var(variable, "false").run();
            assert_eq!(ran.code, 0);
            assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN), "{}", ran.stdout);
        }
    }
}

#[test]
fn a_plain_run_masks_nothing() {
    let sandbox = running();
    let ran = bare(&sandbox).run();
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN));
}

#[test]
fn gitea_and_forgejo_get_masks_and_outputs_too() {
    for variable in ["GITEA_ACTIONS", "FORGEJO_ACTIONS"] {
        let sandbox = running();
        let ran = step(&sandbox).without("GITHUB_ACTIONS").var(variable, "true").run();
        ran.ended("canceled", 0);
        assert_eq!(obeyed(&ran.stdout)[0].name, "add-mask");
    }
}

// The log

#[test]
fn the_log_is_in_a_group_that_is_closed_before_the_annotation() {
    let sandbox = running();
    let names: Vec<_> = obeyed(&step(&sandbox).run().stdout).into_iter().map(|command| command.name).collect();
    assert_eq!(names, ["add-mask", "group", "endgroup", "notice"]);
}

#[test]
fn bad_input_leaves_no_group_open() {
    let sandbox = running();
    let ran = step(&sandbox).input("timeout", "soon").run();
    let names: Vec<_> = obeyed(&ran.stdout).into_iter().map(|command| command.name).collect();
    assert_eq!(names, ["add-mask", "error"]);
}

#[test]
fn a_line_is_logged_when_a_state_changes_and_not_for_every_read() {
    let sandbox = ending(&["BUILDING"], &["BUILDING", "BUILDING", "CANCELED"]);
    let ran = step(&sandbox).input("poll_interval", "1s").run();
    ran.ended("canceled", 0);
    let lines = |text: &str| ran.stdout.lines().filter(|line| line.ends_with(&format!(" s  dep-1: {text}"))).count();
    assert!(sandbox.count(Call::Read) > 2);
    assert_eq!((lines("BUILDING"), lines("BUILDING → CANCELED")), (1, 1), "{}", ran.stdout);
}

fn debug_lines(ran: &Ran) -> Vec<String> {
    let all = obeyed(&ran.stdout).into_iter();
    all.filter(|command| command.name == "debug").map(|command| command.text).collect()
}

#[test]
fn a_debug_run_tells_every_request() {
    let sandbox = running();
    let ran = step(&sandbox).var("RUNNER_DEBUG", "1").run();
    let lines = debug_lines(&ran);
    assert_eq!(lines.len(), sandbox.requests().len());
    let path = "/digitalocean/v2/apps/app-1/deployments/dep-1";
    assert!(lines[0].starts_with(&format!("GET {path}: 200")), "{lines:?}");
    assert!(lines[1].starts_with(&format!("POST {path}/cancel: 200")), "{lines:?}");
    for line in &lines {
        assert!(line.contains("request id 4851a473-") && line.ends_with(" ms"), "{line}");
    }
}

#[test]
fn a_debug_run_shows_neither_bodies_nor_headers() {
    let sandbox = running();
    let ran = step(&sandbox).var("RUNNER_DEBUG", "1").run();
    let all = debug_lines(&ran).join("\n").to_lowercase();
    for text in ["bearer", "authorization", "ratelimit", "content-type", "\"phase\"", "9a4df0b8", "user-agent"] {
        assert!(!all.contains(text), "{text} in {all}");
    }
}

#[test]
fn a_debug_line_of_a_long_path_still_tells_status_and_time() {
    let sandbox = running();
    let ran = step(&sandbox).input("deployment_id", &"x".repeat(400)).var("RUNNER_DEBUG", "1").run();
    let line = &debug_lines(&ran)[0];
    assert!(line.contains("404") && line.ends_with(" ms"), "{line}");
}

#[test]
fn without_debug_no_request_is_told() {
    for value in ["", "0"] {
        let sandbox = running();
        let ran = step(&sandbox).var("RUNNER_DEBUG", value).run();
        assert!(debug_lines(&ran).is_empty());
    }
}

// The summary

#[test]
fn the_summary_tells_what_was_asked_and_what_was_seen() {
    let sandbox = running();
    let summary = step(&sandbox).run().summary;
    for text in [
        "1 deployment on DigitalOcean App Platform",
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
        let step = step(&sandbox).input("deployment_id", ids).input("timeout", "2s");
        let ran = step.run();
        assert_eq!(ran.output("outcome"), outcome, "{name}");
        let summary = &ran.summary;
        assert_eq!(summary.contains(STAYS), says, "{name}\n{summary}");
        assert_eq!(summary.contains("Not undone"), says, "{name}\n{summary}");
    }
}

#[test]
fn a_run_of_several_that_sees_no_end_counts_none() {
    for (input, value, counted) in
        [("dry_run", "true", "Dry run: 2 of 3"), ("wait", "false", "2 of 3"), ("wait", "true", "2 of 3")]
    {
        let slow = |id| Deployment::new("app-1", id).after_cancel(["BUILDING", "CANCELED"]);
        let sandbox = sandbox(slow("dep-1"));
        sandbox.add(slow("dep-2"));
        sandbox.add(Deployment::new("app-1", "dep-3").states(["ERROR"]));
        let ran = step(&sandbox).input("deployment_id", "dep-1,dep-2,dep-3").input(input, value).run();
        let reason = ran.output("reason");
        assert!(reason.starts_with(counted), "{reason}");
        assert!(ran.summary.contains(&format!("{counted} deployments")), "{}", ran.summary);
        let ends = reason.contains("ended canceled");
        assert_eq!(ends, value == "true" && input == "wait", "{reason}");
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
    let sandbox = running();
    let ran = step(&sandbox).input("deployment_id", &".,".repeat(4000)).run();
    ran.ended("error", 2);
    assert_eq!(levels(&ran), ["error"]);
    let sizes = [ran.output("reason").len(), ran.summary.len()];
    assert!(sizes.iter().all(|size| *size < 2000), "{sizes:?}");
}

#[test]
fn the_summary_shows_the_way_back_when_it_went_live() {
    let sandbox = ending(&["BUILDING"], &["ACTIVE"]);
    let ran = step(&sandbox).run();
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
fn a_page_to_look_at_is_named_only_where_there_is_one_of_a_deployment_that_was_seen() {
    let sandbox = running();
    let missing = step(&sandbox).input("deployment_id", "dep-1,dep-9").run();
    missing.ended("not_found", 4);
    assert!(!missing.summary.contains("**Next:**"), "{}", missing.summary);

    let sandbox = ending(&["BUILDING"], &["BUILDING"]);
    let late = step(&sandbox).input("deployment_id", "dep-1,dep-9").input("timeout", "2").run();
    let page = "**Next:** look at [`dep-1`](https://cloud.digitalocean.com/apps/app-1";
    assert!(late.summary.contains(page), "{}", late.summary);
}

#[test]
fn the_way_back_of_production_is_not_offered_for_a_preview() {
    for (target, offered) in [(Some("production"), true), (None, false), (Some("staging"), false)] {
        let sandbox = Sandbox::start();
        let live = vercel::Deployment::new("prj_1", "web", "dpl_1").target(target).states(["READY"]);
        sandbox.add(live);
        let ran = Step::on(&sandbox, "vercel").input("deployment_id", "dpl_1").run();
        ran.ended("already_finished", 3);
        assert_eq!(ran.output("went_live"), "true");
        let plain = Step::plain()
            .input("platform", "vercel")
            .input("api_url", &sandbox.url("vercel"))
            .input("token", TOKEN)
            .input("deployment_id", "dpl_1")
            .run();
        for text in [&ran.summary, &plain.stdout] {
            assert_eq!(text.contains("vercel rollback"), offered, "{target:?}\n{text}");
            assert_eq!(text.contains("what production serves has not changed"), !offered, "{target:?}\n{text}");
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
        "\n- `dep-2`: It went live before the cancellation could take effect",
        "\n- `dep-9`: The app app-1 has no deployment dep-9; check",
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
    let sandbox = running();
    let ran = step(&sandbox).input("summary", "False").run();
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
    assert!(ran.summary.contains("more deployments are not listed"), "{}", ran.summary.len());
}

// Files that cannot be written

fn warnings(ran: &Ran) -> Vec<Obeyed> {
    annotations(ran).into_iter().filter(|annotation| annotation.name == "warning").collect()
}

#[test]
fn outputs_that_cannot_be_written_are_a_warning() {
    let sandbox = running();
    let ran = github_with(&sandbox, Some("no-folder/output"), Some("summary")).run();
    assert_eq!(ran.code, 0);
    assert!(warnings(&ran).iter().any(|warning| warning.text.contains("outputs")), "{}", ran.stdout);
    assert!(ran.summary.contains("Canceled"));
}

#[test]
fn outputs_that_cannot_be_written_are_warned_about_once() {
    let sandbox = running();
    let ran = github_with(&sandbox, Some("no-folder/output"), Some("summary")).run();
    assert_eq!(warnings(&ran).len(), 1, "{}", ran.stdout);
}

#[test]
fn a_missing_name_of_the_output_file_is_a_warning() {
    let sandbox = running();
    let ran = github_with(&sandbox, None, Some("summary")).run();
    assert_eq!((ran.code, warnings(&ran).len()), (0, 1), "{}", ran.stdout);
}

#[test]
fn a_summary_that_cannot_be_written_is_a_warning() {
    let sandbox = running();
    let ran = github_with(&sandbox, Some("output"), Some("no-folder/summary")).run();
    assert_eq!((ran.code, warnings(&ran).len()), (0, 1), "{}", ran.stdout);
}

#[test]
fn a_missing_name_of_the_summary_is_a_warning() {
    let sandbox = running();
    let ran = github_with(&sandbox, Some("output"), None).run();
    assert_eq!((ran.code, warnings(&ran).len()), (0, 1), "{}", ran.stdout);
}

#[test]
fn a_file_that_cannot_be_written_does_not_turn_a_failure_green() {
    let sandbox = ending(&["BUILDING"], &["ACTIVE"]);
    let ran = github_with(&sandbox, Some("no-folder/output"), Some("no-folder/summary")).run();
    assert_eq!(ran.code, 3);
}

#[test]
fn an_output_file_that_cannot_be_written_is_a_warning() {
    let sandbox = running();
    let ran = step(&sandbox).input("output_file", "summary/out.json").run();
    ran.ended("canceled", 0);
    assert!(warnings(&ran)[0].text.contains("output_file"));
}

// The user's own output file

#[test]
fn an_output_file_in_json_is_whole_and_typed() {
    let sandbox = running();
    let ran = step(&sandbox).input("output_file", "out.json").run();
    let file: Value = serde_json::from_str(&read(ran.folder.path(), "out.json")).unwrap();
    let names: BTreeSet<&str> = file.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(OUTPUTS));
    assert_eq!((&file["outcome"], &file["canceled"], &file["count"]), (&json!("canceled"), &json!(true), &json!(1)));
    assert_eq!(file["deployments"], json!(ran.deployments()));
}

#[test]
fn an_output_file_is_replaced_and_nothing_is_left_beside_it() {
    for name in ["out.json", "out.env"] {
        let sandbox = running();
        let step = step(&sandbox).input("output_file", name);
        std::fs::write(step.file(name), "OLD=1\n".repeat(10_000)).unwrap();
        let ran = step.run();
        assert!(!read(ran.folder.path(), name).contains("OLD"));
        assert_eq!(std::fs::read_dir(ran.folder.path()).unwrap().count(), 3);
    }
}

#[test]
fn an_output_file_of_lines_holds_plain_values_only() {
    let sandbox = ending(&["a b; rm -rf $HOME"], &["CANCELED"]);
    let ran = step(&sandbox).input("output_file", "out.env").run();
    let file = read(ran.folder.path(), "out.env");
    let lines: Vec<_> = file.lines().map(|line| line.split_once('=').unwrap()).collect();
    for (name, value) in &lines {
        assert!(name.strip_prefix("CANCELLATION_").is_some_and(|name| name == name.to_uppercase()), "{name}");
        assert!(
            !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "._:/@-".contains(c)),
            "{value}"
        );
    }
    assert!(
        lines.contains(&("CANCELLATION_OUTCOME", "canceled"))
            && lines.contains(&("CANCELLATION_DEPLOYMENT_ID", "dep-1"))
    );
    assert!(!file.contains("PREVIOUS_STATE") && !file.contains("REASON") && !file.contains("DEPLOYMENTS"), "{file}");
}

#[test]
fn an_output_file_is_written_for_bad_input_too() {
    let sandbox = running();
    let ran = step(&sandbox).input("timeout", "soon").input("output_file", "out.json").run();
    let file: Value = serde_json::from_str(&read(ran.folder.path(), "out.json")).unwrap();
    assert_eq!((&file["outcome"], &file["count"]), (&json!("error"), &json!(0)));
}

// A run outside any CI system

#[test]
fn a_plain_run_tells_the_result_on_standard_output_and_the_log_on_standard_error() {
    let sandbox = running();
    let ran = bare(&sandbox).run();
    assert!(ran.stdout.contains("dep-1: canceled (BUILDING → CANCELED"), "{}", ran.stdout);
    assert!(ran.stderr.contains("asking to cancel") && !ran.stdout.contains("asking to cancel"));
}

#[test]
fn a_plain_run_has_no_commands_and_no_colours() {
    let sandbox = running();
    let ran = bare(&sandbox).run();
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!opens_command(&all) && !all.contains('\u{1b}'), "{all}");
}

#[test]
fn plain_can_be_asked_for_on_github() {
    let sandbox = running();
    let ran = bare(&sandbox).input("ci", "Plain").var("GITHUB_ACTIONS", "true").run();
    assert_eq!(ran.code, 0);
    assert!(annotations(&ran).is_empty() && ran.stdout.contains("dep-1: canceled"), "{}", ran.stdout);
}

// Hostile text

/// Everything that some CI system, a terminal, a heredoc, Markdown or HTML would take for more than text.
pub const HOSTILE: [&str; 24] = [
    "::error::owned",
    "\n::error::owned",
    "\r::warning::owned",
    "\r\n ::set-output name=outcome::owned",
    "a\u{85}::error::b\u{2028}::error::c\u{b}::error::d",
    "x ##[set-output name=outcome]owned",
    "##[ERROR]owned",
    "##vso[task.complete result=Succeeded;]owned",
    "##VSO[task.setvariable variable=outcome]owned",
    "##teamcity[buildStatus text='owned']",
    "#\u{200b}#[error]owned",
    ":\u{200b}:error::owned",
    "\u{1b}[31mowned\u{1b}]0;t\u{7}",
    "owned\nEOF\noutcome=canceled",
    "outcome<<EOF\nowned\nEOF",
    "ghadelimiter_0123\noutcome<<ghadelimiter_1\nowned",
    "a|b||c",
    "a\\|b",
    "`owned` ``owned``",
    "<img src=x onerror=owned()>",
    "[owned](https://evil.example/x)",
    "![owned](https://evil.example/p.png)",
    "</td></table><script>owned()</script>",
    "::stop-commands::owned",
];

/// The forms in which a platform could echo the secret; the check of every run knows them as well.
fn forms_of_the_secret() -> Vec<String> {
    let mut forms = step::forms(TOKEN);
    let escaped: Vec<_> = TOKEN
        .chars()
        .map(|c| match c {
            '/' => "%252f".to_owned(),
            '+' => "&#43;".to_owned(),
            '=' => "\\\\u003D".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let encoded = STANDARD.encode(format!("user:{TOKEN}"));
    let (head, tail) = encoded.split_at(20);
    forms.extend([
        TOKEN.to_owned(),
        TOKEN.to_uppercase(),
        escaped.concat(),
        URL_SAFE_NO_PAD.encode(TOKEN),
        format!("{head}\r\n {tail}"),
        encoded,
        TOKEN.replace('-', "\u{2064}-"),
        TOKEN.replace('/', "\\/"),
    ]);
    forms
}

fn everything_shown(ran: &Ran) -> String {
    let lines: Vec<_> = ran.stdout.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    let output = read(ran.folder.path(), "output");
    format!("{}\n{}\n{}\n{output}", lines.join("\n"), ran.stderr, ran.summary)
}

/// Nothing in this run acted: one annotation, our own commands only, our own outputs only, a table that holds.
#[track_caller]
fn nothing_acted(ran: &Ran, hostile: &str) {
    let names: Vec<_> =
        obeyed(&format!("{}\n{}", ran.stdout, ran.stderr)).into_iter().map(|command| command.name).collect();
    let (mut own, debug): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name != "debug");
    own.pop_if(|last| ["notice", "warning", "error"].contains(&last.as_str()));
    assert_eq!(own, ["add-mask", "group", "endgroup"], "{hostile:?} {debug:?}\n{}", ran.stdout);
    let shown = everything_shown(ran);
    let lower = shown.to_lowercase();
    for start in ["##[", "##vso[", "##teamcity[", "\r", "\u{1b}", "\u{85}", "\u{2028}", "\u{200b}"] {
        assert!(!lower.contains(start), "{start:?} of {hostile:?} in\n{shown}");
    }
    let markup = markup(&ran.summary);
    for start in ["<img", "<script", "</td", "](https://evil", "owned]("] {
        assert!(!markup.contains(start), "{start:?} of {hostile:?} in\n{}", ran.summary);
    }
    for form in forms_of_the_secret() {
        assert!(!lower.contains(&form.to_lowercase()), "{form} in\n{shown}");
    }
    let written: BTreeSet<&str> = ran.outputs.keys().map(String::as_str).collect();
    assert_eq!(written, BTreeSet::from(OUTPUTS), "{hostile:?}");
    assert!(ran.outputs.values().all(|value| !opens_command(value) && !value.contains('\n')), "{hostile:?}");
    assert_eq!(ran.deployments().len(), 1);
    table_holds(&ran.summary);
}

/// What Markdown reads as more than text: everything but code spans, which end within their cell or line.
fn markup(summary: &str) -> String {
    let bars = |line: &str| line.replace("\\|", "").replace('|', "\n");
    let cells: Vec<String> =
        summary.lines().map(|line| if line.starts_with('|') { bars(line) } else { line.to_owned() }).collect();
    cells.join("\n").lines().map(without_code).collect::<Vec<_>>().join("\n")
}

/// A code span ends at the next run of as many backticks as it began with.
fn without_code(line: &str) -> String {
    let mut rest = line;
    let mut text = String::new();
    while let Some(at) = rest.find('`') {
        let (before, code) = rest.split_at(at);
        text.push_str(before);
        let inner = code.trim_start_matches('`');
        let fence = code.len() - inner.len();
        let end = inner.match_indices(&code[..fence]).map(|(at, _)| at).find(|at| {
            let after = &inner[at + fence..];
            !after.starts_with('`') && !inner[..*at].ends_with('`')
        });
        rest = end.map_or(inner, |end| &inner[end + fence..]);
    }
    text + rest
}

#[test]
fn the_model_of_markdown_knows_code_spans() {
    assert_eq!(markup("a `b` c ``d`e`` f `g"), "a  c  f g");
    assert_eq!(markup("| `x\\|y` | z |"), "\n  \n z ");
}

/// Every row of the table has its five cells; a bar behind a backslash is text.
#[track_caller]
fn table_holds(summary: &str) {
    let rows: Vec<_> = summary.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 3, "{summary}");
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
    }
}

fn vercel_step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "vercel").input("deployment_id", "dpl_1").var("RUNNER_DEBUG", "1")
}

/// Runs with every hostile text in one place of a Vercel deployment.
#[track_caller]
fn vercel_says(place: impl Fn(vercel::Deployment, &str) -> vercel::Deployment, outcome: &str) {
    for hostile in HOSTILE.map(str::to_owned).into_iter().chain(forms_of_the_secret()) {
        let sandbox = Sandbox::start();
        sandbox.add(place(vercel::Deployment::new("prj_1", "web", "dpl_1"), &hostile));
        let ran = vercel_step(&sandbox).run();
        assert_eq!(ran.output("outcome"), outcome, "{hostile:?}");
        nothing_acted(&ran, &hostile);
    }
}

/// Runs with every hostile text in an answer to one kind of request.
#[track_caller]
fn answers(call: Call, fault: impl Fn(&str) -> Fault) {
    for hostile in HOSTILE.map(str::to_owned).into_iter().chain(forms_of_the_secret()) {
        let sandbox = Sandbox::start();
        sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1"));
        sandbox.fault(call, [fault(&hostile)]);
        nothing_acted(&vercel_step(&sandbox).run(), &hostile);
    }
}

#[test]
fn a_hostile_state_stays_text() {
    vercel_says(|deployment, text| deployment.states([text]), "canceled");
}

#[test]
fn a_hostile_branch_stays_text() {
    vercel_says(|deployment, text| deployment.branch(text), "canceled");
}

#[test]
fn a_hostile_commit_stays_text() {
    vercel_says(|deployment, text| deployment.commit(text), "canceled");
}

#[test]
fn a_hostile_target_stays_text() {
    vercel_says(|deployment, text| deployment.target(Some(text)), "canceled");
}

#[test]
fn a_hostile_project_name_stays_text() {
    vercel_says(|deployment, text| deployment.field("name", json!(text)), "canceled");
}

#[test]
fn a_hostile_project_name_in_a_page_address_stays_text() {
    let place = |deployment: vercel::Deployment, text: &str| {
        let slug = json!({"team": {"slug": text}, "inspectorUrl": null});
        deployment.field("name", json!(text)).patch(slug)
    };
    vercel_says(place, "canceled");
}

#[test]
fn a_hostile_page_address_stays_text() {
    let place = |deployment: vercel::Deployment, text: &str| {
        deployment.field("inspectorUrl", json!(format!("https://vercel.com/a/b?{text}#{text}")))
    };
    vercel_says(place, "canceled");
}

#[test]
fn a_hostile_host_name_stays_text() {
    vercel_says(|deployment, text| deployment.field("url", json!(text)), "canceled");
}

#[test]
fn a_hostile_error_message_stays_text() {
    let place = |deployment: vercel::Deployment, text: &str| {
        deployment.states(["ERROR"]).error_message(text).field("errorCode", json!(text))
    };
    vercel_says(place, "already_finished");
}

#[test]
fn a_hostile_message_of_a_refused_cancel_stays_text() {
    vercel_says(|deployment, text| deployment.refuses_cancel(text), "error");
}

#[test]
fn a_hostile_message_of_a_refused_read_stays_text() {
    answers(Call::Read, |text| Fault::json(401, &json!({"error": {"code": text, "message": text}}).to_string()));
}

#[test]
fn hostile_headers_stay_text() {
    answers(Call::Cancel, |text| {
        let visible: String = text.chars().filter(|c| c.is_ascii() && !c.is_control()).collect();
        let header = |name: &str| (name.to_owned(), visible.clone());
        Fault::Reply {
            status: 403,
            content_type: visible.clone(),
            headers: vec![header("x-vercel-id"), header("location"), header("retry-after"), header("server")],
            body: text.as_bytes().to_vec(),
        }
    });
}

#[test]
fn a_hostile_redirect_stays_text() {
    answers(Call::Cancel, |text| {
        let visible: String = text.chars().filter(|c| c.is_ascii() && !c.is_control()).collect();
        Fault::Redirect(format!("https://evil.example/{visible}"))
    });
}

#[test]
fn a_hostile_body_that_is_no_json_stays_text() {
    answers(Call::Cancel, |text| Fault::Reply {
        status: 400,
        content_type: "text/plain".to_owned(),
        headers: Vec::new(),
        body: text.as_bytes().to_vec(),
    });
}

#[test]
fn a_hostile_id_behind_a_host_name_stays_text() {
    for hostile in HOSTILE {
        let sandbox = Sandbox::start();
        let deployment = vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app").states(["ERROR"]);
        sandbox.add(deployment.field("id", json!(hostile)));
        let ran = vercel_step(&sandbox).input("deployment_id", "own.vercel.app").run();
        nothing_acted(&ran, hostile);
    }
}

#[test]
fn a_hostile_id_of_another_deployment_stays_text() {
    for hostile in HOSTILE {
        let sandbox = Sandbox::start();
        let deployment =
            vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app").alias("alias.vercel.app");
        sandbox.add(deployment.field("id", json!(hostile)).field("url", json!(hostile)));
        let ran = vercel_step(&sandbox).input("deployment_id", "alias.vercel.app").run();
        ran.ended("error", 1);
        nothing_acted(&ran, hostile);
    }
}

#[test]
fn a_hostile_id_from_the_workflow_stays_text() {
    for hostile in HOSTILE.into_iter().filter(|text| !text.contains(char::is_control)) {
        let sandbox = running();
        let ran = step(&sandbox).input("deployment_id", &hostile.replace(',', "")).run();
        if ran.code == 2 {
            // Brackets or quotes around an id are a mistake, and told as one.
            ran.ended("error", 2).says("brackets or quotes around it");
            let names: Vec<_> = obeyed(&ran.stdout).into_iter().map(|it| it.name).collect();
            assert_eq!(names, ["add-mask", "error"], "{hostile:?}");
            continue;
        }
        ran.ended("not_found", 4);
        nothing_acted(&ran, hostile);
    }
}

#[test]
fn a_hostile_request_id_in_a_body_stays_text() {
    for hostile in HOSTILE {
        let sandbox = running();
        let body = json!({"id": "bad_request", "message": hostile, "request_id": hostile}).to_string();
        sandbox.fault(Call::Cancel, [Fault::json(422, &body)]);
        let ran = step(&sandbox).run();
        ran.ended("error", 1);
        nothing_acted(&ran, hostile);
    }
}

#[test]
fn hostile_text_in_a_plain_run_stays_text() {
    for hostile in HOSTILE {
        let sandbox = ending(&[hostile], &["CANCELED"]);
        let ran = bare(&sandbox).run();
        let all = format!("{}{}", ran.stdout, ran.stderr).to_lowercase();
        assert!(obeyed(&all).is_empty(), "{all}");
        assert!(!opens_command(&all));
        for start in ["##[", "##vso[", "##teamcity[", "\r", "\u{1b}"] {
            assert!(!all.contains(start), "{start:?} of {hostile:?} in\n{all}");
        }
    }
}

#[test]
fn ids_are_shown_as_they_are_written() {
    let id = "fra1::iad1::x-1";
    let sandbox = Sandbox::start();
    let deployment = vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app");
    sandbox.add(deployment.field("id", json!(id)).states([id]));
    let ran = vercel_step(&sandbox).input("deployment_id", "own.vercel.app").input("dry_run", "true").run();
    for name in ["deployment_id", "platform_state"] {
        assert_eq!(ran.output(name), id);
    }
    for shown in [ran.output("reason"), &annotation(&ran).text, &ran.summary] {
        assert!(shown.contains(id), "{shown}");
    }
    assert!(ran.stdout.contains(&format!(" s  own.vercel.app: {id}")), "{}", ran.stdout);
}

#[test]
fn a_host_at_the_start_of_a_sentence_keeps_its_small_letter() {
    let sandbox = Sandbox::start();
    let deployment = vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app");
    sandbox.add(deployment.alias("alias.vercel.app"));
    let ran = vercel_step(&sandbox).input("deployment_id", "alias.vercel.app").run();
    ran.ended("error", 1);
    let reason = ran.output("reason");
    assert!(reason.contains("alias.vercel.app") && !reason.contains("Alias."), "{reason}");
}

#[test]
fn hostile_text_stays_itself_inside_deployments() {
    for branch in ["::error::x", "##[x]y", "##vso[x]", "a\"b\\c", "ü|`<&>", "a:::b"] {
        let sandbox = Sandbox::start();
        sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").branch(branch));
        let ran = vercel_step(&sandbox).run();
        assert_eq!(ran.deployments()[0]["branch"], branch);
    }
}

#[test]
fn hostile_text_stays_itself_inside_an_output_file() {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").branch("##[x]::y"));
    let ran = vercel_step(&sandbox).input("output_file", "out.json").run();
    let text = read(ran.folder.path(), "out.json");
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["deployments"][0]["branch"], "##[x]::y");
    assert!(!text.contains("##[") && !opens_command(&text), "{text}");
}

#[test]
fn the_log_says_asked_only_of_what_was_sent() {
    let sandbox = running();
    sandbox.add(Deployment::new("app-1", "dep-2"));
    sandbox.fault(Call::Read, [Fault::Pass, Fault::HoldBefore]);
    let limit = Fault::RetryAfter { status: 429, value: "1".to_owned() };
    sandbox.fault(Call::Cancel, [limit]);
    let running = step(&sandbox).input("deployment_id", "dep-1,dep-2").start();
    sandbox.wait_for(Call::Read, 2);
    sandbox.wait_for(Call::Cancel, 1);
    sandbox.release();
    let ran = running.wait();
    ran.ended("canceled", 0);
    let said = ran.stdout.matches("asking to cancel").count();
    assert_eq!(said, sandbox.count(Call::Cancel), "{}", ran.stdout);
}

/// A full pipe holds a run for good if anything waits for its reader: then the watchdog ends it, without a code.
#[test]
#[cfg(unix)]
fn a_reader_that_has_stopped_reading_does_not_keep_a_run() {
    let sandbox = Sandbox::start();
    let ids: Vec<String> = (0..800).map(|n| format!("dpl_{n:04}")).collect();
    // Outside any CI system each of them is told on standard output, which then holds more than a pipe does.
    let mut running = Step::plain()
        .input("platform", "vercel")
        .input("api_url", &sandbox.url("vercel"))
        .input("token", TOKEN)
        .input("deployment_id", &ids.join(","))
        .start();
    let id = running.child.id().to_string();
    let (ended, watched) = std::sync::mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        let patience = std::time::Duration::from_secs(20);
        if watched.recv_timeout(patience).is_err() {
            let mut kill = std::process::Command::new("kill");
            assert!(kill.args(["-KILL", &id]).status().unwrap().success());
        }
    });
    // Nothing is read before it has ended.
    let status = running.child.wait().unwrap();
    let _ = ended.send(());
    watchdog.join().unwrap();
    assert_eq!(status.code(), Some(4));
}

#[test]
fn a_long_text_of_a_platform_is_shortened() {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").refuses_cancel(&"no ".repeat(5000)));
    let ran = vercel_step(&sandbox).run();
    assert!(ran.ended("error", 1).output("reason").len() < 1000);
}

/// Whether `::` stands where a command could begin: at the start of a line.
fn opens_command(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("::"))
}
