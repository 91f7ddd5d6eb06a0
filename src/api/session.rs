//! A credential that has to be fetched and can run out: one try at a time for all workers, and a refused one is the last.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Mutex;

use super::Api;
use crate::failure::{Failure, Kind, Patience};
use crate::secret::Secret;

/// How a platform signs in.
#[async_trait::async_trait]
pub trait SignIn: Send + Sync {
    /// The value of a fresh `Authorization` header.
    async fn sign_in(&self, api: &Api) -> Result<Secret, Failure>;
}

/// What all workers know of the current credential.
#[derive(Default)]
pub(super) struct Session {
    standing: Mutex<Standing>,
    /// How many tries have ended: who waited for one takes its result, good or bad.
    tries: AtomicUsize,
}

#[derive(Default)]
enum Standing {
    #[default]
    Before,
    In(Secret),
    /// It may go better next time.
    Failed(Failure),
    /// It will not, and trying again could lock an account.
    Refused(Failure),
}

impl Session {
    /// The current credential, fetched by the first worker that needs it; `None` where the platform has no sign-in.
    pub(super) async fn token(&self, api: &Api) -> Result<Option<Secret>, Failure> {
        self.newer_than(None, api).await
    }

    /// A credential newer than the one that was refused, or `None` when that one was fresh already.
    pub(super) async fn renewed(
        &self,
        api: &Api,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, Failure> {
        let fresh = self.newer_than(refused, api).await?;
        Ok(fresh.filter(|fresh| refused.is_none_or(|old| old.expose() != fresh.expose())))
    }

    async fn newer_than(
        &self,
        refused: Option<&Secret>,
        api: &Api,
    ) -> Result<Option<Secret>, Failure> {
        let Some(door) = &api.service.sign_in else {
            return Ok(None);
        };
        let before = self.tries.load(Ordering::Relaxed);
        let mut standing = self.standing.lock().await;
        let waited = self.tries.load(Ordering::Relaxed) != before;
        match &*standing {
            Standing::In(token)
                if waited || refused.is_none_or(|old| old.expose() != token.expose()) =>
            {
                return Ok(Some(token.clone()));
            }
            Standing::Refused(failure) => return Err(failure.clone()),
            Standing::Failed(failure) if waited => return Err(failure.clone()),
            _ => {}
        }
        let result = door.sign_in(api).await.map_err(judged);
        *standing = match &result {
            Ok(token) => {
                api.mint(token);
                Standing::In(token.clone())
            }
            Err(failure) if failure.kind == Kind::Unauthorized => {
                Standing::Refused(failure.clone())
            }
            Err(failure) => Standing::Failed(failure.clone()),
        };
        self.tries.fetch_add(1, Ordering::Relaxed);
        result.map(Some)
    }
}

/// Whatever its status, an answer that cannot improve refuses the credential: a 403 to a sign-in forbids no read, and
/// its 404 is about no deployment. Only the ways of not getting there at all keep their kind.
fn judged(mut failure: Failure) -> Failure {
    let unreached = matches!(failure.kind, Kind::UnknownHost | Kind::Untrusted);
    if failure.kind.patience() == Patience::None && !unreached {
        failure.kind = Kind::Unauthorized;
    }
    failure
}
