//! Signing in to a Cloud Foundry: each credential goes only where it belongs.

use std::time::Duration;

use serde_json::{Value, json};

use super::{PASSWORD, SECRET, client, requests, sandbox, step, user};
use crate::sandbox::cloud_foundry::{Client, Deployment, Foundation, UAA, User};
use crate::sandbox::{Call, Fault, MINTED, Sandbox, Seen, TOKEN};
use crate::step::Step;

fn text(seen: &Seen) -> String {
    let headers: String = seen.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let body = String::from_utf8_lossy(&seen.body);
    format!("{} {}?{}\n{headers}\n{body}", seen.method, seen.path, seen.query)
}

#[test]
fn a_ready_token_is_taken_with_and_without_its_scheme() {
    for written in [TOKEN.to_owned(), format!("Bearer {TOKEN}"), format!("BEARER  {TOKEN}")] {
        let sandbox = sandbox(Deployment::new("dep-1"));
        let echo = format!(r#"{{"errors":[{{"detail":"no {TOKEN}","code":1}}]}}"#);
        sandbox.fault(Call::Read, [Fault::Pass, Fault::json(500, &echo)]);
        let ran = step(&sandbox).input("token", &written).run();
        ran.ended("canceled", 0);
        assert!(ran.stdout.contains(&format!("::add-mask::{TOKEN}\n")));
        let sent = format!("Bearer {TOKEN}");
        assert_eq!(sandbox.requests()[0].header("authorization"), Some(sent.as_str()));
        assert_eq!(sandbox.count(Call::Scope) + sandbox.count(Call::SignIn), 0);
    }
}

#[test]
fn a_ready_token_that_runs_out_cannot_be_renewed_and_the_message_says_so() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.fault(Call::Read, [Fault::Pass, Fault::Status(401)]);
    let ran = step(&sandbox).run();
    ran.ended("error", 1).says("accepted the cancel request, but the end is not visible").says("cannot be renewed");
    assert_eq!(ran.output("went_live"), "unknown");
    assert_eq!(sandbox.count(Call::Read), 2);
}

#[test]
fn a_user_signs_in_with_the_public_client() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    user(&sandbox).run().ended("canceled", 0);
    let [root, sign_in] = &sandbox.requests()[..2] else { panic!("two requests before the first read") };
    assert_eq!((root.call, root.path.as_str()), (Call::Scope, "/"));
    assert_eq!(root.header("authorization"), None);
    assert_eq!(sign_in.path, format!("{UAA}/oauth/token"));
    assert_eq!(sign_in.query, "");
    assert_eq!(sign_in.header("authorization"), Some("Basic Y2Y6"));
    let form = "grant_type=password&username=ci&password=open++sesame%2B%26%3D9";
    assert_eq!(String::from_utf8_lossy(&sign_in.body), form);
}

#[test]
fn the_origin_of_a_user_travels_in_the_query() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.add(User::new("sso", PASSWORD).origin("my-idp"));
    user(&sandbox).input("username", "sso").input("origin", "my-idp").run().ended("canceled", 0);
    let query = &requests(&sandbox, Call::SignIn)[0].query;
    assert_eq!(query, "login_hint=%7B%22origin%22%3A%22my-idp%22%7D");
}

#[test]
fn a_client_signs_in_with_its_secret_in_the_header() {
    // Nothing but the header is taken here, and whatever could be mistaken in it is encoded.
    for (id, secret) in [("ci-client", SECRET), ("ci:client", "a+b %c:d/é-secret")] {
        let sandbox = sandbox(Deployment::new("dep-1"));
        sandbox.add(Client::new(id, secret));
        let ran = client(&sandbox).input("client_id", id).input("client_secret", secret).secret(secret).run();
        ran.ended("canceled", 0);
        let sign_in = &requests(&sandbox, Call::SignIn)[0];
        let form = "grant_type=client_credentials";
        assert_eq!(String::from_utf8_lossy(&sign_in.body), form);
    }
}

#[test]
fn a_refusal_in_plain_text_is_told_in_its_own_words() {
    let header = "Y2ktY2xpZW50OmNsaWVudC1zZWNyZXQtbXVzdC1ub3QtbGVhaw==";
    let said = format!("Unauthorized, no authorization header but {header} available");
    let sandbox = sandbox(Deployment::new("dep-1"));
    let refusal = |status: u16, content_type: &str, body: &str| Fault::Reply {
        status,
        content_type: content_type.to_owned(),
        headers: Vec::new(),
        body: body.into(),
    };
    sandbox.always(Call::SignIn, refusal(401, "text/plain", &said));
    let ran = client(&sandbox).secret(header).run();
    ran.ended("error", 1).says("\"Unauthorized, no authorization header but").says("`client_secret`");
    let page = refusal(403, "text/html", "<html>go away</html>");
    sandbox.always(Call::SignIn, page);
    client(&sandbox).run().ended("error", 1).says("an HTML page");
}

#[test]
fn each_credential_goes_only_where_it_belongs() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.add(Foundation::new().short_token(2));
    user(&sandbox).run().ended("canceled", 0);
    assert_eq!(sandbox.count(Call::SignIn), 2);
    for seen in sandbox.requests() {
        let all = text(&seen);
        if seen.call == Call::SignIn {
            assert!(!all.contains(MINTED), "{all}");
        } else {
            let secret = ["sesame", "Y2Y6", "password"].iter().any(|it| all.contains(it));
            assert!(!secret, "{all}");
        }
        let carries = seen.header("authorization").is_some_and(|it| it.contains(MINTED));
        let wants = matches!(seen.call, Call::Read | Call::Cancel | Call::List);
        assert_eq!(carries, wants, "{all}");
    }
}

#[test]
fn a_token_that_a_sign_in_made_is_masked_and_shown_nowhere() {
    let shows = Deployment::new("dep-1").error("the token minted-access-token-1 ran out");
    let sandbox = sandbox(shows.after_cancel(["ACTIVE/CANCELING"]));
    let ran = user(&sandbox).run_inside(&sandbox);
    ran.ended("timed_out", 124).says("the token *** ran out");
    let first = ran.stdout.find(MINTED).unwrap();
    assert!(ran.stdout[..first].ends_with("::add-mask::"));
}

#[test]
fn where_nobody_reads_mask_commands_a_minted_token_is_not_printed_at_all() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let ran = Step::plain()
        .input("platform", "cloud_foundry")
        .input("api_url", &sandbox.url("cloud_foundry"))
        .input("deployment_id", "dep-1")
        .input("username", "ci")
        .input("password", PASSWORD)
        .secret(PASSWORD)
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(!ran.stdout.contains("::add-mask::"));
}

#[test]
fn a_token_that_runs_out_is_renewed_once_for_all_deployments() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.add(Deployment::new("dep-2").app("app-2")).add(Deployment::new("dep-3").app("app-3"));
    // Three first reads carry the old token at once; one passes with it, two are refused.
    sandbox.add(Foundation::new().short_token(1));
    sandbox.fault(Call::Read, [Fault::HoldBefore, Fault::HoldBefore, Fault::HoldBefore]);
    let running = user(&sandbox).input("deployment_id", "dep-1,dep-2,dep-3").start();
    sandbox.wait_for(Call::Read, 3);
    sandbox.release();
    running.wait().ended("canceled", 0).tells("canceled_count", "3");
    assert_eq!(sandbox.count(Call::SignIn), 2);
}

#[test]
fn a_token_that_runs_out_in_mid_watch_is_renewed() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.add(Foundation::new().short_token(3));
    user(&sandbox).run().ended("canceled", 0);
    assert_eq!((sandbox.count(Call::SignIn), sandbox.count(Call::Cancel)), (2, 1));
}

#[test]
fn a_cancel_that_meets_an_old_token_is_sent_once_more_with_a_new_one() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.fault(Call::Cancel, [Fault::Status(401)]);
    client(&sandbox).run().ended("canceled", 0);
    assert_eq!(sandbox.effective_cancels("dep-1"), 1);
    let tokens = requests(&sandbox, Call::Cancel);
    let token = |at: usize| tokens[at].header("authorization").unwrap();
    assert_ne!(token(0), token(1));
}

#[test]
fn a_cancel_that_found_no_way_to_sign_in_again_was_none() {
    let sandbox = sandbox(Deployment::new("dep-1").states(["ACTIVE/DEPLOYING", "FINALIZED/DEPLOYED"]));
    sandbox.fault(Call::Cancel, [Fault::Status(401)]);
    sandbox.fault(Call::SignIn, [Fault::Pass, Fault::Html(503)]);
    let ran = user(&sandbox).run();
    ran.ended("already_finished", 3).tells("went_live", "true");
    assert_eq!(ran.deployments()[0]["http_status"], Value::Null);
}

#[test]
fn a_new_token_that_is_refused_as_well_ends_it() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.always(Call::Read, Fault::Status(401));
    user(&sandbox).run().ended("error", 1);
    assert_eq!((sandbox.count(Call::SignIn), sandbox.count(Call::Read)), (2, 2));
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_refused_password_is_sent_exactly_once() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let ran = user(&sandbox)
        .input("password", "wrong-password")
        .secret("wrong-password")
        // More than are asked for at once: those who come later do not try again either.
        .input("deployment_id", "1,2,3,4,5,6,7,8,9,10,11,12")
        .run();
    ran.ended("error", 1).says("Bad credentials").says("`username`").tells("count", "12");
    assert_eq!(sandbox.count(Call::SignIn), 1);
    assert_eq!(sandbox.count(Call::Read) + sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_locked_account_is_named_and_not_tried_again() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.add(User::new("locked", PASSWORD).locked());
    user(&sandbox).input("username", "locked").run().ended("error", 1).says("has been locked").says("wait until");
    assert_eq!(sandbox.count(Call::SignIn), 1);
}

#[test]
fn a_sign_in_that_is_refused_says_nothing_about_the_deployment() {
    let said = r#"{"error":"access_denied","error_description":"User is not verified"}"#;
    for status in [400, 401, 403, 404] {
        let sandbox = sandbox(Deployment::new("dep-1"));
        sandbox.always(Call::SignIn, Fault::json(status, said));
        user(&sandbox).run().ended("error", 1).says("This run could not sign in").says("User is not verified");
        assert_eq!(sandbox.count(Call::SignIn), 1, "{status}");
        assert_eq!(sandbox.count(Call::Read) + sandbox.count(Call::Cancel), 0, "{status}");
    }
}

#[test]
fn a_renewal_that_is_refused_ends_the_watch_without_a_second_try() {
    let sandbox = sandbox(Deployment::new("dep-1").after_cancel(["ACTIVE/CANCELING"]));
    sandbox.add(Foundation::new().short_token(3));
    let refused = r#"{"error":"invalid_client","error_description":"Bad credentials"}"#;
    sandbox.fault(Call::SignIn, [Fault::Pass, Fault::json(401, refused)]);
    user(&sandbox).run().ended("error", 1).says("the end is not visible");
    assert_eq!(sandbox.count(Call::SignIn), 2);
}

#[test]
fn a_sign_in_that_only_failed_is_tried_again_by_one_worker_for_all() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    sandbox.add(Deployment::new("dep-2")).add(Deployment::new("dep-3"));
    sandbox.fault(Call::SignIn, [Fault::Html(503)]);
    user(&sandbox).input("deployment_id", "dep-1,dep-2,dep-3").run().ended("canceled", 0);
    let tries = requests(&sandbox, Call::SignIn);
    assert_eq!(tries.len(), 2);
    // Those who waited for the first try do not rush into the second.
    assert!(tries[1].at - tries[0].at >= Duration::from_millis(350));
}

#[test]
fn a_limit_of_the_sign_in_is_waited_for() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let said = r#"{"error":"429 - Too Many Request - Request limited by Rate Limiter"}"#;
    sandbox.fault(Call::SignIn, [Fault::json(429, said)]);
    user(&sandbox).run().ended("canceled", 0);
    assert_eq!(sandbox.count(Call::SignIn), 2);
}

/// People make passwords up: only the sign-in can tell one from a variable that nobody expanded.
#[test]
fn a_password_may_look_like_a_variable_and_is_doubted_only_when_it_is_refused() {
    for input in ["password", "client_secret"] {
        let signing_in = |sandbox: &Sandbox, written: &str| {
            let step = if input == "password" { user(sandbox) } else { client(sandbox) };
            step.input(input, written).secret(written).run()
        };
        for password in ["$ecret1", "${secret}", "%secret%", "<<secret>>"] {
            let sandbox = Sandbox::start();
            sandbox
                .add(Deployment::new("dep-1"))
                .add(User::new("ci", password))
                .add(Client::new("ci-client", password));
            signing_in(&sandbox, password).ended("canceled", 0);
        }
        let sandbox = sandbox(Deployment::new("dep-1"));
        signing_in(&sandbox, "$(CF_SECRET)").ended("error", 1).says(&format!("`{input}` looks like a variable"));
    }
    let ran = user(&sandbox(Deployment::new("dep-1"))).input("password", "wrong").run();
    assert!(!ran.output("reason").contains("looks like a variable"));
}

#[test]
fn a_sign_in_address_that_is_not_safe_gets_no_credential() {
    for links in [
        json!({"login": {"href": "http://login.example.org"}}),
        json!({"login": {"href": "https://me@login.example.org"}}),
        json!({"login": null, "uaa": null}),
    ] {
        let sandbox = sandbox(Deployment::new("dep-1"));
        sandbox.add(Foundation::new().links(links));
        user(&sandbox).run().ended("error", 1).says("sign-in address");
        assert_eq!(sandbox.requests().len(), 1);
    }
}

#[test]
fn the_uaa_itself_is_asked_where_there_is_no_login_page() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let links = json!({"login": null, "uaa": {"href": "UAA"}});
    sandbox.add(Foundation::new().links(links));
    user(&sandbox).run().ended("canceled", 0);
}

#[test]
fn a_sign_in_is_never_redirected() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let elsewhere = format!("{}{UAA}/oauth/token", sandbox.url("cloud_foundry"));
    sandbox.always(Call::SignIn, Fault::Redirect(elsewhere));
    user(&sandbox).run().ended("error", 1);
    assert_eq!(sandbox.count(Call::SignIn), 1);
}

#[test]
fn an_answer_without_a_usable_token_is_an_error() {
    for body in ["{}", r#"{"access_token":""}"#, "<html>Sign in</html>"] {
        let sandbox = sandbox(Deployment::new("dep-1"));
        sandbox.always(Call::SignIn, Fault::json(200, body));
        user(&sandbox).run_inside(&sandbox).ended("error", 1);
        assert_eq!(sandbox.count(Call::Read), 0, "{body}");
    }
}

#[test]
fn a_written_way_of_signing_in_beats_the_usual_variables_of_the_others() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let ran = client(&sandbox)
        .var("CF_ACCESS_TOKEN", "stale-access-token")
        .var("CF_USERNAME", "ci")
        .var("CF_PASSWORD", "stale-password")
        .run();
    ran.ended("canceled", 0);
    let form = text(&requests(&sandbox, Call::SignIn)[0]);
    assert!(form.contains("client_credentials"), "{form}");
}

#[test]
fn the_usual_variables_alone_are_enough() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let ran = Step::github()
        .input("platform", "cloud-foundry")
        .input("deployment_id", "dep-1")
        .var("CF_API", &sandbox.url("cloud_foundry"))
        .var("CF_USERNAME", "ci")
        .var("CF_PASSWORD", PASSWORD)
        .secret(PASSWORD)
        .run();
    ran.ended("canceled", 0);
}

#[test]
fn what_is_missing_of_a_way_of_signing_in_is_named() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let bare = || step(&sandbox).without("INPUT_TOKEN");
    for (step, says) in [
        (bare().input("username", "ci"), "`password` is missing"),
        (bare().var("CF_PASSWORD", PASSWORD), "`username` is missing"),
        (bare().input("client_id", "ci"), "`client_secret` is missing"),
        (bare().input("username", "ci").var("CF_ACCESS_TOKEN", "stale-token"), "`password` is missing"),
        (bare(), "set it (or the variable CF_ACCESS_TOKEN), or `username` and `password`"),
        (bare().var("CF_ORIGIN", "uaa"), "or `username` and `password` (or the variables CF_USERNAME and CF_PASSWORD)"),
        (user(&sandbox).input("token", TOKEN), "cannot stand beside `username`"),
        (step(&sandbox).without("INPUT_API_URL"), "`api_url` is missing: set it, or the variable CF_API_URL or CF_API"),
        (step(&sandbox).without("INPUT_API_URL").var("CF_API", "ftp://x"), "`api_url` (from CF_API)"),
    ] {
        step.run().ended("error", 2).says(says);
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn an_address_written_for_another_platform_is_no_odd_input() {
    let sandbox = sandbox(Deployment::new("dep-1"));
    let ran = Step::on(&sandbox, "digitalocean").input("app_id", "a").input("deployment_id", "d").run();
    assert!(!ran.stdout.contains("::warning"), "{}", ran.stdout);
}
