//! Every call is a `POST` to one path, errors come inside a 200, and pages go on by a cursor in the body.

use cancel_deployment::api::wire::{Text, fields};
use cancel_deployment::api::{ApiError, ApiRequest, Body, Errors, Method, Response, Service};
use cancel_deployment::model::about::About;
use cancel_deployment::model::deployment::{Deployment, State};
use cancel_deployment::model::outcome::Outcome;
use cancel_deployment::platform::PlatformInfo;
use cancel_deployment::platform::list::{List, Place};
use cancel_deployment::platform::rest::Rest;
use cancel_deployment::text::secret::Secret;
use serde_json::{Value, json};

use super::{Answer, Guest, Seen, Server};

const INFO: PlatformInfo = PlatformInfo {
    about: About { id: "graph", name: "Graph", credentials: "`token`", grant: "the right to stop", ..About::NONE },
    base: "https://graph.example/api",
    states: &[("RUNNING", State::Running), ("STOPPED", State::Canceled), ("LIVE", State::Succeeded)],
    ..PlatformInfo::USUAL
};

struct Graph;

fields! {
    struct Wire {
        id: Text,
        status: Text,
    }
}

fn operation(query: &str, id: &str, action: &str) -> ApiRequest {
    let body = json!({ "query": query, "variables": { "id": id } });
    ApiRequest::new(Method::Post, "", action).body(Body::Json(body))
}

impl Rest for Graph {
    type Wire = Wire;

    fn at(&self) -> &'static str {
        "/data/deployment"
    }

    fn read(&self, id: &str) -> ApiRequest {
        operation("query deployment", id, "read the deployment").reading()
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        operation("mutation stop", id, "cancel the deployment")
    }

    fn lists(&self) -> Vec<List> {
        let call = operation("query deployments", "", "list the deployments").reading();
        let list = List::new(call, "/data/deployments/edges").each("/node");
        vec![
            list.size(Place::Body("/variables/first"), &[2])
                .cursor(Place::Body("/variables/after"), "/data/deployments/next"),
        ]
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        INFO.deployment(wire.id, wire.status)
    }
}

/// Nearly every error has one code; its message tells what it is.
fn refine(_response: &Response, _body: &Value, error: &mut ApiError) {
    let message = error.message.as_deref().unwrap_or_default();
    error.status = match message {
        "Not authorized" => Some(401),
        _ if message.ends_with("not found") => Some(404),
        "Try again" => Some(503),
        _ => Some(422),
    };
}

fn service() -> Service {
    let errors = Errors::at(&["/errors/0/message"]).in_success(|body| body.pointer("/errors/0").is_some());
    Service::new(&INFO.about).bearer(&Secret::from("token-1".to_owned())).errors(errors.refined(refine))
}

#[derive(Default)]
struct Course {
    stopped: bool,
    refuses: Option<&'static str>,
    fails_first: u8,
}

fn answer(state: &mut Course, seen: &Seen) -> Answer {
    assert_eq!((seen.method, seen.url.as_str()), ("POST", "https://graph.example/api"));
    assert_eq!(seen.header("authorization"), "Bearer token-1");
    let wrong = |message: &str| (200, json!({ "data": null, "errors": [{ "message": message }] }));
    if state.fails_first > 0 {
        state.fails_first -= 1;
        return wrong("Try again");
    }
    let variables = &seen.body["variables"];
    match seen.body["query"].as_str().unwrap() {
        "query deployments" => {
            let after = variables["after"].as_str().unwrap_or("0").parse::<usize>().unwrap();
            let first = usize::try_from(variables["first"].as_u64().unwrap()).unwrap();
            let all = ["a", "b", "c", "d", "e"];
            let nodes: Vec<_> = all
                .iter()
                .skip(after)
                .take(first)
                .map(|id| json!({ "node": { "id": id, "status": "RUNNING" } }))
                .collect();
            let next = (after + first < all.len()).then(|| (after + first).to_string());
            (200, json!({ "data": { "deployments": { "edges": nodes, "next": next } } }))
        }
        _ if variables["id"] != "d1" => wrong("Deployment not found"),
        "query deployment" => {
            let status = if state.stopped { "STOPPED" } else { "RUNNING" };
            (200, json!({ "data": { "deployment": { "id": "d1", "status": status } } }))
        }
        _ => match state.refuses {
            Some(message) => wrong(message),
            None => {
                state.stopped = true;
                (200, json!({ "data": { "stop": true } }))
            }
        },
    }
}

async fn outcome(state: Course, id: &str) -> (Outcome, String) {
    let server = Server::new(state, answer);
    let verdict = Guest::new(Graph, &INFO, service(), &server).cancel(id).await;
    (verdict.outcome, verdict.reason.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_canceled_and_read_until_it_has_ended() {
    assert_eq!(outcome(Course::default(), "d1").await.0, Outcome::Canceled);
}

#[tokio::test(start_paused = true)]
async fn an_error_inside_a_200_is_an_error() {
    assert_eq!(outcome(Course::default(), "d2").await.0, Outcome::NotFound);
    let refuses = Course { refuses: Some("Cannot be stopped"), ..Course::default() };
    let (ended, reason) = outcome(refuses, "d1").await;
    assert_eq!(ended, Outcome::Error);
    assert!(reason.contains("Cannot be stopped"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_although_it_is_a_post() {
    let shaky = Course { fails_first: 2, ..Course::default() };
    assert_eq!(outcome(shaky, "d1").await.0, Outcome::Canceled);
}

#[tokio::test(start_paused = true)]
async fn pages_go_on_by_a_cursor_in_the_body() {
    let server = Server::new(Course::default(), answer);
    let listed = Guest::new(Graph, &INFO, service(), &server).listed().await;
    assert_eq!(listed, ["a", "b", "c", "d", "e"]);
    assert_eq!(server.seen().len(), 3);
}
