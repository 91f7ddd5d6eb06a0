//! The HTTP/1.1 server, with or without TLS, and everything shared with the threads of a test.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Sleep;

use super::faults::{Delivery, Fault, Manner};
use super::http::{Answer, Request};
use super::platform::{Call, Platforms};
use super::tls::Acceptor;

const PATIENCE: Duration = Duration::from_secs(20);
const DRIP: Duration = Duration::from_millis(300);
/// Gets what there is onto the wire before a connection breaks off.
const FLUSH: Duration = Duration::from_millis(20);

/// A request the sandbox received.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The platform it was for; empty when there is none of that prefix.
    pub platform: String,
    /// What kind of request it is.
    pub call: Call,
    /// The method, in capitals.
    pub method: String,
    /// The path as sent, without the platform's prefix.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// All headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it changed the course of a deployment.
    pub took_effect: bool,
    /// When it had arrived in full.
    pub at: Instant,
}

impl Seen {
    fn new(platform: &str, call: Call, request: &Request) -> Seen {
        Seen {
            platform: platform.to_owned(),
            call,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            took_effect: false,
            // Without a server this is the clock of the run that asks, which may be a paused one.
            at: tokio::time::Instant::now().into_std(),
        }
    }

    /// The value of a header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Something that happens between two requests.
pub type Happening = Box<dyn FnOnce() + Send>;

/// Everything behind the lock.
#[derive(Default)]
pub struct State {
    /// The platforms.
    pub platforms: Platforms,
    /// Faults to be met once each.
    pub faults: HashMap<Call, VecDeque<Fault>>,
    /// Faults met by every request.
    pub always: HashMap<Call, Fault>,
    /// What happens before the request of a kind with a number is processed.
    pub happenings: Vec<(Call, usize, Happening)>,
    /// Requests that nobody may send, each with the reason.
    pub forbidden: Vec<String>,
    /// The requests so far.
    pub seen: Vec<Seen>,
    /// How many connections there were.
    pub connections: usize,
    /// How many requests are being answered.
    pub open: usize,
    /// How many of them there were at the same time, at most.
    pub most_open: usize,
    /// The first panic inside the server.
    pub panic: Option<Box<dyn Any + Send>>,
}

impl State {
    /// How many requests of that kind have arrived.
    pub fn count(&self, call: Call) -> usize {
        self.seen.iter().filter(|seen| seen.call == call).count()
    }

    fn take_fault(&mut self, call: Call) -> Fault {
        let next = self.faults.get_mut(&call).and_then(VecDeque::pop_front);
        next.or_else(|| self.always.get(&call).cloned()).unwrap_or(Fault::Pass)
    }

    fn process(&mut self, arrival: &Arrival) -> Delivery {
        match self.platforms.get(&arrival.platform) {
            Some(platform) => arrival.fault.meet(platform, &arrival.request),
            None => Delivery {
                answer: Answer::new(404, "text/plain", "no such platform in the sandbox\n"),
                manner: Manner::Whole,
            },
        }
    }
}

/// A request that is being answered.
struct Open<'a>(&'a Shared);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.lock().open -= 1;
    }
}

/// The state, and the means to wait for a change of it.
pub struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    releases: watch::Sender<u64>,
}

impl Shared {
    /// An empty sandbox.
    pub fn new() -> Shared {
        Shared { state: Mutex::default(), arrived: Condvar::new(), releases: watch::Sender::new(0) }
    }

    fn open(&self) -> Open<'_> {
        let mut state = self.lock();
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        Open(self)
    }

    /// Locks the state.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks until that many requests of that kind have arrived.
    pub fn wait_for(&self, call: Call, n: usize) {
        let (state, waited) = self
            .arrived
            .wait_timeout_while(self.lock(), PATIENCE, |state| state.count(call) < n)
            .unwrap_or_else(PoisonError::into_inner);
        let calls: Vec<Call> = state.seen.iter().map(|seen| seen.call).collect();
        drop(state);
        assert!(!waited.timed_out(), "no {n} requests of kind {call:?} within {PATIENCE:?}, only {calls:?}");
    }

    /// Lets all held requests go on.
    pub fn release(&self) {
        let _state = self.lock();
        self.releases.send_modify(|count| *count += 1);
    }

    fn arrive(&self, platform: &str, request: Request) -> Arrival {
        let mut state = self.lock();
        let found = state.platforms.get(platform);
        let name = found.as_ref().map_or("", |found| found.name());
        let call = found.as_ref().map_or(Call::Other, |found| found.call(&request));
        let forbidden = found.and_then(|found| found.forbids(&request));
        let described = |why| format!("{} {name}{}: {why}", request.method, request.path);
        state.forbidden.extend(forbidden.map(described));
        let fault = match name {
            "" => Fault::Pass,
            _ => state.take_fault(call),
        };
        let arrival = Arrival {
            platform: name.to_owned(),
            call,
            number: state.count(call) + 1,
            index: state.seen.len(),
            releases: *self.releases.borrow(),
            fault,
            request,
        };
        state.seen.push(Seen::new(name, call, &arrival.request));
        drop(state);
        self.arrived.notify_all();
        arrival
    }

    fn process(&self, arrival: &Arrival) -> Delivery {
        let is_due =
            |(call, number, _): &mut (Call, usize, Happening)| (*call, *number) == (arrival.call, arrival.number);
        let due: Vec<_> = self.lock().happenings.extract_if(.., is_due).collect();
        // They take the lock themselves.
        due.into_iter().for_each(|(.., happens)| happens());
        let mut state = self.lock();
        // The lock is taken outside, so a panic does not poison it.
        let result = catch_unwind(AssertUnwindSafe(|| state.process(arrival)));
        let delivery = result.unwrap_or_else(|panic| {
            state.panic.get_or_insert(panic);
            Delivery { answer: Answer::new(500, "text/plain", "the sandbox panicked\n"), manner: Manner::Whole }
        });
        state.seen[arrival.index].took_effect = delivery.answer.took_effect;
        delivery
    }

    /// Takes a request in and answers it, without a server between.
    pub fn exchange(&self, platform: &str, request: Request) -> Delivery {
        let arrival = self.arrive(platform, request);
        match arrival.fault {
            // Nobody is there who could release it.
            Fault::HoldBefore => Delivery { answer: Answer::new(500, "", ""), manner: Manner::Hold },
            _ => self.process(&arrival),
        }
    }

    async fn released(&self, since: u64) {
        let mut releases = self.releases.subscribe();
        let result = releases.wait_for(|count| *count > since).await;
        result.expect("the sender lives as long as this");
    }
}

/// A request on its way through the sandbox.
struct Arrival {
    platform: String,
    call: Call,
    /// Which one of its kind it is.
    number: usize,
    index: usize,
    releases: u64,
    fault: Fault,
    request: Request,
}

/// Where connections arrive, and what they speak.
pub struct Door {
    /// One for each address, all of the same port.
    pub listeners: Vec<TcpListener>,
    /// Present when the server speaks TLS.
    pub tls: Option<Acceptor>,
}

/// Serves until told to stop.
pub fn run(door: Door, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the sandbox")
        .block_on(serve(door, shared, stopped));
}

async fn serve(door: Door, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let listeners = door.listeners.into_iter();
    let listeners: Vec<_> =
        listeners.map(|listener| tokio::net::TcpListener::from_std(listener).expect("a listener")).collect();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(ended) = connections.join_next() => note_panic(&shared, ended),
            stream = accept(&listeners) => {
                shared.lock().connections += 1;
                connections.spawn(connection(stream, door.tls.clone(), Arc::clone(&shared)));
            }
        }
    }
    while let Some(ended) = connections.try_join_next() {
        note_panic(&shared, ended);
    }
}

async fn accept(listeners: &[tokio::net::TcpListener]) -> tokio::net::TcpStream {
    let accepted = poll_fn(|cx| {
        let mut polls = listeners.iter().map(|listener| listener.poll_accept(cx));
        polls.find(Poll::is_ready).unwrap_or(Poll::Pending)
    });
    let (stream, _) = accepted.await.expect("a connection");
    // Without this small answers may wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    stream
}

fn note_panic(shared: &Shared, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        shared.lock().panic.get_or_insert(panic);
    }
}

async fn connection(stream: tokio::net::TcpStream, tls: Option<Acceptor>, shared: Arc<Shared>) {
    let Some(tls) = tls else {
        return speak(stream, "http", shared).await;
    };
    // A handshake that fails is what some tests want to see.
    if let Ok(stream) = tls.accept(stream).await {
        speak(stream, "https", shared).await;
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, scheme: &'static str, shared: Arc<Shared>) {
    let service = service_fn(move |request| handle(Arc::clone(&shared), scheme, request));
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    // Clients that hang up and faults that break off end here: both are meant.
    drop(served);
}

async fn handle(
    shared: Arc<Shared>,
    scheme: &'static str,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Flow>, std::io::Error> {
    let lacks_length = !matches!(request.method().as_str(), "GET" | "HEAD")
        && !request.headers().contains_key("content-length")
        && !request.headers().contains_key("transfer-encoding");
    if lacks_length {
        // As load balancers in front of the platforms do: the request gets no further.
        return Ok(respond(Delivery {
            answer: Answer::new(411, "text/html", "<html><h1>Length Required</h1></html>"),
            manner: Manner::Whole,
        }));
    }
    let (platform, request) = receive(scheme, request).await?;
    let _open = shared.open();
    let arrival = shared.arrive(&platform, request);
    if matches!(arrival.fault, Fault::HoldBefore) {
        shared.released(arrival.releases).await;
    }
    let delivery = shared.process(&arrival);
    match delivery.manner {
        Manner::Reset => return Err(std::io::ErrorKind::ConnectionReset.into()),
        Manner::Hold => shared.released(arrival.releases).await,
        Manner::Delay(time) => tokio::time::sleep(time).await,
        Manner::NoWay(why) => panic!("{why:?} is not for a server to show"),
        _ => {}
    }
    Ok(respond(delivery))
}

async fn receive(scheme: &'static str, request: hyper::Request<Incoming>) -> Result<(String, Request), std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?;
    let path = parts.uri.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    let (platform, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let request = Request {
        scheme,
        method: parts.method.as_str().to_owned(),
        path: rest.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.to_bytes().to_vec(),
    };
    Ok((platform.to_owned(), request))
}

fn respond(delivery: Delivery) -> hyper::Response<Flow> {
    let Delivery { answer, manner } = delivery;
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let body = Flow::new(answer.body, manner);
    response.body(body).expect("an answer HTTP can carry")
}

/// A body that comes in pieces, each after a pause, and may break off.
struct Flow {
    pieces: VecDeque<Bytes>,
    pause: Option<(Duration, Pin<Box<Sleep>>)>,
    announced: Option<u64>,
    breaks_off: bool,
}

impl Flow {
    fn new(body: Vec<u8>, manner: Manner) -> Flow {
        let body = Bytes::from(body);
        let length = body.len() as u64;
        let mut flow = Flow {
            pieces: VecDeque::from([body.clone()]),
            pause: None,
            announced: Some(length),
            breaks_off: manner == Manner::Truncated,
        };
        match manner {
            Manner::Huge => {
                flow.announced = None;
                flow.pieces = huge();
            }
            Manner::Truncated => {
                flow.pieces = VecDeque::from([body.slice(..body.len() / 2)]);
                flow.announced = Some(length.max(100));
                flow.pause = Some((FLUSH, Box::pin(tokio::time::sleep(FLUSH))));
            }
            Manner::Drip => {
                flow.pieces = (0..body.len()).map(|at| body.slice(at..=at)).collect();
                flow.pause = Some((DRIP, Box::pin(tokio::time::sleep(DRIP))));
            }
            _ => {}
        }
        flow.pieces.retain(|piece| !piece.is_empty());
        flow
    }

    /// Waits for the pause before the next piece and sets up the one after it.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some((length, sleep)) = &mut self.pause else {
            return Poll::Ready(());
        };
        match sleep.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                let next = tokio::time::Instant::now() + *length;
                sleep.as_mut().reset(next);
                Poll::Ready(())
            }
        }
    }
}

/// 20 MiB of JSON in pieces that are one and the same.
fn huge() -> VecDeque<Bytes> {
    let filler = Bytes::from(vec![b'x'; 1024 * 1024]);
    let mut pieces = VecDeque::from([Bytes::from_static(br#"{"filler":""#)]);
    pieces.extend(std::iter::repeat_n(filler, 20));
    pieces.push_back(Bytes::from_static(b"\"}"));
    pieces
}

impl Body for Flow {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.pieces.is_empty() && !self.breaks_off {
            return Poll::Ready(None);
        }
        if self.poll_pause(cx).is_pending() {
            return Poll::Pending;
        }
        let Some(piece) = self.pieces.pop_front() else {
            let broken = std::io::ErrorKind::BrokenPipe.into();
            return Poll::Ready(Some(Err(broken)));
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && !self.breaks_off
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
