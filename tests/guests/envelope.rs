//! Canceling is a `PUT` with a body and a header of its own, answers come in an envelope, and a 200 can say no.

use cancel_deployment::api::wire::{Text, Time, fields};
use cancel_deployment::api::{ApiRequest, Body, Errors, Method, Service};
use cancel_deployment::model::about::About;
use cancel_deployment::model::deployment::{Deployment, State};
use cancel_deployment::model::id::segment;
use cancel_deployment::model::outcome::Outcome;
use cancel_deployment::platform::PlatformInfo;
use cancel_deployment::platform::list::{List, More, Place};
use cancel_deployment::platform::rest::Rest;
use cancel_deployment::text::secret::Secret;
use serde_json::{Value, json};

use super::{Answer, Guest, Seen, Server};

const INFO: PlatformInfo = PlatformInfo {
    about: About { id: "folder", name: "Folder", credentials: "`token`", grant: "the right to stop", ..About::NONE },
    base: "https://folder.example/v4",
    states: &[
        ("QUEUED", State::Queued),
        ("RUNNING", State::Running),
        ("STOPPED", State::Canceled),
        ("OVER", State::Ended),
    ],
    ..PlatformInfo::USUAL
};

struct Folder;

fields! {
    struct Wire {
        uuid: Text,
        state: Text,
        created_on: Time,
    }
}

impl Rest for Folder {
    type Wire = Wire;

    fn at(&self) -> &'static str {
        "/result"
    }

    fn read(&self, id: &str) -> ApiRequest {
        ApiRequest::get(format!("/builds/{}", segment(id)), "read the deployment")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        let call = ApiRequest::new(Method::Put, format!("/builds/{}/state", segment(id)), "cancel the deployment");
        call.header("x-reason", "superseded").body(Body::Json(json!({ "state": "stopped" })))
    }

    fn lists(&self) -> Vec<List> {
        let list = List::new(ApiRequest::get("/builds", "list the deployments"), "/result");
        let page = Place::Query("page");
        vec![list.size(Place::Query("per_page"), &[2]).numbered(page, 1, More::Total("/result_info/total_count"))]
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        Some(Deployment { created: wire.created_on.0, ..INFO.deployment(wire.uuid, wire.state)? })
    }
}

fn service() -> Service {
    let errors = Errors::at(&["/errors/0/message"]).code(&["/errors/0/code"]);
    let errors = errors.in_success(|body| body.get("success") == Some(&Value::Bool(false)));
    Service::new(&INFO.about).credential("x-auth-key", Secret::from("key-1".to_owned())).errors(errors)
}

struct Course {
    word: &'static str,
    takes_a_cancel: bool,
    end: &'static str,
}

fn answer(course: &mut Course, seen: &Seen) -> Answer {
    assert_eq!(seen.header("x-auth-key"), "key-1");
    let path = seen.url.strip_prefix("https://folder.example/v4").unwrap();
    let build = |id: &str, word: &str| json!({ "uuid": id, "state": word, "created_on": "2026-01-01T00:00:00Z" });
    match (seen.method, path) {
        ("GET", "/builds/b1") => (200, json!({ "success": true, "result": build("b1", course.word) })),
        ("PUT", "/builds/b1/state") => {
            assert_eq!((seen.header("x-reason"), &seen.body["state"]), ("superseded", &json!("stopped")));
            if !course.takes_a_cancel {
                let errors = json!([{ "code": 12006, "message": "Build is locked" }]);
                return (200, json!({ "success": false, "errors": errors, "result": null }));
            }
            course.word = course.end;
            (200, json!({ "success": true, "result": build("b1", course.end) }))
        }
        ("GET", "/builds?page=1&per_page=2") => {
            let page = [build("b1", "RUNNING"), build("b2", "RUNNING")];
            (200, json!({ "success": true, "result": page, "result_info": { "total_count": 3 } }))
        }
        ("GET", "/builds?page=2&per_page=2") => {
            let page = [build("b3", "QUEUED")];
            (200, json!({ "success": true, "result": page, "result_info": { "total_count": 3 } }))
        }
        other => panic!("{other:?}"),
    }
}

fn guest(takes_a_cancel: bool) -> Guest {
    guest_of(Course { word: "RUNNING", takes_a_cancel, end: "STOPPED" })
}

fn guest_of(course: Course) -> Guest {
    let server = Server::new(course, answer);
    Guest::new(Folder, &INFO, service(), &server)
}

#[tokio::test(start_paused = true)]
async fn a_put_with_a_header_cancels() {
    assert_eq!(guest(true).cancel("b1").await.outcome, Outcome::Canceled);
}

#[tokio::test(start_paused = true)]
async fn a_word_that_only_says_over_is_canceled_where_it_was_asked_in_time() {
    for (word, outcome, says) in [
        ("RUNNING", Outcome::Canceled, "which means that it is over and not live"),
        ("OVER", Outcome::AlreadyFinished, "It was OVER when this run first looked, so no cancel request was sent"),
    ] {
        let verdict = guest_of(Course { word, takes_a_cancel: true, end: "OVER" }).cancel("b1").await;
        assert_eq!(verdict.outcome, outcome, "{verdict:?}");
        assert!(verdict.reason.to_string().contains(says), "{verdict:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_200_that_says_no_is_a_refusal() {
    let verdict = guest(false).cancel("b1").await;
    assert_eq!(verdict.outcome, Outcome::Error, "{verdict:?}");
    assert!(verdict.reason.to_string().contains("Build is locked"), "{verdict:?}");
}

#[tokio::test(start_paused = true)]
async fn pages_go_on_until_all_are_there() {
    assert_eq!(guest(true).listed().await, ["b1", "b2", "b3"]);
}
