//! The lists of both surfaces: all deployments of an account, of which only those for one host query are meant.
//!
//! The order of a list is promised nowhere for what has not started yet, so a list is read to its end; one that is long
//! to where nothing is in flight any more, and what may lie behind that is asked for by its status.

use super::surface::Surface::{self, Preview, V2};
use super::wire::Wire;
use crate::api::wire;
use crate::api::{Api, ApiRequest};
use crate::model::answers::Listed;
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::Id;
use crate::platform::in_scope;
use crate::platform::list::{Item, List, More, Place, Until, begun};
use crate::platform::paging::Sizes;
use crate::platform::usual::{Read, is_missing};

/// The most that either surface puts on a page, and less.
const SIZES: Sizes = &[100, 10, 1];

/// The deployments in flight whose host query is exactly this text. The preview is asked only where there is no v2.
pub(super) async fn list(api: &Api, surfaces: &[Surface], query: &str) -> Result<Listed, Failure> {
    let mut none = None;
    for surface in surfaces {
        let answer = match surface {
            V2 => in_flight_on_v2(api, query).await,
            Preview => read(api, *surface, None, Until::End, query).await.map(|(seen, _)| seen),
        };
        match answer {
            Err(failure) if is_missing(&failure, Read::First) => none = Some(failure),
            // An account is always there, so an empty list says what it says.
            answer => return Ok(Listed::Here(in_scope(answer?))),
        }
    }
    Err(none.unwrap_or_else(|| Failure::guarded("there is nowhere to ask", "")))
}

async fn in_flight_on_v2(api: &Api, query: &str) -> Result<Vec<Deployment>, Failure> {
    let page = SIZES.first().map_or(1, |size| *size as usize);
    let (mut seen, is_whole) = read(api, V2, None, Until::Calm { ended: page, least: 0 }, query).await?;
    if is_whole {
        return Ok(seen);
    }
    for (filter, is_documented) in [("status:running", true), ("status:pending", false)] {
        let more = match read(api, V2, Some(filter), Until::End, query).await {
            // A value that is not among the examples of the documents may be refused: then nothing but the whole list
            // shows what waits.
            Err(failure) if failure.kind == Kind::Refused && !is_documented => {
                read(api, V2, None, Until::End, query).await
            }
            answer => answer,
        };
        // The list is there, so a no is about this filter.
        seen.extend(more.map_err(begun)?.0);
    }
    Ok(seen)
}

/// Those of the query, and whether the list was read to its end.
async fn read(
    api: &Api,
    surface: Surface,
    filter: Option<&str>,
    until: Until,
    query: &str,
) -> Result<(Vec<Deployment>, bool), Failure> {
    let (seen, is_whole) = surface.list(filter).read_on(api, until, |item, _| taken(surface, item, query)).await?;
    Ok((seen.into_iter().flatten().collect(), is_whole))
}

impl Surface {
    /// v2 counts pages, the preview items.
    fn list(self, filter: Option<&str>) -> List {
        let call = ApiRequest::get(format!("/api/{}/fleet/deployments", self.word()), "list the deployments");
        let (call, total) = match filter {
            Some(filter) => (call.query("filter", filter), "/meta/page/total_filtered_count"),
            None => (call, "/meta/page/total_count"),
        };
        let list = List::new(call, "/data").size(Place::Query("page_size"), SIZES);
        match self {
            V2 => list.numbered(Place::Query("page_number"), 0, More::Total(total)),
            Preview => list.offset(Place::Query("page_offset"), More::Total(total)),
        }
    }
}

/// One item, whosever it is; of another query it only says whether something is in flight.
fn taken(surface: Surface, item: &str, query: &str) -> Result<Item<Option<Deployment>>, Failure> {
    let wire: Wire = wire::item(item).unwrap_or_default();
    let (id, is_ours) = (wire.id().to_owned(), wire.is_for(query));
    // Nobody gave its id, so it is judged like a written one.
    let is_fit = Id::parse(&id).is_ok_and(|fit| fit.as_str() == id);
    let told = wire.deployment(surface).filter(|_| is_fit);
    // Nobody knows what one without a status would have said.
    if id.is_empty() || is_ours && told.is_none() {
        return Err(Failure::unreadable("with a deployment without an id or a status"));
    }
    let is_going_on = |one: &Deployment| one.state.is_in_flight() || one.state == State::Canceling;
    Ok(Item {
        id,
        is_in_flight: told.as_ref().is_some_and(is_going_on),
        created: None,
        ends: false,
        what: told.filter(|_| is_ours),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn item(id: &str, status: &str, query: &str) -> Value {
        json!({ "id": id, "attributes": { "status": status, "query": query, "started_at": 0 } })
    }

    fn read_item(surface: Surface, item: &Value) -> Result<Item<Option<Deployment>>, Failure> {
        taken(surface, &item.to_string(), "env:prod")
    }

    #[test]
    fn only_deployments_for_the_very_same_query_are_taken_and_each_tells_whether_it_goes_on() {
        for (one, is_in_flight, is_ours) in [
            (item("a", "pending", "env:prod"), true, true),
            (item("b", "stopping", "env:prod"), true, true),
            (item("c", "failed", "env:prod"), false, true),
            (item("d", "running", "env:prod AND service:web"), true, false),
            (item("e", "running", "ENV:PROD"), true, false),
            (json!({ "id": "f", "attributes": { "status": "running" } }), true, false),
            (json!({ "id": "g", "attributes": { "query": "env:dev" } }), false, false),
        ] {
            let taken = read_item(V2, &one).unwrap();
            assert_eq!((taken.is_in_flight, taken.what.is_some()), (is_in_flight, is_ours), "{one}");
        }
        let preview =
            json!({ "id": "p", "attributes": { "high_level_status": "running", "filter_query": "env:prod" } });
        let one = read_item(Preview, &preview).unwrap().what.unwrap();
        assert_eq!((one.state, one.created, one.handle.get()), (State::Running, None, Some(&Preview)));
    }

    #[test]
    fn a_deployment_of_ours_that_tells_nothing_spoils_the_page() {
        let speechless = json!({ "id": "a", "attributes": { "query": "env:prod" } });
        for bad in [speechless, item("..", "running", "env:prod"), item("", "running", "env:prod"), json!({})] {
            assert!(read_item(V2, &bad).is_err(), "{bad}");
        }
    }
}
