//! The one door to a platform: everything that is sent goes through [`Api`], which holds the whole policy.
//!
//! One request, one try: credential, rate limits that all workers share, time limits, body cap, redaction, request
//! ids and hints are decided here; whether to ask again is the procedure's business.

mod hint;
mod http;
mod limiter;
mod proxy;
mod request;
mod service;
mod session;
mod transport;
mod trust;
pub mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::Instant;

pub use http::Client;
pub use limiter::Reset;
pub use proxy::{Proxy, proxy_secrets};
pub use request::{Body, CANCEL, Call, Method};
pub use service::{ApiError, Errors, Service, Sign, first};
pub use session::SignIn;
pub use transport::{Request, Response, Transport, TransportError};
pub use trust::{Roots, read_certificates};

use crate::model::address::Address;
use crate::model::failure::{Failure, Kind, Retry};
use crate::text::sanitizer::Sanitizer;
use crate::text::secret::Secret;
use hint::For;
use limiter::Limiter;
use session::Session;

/// Longest time for one request, body included.
const REQUEST_LIMIT: Duration = Duration::from_secs(20);
/// An answer around a sign-in is small: every token in it is looked for in everything that is told from then on.
const SIGN_IN_CAP: usize = 256 * 1024;
/// Nobody hands out more tokens at once.
const MOST_TOKENS: usize = 16;

/// What is asked for once, however many want it at the same time.
pub type Once<T> = tokio::sync::OnceCell<T>;

/// Where debug lines go.
pub type Trace = Arc<dyn Fn(&str) + Send + Sync>;
/// Who hides a secret that was minted on the way.
pub type Hide = Arc<dyn Fn(&Secret) + Send + Sync>;

/// One credential's door to one platform, shared by all workers of a run.
pub struct Api {
    service: Service,
    base: Address,
    link: Box<dyn Transport>,
    cleaner: Arc<Sanitizer>,
    session: Session,
    limiter: Limiter,
    start: Instant,
    limit: Duration,
    trace: Option<Trace>,
    hide: Option<Hide>,
    notice: Option<Trace>,
    noticed: AtomicBool,
    changes: AtomicUsize,
}

/// A 2xx answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The platform's id of the request.
    pub request_id: Option<String>,
    link: Option<String>,
    body: Vec<u8>,
    action: String,
    hint: String,
}

impl Api {
    /// A door that closes `limit` after `start`.
    pub fn new(
        service: Service,
        base: Address,
        link: Box<dyn Transport>,
        cleaner: Arc<Sanitizer>,
        start: Instant,
        limit: Duration,
    ) -> Self {
        Self {
            limiter: Limiter::new(service.reset),
            service,
            base,
            link,
            cleaner,
            session: Session::default(),
            start,
            limit,
            trace: None,
            hide: None,
            notice: None,
            noticed: AtomicBool::new(false),
            changes: AtomicUsize::new(0),
        }
    }

    /// Tells every request to `trace`: method, path, status, time and request id, never a body or a header.
    #[must_use]
    pub fn traced(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Has every credential that a sign-in brings hidden before anything else is said.
    #[must_use]
    pub fn hiding(mut self, hide: Hide) -> Self {
        self.hide = Some(hide);
        self
    }

    /// Tells the first failure that may pass to `notice`: until the limit nothing else might be seen.
    #[must_use]
    pub fn noticing(mut self, notice: Trace) -> Self {
        self.notice = Some(notice);
        self
    }

    /// How many requests that change something have gone out: what looked at first may never have been followed by one.
    pub fn changes(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }

    /// Has a secret that was made from others found in whatever is told from now on.
    pub fn learn(&self, secret: &Secret) {
        self.cleaner.learn(secret);
    }

    /// The base address: what it says about itself decides where a sign-in may go.
    pub const fn base(&self) -> &Address {
        &self.base
    }

    /// Sends one request and waits for its answer, within the limits of the request and of the run.
    pub async fn send(&self, call: Call) -> Result<Reply, Failure> {
        let answer = self.try_to_send(call).await;
        if let (Err(failure), Some(notice)) = (&answer, &self.notice)
            && failure.kind.retry() == Retry::UntilTheLimit
            && !self.noticed.swap(true, Ordering::Relaxed)
        {
            notice(&self.cleaner.value(&failure.to_string()));
        }
        answer
    }

    async fn try_to_send(&self, call: Call) -> Result<Reply, Failure> {
        if let Some(held) = self.held(&call) {
            return Err(held);
        }
        let gate = self.gate(&call);
        if call.stranger.is_some() {
            return self.judge(&call, gate, self.exchange(&call, None).await?);
        }
        let unsigned = |failure| unprocessed(&call, failure);
        let mut token = self.session.token(self).await.map_err(unsigned)?;
        let mut response = self.exchange(&call, token.as_ref()).await?;
        if response.status == 401
            && let Some(fresh) = self.session.renewed(self, token.as_ref()).await.map_err(unsigned)?
        {
            token = Some(fresh);
            response = self.exchange(&call, token.as_ref()).await?;
        }
        self.judge(&call, gate, response)
    }

    /// Why no cancel request goes out at this moment, whatever it is for.
    pub fn holds_cancels(&self) -> Option<Failure> {
        self.held(&Call::post("", "cancel the deployment").endpoint(CANCEL))
    }

    fn gate(&self, call: &Call) -> &'static str {
        if self.service.limits_each_endpoint { call.endpoint } else { "" }
    }

    /// A rate limit that is not over yet.
    fn held(&self, call: &Call) -> Option<Failure> {
        let now = self.start.elapsed();
        let until = self.limiter.closed_until(self.gate(call), now)?;
        let words = "the rate limit has not been reset yet".to_owned();
        Some(Failure { not_before: Some(until), ..self.failure(call, Kind::Limited, None, words) })
    }

    /// A credential that did not exist before: nothing may show it from now on.
    fn register_credential(&self, authorization: &Secret) {
        let value = authorization.expose();
        let token = value.split_once(' ').map_or(value, |(_, token)| token);
        let token = Secret::from(token.to_owned());
        self.cleaner.learn(&token);
        if let Some(hide) = &self.hide {
            hide(&token);
        }
    }

    /// Learns every token in the answer to a sign-in, before a word of it is told: also those that nobody uses.
    fn learn_tokens(&self, response: &Response) {
        let body = response.json();
        let fields = body.as_object().into_iter().flatten();
        let tokens = fields.filter(|(name, _)| name.ends_with("_token"));
        let tokens = tokens.filter_map(|(_, value)| value.as_str());
        for token in tokens.take(MOST_TOKENS) {
            self.cleaner.learn(&Secret::from(token.to_owned()));
        }
    }

    /// One request on the wire, and its answer whatever it says.
    async fn exchange(&self, call: &Call, token: Option<&Secret>) -> Result<Response, Failure> {
        let request = self.request(call, token);
        if !call.is_read && call.stranger.is_none() {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        let left = self.limit.saturating_sub(self.start.elapsed());
        let allowed = REQUEST_LIMIT.min(left);
        let sent = Instant::now();
        let (url, way) = (request.url.clone(), self.link.way(&request.url));
        let answer = if allowed.is_zero() {
            Err(no_answer(allowed, way))
        } else {
            let answer = tokio::time::timeout(allowed, self.link.send(request)).await;
            answer.unwrap_or_else(|_| Err(no_answer(allowed, way)))
        };
        let answer = answer.and_then(|response| match call.stranger {
            Some(_) if response.body.len() > SIGN_IN_CAP => Err(too_large(&response)),
            _ => Ok(response),
        });
        if let Some(response) = answer.as_ref().ok().filter(|_| call.stranger.is_some()) {
            self.learn_tokens(response);
        }
        self.tell(call, &url, &answer, sent.elapsed());
        answer.map_err(|error| {
            let words = self.cleaner.sentence(&error.words);
            self.failure(call, error.kind, None, words)
        })
    }

    fn request(&self, call: &Call, token: Option<&Secret>) -> Request {
        let (base, credentials) = match &call.stranger {
            Some(stranger) => {
                let own = stranger.headers.clone();
                (stranger.host.as_ref().unwrap_or(&self.base), own)
            }
            None => {
                let mut credentials = self.service.credentials.clone();
                credentials.extend(token.map(|token| ("authorization", token.clone())));
                (&self.base, credentials)
            }
        };
        let mut request = Request {
            method: call.method,
            url: base.join(&call.path, &call.query),
            credentials,
            headers: call.headers.clone(),
            body: call.body.clone(),
        };
        if let Some(signer) = self.service.signer.as_ref().filter(|_| call.stranger.is_none()) {
            signer.sign(&mut request);
        }
        request
    }

    fn judge(&self, call: &Call, gate: &'static str, response: Response) -> Result<Reply, Failure> {
        let status = response.status;
        let said = self.service.errors.read(&response);
        let is_success = said.is_none();
        let words = said.unwrap_or_default();
        let header = response.header(self.service.request_id);
        let request_id = words.request_id.as_deref().or(header);
        let request_id = request_id.map(|id| self.cleaner.value(id));
        let kind = match words.status.unwrap_or(status) {
            200..300 if is_success => {
                self.limiter.passed(gate);
                return Ok(Reply {
                    status,
                    request_id,
                    action: call.action.clone(),
                    hint: self.hint(call, Kind::Unreadable, None),
                    link: response.header("link").map(str::to_owned),
                    body: response.body,
                });
            }
            status if status == 401 || words.credential_refused => Kind::Unauthorized,
            300..400 => Kind::Redirected,
            403 => Kind::Forbidden,
            404 | 410 => Kind::NotFound,
            429 => Kind::Limited,
            408 | 500.. => Kind::Server,
            _ => Kind::Refused,
        };
        let said = match &words.message {
            Some(message) => self.cleaner.sentence(message),
            None => self.cleaner.sentence(response.describe()),
        };
        let mut failure = self.failure(call, kind, Some(status), said);
        failure.request_id = request_id;
        failure.code = words.code;
        if let Some(hint) = words.hint {
            failure.hint = self.cleaner.value(&hint);
        }
        if status == 429 || (status == 503 && response.header("retry-after").is_some()) {
            let header = |name: &str| response.header(name);
            let pause = self.limiter.pause(gate, header, SystemTime::now());
            let until = self.start.elapsed() + pause;
            self.limiter.close(gate, until);
            failure.not_before = Some(until);
        }
        Err(failure)
    }

    fn failure(&self, call: &Call, kind: Kind, status: Option<u16>, words: String) -> Failure {
        Failure { action: call.action.clone(), status, ..Failure::own(kind, words, self.hint(call, kind, status)) }
    }

    fn hint(&self, call: &Call, kind: Kind, status: Option<u16>) -> String {
        let Service { about, scope, .. } = &self.service;
        let elsewhere = call.stranger.as_ref().and_then(|it| it.host.as_ref());
        let host = elsewhere.unwrap_or(&self.base).host();
        let follows = self.service.base.as_ref().filter(|(base, _)| *base == self.base);
        let server = hint::Server { host, input: follows.map_or("api_url", |(_, input)| input) };
        let asked = if call.is_read || call.stranger.is_some() { For::Reading } else { For::Asking };
        hint::hint(about, kind, status, server, scope, asked)
    }

    fn tell(&self, call: &Call, url: &url::Url, answer: &Result<Response, TransportError>, took: Duration) {
        let Some(trace) = &self.trace else { return };
        let result = match answer {
            Ok(response) => {
                let id = response.header(self.service.request_id).unwrap_or("-");
                format!("{}, request id {id}", response.status)
            }
            Err(error) => error.words.clone(),
        };
        let path = url.path().to_owned() + &url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let line = format!("{} {path}: {result}, {} ms", call.method.word(), took.as_millis());
        trace(&self.cleaner.value(&line));
    }
}

/// A request without a credential was not processed. For a read that is one failure like another; a cancel request must
/// not be taken for one that may have had an effect.
fn unprocessed(call: &Call, failure: Failure) -> Failure {
    if call.is_read || !failure.kind.is_ambiguous() {
        return failure;
    }
    Failure { kind: Kind::MovedOn, ..failure }
}

fn too_large(response: &Response) -> TransportError {
    TransportError {
        kind: Kind::Unreadable,
        words: format!("the answer was {} and larger than 256 KiB", response.status),
    }
}

fn no_answer(allowed: Duration, way: Option<&'static str>) -> TransportError {
    let mut words = if allowed < REQUEST_LIMIT {
        "no whole answer before the time for this run was up".to_owned()
    } else {
        format!("no whole answer within {} s", allowed.as_secs())
    };
    if let Some(variable) = way {
        words += &format!(", through the proxy that {variable} names");
    }
    TransportError { kind: Kind::Timeout, words }
}

impl Reply {
    /// Whether the body is empty.
    pub fn is_empty(&self) -> bool {
        self.body.iter().all(u8::is_ascii_whitespace)
    }

    /// What stands at a JSON pointer of the body; `None` when nothing does.
    ///
    /// # Errors
    /// When the body is no JSON, or what stands there has another shape.
    pub fn at<T: DeserializeOwned>(&self, pointer: &str) -> Result<Option<T>, Failure> {
        wire::at(&self.body, pointer).map_err(|_| self.unreadable(what_is(&self.body)))
    }

    /// The `Link` header of the answer.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// The body as JSON of this shape, or a failure that says what came instead.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable(what_is(&self.body)))
    }

    /// A yes whose words do not matter: nothing at all, or any JSON. A page is a yes of somebody else.
    pub fn assent(&self) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        self.json::<IgnoredAny>().map(drop)
    }

    /// A failure that says the answer makes no sense.
    pub fn unreadable(&self, words: &str) -> Failure {
        let words = format!("the answer was {}, but {words}", self.status);
        Failure {
            action: self.action.clone(),
            status: Some(self.status),
            request_id: self.request_id.clone(),
            ..Failure::own(Kind::Unreadable, words, self.hint.clone())
        }
    }
}

/// What a body that should have been JSON of some shape is instead, without a word of it.
fn what_is(body: &[u8]) -> &'static str {
    let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match (start, serde_json::from_slice::<IgnoredAny>(body)) {
        (None, _) => "empty",
        (Some(b'<'), _) => "an HTML page instead of JSON",
        (_, Ok(_)) => "JSON of another shape than documented",
        (_, Err(error)) if error.is_eof() => "JSON that breaks off",
        (_, Err(_)) => "not JSON",
    }
}

#[cfg(test)]
mod tests;
