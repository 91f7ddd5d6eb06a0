//! A platform of the usual kind: one call to read a deployment, one to cancel it, perhaps a list.
//!
//! It says what to ask and what the answers mean; everything that all platforms do alike is done here. Who implements
//! [`Rest`] is a [`Platform`].

use async_trait::async_trait;
use jiff::Timestamp;

use super::list::{Item, List, Until, begun};
use super::scope::Scope;
use super::usual::{self, Read};
use super::{Platform, PlatformInfo, RollBack, in_scope, oldest_in_flight};
use crate::api::wire::{self, Field};
use crate::api::{Api, ApiRequest, Reply};
use crate::model::answers::{Accepted, Conclusion, Filter, Found, Listed, NEWEST};
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same};
use crate::model::reason::Missing;

/// What a platform of the usual kind has to say; the rest is the policy of all, and overriding it needs a reason.
#[async_trait]
pub trait Rest: Send + Sync + 'static {
    /// One deployment as this API writes it.
    type Wire: Field + Default + Send;
    /// JSON pointer to it in an answer; empty: the body itself.
    const AT: &'static str = "";
    /// What can be said of the platform before a run.
    const INFO: &'static PlatformInfo;

    /// What deployments are looked up in.
    fn scope(&self) -> Option<&Scope> {
        None
    }

    /// Looks up what the inputs name in words, before anything else; the sentence says that it is not there. Another
    /// than the scope's is for what takes more than one look-up.
    ///
    /// # Errors
    /// When a look-up failed.
    async fn resolve_scope(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        match self.scope() {
            Some(scope) => scope.resolve(api).await,
            None => Ok(None),
        }
    }

    /// The sentence that says why a list is empty: what it is about is not there.
    ///
    /// # Errors
    /// When that could not be read.
    async fn nowhere(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        match self.scope() {
            Some(scope) if !scope.is_there(api).await? => Ok(Some(scope.missing())),
            _ => Ok(None),
        }
    }

    /// Takes over from what was known before what no later read tells.
    fn carry(&self, _known: &Deployment, _told: &mut Deployment) {}

    /// The request that reads a deployment by its id.
    fn read(&self, id: &str) -> ApiRequest;

    /// The request that cancels it.
    fn cancel(&self, id: &str) -> ApiRequest;

    /// The lists of deployments in scope, the preferred one first: another is asked only where that one is not there.
    fn lists(&self) -> Vec<List> {
        Vec::new()
    }

    /// What an answer tells; `None` when it has no id or no state, so that nobody knows what it means.
    fn deployment(&self, wire: Self::Wire) -> Option<Deployment>;

    /// What only the time of its answer tells of it: that it stands still, or has been in flight for long.
    fn date(&self, _told: &mut Deployment, _given: Timestamp) {}

    /// Whether a failed read says that there is no such deployment.
    fn is_missing(&self, failure: &Failure, read: Read) -> bool {
        usual::is_missing(failure, read)
    }

    /// Whether an answer is about the deployment that was asked for.
    ///
    /// # Errors
    /// The refusal, where what was written must not stand for what was found.
    fn is_same(&self, asked: &str, told: &Deployment) -> Result<bool, Failure> {
        Ok(is_same(asked, &told.id))
    }

    /// A guard of the platform's own, such as the project that a deployment must belong to.
    ///
    /// # Errors
    /// Why it is not passed, or cannot be checked.
    fn admit(&self, _told: &Deployment) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether [`Self::admit`] has anything to check, so that nothing may be canceled unread.
    fn is_guarded(&self) -> bool {
        false
    }

    /// A failure to cancel, where this platform's status or code means something else than usual.
    fn refused(&self, failure: Failure) -> Failure {
        failure
    }

    /// What is said where there is no such deployment.
    fn missing(&self, id: &str) -> Missing {
        let within = self.scope().map(|scope| format!("in {} ", scope.name())).unwrap_or_default();
        let (place, check) = (format!("{within}for this credential"), "`deployment_id`".to_owned());
        Missing::Deployment { id: id.to_owned(), place, check }
    }

    /// The same, where another call may know what was written instead: it is asked once, and fails in silence.
    async fn explain_missing(&self, _api: &Api, id: &str) -> Missing {
        self.missing(id)
    }

    /// A deployment that may be asked for although it could not be read.
    fn without_reading(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::without_reading(id.as_str()))
    }

    /// What only this platform can tell at the end.
    ///
    /// # Errors
    /// When that could not be read; the end stands all the same.
    async fn final_details(&self, _api: &Api, _ended: &Deployment) -> Result<Conclusion, Failure> {
        Ok(Conclusion::default())
    }

    /// The way back, where the platform has one.
    fn roll_back(&self) -> Option<&dyn RollBack> {
        None
    }

    /// Adds to deployments what their own answers leave out and another call knows, as far as it is wanted.
    ///
    /// # Errors
    /// When that could not be read, or makes no sense.
    async fn complete(&self, _api: &Api, _told: &mut [Deployment], _wanted: &Filter) -> Result<(), Failure> {
        Ok(())
    }

    /// The deployments in scope, newest first, from the first of [`Self::lists`] that is there.
    ///
    /// # Errors
    /// When none of them is there, a request failed, or a page makes no sense.
    async fn listed(&self, api: &Api, wanted: &Filter) -> Result<Vec<Deployment>, Failure> {
        let mut gone = Failure::guarded("nothing can be listed", "");
        for list in self.lists() {
            match list.deployments(self, api, wanted).await {
                Err(failure) if usual::is_gone(&failure) => gone = failure,
                answer => return answer,
            }
        }
        Err(gone)
    }

    /// Reads one deployment; `None` when it is not there.
    ///
    /// # Errors
    /// When the read failed, or its answer makes no sense.
    async fn fetch(&self, api: &Api, id: &str, read: Read) -> Result<Option<Deployment>, Failure> {
        match api.send(self.read(id)).await {
            Ok(reply) => {
                let mut one = [told(self, &reply, id)?];
                self.complete(api, &mut one, &Filter::default()).await?;
                Ok(Vec::from(one).pop())
            }
            Err(failure) if self.is_missing(&failure, read) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

/// The deployment in an answer to a read, which has to be the one that was asked for.
fn told<R: Rest + ?Sized>(rest: &R, reply: &Reply, asked: &str) -> Result<Deployment, Failure> {
    let wire: Option<R::Wire> = reply.at(R::AT)?;
    let wire = wire.ok_or_else(|| reply.unreadable("without a deployment"))?;
    let told = rest.deployment(wire).filter(has_fit_id);
    let mut told = told.ok_or_else(|| reply.unreadable("without an id or a state"))?;
    rest.date(&mut told, reply.given);
    if !rest.is_same(asked, &told)? {
        return Err(reply.unreadable("about another deployment"));
    }
    rest.admit(&told)?;
    Ok(told)
}

/// An id stands in the path of the next request, and perhaps nobody wrote it: it is judged like one that is written.
fn has_fit_id(told: &Deployment) -> bool {
    Id::parse(&told.id).is_ok_and(|id| id.as_str() == told.id)
}

/// An item of a list.
fn listed<R: Rest + ?Sized>(rest: &R, item: &str, given: Timestamp) -> Result<Item<Deployment>, Failure> {
    let told = wire::item(item).and_then(|wire| rest.deployment(wire)).filter(has_fit_id);
    let mut told = told.ok_or_else(|| Failure::unreadable("with a deployment without an id or a state"))?;
    rest.date(&mut told, given);
    rest.admit(&told)?;
    Ok(Item::deployment(told))
}

/// What a failed list is about and is not there, as a sentence; or the failure. A 400 may be about the id of the scope or
/// about the list, so the scope itself is asked.
async fn unlisted<R: Rest + ?Sized>(rest: &R, api: &Api, failure: Failure) -> Result<Missing, Failure> {
    let missing = match rest.scope() {
        Some(scope) if rest.is_missing(&failure, Read::Later) => Some(scope.missing()),
        Some(_) if rest.is_missing(&failure, Read::First) => rest.nowhere(api).await.ok().flatten(),
        _ => None,
    };
    missing.ok_or(failure)
}

impl List {
    /// All deployments as far as `until` says, in the order of the list.
    pub(super) async fn all<R: Rest + ?Sized>(
        &self,
        rest: &R,
        api: &Api,
        until: Until,
    ) -> Result<Vec<Deployment>, Failure> {
        self.read(api, until, |item: &str, given| listed(rest, item, given)).await
    }

    /// The deployments in flight and, where more is wanted, ended ones as far back as they matter.
    async fn deployments<R: Rest + ?Sized>(
        &self,
        rest: &R,
        api: &Api,
        wanted: &Filter,
    ) -> Result<Vec<Deployment>, Failure> {
        let Some(filtered) = self.filtered() else {
            let least = if wanted.ended { NEWEST } else { 0 };
            let until = Until::Calm { ended: self.whole_page(), least };
            return Ok(in_scope(self.all(rest, api, until).await?));
        };
        let mut seen = filtered.all(rest, api, Until::End).await?;
        // A filter knows only documented words, so the newest are read without it as well.
        let oldest = oldest_in_flight(&seen).filter(|_| wanted.history);
        let until = oldest.map_or(Until::Least(NEWEST), |time| Until::OlderThan { time, least: NEWEST });
        seen.extend(self.all(rest, api, until).await.map_err(begun)?);
        Ok(in_scope(seen))
    }
}

#[async_trait]
impl<R: Rest> Platform for R {
    async fn resolve_scope(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        Rest::resolve_scope(self, api).await
    }

    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        if let Some(told) = self.fetch(api, id.as_str(), Read::First).await? {
            return Ok(Found::Here(Box::new(told)));
        }
        // An API's 404 does not say which of two ids was wrong.
        let Some(scope) = self.scope().filter(|scope| scope.holds_reads()) else {
            return Ok(Found::Missing(self.explain_missing(api, id.as_str()).await));
        };
        Ok(Found::Missing(match scope.is_there(api).await {
            Ok(true) => Missing::InScope { scope: scope.name(), id: id.as_str().to_owned(), check: "`deployment_id`" },
            Ok(false) => scope.missing(),
            Err(_) => self.missing(id.as_str()),
        }))
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        let told = self.fetch(api, &known.id, Read::Later).await?;
        Ok(match told {
            Some(mut told) => {
                self.carry(known, &mut told);
                Found::Here(Box::new(told))
            }
            None => Found::Missing(Missing::Gone(known.id.clone())),
        })
    }

    fn without_reading(&self, id: &Id) -> Option<Deployment> {
        Rest::without_reading(self, id)
    }

    fn is_guarded(&self) -> bool {
        Rest::is_guarded(self)
    }

    async fn list(&self, api: &Api, wanted: &Filter) -> Result<Listed, Failure> {
        let mut seen = match self.listed(api, wanted).await {
            Ok(seen) => seen,
            Err(failure) => return unlisted(self, api, failure).await.map(Listed::Missing),
        };
        self.complete(api, &mut seen, wanted).await?;
        // An empty list does not prove that there is such a scope.
        let nowhere = if seen.is_empty() { self.nowhere(api).await? } else { None };
        Ok(nowhere.map_or(Listed::Here(seen), Listed::Missing))
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let reply = api.send(Rest::cancel(self, &known.id)).await.map_err(|failure| self.refused(failure))?;
        usual::accepted(&reply, || {
            let wire: Option<R::Wire> = reply.at(R::AT).ok().flatten();
            let mut shown = wire.and_then(|wire| self.deployment(wire));
            shown.iter_mut().for_each(|shown| self.date(shown, reply.given));
            shown.filter(|shown| is_same(&known.id, &shown.id))
        })
    }

    async fn final_details(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        Rest::final_details(self, api, ended).await
    }

    fn roll_back(&self) -> Option<&dyn RollBack> {
        Rest::roll_back(self)
    }
}
