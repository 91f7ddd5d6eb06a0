//! Three imaginary platforms that ask of the mechanism what real ones will: GraphQL, a `PUT` with an envelope that can
//! say no inside a 200, and signed requests whose errors are names. Each runs through the real procedure.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test may stop at the first surprise"
)]

mod envelope;
mod graphql;
mod signed;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cancel_deployment::api::{Api, Body, Clock, Request, Response, Service, Transport, TransportError};
use cancel_deployment::cancel::{Plan, Verdict};
use cancel_deployment::model::address::Address;
use cancel_deployment::model::answers::{Filter, Listed};
use cancel_deployment::model::id::Id;
use cancel_deployment::model::signal::Received;
use cancel_deployment::platform::rest::{Rest, Usual};
use cancel_deployment::platform::{Platform, PlatformInfo};
use cancel_deployment::run::{Observer, Run, Task};
use cancel_deployment::select::guard::Guard;
use cancel_deployment::text::redactor::Redactor;
use cancel_deployment::text::sanitizer::Sanitizer;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

/// What a guest's server answers: a status and JSON.
type Answer = (u16, Value);

/// A server inside the test: it answers by its own state and remembers what it got.
pub struct Server<S> {
    state: Mutex<S>,
    answer: fn(&mut S, &Seen) -> Answer,
    seen: Mutex<Vec<Seen>>,
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    pub at: Duration,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }
}

impl<S: Send> Server<S> {
    pub fn new(state: S, answer: fn(&mut S, &Seen) -> Answer) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(state), answer, seen: Mutex::default() })
    }

    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panicked")
}

struct Wire<S> {
    server: Arc<Server<S>>,
    start: Instant,
}

#[async_trait]
impl<S: Send> Transport for Wire<S> {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let credentials =
            request.credentials.iter().map(|(name, value)| ((*name).to_owned(), value.expose().to_owned()));
        let plain = request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let seen = Seen {
            method: request.method.word(),
            url: request.url.to_string(),
            headers: credentials.chain(plain).collect(),
            body: match request.body {
                Body::Json(body) => body,
                _ => Value::Null,
            },
            at: self.start.elapsed(),
        };
        let (status, body) = (self.server.answer)(&mut lock(&self.server.state), &seen);
        lock(&self.server.seen).push(seen);
        Ok(Response { status, body: body.to_string().into_bytes(), ..Response::default() })
    }
}

struct Nobody;

impl Observer for Nobody {
    fn saw(&mut self, _work: &Task) {}
    fn warn(&mut self, _text: &str) {}
    fn asking(&mut self, _works: &[Task], _which: usize) {}
}

/// A platform and the door to its server.
pub struct Guest {
    pub platform: Usual,
    pub info: &'static PlatformInfo,
    pub api: Api,
    sanitizer: Arc<Sanitizer>,
    start: Instant,
}

const LIMIT: Duration = Duration::from_secs(30);

impl Guest {
    pub fn new<S: Send + 'static>(
        platform: impl Rest,
        info: &'static PlatformInfo,
        service: Service,
        server: &Arc<Server<S>>,
    ) -> Self {
        let start = Instant::now();
        let wire = Wire { server: Arc::clone(server), start };
        let sanitizer = Arc::new(Sanitizer::new(Redactor::new(&[])));
        let base = Address::parse(info.base).expect("an address");
        let api = Api::new(service, base, Box::new(wire), Arc::clone(&sanitizer), Clock { start, limit: LIMIT });
        Self { platform: Usual::new(platform), info, api, sanitizer, start }
    }

    /// One deployment with this id through the whole procedure.
    pub async fn cancel(&self, id: &str) -> Verdict {
        let plan = Plan {
            wait: true,
            dry_run: false,
            only_states: None,
            guard: Guard::default(),
            guarded: self.platform.is_guarded(),
            poll_interval: Duration::from_secs(1),
            many: 1,
            slower: None,
            spare: false,
            limit: LIMIT,
        };
        let run = Run {
            platform: &self.platform,
            api: &self.api,
            plan,
            lists_tell: false,
            if_live: None,
            sanitizer: &self.sanitizer,
            start: self.start,
        };
        let (_sender, mut signals) = watch::channel(Received::default());
        let works = run.drive(vec![Id::parse(id).expect("an id")], &mut signals, &mut Nobody).await;
        works[0].procedure.ending().expect("it has ended").clone()
    }

    /// The ids that its list brings.
    pub async fn listed(&self) -> Vec<String> {
        match self.platform.list(&self.api, &Filter::default()).await {
            Ok(Listed::Here(listed)) => listed.into_iter().map(|one| one.id).collect(),
            other => panic!("{other:?}"),
        }
    }
}
