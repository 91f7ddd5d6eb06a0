//! Tokens of Qovery, and what they may do.

use super::{EXECUTION, ONE, TWO, named, one, sandbox, step, two};
use crate::sandbox::qovery::{ENVIRONMENT, Environment, PolicyToken};
use crate::sandbox::{Call, Fault, Grant};
use crate::step::Step;

#[test]
fn api_tokens_and_jwts_go_each_with_their_own_scheme() {
    const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJlLWJ5dGVz";
    for (token, bare) in [
        ("Token qovery-api-token-1", "qovery-api-token-1"),
        ("token  qovery-api-token-1", "qovery-api-token-1"),
        ("qovery-api-token-1", "qovery-api-token-1"),
        (JWT, JWT),
        (&format!("Bearer {JWT}"), JWT),
    ] {
        let sandbox = sandbox([one()]);
        sandbox.token("qovery", bare, Grant::All);
        let step = step(&sandbox).without("INPUT_TOKEN").secret(bare);
        step.var("Q_CLI_ACCESS_TOKEN", token).run().ended("canceled", 0);
    }
}

#[test]
fn a_token_that_comes_back_without_its_scheme_is_hidden() {
    let sandbox = sandbox([one()]);
    let body = r#"{"status":400,"detail":"bad token qovery-api-token-1 in header"}"#;
    sandbox.always(Call::Cancel, Fault::json(422, body));
    sandbox.token("qovery", "qovery-api-token-1", Grant::All);
    let ran = step(&sandbox).input("token", "Token qovery-api-token-1").secret("qovery-api-token-1").run();
    ran.ended("error", 1).says("bad token *** in header").says("::add-mask::qovery-api-token-1");
}

#[test]
fn a_policy_token_goes_on_where_the_path_names_the_environment() {
    const POLICY: &str = "sk-qov-01-abcdefgh";
    let sandbox = sandbox([one(), two()]);
    sandbox.add(PolicyToken::new(POLICY));
    let with = |step: Step| step.input("token", POLICY).secret(POLICY).run();
    with(named(&sandbox, TWO)).ended("error", 1).says("policy");
    assert_eq!(sandbox.effective_cancels(TWO), 0);
    let ran = with(step(&sandbox));
    ran.ended("canceled", 0);
    assert_eq!(ran.output("deployment_id"), ONE);
    with(named(&sandbox, EXECUTION)).ended("already_finished", 0);
}

#[test]
fn without_the_right_to_read_nothing_is_canceled() {
    let sandbox = sandbox([one()]);
    sandbox.token("qovery", crate::sandbox::TOKEN, Grant::CancelOnly);
    step(&sandbox).run().ended("error", 1).says("it belongs to cannot be checked");
    let hidden = self::sandbox([one()]);
    hidden.add(Environment::new(ENVIRONMENT).hidden());
    step(&hidden).run().ended("error", 1).says("an id that the token cannot see");
    assert_eq!(sandbox.count(Call::Cancel) + hidden.count(Call::Cancel), 0);
}

#[test]
fn a_missing_right_and_a_wrong_token_are_named() {
    let sandbox = sandbox([one()]);
    sandbox.token("qovery", crate::sandbox::TOKEN, Grant::ReadOnly);
    step(&sandbox).run().ended("error", 1).says("may read it but not cancel it").says("a role that may deploy");
    sandbox.token("qovery", crate::sandbox::TOKEN, Grant::Revoked);
    step(&sandbox).run().ended("error", 1).says("Invalid or missing authentication token").says("Q_CLI_ACCESS_TOKEN");
}
