//! Datadog Fleet Automation, end to end, on both surfaces of its API.

mod select;

use std::io::Read as _;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::sandbox::datadog::{API_KEY, Deployment, Errors, Host, Only, Surface};
use crate::sandbox::{Call, CancelAnswer, Fault, Grant, Sandbox, TOKEN};
use crate::step::Step;

const ID: &str = "k7Q-3mX-p9Z";
const UUID: &str = "aeadc05e-98a8-11ec-ac2c-da7ad0900001";

fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(deployment);
    sandbox
}

fn step(sandbox: &Sandbox) -> Step {
    step_for(sandbox, ID)
}

fn step_for(sandbox: &Sandbox, id: &str) -> Step {
    Step::on(sandbox, "datadog")
        .without("INPUT_TOKEN")
        .input("api_key", API_KEY)
        .input("app_key", TOKEN)
        .input("deployment_id", id)
        .secret(API_KEY)
}

/// The paths asked for, in order, each once in a row.
fn paths(sandbox: &Sandbox) -> Vec<String> {
    let seen = sandbox.requests().into_iter();
    let mut paths: Vec<_> = seen.map(|seen| format!("{} {}", seen.method, seen.path)).collect();
    paths.dedup();
    paths
}

fn read(version: &str, id: &str) -> String {
    format!("GET /api/{version}/fleet/deployments/{id}")
}

fn cancel(version: &str, id: &str) -> String {
    format!("POST /api/{version}/fleet/deployments/{id}/cancel")
}

#[test]
fn a_running_deployment_is_stopped_and_its_end_is_waited_for() {
    let sandbox = sandbox(Deployment::v2(ID).after_cancel(["stopping", "canceled"]));
    let ran = step(&sandbox).run();
    ran.ended("canceled", 0).tells("canceled", "true").tells("went_live", "false");
    assert_eq!(sandbox.effective_cancels(ID), 1);
    assert_eq!(paths(&sandbox), [read("v2", ID), cancel("v2", ID), read("v2", ID)]);
    let timeline = &ran.deployments()[0]["timeline"];
    let words: Vec<_> = timeline.as_array().unwrap().iter().map(|moment| &moment["platform_state"]).collect();
    assert_eq!(words, ["running", "stopping", "canceled"]);
}

#[test]
fn every_request_carries_both_keys_and_a_cancel_carries_nothing_else() {
    let sandbox = sandbox(Deployment::v2(ID));
    step(&sandbox).run().ended("canceled", 0);
    for seen in sandbox.requests() {
        assert_eq!(seen.header("dd-api-key"), Some(API_KEY));
        assert_eq!(seen.header("dd-application-key"), Some(TOKEN));
        assert_eq!(seen.header("authorization"), None);
        assert_eq!(seen.header("content-type"), None);
        assert!(seen.body.is_empty() && seen.query.is_empty(), "{seen:?}");
    }
}

#[test]
fn the_usual_variables_hold_the_keys() {
    let sandbox = sandbox(Deployment::v2(ID));
    let step = step(&sandbox).without("INPUT_API_KEY").without("INPUT_APP_KEY");
    step.var("DD_API_KEY", API_KEY).var("DD_APP_KEY", TOKEN).run().ended("canceled", 0);
}

#[test]
fn the_preview_surface_answers_204_without_a_body() {
    let sandbox = sandbox(Deployment::preview(UUID));
    let ran = step_for(&sandbox, UUID).input("api_version", "unstable").run();
    ran.ended("canceled", 0);
    assert_eq!(ran.deployments()[0]["http_status"], 204);
    assert_eq!(paths(&sandbox), [read("unstable", UUID), cancel("unstable", UUID), read("unstable", UUID)]);
}

#[test]
fn the_preview_surface_is_tried_after_a_404_and_remembered() {
    let sandbox = sandbox(Deployment::preview(ID).after_cancel(["stopping", "cancelled"]));
    step(&sandbox).run().ended("canceled", 0);
    let preview = [read("unstable", ID), cancel("unstable", ID), read("unstable", ID)];
    assert_eq!(paths(&sandbox)[0], read("v2", ID));
    assert_eq!(paths(&sandbox)[1..], preview);
}

#[test]
fn the_preview_surface_is_tried_after_a_400_to_an_id_of_its_form() {
    let sandbox = sandbox(Deployment::preview(UUID));
    step_for(&sandbox, UUID).run().ended("canceled", 0);
    assert_eq!(paths(&sandbox)[..2], [read("v2", UUID), read("unstable", UUID)]);
}

#[test]
fn the_preview_surface_is_not_tried_after_trouble_or_a_refusal() {
    for fault in [Fault::Status(503), Fault::Reset, Fault::Html(502)] {
        let sandbox = sandbox(Deployment::v2(ID));
        sandbox.fault(Call::Read, [fault]);
        step(&sandbox).run().ended("canceled", 0);
        assert!(paths(&sandbox).iter().all(|path| path.contains("/v2/")));
    }
}

#[test]
fn a_fixed_version_stays_where_it_is() {
    for (deployment, version) in [(Deployment::preview(ID), "v2"), (Deployment::v2(ID), "Unstable")] {
        let sandbox = sandbox(deployment);
        let ran = step(&sandbox).input("api_version", version).run();
        ran.ended("not_found", 4).says("Check `deployment_id`, `site` and both keys");
        assert_eq!(sandbox.requests().len(), 1);
    }
}

#[test]
fn an_id_that_no_surface_knows_is_not_found() {
    let sandbox = sandbox(Deployment::v2(ID));
    step_for(&sandbox, "000-000-000").run().ended("not_found", 4).says("(v2 and unstable)");
    step_for(&sandbox, "not-a-valid-deployment-id").run().ended("not_found", 4);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn one_missing_surface_does_not_matter() {
    for (surface, deployment) in [(Surface::V2, Deployment::v2(ID)), (Surface::Preview, Deployment::preview(ID))] {
        let sandbox = sandbox(deployment);
        sandbox.add(Only(surface));
        step(&sandbox).run().ended("canceled", 0);
    }
}

#[test]
fn stopping_is_not_the_end_but_is_not_asked_again() {
    let sandbox = sandbox(Deployment::v2(ID).states(["stopping", "stopped"]));
    step(&sandbox).run().ended("canceled", 0).says("It was being canceled already");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_cancel_was_accepted_is_another_fact_than_ended_canceled() {
    for (word, outcome, code) in [
        ("completed", "completed", 3),
        ("Succeeded", "completed", 3),
        ("failed", "failed", 0),
        ("done_with_errors", "failed", 0),
        ("cancelled", "canceled", 0),
        ("STOPPED", "canceled", 0),
    ] {
        let sandbox = sandbox(Deployment::v2(ID).after_cancel([word]));
        step(&sandbox).run().ended(outcome, code).tells("platform_state", word);
    }
}

#[test]
fn an_unlisted_word_is_waited_out_while_hosts_have_something_to_do() {
    let waiting = vec![Host::new("succeeded"), Host::old("pending")];
    for deployment in [Deployment::v2(ID), Deployment::preview(ID)] {
        let sandbox = sandbox(deployment.after_cancel(["halted", "canceled"]).all_hosts(waiting.clone()));
        step(&sandbox).run().ended("canceled", 0);
    }
}

#[test]
fn an_unlisted_word_with_every_host_done_is_an_end_but_never_success() {
    let done = vec![Host::new("succeeded"), Host::old("canceled")];
    for deployment in [Deployment::v2(ID), Deployment::preview(ID)] {
        let sandbox = sandbox(deployment.after_cancel(["halted"]).all_hosts(done.clone()));
        let ran = step(&sandbox).run_inside(&sandbox);
        ran.ended("error", 1).says("a word that does not say whether it was canceled");
        assert_eq!((ran.output("canceled"), ran.output("went_live")), ("false", "unknown"));
    }
}

#[test]
fn an_unlisted_word_without_any_host_proves_nothing() {
    for deployment in [Deployment::v2(ID), Deployment::preview(ID)] {
        let sandbox = sandbox(deployment.after_cancel(["halted", "canceled"]).all_hosts(Vec::new()));
        step(&sandbox).run().ended("canceled", 0);
    }
}

#[test]
fn a_list_of_hosts_that_lacks_some_proves_nothing() {
    let hosts = vec![Host::old("canceled"), Host::old("running")];
    let stopped = json!({ "hosts": [{ "status": "canceled" }] });
    let deployment = Deployment::preview(ID).after_cancel(["halted", "canceled"]);
    let sandbox = sandbox(deployment.all_hosts(hosts).patch(stopped));
    step(&sandbox).run().ended("canceled", 0).says("How many hosts it had changed is not known");
}

#[test]
fn one_busy_host_on_the_last_page_keeps_an_unlisted_word_open() {
    let mut hosts = vec![Host::old("canceled"); 100];
    hosts.push(Host::old("running"));
    let sandbox = sandbox(Deployment::preview(ID).after_cancel(["halted", "canceled"]).all_hosts(hosts));
    step(&sandbox).run().ended("canceled", 0);
}

#[test]
fn the_hosts_of_another_deployment_are_not_taken_for_its_own() {
    let other = json!({
        "data": { "id": UUID, "attributes": { "high_level_status": "halted", "hosts": [{ "status": "canceled" }] } },
        "meta": { "hosts": { "current_page": 1, "total_hosts": 101, "total_pages": 2 } },
    });
    let mut hosts = vec![Host::old("canceled"); 100];
    hosts.push(Host::old("running"));
    let sandbox = sandbox(Deployment::preview(ID).after_cancel(["halted", "canceled"]).all_hosts(hosts));
    // One read before the request; after it the deployment, and both pages of its hosts.
    let answers = [Fault::Pass, Fault::Pass, Fault::Pass, Fault::json(200, &other.to_string())];
    sandbox.fault(Call::Read, answers);
    step(&sandbox).input("api_version", "unstable").run().ended("canceled", 0);
}

#[test]
fn the_counters_of_v2_tell_how_far_it_got() {
    let ran = step(&sandbox(Deployment::v2(ID).listed(3))).run();
    ran.ended("canceled", 0).says("What was applied stays applied: 2 of 5 hosts were updated, 3 were canceled.");
    assert!(ran.summary.contains("Canceling does not roll back") && ran.summary.contains("2 of 5 hosts were updated"));
    assert_eq!(
        ran.deployments()[0]["details"],
        json!({
            "api_version": "v2", "query": "env:prod AND service:web", "total_hosts": 5, "updated_hosts": 2,
            "untouched_hosts": 0, "failed_hosts": 0, "running_hosts": 0, "canceled_hosts": 3, "skipped_hosts": 0,
        })
    );
}

#[test]
fn a_list_of_hosts_that_is_shorter_than_their_number_changes_no_count() {
    step(&sandbox(Deployment::v2(ID).listed(1))).run().says("2 of 5 hosts were updated, 3 were canceled.");
}

#[test]
fn an_end_that_the_answer_to_the_cancel_tells_is_counted_as_well() {
    let sandbox = sandbox(Deployment::v2(ID).cancel_answer(CancelAnswer::Current));
    step(&sandbox).run().ended("canceled", 0).says("2 of 5 hosts were updated");
}

#[test]
fn an_end_that_only_the_answer_to_an_unseen_cancel_tells_has_no_counts() {
    let sandbox = sandbox(Deployment::v2(ID).cancel_answer(CancelAnswer::Current));
    sandbox.token("datadog", TOKEN, Grant::CancelOnly);
    let ran = step(&sandbox).run();
    ran.ended("canceled", 0).says("How many hosts it had changed is not known: this run could not read");
}

#[test]
fn all_pages_of_hosts_are_counted_on_the_preview_surface() {
    let mut after = vec![Host::new("succeeded"); 101];
    after.extend(vec![Host::old("canceled"); 100]);
    after.push(Host::new("canceled"));
    after.push(Host::old("failed"));
    let ran = step(&sandbox(Deployment::preview(ID).all_hosts(after))).run();
    ran.ended("canceled", 0).says("101 of 203 hosts were updated, 1 failed, 101 were canceled.");
    let details = &ran.deployments()[0]["details"];
    assert_eq!((&details["canceled_hosts"], &details["total_hosts"]), (&json!(101), &json!(203)));
}

#[test]
fn hosts_that_cannot_be_counted_are_not_guessed() {
    let ran = step(&sandbox(Deployment::preview(ID).patch(json!({ "hosts": null })))).run();
    ran.ended("canceled", 0).says("How many hosts it had changed is not known");
    assert_eq!(ran.deployments()[0]["details"].get("updated_hosts"), None::<&Value>);
}

#[test]
fn an_end_is_told_though_counting_the_hosts_hangs() {
    let sandbox = sandbox(Deployment::preview(ID));
    sandbox.fault(Call::Read, [Fault::Pass, Fault::Pass, Fault::Hold]);
    let ran = step(&sandbox).input("api_version", "unstable").run();
    ran.ended("canceled", 0).says("How many hosts it had changed is not known; what was applied stays applied.");
    assert_eq!(sandbox.count(Call::Read), 3);
}

#[test]
fn an_unseen_cancel_goes_on_to_the_preview_surface_only_where_v2_has_no_such_deployment() {
    for id in [ID, UUID] {
        let sandbox = sandbox(Deployment::preview(id));
        sandbox.token("datadog", TOKEN, Grant::CancelOnly);
        step_for(&sandbox, id).input("wait", "false").run().ended("requested", 0);
        assert_eq!(sandbox.effective_cancels(id), 1);
    }
    let sandbox = sandbox(Deployment::v2(ID));
    sandbox.add(Deployment::preview(ID));
    sandbox.token("datadog", TOKEN, Grant::CancelOnly);
    sandbox.fault(Call::Cancel, [Fault::Status(503)]);
    step(&sandbox).run().ended("error", 1);
    assert_eq!((sandbox.effective_cancels(ID), sandbox.count(Call::Cancel)), (0, 1));
}

#[test]
fn an_unseen_cancel_that_v2_refuses_is_not_taken_for_not_found() {
    let sandbox = sandbox(Deployment::v2(ID).states(["completed"]));
    sandbox.token("datadog", TOKEN, Grant::CancelOnly);
    step(&sandbox).run().ended("error", 1).says("400 \"Bad Request\"");
}

#[test]
fn a_key_that_may_read_but_not_cancel_is_told_which_permissions_it_lacks() {
    for errors in [Errors::Strings, Errors::Objects, Errors::Wrapped, Errors::Edge, Errors::Html, Errors::Empty] {
        let sandbox = sandbox(Deployment::v2(ID));
        sandbox.add(errors).token("datadog", TOKEN, Grant::ReadOnly);
        let ran = step(&sandbox).run();
        ran.ended("error", 1).says("This credential may read it but not cancel it; it is still running");
        ran.says("`api_key`")
            .says("`site`")
            .says("`agent_upgrade_write` and `fleet_policies_write`")
            .says("`hosts_read`");
        assert_eq!(sandbox.count(Call::Cancel), 1, "{errors:?}");
        if !matches!(errors, Errors::Html | Errors::Empty) {
            ran.says("403 \"Forbidden\"");
        }
    }
}

#[test]
fn a_wrong_key_is_not_tried_twice_and_all_three_causes_are_named() {
    let wrong = "wrong-key-of-another-site";
    for (name, status) in [("api_key", 403), ("app_key", 403)] {
        let sandbox = sandbox(Deployment::v2(ID));
        let ran = step(&sandbox).input(name, wrong).secret(wrong).run();
        ran.ended("error", 1).says("`site`").says("`hosts_read`").says("127.0.0.1").says(&status.to_string());
        ran.headed("Nothing was canceled").says("the credential was refused (");
        assert_eq!(sandbox.count(Call::Cancel), 1, "a 403 to reading does not say that cancelling is forbidden");
    }
    let sandbox = sandbox(Deployment::v2(ID));
    sandbox.always(Call::Read, Fault::Status(401));
    step(&sandbox).run().ended("error", 1).says("`site`").says("`agent_upgrade_write`");
    assert_eq!(sandbox.requests().len(), 1);
}

#[test]
fn a_reset_past_the_limit_ends_the_run_at_once() {
    let sandbox = sandbox(Deployment::v2(ID));
    sandbox.fault(Call::Cancel, [Fault::ResetHeader { in_seconds: 600 }]);
    step(&sandbox).run().ended("timed_out", 124).says("no request before the limit");
    assert_eq!(sandbox.requests().len(), 2);
}

#[test]
fn an_answer_without_a_status_is_no_end() {
    let sandbox = sandbox(Deployment::v2(ID).patch(json!({ "high_level_status": null })));
    step(&sandbox).run_inside(&sandbox).ended("error", 1).says("without an id or a state");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn the_status_may_stand_in_the_other_field() {
    let sandbox = sandbox(Deployment::v2(ID).patch(json!({ "high_level_status": null, "status": "Pending" })));
    let ran = step(&sandbox).input("dry_run", "true").run();
    ran.ended("dry_run", 0).tells("state", "queued").tells("platform_state", "Pending");
}

#[test]
fn several_deployments_on_both_surfaces_end_each_for_itself() {
    let sandbox = sandbox(Deployment::v2(ID));
    sandbox.add(Deployment::preview(UUID).after_cancel(["completed"]));
    let ran = step_for(&sandbox, &format!("{ID},{UUID}")).run();
    ran.ended("completed", 3).tells("count", "2").tells("canceled_count", "1");
}

#[test]
fn bad_inputs_are_all_told_and_nothing_is_sent() {
    let sandbox = sandbox(Deployment::v2(ID));
    let step = step(&sandbox).without("INPUT_API_KEY").without("INPUT_APP_KEY");
    let ran = step.var("DD_SITE", "mars").input("api_version", "v3").run();
    ran.ended("error", 2);
    ran.says("DD_API_KEY")
        .says("DD_APP_KEY")
        .says("`site` (from DD_SITE) is \"mars\", but takes one of datadoghq.com, us3");
    ran.says("`api_version` is \"v3\" (did you mean \"v2\"?); use one of \"auto\", \"v2\", \"unstable\"");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_site_leads_to_its_own_api() {
    // A proxy that hears where the connection shall go and lets nothing through.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let mut line = [0; 28];
        let mut stream = proxy.accept().unwrap().0;
        stream.read_exact(&mut line).unwrap();
        String::from_utf8(line.to_vec()).unwrap()
    });
    let sandbox = sandbox(Deployment::v2(ID));
    let step = step(&sandbox).without("INPUT_API_URL").var("HTTPS_PROXY", &address);
    step.input("site", "https://app.datadoghq.eu/fleet").input("timeout", "1s").run().ended("error", 1);
    assert_eq!(heard.join().unwrap(), "CONNECT api.datadoghq.eu:443");
}
