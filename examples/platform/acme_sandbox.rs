//! Acme Deploy in the sandbox, after its imaginary API reference: deployments of the workspace `web`.

use serde_json::{Value, json};

use super::{About, Answer, Call, Desk, Fleet, One, Own, Platform, Request, Sandbox, TOKEN, Traits, Words};

/// A deployment.
pub type Deployment = super::Deployment<Nothing>;

/// What its deployments have that others do not.
#[derive(Clone, Debug)]
pub struct Nothing;

impl Own for Nothing {
    type Platform = Acme;
    const COURSE: Words = (&["BUILDING"], &["CANCELED"]);
    const FINISHED: &'static [&'static str] = &["CANCELED", "LIVE", "FAILED"];

    fn fleet(platform: &mut Acme) -> &mut Fleet<Nothing> {
        &mut platform.0
    }

    fn json(one: &Deployment, word: &str) -> Value {
        json!({ "id": one.id, "status": word, "page": format!("https://acme.example/deployments/{}", one.id) })
    }
}

/// The whole platform.
#[derive(Default)]
pub struct Acme(Fleet<Nothing>);

impl Platform for Acme {
    fn name(&self) -> &'static str {
        "acme"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.0
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::Read, "GET v1/workspaces/*/deployments/*"),
            (Call::Cancel, "POST v1/workspaces/*/deployments/*/cancel"),
        ]
    }

    fn respond(&mut self, call: Call, places: &[&str], _request: &Request) -> Answer {
        let found = self.0.find(|known| [&*known.scope, &*known.id] == places);
        match (call, found) {
            (Call::Read, Some(known)) => Answer::json(200, &known.read()),
            (Call::Cancel, Some(known)) => match known.cancel() {
                Ok(answer) => Answer { status: 202, ..answer },
                Err(status) => self.problem(status),
            },
            _ => self.problem(404),
        }
    }

    fn problem(&self, status: u16) -> Answer {
        Answer::json(status, &json!({ "message": format!("no: {status}") }))
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-rate-limit-reset", in_seconds.to_string())
    }
}

/// What tests have to know of it.
pub struct Stand;

const ABOUT: About = About {
    name: "acme",
    letter: 'a',
    states: &[
        ("queued", "WAITING"),
        ("running", "BUILDING"),
        ("canceled", "CANCELED"),
        ("succeeded", "LIVE"),
        ("failed", "FAILED"),
    ],
    inputs: &[("token", TOKEN), ("workspace", "web")],
    links: "https://acme.example/",
    right: "the right `deploy` in the workspace",
    traits: Traits { accepted: 202, too_late: 409, commits: false, ..Traits::USUAL },
    ..About::USUAL
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        sandbox.add(Deployment::made("web", &(ABOUT.id)(one.number), Nothing).finished_cancel(409).like(&ABOUT, one));
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({ "id": id, "status": word }).to_string())
    }
}
