//! A platform made of a script: deployments with a course by the clock, answers that are late, lost or refused.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use cancel_deployment::api::wire::Many;
use cancel_deployment::api::{
    Api, ApiRequest, Headers, Method, Request, Reset, Response, Service, Transport, TransportError,
};
use cancel_deployment::model::answers::{Accepted, Conclusion, Filter, Found, Listed};
use cancel_deployment::model::deployment::{Deployment, Source, State};
use cancel_deployment::model::failure::{Failure, Kind};
use cancel_deployment::model::id::Id;
use cancel_deployment::model::reason::Missing;
use cancel_deployment::platform::Platform;
use cancel_deployment::platform::register::REGISTER;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// One deployment, and what happens to it.
#[derive(Clone, Debug)]
pub struct Fate {
    pub created: Option<i64>,
    pub branch: Option<&'static str>,
    pub target: Option<&'static str>,
    pub blocked: bool,
    pub queued_behind: bool,
    /// In its list from then on, in this state.
    pub appears: Duration,
    pub begins: State,
    /// What becomes of it by itself, and when.
    pub turns: Option<(Duration, State)>,
    /// When it is gone without a trace.
    pub vanishes: Option<Duration>,
    /// How long after a request it is canceled; never if it does not obey.
    pub obeys: Option<Duration>,
}

/// What one request meets on its way; the requests take them in turn.
#[derive(Clone, Debug)]
pub struct Way {
    pub takes: Duration,
    pub fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Processed, but the answer says otherwise.
    Lost(u16),
    /// Not processed.
    Refused(u16),
    /// 429: not before so many seconds.
    Limited(u64),
    /// The connection breaks.
    Broken,
    /// A yes that does not show the deployment.
    Mute,
}

/// A request on the wire.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: Duration,
    pub what: What,
    pub fault: Option<Fault>,
    /// When its answer was there, and whether it was a yes.
    pub answered: Option<(Duration, bool)>,
    /// When it was off the wire, answered or given up.
    pub over: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    List,
    Read(usize),
    Cancel(usize),
}

/// What was shown to the run, and when.
#[derive(Clone, Debug)]
pub struct Shown {
    pub at: Duration,
    pub by_list: bool,
    /// Deployments and their states at that time.
    pub states: Vec<(usize, State)>,
}

#[derive(Default)]
pub struct Log {
    pub sent: Vec<Sent>,
    pub shown: Vec<Shown>,
    pub under_way: usize,
    pub most_under_way: usize,
    /// When each was canceled, by a request that was processed.
    canceled: Vec<(usize, Duration)>,
}

/// The server: who it serves knows it by its answers alone.
pub struct World {
    pub fates: Vec<Fate>,
    pub ways: Vec<Way>,
    /// How far behind a list is.
    pub lag: Duration,
    pub start: Instant,
    pub log: Mutex<Log>,
}

/// Every second one is made from another commit.
pub fn commit(which: usize) -> String {
    format!("{}{which:07}", if which.is_multiple_of(2) { "1111111" } else { "2222222" })
}

/// Another name of a deployment: `n3` is `d3` as well.
pub fn name(of: usize, other: bool) -> Id {
    Id::parse(&format!("{}{of}", if other { 'n' } else { 'd' })).expect("an id")
}

pub fn number(id: &str) -> usize {
    id.get(1..).and_then(|digits| digits.parse().ok()).expect("an id of ours")
}

impl World {
    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("nobody panicked")
    }

    /// Where a deployment stands; `None` when it is not there.
    pub fn state(&self, which: usize, at: Duration) -> Option<State> {
        let fate = &self.fates[which];
        if at < fate.appears || fate.vanishes.is_some_and(|gone| at >= gone) {
            return None;
        }
        let log = self.log();
        let canceled = log.canceled.iter().find(|(one, _)| *one == which);
        let turned = fate.turns.filter(|(turns, _)| at >= *turns);
        match (canceled.map(|(_, when)| *when), turned) {
            (Some(canceled), Some((turns, _))) if canceled <= turns => Some(State::Canceled),
            (_, Some((_, state))) => Some(state),
            (Some(canceled), None) if at >= canceled => Some(State::Canceled),
            (Some(_), None) => Some(State::Canceling),
            (None, None) => Some(fate.begins),
        }
    }

    fn process(&self, which: usize, now: Duration) -> bool {
        let in_flight = self.state(which, now).is_some_and(State::is_in_flight);
        let Some(after) = self.fates[which].obeys.filter(|_| in_flight) else {
            return false;
        };
        self.log().canceled.push((which, now + after));
        true
    }

    fn deployment(&self, told: &Value) -> Deployment {
        let which = told[0].as_u64().expect("a number") as usize;
        let word = told[1].as_str().expect("a word");
        let fate = &self.fates[which];
        let state = [State::Queued, State::Running, State::Canceling, State::Canceled]
            .into_iter()
            .chain([State::Succeeded, State::Failed, State::Superseded])
            .find(|state| state.word() == word)
            .unwrap_or(State::Unknown);
        let source = Source {
            branch: fate.branch.map(str::to_owned),
            commit: fate.branch.map(|_| commit(which)),
            ..Source::default()
        };
        Deployment {
            state,
            platform_state: word.to_owned(),
            branch: source.branch.clone(),
            commit: source.commit.clone(),
            sources: vec![source],
            target: fate.target.map(str::to_owned),
            created: fate.created.and_then(|at| Timestamp::from_second(at).ok()),
            blocked: fate.blocked,
            queued_behind: fate.queued_behind,
            ..Deployment::without_reading(name(which, false).as_str())
        }
    }

    /// What the server does with a request at the time it arrives: the status, and the states it will show.
    fn serve(&self, what: &What, fault: Option<Fault>) -> (u16, Vec<(usize, State)>) {
        let now = self.start.elapsed();
        let (processed, answer) = match fault {
            Some(Fault::Lost(status)) => (true, Some(status)),
            Some(Fault::Refused(status)) => (false, Some(status)),
            Some(Fault::Limited(_)) => (false, Some(429)),
            Some(Fault::Broken) => (true, Some(0)),
            Some(Fault::Mute) | None => (true, None),
        };
        let mut status = answer.unwrap_or(200);
        if let (What::Cancel(which), true) = (what, processed)
            && !self.process(*which, now)
            && answer.is_none()
        {
            status = 409;
        }
        let shown = match what {
            _ if status != 200 => Vec::new(),
            What::List => {
                let then = now.saturating_sub(self.lag);
                let there = |which| Some((which, self.state(which, then)?));
                (0..self.fates.len()).filter_map(there).collect()
            }
            What::Read(which) | What::Cancel(which) => match self.state(*which, now) {
                None => return (404, Vec::new()),
                Some(_) if *what != What::Read(*which) && fault == Some(Fault::Mute) => Vec::new(),
                Some(state) => vec![(*which, state)],
            },
        };
        (status, shown)
    }
}

/// The wire.
pub struct Wire(pub Arc<World>);

/// Counts a request as under way until it is answered or given up.
struct UnderWay<'a>(&'a World, usize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let now = self.0.start.elapsed();
        let mut log = self.0.log();
        log.under_way -= 1;
        log.sent[self.1].over = Some(now);
    }
}

#[async_trait::async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let world = &*self.0;
        let path = request.url.path().trim_start_matches('/');
        let what = match (request.method, path) {
            (Method::Get, "list") => What::List,
            (Method::Get, id) => What::Read(number(id)),
            (_, id) => What::Cancel(number(id)),
        };
        let (which, way) = {
            let mut log = world.log();
            let at = world.start.elapsed();
            log.under_way += 1;
            log.most_under_way = log.most_under_way.max(log.under_way);
            let which = log.sent.len();
            let quick = Way { takes: Duration::from_millis(80), fault: None };
            let way = world.ways.get(which).cloned().unwrap_or(quick);
            let sent = Sent { at, what: what.clone(), fault: way.fault, answered: None, over: None };
            log.sent.push(sent);
            (which, way)
        };
        let _under_way = UnderWay(world, which);
        let (status, states) = world.serve(&what, way.fault);
        sleep(way.takes).await;
        let at = world.start.elapsed();
        let told = states.iter().map(|(which, state)| json!([which, state.word()]));
        let body = Value::Array(told.collect()).to_string().into_bytes();
        world.log().sent[which].answered = Some((at, status == 200));
        let by_list = what == What::List;
        world.log().shown.push(Shown { at, by_list, states });
        let headers = match way.fault {
            Some(Fault::Limited(seconds)) => Headers::from_iter([("retry-after", seconds.to_string())]),
            _ => Headers::default(),
        };
        if status == 0 {
            let words = "the connection broke".to_owned();
            return Err(TransportError { kind: Kind::Broken, words });
        }
        Ok(Response { status, headers, body })
    }
}

/// The platform in front of it.
pub struct Scripted(pub Arc<World>);

impl Scripted {
    async fn read(&self, api: &Api, id: &str) -> Result<Found, Failure> {
        match api.send(ApiRequest::get(format!("/{id}"), "read it")).await {
            Ok(reply) => {
                let told: Value = reply.json()?;
                Ok(Found::Here(Box::new(self.0.deployment(&told[0]))))
            }
            Err(failure) if failure.kind == Kind::NotFound => Ok(Found::Missing(Missing::Gone(id.to_owned()))),
            Err(failure) => Err(failure),
        }
    }
}

#[async_trait::async_trait]
impl Platform for Scripted {
    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        self.read(api, id.as_str()).await
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        self.read(api, &known.id).await
    }

    fn without_reading(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::without_reading(id.as_str()))
    }

    async fn list(&self, api: &Api, _wanted: &Filter) -> Result<Listed, Failure> {
        let reply = api.send(ApiRequest::get("/list", "list them")).await?;
        let told: Many<Value> = reply.json()?;
        Ok(Listed::Here(told.0.iter().map(|one| self.0.deployment(one)).collect()))
    }

    /// Never found.
    async fn page(&self, _api: &Api, _known: &Deployment) -> Option<String> {
        std::future::pending().await
    }

    /// Never told.
    async fn final_details(&self, _api: &Api, _ended: &Deployment) -> Result<Conclusion, Failure> {
        std::future::pending().await
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let call = ApiRequest::post(format!("/{}", known.id), "cancel it");
        let reply = api.send(call).await?;
        let told: Value = reply.json()?;
        let shown = told.get(0).map(|one| Box::new(self.0.deployment(one)));
        Ok(Accepted { deployment: shown, status: reply.status, request_id: None })
    }
}

/// What the door has to know about it.
pub fn service() -> Service {
    Service::new(&REGISTER[0].about).rate_limit(Reset("x-reset")).request_id("x-id")
}
