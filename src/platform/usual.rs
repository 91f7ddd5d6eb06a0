//! What an answer means on every platform alike: which failed read says that there is no such thing, and which answer to
//! a cancel request is a yes. A platform that must differ calls these first and says why it adds something.

use crate::api::Reply;
use crate::model::answers::Accepted;
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, Kind};

/// Which read of a deployment, or of what holds it, an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The first one: an id that the platform cannot even read names nothing.
    First,
    /// A later one: the id has been good before, so a 400 is a failure like another, which may pass.
    Later,
}

/// Whether a read says that there is no such thing: 404 and 410, and to the first one a 400.
pub fn is_missing(failure: &Failure, read: Read) -> bool {
    // A refused sign-in may be a 400 as well, and is about no deployment.
    let is_unreadable = failure.kind == Kind::Refused && failure.status == Some(400);
    failure.kind == Kind::NotFound || (is_unreadable && read == Read::First)
}

/// Whether a list says that what it is about is not there: 404 and 410. A 400 may be about the request.
pub fn is_gone(failure: &Failure) -> bool {
    is_missing(failure, Read::Later)
}

/// What a read brought, `None` when its answer says that there is no such thing.
pub(super) fn present<T>(answer: Result<T, Failure>, read: Read) -> Result<Option<T>, Failure> {
    match answer {
        Err(failure) if is_missing(&failure, read) => Ok(None),
        answer => answer.map(Some),
    }
}

/// A 2xx to a cancel request: a yes if it is empty or JSON of any shape, and unclear otherwise. It shows the deployment
/// only where `own` finds this very one in it.
pub(super) fn accepted(reply: &Reply, own: impl FnOnce() -> Option<Deployment>) -> Result<Accepted, Failure> {
    let deployment = own().map(Box::new);
    // What it is found in is JSON.
    if deployment.is_none() {
        reply.assent()?;
    }
    Ok(Accepted { deployment, status: reply.status, request_id: reply.request_id.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_read_takes_a_400_for_an_unknown_id() {
        for (status, kind, first, later) in [
            (400, Kind::Refused, true, false),
            (400, Kind::Unauthorized, false, false),
            (401, Kind::Unauthorized, false, false),
            (403, Kind::Forbidden, false, false),
            (404, Kind::NotFound, true, true),
            (409, Kind::Refused, false, false),
            (410, Kind::NotFound, true, true),
            (422, Kind::Refused, false, false),
            (500, Kind::Server, false, false),
        ] {
            let failure = Failure { status: Some(status), ..Failure::own(kind, "", "") };
            assert_eq!(is_missing(&failure, Read::First), first, "{status}");
            assert_eq!(is_missing(&failure, Read::Later), later, "{status}");
        }
    }
}
