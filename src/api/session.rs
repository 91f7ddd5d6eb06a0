//! A credential that has to be fetched and can run out: one try at a time for all workers, and a refused one is the last.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::channel::Channel;
use super::transport::Request;
use crate::model::failure::{Failure, Kind, Retry};
use crate::text::secret::Secret;

/// How a platform signs in.
#[async_trait::async_trait]
pub trait SignIn: Send + Sync {
    /// The value of a fresh `Authorization` header.
    async fn sign_in(&self, channel: &Channel) -> Result<Secret, Failure>;
}

/// Signs a request as it goes out, anew at every send: over the method, the whole URL, the body and the time.
pub trait Sign: Send + Sync {
    /// Adds the headers that carry the signature.
    fn sign(&self, request: &mut Request);
}

/// How the run's requests are signed, and what all workers know of the current credential.
pub(super) struct Session {
    credentials: Vec<(&'static str, Secret)>,
    sign_in: Option<Box<dyn SignIn>>,
    signer: Option<Box<dyn Sign>>,
    standing: Mutex<Standing>,
    /// How many tries have ended: a worker that waited for one takes its result, good or bad.
    tries: AtomicUsize,
    /// Growing pauses between failed tries, shared by all workers, so that they do not each send the password again.
    growing: std::sync::Mutex<Option<ExponentialBackoff>>,
    /// What took the place of a credential that was refused to a request which may only be repeated after another look.
    second: std::sync::Mutex<Option<Secret>>,
}

#[derive(Default)]
enum Standing {
    #[default]
    Before,
    In(Secret),
    /// Trying again after this time may help.
    Failed(Failure, Instant),
    /// Trying again will not help, and could lock an account.
    Refused(Failure),
}

impl Session {
    pub(super) fn new(
        credentials: Vec<(&'static str, Secret)>,
        sign_in: Option<Box<dyn SignIn>>,
        signer: Option<Box<dyn Sign>>,
    ) -> Self {
        let (standing, tries, growing, second) = Default::default();
        Self { credentials, sign_in, signer, standing, tries, growing, second }
    }

    /// Adds what proves that a request comes from us.
    pub(super) fn sign(&self, request: &mut Request, token: Option<&Secret>) {
        request.credentials.extend(self.credentials.iter().cloned());
        request.credentials.extend(token.map(|token| ("authorization", token.clone())));
        if let Some(signer) = &self.signer {
            signer.sign(request);
        }
    }

    /// The current credential, fetched by the first worker that needs it; `None` where the platform has no sign-in.
    pub(super) async fn token(&self, channel: &Channel) -> Result<Option<Secret>, Failure> {
        self.newer_than(None, channel).await
    }

    /// A credential newer than the one that was refused, or `None` when that one was fresh already.
    pub(super) async fn renewed(&self, channel: &Channel, refused: Option<&Secret>) -> Result<Option<Secret>, Failure> {
        let fresh = self.newer_than(refused, channel).await?;
        Ok(fresh.filter(|fresh| refused.is_none_or(|old| old.expose() != fresh.expose())))
    }

    /// The same for a request that is repeated by its caller, if at all: a second refusal is one.
    pub(super) async fn renewed_once(
        &self,
        channel: &Channel,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, Failure> {
        let second = self.second.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if second.zip(refused).is_some_and(|(second, refused)| second.expose() == refused.expose()) {
            return Ok(None);
        }
        let fresh = self.renewed(channel, refused).await?;
        self.second.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&fresh);
        Ok(fresh)
    }

    async fn newer_than(&self, refused: Option<&Secret>, channel: &Channel) -> Result<Option<Secret>, Failure> {
        let Some(door) = &self.sign_in else {
            return Ok(None);
        };
        let before = self.tries.load(Ordering::Relaxed);
        let mut standing = self.standing.lock().await;
        let waited = self.tries.load(Ordering::Relaxed) != before;
        match &*standing {
            Standing::In(token) if waited || refused.is_none_or(|old| old.expose() != token.expose()) => {
                return Ok(Some(token.clone()));
            }
            Standing::Refused(failure) => return Err(failure.clone()),
            Standing::Failed(failure, until) if waited || Instant::now() < *until => {
                return Err(failure.clone());
            }
            _ => {}
        }
        let mut result = door.sign_in(channel).await.map_err(judged);
        let until = match &mut result {
            Err(failure) if failure.kind != Kind::Unauthorized => self.postpone(failure, channel),
            _ => Instant::now(),
        };
        *standing = match &result {
            Ok(token) => {
                channel.register_credential(token);
                Standing::In(token.clone())
            }
            Err(failure) if failure.kind == Kind::Unauthorized => Standing::Refused(failure.clone()),
            Err(failure) => Standing::Failed(failure.clone(), until),
        };
        if result.is_ok() {
            self.growing().take();
        }
        self.tries.fetch_add(1, Ordering::Relaxed);
        result.map(Some)
    }
}

impl Session {
    fn growing(&self) -> MutexGuard<'_, Option<ExponentialBackoff>> {
        self.growing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next try may be made. Whoever is told of this failure must not try before that: nothing would be sent.
    /// If that is past the end of the run, the failure stays as it is.
    fn postpone(&self, failure: &mut Failure, channel: &Channel) -> Instant {
        let until = Instant::now() + self.pause();
        let at = until.saturating_duration_since(channel.clock.start);
        if at < channel.clock.limit {
            failure.not_before = failure.not_before.max(Some(at));
        }
        until
    }

    /// The pause after another try that failed.
    fn pause(&self) -> Duration {
        const MOST: Duration = Duration::from_secs(10);
        let grow = || {
            let growing = ExponentialBuilder::default().with_min_delay(Duration::from_secs(1));
            growing.with_max_delay(MOST).without_max_times().with_jitter().build()
        };
        self.growing().get_or_insert_with(grow).next().unwrap_or(MOST)
    }
}

/// Whatever its status, an answer that cannot improve refuses the credential: a 403 to a sign-in forbids no read, and
/// its 404 is about no deployment. Only the ways of not getting there at all keep their kind.
fn judged(mut failure: Failure) -> Failure {
    let unreached = matches!(failure.kind, Kind::UnknownHost | Kind::Untrusted);
    if failure.kind.retry() == Retry::None && !unreached {
        failure.kind = Kind::Unauthorized;
    }
    failure
}
