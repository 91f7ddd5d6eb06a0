//! Why nothing was sent, or nothing more.

use super::parts::{Examples, failure, forbidden, refusal};
use crate::model::failure::{Failure, Kind};
use crate::model::reason::{Missing, Reason, Refusal, Says, Unchecked, Unsent, What};

pub(super) fn all() -> Examples {
    [unsent(), failed(), refused()].into_iter().flatten().collect()
}

fn unsent() -> Examples {
    let word = || "BUILDING".to_owned();
    let unchecked = |what| Unsent::Unchecked(what, forbidden()).into();
    vec![
        (Unsent::State(word()).into(), "It is BUILDING, which `only_states` excludes."),
        (Unsent::DryRun(word()).into(), "It is BUILDING; without `dry_run`, this run would ask to cancel it."),
        (
            Unsent::DryRunCanceling("STOPPING".to_owned()).into(),
            "It is STOPPING, so it is being canceled already; without `dry_run`, this run would only watch it.",
        ),
        (
            unchecked(Unchecked::Source),
            "This credential may not read it, so its branch, commit and target cannot be checked: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            unchecked(Unchecked::Scope),
            "This credential may not read it, so the project or environment it belongs to cannot be checked: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            unchecked(Unchecked::State),
            "This credential may not read it, so `only_states` cannot be checked: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            unchecked(Unchecked::DryRun),
            "This credential may not read it, so a dry run has nothing to tell: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            unchecked(Unchecked::Id),
            "This credential may not read it, so nobody knows which deployment is meant: the answer was 403 \"Not yours\" (request req-1).",
        ),
    ]
}

fn failed() -> Examples {
    let own = |words| Box::new(Failure::guarded(words, "Do this."));
    vec![
        (
            Unsent::Unknown(refusal(Kind::NotFound, 404)).into(),
            "There is no such deployment for this credential: the answer was 404 \"Not now\" (request req-1).",
        ),
        (
            Unsent::Unknown(refusal(Kind::Forbidden, 403)).into(),
            "This credential may neither read nor cancel it: the answer was 403 \"Not now\" (request req-1).",
        ),
        (
            Unsent::Unsendable(failure(Kind::UnknownHost, "cancel the deployment", None, "the host name is not known"))
                .into(),
            "The cancel request could not be sent: the host name is not known.",
        ),
        (
            Unsent::Guarded(own("deployment d-1 belongs to project p-2, not to p-1")).into(),
            "Deployment d-1 belongs to project p-2, not to p-1.",
        ),
        (
            Unsent::Misdirected(own("the environment moved on: d-2 was asked to stop, not d-1")).into(),
            "The environment moved on: d-2 was asked to stop, not d-1.",
        ),
        (
            Reason::failed(*forbidden()),
            "This run could not read the deployment: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (
            Unsent::Failed { failure: forbidden(), turned_away: true }.into(),
            "This run could not read the deployment; a rate limit (429) had turned the cancel request away: the answer was 403 \"Not yours\" (request req-1).",
        ),
        (Reason::failed(*own("the API has no sign-in")), "The API has no sign-in."),
        (Reason::Missing(Missing::NoList), "This platform has no list of deployments."),
        (
            Reason::CannotBegin("too few files can be open at once".to_owned()),
            "This run could not begin: too few files can be open at once.",
        ),
    ]
}

fn refused() -> Examples {
    let other = |what, wanted: &str, told| Unsent::Refused(Refusal::Other(what, wanted.to_owned(), told)).into();
    let main2 = || Says::This("main2".to_owned());
    let kept = || Refusal::Kept { id: "d-2".to_owned(), word: "ERROR".to_owned() };
    let no_longer = |why, unclear, turned_away| Unsent::NoLonger { why, unclear, turned_away }.into();
    let place = || "environment e-1".to_owned();
    let never = Refusal::NeverDeployed { place: place(), word: "READY".to_owned() };
    let teardown = Refusal::Teardown { place: place(), word: "STOPPING".to_owned(), id: Some("d-1".to_owned()) };
    vec![
        (other(What::Branch, "main", main2()), "It had to be of branch main, but its branch is main2."),
        (
            other(What::Commit, "1234567890abcdef", Says::Nothing),
            "It had to be of commit 1234567, but its commit is not known.",
        ),
        (
            other(What::Commit, "1234567890abcdef", Says::This("fedcba0987654321".to_owned())),
            "It had to be of commit 1234567, but its commit is fedcba0.",
        ),
        (
            other(What::Target, "production", Says::TooLong),
            "It had to go to production, but its target is another one.",
        ),
        (
            no_longer(kept(), None, false),
            "No cancel request was sent, because d-2, the newer one that was to take its place, is ERROR now.",
        ),
        (
            no_longer(Refusal::State("LIVE".to_owned()), None, true),
            "No further cancel request was sent, because it is LIVE now, which `only_states` excludes; a rate limit (429) had turned one away.",
        ),
        (
            no_longer(Refusal::Own("it is another one's".to_owned()), Some(refusal(Kind::Server, 502)), false),
            "No further cancel request was sent, because it is another one's; the one before had no clear answer: the answer was 502 \"Not now\" (request req-1).",
        ),
        (
            no_longer(teardown, None, false),
            "No cancel request was sent, because environment e-1 is STOPPING, which is no deployment.",
        ),
        (Unsent::Nothing(never).into(), "Nothing was ever deployed in environment e-1: its status is READY."),
    ]
}
