//! A credential that has to be fetched and can run out: one renewal at a time, and a refused sign-in is never repeated.

use tokio::sync::Mutex;

use super::Api;
use crate::failure::{Failure, Kind};
use crate::secret::Secret;

/// How a platform signs in.
#[async_trait::async_trait]
pub trait SignIn: Send + Sync {
    /// The value of a fresh `Authorization` header.
    async fn sign_in(&self, api: &Api) -> Result<Secret, Failure>;
}

/// What all workers know of the current credential.
#[derive(Default)]
pub(super) struct Session(Mutex<Standing>);

#[derive(Default)]
enum Standing {
    #[default]
    Before,
    In(Secret),
    Refused(Failure),
}

impl Session {
    /// The current credential, fetched by the first worker that needs it; `None` where the platform has no sign-in.
    pub(super) async fn token(&self, api: &Api) -> Result<Option<Secret>, Failure> {
        let Some(door) = &api.service.sign_in else {
            return Ok(None);
        };
        let mut standing = self.0.lock().await;
        match &*standing {
            Standing::In(token) => Ok(Some(token.clone())),
            Standing::Refused(failure) => Err(failure.clone()),
            Standing::Before => standing.enter(door.as_ref(), api).await.map(Some),
        }
    }

    /// A credential newer than the one that was refused, or `None` when that one was fresh already.
    pub(super) async fn renewed(
        &self,
        api: &Api,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, Failure> {
        let Some(door) = &api.service.sign_in else {
            return Ok(None);
        };
        let mut standing = self.0.lock().await;
        match &*standing {
            Standing::In(token) if refused.is_some_and(|old| old.expose() != token.expose()) => {
                Ok(Some(token.clone()))
            }
            Standing::Refused(failure) => Err(failure.clone()),
            _ => {
                let fresh = standing.enter(door.as_ref(), api).await?;
                let is_new = refused.is_none_or(|old| old.expose() != fresh.expose());
                Ok(is_new.then_some(fresh))
            }
        }
    }
}

impl Standing {
    async fn enter(&mut self, door: &dyn SignIn, api: &Api) -> Result<Secret, Failure> {
        match door.sign_in(api).await {
            Ok(token) => {
                api.mint(&token);
                *self = Self::In(token.clone());
                Ok(token)
            }
            Err(failure) => {
                if matches!(
                    failure.kind,
                    Kind::Unauthorized | Kind::Forbidden | Kind::Refused
                ) {
                    *self = Self::Refused(failure.clone());
                }
                Err(failure)
            }
        }
    }
}
