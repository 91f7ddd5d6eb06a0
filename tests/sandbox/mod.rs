//! A small stateful server that impersonates the hosting platforms.
//!
//! Each platform answers below its own path prefix, so one sandbox serves all
//! of them. Deployments follow scripts instead of clocks (see [`Script`]), and
//! faults can be laid in the way of any call (see [`Fault`]).
#![allow(dead_code, unused_imports, unreachable_pub, reason = "every user of the sandbox takes only a part of it")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken sandbox has to break the test that uses it"
)]

mod deployment;
mod faults;
mod graphql;
mod http;
mod live;
mod page;
mod platform;
mod platforms;
mod proxy;
mod script;
mod server;
mod stand;
mod tls;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tokio::net::TcpSocket;

pub use deployment::{COMMIT, Deployment, Desk, Fleet, Own, Words};
pub use faults::{Delivery, Fault, Manner, NoWay};
pub use http::{Answer, Request, epoch};
pub use live::{Ends, Served};
pub use platform::{Access, Addition, Call, Grant, Platform, Platforms, Tokens};
pub use platforms::*;
pub use proxy::{Gate, Proxy};
pub use script::{CancelAnswer, Script};
pub use server::Seen;
use server::{Door, Shared};
pub use stand::{About, Addressed, Back, Choice, Course, Manner as Way, One, Pages, Stand, Traits};
pub use tls::{Acceptor, Authority, FAR, Papers};

/// A port of this machine that refuses every connection: nobody listens on it, and while this is held nobody else can.
pub struct Nobody(TcpSocket);

impl Nobody {
    /// Takes a free port.
    pub fn new() -> Nobody {
        let socket = TcpSocket::new_v4().expect("a socket");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(any).expect("a free loopback port");
        Nobody(socket)
    }

    /// Where nobody is.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("the address it is bound to")
    }
}

/// The token every platform accepts from the start.
///
/// Its characters change under URL and base64 encoding on purpose.
pub const TOKEN: &str = "sandbox-secret-token-7Qx9/+Z=";

/// A second one of that kind, for clients that refuse a token with anything but letters, digits and underscores.
pub const PLAIN_TOKEN: &str = "sandbox_plain_token_4Kd8";

/// Value of a plain environment variable inside the bodies; must never be shown to a user.
pub const ENV_VALUE: &str = "plain-env-value-must-not-leak";

/// E-mail address of the person behind a deployment; must never be shown to a user.
pub const EMAIL: &str = "jane.must-not-leak@example.com";

/// How every token begins that a sign-in of the sandbox makes; must never be shown to a user.
pub const MINTED: &str = "minted-access-token-";

/// Everything inside the bodies that must never reach an output.
pub const PRIVATE: [&str; 4] = [TOKEN, ENV_VALUE, EMAIL, MINTED];

/// What becomes of a request to a platform.
pub type Exchange = Arc<dyn Fn(&str, Request) -> Delivery + Send + Sync>;

/// A running sandbox; it stops when it is dropped.
///
/// A panic inside the server is raised again on drop, and requests still held
/// by then lose their connection.
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Another hand on a sandbox that somebody else holds.
    is_another: bool,
}

impl Sandbox {
    /// Starts a server on a free port of the loopback address.
    pub fn start() -> Sandbox {
        Sandbox::start_at(Ipv4Addr::LOCALHOST.into())
    }

    /// Starts a server on a free port of that address alone.
    pub fn start_at(address: IpAddr) -> Sandbox {
        let listener = TcpListener::bind((address, 0)).expect("a free loopback port");
        Sandbox::open(vec![listener], None)
    }

    /// Starts a server that speaks TLS, on the same port of both loopback addresses.
    pub fn start_tls(tls: Acceptor) -> Sandbox {
        Sandbox::open(listen_on_both(), Some(tls))
    }

    fn open(listeners: Vec<TcpListener>, tls: Option<Acceptor>) -> Sandbox {
        for listener in &listeners {
            listener.set_nonblocking(true).expect("non-blocking mode");
        }
        let address = listeners[0].local_addr().expect("the bound address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared::new());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = thread::Builder::new()
            .name("sandbox".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || server::run(Door { listeners, tls }, shared, stopped)
            })
            .expect("a thread for the sandbox");
        Sandbox { shared, address, scheme, stop: Some(stop), thread: Some(thread), is_another: false }
    }

    /// A sandbox without a server, for those who hand their requests over themselves; see [`Sandbox::exchange`].
    pub fn without_server() -> Sandbox {
        Sandbox {
            shared: Arc::new(Shared::new()),
            // Nobody listens there.
            address: SocketAddr::from(([127, 0, 0, 1], 1)),
            scheme: "http",
            stop: None,
            thread: None,
            is_another: false,
        }
    }

    /// What becomes of a request to a platform; how long that takes is up to the caller.
    pub fn exchange(&self) -> Exchange {
        let shared = Arc::clone(&self.shared);
        Arc::new(move |platform, request| shared.exchange(platform, request))
    }

    /// The base address of one platform, without a slash at the end.
    pub fn url(&self, platform: &str) -> String {
        self.url_at(&self.address.to_string(), platform)
    }

    /// The same by the name `localhost`.
    pub fn url_by_name(&self, platform: &str) -> String {
        self.url_at(&format!("localhost:{}", self.address.port()), platform)
    }

    /// The same by the loopback address of IPv6.
    pub fn url_by_ipv6(&self, platform: &str) -> String {
        self.url_at(&format!("[::1]:{}", self.address.port()), platform)
    }

    /// The same by a name that only a proxy can lead to.
    pub fn url_far(&self, platform: &str) -> String {
        self.url_at(&format!("{FAR}:{}", self.address.port()), platform)
    }

    fn url_at(&self, authority: &str, platform: &str) -> String {
        assert!(self.shared.lock().platforms.get(platform).is_some(), "the sandbox has no platform {platform}");
        format!("{}://{authority}/{platform}", self.scheme)
    }

    /// The address the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds an app, a team or a deployment; one with the same id is replaced.
    pub fn add(&self, addition: impl Addition) -> &Self {
        addition.add_to(&mut self.shared.lock().platforms);
        self
    }

    /// Sets what a token may do on a platform; [`TOKEN`] may do everything until told otherwise.
    pub fn token(&self, platform: &str, token: &str, grant: Grant) -> &Self {
        self.shared
            .lock()
            .platforms
            .get(platform)
            .unwrap_or_else(|| panic!("the sandbox has no platform {platform}"))
            .desk()
            .tokens()
            .set(token, grant);
        self
    }

    /// Lays faults in the way of the next requests of that kind, one for each.
    pub fn fault(&self, call: Call, faults: impl IntoIterator<Item = Fault>) -> &Self {
        let mut state = self.shared.lock();
        state.faults.entry(call).or_default().extend(faults);
        drop(state);
        self
    }

    /// Lays one fault in the way of every request of that kind, after those of [`Sandbox::fault`].
    pub fn always(&self, call: Call, fault: Fault) -> &Self {
        self.shared.lock().always.insert(call, fault);
        self
    }

    /// Lets something happen right before the request of that kind with that number is processed: the next one is 1.
    pub fn before(&self, call: Call, number: usize, happens: impl FnOnce(&Sandbox) + Send + 'static) -> &Self {
        let (shared, address, scheme) = (Arc::downgrade(&self.shared), self.address, self.scheme);
        let happens = move || {
            let shared = shared.upgrade().expect("a sandbox that is asked");
            happens(&Sandbox { shared, address, scheme, stop: None, thread: None, is_another: true });
        };
        let mut state = self.shared.lock();
        let number = state.count(call) + number;
        state.happenings.push((call, number, Box::new(happens)));
        drop(state);
        self
    }

    /// Takes all faults away that have not been met yet.
    pub fn clear_faults(&self) -> &Self {
        let mut state = self.shared.lock();
        state.faults.clear();
        state.always.clear();
        drop(state);
        self
    }

    /// Everything received so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.lock().seen.clone()
    }

    /// How many requests there were at the same time, at most.
    pub fn most_open(&self) -> usize {
        self.shared.lock().most_open
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// How many requests of that kind have arrived.
    pub fn count(&self, call: Call) -> usize {
        self.shared.lock().count(call)
    }

    /// Blocks until that many requests of that kind have arrived; panics after 20 seconds.
    pub fn wait_for(&self, call: Call, n: usize) {
        self.shared.wait_for(call, n);
    }

    /// Lets all requests go on that are held at this moment.
    pub fn release(&self) {
        self.shared.release();
    }

    /// The word that is true of that deployment now, whatever anybody was shown.
    pub fn truth(&self, platform: &str, id: &str) -> String {
        let mut state = self.shared.lock();
        let platform = state.platforms.get(platform).expect("a known platform");
        platform.desk().truth(id).expect("a known deployment")
    }

    /// Everything that a slot of that platform has served, the newest last.
    pub fn history(&self, platform: &str, slot: &str) -> Vec<Served> {
        self.at_desk(platform, |desk| desk.slots().history(slot).to_vec())
    }

    /// What it serves now.
    pub fn live(&self, platform: &str, slot: &str) -> Option<Served> {
        self.history(platform, slot).pop()
    }

    /// The deployment to which a slot of that platform was to be rolled back.
    pub fn aim(&self, platform: &str, slot: &str) -> Option<String> {
        self.at_desk(platform, |desk| desk.slots().aim(slot).map(str::to_owned))
    }

    /// Says what becomes of the next roll backs on that platform.
    pub fn roll_backs_end(&self, platform: &str, ends: Ends) -> &Self {
        self.at_desk(platform, |desk| desk.slots().ends = ends);
        self
    }

    /// Time passes for that platform, and for nobody else.
    pub fn pass(&self, platform: &str, seconds: i64) -> &Self {
        self.at_desk(platform, |desk| desk.slots().ahead += seconds);
        self
    }

    /// What somebody else's request with the usual token is answered; it is not among those of [`Sandbox::requests`].
    pub fn ask(&self, platform: &str, method: &str, path: &str, body: &Value) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            scheme: self.scheme,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("authorization".to_owned(), format!("Bearer {TOKEN}"))],
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
        };
        self.shared.lock().platforms.get(platform).expect("a known platform").answer(&request)
    }

    /// Everything under way on that platform comes to its end, without anybody looking.
    pub fn run_out(&self, platform: &str) -> &Self {
        self.shared.lock().platforms.get(platform).expect("a known platform").run_out();
        self
    }

    /// That platform forgets a deployment, as it does after its time.
    pub fn lose(&self, platform: &str, id: &str) -> &Self {
        self.at_desk(platform, |desk| desk.lose(id));
        self
    }

    fn at_desk<T>(&self, platform: &str, does: impl FnOnce(&mut dyn Desk) -> T) -> T {
        let mut state = self.shared.lock();
        does(state.platforms.get(platform).expect("a known platform").desk())
    }

    /// How many cancel requests changed the course of that deployment.
    ///
    /// A repeated request that is accepted but changes nothing does not count.
    pub fn effective_cancels(&self, id: &str) -> usize {
        let mut state = self.shared.lock();
        state.platforms.all().map(|platform| platform.desk().effective_cancels(id)).sum()
    }
}

/// A port that is free on both loopback addresses.
fn listen_on_both() -> Vec<TcpListener> {
    for _ in 0..100 {
        let four = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
        let port = four.local_addr().expect("the bound address").port();
        if let Ok(six) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
            return vec![four, six];
        }
    }
    panic!("no port is free on 127.0.0.1 and [::1]");
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if self.is_another {
            return;
        }
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if thread::panicking() {
            return;
        }
        let (panic, forbidden) = {
            let mut state = self.shared.lock();
            (state.panic.take(), std::mem::take(&mut state.forbidden))
        };
        if let Some(panic) = panic {
            std::panic::resume_unwind(panic);
        }
        assert!(forbidden.is_empty(), "never to be sent: {forbidden:#?}");
        if let Some(Err(panic)) = ended {
            std::panic::resume_unwind(panic);
        }
    }
}
