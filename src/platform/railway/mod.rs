//! Railway, after the introspection of its GraphQL API in its own command line client (railwayapp/cli and railwayapp/docs,
//! read 2026-08-21).
//!
//! Four traps shape this file. Errors come inside a 200, nearly all with one code: only the message tells them apart. Two
//! kinds of tokens look alike and go into different headers. There is no word for canceled: `REMOVED` is the end of what
//! was canceled, of what was superseded and of what was live once, so facts beside it decide. And the calls that remove or
//! stop a deployment take a live service offline, so neither ever stands in for a refused cancel.

mod errors;
mod reach;
mod wire;

use std::sync::OnceLock;

use async_trait::async_trait;
use serde_json::{Value, json};

use self::reach::Reach;
use self::wire::{EVENTS, Event, FIELDS, Handle, STATES, TokenScope, Wire};
use super::addresses::{Addresses, Named};
use super::list::{List, Place};
use super::paging::Sizes;
use super::rest::{Rest, opened};
use super::scope::Scope;
use super::usual::{Read, present};
use super::{Need, Opened, PlatformInfo, Way, input, secret};
use crate::api::wire::{Many, Text};
use crate::api::{Api, ApiRequest, Body, CANCEL, Reset, Service};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::{About, CanRollBack};
use crate::model::answers::Filter;
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_same};
use crate::model::reason::Missing;
use crate::select::Select;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "railway",
        name: "Railway",
        docs: "https://docs.railway.com/integrations/api/manage-deployments",
        named_by: "the deployment's id, or the address of its page",
        credentials: "`project_token` (or RAILWAY_TOKEN) or `api_token` (or RAILWAY_API_TOKEN)",
        grant: "a project token of that environment, or an API token of the workspace",
        caveat: "Canceling stops this deployment only. The previous one keeps serving. A pre-deploy command (migrations) \
                 that already ran is not undone, changed variables stay, other services of the same push go on, and the next \
                 queued deployment starts.",
        way_back: "open the service, Deployments, and choose Rollback in the menu of the deployment before it, or Redeploy \
                   where its image is gone.",
        roll_back: CanRollBack::No(
            "its call does not tell which deployment it makes: choose Rollback on the last good deployment, or run `railway redeploy` from its commit",
        ),
    },
    base: "https://backboard.railway.com/graphql/v2",
    inputs: &[
        secret(
            "project_token",
            &[("RAILWAY_TOKEN", "")],
            "Project token, which reaches one environment of one project.",
        ),
        secret(
            "api_token",
            &[("RAILWAY_API_TOKEN", "")],
            "Token of an account or a workspace, instead of `project_token`.",
        ),
        secret(
            "token",
            &[],
            "Refused: Railway's two kinds of tokens look alike, so say `project_token` or `api_token`.",
        ),
        input(
            "project_id",
            &[("RAILWAY_PROJECT_ID", "")],
            "The project's id: with `api_token` needed with `select`; beside `deployment_id` a guard.",
        ),
        input(
            "environment_id",
            &[("RAILWAY_ENVIRONMENT_ID", "")],
            "The environment's id: with `api_token` needed with `select`; beside `deployment_id` a guard.",
        ),
        input(
            "service_id",
            &[("RAILWAY_SERVICE_ID", "")],
            "The service's id: with `api_token`, and for `select: latest`, needed with `select`; beside `deployment_id` a guard.",
        ),
    ],
    needs: &[Need::OneOf(&[Way::of(&["project_token"]), Way::of(&["api_token"])])],
    states: STATES,
    selects: &Select::ALL,
    select_notes: &[(Select::Superseded, "yes, within the service and environment")],
    one_group: true,
    lists_tell: true,
    addresses: Addresses {
        // The newer name first. Railway's own client writes `id`.
        forms: &[
            (
                "railway.com/project/{project_id}/service/{service_id}?environmentId={environment_id}&id={id}&deploymentId={id}",
                "",
            ),
            ("railway.com/project/{project_id}?environmentId={environment_id}&id={id}&deploymentId={id}", ""),
            (
                "railway.app/project/{project_id}/service/{service_id}?environmentId={environment_id}&id={id}&deploymentId={id}",
                "",
            ),
            ("railway.app/project/{project_id}?environmentId={environment_id}&id={id}&deploymentId={id}", ""),
        ],
        wrong: "is no address of a deployment in the dashboard, or one without a deployment; it ends with `?id=` and the deployment's id",
        at_home: true,
        ..Addresses::USUAL
    },
    open,
    ..PlatformInfo::USUAL
};

/// The largest page of a list is documented nowhere; this one is well below what Railway's own client asks for.
const SIZES: Sizes = &[100, 10, 1];
/// Every documented word of what is in flight.
const IN_FLIGHT: [&str; 6] = ["QUEUED", "WAITING", "NEEDS_APPROVAL", "INITIALIZING", "BUILDING", "DEPLOYING"];
/// With fewer requests left in the hour, none is made that can wait: the free plan has a hundred.
const FEW: u64 = 50;

const CANCELS: &str = "mutation Cancel($id:String!){deploymentCancel(id:$id)}";
const TOKEN: &str = "query TokenScope{projectToken{projectId environmentId}}";
const INSTANCE: &str = "query Instance($environmentId:String!,$serviceId:String!)\
    {serviceInstance(environmentId:$environmentId,serviceId:$serviceId){serviceId}}";
const SERVICE_AT: &str = "/data/serviceInstance/serviceId";
const ENVIRONMENT: &str = "query Environment($id:String!){environment(id:$id){id projectId}}";

struct Railway {
    is_project_token: bool,
    selects: bool,
    /// What was written, or stands in a usual variable.
    reach: Reach,
    /// What dashboard addresses say of the deployments that they name.
    named: Named,
    /// Where deployments are chosen from, once that is known.
    place: OnceLock<Where>,
}

/// Where deployments are chosen from.
struct Where {
    reach: Reach,
    scope: Scope,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    if let Some(given) = values.given("token") {
        let text = "cannot be used here, because Railway's two kinds of tokens look alike: give a project's token as \
                    `project_token`, an account's or a workspace's as `api_token`";
        faults.add(Some(given), "token", text);
    }
    let reach = Reach::written(values, faults);
    let named = INFO.addresses.among(values, faults);
    let selects = values.given("select").is_some();
    let project_token = values.secret("project_token");
    if selects && project_token.is_none() {
        values.require(&["project_id", "environment_id", "service_id"], INFO.inputs, faults);
    } else if values.get("select").is_some_and(|select| Select::named(select) == Some(Select::Latest)) {
        values.require(&["service_id"], INFO.inputs, faults);
    }
    let service = Service::new(&INFO.about)
        .rate_limit(Reset("x-ratelimit-reset"))
        .spare_below("x-ratelimit-remaining", FEW)
        .request_id(errors::REQUEST_ID)
        .errors(errors::ERRORS);
    let is_project_token = project_token.is_some();
    let service = match project_token {
        Some(token) => service.credential("project-access-token", token).sent_as(
            "`project_token` (or RAILWAY_TOKEN)",
            "It was sent as a project token, which reaches one environment; if it is an account or workspace token, give it as `api_token`.",
        ),
        None => service.bearer(&values.secret("api_token")?).sent_as(
            "`api_token` (or RAILWAY_API_TOKEN)",
            "It was sent as an account or workspace token; if it is a project token, give it as `project_token`.",
        ),
    };
    let railway = Railway { is_project_token, selects, reach, named, place: OnceLock::new() };
    if selects && !is_project_token {
        railway.settle(railway.reach.clone());
    }
    opened(railway, service)
}

/// One operation. Whatever it is, it is a `POST` to the base address itself.
fn operation(document: &str, variables: Value, action: &str) -> ApiRequest {
    ApiRequest::post("", action).body(Body::Json(json!({ "query": document, "variables": variables })))
}

fn read_service(environment: &Id, service: &Id) -> ApiRequest {
    let variables = json!({ "environmentId": environment.as_str(), "serviceId": service.as_str() });
    operation(INSTANCE, variables, "read the service").reading()
}

fn read_environment(environment: &Id) -> ApiRequest {
    operation(ENVIRONMENT, json!({ "id": environment.as_str() }), "read the environment").reading()
}

impl Railway {
    /// Says where deployments are chosen from; without an environment that is nowhere.
    fn settle(&self, reach: Reach) {
        let Some(environment) = &reach.environment else {
            return;
        };
        let scope = match &reach.service {
            Some(service) => {
                let read = read_service(environment, service);
                let scope = Scope::by_id("service", "service_id", service.clone(), read, SERVICE_AT);
                scope.within(format!("environment {}", environment.as_str()))
            }
            None => {
                let read = read_environment(environment);
                Scope::by_id("environment", "environment_id", environment.clone(), read, "/data/environment/id")
            }
        };
        let others = if self.is_project_token { "`project_token`" } else { "`environment_id`, `project_id`" };
        let scope = scope.beside(others).of_lists_alone();
        self.place.get_or_init(|| Where { reach, scope });
    }

    /// What the token reaches: the only one of the three that it does not tell is the service.
    async fn token_reach(&self, api: &Api) -> Result<Reach, Failure> {
        let call = operation(TOKEN, json!({}), "read which project the token is for").reading();
        let reply = api.send(call).await?;
        let told: Option<TokenScope> = reply.at("/data/projectToken")?;
        let ids = told.and_then(|told| Some((told.project_id.0?, told.environment_id.0?)));
        let fit =
            ids.and_then(|(project, environment)| Some((Id::parse(&project).ok()?, Id::parse(&environment).ok()?)));
        let (project, environment) = fit.ok_or_else(|| reply.unreadable("without a project and an environment"))?;
        for (noun, input, written, own) in [
            ("project", "project_id", &self.reach.project, &project),
            ("environment", "environment_id", &self.reach.environment, &environment),
        ] {
            if let Some(written) = written.as_ref().filter(|written| *written != own) {
                let words =
                    format!("`{input}` is {}, but the project token is for {noun} {}", written.as_str(), own.as_str());
                return Err(Failure::own(Kind::BadInput, words, format!("Check `{input}` and `project_token`.")));
            }
        }
        Ok(Reach { project: Some(project), environment: Some(environment), ..self.reach.clone() })
    }

    /// Whether there is such a service in the environment. That a project token is good was seen before, so what it may
    /// not see there is not its own.
    async fn has_service(&self, api: &Api, environment: &Id, service: &Id) -> Result<bool, Failure> {
        match api.send(read_service(environment, service)).await {
            Ok(reply) => Ok(reply.at::<Text>(SERVICE_AT)?.is_some_and(|id| id.get().is_some())),
            Err(failure) if failure.kind == Kind::NotFound => Ok(false),
            Err(failure) if failure.kind == Kind::Unauthorized && self.is_project_token => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Whether the environment is one of the project's.
    async fn is_of_project(&self, api: &Api, environment: &Id, project: &Id) -> Result<bool, Failure> {
        let Some(reply) = present(api.send(read_environment(environment)).await, Read::Later)? else {
            return Ok(false);
        };
        let own: Option<Text> = reply.at("/data/environment/projectId")?;
        let own = own.and_then(|own| own.0).ok_or_else(|| reply.unreadable("without a project"))?;
        Ok(is_same(project.as_str(), &own))
    }

    /// Whether the events of a deployment that is over say that it took the place of another one.
    async fn has_taken_over(&self, api: &Api, id: &str) -> Result<bool, Failure> {
        let call = operation(EVENTS, json!({ "id": id, "first": 100 }), "read the events of the deployment").reading();
        let reply = api.send(call).await?;
        let events: Option<Many<Event>> = reply.at("/data/deploymentEvents/edges")?;
        Ok(events.is_some_and(|events| events.0.iter().any(Event::says_taken_over)))
    }
}

#[async_trait]
impl Rest for Railway {
    type Wire = Wire;

    fn at(&self) -> &'static str {
        "/data/deployment"
    }

    fn scope(&self) -> Option<&Scope> {
        self.place.get().map(|place| &place.scope)
    }

    /// Only the platform knows what a project token is for.
    async fn resolve_scope(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        if self.selects && self.is_project_token && self.place.get().is_none() {
            self.settle(self.token_reach(api).await?);
        }
        Ok(None)
    }

    /// A service is in an environment, and that in a project: a list in a wrong one is as empty as one in the right one.
    async fn nowhere(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        let Some(Where { reach, scope }) = self.place.get() else {
            return Ok(None);
        };
        let Reach { project: Some(project), environment: Some(environment), service } = reach else {
            return Ok(None);
        };
        let is_there = match service {
            Some(service) => self.has_service(api, environment, service).await?,
            None => true,
        };
        let is_there = is_there && (self.is_project_token || self.is_of_project(api, environment, project).await?);
        Ok((!is_there).then(|| scope.missing()))
    }

    fn read(&self, id: &str) -> ApiRequest {
        let document = format!("query Read($id:String!){{deployment(id:$id){{{FIELDS}}}}}");
        operation(&document, json!({ "id": id }), "read the deployment").reading()
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        operation(CANCELS, json!({ "id": id }), "cancel the deployment").endpoint(CANCEL)
    }

    fn lists(&self) -> Vec<List> {
        let Some(Where { reach, .. }) = self.place.get() else {
            return Vec::new();
        };
        let document = format!(
            "query List($input:DeploymentListInput!,$first:Int,$after:String)\
             {{deployments(input:$input,first:$first,after:$after)\
             {{edges{{node{{{FIELDS}}}}} pageInfo{{hasNextPage endCursor}}}}}}"
        );
        let call = operation(&document, json!({ "input": reach.filter() }), "list the deployments").reading();
        let list = List::new(call, "/data/deployments/edges")
            .each("/node")
            .size(Place::Body("/variables/first"), SIZES)
            .cursor_if(
                Place::Body("/variables/after"),
                "/data/deployments/pageInfo/endCursor",
                "/data/deployments/pageInfo/hasNextPage",
            )
            .in_flight_at(Place::Body("/variables/input/status"), json!({ "in": IN_FLIGHT }));
        vec![list]
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        wire.deployment()
    }

    /// A 400 is about the operation, which is ours, never about the id in its variables.
    fn is_missing(&self, failure: &Failure, _read: Read) -> bool {
        failure.kind == Kind::NotFound
    }

    /// The guards `project_id`, `environment_id` and `service_id`, and what an address says of the deployment it names.
    fn admit(&self, told: &Deployment) -> Result<(), Failure> {
        let own = Handle::of(told);
        let place = self.place.get().map(|place| &place.reach);
        let pages: Vec<_> = self.named.pages_of(&told.id).map(|page| self.reach.of(page)).collect();
        let reaches = if pages.is_empty() { std::slice::from_ref(&self.reach) } else { &pages };
        reaches.iter().try_for_each(|reach| reach.admits(&told.id, &own))?;
        place.map_or(Ok(()), |place| place.admits(&told.id, &own))
    }

    fn is_guarded(&self) -> bool {
        self.reach != Reach::default() || !self.named.pages.is_empty()
    }

    fn missing(&self, id: &str) -> Missing {
        Missing::Deployment {
            id: id.to_owned(),
            place: "for this credential: it may be another project's, or deleted".to_owned(),
            check: "`deployment_id`".to_owned(),
        }
    }

    /// Nothing is canceled unread: what looks like a missing right is the wrong kind of token as well.
    fn without_reading(&self, _id: &Id) -> Option<Deployment> {
        None
    }

    fn carry(&self, known: &Deployment, told: &mut Deployment) {
        wire::carry(known, told);
    }

    /// `REMOVED` does not tell whether it ever was live, its events may. They are worth a request, and no more: what was
    /// read of the deployment itself is told without them as well.
    async fn complete(&self, api: &Api, told: &mut [Deployment], _wanted: &Filter) -> Result<(), Failure> {
        if let [one] = told
            && one.state == State::Ended
            && self.has_taken_over(api, &one.id).await.unwrap_or(false)
        {
            wire::was_live(one);
        }
        Ok(())
    }
}
