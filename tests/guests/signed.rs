//! Every request is signed anew as it goes out; nearly every error is a 400 that a name in the body tells apart; reads
//! are `POST`s with a header that names the operation; a list brings ids, and one more read what they stand for.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use cancel_deployment::api::wire::{Many, Text, Time, fields};
use cancel_deployment::api::{Api, ApiError, ApiRequest, Body, Errors, Method, Request, Response, Service, Sign};
use cancel_deployment::model::about::About;
use cancel_deployment::model::answers::Filter;
use cancel_deployment::model::deployment::{Deployment, State};
use cancel_deployment::model::failure::Failure;
use cancel_deployment::model::outcome::Outcome;
use cancel_deployment::platform::PlatformInfo;
use cancel_deployment::platform::list::{Item, List, Place, Until};
use cancel_deployment::platform::rest::Rest;
use cancel_deployment::text::secret::Secret;
use serde_json::{Value, json};

use super::{Answer, Guest, Seen, Server};

const INFO: PlatformInfo = PlatformInfo {
    about: About { id: "signed", name: "Signed", credentials: "`key`", grant: "the right to stop", ..About::NONE },
    base: "https://signed.example",
    states: &[("Created", State::Queued), ("InProgress", State::Running), ("Stopped", State::Canceled)],
    ..PlatformInfo::USUAL
};

/// A credential of three parts; a real one signs with a keyed hash.
struct Key {
    id: Secret,
    key: Secret,
    session: Secret,
    sends: AtomicU64,
}

fn signature(parts: &[&str]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Sign for Key {
    fn sign(&self, request: &mut Request) {
        let time = self.sends.fetch_add(1, Ordering::Relaxed).to_string();
        let body = match &request.body {
            Body::Json(body) => body.to_string(),
            _ => String::new(),
        };
        let parts = [self.key.expose(), request.method.word(), request.url.as_str(), &body, &time];
        let authorization = format!("{} {}", self.id.expose(), signature(&parts));
        request.headers.push(("x-date", time));
        request.credentials.push(("authorization", Secret::from(authorization)));
        request.credentials.push(("x-session", self.session.clone()));
    }
}

struct Signed;

fields! {
    struct Wire {
        deployment_id as "deploymentId": Text,
        status: Text,
        create_time as "createTime": Time,
    }
}

fn operation(name: &str, body: Value, action: &str) -> ApiRequest {
    ApiRequest::new(Method::Post, "/", action).header("x-target", name).body(Body::Json(body))
}

#[async_trait]
impl Rest for Signed {
    type Wire = Wire;

    fn at(&self) -> &'static str {
        "/deploymentInfo"
    }

    fn read(&self, id: &str) -> ApiRequest {
        operation("Get", json!({ "deploymentId": id }), "read the deployment").reading()
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        operation("Stop", json!({ "deploymentId": id }), "cancel the deployment")
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        Some(Deployment { created: wire.create_time.0, ..INFO.deployment(wire.deployment_id, wire.status)? })
    }

    /// A list brings ids alone.
    async fn listed(&self, api: &Api, _wanted: &Filter) -> Result<Vec<Deployment>, Failure> {
        let call = operation("List", json!({}), "list the deployments").reading();
        let list = List::new(call, "/deployments").cursor(Place::Body("/nextToken"), "/nextToken");
        let take = |item: &str, _| {
            let id: String = serde_json::from_str(item).map_err(|_| Failure::unreadable("with an id that is none"))?;
            Ok(Item { what: id.clone(), id, is_in_flight: true, created: None, ends: false })
        };
        let ids = list.read(api, Until::End, take).await?;
        let batch = operation("BatchGet", json!({ "deploymentIds": ids }), "read the deployments").reading();
        let infos: Many<Wire> = api.send(batch).await?.at("/deploymentsInfo")?.unwrap_or_default();
        Ok(infos.0.into_iter().filter_map(|wire| self.deployment(wire)).collect())
    }
}

/// Names of errors, and the statuses they stand for.
const NAMES: [(&str, u16); 4] = [
    ("DeploymentDoesNotExistException", 404),
    ("ExpiredTokenException", 401),
    ("ThrottlingException", 503),
    ("DeploymentAlreadyCompletedException", 409),
];

fn refine(_response: &Response, body: &Value, error: &mut ApiError) {
    let name = body.pointer("/__type").and_then(Value::as_str).unwrap_or_default();
    error.status = NAMES.iter().find(|(known, _)| *known == name).map(|(_, status)| *status);
    error.code = Some(name.to_owned());
}

fn service() -> Service {
    let secret = |text: &str| Secret::from(text.to_owned());
    let key = Key { id: secret("AKID"), key: secret("key-1"), session: secret("session-1"), sends: AtomicU64::new(0) };
    let errors = Errors::at(&["/message"]).in_success(|body| body.get("__type").is_some());
    Service::new(&INFO.about).signer(key).errors(errors.refined(refine))
}

#[derive(Default)]
struct Course {
    stopped: bool,
    throttled: u8,
    expired: bool,
    /// "Not there" comes with a 200.
    calm: bool,
}

fn answer(course: &mut Course, seen: &Seen) -> Answer {
    let parts = ["key-1", seen.method, &seen.url, &seen.body.to_string(), seen.header("x-date")];
    assert_eq!(seen.header("authorization"), format!("AKID {}", signature(&parts)));
    assert_eq!(seen.header("x-session"), "session-1");
    let wrong = |name: &str| (400, json!({ "__type": name, "message": "It says so" }));
    if course.expired {
        return wrong("ExpiredTokenException");
    }
    if course.throttled > 0 {
        course.throttled -= 1;
        return wrong("ThrottlingException");
    }
    let word = if course.stopped { "Stopped" } else { "InProgress" };
    let info = |id: &str| json!({ "deploymentId": id, "status": word, "createTime": 1.77e9 });
    match seen.header("x-target") {
        "List" if seen.body.get("nextToken").is_none() => (200, json!({ "deployments": ["d-1"], "nextToken": "2" })),
        "List" => (200, json!({ "deployments": ["d-2"] })),
        "BatchGet" => {
            let ids = seen.body["deploymentIds"].as_array().unwrap();
            let infos: Vec<_> = ids.iter().map(|id| info(id.as_str().unwrap())).collect();
            (200, json!({ "deploymentsInfo": infos }))
        }
        _ if seen.body["deploymentId"] != "d-1" => {
            let (_, body) = wrong("DeploymentDoesNotExistException");
            (if course.calm { 200 } else { 400 }, body)
        }
        "Get" => (200, json!({ "deploymentInfo": info("d-1") })),
        _ => {
            course.stopped = true;
            (200, json!({ "status": "Pending" }))
        }
    }
}

async fn check(course: Course, id: &str, outcome: Outcome) {
    let server = Server::new(course, answer);
    let verdict = Guest::new(Signed, &INFO, service(), &server).cancel(id).await;
    assert_eq!(verdict.outcome, outcome, "{verdict:?}");
    let mut dates: Vec<_> = server.seen().iter().map(|seen| seen.header("x-date").to_owned()).collect();
    let sends = dates.len();
    dates.dedup();
    assert_eq!(dates.len(), sends, "two sends with one signature");
}

#[tokio::test(start_paused = true)]
async fn each_send_is_signed_anew_over_what_goes_out() {
    check(Course::default(), "d-1", Outcome::Canceled).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_in_a_400_tells_what_it_is() {
    check(Course::default(), "d-9", Outcome::NotFound).await;
    check(Course { calm: true, ..Course::default() }, "d-9", Outcome::NotFound).await;
    check(Course { throttled: 2, ..Course::default() }, "d-1", Outcome::Canceled).await;
    check(Course { expired: true, ..Course::default() }, "d-1", Outcome::Error).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_of_ids_is_read_by_a_batch() {
    let server = Server::new(Course::default(), answer);
    assert_eq!(Guest::new(Signed, &INFO, service(), &server).listed().await, ["d-1", "d-2"]);
}
