//! Lists: how one is asked for page by page, when it is read far enough, and when it is believed.
//!
//! Paging is data, because its kinds are a closed set. A link to a next page is never followed: it names a host, and the
//! credential goes to no other than ours. A list is whole or unreadable.

use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

use super::paging::{Page, Paging, Sizes, goes_back, leads_on};
use super::usual::{Read, is_missing};
use crate::api::{Api, ApiRequest, Reply, wire};
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, Kind};

/// One list of an API.
#[derive(Clone, Debug)]
pub struct List {
    call: ApiRequest,
    items: &'static str,
    item: &'static str,
    size: Option<(Place, Sizes)>,
    turn: Turn,
    in_flight: Option<(Place, Value)>,
    goes_back: bool,
    is_left_out_when_empty: bool,
    says: Option<&'static str>,
    instead: &'static str,
}

/// Where a parameter of paging goes.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Into the query, by this name.
    Query(&'static str),
    /// Into the body, at this JSON pointer.
    Body(&'static str),
}

/// How the next page is asked for.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// There is one page.
    One,
    /// By its number.
    Number { place: Place, first: u32, more: More },
    /// By what the answer, or its last item, says at this pointer; where `if_true` is set, only if there is a true there.
    Cursor { place: Place, at: &'static str, of_item: bool, if_true: Option<&'static str> },
    /// By the number of items before it.
    Offset { place: Place, more: More },
}

/// What says that there is a next page.
#[derive(Clone, Copy, Debug)]
pub enum More {
    /// Anything but null, false or nothing at this pointer.
    At(&'static str),
    /// The number of all items at this pointer; where it is missing, a full page.
    Total(&'static str),
    /// The number of all pages at this pointer; where it is missing, there is one.
    Pages(&'static str),
    /// A `Link` header with `rel="next"` (RFC 8288).
    LinkHeader,
}

/// How far a list is read.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// To its end.
    End,
    /// To where so many in a row have ended, where deployments come newest first; never before so many were seen.
    Calm {
        /// In a row.
        ended: usize,
        /// In all.
        least: usize,
    },
    /// To the end of the first page that goes back to before this; never before so many were seen.
    OlderThan {
        /// This.
        time: Timestamp,
        /// In all.
        least: usize,
    },
    /// To the end of the first page on which so many were seen.
    Least(usize),
}

/// Keeps an item, and tells what paging needs of it.
type Keep<'k> = dyn FnMut(&str, Timestamp) -> Result<Item<()>, Failure> + Send + 'k;

impl List {
    /// A list of one page, whose items stand at a JSON pointer of the answer.
    pub const fn new(call: ApiRequest, items: &'static str) -> Self {
        Self {
            call,
            items,
            item: "",
            size: None,
            turn: Turn::One,
            in_flight: None,
            goes_back: false,
            is_left_out_when_empty: false,
            says: None,
            instead: "deployment_id",
        }
    }

    /// Each item holds what is meant at this pointer of its own.
    #[must_use]
    pub const fn each(mut self, item: &'static str) -> Self {
        self.item = item;
        self
    }

    /// How many items a page has at the most, the usual number first, and where that is said.
    #[must_use]
    pub const fn size(mut self, place: Place, sizes: Sizes) -> Self {
        self.size = Some((place, sizes));
        self
    }

    /// The input that makes the list unnecessary.
    #[must_use]
    pub const fn instead(mut self, input: &'static str) -> Self {
        self.instead = input;
        self
    }

    /// Pages are numbered from `first`.
    #[must_use]
    pub const fn numbered(mut self, place: Place, first: u32, more: More) -> Self {
        self.turn = Turn::Number { place, first, more };
        self
    }

    /// What an answer says at the pointer `at` leads to the next page.
    #[must_use]
    pub const fn cursor(mut self, place: Place, at: &'static str) -> Self {
        self.turn = Turn::Cursor { place, at, of_item: false, if_true: None };
        self
    }

    /// What an answer says at the pointer `at` leads to the next page where there is a true at `if_true`: some lists have
    /// a cursor on their last page as well.
    #[must_use]
    pub const fn cursor_if(mut self, place: Place, at: &'static str, if_true: &'static str) -> Self {
        self.turn = Turn::Cursor { place, at, of_item: false, if_true: Some(if_true) };
        self.says(if_true)
    }

    /// The cursor is a point in time as a number, and each lies before the one before.
    #[must_use]
    pub const fn back_in_time(mut self) -> Self {
        self.goes_back = true;
        self
    }

    /// What the last item of a page says at the pointer `at` leads to the next page.
    #[must_use]
    pub const fn cursor_of_item(mut self, place: Place, at: &'static str) -> Self {
        self.turn = Turn::Cursor { place, at, of_item: true, if_true: None };
        self
    }

    /// The number of items so far leads to the next page.
    #[must_use]
    pub const fn offset(mut self, place: Place, more: More) -> Self {
        self.turn = Turn::Offset { place, more };
        self
    }

    /// The platform's own filter for what is in flight.
    #[must_use]
    pub fn in_flight(self, name: &'static str, value: &'static str) -> Self {
        self.in_flight_at(Place::Query(name), Value::from(value))
    }

    /// The same, wherever and whatever it is.
    #[must_use]
    pub fn in_flight_at(mut self, place: Place, value: Value) -> Self {
        self.in_flight = Some((place, value));
        self
    }

    /// The array is missing where it would be empty.
    #[must_use]
    pub const fn left_out_when_empty(mut self) -> Self {
        self.is_left_out_when_empty = true;
        self
    }

    /// Every page has something at this pointer: without it nobody knows whether it is the last.
    #[must_use]
    pub const fn says(mut self, at: &'static str) -> Self {
        self.says = Some(at);
        self
    }

    /// How many have to have ended in a row, so that nothing older is in flight: a page of the usual size.
    pub(super) fn whole_page(&self) -> usize {
        self.size.and_then(|(_, sizes)| sizes.first()).map_or(1, |size| *size as usize)
    }

    /// The same list through the platform's filter, and the one without; the first is `None` where there is no filter.
    pub(super) fn filtered(&self) -> Option<Self> {
        let (place, value) = self.in_flight.clone()?;
        Some(Self { call: put(self.call.clone(), place, value), ..self.clone() })
    }

    /// Reads page after page as far as `until` says, giving each item to `take`, with the time at which it was told.
    ///
    /// # Errors
    /// When a request fails, a page makes no sense, or the list goes on for too long.
    pub async fn read<T: Send>(
        &self,
        api: &Api,
        until: Until,
        take: impl FnMut(&str, Timestamp) -> Result<Item<T>, Failure> + Send,
    ) -> Result<Vec<T>, Failure> {
        self.read_on(api, until, take).await.map(|(all, _)| all)
    }

    /// The same, and whether that was the whole list.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub(super) async fn read_on<T: Send>(
        &self,
        api: &Api,
        until: Until,
        mut take: impl FnMut(&str, Timestamp) -> Result<Item<T>, Failure> + Send,
    ) -> Result<(Vec<T>, bool), Failure> {
        let mut all = Vec::new();
        let mut keep = |item: &str, given: Timestamp| {
            let Item { what, id, is_in_flight, created, ends } = take(item, given)?;
            all.push(what);
            Ok(Item { what: (), id, is_in_flight, created, ends })
        };
        let is_whole = self.turn_pages(api, until, &mut keep).await?;
        Ok((all, is_whole))
    }

    /// The same for items of every type: made anew for each of them, as code for a type is, it took a hundredth of the
    /// program.
    async fn turn_pages(&self, api: &Api, until: Until, keep: &mut Keep<'_>) -> Result<bool, Failure> {
        let sizes = self.size.map_or(&[1][..], |(_, sizes)| sizes);
        let mut paging = Paging::new(sizes, self.instead);
        let (mut seen, mut calm, mut oldest, mut cursor) = (0, 0, None, None);
        loop {
            let page = paging.page();
            let answer = api.send(self.request(page, seen, cursor.as_ref())).await;
            let answer = if page.number == 1 { answer } else { answer.map_err(begun) };
            let Some(reply) = paging.answer(answer)? else {
                continue;
            };
            let outer = self.items(&reply)?;
            let items = outer.iter().map(|item| self.inner(item, &reply)).collect::<Result<Vec<_>, _>>()?;
            let kept = items.iter().map(|item| keep(item.get(), reply.given).map_err(|wrong| about(&reply, wrong)));
            let kept = kept.collect::<Result<Vec<_>, _>>()?;
            paging.see(kept.iter().map(|item| item.id.as_str()))?;
            seen += kept.len();
            for item in &kept {
                calm = if item.is_in_flight { 0 } else { calm + 1 };
                oldest = [oldest, item.created].into_iter().flatten().min();
            }
            let has_next = self.look_ahead(&reply, (page, seen), &outer, &mut cursor)?;
            let is_far_enough = match until {
                Until::End => false,
                Until::Calm { ended, least } => calm >= ended && seen >= least,
                Until::OlderThan { time, least } => seen >= least && oldest.is_some_and(|oldest| oldest < time),
                Until::Least(least) => seen >= least,
            };
            if kept.iter().any(|item| item.ends) || is_far_enough || !has_next {
                return Ok(!has_next);
            }
            paging.turn()?;
        }
    }

    fn request(&self, page: Page, before: usize, cursor: Option<&Value>) -> ApiRequest {
        let mut call = self.call.clone();
        match self.turn {
            Turn::Number { place, first, .. } => call = put(call, place, Value::from(page.number - 1 + first)),
            Turn::Offset { place, .. } => call = put(call, place, Value::from(before)),
            Turn::Cursor { place, .. } => {
                if let Some(cursor) = cursor {
                    call = put(call, place, cursor.clone());
                }
            }
            Turn::One => {}
        }
        match self.size {
            Some((place, _)) => put(call, place, Value::from(page.size)),
            None => call,
        }
    }

    fn items<'r>(&self, reply: &'r Reply) -> Result<Vec<&'r RawValue>, Failure> {
        if let Some(at) = self.says
            && reply.at::<Value>(at)?.is_none()
        {
            return Err(reply.unreadable("without its paging"));
        }
        match reply.items(self.items)? {
            None if self.is_left_out_when_empty => Ok(Vec::new()),
            items => items.ok_or_else(|| reply.unreadable("without a list")),
        }
    }

    fn inner<'r>(&self, item: &'r RawValue, reply: &Reply) -> Result<&'r RawValue, Failure> {
        if self.item.is_empty() {
            return Ok(item);
        }
        let inner = wire::raw(item.get(), self.item).ok().flatten();
        inner.ok_or_else(|| reply.unreadable("with an item that is none"))
    }

    /// Whether there is a next page after this one, with so many items up to its end, by what the list says of itself.
    fn look_ahead(
        &self,
        reply: &Reply,
        (page, many): (Page, usize),
        outer: &[&RawValue],
        cursor: &mut Option<Value>,
    ) -> Result<bool, Failure> {
        let nowhere = |wrong| reply.unreadable(wrong);
        let found: Option<Value> = match self.turn {
            Turn::One => return Ok(false),
            Turn::Number { more, .. } | Turn::Offset { more, .. } => {
                // The last pages of a list that grows shorter while it is read are empty.
                let is_counted = matches!(more, More::Total(_));
                return Ok(more.is_there(reply, page, many)? && !(is_counted && outer.is_empty()));
            }
            Turn::Cursor { if_true: Some(at), .. } if reply.at(at)? != Some(true) => None,
            Turn::Cursor { at, of_item: false, if_true, .. } => {
                let next: Option<Value> = reply.at(at)?;
                if if_true.is_some() && !next.as_ref().is_some_and(is_something) {
                    return Err(nowhere("its next page is not the next one"));
                }
                next
            }
            // Every item has a cursor, also the very last: a page that is not full is the last one.
            Turn::Cursor { .. } if outer.len() < page.size as usize => None,
            Turn::Cursor { at, .. } => outer.last().and_then(|last| wire::at(last.get(), at).ok().flatten()),
        };
        // Only nothing at all is no point in time.
        let found = found.filter(|found| self.goes_back || is_something(found));
        if let Some(found) = found.as_ref().filter(|_| self.goes_back) {
            // What is no number is no point in time.
            let next = found.as_i64().unwrap_or(i64::MAX);
            let before = cursor.as_ref().map_or(i64::MAX, |cursor| cursor.as_i64().unwrap_or(i64::MIN));
            goes_back(next, Some(before)).map_err(nowhere)?;
        }
        if found.is_some() && found == *cursor {
            return Err(nowhere("its next page is not the next one"));
        }
        *cursor = found;
        Ok(cursor.is_some())
    }
}

impl More {
    fn is_there(self, reply: &Reply, page: Page, many: usize) -> Result<bool, Failure> {
        match self {
            Self::LinkHeader => {
                let next = reply.link().and_then(next_of);
                next.map_or(Ok(()), |link| leads_on(link, page)).map_err(|wrong| reply.unreadable(wrong))?;
                Ok(next.is_some())
            }
            Self::Total(at) => {
                let total: Option<usize> = reply.at(at).ok().flatten();
                Ok(total.map_or(many.is_multiple_of(page.size as usize) && many > 0, |total| many < total))
            }
            Self::Pages(at) => {
                let pages: Option<u64> = reply.at(at).ok().flatten();
                Ok(pages.is_some_and(|pages| u64::from(page.number) < pages))
            }
            Self::At(at) => {
                let next: Option<Value> = reply.at(at)?;
                let Some(next) = next.filter(is_something) else {
                    return Ok(false);
                };
                let link = next.as_str().or_else(|| next.get("href")?.as_str());
                link.map_or(Ok(()), |link| leads_on(link, page)).map_err(|wrong| reply.unreadable(wrong))?;
                Ok(true)
            }
        }
    }
}

/// A list that has begun is there: a later page that is not is refused, and says nothing about the list.
pub(super) fn begun(failure: Failure) -> Failure {
    if is_missing(&failure, Read::First) { Failure { kind: Kind::Refused, status: None, ..failure } } else { failure }
}

/// A failure of the item is one of its page: with its status and request id.
fn about(reply: &Reply, wrong: Failure) -> Failure {
    if wrong.kind == Kind::Unreadable { reply.unreadable(&wrong.words) } else { wrong }
}

/// One item of a page, and what paging needs of it.
pub struct Item<T> {
    /// What it is.
    pub what: T,
    /// Its id: what is seen on two pages counts once.
    pub id: String,
    /// Whether it is in flight.
    pub is_in_flight: bool,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Nothing behind it is looked for.
    pub ends: bool,
}

impl Item<Deployment> {
    pub(super) fn deployment(what: Deployment) -> Self {
        Self { id: what.id.clone(), is_in_flight: what.state.is_in_flight(), created: what.created, ends: false, what }
    }
}

fn put(call: ApiRequest, place: Place, value: Value) -> ApiRequest {
    match place {
        Place::Query(name) => {
            let text = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            call.query(name, text)
        }
        Place::Body(pointer) => call.with(pointer, value),
    }
}

fn is_something(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value.as_str() != Some("")
}

/// The address of the next page in a `Link` header; empty where only that there is one is said.
fn next_of(header: &str) -> Option<&str> {
    let is_next = |link: &&str| link.contains("rel=\"next\"") || link.contains("rel=next");
    let next = header.split(", ").flat_map(|links| links.split(",<")).find(is_next)?;
    let (link, _) = next.split_once('>').unwrap_or_default();
    Some(link.trim().trim_start_matches('<'))
}
