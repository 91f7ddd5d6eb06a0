//! Acme Deploy in the sandbox: deployments of one workspace, each with a course of its own.

use serde_json::json;

use super::{Access, Addition, Answer, Call, Grant, Platform, Platforms, Request, Script, Tokens};

const WORKSPACE: &str = "/v1/workspaces/web/deployments/";

/// The whole platform, with one deployment.
pub struct Acme {
    id: String,
    script: Script,
    tokens: Tokens,
}

impl Acme {
    /// A platform whose deployment shows these words, and those from the moment a cancel takes effect.
    pub fn new(id: &str, states: &[&str], after_cancel: &[&str]) -> Acme {
        Acme { id: id.to_owned(), script: Script::new(states, after_cancel), tokens: Tokens::default() }
    }

    fn body(&self, word: &str) -> serde_json::Value {
        json!({ "id": self.id, "status": word })
    }
}

impl Addition for Acme {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.guests.push(Box::new(self));
    }
}

impl Platform for Acme {
    fn name(&self) -> &'static str {
        "acme"
    }

    fn call(&self, request: &Request) -> Call {
        let below = request.path.strip_prefix(WORKSPACE);
        match (request.method.as_str(), below) {
            ("GET", Some(_)) => Call::Read,
            ("POST", Some(id)) if id.ends_with("/cancel") => Call::Cancel,
            _ => Call::Other,
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let call = self.call(request);
        match self.tokens.check(request, call) {
            Access::Granted => {}
            Access::Denied => return self.error(403),
            Access::Missing | Access::Unknown => return self.error(401),
        }
        let below = request.path.strip_prefix(WORKSPACE).unwrap_or_default();
        if below.strip_suffix("/cancel").unwrap_or(below) != self.id {
            return self.error(404);
        }
        match call {
            Call::Read => {
                let word = self.script.read();
                Answer::json(200, &self.body(&word))
            }
            Call::Cancel => {
                let took_effect = self.script.cancel();
                Answer::json(202, &self.body(self.script.now())).effect(took_effect)
            }
            _ => self.error(404),
        }
    }

    fn error(&mut self, status: u16) -> Answer {
        Answer::json(status, &json!({ "message": format!("no: {status}") }))
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-rate-limit-reset", in_seconds.to_string())
    }

    fn grant(&mut self, token: &str, grant: Grant) {
        self.tokens.set(token, grant);
    }

    fn effective_cancels(&self, id: &str) -> usize {
        if self.id == id { self.script.cancels() } else { 0 }
    }

    fn truth(&self, id: &str) -> Option<String> {
        (self.id == id).then(|| self.script.now().to_owned())
    }
}
