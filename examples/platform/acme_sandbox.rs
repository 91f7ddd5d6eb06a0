//! Acme Deploy in the sandbox, after its imaginary API reference: deployments of the workspace `web`.

use serde_json::{Value, json};

use super::{Answer, Call, Deployment, Desk, Fleet, Own, Platform, Request, Words};

/// A deployment, which has nothing that others do not have.
pub type Acme = Deployment<Nothing>;

/// That.
#[derive(Clone, Debug)]
pub struct Nothing;

impl Acme {
    /// A deployment that shows these words, and those from the moment a cancel takes effect.
    pub fn new(id: &str, states: &[&str], after_cancel: &[&str]) -> Acme {
        let deployment = Acme::made("web", id, Nothing).finished_cancel(409);
        deployment.states(states.to_vec()).after_cancel(after_cancel.to_vec())
    }
}

impl Own for Nothing {
    type Platform = AcmeDeploy;
    const COURSE: Words = (&["BUILDING"], &["CANCELED"]);
    const FINISHED: &'static [&'static str] = &["CANCELED", "LIVE", "FAILED"];

    fn fleet(platform: &mut AcmeDeploy) -> &mut Fleet<Nothing> {
        &mut platform.0
    }

    fn json(one: &Acme, word: &str) -> Value {
        json!({ "id": one.id, "status": word, "page": format!("https://acme.example/deployments/{}", one.id) })
    }
}

/// The whole platform.
#[derive(Default)]
pub struct AcmeDeploy(Fleet<Nothing>);

impl Platform for AcmeDeploy {
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
