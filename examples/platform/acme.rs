//! Acme Deploy, an imaginary platform, after its imaginary API reference (read 2026-08).
//!
//! One trap shapes this file, as every real one has its own: a cancel is answered with 202 and the deployment, which
//! may go live all the same, so only a read decides.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::{Accepted, Entry, Found, Opened, Platform, as_written, input, lenient, require, secret};
use crate::api::{Api, Call, Reply, Reset, Response, Service, Words};
use crate::input::{Faults, Values};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, segment};
use crate::text::secret::Secret;

/// The register's entry.
pub(super) const ENTRY: Entry = Entry {
    id: "acme",
    name: "Acme Deploy",
    docs: "https://docs.acme.example/api#cancel-a-deployment",
    base: "https://api.acme.example",
    inputs: &[
        secret("token", &[("ACME_TOKEN", "")], "API token that may deploy in the workspace."),
        input("workspace", &[("ACME_WORKSPACE", "")], "The workspace that the deployment belongs to."),
    ],
    alternatives: &[],
    states: &[
        ("WAITING", State::Queued),
        ("BUILDING", State::Running),
        ("CANCELED", State::Canceled),
        ("LIVE", State::Succeeded),
        ("FAILED", State::Failed),
    ],
    credentials: "`token` (or ACME_TOKEN)",
    grant: "the token needs the right `deploy` in the workspace",
    caveat: "What was live before stays live.",
    way_back: "open the workspace and choose Restore.",
    selects: &[],
    select_needs: &[],
    no_select: "there is no list of deployments; use `deployment_id`",
    one_group: false,
    knows_forks: false,
    lists_tell: false,
    needs_id: true,
    read_id: as_written,
    slower: None,
    open,
};

#[derive(Default, Deserialize)]
struct Given {
    token: Option<Secret>,
    workspace: Option<String>,
}

struct Acme {
    workspace: String,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let Given { token, workspace } = values.fill();
    require(&ENTRY, values, faults, &["token", "workspace"]);
    let (token, workspace) = token.zip(workspace)?;
    let authorization = Secret::from(format!("Bearer {}", token.expose()));
    let service = Service {
        entry: &ENTRY,
        base: None,
        credentials: vec![("authorization", authorization)],
        sign_in: None,
        reset: Reset("x-rate-limit-reset"),
        limits_each_endpoint: false,
        request_id: "x-request-id",
        words,
        scope: format!("; looked in workspace {workspace}, see `workspace`"),
    };
    Some((Box::new(Acme { workspace }), service))
}

/// Errors are `{"message": "…"}`.
fn words(response: &Response) -> Words {
    let body = response.json();
    let message = body.get("message").and_then(Value::as_str);
    Words { message: message.map(str::to_owned), ..Words::default() }
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    status: String,
    #[serde(default, deserialize_with = "lenient")]
    page: Option<String>,
}

impl Wire {
    fn tell(self) -> Deployment {
        Deployment {
            state: ENTRY.state(&self.status),
            platform_state: self.status,
            url: self.page,
            ..Deployment::unseen(&self.id)
        }
    }
}

/// The deployment in an answer, which has to be the one that was asked for.
fn told(reply: &Reply, id: &str) -> Result<Deployment, Failure> {
    let wire: Wire = reply.json()?;
    if wire.id == id { Ok(wire.tell()) } else { Err(reply.unreadable("about another deployment")) }
}

impl Acme {
    fn path(&self, id: &str) -> String {
        let workspace = segment(&self.workspace);
        format!("/v1/workspaces/{workspace}/deployments/{}", segment(id))
    }

    async fn read(&self, api: &Api, id: &str) -> Result<Found, Failure> {
        let call = Call::get(self.path(id), "read the deployment");
        match api.send(call).await {
            Ok(reply) => Ok(Found::Here(Box::new(told(&reply, id)?))),
            Err(failure) if failure.kind == Kind::NotFound => Ok(Found::Missing(format!(
                "There is no deployment {id} in workspace {} for this token; check `deployment_id` and `workspace`.",
                self.workspace
            ))),
            Err(failure) => Err(failure),
        }
    }
}

#[async_trait]
impl Platform for Acme {
    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        self.read(api, id.as_str()).await
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        self.read(api, &known.id).await
    }

    fn unseen(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::unseen(id.as_str()))
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let path = format!("{}/cancel", self.path(&known.id));
        let reply = api.send(Call::post(path, "cancel the deployment")).await?;
        Ok(Accepted {
            deployment: Some(Box::new(told(&reply, &known.id)?)),
            status: reply.status,
            request_id: reply.request_id,
        })
    }
}
