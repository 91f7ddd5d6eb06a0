//! The names of things that are addressed by ids, from one list that is read once: some platforms tell only the ids.

use std::sync::Arc;

use super::list::{Item, List, Until};
use crate::api::{Api, Once, wire};
use crate::model::failure::{Failure, Kind};
use crate::model::id::is_same;

/// Everything on a list that has a name and an id.
#[derive(Clone)]
pub struct Names(Arc<Inner>);

struct Inner {
    list: List,
    /// Where an item has its name, and where its id.
    at: [&'static str; 2],
    /// Names and ids; or that they may not be read, which does not get better.
    all: Once<Result<Vec<[String; 2]>, Failure>>,
}

impl Names {
    /// What is on this list, whose items have `[name, id]` at these pointers.
    pub fn new(list: List, at: [&'static str; 2]) -> Self {
        Self(Arc::new(Inner { list, at, all: Once::new() }))
    }

    /// All of them, as `[name, id]`.
    pub(super) async fn all(&self, api: &Api) -> Result<&[[String; 2]], Failure> {
        let Inner { list, at, all } = &*self.0;
        let read = || async {
            let take = |item: &str, _| {
                let text = |at| -> Option<String> { wire::at::<wire::Text>(item, at).ok().flatten()?.0 };
                let what = at.map(|at| text(at).unwrap_or_default());
                Ok(Item { id: what.concat(), what, is_in_flight: false, created: None, ends: false })
            };
            match list.read(api, Until::End, take).await {
                Err(failure) if failure.kind == Kind::Forbidden => Ok(Err(failure)),
                read => read.map(Ok),
            }
        };
        all.get_or_try_init(read).await?.as_deref().map_err(Clone::clone)
    }

    /// The name of what has that id.
    ///
    /// # Errors
    /// When the list could not be read.
    pub async fn name_of(&self, api: &Api, id: &str) -> Result<Option<&str>, Failure> {
        self.all(api).await.map(|all| name_of(all, id))
    }

    /// The same without a request: as far as the list was read before.
    pub fn known_name_of(&self, id: &str) -> Option<&str> {
        name_of(self.0.all.get()?.as_ref().ok()?, id)
    }
}

fn name_of<'n>(all: &'n [[String; 2]], id: &str) -> Option<&'n str> {
    let [name, _] = all.iter().find(|[_, own]| is_same(id, own))?;
    Some(name)
}
