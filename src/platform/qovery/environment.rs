//! What the environment is doing, and where a deployment is that it has moved on from: in the queue, or in the history.

use super::standing::{Door, Ids, QUEUED, Standing, is_in_flight, is_word};
use super::wire::{QueueItem, RequestStatus, Status};
use crate::api::wire::{self, Text};
use crate::api::{Api, ApiRequest, Once, Reply};
use crate::model::deployment::{Deployment, Live, details};
use crate::model::failure::{Failure, Retry};
use crate::model::id::{is_same, segment};
use crate::model::memory::Memory;
use crate::platform::list::{Item, List, Place, Until};
use crate::platform::paging::Sizes;
use crate::platform::scope::Scope;
use crate::platform::usual::{Read, present};

/// One environment, and whatever it is doing.
pub(super) struct Qovery {
    pub(super) environment: Scope,
    pub(super) force: bool,
    /// A `deployment_id` was given: only that one, whatever else the environment does.
    pub(super) named: bool,
    /// The environment's page in the console, once it was asked for.
    pub(super) page: Once<Option<String>>,
}

const CONSOLE: &str = "https://console.qovery.com";
/// As many as the console asks for, and fewer; there is no second page.
const HISTORY: Sizes = &[100, 10];

impl Qovery {
    pub(super) fn path(&self, what: &str) -> String {
        format!("/environment/{}{what}", segment(self.environment.as_str()))
    }

    /// What the environment is doing, with the ids that surely belong to it; `None` when there is no such environment.
    pub(super) async fn environment_now(&self, api: &Api, read: Read) -> Result<Option<Standing>, Failure> {
        let call = ApiRequest::get(self.path("/status"), "read the environment");
        let Some(reply) = present(api.send(call).await, read)? else {
            return Ok(None);
        };
        let now = self.status(&reply)?;
        let mut now = now.ok_or_else(|| reply.unreadable("without a state"))?;
        if now.torn {
            now.ids = Ids { request: self.confirmed(api, now.ids.request).await?, ..Ids::default() };
        }
        if is_word(&now.word, QUEUED) && now.ids.request.get().is_some() {
            now.door = Some(Door::Queue);
        }
        Ok(Some(now))
    }

    /// What a status says, which has to be that of this environment; `None` where it has no state.
    pub(super) fn status(&self, reply: &Reply) -> Result<Option<Standing>, Failure> {
        let wire: Status = reply.json()?;
        if self.is_other(&wire.id) {
            return Err(reply.unreadable("about another environment"));
        }
        Ok(wire.standing())
    }

    fn is_other(&self, told: &Text) -> bool {
        told.get().is_some_and(|told| !is_same(self.environment.as_str(), told))
    }

    /// A request id that is in flight by its own status.
    async fn confirmed(&self, api: &Api, request: Text) -> Result<Text, Failure> {
        let Some(id) = request.get() else {
            return Ok(request);
        };
        let found = match self.by_request(api, id, Read::First).await {
            // What can improve is no answer; a policy token is never given one.
            Err(failure) if failure.kind.retry() == Retry::None => None,
            answer => answer?,
        };
        let is_flying = found.is_some_and(|found| is_in_flight(found.state));
        Ok(Text(request.0.filter(|_| is_flying)))
    }

    /// A deployment wherever it is now: under way, in the queue, or past. `now` is what the environment is doing.
    pub(super) async fn locate(
        &self,
        api: &Api,
        now: Option<Standing>,
        wanted: &Ids,
        read: Read,
    ) -> Result<Option<Standing>, Failure> {
        let ours = |now: Option<Standing>| now.filter(|now| wanted.is(&now.ids)).map(|now| now.knowing(wanted));
        if let Some(now) = ours(now) {
            return Ok(Some(now));
        }
        // A policy token is refused where a path does not name the environment, so one refusal ends nothing yet.
        let mut trouble = None;
        let mut pass = |failure| {
            trouble.get_or_insert(failure);
            None
        };
        let mut found = None;
        if let Some(request) = wanted.request.get() {
            found = self.by_request(api, request, read).await.unwrap_or_else(&mut pass);
            // Its status need not say where it waits; the environment's own queue does.
            let waits = |one: &Standing| one.door.is_none() && is_word(&one.word, QUEUED);
            if found.as_ref().is_none_or(waits) {
                found = self.in_queue(api, request, read).await.unwrap_or_else(&mut pass).or(found);
            }
        }
        if let (None, Some(execution)) = (&found, wanted.execution.get()) {
            found = self.in_history(api, execution, read).await.unwrap_or_else(&mut pass);
        }
        if let Some(found) = found {
            return Ok(Some(found.knowing(wanted)));
        }
        // It may have left the queue between two of these reads.
        match (ours(self.environment_now(api, read).await?), trouble) {
            (None, Some(trouble)) => Err(trouble),
            (found, _) => Ok(found),
        }
    }

    async fn by_request(&self, api: &Api, request: &str, read: Read) -> Result<Option<Standing>, Failure> {
        let call = ApiRequest::get("/environment/deploymentStatus", "read the deployment's own status");
        let Some(reply) = present(api.send(call.query("deploymentRequestId", request)).await, read)? else {
            return Ok(None);
        };
        let wire: RequestStatus = reply.json()?;
        let about = wire.deployment_request_id.get();
        if self.is_other(&wire.environment_id) || about.is_some_and(|told| !is_same(request, told)) {
            return Ok(None);
        }
        Ok(wire.status.get().map(|word| {
            // Only what is known to wait in this environment's queue may be canceled there.
            let waits = is_word(word, QUEUED) && wire.environment_id.get().is_some();
            Standing::new(Ids::request(request), word, waits.then_some(Door::Queue))
        }))
    }

    pub(super) async fn queue(&self, api: &Api) -> Result<Vec<QueueItem>, Failure> {
        let call = ApiRequest::get(self.path("/deploymentQueue"), "read the environment's queue");
        entries(api, List::new(call, "/results")).await
    }

    async fn in_queue(&self, api: &Api, request: &str, read: Read) -> Result<Option<Standing>, Failure> {
        let queue = present(self.queue(api).await, read)?.unwrap_or_default();
        let id = queue.iter().filter_map(QueueItem::request).find(|id| is_same(request, id));
        Ok(id.map(|id| Standing::new(Ids::request(id), QUEUED, Some(Door::Queue))))
    }

    async fn in_history(&self, api: &Api, execution: &str, read: Read) -> Result<Option<Standing>, Failure> {
        let call = ApiRequest::get(self.path("/deploymentHistoryV2"), "read the environment's history");
        let list = List::new(call, "/results").size(Place::Query("pageSize"), HISTORY);
        let history = present(entries(api, list).await, read)?.unwrap_or_default();
        let is_it = |past: &&QueueItem| past.execution().is_some_and(|own| is_same(execution, own));
        let standing = |past: &QueueItem| {
            let (word, state) = past.end()?;
            let ids = Ids { execution: Text(Some(execution.to_owned())), ..Ids::default() };
            let now = Standing::new(ids, word, None);
            Some(Standing { state, takes_down: now.takes_down || past.is_not_live(), ..now })
        };
        Ok(history.iter().find(is_it).and_then(standing))
    }

    /// The environment's page.
    pub(super) async fn look_up_page(&self, api: &Api) -> Option<String> {
        let call = ApiRequest::get(self.path(""), "read the environment's page");
        let reply = api.send(call).await.ok()?;
        let id = |at| Some(segment(reply.at::<Text>(at).ok()??.get()?));
        let (organization, project) = (id("/organization/id")?, id("/project/id")?);
        Some(format!("{CONSOLE}/organization/{organization}/project/{project}{}", self.path("")))
    }

    pub(super) fn deployment(&self, now: &Standing) -> Deployment {
        let environment = self.environment.as_str();
        let told = [
            ("environment_id", Some(environment)),
            ("deployment_request_id", now.ids.request.get()),
            ("execution_id", now.ids.execution.get()),
        ];
        let page = self.page.get().and_then(Option::as_deref);
        Deployment {
            state: now.state,
            platform_state: now.word.clone(),
            url: page.map(|page| page_of(page, &now.ids)),
            live: if now.takes_down { Live::TakesDown } else { Live::ByState },
            details: details(told),
            handle: Memory::of(now.ids.clone()),
            ..Deployment::without_reading(now.ids.name().unwrap_or(environment))
        }
    }
}

/// A deployment's page: that of its execution, where it has one by now.
pub(super) fn page_of(environment: &str, ids: &Ids) -> String {
    match ids.execution.get() {
        Some(execution) => format!("{environment}/deployment/{}", segment(execution)),
        None => format!("{environment}/deployments"),
    }
}

/// All that a list has, which is one page.
async fn entries(api: &Api, list: List) -> Result<Vec<QueueItem>, Failure> {
    let take = |item: &str, _| {
        let what = wire::item(item).ok_or_else(|| Failure::unreadable("with an item that is none"))?;
        Ok(Item { what, id: String::new(), is_in_flight: true, created: None, ends: false })
    };
    list.read(api, Until::End, take).await
}
