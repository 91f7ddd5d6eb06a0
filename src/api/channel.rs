//! The way to one platform, shared by all workers of a run: rate limits, time limits, redaction, request ids and hints.
//!
//! A channel has no credential of the run. Whoever signs in gets a channel and nothing else, so a sign-in cannot carry
//! the run's token, wherever it goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::time::Instant;

use super::clock::Clock;
use super::dialect::Dialect;
use super::errors::ApiError;
use super::limiter::Limiter;
use super::reply::Reply;
use super::request::{ApiRequest, ROLL_BACK};
use super::transport::{Request, Response, Transport, TransportError};
use super::words::{Cap, For, NoAnswer, Place, hint};
use crate::model::address::Address;
use crate::model::failure::{Failure, Kind, Retry};
use crate::text::sanitizer::Sanitizer;
use crate::text::secret::Secret;

/// Longest time for one request, body included.
const REQUEST_LIMIT: Duration = Duration::from_secs(20);
/// The largest answer to a sign-in that is read. It is small, because every token in it is searched for in all text from
/// then on.
const SIGN_IN_CAP: usize = 256 * 1024;
/// The most tokens that are learned from one answer to a sign-in.
pub(super) const MOST_TOKENS: usize = 16;

/// Is told what happens between this program and a platform.
pub trait Listener: Send + Sync {
    /// A request: method, path, status, time and request id, never a body or a header.
    fn request(&self, _line: &dyn Fn() -> String) {}

    /// The first failure that may pass: until the limit nothing else might be seen.
    fn failed(&self, _text: &str) {}

    /// A secret that did not exist when the run began, to be masked before anything else is said.
    fn credential(&self, _secret: &Secret) {}
}

/// A listener that ignores everything.
pub(super) struct Silence;

impl Listener for Silence {}

/// The way to one platform. What [`send`](Self::send) sends carries no credential.
pub struct Channel {
    pub(super) dialect: Dialect,
    pub(super) base: Address,
    pub(super) transport: Box<dyn Transport>,
    pub(super) limiter: Limiter,
    pub(super) sanitizer: Arc<Sanitizer>,
    pub(super) clock: Clock,
    /// A later limit than that of the clock, in milliseconds.
    pub(super) later: AtomicU64,
    pub(super) listener: Arc<dyn Listener>,
    pub(super) has_noticed: AtomicBool,
}

impl Channel {
    /// The base address: what it says about itself decides where a sign-in may go.
    pub const fn base(&self) -> &Address {
        &self.base
    }

    /// Redacts a secret that was derived from others, from now on.
    pub fn learn(&self, secret: &Secret) {
        self.sanitizer.learn(secret);
    }

    /// Sends a step of a sign-in to the platform itself, without a credential.
    ///
    /// # Errors
    /// When no answer came, or one that is no success.
    pub async fn send(&self, call: ApiRequest) -> Result<Reply, Failure> {
        self.step(call, &self.base, Vec::new()).await
    }

    /// Sends a step of a sign-in to the host that makes the credential, with headers that carry what it is made for.
    ///
    /// # Errors
    /// When no answer came, or one that is no success.
    pub async fn send_to(
        &self,
        host: &Address,
        headers: Vec<(&'static str, Secret)>,
        call: ApiRequest,
    ) -> Result<Reply, Failure> {
        self.step(call, host, headers).await
    }

    async fn step(
        &self,
        call: ApiRequest,
        server: &Address,
        headers: Vec<(&'static str, Secret)>,
    ) -> Result<Reply, Failure> {
        // Whatever its method, it changes no deployment.
        let call = call.reading();
        let exchange = Exchange { channel: self, call: &call, server, for_sign_in: true };
        let answer = match exchange.limited() {
            Some(limited) => Err(limited),
            None => {
                let request = Request { credentials: headers, ..exchange.request() };
                exchange.send(request).await.and_then(|response| exchange.judge(response))
            }
        };
        answer.inspect_err(|failure| self.notice(failure))
    }

    /// One request to the platform itself, which its sender has yet to sign.
    pub(super) const fn exchange<'a>(&'a self, call: &'a ApiRequest) -> Exchange<'a> {
        Exchange { channel: self, call, server: &self.base, for_sign_in: false }
    }

    /// Says the first failure that may pass: until the limit nothing else might be seen.
    pub(super) fn notice(&self, failure: &Failure) {
        if failure.kind.retry() == Retry::UntilTheLimit && !self.has_noticed.swap(true, Ordering::Relaxed) {
            self.listener.failed(&self.sanitizer.short(&failure.to_string()));
        }
    }

    /// Registers a credential that did not exist before, so that nothing shows it from now on.
    pub(super) fn register_credential(&self, authorization: &Secret) {
        let value = authorization.expose();
        let token = value.split_once(' ').map_or(value, |(_, token)| token);
        let token = Secret::from(token.to_owned());
        self.sanitizer.learn(&token);
        self.listener.credential(&token);
    }

    /// Learns every token in the answer to a sign-in, before a word of it is told: also those that nobody uses.
    fn learn_tokens(&self, response: &Response) {
        let body = response.json();
        let fields = body.as_object().into_iter().flatten();
        let tokens = fields.filter(|(name, _)| name.ends_with("_token"));
        let tokens = tokens.filter_map(|(_, value)| value.as_str());
        for token in tokens.take(MOST_TOKENS) {
            self.sanitizer.learn(&Secret::from(token.to_owned()));
        }
    }
}

/// One request through a channel: what it is for, and who gets it.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    channel: &'a Channel,
    pub(super) call: &'a ApiRequest,
    server: &'a Address,
    for_sign_in: bool,
}

impl Exchange<'_> {
    /// The rate limit that it counts against.
    fn bucket(&self) -> &'static str {
        if self.channel.dialect.limits_each_endpoint { self.call.endpoint } else { "" }
    }

    /// A rate limit that is not over yet.
    pub(super) fn limited(&self) -> Option<Failure> {
        let now = self.channel.clock.elapsed();
        let until = self.channel.limiter.empty_until(self.bucket(), now)?;
        let words = "the rate limit has not been reset yet".to_owned();
        Some(Failure { not_before: Some(until), ..self.failure(Kind::Limited, None, words) })
    }

    /// The request, without any credential.
    pub(super) fn request(&self) -> Request {
        Request {
            method: self.call.method,
            url: self.server.join(&self.call.path, &self.call.query),
            credentials: Vec::new(),
            headers: self.call.headers.clone(),
            body: self.call.body.clone(),
            once: !self.call.is_read && !self.for_sign_in,
        }
    }

    /// Sends the request and returns the answer, whatever it says.
    pub(super) async fn send(&self, request: Request) -> Result<Response, Failure> {
        let sent = Instant::now();
        let answer = self.transmit(request).await.and_then(|response| self.admit(response));
        self.trace(&answer, sent.elapsed());
        answer.map_err(|error| {
            let words = self.channel.sanitizer.sentence(&error.words).into_string();
            self.failure(error.kind, None, words)
        })
    }

    /// An answer within the time that is left.
    async fn transmit(&self, request: Request) -> Result<Response, TransportError> {
        let Channel { transport, clock, later, .. } = self.channel;
        let limit = clock.limit.max(Duration::from_millis(later.load(Ordering::Relaxed)));
        let allowed = REQUEST_LIMIT.min(limit.saturating_sub(clock.elapsed()));
        let way = transport.way(&request.url);
        if allowed.is_zero() {
            return Err(no_answer(allowed, way));
        }
        let answer = tokio::time::timeout(allowed, transport.send(request)).await;
        answer.unwrap_or_else(|_| Err(no_answer(allowed, way)))
    }

    /// Learns the secrets in an answer to a sign-in before anything of that answer is shown.
    fn admit(&self, response: Response) -> Result<Response, TransportError> {
        if self.for_sign_in {
            if response.body.len() > SIGN_IN_CAP {
                return Err(NoAnswer::TooLarge(response.status, Cap::SignIn).into());
            }
            self.channel.learn_tokens(&response);
        }
        Ok(response)
    }

    /// What an answer means.
    pub(super) fn judge(&self, response: Response) -> Result<Reply, Failure> {
        let Channel { dialect, sanitizer, limiter, .. } = self.channel;
        if let Some((header, few)) = dialect.spare {
            limiter.count(response.header(header), few);
        }
        let error = dialect.errors.read(&response);
        let header = response.header(dialect.request_id);
        let request_id = error.as_ref().and_then(|error| error.request_id.as_deref()).or(header);
        let request_id = request_id.map(|id| sanitizer.short(id).into_string());
        let Some(error) = error else {
            limiter.passed(self.bucket());
            return Ok(Reply {
                status: response.status,
                request_id,
                action: self.call.action.clone(),
                from: (dialect.about, dialect.base_input),
                given: date(&response).unwrap_or_else(Timestamp::now),
                date: date(&response),
                link: response.header("link").map(str::to_owned),
                body: text(response.body),
            });
        };
        let words = sanitizer.sentence(error.message.as_deref().unwrap_or_else(|| response.describe())).into_string();
        let mut failure = self.failure(kind(response.status, &error), Some(response.status), words);
        failure.request_id = request_id;
        failure.not_before = self.pause(failure.kind, &response, error.pause);
        failure.code = error.code;
        if let Some(hint) = error.hint {
            failure.hint = sanitizer.short(&hint).into_string();
        }
        Err(failure)
    }

    /// Stops sending for as long as an answer asks, and returns when that is over, since the start of the run.
    fn pause(&self, kind: Kind, response: &Response, own: Option<Duration>) -> Option<Duration> {
        let asks = kind == Kind::Limited || (response.status == 503 && response.header("retry-after").is_some());
        asks.then(|| {
            let header = |name: &str| response.header(name);
            let limiter = &self.channel.limiter;
            let pause = own.unwrap_or_else(|| limiter.pause(self.bucket(), header, SystemTime::now()));
            let until = self.channel.clock.elapsed() + pause;
            self.channel.limiter.hold(self.bucket(), until);
            until
        })
    }

    fn failure(&self, kind: Kind, status: Option<u16>, words: String) -> Failure {
        let action = self.call.action.clone();
        Failure { action, status, ..Failure::own(kind, words, self.hint(kind, status)) }
    }

    fn hint(&self, kind: Kind, status: Option<u16>) -> String {
        let Dialect { about, base_input, scope, credentials, errors, .. } = &self.channel.dialect;
        let host = self.server.host();
        if let Some(own) = errors.hint(kind) {
            return [("{credentials}", *credentials), ("{grant}", about.grant), ("{host}", host)]
                .into_iter()
                .fold(own.to_owned(), |hint, (name, value)| hint.replace(name, value));
        }
        let place = Place { host, input: base_input, scope, credentials };
        let asked = match self.call {
            call if call.is_read => For::Reading,
            call if call.endpoint == ROLL_BACK => For::RollingBack,
            _ => For::Canceling,
        };
        hint(about, kind, status, place, asked)
    }

    /// Logs a request: method, path, status, time and request id, never a body or another header.
    fn trace(&self, answer: &Result<Response, TransportError>, took: Duration) {
        self.channel.listener.request(&|| {
            let url = self.server.join(&self.call.path, &self.call.query);
            let result = match answer {
                Ok(response) => {
                    let id = response.header(self.channel.dialect.request_id).unwrap_or("-");
                    format!("{}, request id {id}", response.status)
                }
                Err(error) => error.words.clone(),
            };
            let path = url.path().to_owned() + &url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let line = format!("{} {path}: {result}, {} ms", self.call.method.word(), took.as_millis());
            self.channel.sanitizer.short(&line).into_string()
        });
    }
}

/// When an answer was given, by the platform's own clock, which decides as with rate limits.
fn date(response: &Response) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(response.header("date")?).ok()?;
    Timestamp::try_from(date).ok()
}

/// A body as text: JSON is UTF-8, and a byte that is not belongs to some name or message that nothing hangs on.
fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap_or_else(|odd| String::from_utf8_lossy(odd.as_bytes()).into_owned())
}

/// The kind of an error answer; `status` is the one on the wire.
fn kind(status: u16, error: &ApiError) -> Kind {
    match error.status.unwrap_or(status) {
        status if status == 401 || error.credential_refused => Kind::Unauthorized,
        300..400 => Kind::Redirected,
        403 => Kind::Forbidden,
        404 | 410 => Kind::NotFound,
        429 => Kind::Limited,
        408 | 500.. => Kind::Server,
        _ => Kind::Refused,
    }
}

fn no_answer(allowed: Duration, way: Option<&'static str>) -> TransportError {
    let allowed = (allowed >= REQUEST_LIMIT).then_some(allowed);
    NoAnswer::Late { allowed }.through(way).into()
}
