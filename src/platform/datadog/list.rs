//! The lists of both surfaces: all deployments of an account, of which only those for one host query are meant.
//!
//! The order of a list is promised nowhere for what has not started yet, so a list is read to its end; one that is long
//! to where nothing is in flight any more, and what may lie behind that is asked for by its status.

use jiff::Timestamp;
use serde::Deserialize;

use super::Surface::{self, Preview, V2};
use super::{Wire, says_no, send};
use crate::api::{Api, Call, Reply};
use crate::model::answers::Listed;
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::Id;
use crate::platform::paging::{Page, Paging, Sizes};
use crate::platform::{in_scope, lenient};

/// The most that either surface puts on a page, and less.
const SIZES: Sizes = &[100, 10, 1];

/// The deployments in flight whose host query is exactly this text. The preview is asked only where there is no v2.
pub(super) async fn list(api: &Api, surfaces: &[Surface], query: &str) -> Result<Listed, Failure> {
    let mut none = None;
    for surface in surfaces {
        let mut pages = Pages::new(*surface, query);
        match pages.turn(api, None).await {
            // Only the very first page tells that there is no such list here.
            Err(failure) if says_no(&failure) => none = Some(failure),
            Err(failure) => return Err(failure),
            Ok(()) => {
                let seen = match surface {
                    V2 => in_flight_on_v2(api, pages).await?,
                    Preview => pages.read(api, None, false).await?.ours,
                };
                // An account is always there, so an empty list says what it says.
                return Ok(Listed::Here(in_scope(seen)));
            }
        }
    }
    Err(none.unwrap_or_else(|| Failure::guarded("there is nowhere to ask", "")))
}

async fn in_flight_on_v2(api: &Api, begun: Pages<'_>) -> Result<Vec<Deployment>, Failure> {
    let query = begun.query;
    let newest = begun.read(api, None, true).await?;
    let mut seen = newest.ours;
    if newest.is_whole {
        return Ok(seen);
    }
    for (filter, is_documented) in [("status:running", true), ("status:pending", false)] {
        match Pages::new(V2, query).read(api, Some(filter), false).await {
            Ok(more) => seen.extend(more.ours),
            // A value that is not among the examples of the documents may be refused: then nothing but the whole list
            // shows what waits.
            Err(failure) if failure.kind == Kind::Refused && !is_documented => {
                let whole = Pages::new(V2, query).read(api, None, false).await?;
                seen.extend(whole.ours);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(seen)
}

/// What was read of one list.
struct Pages<'a> {
    surface: Surface,
    query: &'a str,
    paging: Paging,
    ours: Vec<Deployment>,
    /// Items on all pages so far.
    many: usize,
    /// At least one page was read.
    is_begun: bool,
    /// Something on the last one is in flight.
    has_flying: bool,
    /// The list was read to its end.
    is_whole: bool,
}

impl<'a> Pages<'a> {
    fn new(surface: Surface, query: &'a str) -> Self {
        Self {
            surface,
            query,
            paging: Paging::new(SIZES, "deployment_id"),
            ours: Vec::new(),
            many: 0,
            is_begun: false,
            has_flying: false,
            is_whole: false,
        }
    }

    /// Reads page after page to the end, or with `newest` to the first without anything in flight.
    async fn read(mut self, api: &Api, filter: Option<&str>, newest: bool) -> Result<Self, Failure> {
        loop {
            let is_enough = self.is_whole || (newest && !self.has_flying);
            if self.is_begun && is_enough {
                return Ok(self);
            }
            self.turn(api, filter).await?;
        }
    }

    /// Reads the next page.
    async fn turn(&mut self, api: &Api, filter: Option<&str>) -> Result<(), Failure> {
        if self.is_begun {
            self.paging.turn()?;
        }
        let (page, reply) = loop {
            let page = self.paging.page();
            let call = filter.into_iter().fold(self.call(page), |call, filter| call.query("filter", filter));
            let answer = send(api, call).await;
            if let Some(reply) = self.paging.answer(answer)? {
                break (page, reply);
            }
        };
        self.has_flying = self.take(&reply, page, filter.is_some())?;
        self.is_begun = true;
        Ok(())
    }

    /// v2 counts pages, the preview items.
    fn call(&self, page: Page) -> Call {
        let path = format!("/api/{}/fleet/deployments", self.surface.word());
        let call = Call::get(path, "list the deployments").query("page_size", page.size.to_string());
        match self.surface {
            V2 => call.query("page_number", (page.number - 1).to_string()),
            Preview => call.query("page_offset", self.many.to_string()),
        }
    }

    fn take(&mut self, reply: &Reply, page: Page, filtered: bool) -> Result<bool, Failure> {
        let body: Body = reply.json()?;
        self.paging.see(body.data.iter().map(|item| item.id.as_str()))?;
        self.add(body, page, filtered).map_err(|wrong| reply.unreadable(wrong))
    }

    /// Takes one page in; whether anything on it is in flight, whosever it is.
    fn add(&mut self, body: Body, page: Page, filtered: bool) -> Result<bool, &'static str> {
        let many = body.data.len();
        self.many += many;
        self.is_whole = match body.total(filtered) {
            // The last pages of a list that grows shorter while it is read are empty.
            Some(total) => many == 0 || self.many >= total,
            None => u32::try_from(many).is_ok_and(|many| many < page.size),
        };
        let mut has_flying = false;
        for item in body.data {
            let is_ours = item.is_for(self.query);
            let told = self.tell(&item);
            has_flying |= told.as_ref().is_some_and(is_going_on);
            if is_ours {
                // Nobody knows what one without a status would have said.
                self.ours.push(told.ok_or("with a deployment without an id or a status")?);
            }
        }
        Ok(has_flying)
    }

    /// Nobody gave its id, so it is judged like a written one.
    fn tell(&self, item: &Wire) -> Option<Deployment> {
        let is_fit = Id::parse(&item.id).is_ok_and(|id| id.as_str() == item.id);
        let one = item.tell(self.surface).filter(|_| is_fit)?;
        Some(Deployment { created: item.started(), ..one })
    }
}

fn is_going_on(one: &Deployment) -> bool {
    one.state.is_in_flight() || one.state == State::Canceling
}

impl Wire {
    fn is_for(&self, query: &str) -> bool {
        let attributes = self.attributes.as_ref();
        let own = attributes.and_then(|it| it.query.as_ref().or(it.filter_query.as_ref()));
        own.is_some_and(|own| own == query)
    }

    /// When it started is the only time there is, and only v2 tells it; 0 stands for "not yet".
    fn started(&self) -> Option<Timestamp> {
        let second = self.attributes.as_ref()?.started_at?;
        Timestamp::from_second(second).ok().filter(|_| second > 0)
    }
}

/// One page. Nothing but its own shape says that there is such a list, so the list must be there.
#[derive(Deserialize)]
struct Body {
    data: Vec<Wire>,
    #[serde(default, deserialize_with = "lenient")]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default, deserialize_with = "lenient")]
    page: Option<Totals>,
}

#[derive(Deserialize)]
struct Totals {
    #[serde(default, deserialize_with = "lenient")]
    total_count: Option<usize>,
    #[serde(default, deserialize_with = "lenient")]
    total_filtered_count: Option<usize>,
}

impl Body {
    fn total(&self, filtered: bool) -> Option<usize> {
        let totals = self.meta.as_ref()?.page.as_ref()?;
        if filtered { totals.total_filtered_count } else { totals.total_count }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn v2(id: &str, status: &str, query: &str, started: i64) -> Value {
        json!({ "id": id, "type": "deployment", "attributes": {
            "status": status, "query": query, "started_at": started, "total_hosts": 10,
        } })
    }

    const PAGE: Page = Page { size: 100, number: 1 };

    fn body(items: &[Value], meta: Value) -> Body {
        serde_json::from_value(json!({ "data": items, "meta": meta })).unwrap()
    }

    #[test]
    fn only_deployments_for_the_very_same_query_are_taken() {
        let mut pages = Pages::new(V2, "env:prod");
        let items = [
            v2("a", "pending", "env:prod", 0),
            v2("b", "running", "env:prod", 1_699_990_000),
            v2("c", "running", "env:prod AND service:web", 1),
            v2("d", "running", "ENV:PROD", 1),
            json!({ "id": "e", "attributes": { "status": "running" } }),
            json!({ "id": "f", "attributes": { "query": "env:dev" } }),
        ];
        let whole = body(&items, json!({ "page": { "total_count": 6 } }));
        assert_eq!(pages.add(whole, PAGE, false), Ok(true));
        assert!(pages.is_whole);
        let seen = pages.ours.iter().map(|one| (one.id.as_str(), one.state, one.created.map(Timestamp::as_second)));
        assert_eq!(seen.collect::<Vec<_>>(), [("a", State::Queued, None), ("b", State::Running, Some(1_699_990_000))]);
    }

    #[test]
    fn the_preview_has_the_same_words_elsewhere_and_no_time() {
        let mut pages = Pages::new(Preview, "env:prod");
        let item = json!({ "id": "p", "attributes": { "high_level_status": "running", "filter_query": "env:prod" } });
        assert_eq!(pages.add(body(&[item], Value::Null), PAGE, false), Ok(true));
        let one = pages.ours.first().unwrap();
        assert_eq!((one.state, one.created), (State::Running, None));
        assert_eq!(one.handle, json!("unstable"));
    }

    #[test]
    fn a_deployment_of_ours_that_tells_nothing_spoils_the_page() {
        for item in [
            json!({ "id": "a", "attributes": { "query": "q" } }),
            v2("..", "running", "q", 1),
            v2("", "running", "q", 1),
        ] {
            let mut pages = Pages::new(V2, "q");
            assert!(pages.add(body(&[item], Value::Null), PAGE, false).is_err());
        }
        for bad in [json!({}), json!({ "data": null }), json!({ "data": [{}] })] {
            assert!(serde_json::from_value::<Body>(bad).is_err());
        }
    }

    #[test]
    fn a_list_ends_where_its_count_or_a_short_page_says_so() {
        let item = |id: &str| v2(id, "failed", "q", 1);
        let meta = json!({ "page": { "total_count": 3, "total_filtered_count": 2 } });
        let mut pages = Pages::new(V2, "q");
        let two = [item("a"), item("b")];
        assert_eq!(pages.add(body(&two, meta.clone()), PAGE, false), Ok(false));
        assert!(!pages.is_whole, "one is left");
        let mut filtered = Pages::new(V2, "q");
        filtered.add(body(&two, meta.clone()), PAGE, true).unwrap();
        assert!(filtered.is_whole);
        let mut shrunk = Pages::new(V2, "q");
        shrunk.add(body(&two, meta.clone()), PAGE, false).unwrap();
        shrunk.add(body(&[], meta), PAGE, false).unwrap();
        assert!(shrunk.is_whole);
        let mut uncounted = Pages::new(V2, "q");
        uncounted.add(body(&two, Value::Null), PAGE, false).unwrap();
        assert!(uncounted.is_whole);
    }
}
