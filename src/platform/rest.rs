//! A platform of the usual kind: one call to read a deployment, one to cancel it, perhaps a list.
//!
//! It says what to ask and what the answers mean; everything that all platforms do alike is done here, by one piece of
//! code for all: [`Usual`] makes a [`Platform`] of every [`Rest`].

use std::sync::OnceLock;

use async_trait::async_trait;
use jiff::Timestamp;

use super::list::{Item, List, Until, begun};
use super::scope::Scope;
use super::usual::{self, Read};
use super::{Opened, Platform, RollBack, in_scope, oldest_in_flight};
use crate::api::wire::{self, Field};
use crate::api::{Api, ApiRequest, Reply, Service};
use crate::model::answers::{Accepted, Conclusion, Filter, Found, Listed, NEWEST};
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same};
use crate::model::reason::Missing;

/// What a platform of the usual kind has to say; the rest is the policy of all, and overriding it needs a reason.
#[async_trait]
pub trait Rest: Shape + Send + Sync + 'static {
    /// One deployment as this API writes it.
    type Wire: Field + Default + Send
    where
        Self: Sized;

    /// JSON pointer to it in an answer; empty: the body itself.
    fn at(&self) -> &'static str {
        ""
    }

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

    /// Takes over from what was known before what no later read tells, or no answer to a cancel request.
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
    fn deployment(&self, wire: Self::Wire) -> Option<Deployment>
    where
        Self: Sized;

    /// Names the deployment in the answer to a read, where that leaves out the id that was asked for.
    fn name(&self, _told: &mut Deployment, _asked: &str) {}

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
        let within = self
            .scope()
            .filter(|scope| scope.holds_reads())
            .map(|scope| format!("in {} ", scope.name()))
            .unwrap_or_default();
        let (place, check) = (format!("{within}for this credential"), "`deployment_id`".to_owned());
        Missing::Deployment { id: id.to_owned(), place, check }
    }

    /// The same, where another call may know what was written instead: it is asked once, and fails in silence.
    async fn explain_missing(&self, _api: &Api, id: &str) -> Missing {
        self.missing(id)
    }

    /// What a list may leave out, where nothing was chosen from it: a sentence, or nothing.
    fn unlisted(&self) -> &'static str {
        ""
    }

    /// A deployment that may be asked for although it could not be read.
    fn without_reading(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::without_reading(id.as_str()))
    }

    /// What the look-up of the scope has shown that is worth a warning: a sentence.
    fn remark(&self) -> Option<String> {
        self.scope().and_then(Scope::remark)
    }

    /// What to do where a scope that is there has no deployments at all: a sentence, or nothing.
    fn when_empty(&self) -> &'static str {
        ""
    }

    /// A page for people that has to be looked up.
    async fn page(&self, _api: &Api, _known: &Deployment) -> Option<String> {
        None
    }

    /// What is told where that did not come soon, or not at all.
    fn without_final_details(&self) -> Conclusion {
        Conclusion::default()
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
        first_list(self.as_rest(), api, wanted).await
    }

    /// Reads one deployment; `None` when it is not there.
    ///
    /// # Errors
    /// When the read failed, or its answer makes no sense.
    async fn fetch(&self, api: &Api, id: &str, read: Read) -> Result<Option<Deployment>, Failure> {
        fetch(self.as_rest(), api, id, read).await
    }

    /// One that a list showed before there was anything to read: as it is now, while that is still so.
    ///
    /// # Errors
    /// When that could not be read.
    async fn unread(&self, _api: &Api, _known: &Deployment) -> Result<Option<Deployment>, Failure> {
        Ok(None)
    }
}

/// What hangs on how an API writes a deployment; every [`Rest`] has it.
pub trait Shape {
    /// The deployment at a pointer; `None` when nothing stands there, and inside it when nobody knows what it means.
    ///
    /// # Errors
    /// When this is no JSON, or JSON of another shape.
    fn told(&self, json: &str, pointer: &str) -> serde_json::Result<Option<Option<Deployment>>>;

    /// The platform itself.
    fn as_rest(&self) -> &dyn Rest;
}

impl<R: Rest> Shape for R {
    fn told(&self, json: &str, pointer: &str) -> serde_json::Result<Option<Option<Deployment>>> {
        Ok(wire::at(json, pointer)?.map(|wire| self.deployment(wire)))
    }

    fn as_rest(&self) -> &dyn Rest {
        self
    }
}

/// The deployments from the first list that is there.
async fn first_list(rest: &dyn Rest, api: &Api, wanted: &Filter) -> Result<Vec<Deployment>, Failure> {
    let mut gone = Failure::guarded("nothing can be listed", "");
    for list in rest.lists() {
        match list.deployments(rest, api, wanted).await {
            Err(failure) if usual::is_gone(&failure) => gone = failure,
            answer => return answer,
        }
    }
    Err(gone)
}

/// How every platform's deployments are read, whatever is done around that.
pub(super) async fn fetch(rest: &dyn Rest, api: &Api, id: &str, read: Read) -> Result<Option<Deployment>, Failure> {
    match api.send(rest.read(id)).await {
        Ok(reply) => {
            let mut one = [told(rest, &reply, id)?];
            rest.complete(api, &mut one, &Filter::default()).await?;
            Ok(Vec::from(one).pop())
        }
        Err(failure) if rest.is_missing(&failure, read) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Asks for the cancellation of one, once.
pub(super) async fn cancel(rest: &dyn Rest, api: &Api, id: &str) -> Result<Accepted, Failure> {
    let reply = api.send(rest.cancel(id)).await.map_err(|failure| rest.refused(failure))?;
    usual::accepted(&reply, || {
        let mut shown = shown(rest, &reply).ok()??;
        rest.date(&mut shown, reply.given);
        is_same(id, &shown.id).then_some(shown)
    })
}

/// The deployment in an answer; `None` when nobody knows what it means.
fn shown(rest: &dyn Rest, reply: &Reply) -> Result<Option<Deployment>, Failure> {
    let told = reply.read(|body| rest.told(body, rest.at()))?;
    told.ok_or_else(|| reply.unreadable("without a deployment"))
}

/// The deployment in an answer to a read, which has to be the one that was asked for.
fn told(rest: &dyn Rest, reply: &Reply, asked: &str) -> Result<Deployment, Failure> {
    let mut told = shown(rest, reply)?;
    told.iter_mut().for_each(|told| rest.name(told, asked));
    let mut told = told.filter(has_fit_id).ok_or_else(|| reply.unreadable("without an id or a state"))?;
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
fn listed(rest: &dyn Rest, item: &str, given: Timestamp) -> Result<Item<Deployment>, Failure> {
    let told = rest.told(item, "").ok().flatten().flatten().filter(has_fit_id);
    let mut told = told.ok_or_else(|| Failure::unreadable("with a deployment without an id or a state"))?;
    rest.date(&mut told, given);
    rest.admit(&told)?;
    Ok(Item::deployment(told))
}

/// What a failed list is about and is not there, as a sentence; or the failure. A 400 may be about the id of the scope or
/// about the list, so the scope itself is asked.
async fn unlisted(rest: &dyn Rest, api: &Api, failure: Failure) -> Result<Missing, Failure> {
    let missing = match rest.scope() {
        Some(scope) if rest.is_missing(&failure, Read::Later) => Some(scope.missing()),
        Some(_) if rest.is_missing(&failure, Read::First) => rest.nowhere(api).await.ok().flatten(),
        _ => None,
    };
    missing.ok_or(failure)
}

impl List {
    /// All deployments as far as `until` says, in the order of the list.
    pub(super) async fn all(&self, rest: &dyn Rest, api: &Api, until: Until) -> Result<Vec<Deployment>, Failure> {
        self.read(api, until, |item: &str, given| listed(rest, item, given)).await
    }

    /// The deployments in flight and, where more is wanted, ended ones as far back as they matter.
    async fn deployments(&self, rest: &dyn Rest, api: &Api, wanted: &Filter) -> Result<Vec<Deployment>, Failure> {
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

/// A platform of the usual kind that is opened with its service.
pub fn opened(platform: impl Rest, service: Service) -> Opened {
    Some((Box::new(Usual::new(platform)), service))
}

/// A platform of the usual kind.
pub struct Usual {
    rest: Box<dyn Rest>,
    /// What its lists are about was seen to be there, which is asked once.
    is_somewhere: OnceLock<()>,
}

impl Usual {
    /// Makes a platform of what it says.
    pub fn new(rest: impl Rest) -> Self {
        Self { rest: Box::new(rest), is_somewhere: OnceLock::new() }
    }
}

#[async_trait]
impl Platform for Usual {
    async fn resolve_scope(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        self.rest.resolve_scope(api).await
    }

    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        let rest = self.rest.as_ref();
        if let Some(told) = rest.fetch(api, id.as_str(), Read::First).await? {
            return Ok(Found::Here(Box::new(told)));
        }
        // An API's 404 does not say which of two ids was wrong.
        let Some(scope) = rest.scope().filter(|scope| scope.holds_reads()) else {
            return Ok(Found::Missing(rest.explain_missing(api, id.as_str()).await));
        };
        Ok(Found::Missing(match scope.is_there(api).await {
            Ok(true) => Missing::InScope { scope: scope.name(), id: id.as_str().to_owned(), check: "`deployment_id`" },
            Ok(false) => scope.missing(),
            Err(_) => rest.missing(id.as_str()),
        }))
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        let told = match self.rest.fetch(api, &known.id, Read::Later).await? {
            None => self.rest.unread(api, known).await?,
            told => told,
        };
        Ok(match told {
            Some(mut told) => {
                self.rest.carry(known, &mut told);
                Found::Here(Box::new(told))
            }
            None => Found::Missing(Missing::Gone(known.id.clone())),
        })
    }

    fn without_reading(&self, id: &Id) -> Option<Deployment> {
        self.rest.without_reading(id)
    }

    fn is_guarded(&self) -> bool {
        self.rest.is_guarded()
    }

    fn unlisted(&self) -> &'static str {
        self.rest.unlisted()
    }

    async fn list(&self, api: &Api, wanted: &Filter) -> Result<Listed, Failure> {
        let rest = self.rest.as_ref();
        let mut seen = match rest.listed(api, wanted).await {
            Ok(seen) => seen,
            Err(failure) => return unlisted(rest, api, failure).await.map(Listed::Missing),
        };
        rest.complete(api, &mut seen, wanted).await?;
        // An empty list does not prove that there is such a scope.
        if seen.is_empty() && self.is_somewhere.get().is_none() {
            if let Some(missing) = rest.nowhere(api).await? {
                return Ok(Listed::Missing(missing));
            }
            self.is_somewhere.get_or_init(|| ());
        }
        Ok(Listed::Here(seen))
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let mut accepted = cancel(self.rest.as_ref(), api, &known.id).await?;
        accepted.deployment.iter_mut().for_each(|shown| self.rest.carry(known, shown));
        Ok(accepted)
    }

    fn remark(&self) -> Option<String> {
        self.rest.remark()
    }

    fn when_empty(&self) -> &'static str {
        self.rest.when_empty()
    }

    async fn page(&self, api: &Api, known: &Deployment) -> Option<String> {
        self.rest.page(api, known).await
    }

    fn without_final_details(&self) -> Conclusion {
        self.rest.without_final_details()
    }

    async fn final_details(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        self.rest.final_details(api, ended).await
    }

    fn roll_back(&self) -> Option<&dyn RollBack> {
        self.rest.roll_back()
    }
}
