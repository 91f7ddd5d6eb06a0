//! What the examples are made of.

use crate::model::failure::{Failure, Kind};
use crate::model::reason::Reason;

/// Reasons with their sentences.
pub type Examples = Vec<(Reason, &'static str)>;

pub(super) fn failure(kind: Kind, action: &str, status: Option<u16>, words: &str) -> Box<Failure> {
    let request_id = status.map(|_| "req-1".to_owned());
    let hint = "Do this.";
    Box::new(Failure { action: action.to_owned(), status, request_id, ..Failure::own(kind, words, hint) })
}

pub(super) fn forbidden() -> Box<Failure> {
    failure(Kind::Forbidden, "read the deployment", Some(403), "Not yours")
}

pub(super) fn refusal(kind: Kind, status: u16) -> Box<Failure> {
    failure(kind, "cancel the deployment", Some(status), "Not now")
}
