//! DigitalOcean App Platform, after the OpenAPI description of its API (digitalocean/openapi, read 2026-08-07).
//!
//! Two traps shape this file. A 200 to the cancel call proves nothing: the documented example answers with another
//! deployment's id in a state of its own, so only a read decides. And `phase` is the only field that tells the state:
//! the step counters stop moving when a deployment is canceled.

use std::sync::OnceLock;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Accepted, Entry, Found, Platform, as_written, input, lenient, require, secret};
use crate::api::{Api, Call, Method, Reply, Reset, Response, Service, Words};
use crate::deployment::{Deployment, State};
use crate::failure::{Failure, Kind};
use crate::id::{Id, segment};
use crate::inputs::{Faults, Values};
use crate::secret::Secret;

/// The register's entry.
pub(super) const ENTRY: Entry = Entry {
    id: "digitalocean",
    name: "DigitalOcean App Platform",
    docs: "https://docs.digitalocean.com/reference/api/digitalocean/#tag/Apps/operation/apps_cancel_deployment",
    base: "https://api.digitalocean.com",
    inputs: &[
        secret(
            "token",
            &[
                ("DIGITALOCEAN_ACCESS_TOKEN", ""),
                ("DIGITALOCEAN_TOKEN", ""),
            ],
            "API token with the scopes `app:read` and `app:update`.",
        ),
        input("app_id", &[("DIGITALOCEAN_APP_ID", "")], "The app's id."),
        input("app_name", &[], "The app's name, instead of `app_id`."),
    ],
    alternatives: &[&[&["app_id"], &["app_name"]]],
    states: &[
        ("PENDING_BUILD", State::Queued),
        ("BUILDING", State::Running),
        ("PENDING_DEPLOY", State::Running),
        ("DEPLOYING", State::Running),
        ("CANCELED", State::Canceled),
        ("ACTIVE", State::Succeeded),
        ("ERROR", State::Failed),
        ("SUPERSEDED", State::Superseded),
    ],
    credentials: "`token` (or DIGITALOCEAN_ACCESS_TOKEN, DIGITALOCEAN_TOKEN)",
    grant: "the token needs the scopes `app:read` to look and `app:update` to cancel",
    caveat: "The version that was live before stays live. Changes to the app's spec, its databases or anything a job \
             of this deployment already did are not undone.",
    way_back: "open the app, Activity, and roll back to the deployment before it.",
    needs_id: true,
    read_id: as_written,
    slower: None,
    open,
};

const APPS_PER_PAGE: &str = "200";

/// An account cannot have more pages of apps than this; a list that goes on is not believed.
const MOST_PAGES: u32 = 500;

#[derive(Default, Deserialize)]
struct Given {
    token: Option<Secret>,
    app_id: Option<String>,
    app_name: Option<String>,
}

struct DigitalOcean {
    app: App,
}

enum App {
    Id(Id),
    Named { name: String, id: OnceLock<Id> },
}

fn open(values: &Values, faults: &mut Faults) -> Option<(Box<dyn Platform>, Service)> {
    let Given {
        token,
        app_id,
        app_name,
    } = values.fill();
    require(&ENTRY, values, faults, &["token"]);
    let app = match (app_id, app_name) {
        (Some(id), _) => match Id::parse(&id) {
            Ok(id) => Some(App::Id(id)),
            Err(wrong) => {
                faults.add(values.given("app_id"), "app_id", wrong);
                None
            }
        },
        (None, Some(name)) => Some(App::Named {
            name,
            id: OnceLock::new(),
        }),
        (None, None) => {
            faults.add(
                None,
                "app_id",
                "is missing: set `app_id` or `app_name`, or the variable DIGITALOCEAN_APP_ID",
            );
            None
        }
    };
    let service = Service {
        entry: &ENTRY,
        base: None,
        credentials: vec![(
            "authorization",
            Secret::from(format!("Bearer {}", token?.expose())),
        )],
        sign_in: None,
        reset: Reset::Epoch("ratelimit-reset"),
        limits_each_endpoint: false,
        request_id: "x-request-id",
        words,
        scope: String::new(),
    };
    Some((Box::new(DigitalOcean { app: app? }), service))
}

fn words(response: &Response) -> Words {
    let body = response.json();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    Words {
        message: text("message"),
        request_id: text("request_id"),
        ..Words::default()
    }
}

impl DigitalOcean {
    fn app(&self) -> &str {
        match &self.app {
            App::Id(id) => id.as_str(),
            App::Named { id, name } => id.get().map_or(name, Id::as_str),
        }
    }

    fn call(&self, method: Method, id: &str, trying: &str) -> Call {
        let cancel = if method == Method::Post {
            "/cancel"
        } else {
            ""
        };
        let path = format!(
            "/v2/apps/{}/deployments/{}{cancel}",
            segment(self.app()),
            segment(id)
        );
        Call::new(method, path, trying)
    }

    async fn read(&self, api: &Api, id: &str) -> Result<Option<Deployment>, Failure> {
        match api
            .send(self.call(Method::Get, id, "read the deployment"))
            .await
        {
            Ok(reply) => self.deployment(id, &reply).map(Some),
            Err(failure) if failure.kind == Kind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn deployment(&self, id: &str, reply: &Reply) -> Result<Deployment, Failure> {
        let body: Envelope<Wire> = reply.json()?;
        let wire = body
            .deployment
            .ok_or_else(|| reply.unreadable("without a deployment"))?;
        if wire.id != id {
            return Err(reply.unreadable("about another deployment"));
        }
        Ok(wire.tell(self.app()))
    }

    /// Which of the two ids was wrong: the API's 404 does not say.
    async fn missing(&self, api: &Api, id: &str) -> String {
        let app = self.app();
        let asked = match &self.app {
            App::Named { .. } => true,
            App::Id(app) => {
                let call = Call::get(format!("/v2/apps/{}", app.segment()), "read the app");
                match api.send(call).await {
                    Ok(_) => true,
                    Err(failure)
                        if failure.kind == Kind::NotFound || failure.status == Some(400) =>
                    {
                        return format!(
                            "There is no app {} for this token; check `app_id`.",
                            app.as_str()
                        );
                    }
                    Err(_) => false,
                }
            }
        };
        if asked {
            format!("App {app} has no deployment {id}; check `deployment_id`.")
        } else {
            format!(
                "There is no deployment {id} in an app {app} for this token; check `deployment_id` and `app_id`."
            )
        }
    }

    /// One page of apps: the wanted app's id, or the number of the next page.
    async fn page_of_apps(
        &self,
        api: &Api,
        name: &str,
        page: u32,
    ) -> Result<(Option<String>, Option<u32>), Failure> {
        let call = Call::get("/v2/apps", "list the apps")
            .query("page", page.to_string())
            .query("per_page", APPS_PER_PAGE);
        let apps: Apps = api.send(call).await?.json()?;
        let is_named =
            |app: &AppWire| app.spec.as_ref().and_then(|spec| spec.name.as_deref()) == Some(name);
        let mut named = apps.apps.into_iter().flatten().filter(is_named);
        let pages = apps.links.and_then(|links| links.pages);
        let more = pages.and_then(|pages| pages.next).map(|_| page + 1);
        Ok((named.next().map(|app| app.id), more))
    }
}

#[async_trait]
impl Platform for DigitalOcean {
    async fn enter(&self, api: &Api) -> Result<Option<String>, Failure> {
        let App::Named { name, id } = &self.app else {
            return Ok(None);
        };
        let mut next = Some(1);
        while let Some(page) = next.filter(|page| *page <= MOST_PAGES) {
            let (found, more) = self.page_of_apps(api, name, page).await?;
            if let Some(Ok(found)) = found.map(|found| Id::parse(&found)) {
                id.get_or_init(|| found);
                return Ok(None);
            }
            next = more;
        }
        Ok(Some(format!(
            "There is no app named {name} for this token; check `app_name`."
        )))
    }

    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        match self.read(api, id.as_str()).await {
            Ok(Some(deployment)) => Ok(Found::Here(Box::new(deployment))),
            Ok(None) => Ok(Found::Missing(self.missing(api, id.as_str()).await)),
            // A malformed id: there is no such deployment either.
            Err(failure) if failure.status == Some(400) => {
                Ok(Found::Missing(self.missing(api, id.as_str()).await))
            }
            Err(failure) => Err(failure),
        }
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        match self.read(api, &known.id).await? {
            Some(deployment) => Ok(Found::Here(Box::new(deployment))),
            None => Ok(Found::Missing(format!(
                "Deployment {} cannot be found any more.",
                known.id
            ))),
        }
    }

    fn unseen(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::unseen(id.as_str()))
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let reply = api
            .send(self.call(Method::Post, &known.id, "cancel the deployment"))
            .await?;
        let mut accepted = Accepted {
            deployment: None,
            status: reply.status,
            request_id: reply.request_id.clone(),
        };
        if !reply.is_empty() {
            let body: Envelope<Wire> = reply.json()?;
            let own = body.deployment.filter(|wire| wire.id == known.id);
            accepted.deployment = own.map(|wire| Box::new(wire.tell(self.app())));
        }
        Ok(accepted)
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    deployment: Option<T>,
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    phase: String,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    previous_deployment_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    cause_details: Option<CauseDetails>,
    #[serde(default, deserialize_with = "lenient")]
    services: Option<Vec<Component>>,
    #[serde(default, deserialize_with = "lenient")]
    static_sites: Option<Vec<Component>>,
    #[serde(default, deserialize_with = "lenient")]
    workers: Option<Vec<Component>>,
    #[serde(default, deserialize_with = "lenient")]
    jobs: Option<Vec<Component>>,
    #[serde(default, deserialize_with = "lenient")]
    functions: Option<Vec<Component>>,
    #[serde(default, deserialize_with = "lenient")]
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct CauseDetails {
    git_push: Option<GitPush>,
}

#[derive(Deserialize)]
struct GitPush {
    commit_sha: Option<String>,
    github: Option<Repository>,
    gitlab: Option<Repository>,
    bitbucket: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    branch: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    source_commit_hash: Option<String>,
}

#[derive(Deserialize)]
struct Spec {
    services: Option<Vec<Source>>,
    static_sites: Option<Vec<Source>>,
    workers: Option<Vec<Source>>,
    jobs: Option<Vec<Source>>,
    functions: Option<Vec<Source>>,
}

#[derive(Deserialize)]
struct Source {
    github: Option<Repository>,
    gitlab: Option<Repository>,
    bitbucket: Option<Repository>,
    git: Option<Repository>,
}

#[derive(Deserialize)]
struct Apps {
    #[serde(default, deserialize_with = "lenient")]
    apps: Option<Vec<AppWire>>,
    #[serde(default, deserialize_with = "lenient")]
    links: Option<Links>,
}

#[derive(Deserialize)]
struct AppWire {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    spec: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Links {
    #[serde(default, deserialize_with = "lenient")]
    pages: Option<Pages>,
}

#[derive(Deserialize)]
struct Pages {
    next: Option<String>,
}

impl Wire {
    fn tell(self, app: &str) -> Deployment {
        let mut details = Map::new();
        if let Some(previous) = self
            .previous_deployment_id
            .as_deref()
            .filter(|id| !id.is_empty())
        {
            details.insert("previous_deployment_id".to_owned(), json!(previous));
        }
        Deployment {
            state: ENTRY.state(&self.phase),
            settled: false,
            // The deployment's own page has no documented address; the app's page has.
            url: Some(format!(
                "https://cloud.digitalocean.com/apps/{}",
                segment(app)
            )),
            branch: self.branch(),
            commit: self.commit(),
            target: None,
            created: self.created_at.as_deref().and_then(time),
            note: None,
            details,
            handle: Value::Null,
            platform_state: self.phase,
            id: self.id,
        }
    }

    fn branch(&self) -> Option<String> {
        let push = self
            .cause_details
            .as_ref()
            .and_then(|cause| cause.git_push.as_ref());
        let pushed = push.and_then(|push| {
            [&push.github, &push.gitlab, &push.bitbucket]
                .into_iter()
                .find_map(branch_of)
        });
        pushed.or_else(|| self.spec.as_ref().and_then(Spec::branch))
    }

    fn commit(&self) -> Option<String> {
        let push = self
            .cause_details
            .as_ref()
            .and_then(|cause| cause.git_push.as_ref());
        let pushed = push.and_then(|push| push.commit_sha.clone());
        let lists = [
            &self.services,
            &self.static_sites,
            &self.workers,
            &self.jobs,
            &self.functions,
        ];
        let mut built = lists
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|part| part.source_commit_hash.clone());
        pushed
            .into_iter()
            .chain(&mut built)
            .find(|hash| !hash.is_empty())
    }
}

impl Spec {
    fn branch(&self) -> Option<String> {
        let lists = [
            &self.services,
            &self.static_sites,
            &self.workers,
            &self.jobs,
            &self.functions,
        ];
        lists.into_iter().flatten().flatten().find_map(|source| {
            [
                &source.github,
                &source.gitlab,
                &source.bitbucket,
                &source.git,
            ]
            .into_iter()
            .find_map(branch_of)
        })
    }
}

fn branch_of(repository: &Option<Repository>) -> Option<String> {
    repository
        .as_ref()?
        .branch
        .clone()
        .filter(|branch| !branch.is_empty())
}

/// The API writes year 1 for "no time".
fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>()
        .ok()
        .filter(|time| time.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &Value, expected: (&str, State, Option<&str>, Option<&str>)) {
        let wire: Wire = serde_json::from_value(body.clone()).unwrap();
        let told = wire.tell("app-1");
        let seen = (
            told.platform_state.as_str(),
            told.state,
            told.branch.as_deref(),
            told.commit.as_deref(),
        );
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_deployment_is_read_from_whatever_fields_there_are() {
        check(
            &json!({ "id": "d", "phase": "BUILDING" }),
            ("BUILDING", State::Running, None, None),
        );
        check(
            &json!({
                "id": "d", "phase": "PENDING_BUILD",
                "services": [{ "name": "web", "source_commit_hash": "9a4df0b8" }],
                "spec": { "name": "x", "services": [{ "name": "web", "github": { "repo": "a/b", "branch": "main" } }] },
            }),
            (
                "PENDING_BUILD",
                State::Queued,
                Some("main"),
                Some("9a4df0b8"),
            ),
        );
        check(
            &json!({
                "id": "d", "phase": "ACTIVE", "services": null,
                "cause_details": { "git_push": { "gitlab": { "branch": "dev" }, "commit_sha": "abc" } },
                "workers": [{ "source_commit_hash": "" }],
            }),
            ("ACTIVE", State::Succeeded, Some("dev"), Some("abc")),
        );
    }

    #[test]
    fn every_phase_of_the_documents_is_known() {
        for (phase, state) in [
            ("PENDING_BUILD", State::Queued),
            ("BUILDING", State::Running),
            ("PENDING_DEPLOY", State::Running),
            ("DEPLOYING", State::Running),
            ("ACTIVE", State::Succeeded),
            ("ERROR", State::Failed),
            ("CANCELED", State::Canceled),
            ("SUPERSEDED", State::Superseded),
            ("UNKNOWN", State::Unknown),
        ] {
            assert_eq!(ENTRY.state(phase), state, "{phase}");
        }
    }

    #[test]
    fn year_one_is_no_time() {
        assert_eq!(time("0001-01-01T00:00:00Z"), None);
        assert!(time("2020-07-28T18:00:00Z").is_some());
    }
}
