//! The one door to a platform: everything that is sent goes through [`Api`], which holds the whole policy.
//!
//! One request, one try: credential, rate limits that all workers share, time limits, body cap, redaction, request
//! ids and hints are decided here; whether to ask again is the procedure's business.

mod client;
mod limiter;
mod session;
mod trust;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

pub use client::Client;
pub use limiter::Reset;
pub use session::SignIn;
pub use trust::{Roots, read_roots};

use crate::address::Address;
use crate::failure::{Failure, Kind};
use crate::platform::Entry;
use crate::secret::Secret;
use crate::untrusted::Cleaner;
use limiter::Limiter;
use session::Session;

/// Longest time for one request, body included.
const REQUEST_LIMIT: Duration = Duration::from_secs(20);

/// What [`Api`] has to know about the platform it talks to.
pub struct Service {
    /// What can be said of the platform before a run.
    pub entry: &'static Entry,
    /// Headers of every request that carry a credential.
    pub credentials: Vec<(&'static str, Secret)>,
    /// How a fresh credential is had, where a platform has a sign-in.
    pub sign_in: Option<Box<dyn SignIn>>,
    /// The platform's own rate limit header.
    pub reset: Reset,
    /// Rate limits are counted for each endpoint, not for the credential.
    pub limits_each_endpoint: bool,
    /// The response header with the request's id.
    pub request_id: &'static str,
    /// What an error body says.
    pub words: fn(&Value) -> Words,
    /// The inputs that decide where we look, for hints.
    pub scope: String,
}

/// What a platform's error body says.
#[derive(Debug, Default)]
pub struct Words {
    /// The sentence for people.
    pub message: Option<String>,
    /// The id of the request, where the body has it.
    pub request_id: Option<String>,
    /// The credential itself was refused, whatever the status.
    pub credential_refused: bool,
}

/// One request, as a platform describes it.
pub struct Call<'a> {
    /// `GET`, `POST` or `PATCH`.
    pub method: Method,
    /// Already encoded, starting with a slash.
    pub path: String,
    /// Not yet encoded.
    pub query: Vec<(&'a str, String)>,
    /// The endpoint's name, for rate limits of its own.
    pub endpoint: &'static str,
    /// What this tries, as the end of "could not …".
    pub trying: String,
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks.
    Post,
    /// Asks.
    Patch,
}

impl Method {
    const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }
}

/// The seam below the policy: one request out, one response in. Never retries, never follows a redirect.
#[async_trait::async_trait]
pub trait Link: Send + Sync {
    /// Sends a request whose time is limited by the caller.
    async fn send(&self, request: Request) -> Result<Response, LinkError>;
}

/// A request on the wire.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: url::Url,
    /// Headers that carry a credential.
    pub credentials: Vec<(&'static str, Secret)>,
}

/// A response whose body is whole and within the cap.
#[derive(Debug, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// At most 16 MiB.
    pub body: Vec<u8>,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// How a connection failed.
#[derive(Debug)]
pub struct LinkError {
    /// One of the kinds that have no status.
    pub kind: Kind,
    /// The cause, as the library words it.
    pub words: String,
}

/// Where debug lines go.
pub type Trace = Arc<dyn Fn(&str) + Send + Sync>;

/// One credential's door to one platform, shared by all workers of a run.
pub struct Api {
    service: Service,
    base: Address,
    link: Box<dyn Link>,
    cleaner: Arc<Cleaner>,
    session: Session,
    limiter: Limiter,
    start: Instant,
    limit: Duration,
    trace: Option<Trace>,
}

/// A 2xx answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The platform's id of the request.
    pub request_id: Option<String>,
    body: Vec<u8>,
    tried: String,
    hint: String,
}

impl Api {
    /// A door that closes `limit` after `start`.
    pub fn new(
        service: Service,
        base: Address,
        link: Box<dyn Link>,
        cleaner: Arc<Cleaner>,
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
        }
    }

    /// Tells every request to `trace`: method, path, status, time and request id, never a body or a header.
    #[must_use]
    pub fn traced(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Sends one request and waits for its answer, within the limits of the request and of the run.
    pub async fn send(&self, call: Call<'_>) -> Result<Reply, Failure> {
        let gate = if self.service.limits_each_endpoint {
            call.endpoint
        } else {
            ""
        };
        if let Some(until) = self.limiter.closed_until(gate, self.start.elapsed()) {
            let mut failure = self.failure(
                &call,
                Kind::Limited,
                None,
                "the rate limit has not been reset yet".to_owned(),
            );
            failure.not_before = Some(until);
            return Err(failure);
        }
        let mut token = self.session.token(self).await?;
        loop {
            let sent = Instant::now();
            let request = self.request(&call, token.as_ref());
            let answer = self.within_limits(self.link.send(request)).await;
            self.tell(&call, &answer, sent.elapsed());
            let response = answer.map_err(|error| self.broken(&call, &error))?;
            if response.status == 401 && self.service.sign_in.is_some() {
                if let Some(fresh) = self.session.renewed(self, token.as_ref()).await? {
                    token = Some(fresh);
                    continue;
                }
            }
            return self.judge(&call, gate, response);
        }
    }

    /// How long the run has gone on.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    async fn within_limits(
        &self,
        sending: impl Future<Output = Result<Response, LinkError>>,
    ) -> Result<Response, LinkError> {
        let left = self.limit.saturating_sub(self.start.elapsed());
        let allowed = REQUEST_LIMIT.min(left);
        let timeout = |_| LinkError {
            kind: Kind::Timeout,
            words: format!("no whole answer within {:.1} s", allowed.as_secs_f64()),
        };
        tokio::time::timeout(allowed, sending)
            .await
            .map_err(timeout)?
    }

    fn request(&self, call: &Call<'_>, token: Option<&Secret>) -> Request {
        let mut credentials = self.service.credentials.clone();
        credentials.extend(token.map(|token| ("authorization", token.clone())));
        Request {
            method: call.method,
            url: self.base.join(&call.path, &call.query),
            credentials,
        }
    }

    fn judge(
        &self,
        call: &Call<'_>,
        gate: &'static str,
        response: Response,
    ) -> Result<Reply, Failure> {
        let body: Option<Value> = if response.status < 300 {
            None
        } else {
            serde_json::from_slice(&response.body).ok()
        };
        let words = body.as_ref().map(self.service.words).unwrap_or_default();
        let request_id = words
            .request_id
            .as_deref()
            .or_else(|| response.header(self.service.request_id))
            .map(|id| self.cleaner.value(id));
        let kind = match response.status {
            200..300 => {
                return Ok(Reply {
                    status: response.status,
                    request_id,
                    tried: call.trying.clone(),
                    hint: self.hint(Kind::Unreadable, None),
                    body: response.body,
                });
            }
            status if status == 401 || words.credential_refused => Kind::Unauthorized,
            300..400 => Kind::Redirected,
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            429 => Kind::Limited,
            408 | 500.. => Kind::Server,
            _ => Kind::Refused,
        };
        let said = match (&words.message, body) {
            (Some(message), _) => self.cleaner.sentence(message),
            (None, Some(_)) => String::new(),
            (None, None) => describe(&response),
        };
        let mut failure = self.failure(call, kind, Some(response.status), said);
        failure.request_id = request_id;
        if kind == Kind::Limited
            || (response.status == 503 && response.header("retry-after").is_some())
        {
            let pause = self
                .limiter
                .pause(gate, |name| response.header(name), SystemTime::now());
            let until = self.start.elapsed() + pause;
            self.limiter.close(gate, until);
            failure.not_before = Some(until);
        }
        Err(failure)
    }

    fn broken(&self, call: &Call<'_>, error: &LinkError) -> Failure {
        let words = self.cleaner.sentence(&error.words);
        self.failure(call, error.kind, None, words)
    }

    fn failure(&self, call: &Call<'_>, kind: Kind, status: Option<u16>, words: String) -> Failure {
        Failure {
            kind,
            tried: call.trying.clone(),
            status,
            words,
            request_id: None,
            hint: self.hint(kind, status),
            not_before: None,
        }
    }

    /// What to change, by the names the user knows.
    fn hint(&self, kind: Kind, status: Option<u16>) -> String {
        let Entry {
            name,
            grant,
            credentials,
            ..
        } = self.service.entry;
        let host = self.base.host();
        match kind {
            Kind::Unauthorized => format!("Check {credentials}: it may be wrong, expired or revoked."),
            Kind::Forbidden => format!("The credential needs more rights: {grant}{}", self.service.scope),
            Kind::NotFound => format!("Check the ids, and that the credential may see them{}", self.service.scope),
            Kind::Refused => match status {
                Some(410) => "It is gone for good; nothing can be canceled.".to_owned(),
                _ => format!("{name} refused the request itself; its own words say why. Check the ids."),
            },
            Kind::Limited => "Too many requests with this credential; run fewer jobs at once or allow a longer `timeout`.".to_owned(),
            Kind::Server => format!("{name} has trouble of its own; look at its status page and run this again."),
            Kind::Timeout => format!("{host} answers slowly or not at all; allow a longer `timeout`, or look at the platform's status page."),
            Kind::Unreachable => format!("Check `api_url`, and that this machine may connect to {host} (firewall, HTTPS_PROXY, NO_PROXY)."),
            Kind::UnknownHost => format!("Check the host name in `api_url` and the name server of this machine: {host} is not known to it."),
            Kind::Untrusted => "If the server has a certificate of your own CA, give that CA as `ca_cert` (or SSL_CERT_FILE); if not, somebody stands between.".to_owned(),
            Kind::Proxy => "Check HTTPS_PROXY and its user name and password, or put the host into NO_PROXY.".to_owned(),
            Kind::Broken => "The connection broke in the middle of an answer; run this again.".to_owned(),
            Kind::Unreadable => format!("This is no answer of {name}'s API; check `api_url`, and whether a proxy or sign-in page stands between."),
            Kind::Redirected => "Redirects are never followed, a token could leak that way; set `api_url` to the final address.".to_owned(),
            Kind::Guarded => String::new(),
        }
    }

    fn tell(&self, call: &Call<'_>, answer: &Result<Response, LinkError>, took: Duration) {
        let Some(trace) = &self.trace else { return };
        let result = match answer {
            Ok(response) => {
                let id = response.header(self.service.request_id).unwrap_or("-");
                format!("{}, request id {id}", response.status)
            }
            Err(error) => error.words.clone(),
        };
        let url = self.base.join(&call.path, &call.query);
        let path = url.path().to_owned()
            + &url
                .query()
                .map(|query| format!("?{query}"))
                .unwrap_or_default();
        let line = format!(
            "{} {path}: {result}, {} ms",
            call.method.word(),
            took.as_millis()
        );
        trace(&self.cleaner.sentence(&line));
    }
}

impl Reply {
    /// Whether the body is empty.
    pub fn is_empty(&self) -> bool {
        self.body.iter().all(u8::is_ascii_whitespace)
    }

    /// The body as JSON of this shape, or a failure that says what came instead.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| self.unreadable(&what_is(&self.body, &error)))
    }

    /// A failure that says the answer makes no sense.
    pub fn unreadable(&self, words: &str) -> Failure {
        Failure {
            kind: Kind::Unreadable,
            tried: self.tried.clone(),
            status: Some(self.status),
            words: format!("the answer was {}, but {words}", self.status),
            request_id: self.request_id.clone(),
            hint: self.hint.clone(),
            not_before: None,
        }
    }
}

/// What a body that should have been JSON is instead, without a word of it.
fn what_is(body: &[u8], error: &serde_json::Error) -> String {
    let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match start {
        None => "empty".to_owned(),
        Some(b'<') => "an HTML page instead of JSON".to_owned(),
        Some(_) if error.is_eof() => "JSON that breaks off".to_owned(),
        Some(_) if error.is_data() => "JSON of another shape than documented".to_owned(),
        Some(_) => "not JSON".to_owned(),
    }
}

/// What stands in for the platform's words when an error has no JSON body.
fn describe(response: &Response) -> String {
    let start = response
        .body
        .iter()
        .find(|byte| !byte.is_ascii_whitespace());
    match start {
        None => String::new(),
        Some(b'<') => "an HTML page".to_owned(),
        Some(_) => "a text that is not JSON".to_owned(),
    }
}

#[cfg(test)]
mod tests;
