//! The worked example of `docs/adding-a-platform.md`: it runs through the real procedure against the real sandbox.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    unused_imports,
    reason = "a test may stop at the first surprise; the sandbox has more than one example needs"
)]

// The example says `crate::…` and `super::…`, as it would inside the program.
use cancel_deployment::{api, input, model, select, text};

#[path = "."]
mod platform {
    pub use cancel_deployment::platform::*;

    #[path = "../examples/platform/acme.rs"]
    mod acme;

    pub const ACME: &PlatformInfo = &acme::INFO;
}

mod sandbox;

#[path = "."]
mod corner {
    use crate::sandbox::*;

    #[path = "../examples/platform/acme_sandbox.rs"]
    pub mod acme;
}

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use cancel_deployment::api::{Api, Client, Clock, Roots};
use cancel_deployment::cancel::{Plan, Verdict};
use cancel_deployment::input::Values;
use cancel_deployment::input::env::Env;
use cancel_deployment::input::faults::Faults;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::id::Id;
use cancel_deployment::model::outcome::Outcome;
use cancel_deployment::model::signal::Received;
use cancel_deployment::run::{Observer, Run, Task};
use cancel_deployment::select::guard::Guard;
use cancel_deployment::settings;
use cancel_deployment::text::redactor::Redactor;
use cancel_deployment::text::sanitizer::Sanitizer;
use corner::acme::Acme;
use platform::ACME;
use sandbox::{Call, Fault, Grant, Sandbox, TOKEN};
use tokio::sync::watch;
use tokio::time::Instant;

struct Nobody;

impl Observer for Nobody {
    fn saw(&mut self, _work: &Task) {}
    fn warn(&mut self, _text: &str) {}
    fn asking(&mut self, _works: &[Task], _which: usize) {}
}

fn values(pairs: &[(&str, &str)], faults: &mut Faults) -> Values {
    let pairs = pairs.iter();
    let env = Env::new(pairs.map(|(name, value)| (OsString::from(name), OsString::from(value))));
    settings::read(&[ACME], &env, Some(ACME), faults)
}

/// One deployment with this id through the whole procedure.
fn drive(sandbox: &Sandbox, id: &str) -> Verdict {
    let mut faults = Faults::default();
    let given = [("INPUT_TOKEN", TOKEN), ("ACME_WORKSPACE", "web")];
    let opened = (ACME.open)(&values(&given, &mut faults), &mut faults);
    assert_eq!(faults.found, []);
    let (platform, service) = opened.unwrap();
    let base = Address::parse(&sandbox.url(ACME.about.id)).unwrap();
    let link = Client::new(&base, Roots::default(), &Env::default(), false).unwrap();
    let sanitizer = Arc::new(Sanitizer::new(Redactor::new(&[])));
    let (start, limit) = (Instant::now(), Duration::from_secs(20));
    let api = Api::new(service, base, Box::new(link), Arc::clone(&sanitizer), Clock { start, limit });
    let plan = Plan {
        wait: true,
        dry_run: false,
        only_states: None,
        guard: Guard::default(),
        guarded: platform.is_guarded(),
        poll_interval: Duration::from_secs(1),
        slower: ACME.slower,
        spare: false,
        limit,
        many: 1,
    };
    let run =
        Run { platform: platform.as_ref(), api: &api, plan, lists_tell: ACME.lists_tell, sanitizer: &sanitizer, start };
    let (_sender, mut signals) = watch::channel(Received::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let works = runtime.unwrap().block_on(async {
        let ids = vec![Id::parse(id).unwrap()];
        run.drive(ids, &mut signals, &mut Nobody).await
    });
    works[0].procedure.ending().unwrap().clone()
}

#[track_caller]
fn check(platform: Acme, outcome: Outcome, reason: &str) {
    let sandbox = Sandbox::start();
    sandbox.add(platform);
    let ending = drive(&sandbox, "dep-1");
    assert_eq!(ending.outcome, outcome, "{ending:?}");
    assert!(ending.reason.to_string().contains(reason), "{ending:?}");
}

#[test]
fn a_deployment_under_way_is_canceled() {
    let acme = Acme::new("dep-1", &["WAITING"], &["BUILDING", "CANCELED"]);
    let reason = "It went from WAITING to CANCELED";
    check(acme, Outcome::Canceled, reason);
}

#[test]
fn a_lost_race_is_told_as_one() {
    let acme = Acme::new("dep-1", &["BUILDING"], &["BUILDING", "LIVE"]);
    let reason = "It went live before the cancellation could take effect";
    check(acme, Outcome::Completed, reason);
}

#[test]
fn what_has_ended_is_left_alone() {
    let sandbox = Sandbox::start();
    sandbox.add(Acme::new("dep-1", &["FAILED"], &["CANCELED"]));
    let ending = drive(&sandbox, "dep-1");
    assert_eq!(ending.outcome, Outcome::AlreadyFinished, "{ending:?}");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_token_without_the_right_is_told_which_one() {
    let sandbox = Sandbox::start();
    sandbox.add(Acme::new("dep-1", &["BUILDING"], &["CANCELED"]));
    sandbox.token("acme", TOKEN, Grant::ReadOnly);
    let ending = drive(&sandbox, "dep-1");
    assert_eq!(ending.outcome, Outcome::Error, "{ending:?}");
    assert!(ending.reason.hint().contains(ACME.about.grant), "{ending:?}");
}

#[test]
fn another_id_is_not_found() {
    let sandbox = Sandbox::start();
    sandbox.add(Acme::new("dep-1", &["BUILDING"], &["CANCELED"]));
    let ending = drive(&sandbox, "dep-2");
    assert_eq!(ending.outcome, Outcome::NotFound, "{ending:?}");
    assert!(ending.reason.hint().contains("Check `deployment_id`"), "{ending:?}");
}

#[test]
fn an_unclear_answer_is_decided_by_what_is_read() {
    let sandbox = Sandbox::start();
    sandbox.add(Acme::new("dep-1", &["BUILDING"], &["CANCELED"]));
    sandbox.fault(Call::Cancel, [Fault::After(Box::new(Fault::Status(502)))]);
    let ending = drive(&sandbox, "dep-1");
    assert_eq!(ending.outcome, Outcome::Canceled, "{ending:?}");
    assert_eq!(sandbox.effective_cancels("dep-1"), 1);
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let mut faults = Faults::default();
    let opened = (ACME.open)(&values(&[], &mut faults), &mut faults);
    assert!(opened.is_none());
    let missing: Vec<_> = faults.found.iter().map(|fault| &*fault.input).collect();
    assert_eq!(missing, ["token", "workspace"]);
}
