//! A roll back as it is about to be sent, and a signal in just that moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cancel_deployment::api::{Api, ApiRequest, Clock, Headers, Request, Response, Transport, TransportError};
use cancel_deployment::cancel::Plan;
use cancel_deployment::model::about::CanRollBack;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::answers::{Accepted, Filter, Found, Listed};
use cancel_deployment::model::deployment::{Deployment, State};
use cancel_deployment::model::failure::Failure;
use cancel_deployment::model::id::Id;
use cancel_deployment::model::roll_back::{InFlight, LiveNow, RollBackResult, Version};
use cancel_deployment::model::signal::{Received, Signal};
use cancel_deployment::platform::register::{REGISTER, named};
use cancel_deployment::platform::{Platform, RollBack};
use cancel_deployment::run::{IfLive, Observer, Run, Task};
use cancel_deployment::select::guard::Guard;
use cancel_deployment::text::sanitizer::Sanitizer;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::platform::service;

/// A platform on which "ours" is live, and "old" was before.
struct Pointed;

fn ours() -> Found {
    Found::Here(Box::new(Deployment { state: State::Succeeded, ..Deployment::without_reading("ours") }))
}

fn live(id: &str) -> Version {
    Version { was_live: true, ..Version::of(id) }
}

#[async_trait::async_trait]
impl Platform for Pointed {
    async fn find(&self, _api: &Api, _id: &Id) -> Result<Found, Failure> {
        Ok(ours())
    }

    async fn refresh(&self, _api: &Api, _known: &Deployment) -> Result<Found, Failure> {
        Ok(ours())
    }

    fn without_reading(&self, _id: &Id) -> Option<Deployment> {
        None
    }

    async fn list(&self, _api: &Api, _wanted: &Filter) -> Result<Listed, Failure> {
        panic!("nothing is chosen")
    }

    async fn cancel(&self, _api: &Api, _known: &Deployment) -> Result<Accepted, Failure> {
        panic!("it is live already")
    }

    fn roll_back(&self) -> Option<&dyn RollBack> {
        Some(self)
    }
}

#[async_trait::async_trait]
impl RollBack for Pointed {
    fn slot(&self, _ours: &Deployment) -> Option<String> {
        Some("site".to_owned())
    }

    async fn live(&self, _api: &Api, _ours: &Deployment) -> Result<LiveNow, Failure> {
        Ok(LiveNow { version: Some(live("ours")), date: None })
    }

    async fn in_flight(&self, _api: &Api, _ours: &Deployment) -> Result<Vec<InFlight>, Failure> {
        Ok(Vec::new())
    }

    async fn replaced(&self, _api: &Api, _ours: &Deployment) -> Result<Option<Version>, Failure> {
        Ok(Some(live("old")))
    }

    async fn named(&self, _api: &Api, _ours: &Deployment, _id: &Id) -> Result<Option<Version>, Failure> {
        Ok(None)
    }

    fn request(&self, _ours: &Deployment, _target: &Version) -> ApiRequest {
        ApiRequest::roll_back("/back".to_owned())
    }
}

/// Says yes to everything, and counts it: nothing but the request to roll back is sent here.
struct Wire(Arc<AtomicUsize>);

#[async_trait::async_trait]
impl Transport for Wire {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Response { status: 200, headers: Headers::default(), body: Vec::new() })
    }
}

/// Whoever writes the log when the signal comes.
struct Log(Option<watch::Sender<Received>>);

impl Observer for Log {
    fn saw(&mut self, _task: &Task) {}
    fn warn(&mut self, _text: &str) {}
    fn asking(&mut self, _tasks: &[Task], _which: usize) {}

    fn going_back(&mut self, _tasks: &[Task], _which: usize, text: &str) {
        assert_eq!(text, "putting back old");
        if let Some(signal) = &self.0 {
            signal.send_modify(|received| received.first = Some(Signal::Terminate));
        }
    }
}

/// What came of the roll back, and how often one was sent.
async fn run(is_signaled: bool) -> (Option<RollBackResult>, usize) {
    let (start, sent) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let sanitizer = Arc::new(Sanitizer::default());
    let limit = Duration::from_secs(60);
    let address = Address::parse("https://api.example").expect("an address");
    let wire = Box::new(Wire(Arc::clone(&sent)));
    let api = Api::new(service(), address, wire, Arc::clone(&sanitizer), Clock { start, limit });
    let CanRollBack::Yes(info) = &named(REGISTER, "netlify").expect("a platform").about.roll_back else {
        panic!("it has no way back")
    };
    let timeout = Duration::from_secs(10);
    let if_live = IfLive { info, to: None, timeout, is_named: true, commit: None };
    let plan = Plan {
        wait: true,
        dry_run: false,
        only_states: None,
        guard: Guard::default(),
        guarded: false,
        poll_interval: Duration::from_secs(5),
        slower: None,
        spare: false,
        limit,
        many: 1,
    };
    let run = Run {
        platform: &Pointed,
        api: &api,
        plan,
        lists_tell: false,
        if_live: Some(&if_live),
        sanitizer: &sanitizer,
        start,
    };
    let (signal, mut signals) = watch::channel(Received::default());
    let mut log = Log(is_signaled.then_some(signal));
    let tasks = run.drive(vec![Id::parse("ours").expect("an id")], &mut signals, &mut log).await;
    let came_to = tasks.first().and_then(|task| task.roll_back.as_ref()?.verdict()).map(|verdict| verdict.result);
    (came_to, sent.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_comes_while_the_log_says_what_is_sent_keeps_it_from_being_sent() {
    assert_eq!(run(false).await, (Some(RollBackResult::TimedOut), 1));
    assert_eq!(run(true).await, (Some(RollBackResult::Interrupted), 0));
}
