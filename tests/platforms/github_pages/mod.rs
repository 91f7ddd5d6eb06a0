//! GitHub Pages, end to end: which deployment is meant, and this platform's own traps.

mod select;

use crate::sandbox::github_pages::{Again, OTHER_REPOSITORY, Publication, REPOSITORY, Repository, id};
use crate::sandbox::{Call, Fault, Grant, Sandbox, TOKEN};
use crate::step::{Ran, Step};

fn publication() -> Publication {
    Publication::new(REPOSITORY, &id(1))
}

fn sandbox(all: impl IntoIterator<Item = Publication>) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(Repository::new(REPOSITORY));
    for one in all {
        sandbox.add(one);
    }
    sandbox
}

fn bare(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "github_pages").input("repository", REPOSITORY).input("timeout", "20")
}

fn step(sandbox: &Sandbox) -> Step {
    bare(sandbox).input("deployment_id", &id(1))
}

/// The commits that were asked to cancel, in the order of the requests.
fn asked(sandbox: &Sandbox) -> Vec<String> {
    let cancels = sandbox.requests().into_iter().filter(|seen| seen.call == Call::Cancel);
    cancels.filter_map(|seen| seen.path.split('/').nth(6).map(str::to_owned)).collect()
}

/// An answer with these headers and words.
fn answer(status: u16, headers: &[(&str, &str)], message: &str) -> Fault {
    Fault::Reply {
        status,
        content_type: "application/json".to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: format!(r#"{{"message":"{message}","documentation_url":"https://docs.github.com/rest"}}"#).into_bytes(),
    }
}

fn finished() -> Fault {
    answer(400, &[], &format!("Unable to cancel deployment {} as it's finished.", id(1)))
}

// The requests.

#[test]
fn a_deployment_is_canceled_by_its_commit_and_a_204() {
    let sandbox = sandbox([publication()]);
    let ran = step(&sandbox).run();
    ran.ended("canceled", 0).tells("platform_state", "deployment_cancelled").tells("went_live", "false");
    let seen = sandbox.requests();
    let path = format!("/repos/acme/web/pages/deployments/{}", id(1));
    let sent: Vec<_> = seen.iter().map(|seen| format!("{} {} {}", seen.method, seen.path, seen.body.len())).collect();
    assert_eq!(sent, [format!("GET {path} 0"), format!("POST {path}/cancel 0"), format!("GET {path} 0")]);
    for seen in seen {
        assert_eq!(seen.header("accept"), Some("application/vnd.github+json"));
        assert_eq!(seen.header("x-github-api-version"), Some("2022-11-28"));
        assert!(seen.header("user-agent").is_some_and(|name| name.starts_with("cancel-deployment/")));
    }
    let one = ran.only();
    assert_eq!((&one["http_status"], &one["commit"]), (&204.into(), &id(1).into()));
    assert!(one["request_id"].as_str().unwrap().starts_with("C0DE:1A2B:"));
    assert_eq!(one["deployment_url"], "https://github.com/acme/web/deployments/github-pages");
}

#[test]
fn the_variables_of_a_job_are_enough() {
    let sandbox = sandbox([publication().environment("site")]);
    let step = Step::github().input("platform", "GitHub-Pages").input("timeout", "20").var("GITHUB_TOKEN", TOKEN);
    let step = step.var("GH_TOKEN", "another-token-of-somebody").var("GITHUB_REPOSITORY", REPOSITORY);
    let step = step.var("GITHUB_API_URL", &sandbox.url("github_pages"));
    let step = step.var("GITHUB_SERVER_URL", "https://octo.ghe.com").input("select", "latest");
    let ran = step.input("environment", "site").run();
    ran.ended("canceled", 0).tells("deployment_url", "https://octo.ghe.com/acme/web/deployments/site");
}

#[test]
fn the_pages_of_a_written_api_are_not_on_the_servers_of_the_run() {
    let sandbox = sandbox([publication()]);
    let ran = step(&sandbox).var("GITHUB_SERVER_URL", "https://octo.ghe.com").run();
    ran.ended("canceled", 0);
    assert_eq!(ran.only()["deployment_url"], "https://github.com/acme/web/deployments/github-pages");
}

#[test]
fn a_repository_is_needed_and_has_two_parts() {
    let sandbox = sandbox([]);
    step(&sandbox).without("INPUT_REPOSITORY").refused(&sandbox, &["`repository` is missing", "GITHUB_REPOSITORY"]);
    for bad in ["web", "acme/", "/web", "acme/web/pages", "acme/..", "ac me/web", "https://github.com/acme/web"] {
        step(&sandbox).input("repository", bad).refused(&sandbox, &["`repository`", "`owner/name`"]);
    }
    step(&sandbox).input("server_url", "github.com").refused(&sandbox, &["`server_url`"]);
}

// States.

#[test]
fn every_state_in_flight_is_canceled() {
    for state in [
        "deployment_queued",
        "deployment_in_progress",
        "syncing_files",
        "finished_file_sync",
        "deployment_attempt_error",
        "unknown_status",
        "not_found",
        "",
        "(null)",
    ] {
        let ran = step(&sandbox([publication().states([state])])).run();
        ran.ended("canceled", 0).tells("went_live", "false");
        let shown = if matches!(state, "" | "(null)") { "(empty)" } else { state };
        ran.tells("previous_state", shown).says("::notice title=Canceled");
    }
}

#[test]
fn every_word_means_one_state() {
    for (word, state) in [
        ("deployment_queued", "queued"),
        ("deployment_in_progress", "running"),
        ("syncing_files", "running"),
        ("finished_file_sync", "running"),
        ("updating_pages", "running"),
        ("purging_cdn", "running"),
        ("deployment_attempt_error", "running"),
        ("unknown_status", "unknown"),
        ("not_found", "unknown"),
        ("", "unknown"),
    ] {
        let ran = step(&sandbox([publication().states([word])])).input("dry_run", "true").run();
        ran.ended("dry_run", 0).tells("state", state);
    }
}

#[test]
fn a_word_that_says_nothing_is_no_end() {
    for word in ["not_found", "unknown_status", "", "deployment_something_new", "deployment_attempt_error"] {
        let ran = step(&sandbox([publication().after_cancel([word])])).input("timeout", "3").run();
        ran.ended("timed_out", 124).tells("went_live", "unknown");
    }
    // A body without a status is none at all, and a status is a word.
    for body in ["{}", r#"{"status":7}"#, r#"{"status":{}}"#] {
        let broken = sandbox([publication()]);
        broken.always(Call::Read, Fault::json(200, body));
        step(&broken).input("timeout", "3").run().ended("error", 1).reasons(&["could not read the deployment"]);
    }
}

#[test]
fn every_word_for_a_failure_is_one() {
    for word in ["deployment_failed", "deployment_content_failed", "deployment_perms_error"] {
        let ran = step(&sandbox([publication().after_cancel([word])])).run();
        ran.ended("failed", 0).tells("platform_state", word).tells("went_live", "false");
    }
}

#[test]
fn of_a_lost_one_nobody_knows_whether_it_went_live() {
    let ran = step(&sandbox([publication().after_cancel(["deployment_lost"])])).run();
    ran.ended("failed", 0).tells("went_live", "unknown").tells("state", "failed").reasons(&["GitHub has lost it"]);
    let ran = step(&sandbox([publication().states(["deployment_lost"])])).run();
    ran.ended("already_finished", 0).tells("went_live", "unknown").says("::warning title=");
}

#[test]
fn what_was_canceled_after_publishing_had_begun_may_be_served() {
    let words = "It was being published already: look at the site.";
    let after = ["deployment_cancelled"];
    for one in [
        publication().states(["updating_pages"]),
        publication().states(["purging_cdn"]),
        publication().after_cancel(["updating_pages", "syncing_files", after[0]]),
        publication().after_cancel(["PURGING_CDN", after[0]]),
    ] {
        let ran = step(&sandbox([one])).run();
        ran.ended("canceled", 0).tells("canceled", "true").tells("went_live", "unknown").reasons(&[words]);
        ran.says("::warning title=Canceled");
        let listed = sandbox([publication().states(["updating_pages"])]);
        bare(&listed).input("select", "all").run().ended("canceled", 0).tells("went_live", "unknown");
    }
}

/// The id is a commit, which another run may deploy again.
#[test]
fn the_first_end_that_is_read_is_the_end() {
    for (end, outcome, code) in
        [("deployment_cancelled", "canceled", 0), ("succeed", "completed", 3), ("deployment_failed", "failed", 0)]
    {
        let sandbox = sandbox([publication().after_cancel([end, "deployment_in_progress", "succeed"])]);
        step(&sandbox).run().ended(outcome, code).tells("platform_state", end);
        assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Cancel)), (2, 1));
    }
    let sandbox = sandbox([publication().states(["succeed", "deployment_in_progress"])]);
    step(&sandbox).run().ended("already_finished", 3);
    assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Cancel)), (1, 0));
}

// What has finished.

#[test]
fn a_400_to_the_cancel_of_what_has_finished_is_the_ordinary_race() {
    for (end, outcome, code, live) in [
        ("succeed", "completed", 3, "true"),
        ("deployment_failed", "failed", 0, "false"),
        ("deployment_cancelled", "canceled", 0, "false"),
        ("deployment_lost", "failed", 0, "unknown"),
    ] {
        let sandbox = sandbox([publication().states(["deployment_in_progress", end])]);
        let ran = step(&sandbox).run();
        ran.ended(outcome, code).tells("went_live", live).tells("platform_state", end);
        assert_eq!((sandbox.count(Call::Cancel), &ran.only()["http_status"]), (1, &400.into()));
    }
}

#[test]
fn a_status_may_show_the_end_later_than_the_refusal() {
    for words in ["Unable to cancel deployment X as it's finished.", "Unable to cancell deployment, it is finished"] {
        let sandbox = sandbox([publication().states(["purging_cdn", "purging_cdn", "succeed"])]);
        sandbox.fault(Call::Cancel, [answer(400, &[], words)]);
        let ran = step(&sandbox).run();
        ran.ended("completed", 3).tells("went_live", "true").reasons(&["from purging_cdn to succeed"]);
        assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Cancel)), (3, 1));
    }
}

#[test]
fn a_refusal_that_stays_without_an_end_is_an_error() {
    let sandbox = sandbox([publication()]);
    sandbox.always(Call::Cancel, finished());
    let ran = step(&sandbox).run();
    ran.ended("error", 1).says("as it's finished").says("look at the site");
    assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Cancel)), (3, 1));
    // Another refusal is none of an end.
    let sandbox = self::sandbox([publication()]);
    sandbox.always(Call::Cancel, answer(400, &[], "Bad Request"));
    step(&sandbox).run().ended("error", 1);
    assert_eq!(sandbox.count(Call::Read), 2);
}

#[test]
fn what_was_deployed_before_may_not_be_what_is_served() {
    let again = |one: Publication| {
        let sandbox = sandbox([one]);
        sandbox.add(Again("8e52d20341103fba0f42d25d5c4e3a6a00000001", "main", "2026-07-01T00:00:00Z"));
        sandbox
    };
    let words = "This commit was deployed before, so something newer may be served: look at the site.";
    let ran = step(&again(publication().after_cancel(["succeed"]))).run();
    ran.ended("completed", 3).tells("went_live", "true").reasons(&[words]);
    let ran = step(&again(publication().states(["succeed"]))).run();
    ran.ended("already_finished", 3).tells("went_live", "true").reasons(&[words]);
    for one in [publication().after_cancel(["succeed"]), publication().after_cancel(["deployment_cancelled"])] {
        let ran = step(&sandbox([one])).run();
        assert!(!ran.output("reason").contains("before"), "{}", ran.output("reason"));
    }
    // Who may not look there is told what was read.
    let forbidden = again(publication().after_cancel(["succeed"]));
    forbidden.always(Call::List, Fault::Status(403));
    step(&forbidden).run().ended("completed", 3).tells("went_live", "true");
}

// Rights and rate limits.

#[test]
fn a_missing_right_is_named() {
    let sandbox = sandbox([publication()]);
    sandbox.token("github_pages", TOKEN, Grant::ReadOnly);
    let ran = step(&sandbox).run();
    ran.ended("error", 1).says("permissions: pages: write").says("Resource not accessible by integration");
    for (header, words) in [
        (("x-github-sso", "required; url=https://github.com/x"), "Resource protected"),
        (("x", "y"), "Resource protected by organization SAML enforcement."),
        (("x", "y"), "IP allow list enabled"),
    ] {
        let sandbox = self::sandbox([publication()]);
        sandbox.always(Call::Cancel, answer(403, &[header], words));
        step(&sandbox).run().ended("error", 1).says("Authorize the token for the organization");
    }
    let sandbox = self::sandbox([publication()]);
    sandbox.token("github_pages", TOKEN, Grant::Revoked);
    step(&sandbox).run().ended("error", 1).says("a job's token ends with its job");
}

/// A run that meets this at a read and at its cancel request.
#[track_caller]
fn limited(fault: &Fault, check: impl Fn(Call, &Ran)) {
    for call in [Call::Read, Call::Cancel] {
        let sandbox = sandbox([publication()]);
        sandbox.fault(call, [fault.clone()]);
        check(call, &step(&sandbox).run());
    }
}

#[test]
fn a_403_may_be_a_rate_limit() {
    let soon = crate::sandbox::epoch(1).to_string();
    let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &soon)];
    for fault in [
        answer(403, &[("retry-after", "1")], "You have exceeded a secondary rate limit."),
        answer(403, &[("retry-after", "1")], "Something else"),
        answer(403, &spent, "API rate limit exceeded for installation ID 123."),
        answer(403, &spent, "Forbidden"),
        answer(429, &spent, "API rate limit exceeded for installation ID 123."),
    ] {
        limited(&fault, |_, ran| {
            ran.ended("canceled", 0);
            assert!(!ran.stdout.contains("pages: write"), "{}", ran.stdout);
        });
    }
}

#[test]
fn a_rate_limit_without_a_time_is_a_minute() {
    let soon = crate::sandbox::epoch(1).to_string();
    let left = [("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", &*soon)];
    // A reset counts only where nothing is left.
    for fault in [
        answer(403, &[], "You have exceeded a secondary rate limit."),
        answer(403, &left, "You have exceeded a secondary rate limit."),
        answer(403, &[("x-ratelimit-remaining", "0")], "Forbidden"),
        answer(429, &left, "Too many"),
    ] {
        limited(&fault, |call, ran| {
            let (outcome, code) = if call == Call::Read { ("error", 1) } else { ("timed_out", 124) };
            ran.ended(outcome, code).reasons(&["the platform allows no request before the limit"]);
            ran.says("1000 an hour");
        });
    }
}

#[test]
fn a_403_without_a_sign_of_a_rate_limit_is_none() {
    let left = [("x-ratelimit-remaining", "17"), ("x-ratelimit-reset", "1790000000")];
    let sandbox = sandbox([publication()]);
    sandbox.always(Call::Cancel, answer(403, &left, "Resource not accessible by personal access token"));
    step(&sandbox).run().ended("error", 1).says("permissions: pages: write");
    // The last request that is left is answered like any other.
    let last = self::sandbox([publication()]);
    last.always(Call::Read, answer(404, &[("x-ratelimit-remaining", "0")], "Not Found"));
    step(&last).run().ended("not_found", 4);
}

// What is not there.

#[test]
fn whether_there_is_a_site_tells_what_a_404_means() {
    let there = sandbox([]);
    let ran = step(&there).run();
    ran.ended("not_found", 4).reasons(&[&id(1), "in repository acme/web", "nothing of this commit, or not yet"]);
    let disabled = sandbox([]);
    disabled.add(Repository::new(REPOSITORY).without_site());
    step(&disabled).run().ended("not_found", 4).reasons(&["no Pages site of repository acme/web", "not enabled"]);
    let unknown = step(&there).input("repository", "acme/nothing").run();
    unknown.ended("not_found", 4).reasons(&["acme/nothing", "not visible"]);
    let silent = sandbox([]);
    silent.always(Call::Scope, Fault::Status(403));
    step(&silent).run().ended("not_found", 4).reasons(&["in repository acme/web for this credential"]);
    assert_eq!((silent.count(Call::Read), silent.count(Call::Scope)), (1, 1));
}

#[test]
fn a_renamed_repository_is_named_and_not_followed() {
    for status in [301, 307, 308] {
        let sandbox = sandbox([publication()]);
        let url = sandbox.url("github_pages") + "/repositories/7/pages";
        sandbox.always(Call::Read, answer(status, &[("location", &url)], "Moved Permanently"));
        let ran = step(&sandbox).run();
        ran.ended("error", 1).says("The repository was renamed or moved: give its new name as `repository`");
        assert_eq!(sandbox.requests().len(), 1);
    }
}

// Which deployment is meant.

#[test]
fn a_deployment_is_named_by_its_commit_a_number_or_an_address() {
    let sandbox = sandbox([publication(), Publication::new(REPOSITORY, "12345678")]);
    let base = sandbox.url("github_pages");
    for (written, id) in [
        (id(1).to_uppercase(), id(1)),
        (format!("{base}/repos/acme/web/pages/deployments/{}", id(1)), id(1)),
        (format!("{base}/repos/Acme/Web/pages/deployments/{}/status", id(1)), id(1)),
        // The server of this test stands for GitHub's own, as a proxy on this machine does.
        (format!("https://api.github.com/repos/acme/web/pages/deployments/{}/status", id(1)), id(1)),
        ("12345678".to_owned(), "12345678".to_owned()),
    ] {
        let ran = bare(&sandbox).input("deployment_id", &written).input("dry_run", "true").run();
        ran.ended("dry_run", 0).tells("deployment_id", &id);
    }
    // Neither is the beginning of a commit.
    for opaque in ["abcdef", "abcdefg"] {
        let ran = bare(&sandbox).input("deployment_id", opaque).run();
        ran.ended("not_found", 4).reasons(&[opaque]);
        let seen = sandbox.requests();
        assert!(seen.iter().any(|seen| seen.path.ends_with(&format!("/pages/deployments/{opaque}"))));
    }
    assert_eq!(sandbox.count(Call::List), 0);
    let long = self::sandbox([Publication::new(REPOSITORY, &"ab".repeat(32))]);
    let ran = bare(&long).input("deployment_id", &"ab".repeat(32)).run();
    assert_eq!(ran.ended("canceled", 0).only()["commit"], "ab".repeat(32));
    let number = bare(&sandbox).input("deployment_id", "12345678").run();
    number.ended("canceled", 0);
    assert!(number.only()["commit"].is_null());
}

#[test]
fn an_address_of_something_else_is_refused() {
    let sandbox = sandbox([publication()]);
    let base = sandbox.url("github_pages");
    for path in [
        "/repos/acme/web/deployments/3003",
        "/repos/acme/web/deployments/3003/statuses",
        "/repos/acme/web/pages/deployments/",
        "/x",
    ] {
        let step = bare(&sandbox).input("deployment_id", &(base.clone() + path));
        step.refused(&sandbox, &["names no deployment of Pages", "number of a GitHub deployment"]);
    }
    let elsewhere = format!("https://api.octo.ghe.com/repos/acme/web/pages/deployments/{}", id(1));
    bare(&sandbox).input("deployment_id", &elsewhere).refused(&sandbox, &["api.octo.ghe.com", "`api_url`"]);
}

#[test]
fn the_repository_of_an_address_beats_the_variable() {
    let sandbox = sandbox([publication(), Publication::new(OTHER_REPOSITORY, &id(2))]);
    let address =
        |repository: &str, n| format!("{}/repos/{repository}/pages/deployments/{}", sandbox.url("github_pages"), id(n));
    let on = |written: &str| bare(&sandbox).without("INPUT_REPOSITORY").input("deployment_id", written);
    on(&address("ac%20me/web", 1)).var("GITHUB_REPOSITORY", REPOSITORY).refused(&sandbox, &["`owner/name`"]);
    on(&address(REPOSITORY, 1)).var("GITHUB_REPOSITORY", OTHER_REPOSITORY).run().ended("canceled", 0);
    on(&address(OTHER_REPOSITORY, 2)).run().ended("canceled", 0);
    let urls: Vec<_> =
        sandbox.requests().into_iter().filter(|seen| seen.call == Call::Cancel).map(|seen| seen.path).collect();
    assert!(urls[0].starts_with("/repos/acme/web/") && urls[1].starts_with("/repos/acme/api/"), "{urls:?}");
}

#[test]
fn a_pasted_refusal_names_the_one_in_the_way() {
    let sandbox = sandbox([publication(), Publication::new(REPOSITORY, &id(2))]);
    let refusal = format!(
        "Error: Deployment request failed for {} due to in progress deployment. Please cancel {} first or wait for it to complete.",
        id(2),
        id(1)
    );
    let ran = bare(&sandbox).input("deployment_id", &refusal).run();
    ran.ended("canceled", 0).tells("deployment_id", id(1)).says(&format!("the one in its way, {}, is meant", id(1)));
    assert_eq!(asked(&sandbox), [id(1)]);
}

#[test]
fn a_short_commit_is_resolved_by_the_records_alone() {
    let of = |ids: &[&str]| sandbox(ids.iter().map(|id| Publication::new(REPOSITORY, id)));
    let (one, other) = ("abcdef0123456789abcdef0123456789abcdef01", "abcdef0999999999abcdef0123456789abcdef01");
    let sandbox = of(&[one, &id(1), "1111111111111111111111111111111abcdef012"]);
    let short = |sandbox: &Sandbox| bare(sandbox).input("deployment_id", "ABCDEF0");
    short(&sandbox).run().ended("canceled", 0).tells("deployment_id", one);
    assert_eq!((asked(&sandbox), sandbox.count(Call::List)), (vec![one.to_owned()], 1));
    let none = of(&[&id(1)]);
    short(&none).run().ended("not_found", 4).reasons(&["abcdef0"]);
    let several = of(&[one, other]);
    short(&several)
        .run()
        .ended("error", 2)
        .reasons(&["more than one commit", one, other])
        .says("Give the whole commit.");
    for sandbox in [&none, &several] {
        assert_eq!((sandbox.count(Call::Read), sandbox.count(Call::Cancel)), (0, 0));
    }
    // Nobody has it as an id, so what may not be read is not asked for.
    let unreadable = of(&[one]);
    unreadable.always(Call::Read, Fault::Status(403)).always(Call::Other, Fault::Status(403));
    short(&unreadable).run().ended("error", 1);
    assert_eq!(unreadable.count(Call::Cancel), 0);
    let unknown = short(&none).input("repository", "acme/nothing").run();
    unknown.ended("not_found", 4).reasons(&["no Pages site of repository acme/nothing", "not visible"]);
}

// Guards.

#[test]
fn a_commit_beside_an_id_is_the_id_or_bad_input() {
    let sandbox = sandbox([publication(), Publication::new(REPOSITORY, "12345678")]);
    for other in [&id(2), "1111111"] {
        step(&sandbox).input("commit", other).refused(&sandbox, &["`commit` is another commit", &id(1)]);
    }
    let number = bare(&sandbox).input("deployment_id", "12345678").input("commit", &id(1)).run();
    number.ended("error", 1);
    assert_eq!(sandbox.count(Call::Cancel), 0);
    step(&sandbox).input("commit", &id(1)[..7]).run().ended("canceled", 0);
}

#[test]
fn a_branch_beside_an_id_is_what_its_record_tells() {
    let with = |sandbox: &Sandbox| step(sandbox).input("branch", "main").run();
    let ours = sandbox([publication(), Publication::new(REPOSITORY, &id(2)).branch("dev")]);
    let ran = with(&ours);
    ran.ended("canceled", 0);
    assert_eq!((&ran.only()["branch"], ours.count(Call::List)), (&"main".into(), 1));
    let query = ours.requests().into_iter().find(|seen| seen.call == Call::List).unwrap().query;
    assert!(query.contains("environment=github-pages") && query.contains(&id(1)), "{query}");
    for other in [
        publication().branch("dev"),
        publication().branch(""),
        publication().unrecorded(),
        publication().environment("x"),
    ] {
        let sandbox = sandbox([other]);
        with(&sandbox).ended("error", 1);
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
    // No later read tells it, and it is known all the same.
    let unclear = sandbox([publication()]);
    unclear.fault(Call::Cancel, [Fault::Status(502)]);
    with(&unclear).ended("canceled", 0);
    assert_eq!(unclear.count(Call::Cancel), 2);
    // What was deployed by its commit is of no known branch.
    let by_commit = sandbox([publication().branch(&id(9))]);
    with(&by_commit).ended("error", 1).reasons(&["its branch is not known"]);
    let forbidden = sandbox([publication()]);
    forbidden.always(Call::List, Fault::Status(403));
    with(&forbidden).ended("error", 1).says("deployments: read");
    assert_eq!(forbidden.count(Call::Cancel), 0);
    // A second run of the commit may have been for another branch.
    let again = sandbox([publication().branch("dev")]);
    again.add(Again("8e52d20341103fba0f42d25d5c4e3a6a00000001", "main", "2026-07-01T00:00:00Z"));
    again.fault(Call::Cancel, [Fault::Status(502)]);
    with(&again).ended("canceled", 0);
    assert_eq!(again.count(Call::Cancel), 2, "what its records tell is known at every send");
}
