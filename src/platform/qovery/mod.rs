//! Qovery, after its OpenAPI description 1.0.4 (Qovery/qovery-openapi-spec 651aed5, of 2026-08-20).
//!
//! The cancel call addresses an environment, not a deployment: it stops whatever runs there at that moment. So the ids
//! of the deployment (its request and its execution) are compared right before every request and again in the answer.
//! When one deployment ends, the next in the queue starts by itself, and the environment tells only of that one: how
//! ours ended has to be looked up by its own ids. What waits in the queue has a cancel call of its own.

mod cancel;
mod environment;
mod list;
mod standing;
mod wire;

use async_trait::async_trait;

use super::scope::Scope;
use super::usual::Read;
use super::{Need, Opened, Platform, PlatformInfo, input, secret};
use crate::api::{Api, ApiRequest, Errors, Once, Service};
use crate::input::faults::Faults;
use crate::input::{Input, InputKind, Values};
use crate::model::about::{About, CanRollBack};
use crate::model::answers::{Accepted, Exclusion, Filter, Found, Listed};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_same};
use crate::model::outcome::Outcome;
use crate::model::reason::{Missing, Refusal};
use crate::select::Select;
use crate::text::secret::{Secret, bearer, without_scheme};
use environment::{Qovery, page_of};
use standing::{Door, Ids, STATES, Standing};

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "qovery",
        name: "Qovery",
        docs: "https://github.com/Qovery/qovery-openapi-spec",
        named_by: "`environment_id`; with a `deployment_id` (request id or execution id) only that one",
        credentials: "`token` (or QOVERY_CLI_ACCESS_TOKEN, Q_CLI_ACCESS_TOKEN, QOVERY_API_TOKEN)",
        grant: "the token needs a role that may deploy to the environment",
        caveat: "Services that this deployment had already deployed are not rolled back. Lifecycle jobs go on to their end \
                 without `force_cancel`; Terraform and managed database operations always do. The next deployment in the \
                 environment's queue starts by itself.",
        way_back: "open the environment in the console, Deployments, and redeploy the version before it.",
        roll_back: CanRollBack::No(
            "it has no call for it: deploy the earlier commit or image tag of each service, with `qovery application deploy --commit-id`, or in the console",
        ),
    },
    base: "https://api.qovery.com",
    inputs: &[
        secret(
            "token",
            &[("QOVERY_CLI_ACCESS_TOKEN", ""), ("Q_CLI_ACCESS_TOKEN", ""), ("QOVERY_API_TOKEN", "")],
            "API token, or a JWT; with or without `Token ` or `Bearer ` before it.",
        ),
        input(
            "environment_id",
            &[("QOVERY_ENVIRONMENT_ID", "")],
            "The environment: its id, or the address of its page in the console. Without `deployment_id` whatever is deployed there is canceled.",
        ),
        Input {
            kind: InputKind::Boolean,
            default: "false",
            ..input("force_cancel", &[], "Also abandon lifecycle jobs that the deployment started.")
        },
    ],
    needs: &[Need::All(&["token", "environment_id"])],
    states: STATES,
    selects: &[Select::Latest, Select::All],
    select_notes: &[
        (Select::Latest, "the one being carried out"),
        (Select::All, "the queue, then the one being carried out"),
    ],
    no_select: "an environment here does one thing at a time, its queue carries no dates and merges by itself, and nothing carries a branch or a commit; use `select: latest` for the deployment under way, `all` for the queue as well, or `deployment_id`",
    needs_id: false,
    // 1000 requests an hour for each token: a pause of ten seconds stays far below.
    slower: Some((std::time::Duration::from_secs(60), std::time::Duration::from_secs(10))),
    open,
    ..PlatformInfo::USUAL
};

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let force = values.boolean("force_cancel", faults);
    let id = values.parsed("environment_id", faults, environment)?;
    let service = Service::new(&INFO.about)
        .credential("authorization", authorization(values.secret("token")?.expose()))
        .errors(ERRORS)
        .scope(format_args!("environment {}: check `environment_id`", id.as_str()));
    let read = ApiRequest::get(format!("/environment/{}/status", id.segment()), "read the environment");
    let qovery = Qovery {
        environment: Scope::by_id("environment", "environment_id", id, read, "/id"),
        force: force.unwrap_or(false),
        named: values.get("deployment_id").is_some(),
        page: Once::new(),
    };
    Some((Box::new(qovery), service))
}

/// The environment's id, alone or in the address of one of its pages in the console.
fn environment(written: &str) -> Result<Id, String> {
    if !written.contains('/') {
        return Id::parse(written);
    }
    let path = written.split(['?', '#']).next().unwrap_or_default();
    match path.split('/').skip_while(|part| *part != "environment").nth(1) {
        Some(id) if !id.is_empty() => Id::parse(id),
        _ => Err("is an address without an environment; the address of an environment's page has /environment/ and its id in it".to_owned()),
    }
}

/// API tokens go as `Token`, the short-lived JWTs of console and CLI as `Bearer`; a scheme that is written is kept.
fn authorization(written: &str) -> Secret {
    let bare = without_scheme(written);
    let is_bearer =
        if bare.len() < written.len() { written.to_ascii_lowercase().starts_with("bearer") } else { is_jwt(bare) };
    if is_bearer { bearer(&Secret::from(bare.to_owned())) } else { Secret::from(format!("Token {bare}")) }
}

/// Three parts with dots between them, the first one a JSON object in base64.
fn is_jwt(token: &str) -> bool {
    let parts: Vec<_> = token.split('.').collect();
    token.starts_with("ey") && parts.len() == 3 && parts.iter().all(|part| !part.is_empty())
}

const ERRORS: Errors = Errors::at(&["/detail", "/message", "/error"]).hints(&[
    (
        Kind::Unauthorized,
        "Check {credentials}: it may be wrong or expired. A policy token also gets 401 for whatever its policy does not allow.",
    ),
    (
        Kind::Forbidden,
        "Give the token a role that may deploy to the environment, and check `environment_id`: Qovery also answers 403 for \
         an id that the token cannot see.",
    ),
]);

/// Nothing was sent, because what had to be known before could not be read.
fn unsent(failure: Failure) -> Failure {
    Failure { kind: Kind::MovedOn, ..failure }
}

impl Qovery {
    fn seen(&self, now: &Standing) -> Found {
        if now.is_teardown() && !self.named {
            return self.excluded(now);
        }
        Found::Here(Box::new(self.deployment(now)))
    }

    fn excluded(&self, now: &Standing) -> Found {
        let why = Refusal::Teardown {
            place: format!("environment {}", self.environment.as_str()),
            word: now.word.clone(),
            id: now.ids.name().map(str::to_owned),
        };
        Found::Excluded(Exclusion { outcome: Outcome::Skipped, seen: Some(Box::new(self.deployment(now))), why })
    }

    /// Whatever the environment is doing, as nobody named a deployment.
    async fn find_any(&self, api: &Api, now: Standing) -> Result<Found, Failure> {
        if now.idle {
            let place = format!("environment {}", self.environment.as_str());
            let why = Refusal::NeverDeployed { place, word: now.word };
            return Ok(Found::Excluded(Exclusion { outcome: Outcome::NothingToCancel, seen: None, why }));
        }
        if now.is_teardown() || self.is_queued_teardown(api, &now).await? {
            return Ok(self.excluded(&now));
        }
        if now.ids.name().is_none() && !now.state.is_terminal() {
            return Err(self.nameless(&now.word));
        }
        Ok(self.seen(&now))
    }
}

#[async_trait]
impl Platform for Qovery {
    fn default_target(&self) -> Option<Id> {
        Id::parse(self.environment.as_str()).ok().filter(|_| !self.named)
    }

    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        let Some(now) = self.environment_now(api, Read::First).await? else {
            return Ok(Found::Missing(self.environment.missing()));
        };
        if !self.named && is_same(self.environment.as_str(), id.as_str()) {
            return self.find_any(api, now).await;
        }
        match self.locate(api, Some(now), &Ids::written(id.as_str()), Read::First).await? {
            Some(now) => Ok(self.seen(&now)),
            None => Ok(Found::Missing(Missing::InScope {
                scope: format!("environment {}", self.environment.as_str()),
                id: format!("{}, neither under way nor in its queue nor in its history", id.as_str()),
                check: "`deployment_id` and `environment_id`",
            })),
        }
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        let Some(now) = self.environment_now(api, Read::Later).await? else {
            return Ok(Found::Missing(self.environment.missing()));
        };
        let ids = Ids::of(known);
        // Where ours is looked for in vain, people have to know what else may have been stopped.
        let other = now.ids.name().filter(|_| !ids.is(&now.ids));
        let instead = other.map(|_| (now.ids.name_beside(&ids).to_owned(), now.word.clone()));
        match self.locate(api, Some(now), &ids, Read::Later).await? {
            Some(now) => Ok(self.seen(&now)),
            None => Ok(Found::Missing(Missing::Forgotten {
                environment: self.environment.as_str().to_owned(),
                id: known.id.clone(),
                instead,
            })),
        }
    }

    /// Nothing is ever canceled blindly: the request would stop whatever runs there.
    fn without_reading(&self, _id: &Id) -> Option<Deployment> {
        None
    }

    fn is_guarded(&self) -> bool {
        true
    }

    async fn list(&self, api: &Api, _wanted: &Filter) -> Result<Listed, Failure> {
        self.in_flight(api).await
    }

    async fn page(&self, api: &Api, known: &Deployment) -> Option<String> {
        let page = self.page.get_or_init(|| self.look_up_page(api)).await;
        Some(page_of(page.as_deref()?, &Ids::of(known)))
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let ids = Ids::of(known);
        let now = self.environment_now(api, Read::Later).await.map_err(unsent)?;
        let now = self.locate(api, now, &ids, Read::Later).await.map_err(unsent)?;
        let moved_on = |what: &str| Err(Failure::own(Kind::MovedOn, format!("deployment {} {what}", known.id), ""));
        match now {
            Some(now) if now.state.is_terminal() => moved_on("has just ended"),
            Some(now) if now.state == State::Canceling => moved_on("is being canceled already"),
            // The next read finds that as well, and says what it is.
            Some(now) if now.is_teardown() && !self.named => moved_on("is no deployment any more"),
            Some(Standing { ids, door: Some(Door::Queue), .. }) => self.cancel_queued(api, &ids).await,
            Some(Standing { ids, door: Some(Door::Environment), .. }) => self.cancel_under_way(api, &ids).await,
            _ => moved_on("is no longer the one under way in its environment"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn qovery() -> Qovery {
        let id = Id::parse("env").unwrap();
        let environment = Scope::by_id("environment", "environment_id", id, ApiRequest::get("", ""), "/id");
        Qovery { environment, force: false, named: false, page: Once::new() }
    }

    #[test]
    fn an_environment_is_taken_out_of_its_pages_address() {
        let id = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf";
        let base = "https://console.qovery.com/organization/o-1/project/p-1/environment";
        assert_eq!(environment(id).unwrap().as_str(), id);
        for behind in ["", "/", "/deployments", "/deployment/x-1?tab=1", "#top"] {
            for base in [base, "console.qovery.com/environment"] {
                let written = format!("{base}/{id}{behind}");
                assert_eq!(environment(&written).as_ref().map(Id::as_str), Ok(id), "{written}");
            }
        }
        let (slash, above, wrapped) = (format!("{base}/"), format!("{base}/.."), format!("[{id}]"));
        for bad in [base, &slash, "https://console.qovery.com/organization/o-1", &above, &wrapped] {
            assert!(environment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_goes_with_its_own_scheme() {
        for (written, header) in [
            ("abc", "Token abc"),
            ("sk-qov-01.a.b", "Token sk-qov-01.a.b"),
            ("eyA.eyB.c", "Bearer eyA.eyB.c"),
            ("eyA..c", "Token eyA..c"),
            ("eyA.b.c.d", "Token eyA.b.c.d"),
            ("Token eyA.eyB.c", "Token eyA.eyB.c"),
            ("bearer  abc", "Bearer abc"),
        ] {
            assert_eq!(authorization(written).expose(), header, "{written}");
        }
    }
}
