//! A run inside this process and without a wire: requests are handed to the sandbox, and the clock only moves when
//! everybody waits. The whole line of a run is the real one; only who sends and who prints is not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cancel_deployment::api::{Body, Request, Response, Transport, TransportError};
use cancel_deployment::ci::Stream;
use cancel_deployment::input::env::Env;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::failure::Kind;
use cancel_deployment::model::signal::{Received, Signal};
use cancel_deployment::{World, run_in};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use crate::platform::platforms;
use crate::sandbox::{self, Exchange, Manner, NoWay, Sandbox};
use crate::step::{Ran, Step};

/// No run needs as many requests, so this one runs in circles.
const MOST: usize = 5000;
/// One byte of a slow drip; so slow that no body is whole before a client has lost its patience.
const DRIP: Duration = Duration::from_secs(3);

/// What ends a run from outside, as a request is on its way or right after it was processed.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// Which request, the first one is 1.
    pub at: usize,
    pub is_processed: bool,
    /// Without a warning; else by a signal.
    pub kills: bool,
}

/// What happens to a run from outside.
#[derive(Clone, Default)]
struct Outside {
    stop: Option<Stop>,
    /// Another run begins as this request is on its way, the first one is 1.
    meets: Option<(usize, Arc<Meeting>)>,
}

/// Where two runs meet.
#[derive(Default)]
struct Meeting {
    begins: Notify,
    /// That the other one is over, where that is waited for.
    over: Option<Notify>,
}

/// Hands requests to a sandbox.
struct Inside {
    sandbox: Exchange,
    authority: String,
    sent: Arc<AtomicUsize>,
    outside: Outside,
    signal: watch::Sender<Received>,
    kill: Arc<Notify>,
}

#[async_trait::async_trait]
impl Transport for Inside {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let before = self.sent.fetch_add(1, Ordering::Relaxed);
        assert!(before < MOST, "a run in circles");
        // A connection and its answer take a moment, so that no clock stands still for ever.
        sleep(Duration::from_millis(10)).await;
        self.meet_at(before + 1).await;
        self.stop_at(before + 1, false).await;
        let (platform, request) = self.arrived(request);
        let delivery = (self.sandbox)(&platform, request);
        let answer = delivery.answer;
        self.stop_at(before + 1, true).await;
        match delivery.manner {
            Manner::Whole => {}
            Manner::Huge => return failed(Kind::TooLarge, "the answer was larger than 16 MiB"),
            Manner::Reset => return failed(Kind::Broken, "the connection broke, reset by peer"),
            Manner::Truncated => return failed(Kind::Broken, "the connection broke, body cut off"),
            Manner::Delay(time) => sleep(time).await,
            Manner::Hold => std::future::pending().await,
            Manner::Drip => sleep(DRIP * u32::try_from(answer.body.len()).unwrap()).await,
            Manner::NoWay(why) => return no_way(why),
        }
        Ok(Response { status: answer.status, headers: answer.headers.into_iter().collect(), body: answer.body })
    }
}

impl Inside {
    /// What is stopped here gets a moment to notice; an answer comes in the same moment as a signal.
    async fn stop_at(&self, request: usize, is_processed: bool) {
        let is_it = |stop: &Stop| (stop.at, stop.is_processed) == (request, is_processed);
        let Some(stop) = self.outside.stop.filter(is_it) else { return };
        if stop.kills {
            self.kill.notify_one();
        } else {
            self.signal.send_modify(|received| received.first = Some(Signal::Terminate));
        }
        if stop.kills || !is_processed {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets another run begin, and go on to its end where that is waited for.
    async fn meet_at(&self, request: usize) {
        let Some((_, meeting)) = self.outside.meets.as_ref().filter(|(at, _)| *at == request) else { return };
        meeting.begins.notify_one();
        if let Some(over) = &meeting.over {
            over.notified().await;
        }
    }

    /// The request as a server would see it, and the platform it is for.
    fn arrived(&self, request: Request) -> (String, sandbox::Request) {
        assert_eq!(request.url.authority(), self.authority, "a request to another host");
        let path = request.url.path().trim_start_matches('/');
        let (platform, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        let credentials = request.credentials.iter();
        let mut headers: Vec<_> =
            credentials.map(|(name, value)| ((*name).to_owned(), value.expose().to_owned())).collect();
        headers.push(("host".to_owned(), self.authority.clone()));
        let body = match request.body {
            Body::None => Vec::new(),
            Body::Json(value) => value.to_string().into_bytes(),
            Body::Form(fields) => {
                let pairs = fields.iter().map(|(name, value)| (*name, value.expose()));
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
                form.into_bytes()
            }
        };
        let request = sandbox::Request {
            scheme: "http",
            method: request.method.word().to_owned(),
            path: rest.to_owned(),
            query: request.url.query().unwrap_or_default().to_owned(),
            headers,
            body,
        };
        (platform.to_owned(), request)
    }
}

fn failed(kind: Kind, words: &str) -> Result<Response, TransportError> {
    let words = words.to_owned();
    Err(TransportError { kind, words })
}

/// As the real link tells it.
fn no_way(why: NoWay) -> Result<Response, TransportError> {
    match why {
        NoWay::Refused => failed(Kind::Unreachable, "no connection: Connection refused"),
        NoWay::Untrusted => failed(Kind::Untrusted, "TLS failed, UnknownIssuer"),
        NoWay::Expired => failed(Kind::Untrusted, "TLS failed, certificate expired"),
        NoWay::UnknownName => failed(Kind::UnknownHost, "the host name is not known, no such name"),
    }
}

impl Step {
    /// Runs it so: its limit is one of its own time, however busy this machine is.
    pub fn run_inside(self, sandbox: &Sandbox) -> Ran {
        run(self, sandbox).0
    }
}

/// Runs a step to its end; how long that took by the clock that only moves when everybody waits.
pub fn run(step: Step, sandbox: &Sandbox) -> (Ran, Duration) {
    run_to(step, sandbox, None)
}

/// The same to its end or to that stop. Of one that was killed nothing is read.
pub fn run_to(step: Step, sandbox: &Sandbox, stop: Option<Stop>) -> (Ran, Duration) {
    alone(step, sandbox, Outside { stop, ..Outside::default() })
}

/// Two runs: the second one begins as the first one's request with that number is on its way. That arrives once the
/// second one is over, or at once.
pub fn run_two(steps: [Step; 2], sandbox: &Sandbox, at: usize, waits: bool) -> [Ran; 2] {
    let meeting = Arc::new(Meeting { begins: Notify::new(), over: waits.then(Notify::new) });
    let [first, second] = steps;
    let outside = Outside { meets: Some((at, Arc::clone(&meeting))), ..Outside::default() };
    let (first, second) = runtime().block_on(async {
        tokio::join!(carry_out(first, sandbox, outside), async {
            meeting.begins.notified().await;
            let ran = carry_out(second, sandbox, Outside::default()).await;
            meeting.over.iter().for_each(Notify::notify_one);
            ran
        })
    });
    [first, second]
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn alone(step: Step, sandbox: &Sandbox, outside: Outside) -> (Ran, Duration) {
    runtime().block_on(async {
        let start = Instant::now();
        let ran = carry_out(step, sandbox, outside).await;
        (ran, start.elapsed())
    })
}

async fn carry_out(step: Step, sandbox: &Sandbox, outside: Outside) -> Ran {
    let (signal, signals) = watch::channel(Received::default());
    let (kill, sent) = (Arc::new(Notify::new()), Arc::default());
    let (to_signal, to_kill) = (signal.clone(), Arc::clone(&kill));
    let variables = step.variables();
    let env = Env::new(variables.map(|(name, value)| (name.into(), value.into())));
    let lines: Arc<Mutex<[String; 2]>> = Arc::default();
    let (to_link, to_print) = (sandbox.exchange(), Arc::clone(&lines));
    let authority = sandbox.address().to_string();
    let platforms = platforms();
    let world = World {
        platforms: &platforms,
        connect: Box::new(move |_: &Address, _, _, _| {
            Ok(Box::new(Inside {
                sandbox: Arc::clone(&to_link),
                authority: authority.clone(),
                sent: Arc::clone(&sent),
                outside: outside.clone(),
                signal: to_signal.clone(),
                kill: Arc::clone(&to_kill),
            }))
        }),
        print: Box::new(move |stream, line| {
            let mut lines = to_print.lock().unwrap();
            let [out, err] = &mut *lines;
            let text = if stream == Stream::Out { out } else { err };
            text.push_str(&line);
            text.push('\n');
        }),
    };
    let exit = tokio::select! {
        biased;
        () = kill.notified() => None,
        exit = run_in(world, &env, Instant::now(), signals) => Some(exit),
    };
    let [out, err] = std::mem::take(&mut *lines.lock().unwrap());
    match exit {
        Some(exit) => step.ended(i32::from(exit.code()), out, err),
        None => step.unread().ended(137, out, err),
    }
}
