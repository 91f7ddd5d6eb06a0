//! Everything that is sent to a platform goes through [`Api`], which holds the whole policy.
//!
//! One request, one try: credential, rate limits that all workers share, time limits, body cap, redaction, request
//! ids and hints are decided here; whether to ask again is the procedure's business.

mod channel;
mod clock;
mod dialect;
mod errors;
mod explain;
mod http;
mod limiter;
mod proxy;
mod reply;
mod request;
mod service;
mod session;
mod transport;
mod trust;
pub mod wire;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

pub use channel::{Channel, Listener};
pub use clock::Clock;
pub use errors::{ApiError, Errors, first};
pub use http::Client;
pub use limiter::Reset;
pub use proxy::{Proxy, proxy_secrets};
pub use reply::Reply;
pub use request::{ApiRequest, Body, CANCEL, Method};
pub use service::Service;
pub use session::{Sign, SignIn};
pub use transport::{Headers, Request, Response, Transport, TransportError};
pub use trust::{Roots, read_certificates};
pub use words::hints;

use tokio::time::Instant;

use crate::model::address::Address;
use crate::model::failure::{Failure, Kind};
use crate::text::sanitizer::Sanitizer;
use crate::text::secret::Secret;
use channel::{Exchange, Silence};
use dialect::Dialect;
use limiter::Limiter;
use request::ROLL_BACK;
use session::Session;

/// A credential that took longer was not at hand.
const AT_HAND: Duration = Duration::from_millis(500);

/// What is asked for once, however many want it at the same time.
pub type Once<T> = tokio::sync::OnceCell<T>;

/// One platform with one credential, shared by all workers of a run: a [`Channel`], and what signs its requests.
pub struct Api {
    channel: Channel,
    session: Session,
    changes: AtomicUsize,
}

impl Api {
    /// Sends to `base` until the limit of `clock`.
    pub fn new(
        service: Service,
        base: Address,
        transport: Box<dyn Transport>,
        sanitizer: Arc<Sanitizer>,
        clock: Clock,
    ) -> Self {
        let Service { about, base: follows, credentials, sign_in, signer, reset, block, .. } = service;
        let base_input = follows.filter(|(usual, _)| *usual == base).map_or("api_url", |(_, input)| input);
        let dialect = Dialect {
            about,
            base_input,
            limits_each_endpoint: service.limits_each_endpoint,
            spare: service.spare,
            request_id: service.request_id,
            errors: service.errors,
            scope: service.scope,
            credentials: service.sent.unwrap_or(about.credentials),
        };
        let limiter = Limiter::new(reset, block);
        Self {
            channel: Channel {
                dialect,
                base,
                transport,
                limiter,
                sanitizer,
                clock,
                later: AtomicU64::new(0),
                listener: Arc::new(Silence),
                has_noticed: AtomicBool::new(false),
            },
            session: Session::new(credentials, sign_in, signer),
            changes: AtomicUsize::new(0),
        }
    }

    /// Tells a listener what goes on.
    #[must_use]
    pub fn heard_by(mut self, listener: Arc<dyn Listener>) -> Self {
        self.channel.listener = listener;
        self
    }

    /// How many requests that change something were sent, so that a caller can tell whether its own was.
    pub fn changes(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }

    /// Allows requests until then, since the start of the run.
    pub fn allow_until(&self, limit: Duration) {
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.channel.later.fetch_max(limit, Ordering::Relaxed);
    }

    /// Whether the platform said that few requests are left.
    pub fn is_to_be_spared(&self) -> bool {
        self.channel.limiter.is_to_be_spared()
    }

    /// The base address.
    pub const fn base(&self) -> &Address {
        self.channel.base()
    }

    /// Why no cancel request goes out at this moment, whatever it is for.
    pub fn holds_cancels(&self) -> Option<Failure> {
        self.channel.exchange(&ApiRequest::post("", "cancel the deployment").endpoint(CANCEL)).limited()
    }

    /// Sends one request and waits for its answer, within the limits of the request and of the run.
    ///
    /// # Errors
    /// When no answer came, or one that is no success.
    pub async fn send(&self, call: ApiRequest) -> Result<Reply, Failure> {
        let answer = self.try_to_send(&call).await;
        answer.inspect_err(|failure| self.channel.notice(failure))
    }

    async fn try_to_send(&self, call: &ApiRequest) -> Result<Reply, Failure> {
        let exchange = self.channel.exchange(call);
        if let Some(limited) = exchange.limited() {
            return Err(limited);
        }
        let unsigned = |failure| unprocessed(call, failure);
        let asked = Instant::now();
        let token = self.session.token(&self.channel).await.map_err(unsigned)?;
        if call.endpoint == ROLL_BACK && asked.elapsed() > AT_HAND {
            let unsent = "a sign-in came between the last look and the request";
            return Err(Failure::own(Kind::MovedOn, unsent, ""));
        }
        let mut response = self.send_signed(exchange, token.as_ref()).await?;
        if response.status == 401 && call.endpoint == ROLL_BACK {
            let fresh = self.session.renewed_once(&self.channel, token.as_ref()).await.map_err(unsigned)?;
            // Renewing takes time, and it goes out right after a look at the slot or not at all.
            return exchange.judge(response).map_err(|failure| match fresh {
                Some(_) => Failure { kind: Kind::MovedOn, ..failure },
                None => failure,
            });
        }
        if response.status == 401
            && let Some(fresh) = self.session.renewed(&self.channel, token.as_ref()).await.map_err(unsigned)?
        {
            response = self.send_signed(exchange, Some(&fresh)).await?;
        }
        exchange.judge(response)
    }

    /// Sends one request with the run's credential and returns the answer, whatever it says.
    async fn send_signed(&self, exchange: Exchange<'_>, token: Option<&Secret>) -> Result<Response, Failure> {
        let mut request = exchange.request();
        self.session.sign(&mut request, token);
        if !exchange.call.is_read {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        exchange.send(request).await
    }
}

/// A request without a credential was not processed. For a read that is one failure like another; a cancel request must
/// not be taken for one that may have had an effect.
fn unprocessed(call: &ApiRequest, failure: Failure) -> Failure {
    if call.is_read || !failure.kind.is_ambiguous() {
        return failure;
    }
    Failure { kind: Kind::MovedOn, ..failure }
}

#[cfg(test)]
mod tests;
