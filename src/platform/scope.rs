//! What a platform's ids are looked up in: an app, a project, an environment, a service.
//!
//! It is given by its id, or by a name that is looked up once, before anything else. An empty list proves nothing about
//! it, so whether it is there is asked of the platform itself.

use std::sync::OnceLock;

use super::list::{Item, List, Until};
use super::names::Names;
use super::usual::{self, Read};
use crate::api::{Api, ApiRequest, Reply, wire};
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_same};
use crate::model::reason::{Check, Missing};

/// One scope of a run.
pub struct Scope {
    /// What sentences call it.
    noun: &'static str,
    /// Where it was written.
    input: &'static str,
    written: String,
    by: By,
    id: OnceLock<Id>,
    /// What the look-up has shown that is worth a warning: a sentence.
    remark: OnceLock<String>,
    /// Where else the mistake may lie: other inputs, or nothing.
    beside: &'static str,
    /// Where it was looked for, or nothing.
    within: String,
    /// Why it may not be there: what ends the sentence, or nothing.
    unless: &'static str,
    /// It was seen to be there, which is asked once.
    seen: OnceLock<()>,
    is_of_lists_alone: bool,
    /// The input that tells several of one name apart, where names are not unique; else nothing.
    apart: &'static str,
}

/// How it is found. The pointers are JSON pointers.
enum By {
    /// By its id: an answer to this read has the id at the pointer.
    Id(ApiRequest, &'static str),
    /// By its id, which stands in the address alone: this read is answered.
    Address(ApiRequest),
    /// By its id or its name, whichever was written: the same read takes both, and its answer has them at the pointers.
    Either(ApiRequest, &'static str, &'static str),
    /// By its exact name in a list, whose items have name and id at the pointers.
    Name(Box<List>, &'static str, &'static str),
    /// By its exact name or its id among these names; the function knows an id by its look.
    Among(Names, fn(&str) -> bool),
}

impl Scope {
    /// A scope by its id; an answer to `read` has the id at the pointer `at`.
    pub fn by_id(noun: &'static str, input: &'static str, id: Id, read: ApiRequest, at: &'static str) -> Self {
        let written = id.as_str().to_owned();
        let scope = Self::new(noun, input, written, By::Id(read, at));
        scope.id.get_or_init(|| id);
        scope
    }

    /// A scope by its id, which no answer tells: it is there if `read` is answered.
    pub fn by_address(noun: &'static str, input: &'static str, id: Id, read: ApiRequest) -> Self {
        let scope = Self::new(noun, input, id.as_str().to_owned(), By::Address(read));
        scope.id.get_or_init(|| id);
        scope
    }

    /// A scope by its id or its name; an answer to `read` has `[id, name]` at these pointers.
    pub fn by_either(
        noun: &'static str,
        input: &'static str,
        written: Id,
        read: ApiRequest,
        at: [&'static str; 2],
    ) -> Self {
        let [id, named] = at;
        Self::new(noun, input, written.as_str().to_owned(), By::Either(read, id, named))
    }

    /// What begins so is an id, and need not be looked up.
    #[must_use]
    pub fn ids_begin(self, prefix: &str) -> Self {
        if self.written.starts_with(prefix)
            && let Ok(id) = Id::parse(&self.written)
        {
            self.id.get_or_init(|| id);
        }
        self
    }

    /// A scope by its exact name in a list, whose items have `[name, id]` at these pointers.
    pub fn by_name(noun: &'static str, input: &'static str, name: String, list: List, at: [&'static str; 2]) -> Self {
        let [named, id] = at;
        Self::new(noun, input, name, By::Name(Box::new(list), named, id))
    }

    /// A scope by its exact name or its id, whichever was written. A name that looks like an id is one all the same; where
    /// the names may not be read, what looks like an id is taken for one, and is proven only where that matters.
    pub fn among(
        noun: &'static str,
        input: &'static str,
        written: String,
        names: Names,
        is_id: fn(&str) -> bool,
    ) -> Self {
        Self::new(noun, input, written, By::Among(names, is_id))
    }

    fn new(noun: &'static str, input: &'static str, written: String, by: By) -> Self {
        Self {
            noun,
            input,
            written,
            by,
            id: OnceLock::new(),
            remark: OnceLock::new(),
            beside: "",
            within: String::new(),
            unless: "",
            seen: OnceLock::new(),
            is_of_lists_alone: false,
            apart: "",
        }
    }

    /// Names what else may be wrong where there is no such scope, such as "`team_id` and `team_slug`".
    #[must_use]
    pub const fn beside(mut self, inputs: &'static str) -> Self {
        self.beside = inputs;
        self
    }

    /// Says where it was looked for, such as "team acme".
    #[must_use]
    pub fn within(mut self, place: String) -> Self {
        self.within = place;
        self
    }

    /// Says why it may not be there: what ends the sentence, such as ", or hidden".
    #[must_use]
    pub const fn unless(mut self, why: &'static str) -> Self {
        self.unless = why;
        self
    }

    /// Deployments are read without it, so it is no reason why one of them is not there.
    #[must_use]
    pub const fn of_lists_alone(mut self) -> Self {
        self.is_of_lists_alone = true;
        self
    }

    /// Whether a deployment is looked up in it.
    pub(super) const fn holds_reads(&self) -> bool {
        !self.is_of_lists_alone
    }

    /// Names what tells several of one name apart: such a name is bad input, and the list is read to its end to know.
    #[must_use]
    pub const fn told_apart_by(mut self, inputs: &'static str) -> Self {
        self.apart = inputs;
        self
    }

    /// Its id, once it is known; until then what was written.
    pub fn as_str(&self) -> &str {
        self.id.get().map_or(&self.written, Id::as_str)
    }

    /// Its id, once it is known.
    pub fn known_id(&self) -> Option<&str> {
        self.id.get().map(Id::as_str)
    }

    /// What sentences call it, with what was written.
    pub fn name(&self) -> String {
        format!("{} {}", self.noun, self.written)
    }

    /// The same, with its id where that is another text.
    pub fn name_and_id(&self) -> String {
        match self.known_id().filter(|id| *id != self.written) {
            Some(id) => format!("{} ({id})", self.name()),
            None => self.name(),
        }
    }

    /// Whether a deployment belongs to it by the id, and perhaps the name, that it tells of what it belongs to. One that
    /// tells no id does not pass.
    pub(super) fn admits(&self, told: &Deployment, own: Option<&str>, name: Option<&str>) -> Result<(), Failure> {
        if own.is_some_and(|own| is_same(self.as_str(), own)) {
            return Ok(());
        }
        let found = own.map(|own| name.map_or_else(|| own.to_owned(), |name| format!("{name} ({own})")));
        Err(Check::not_of(&told.id, (self.noun, self.input), found, self.name_and_id()).into())
    }

    /// Finds out its id where a name was written, once; or that it is not there.
    pub(super) async fn resolve(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        if self.id.get().is_some() {
            return Ok(None);
        }
        let found = match &self.by {
            By::Id(..) | By::Address(_) => return Ok(None),
            By::Either(read, at, _) => self.read(api, read, at).await?,
            By::Among(names, is_id) => self.find_among(api, names, *is_id).await?,
            By::Name(list, name, id) if self.apart.is_empty() => search(api, list, [name, id], &self.written).await?,
            By::Name(list, name, id) => {
                let found = named(api, list, [name, id], &self.written, false).await?;
                self.only_one(found)?
            }
        };
        Ok(match found {
            Some(id) => {
                self.id.get_or_init(|| id);
                None
            }
            None => Some(self.missing()),
        })
    }

    /// The one with that name, else the one with that id.
    async fn find_among(&self, api: &Api, names: &Names, is_id: fn(&str) -> bool) -> Result<Option<Id>, Failure> {
        let written = &self.written;
        let all = match names.all(api).await {
            Err(failure) if failure.kind == Kind::Forbidden && is_id(written) => return Ok(Id::parse(written).ok()),
            all => all?,
        };
        let named = all.iter().find(|[name, _]| name == written);
        if let Some([_, id]) = named.filter(|_| is_id(written)) {
            let Self { noun, input, .. } = self;
            let text = format!(
                "`{input}` looks like an id, and is taken for the name that it is: {noun} {written} has the id {id}."
            );
            self.remark.get_or_init(|| text);
        }
        let found = named.or_else(|| all.iter().find(|[_, id]| is_same(written, id)));
        Ok(found.and_then(|[_, id]| Id::parse(id).ok()))
    }

    /// What the look-up has shown that is worth a warning: a sentence.
    pub(super) fn remark(&self) -> Option<String> {
        self.remark.get().cloned()
    }

    /// None of several that have the name is meant more than another.
    fn only_one(&self, mut found: Vec<Id>) -> Result<Option<Id>, Failure> {
        if found.len() < 2 {
            return Ok(found.pop());
        }
        let Self { noun, input, written, apart, .. } = self;
        let ids: Vec<_> = found.iter().map(Id::as_str).collect();
        let ids = ids.join(", ");
        let words = format!("`{input}` is the name of more than one {noun}: {written} is {ids}");
        Err(Failure::own(Kind::BadInput, words, format!("Give {apart}.")))
    }

    /// Whether it is there for this credential. One that was found in a list was, and one that was there stays.
    pub(super) async fn is_there(&self, api: &Api) -> Result<bool, Failure> {
        let is_there = self.seen.get().is_some()
            || match &self.by {
                By::Id(read, at) | By::Either(read, at, _) => self.read(api, read, at).await?.is_some(),
                By::Address(read) => usual::present(api.send(read.clone()).await, Read::Later)?.is_some(),
                By::Name(..) => self.resolve(api).await?.is_none(),
                By::Among(names, _) => names.name_of(api, self.as_str()).await?.is_some(),
            };
        if is_there {
            self.seen.get_or_init(|| ());
        }
        Ok(is_there)
    }

    /// What is said where it is not there.
    pub(super) fn missing(&self) -> Missing {
        let Self { noun, input, written, beside, within, unless, .. } = self;
        let and = if beside.is_empty() { "" } else { ", " };
        let place = if within.is_empty() { String::new() } else { format!("in {within} ") };
        let named = if matches!(self.by, By::Name(..)) { "named " } else { "" };
        Missing::Scope {
            name: format!("{noun} {named}{written}"),
            place: format!("{place}for this credential{unless}"),
            check: format!("`{input}`{and}{beside}"),
        }
    }

    /// The id in an answer, which has to be about this scope.
    async fn read(&self, api: &Api, call: &ApiRequest, at: &str) -> Result<Option<Id>, Failure> {
        match api.send(call.clone()).await {
            Ok(reply) => id_at(&reply, at, |id| match &self.by {
                By::Either(_, _, named) => {
                    let name: Option<wire::Text> = reply.at(named).ok().flatten();
                    is_same(&self.written, id) || name.is_some_and(|name| name.get() == Some(&self.written))
                }
                _ => is_same(&self.written, id),
            })
            .map(Some),
            Err(failure) if usual::is_missing(&failure, Read::First) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

fn id_at(reply: &Reply, at: &str, is_meant: impl Fn(&str) -> bool) -> Result<Id, Failure> {
    let found: Option<wire::Text> = reply.at(at)?;
    let found = found.and_then(|text| text.0);
    let found = found.ok_or_else(|| reply.unreadable("without an id"))?;
    if !is_meant(&found) {
        return Err(reply.unreadable("about something else"));
    }
    Id::parse(&found).map_err(|_| reply.unreadable("with an id that is none"))
}

/// The id of what has exactly this name; a list is read to where it is found.
pub(super) async fn search(api: &Api, list: &List, at: [&str; 2], name: &str) -> Result<Option<Id>, Failure> {
    Ok(named(api, list, at, name, true).await?.into_iter().next())
}

/// The ids of all that have exactly this name, or of the first.
async fn named(api: &Api, list: &List, at: [&str; 2], name: &str, is_first_enough: bool) -> Result<Vec<Id>, Failure> {
    let take = |item: &str, _| {
        let text = |pointer: &str| -> Option<String> { wire::at::<wire::Text>(item, pointer).ok().flatten()?.0 };
        let id = text(at[1]).unwrap_or_default();
        let is_it = text(at[0]).as_deref() == Some(name);
        let what = is_it.then(|| Id::parse(&id)).transpose();
        let what = what.map_err(|_| Failure::unreadable("with an id that is none"))?;
        Ok(Item { ends: is_first_enough && what.is_some(), what, id, is_in_flight: false, created: None })
    };
    let found = list.read(api, Until::End, take).await?;
    Ok(found.into_iter().flatten().collect())
}
