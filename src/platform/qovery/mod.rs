//! Qovery, after its OpenAPI description 1.0.4 (Qovery/qovery-openapi-spec 651aed5, of 2026-08-20).
//!
//! The cancel call addresses an environment, not a deployment: it stops whatever runs there at that moment. So the ids
//! of the deployment (its request and its execution) are compared right before every request and again in the answer.
//! When one deployment ends, the next in the queue starts by itself, and the environment tells only of that one: how
//! ours ended has to be looked up by its own ids. What waits in the queue has a cancel call of its own.

mod list;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::paging::{Paging, Sizes};
use super::usual::{Read, accepted, present};
use super::{Platform, PlatformInfo, input, lenient, require, secret};
use crate::api::{Api, ApiError, Body, Call, Errors, Once, Reply, Reset, Response, Service};
use crate::input::faults::Faults;
use crate::input::parse::boolean;
use crate::input::{Input, Values};
use crate::model::about::About;
use crate::model::answers::{Accepted, Filter, Found, Listed};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind, Retry};
use crate::model::id::{Id, is_same, segment};
use crate::select::Select;
use crate::text::secret::{Secret, bearer, without_scheme};

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "qovery",
        name: "Qovery",
        docs: "https://github.com/Qovery/qovery-openapi-spec",
        credentials: "`token` (or QOVERY_CLI_ACCESS_TOKEN, Q_CLI_ACCESS_TOKEN, QOVERY_API_TOKEN)",
        grant: "the token needs a role that may deploy to the environment",
        caveat: "Services that this deployment had already deployed are not rolled back. Lifecycle jobs go on to their end \
                 without `force_cancel`; Terraform and managed database operations always do. The next deployment in the \
                 environment's queue starts by itself.",
        way_back: "open the environment in the console, Deployments, and redeploy the version before it.",
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
            "The environment. Without `deployment_id` whatever is deployed there is canceled.",
        ),
        Input {
            default: "false",
            ..input("force_cancel", &[], "Also abandon lifecycle jobs that the deployment started.")
        },
    ],
    states: &[
        ("QUEUED", State::Queued),
        ("DEPLOYMENT_QUEUED", State::Queued),
        ("RESTART_QUEUED", State::Queued),
        ("STOP_QUEUED", State::Queued),
        ("DELETE_QUEUED", State::Queued),
        ("WAITING_RUNNING", State::Queued),
        ("WAITING_RESTARTING", State::Queued),
        ("WAITING_STOPPING", State::Queued),
        ("WAITING_DELETING", State::Queued),
        ("BUILDING", State::Running),
        ("DEPLOYING", State::Running),
        ("RESTARTING", State::Running),
        ("STOPPING", State::Running),
        ("DELETING", State::Running),
        ("EXECUTING", State::Running),
        ("CANCELING", State::Canceling),
        ("CANCELED", State::Canceled),
        ("DEPLOYED", State::Succeeded),
        ("RESTARTED", State::Succeeded),
        ("STOPPED", State::Succeeded),
        ("DELETED", State::Succeeded),
        ("BUILD_ERROR", State::Failed),
        ("DEPLOYMENT_ERROR", State::Failed),
        ("RESTART_ERROR", State::Failed),
        ("STOP_ERROR", State::Failed),
        ("DELETE_ERROR", State::Failed),
    ],
    selects: &[Select::Latest, Select::All],
    no_select: "an environment here does one thing at a time, its queue carries no dates and merges by itself, and nothing carries a branch or a commit; use `select: latest` for the deployment under way, `all` for the queue as well, or `deployment_id`",
    needs_id: false,
    // 1000 requests an hour for each token: a pause of ten seconds stays far below.
    slower: Some((std::time::Duration::from_secs(60), std::time::Duration::from_secs(10))),
    open,
    ..PlatformInfo::USUAL
};

const CONSOLE: &str = "https://console.qovery.com";
/// As many as the console asks for, and fewer; there is no second page.
const HISTORY: Sizes = &[100, 10];
/// Waiting for its turn behind another deployment; every other `*_QUEUED` is under way already.
const QUEUED: &str = "QUEUED";
/// Nothing was ever deployed.
const READY: &str = "READY";
/// ApiError of an environment that is being taken down: no deployment that anybody meant without naming it.
const TEARDOWN: [&str; 6] =
    ["STOPPING", "DELETING", "STOP_QUEUED", "DELETE_QUEUED", "WAITING_STOPPING", "WAITING_DELETING"];
/// How that ends well.
const TORN_DOWN: [&str; 2] = ["STOPPED", "DELETED"];
/// How the words for what brings nothing live begin, where a history tells what was done.
const NOT_LIVE: [&str; 5] = ["STOP", "DELETE", "UNINSTALL", "DEPLOY_DRY_RUN", "TERRAFORM_"];

#[derive(Default, Deserialize)]
struct Given {
    token: Option<Secret>,
}

struct Qovery {
    environment: Id,
    force: bool,
    /// A `deployment_id` was given: only that one, whatever else the environment does.
    named: bool,
    /// The environment's page in the console, once it was asked for.
    page: Once<Option<String>>,
}

fn open(values: &Values, faults: &mut Faults) -> Option<(Box<dyn Platform>, Service)> {
    let Given { token } = values.fill();
    require(&INFO, values, faults, &["token", "environment_id"]);
    let force = values.parsed("force_cancel", faults, boolean);
    let environment = values.parsed("environment_id", faults, environment)?;
    let service = Service {
        about: &INFO.about,
        base: None,
        credentials: vec![("authorization", authorization(token?.expose()))],
        sign_in: None,
        reset: Reset("x-ratelimit-reset"),
        limits_each_endpoint: false,
        request_id: "x-request-id",
        errors: Errors::by(words),
        signer: None,
        scope: format!("; looked in environment {}, see `environment_id`", environment.as_str()),
    };
    let qovery = Qovery {
        environment,
        force: force.unwrap_or(false),
        named: values.get("deployment_id").is_some(),
        page: Once::new(),
    };
    Some((Box::new(qovery), service))
}

/// The environment's id, alone or in the address of one of its pages in the console.
fn environment(written: &str) -> Result<Id, String> {
    const PLACE: &str = "/environment";
    if !written.contains('/') {
        return Id::parse(written);
    }
    let path = written.split(['?', '#']).next().unwrap_or_default();
    let id = path.split_once(PLACE).and_then(|(_, after)| after.strip_prefix('/')?.split('/').next());
    match id {
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

/// Two shapes are documented, and clients read a third; a 409 may have no body at all.
fn words(response: &Response) -> ApiError {
    let body = response.json();
    let mut texts = ["detail", "message", "error"].iter().filter_map(|name| body.get(name).and_then(Value::as_str));
    let hint = match response.status {
        401 => Some(format!(
            "Check {}: it may be wrong or expired. A policy token also gets 401 for whatever its policy does not allow.",
            INFO.about.credentials
        )),
        403 => Some(
            "Give the token a role that may deploy to the environment, and check `environment_id`: Qovery also answers 403 for an id that the token cannot see."
                .to_owned(),
        ),
        _ => None,
    };
    ApiError { message: texts.find(|text| !text.is_empty()).map(str::to_owned), hint, ..ApiError::default() }
}

/// What a word means. The list of words grows, and most tell by their ends what they are.
fn meaning(word: &str) -> State {
    let upper = word.to_ascii_uppercase();
    match INFO.state(word) {
        State::Unknown if upper.ends_with("_QUEUED") || upper.starts_with("WAITING_") => State::Queued,
        State::Unknown if upper.ends_with("_ERROR") => State::Failed,
        known => known,
    }
}

fn is_in_flight(state: State) -> bool {
    matches!(state, State::Queued | State::Running | State::Canceling)
}

fn is_word(word: &str, known: &str) -> bool {
    word.eq_ignore_ascii_case(known)
}

/// The two names of one deployment. What a user wrote may be either, and stands in both places then.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Ids {
    request: Option<String>,
    execution: Option<String>,
}

impl Ids {
    fn written(id: &str) -> Self {
        Self { request: Some(id.to_owned()), execution: Some(id.to_owned()) }
    }

    fn of(known: &Deployment) -> Self {
        Self::deserialize(&known.handle).unwrap_or_default()
    }

    /// Whether both are names of one deployment: every name that both sides have must agree. `None` when nothing can
    /// be compared.
    fn agree(&self, other: &Self) -> Option<bool> {
        let request = self.request.as_ref().zip(other.request.as_ref());
        let request = request.map(|(one, another)| is_same(one, another));
        let execution = self.execution.as_ref().zip(other.execution.as_ref());
        let execution = execution.map(|(one, another)| is_same(one, another));
        match (request, execution) {
            (Some(request), Some(execution)) if self.is_undecided() => Some(request || execution),
            (Some(request), Some(execution)) => Some(request && execution),
            (one, another) => one.or(another),
        }
    }

    fn is(&self, other: &Self) -> bool {
        self.agree(other) == Some(true)
    }

    /// It is one text that may be either.
    fn is_undecided(&self) -> bool {
        self.request == self.execution
    }

    /// The same deployment's names, with what was known before.
    fn or(self, known: &Self) -> Self {
        if known.is_undecided() {
            return self;
        }
        Self {
            request: self.request.or_else(|| known.request.clone()),
            execution: self.execution.or_else(|| known.execution.clone()),
        }
    }

    /// What to call it: as the contract has it, the request where there is one.
    fn name(&self) -> Option<&str> {
        self.request.as_deref().or(self.execution.as_deref())
    }

    /// What to call it where another one has the same request.
    fn name_beside(&self, other: &Self) -> &str {
        let told_apart = self.request.is_some() && self.request != other.request;
        let execution = self.execution.as_deref().filter(|_| !told_apart);
        execution.or(self.name()).unwrap_or("another one")
    }
}

/// The call that reaches a deployment where it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// It is the one under way.
    Environment,
    /// It waits in the queue.
    Queue,
}

/// A deployment as it stands now.
#[derive(Clone, Debug)]
struct Standing {
    ids: Ids,
    word: String,
    state: State,
    /// Nothing was ever deployed.
    idle: bool,
    /// Nothing goes live by it: the environment, or a part of it, is taken down or only tried.
    takes_down: bool,
    door: Option<Door>,
}

impl Standing {
    fn new(ids: Ids, word: &str, door: Option<Door>) -> Self {
        Self { ids, state: meaning(word), word: word.to_owned(), idle: false, takes_down: takes_down(word), door }
    }

    fn knowing(mut self, known: &Ids) -> Self {
        self.ids = self.ids.or(known);
        self
    }

    fn is_teardown(&self) -> bool {
        TEARDOWN.iter().any(|word| is_word(&self.word, word))
    }
}

/// Whether a word is that of taking something down, or of having done so.
fn takes_down(word: &str) -> bool {
    let all = TEARDOWN.iter().chain(&TORN_DOWN);
    all.into_iter().any(|known| is_word(word, known))
}

/// A deployment's page: that of its execution, where it has one by now.
fn page_of(environment: &str, ids: &Ids) -> String {
    match &ids.execution {
        Some(execution) => format!("{environment}/deployment/{}", segment(execution)),
        None => format!("{environment}/deployments"),
    }
}

/// What an environment's two words say together.
struct Weighed<'a> {
    word: &'a str,
    state: State,
    /// They may speak of two deployments, so it is not sure which ids belong to the one under way.
    torn: bool,
    idle: bool,
}

/// `state` is the environment's word and `last_deployment_state` that of its last deployment; how they differ is not
/// documented. While one of them is in flight nothing is over, and that one is shown. Once both have ended the
/// deployment's own word tells how. An unknown word beside an end is no end.
fn weigh<'a>(state: &'a str, last: &'a str) -> Weighed<'a> {
    let (now, own) = (meaning(state), meaning(last));
    let ready = is_word(state, READY);
    let weighed = |word, state, torn| Weighed { word, state, torn, idle: ready && is_word(last, READY) };
    if is_in_flight(now) {
        // The last deployment may still be the one before, unless it is in flight itself or there never was one.
        weighed(state, now, !is_in_flight(own) && !is_word(last, READY))
    } else if is_in_flight(own) || (own.is_terminal() && (now.is_terminal() || ready)) {
        weighed(last, own, false)
    } else if now.is_terminal() {
        weighed(last, own, true)
    } else {
        weighed(state, now, own.is_terminal())
    }
}

impl Qovery {
    fn environment(&self) -> &str {
        self.environment.as_str()
    }

    fn path(&self, what: &str) -> String {
        format!("/environment/{}{what}", self.environment.segment())
    }

    /// What the environment is doing, with the ids that surely belong to it; `None` when there is no such environment.
    async fn environment_now(&self, api: &Api, read: Read) -> Result<Option<Standing>, Failure> {
        let call = Call::get(self.path("/status"), "read the environment");
        let Some(reply) = present(api.send(call).await, read)? else {
            return Ok(None);
        };
        let wire = self.status(&reply)?;
        let Some((state, last)) = wire.words() else {
            return Err(reply.unreadable("without a state"));
        };
        let weighed = weigh(state, last);
        let mut ids = wire.ids();
        if weighed.torn {
            ids.execution = None;
            ids.request = self.confirmed(api, ids.request).await?;
        }
        let waits = is_word(weighed.word, QUEUED) && ids.request.is_some();
        let door = if waits { Door::Queue } else { Door::Environment };
        Ok(Some(Standing {
            ids,
            word: weighed.word.to_owned(),
            state: weighed.state,
            idle: weighed.idle,
            takes_down: takes_down(weighed.word),
            door: Some(door),
        }))
    }

    fn status(&self, reply: &Reply) -> Result<Status, Failure> {
        let wire: Status = reply.json()?;
        match &wire.id {
            Some(id) if !is_same(self.environment(), id) => Err(reply.unreadable("about another environment")),
            _ => Ok(wire),
        }
    }

    /// A request id that is in flight by its own status.
    async fn confirmed(&self, api: &Api, request: Option<String>) -> Result<Option<String>, Failure> {
        let Some(request) = request else {
            return Ok(None);
        };
        let found = match self.by_request(api, &request, Read::First).await {
            Ok(found) => found,
            // What can improve is no answer; a policy token is never given one.
            Err(failure) if failure.kind.retry() == Retry::None => None,
            Err(failure) => return Err(failure),
        };
        let is_flying = found.is_some_and(|found| is_in_flight(found.state));
        Ok(is_flying.then_some(request))
    }

    /// A deployment wherever it is now: under way, in the queue, or past. `now` is what the environment is doing.
    async fn locate(
        &self,
        api: &Api,
        now: Option<Standing>,
        wanted: &Ids,
        read: Read,
    ) -> Result<Option<Standing>, Failure> {
        let ours = |now: Option<Standing>| now.filter(|now| wanted.is(&now.ids));
        if let Some(now) = ours(now) {
            return Ok(Some(now.knowing(wanted)));
        }
        // A policy token is refused where a path does not name the environment, so one refusal ends nothing yet.
        let mut trouble = None;
        let mut seen = |found: Result<Option<Standing>, Failure>| match found {
            Ok(found) => found,
            Err(failure) => {
                trouble.get_or_insert(failure);
                None
            }
        };
        let mut found = None;
        if let Some(request) = &wanted.request {
            found = seen(self.by_request(api, request, read).await);
            // Its status need not say where it waits; the environment's own queue does.
            let waits = |one: &Standing| one.door.is_none() && is_word(&one.word, QUEUED);
            if found.as_ref().is_none_or(waits) {
                found = seen(self.in_queue(api, request, read).await).or(found);
            }
        }
        if let (None, Some(execution)) = (&found, &wanted.execution) {
            found = seen(self.in_history(api, execution, read).await);
        }
        if found.is_none() {
            // It may have left the queue between two of these reads.
            found = ours(self.environment_now(api, read).await?);
        }
        match (found, trouble) {
            (Some(found), _) => Ok(Some(found.knowing(wanted))),
            (None, Some(trouble)) => Err(trouble),
            (None, None) => Ok(None),
        }
    }

    async fn by_request(&self, api: &Api, request: &str, read: Read) -> Result<Option<Standing>, Failure> {
        let call = Call::get("/environment/deploymentStatus", "read the deployment's own status");
        let Some(reply) = present(api.send(call.query("deploymentRequestId", request)).await, read)? else {
            return Ok(None);
        };
        let wire: RequestStatus = reply.json()?;
        let same = |told: &Option<String>, meant: &str| told.as_ref().map(|told| is_same(meant, told));
        let here = same(&wire.environment_id, self.environment());
        if here == Some(false) || same(&wire.deployment_request_id, request) == Some(false) {
            return Ok(None);
        }
        // Only what is known to wait in this environment's queue may be canceled there.
        let ids = Ids { request: Some(request.to_owned()), execution: None };
        let standing = |word: String| {
            let waits = is_word(&word, QUEUED) && here == Some(true);
            Standing::new(ids, &word, waits.then_some(Door::Queue))
        };
        Ok(wire.status.map(standing))
    }

    async fn in_queue(&self, api: &Api, request: &str, read: Read) -> Result<Option<Standing>, Failure> {
        let call = Call::get(self.path("/deploymentQueue"), "read the environment's queue");
        let Some(reply) = present(api.send(call).await, read)? else {
            return Ok(None);
        };
        let queue: Results<Waiting> = reply.json()?;
        let ids = queue
            .results
            .into_iter()
            .filter_map(|waiting| waiting.identifier?.deployment_request_id.filter(|id| is_same(request, id)));
        let standing = |id| {
            let ids = Ids { request: Some(id), execution: None };
            Standing::new(ids, QUEUED, Some(Door::Queue))
        };
        Ok(ids.map(standing).next())
    }

    async fn history(&self, api: &Api, read: Read) -> Result<Option<Results<Past>>, Failure> {
        let mut paging = Paging::new(HISTORY, "environment_id");
        loop {
            let call = Call::get(self.path("/deploymentHistoryV2"), "read the environment's history");
            let size = paging.page().size.to_string();
            let answer = present(api.send(call.query("pageSize", size)).await, read);
            match paging.answer(answer)? {
                Some(Some(reply)) => return reply.json().map(Some),
                Some(None) => return Ok(None),
                None => {}
            }
        }
    }

    async fn in_history(&self, api: &Api, execution: &str, read: Read) -> Result<Option<Standing>, Failure> {
        let Some(history) = self.history(api, read).await? else {
            return Ok(None);
        };
        let mut entries = history.results.into_iter();
        let entry = entries.find(|past| {
            let identifier = past.identifier.as_ref();
            let own = identifier.and_then(|known| known.execution_id.as_deref());
            own.is_some_and(|own| is_same(execution, own))
        });
        let not_live = entry.as_ref().is_some_and(Past::is_not_live);
        let standing = |(word, state)| Standing {
            state,
            takes_down: not_live || takes_down(word),
            ..Standing::new(Ids { request: None, execution: Some(execution.to_owned()) }, word, None)
        };
        Ok(entry.as_ref().and_then(Past::end).map(standing))
    }

    /// The environment's page, asked for once.
    async fn look_up_page(&self, api: &Api) -> Option<String> {
        let call = Call::get(self.path(""), "read the environment's page");
        let wire: Environment = api.send(call).await.ok()?.json().ok()?;
        Some(format!(
            "{CONSOLE}/organization/{}/project/{}/environment/{}",
            segment(&wire.organization?.id),
            segment(&wire.project?.id),
            self.environment.segment()
        ))
    }

    fn known_page(&self) -> Option<&str> {
        self.page.get()?.as_deref()
    }

    fn seen(&self, now: &Standing) -> Found {
        if now.is_teardown() && !self.named {
            return self.spared(now);
        }
        Found::Here(Box::new(self.tell(now)))
    }

    fn spared(&self, now: &Standing) -> Found {
        let name = match now.ids.name() {
            Some(id) => format!("; to cancel that, give `deployment_id: {id}`"),
            None => String::new(),
        };
        let why = format!(
            "Environment {} is {}, which is no deployment, so nothing was sent{name}.",
            self.environment(),
            now.word
        );
        Found::Spared(Box::new(self.tell(now)), why)
    }

    fn tell(&self, now: &Standing) -> Deployment {
        let mut details = Map::new();
        details.insert("environment_id".to_owned(), json!(self.environment()));
        if let Some(request) = &now.ids.request {
            details.insert("deployment_request_id".to_owned(), json!(request));
        }
        if let Some(execution) = &now.ids.execution {
            details.insert("execution_id".to_owned(), json!(execution));
        }
        let page = self.known_page();
        Deployment {
            id: now.ids.name().unwrap_or(self.environment()).to_owned(),
            state: now.state,
            platform_state: now.word.clone(),
            url: page.map(|page| page_of(page, &now.ids)),
            takes_down: now.takes_down,
            details,
            handle: serde_json::to_value(&now.ids).unwrap_or_default(),
            ..Deployment::unseen("")
        }
    }

    fn no_environment(&self) -> String {
        format!("There is no environment {} for this token; check `environment_id`.", self.environment())
    }

    /// Whatever the environment is doing, as nobody named a deployment.
    async fn find_any(&self, api: &Api, now: Standing) -> Result<Found, Failure> {
        let environment = self.environment();
        if now.idle {
            return Ok(Found::Idle(format!(
                "Nothing was ever deployed in environment {environment}: its status is {}.",
                now.word
            )));
        }
        if now.is_teardown() || self.is_queued_teardown(api, &now).await? {
            return Ok(self.spared(&now));
        }
        if now.ids.name().is_none() && !now.state.is_terminal() {
            return Err(self.nameless(&now.word));
        }
        Ok(self.seen(&now))
    }

    async fn cancel_queued(&self, api: &Api, ids: &Ids) -> Result<Accepted, Failure> {
        let request = ids.request.as_deref().unwrap_or_default();
        let path = format!("/deploymentQueue/{}/cancelDeployment", segment(request));
        let call = Call::post(path, "cancel the deployment in the queue");
        let failure = match api.send(call.body(Body::Json(json!({})))).await {
            Ok(reply) => return accepted(&reply, || None),
            Err(failure) => failure,
        };
        // Refused because it has left the queue in this moment? Then it is to be asked for where it is now.
        if matches!(failure.kind, Kind::Refused | Kind::NotFound) {
            let now = self.environment_now(api, Read::Later).await;
            let now = now.ok().flatten();
            if now.is_some_and(|now| ids.is(&now.ids) && now.door != Some(Door::Queue)) {
                return Err(Failure { kind: Kind::MovedOn, ..failure });
            }
        }
        Err(failure)
    }

    async fn cancel_under_way(&self, api: &Api, ids: &Ids) -> Result<Accepted, Failure> {
        let call = Call::post(self.path("/cancelDeployment"), "cancel the deployment");
        let body = Body::Json(json!({ "force_cancel": self.force }));
        let reply = api.send(call.body(body)).await?;
        let yes = accepted(&reply, || None)?;
        // JSON of another shape, or about another environment, is a yes that shows nothing.
        let wire = (!reply.is_empty()).then(|| self.status(&reply).ok());
        let Some(wire) = wire.flatten() else {
            return Ok(yes);
        };
        let Some((state, last)) = wire.words() else {
            return Ok(yes);
        };
        let weighed = weigh(state, last);
        let mut told = wire.ids();
        if weighed.torn {
            told.execution = None;
        }
        match ids.agree(&told) {
            Some(false) => Err(Failure {
                status: Some(reply.status),
                request_id: reply.request_id.clone(),
                ..Failure::own(
                    Kind::Misdirected,
                    format!(
                        "the environment moved on: {} was asked to stop, not {}",
                        told.name_beside(ids),
                        ids.name_beside(&told)
                    ),
                    "Look at both in the console; what was asked to stop may have to be deployed again.",
                )
            }),
            Some(true) if !weighed.torn => {
                let now = Standing {
                    ids: told.or(ids),
                    word: weighed.word.to_owned(),
                    state: weighed.state,
                    idle: false,
                    takes_down: takes_down(weighed.word),
                    door: None,
                };
                Ok(Accepted { deployment: Some(Box::new(self.tell(&now))), ..yes })
            }
            _ => Ok(yes),
        }
    }
}

/// Nothing was sent, because what had to be known before could not be read.
fn unsent(failure: Failure) -> Failure {
    Failure { kind: Kind::MovedOn, ..failure }
}

#[async_trait]
impl Platform for Qovery {
    fn whole(&self) -> Option<Id> {
        (!self.named).then(|| self.environment.clone())
    }

    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        let Some(now) = self.environment_now(api, Read::First).await? else {
            return Ok(Found::Missing(self.no_environment()));
        };
        if !self.named && *id == self.environment {
            return self.find_any(api, now).await;
        }
        match self.locate(api, Some(now), &Ids::written(id.as_str()), Read::First).await? {
            Some(now) => Ok(self.seen(&now)),
            None => Ok(Found::Missing(format!(
                "Environment {} has no deployment {}, neither under way nor in its queue nor in its history; check `deployment_id` and `environment_id`.",
                self.environment(),
                id.as_str()
            ))),
        }
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        let now = self.environment_now(api, Read::Later).await?;
        if now.is_none() {
            return Ok(Found::Missing(self.no_environment()));
        }
        match self.locate(api, now, &Ids::of(known), Read::Later).await? {
            Some(now) => Ok(self.seen(&now)),
            None => Ok(Found::Missing(format!(
                "environment {} tells of deployment {} no more.",
                self.environment(),
                known.id
            ))),
        }
    }

    /// Nothing is ever canceled blindly: the request would stop whatever runs there.
    fn unseen(&self, _id: &Id) -> Option<Deployment> {
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

#[derive(Deserialize)]
struct Status {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    state: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    last_deployment_state: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    last_deployment_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    deployment_request_id: Option<String>,
}

impl Status {
    /// Both words; where one is missing the other stands for it.
    fn words(&self) -> Option<(&str, &str)> {
        let state = self.state.as_deref().or(self.last_deployment_state.as_deref())?;
        Some((state, self.last_deployment_state.as_deref().unwrap_or(state)))
    }

    fn ids(&self) -> Ids {
        let known = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
        Ids { request: known(&self.deployment_request_id), execution: known(&self.last_deployment_id) }
    }
}

#[derive(Deserialize)]
struct RequestStatus {
    #[serde(default, deserialize_with = "lenient")]
    deployment_request_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    environment_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
}

#[derive(Deserialize)]
struct Results<T> {
    results: Vec<T>,
}

#[derive(Deserialize)]
struct Waiting {
    #[serde(default, deserialize_with = "lenient")]
    identifier: Option<Identifier>,
    #[serde(default, deserialize_with = "lenient")]
    trigger_action: Option<String>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(default, deserialize_with = "lenient")]
    deployment_request_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    execution_id: Option<String>,
}

#[derive(Deserialize)]
struct Past {
    #[serde(default, deserialize_with = "lenient")]
    identifier: Option<Identifier>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    action_status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    trigger_action: Option<String>,
}

impl Past {
    fn is_not_live(&self) -> bool {
        let action = self.trigger_action.as_deref().unwrap_or_default();
        let action = action.to_ascii_uppercase();
        NOT_LIVE.iter().any(|word| action.starts_with(word))
    }

    /// Its word and what that means: an entry has two of them, and two that contradict each other tell no end.
    fn end(&self) -> Option<(&str, State)> {
        let status = self.status.as_deref().map(|word| (word, meaning(word)));
        let action = self.action_status.as_deref();
        let action = action.map(|word| (word, meaning_of_action(word)));
        match (status, action) {
            (Some(_), Some(action)) if is_in_flight(action.1) => Some(action),
            (Some(status), Some(action)) if status.1 == State::Unknown && action.1.is_terminal() => Some(action),
            (Some((word, status)), Some((_, action)))
                if status.is_terminal() && action.is_terminal() && status != action =>
            {
                Some((word, State::Unknown))
            }
            (status, action) => status.or(action),
        }
    }
}

fn meaning_of_action(word: &str) -> State {
    match word.to_ascii_uppercase().as_str() {
        "QUEUED" => State::Queued,
        "ONGOING" => State::Running,
        "CANCELING" => State::Canceling,
        "CANCELED" => State::Canceled,
        "SUCCESS" => State::Succeeded,
        "ERROR" => State::Failed,
        _ => State::Unknown,
    }
}

#[derive(Deserialize)]
struct Environment {
    organization: Option<Reference>,
    project: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(request: &str, execution: &str) -> Ids {
        let known = |id: &str| (!id.is_empty()).then(|| id.to_owned());
        Ids { request: known(request), execution: known(execution) }
    }

    #[test]
    fn an_environment_is_taken_out_of_its_pages_address() {
        let id = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf";
        let base = "https://console.qovery.com/organization/o-1/project/p-1/environment";
        for written in [
            id.to_owned(),
            format!("{base}/{id}"),
            format!("{base}/{id}/deployments"),
            format!("{base}/{id}/deployment/x-1?tab=1"),
            format!("{base}/{id}#top"),
            format!("console.qovery.com/organization/o-1/project/p-1/environment/{id}/"),
        ] {
            assert_eq!(environment(&written).as_ref().map(Id::as_str), Ok(id), "{written}");
        }
        for bad in [
            base.to_owned(),
            format!("{base}/"),
            "https://console.qovery.com/organization/o-1".to_owned(),
            format!("{base}/.."),
            format!("[{id}]"),
        ] {
            assert!(environment(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_word_of_the_description_has_its_meaning() {
        for (state, words) in [
            (State::Queued, "QUEUED DEPLOYMENT_QUEUED RESTART_QUEUED STOP_QUEUED DELETE_QUEUED"),
            (State::Queued, "WAITING_RUNNING WAITING_RESTARTING WAITING_STOPPING WAITING_DELETING"),
            (State::Running, "BUILDING DEPLOYING RESTARTING STOPPING DELETING EXECUTING"),
            (State::Canceling, "CANCELING"),
            (State::Canceled, "CANCELED"),
            (State::Succeeded, "DEPLOYED RESTARTED STOPPED DELETED"),
            (State::Failed, "BUILD_ERROR DEPLOYMENT_ERROR RESTART_ERROR STOP_ERROR DELETE_ERROR"),
            (State::Unknown, "READY RECAP UNAVAILABLE"),
        ] {
            for word in words.split(' ') {
                assert_eq!(meaning(word), state, "{word}");
            }
        }
    }

    #[test]
    fn words_are_read_by_their_ends_as_well() {
        for (word, state) in [
            ("QUEUED", State::Queued),
            ("SOMETHING_QUEUED", State::Queued),
            ("WAITING_SOMETHING", State::Queued),
            ("EXECUTING", State::Running),
            ("CANCELING", State::Canceling),
            ("CANCELLED", State::Canceled),
            ("STOPPED", State::Succeeded),
            ("SOMETHING_ERROR", State::Failed),
            ("INTERNAL_ERROR", State::Failed),
            ("READY", State::Unknown),
            ("RECAP", State::Unknown),
            ("UNAVAILABLE", State::Unknown),
            ("ERROR", State::Unknown),
            ("NEW_DEPLOYED", State::Unknown),
        ] {
            assert_eq!(meaning(word), state, "{word}");
        }
    }

    #[test]
    fn nothing_is_over_while_one_of_the_two_words_is_in_flight() {
        for (state, last, word, meant, torn) in [
            ("BUILDING", "BUILDING", "BUILDING", State::Running, false),
            ("DEPLOYED", "DEPLOYING", "DEPLOYING", State::Running, false),
            ("BUILDING", "CANCELED", "BUILDING", State::Running, true),
            ("CANCELING", "DEPLOYED", "CANCELING", State::Canceling, true),
            ("CANCELED", "CANCELED", "CANCELED", State::Canceled, false),
            ("DEPLOYED", "CANCELED", "CANCELED", State::Canceled, false),
            ("CANCELED", "DEPLOYED", "DEPLOYED", State::Succeeded, false),
            ("READY", "CANCELED", "CANCELED", State::Canceled, false),
            ("READY", "READY", "READY", State::Unknown, false),
            ("UNAVAILABLE", "CANCELED", "UNAVAILABLE", State::Unknown, true),
            ("CANCELED", "RECAP", "RECAP", State::Unknown, true),
        ] {
            let weighed = weigh(state, last);
            let seen = (weighed.word, weighed.state, weighed.torn);
            assert_eq!(seen, (word, meant, torn), "{state} {last}");
            assert_eq!(weighed.idle, state == "READY" && last == "READY");
        }
    }

    #[test]
    fn every_name_that_both_sides_have_must_agree() {
        let uuid = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf";
        let capitals = uuid.to_uppercase();
        assert!(ids(uuid, "").is(&ids(&capitals, "")) && ids("", uuid).is(&ids("", &capitals)));
        let ours = ids("r1", "e1");
        for (other, agree) in [
            (ids("r1", "e1"), Some(true)),
            (ids("R1", ""), Some(false)),
            (ids("", "e1"), Some(true)),
            (ids("", "E1"), Some(false)),
            (ids("r1", "e2"), Some(false)),
            (ids("r2", "e1"), Some(false)),
            (ids("", ""), None),
        ] {
            assert_eq!(ours.agree(&other), agree, "{other:?}");
        }
        assert_eq!(ids("r1", "").agree(&ids("", "e1")), None);
        for id in ["r1", "e1"] {
            assert!(Ids::written(id).is(&ours));
        }
        assert!(!Ids::written("r2").is(&ours));
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

    #[test]
    fn an_entry_of_the_history_that_contradicts_itself_tells_no_end() {
        for (status, action, end) in [
            ("CANCELED", "CANCELED", ("CANCELED", State::Canceled)),
            ("STOPPED", "SUCCESS", ("STOPPED", State::Succeeded)),
            ("DEPLOYED", "ONGOING", ("ONGOING", State::Running)),
            ("RECAP", "CANCELED", ("CANCELED", State::Canceled)),
            ("CANCELED", "SUCCESS", ("CANCELED", State::Unknown)),
            ("CANCELED", "NEVER", ("CANCELED", State::Canceled)),
            ("BUILDING", "CANCELED", ("BUILDING", State::Running)),
        ] {
            let past = json!({ "status": status, "action_status": action });
            let past: Past = serde_json::from_value(past).unwrap();
            assert_eq!(past.end(), Some(end), "{status} {action}");
        }
    }

    #[test]
    fn a_status_is_read_from_whatever_fields_there_are() {
        let wire = |body: Value| serde_json::from_value::<Status>(body).unwrap();
        let odd = wire(json!({ "state": "BUILDING", "last_deployment_id": 7, "origin": "SKILL" }));
        assert_eq!(odd.words(), Some(("BUILDING", "BUILDING")));
        assert!(odd.ids().name().is_none());
        assert_eq!(wire(json!({})).words(), None);
    }
}
