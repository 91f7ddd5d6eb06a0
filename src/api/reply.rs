//! A 2xx answer, and how it is read.

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::wire::{self, Field};
use super::words::unreadable;
use crate::model::about::About;
use crate::model::failure::{Failure, Kind};
use crate::model::id::is_same;

/// A 2xx answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The platform's id of the request.
    pub request_id: Option<String>,
    /// When it was given: by the platform's own clock (`Date`), by ours where it does not say.
    pub given: Timestamp,
    /// The same where the platform says it, to prove something by.
    pub date: Option<Timestamp>,
    pub(super) link: Option<String>,
    pub(super) body: String,
    pub(super) action: String,
    /// What can be said of the platform in words, and the input that its host follows from.
    pub(super) from: (&'static About, &'static str),
}

impl Reply {
    /// Whether the body is empty.
    pub fn is_empty(&self) -> bool {
        self.body.bytes().all(|byte| byte.is_ascii_whitespace())
    }

    /// What stands at a JSON pointer of the body; `None` when nothing does.
    ///
    /// # Errors
    /// When the body is no JSON, or what stands there has another shape.
    pub fn at<T: Field + Default>(&self, pointer: &str) -> Result<Option<T>, Failure> {
        self.read(|body| wire::at(body, pointer))
    }

    /// What is read of the body.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn read<'r, T>(&'r self, read: impl FnOnce(&'r str) -> serde_json::Result<T>) -> Result<T, Failure> {
        read(&self.body).map_err(|_| self.unreadable(what_is(&self.body)))
    }

    /// What stands at a JSON pointer of the body, as it is written.
    ///
    /// # Errors
    /// As for [`Self::at`].
    pub(crate) fn raw(&self, pointer: &str) -> Result<Option<&RawValue>, Failure> {
        self.read(|body| wire::raw(body, pointer))
    }

    /// The items of the list at a JSON pointer of the body, as they are written.
    ///
    /// # Errors
    /// As for [`Self::at`].
    pub(crate) fn items(&self, pointer: &str) -> Result<Option<Vec<&RawValue>>, Failure> {
        self.read(|body| wire::items(body, pointer))
    }

    /// The `Link` header of the answer.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// The body as JSON of this shape, or a failure that says what came instead.
    pub fn json<T: Field + Default>(&self) -> Result<T, Failure> {
        self.at("")?.ok_or_else(|| self.unreadable(what_is(&self.body)))
    }

    /// The body as what has this id, which `own` finds in it.
    ///
    /// # Errors
    /// As for [`Self::at`], and when it is about something else.
    pub fn about<T: Field + Default>(&self, id: &str, own: fn(&T) -> &wire::Text) -> Result<T, Failure> {
        let told: Option<T> = self.at("")?;
        let told = told.filter(|told| own(told).get().is_some_and(|own| is_same(id, own)));
        told.ok_or_else(|| self.unreadable("about something else"))
    }

    /// Checks that this is a yes, whatever it says: an empty body or any JSON. A web page is somebody else's yes.
    pub fn assent(&self) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        self.read(serde_json::from_str::<IgnoredAny>).map(drop)
    }

    /// A failure that says the answer makes no sense.
    pub fn unreadable(&self, words: &str) -> Failure {
        let words = format!("the answer was {}, but {words}", self.status);
        Failure {
            action: self.action.clone(),
            status: Some(self.status),
            request_id: self.request_id.clone(),
            ..Failure::own(Kind::Unreadable, words, unreadable(self.from.0, self.from.1))
        }
    }
}

/// Describes a body that should have been JSON of some shape, without quoting it.
fn what_is(body: &str) -> &'static str {
    let start = body.bytes().find(|byte| !byte.is_ascii_whitespace());
    match (start, serde_json::from_str::<IgnoredAny>(body)) {
        (None, _) => "empty",
        (Some(b'<'), _) => "an HTML page instead of JSON",
        (_, Ok(_)) => "JSON of another shape than documented",
        (_, Err(error)) if error.is_eof() => "JSON that breaks off",
        (_, Err(_)) => "not JSON",
    }
}
