//! Encrypted connections: whose certificates are trusted, and what a user reads when one is not.

use crate::sandbox::{Authority, Papers, Sandbox, digitalocean};
use crate::stage::Stage;
use crate::step::Step;

/// A sandbox over https with one running deployment.
fn served(authority: &Authority, papers: Papers) -> Sandbox {
    let sandbox = Sandbox::start_tls(authority.acceptor(papers));
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
    sandbox
}

/// The step that cancels it.
fn step(sandbox: &Sandbox) -> Step {
    Stage::DigitalOcean.step_at(&sandbox.url_by_name("digitalocean"))
}

#[test]
fn a_ca_of_ones_own_is_trusted_when_it_is_given() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let ran = step(&sandbox).input("ca_cert", authority.pem()).run();
    ran.ended("canceled", 0);
    assert_eq!(sandbox.effective_cancels("dep-1"), 1);
}
