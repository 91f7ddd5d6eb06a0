//! What is live in an app and what was, by its deployments, revisions and droplets.
//!
//! The processes that run tell the revision, and in the middle of a deployment they are of two: that of the deployment in
//! flight is left out. What a deployment says that it replaced had never been live if it superseded one that was not done.

use jiff::Timestamp;

use super::list::{deployments, paged};
use super::wire::{APP, DROPLET, LAST_CHANGE, Named, PREVIOUS_DROPLET, REVISION, detail, stored};
use crate::api::wire::{self, Many, Maybe, Text, fields};
use crate::api::{Api, ApiRequest, Reply};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same, segment};
use crate::model::roll_back::{LiveNow, Version};
use crate::platform::list::{Item, Until};
use crate::platform::usual::is_gone;

fields! {
    struct Revision {
        guid: Text,
        version: Maybe<usize>,
        description: Text,
        droplet: Maybe<Named>,
    }
}

/// What the platform says of a revision that a roll back made, and behind it of which one.
const ROLLED_BACK: &str = "Rolled back to revision ";

impl Revision {
    /// A copy has the droplet of its original and names the number of that: a revision of that droplet may have other
    /// variables.
    fn version(self) -> Option<Version> {
        let number =
            self.description.or_empty().rsplit_once(ROLLED_BACK).map(|(_, number)| number.trim_end_matches('.'));
        let original = number.and_then(|number| number.parse().ok());
        let droplet = self.droplet.0.and_then(|droplet| droplet.guid.0);
        let content = |number: Option<usize>| Some(format!("{} {}", droplet.as_deref()?, number?));
        let (content, copy_of) = (content(self.version.0), content(original));
        Some(Version { id: self.guid.0?, kind: "revision", content, copy_of, ..Version::default() })
    }
}

/// The droplet of a version.
pub(super) fn droplet_of(version: &Version) -> Option<&str> {
    version.content.as_deref()?.split(' ').next()
}

pub(super) fn droplet(guid: &str) -> Version {
    Version { kind: "droplet", content: Some(guid.to_owned()), ..Version::of(guid) }
}

/// A deployment that makes something live, or has made it: its revision, else its droplet.
pub(super) fn made_by(one: &Deployment) -> Version {
    let names = detail(one, REVISION).or(detail(one, DROPLET)).map(str::to_owned);
    Version { names, ..Version::of(&one.id) }
}

/// The same with what it is a copy of.
pub(super) async fn made_of(api: &Api, one: &Deployment) -> Result<Version, Failure> {
    let made = made_by(one);
    let Some(guid) = detail(one, REVISION) else {
        return Ok(Version { content: made.names.clone(), copy_of: made.names.clone(), ..made });
    };
    let call = ApiRequest::get(format!("/v3/revisions/{}", segment(guid)), "read the revision");
    let told: Option<Revision> = match api.send(call).await {
        Ok(reply) => reply.at("")?,
        Err(failure) if is_gone(&failure) => None,
        Err(failure) => return Err(failure),
    };
    let told = told.and_then(Revision::version).unwrap_or_default();
    Ok(Version { content: told.content, copy_of: told.copy_of, ..made })
}

/// What the live pointer names here: an app without revisions has droplets only.
pub(super) fn key(ours: &Deployment) -> &'static str {
    if detail(ours, REVISION).is_some() { REVISION } else { DROPLET }
}

/// Whether a deployment tells this by that name.
pub(super) fn tells(one: &Deployment, name: &str, guid: &str) -> bool {
    detail(one, name).is_some_and(|told| is_same(guid, told))
}

pub(super) fn changed(one: &Deployment) -> Option<Timestamp> {
    detail(one, LAST_CHANGE)?.parse().ok()
}

pub(super) fn app_of(ours: &Deployment) -> Result<Id, Failure> {
    let app = detail(ours, APP).and_then(|guid| Id::parse(guid).ok());
    app.ok_or_else(|| Failure::guarded("the deployment does not tell its app", ""))
}

pub(super) fn within(app: &Id, rest: &str) -> String {
    format!("/v3/apps/{}{rest}", segment(&stored(app.as_str())))
}

/// All deployments of an app that are kept, newest first.
pub(super) async fn history(api: &Api, app: &Id) -> Result<Vec<Deployment>, Failure> {
    deployments(api, app, Some(Timestamp::MIN)).await
}

/// All revisions of an app that are kept, newest first.
pub(super) async fn revisions(api: &Api, app: &Id) -> Result<Vec<Version>, Failure> {
    let call = ApiRequest::get(within(app, "/revisions"), "list the revisions").query("order_by", "-created_at");
    let take = |item: &str, _| {
        let one = wire::item(item).and_then(Revision::version);
        let one = one.ok_or_else(|| Failure::unreadable("with a revision without an id"))?;
        Ok(Item { id: one.id.clone(), what: one, is_in_flight: false, created: None, ends: false })
    };
    paged(call).read(api, Until::End, take).await
}

/// Of which revisions processes run.
pub(super) async fn running(api: &Api, app: &Id) -> Result<Reply, Failure> {
    api.send(ApiRequest::get(within(app, "/revisions/deployed"), "read which revision is live")).await
}

/// The one revision that runs, besides that of a deployment in flight.
pub(super) async fn deployed(api: &Api, app: &Id, reply: &Reply, active: &[Deployment]) -> Result<LiveNow, Failure> {
    let all: Option<Many<Revision>> = reply.at("/resources")?;
    let total: Option<usize> = reply.at("/pagination/total_results")?;
    let all = all.map(|all| all.0).filter(|all| total == Some(all.len()));
    let all = all.and_then(|all| all.into_iter().map(Revision::version).collect::<Option<Vec<_>>>());
    let mut all = all.ok_or_else(|| reply.unreadable("without a whole list of revisions"))?;
    all.retain(|one| !active.iter().any(|active| tells(active, REVISION, &one.id)));
    if all.len() > 1 {
        // Instances of what was superseded stay until the newer one is done.
        let history = history(api, app).await?;
        all.retain(|one| !was_given_up(&history, &one.id));
    }
    let version = all.pop().map(|live| Version { was_live: true, ..live });
    if all.is_empty() {
        Ok(LiveNow { version, date: reply.date })
    } else {
        Err(reply.unreadable("more than one revision is live"))
    }
}

/// The droplet of an app without revisions: that before the deployment in flight, else the app's own.
pub(super) async fn current(api: &Api, app: &Id, active: &[Deployment]) -> Result<LiveNow, Failure> {
    let call = ApiRequest::get(within(app, "/droplets/current"), "read which droplet is live");
    let (guid, date) = match api.send(call).await {
        Ok(reply) => {
            let guid: Option<Text> = reply.at("/guid")?;
            (Some(guid.and_then(|guid| guid.0).ok_or_else(|| reply.unreadable("without a droplet"))?), reply.date)
        }
        Err(failure) if is_gone(&failure) => (None, None),
        Err(failure) => return Err(failure),
    };
    let guid = match active.first() {
        Some(first) => before(&history(api, app).await?, &first.id).map(str::to_owned),
        None => guid,
    };
    Ok(LiveNow { version: guid.map(|guid| Version { was_live: true, ..droplet(&guid) }), date })
}

/// The droplet that was live when a deployment began. What it superseded was not.
pub(super) fn before<'d>(history: &'d [Deployment], id: &str) -> Option<&'d str> {
    let mut older = history.iter().skip_while(|one| !is_same(id, &one.id));
    let mut droplet = detail(older.next()?, PREVIOUS_DROPLET)?;
    for one in older.take_while(|one| one.state == State::Superseded) {
        if tells(one, DROPLET, droplet) {
            droplet = detail(one, PREVIOUS_DROPLET)?;
        }
    }
    Some(droplet)
}

/// Whether a revision is of deployments that were all canceled or superseded.
pub(super) fn was_given_up(history: &[Deployment], revision: &str) -> bool {
    let mut of = history.iter().filter(|one| tells(one, REVISION, revision)).peekable();
    of.peek().is_some() && of.all(|one| matches!(one.state, State::Canceled | State::Superseded))
}

/// With the proof that it had been live: a deployment of it that was finished.
pub(super) fn proven(version: Version, history: &[Deployment], key: &str) -> Version {
    let is_it = |one: &Deployment| one.state == State::Succeeded && tells(one, key, &version.id);
    Version { was_live: history.iter().any(is_it), ..version }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn one(id: &str, state: State, made: [&str; 2], previous: &str) -> Deployment {
        let [revision, droplet] = made;
        let details = json!({ REVISION: revision, DROPLET: droplet, PREVIOUS_DROPLET: previous });
        Deployment { state, details: details.as_object().unwrap().clone(), ..Deployment::without_reading(id) }
    }

    fn read(body: &Value) -> Option<Version> {
        wire::of::<Revision>(body).unwrap().version()
    }

    #[test]
    fn a_revision_without_an_id_is_none() {
        let told = read(&json!({ "guid": "r", "version": 3, "droplet": { "guid": "d" } })).unwrap();
        assert_eq!((told.label().as_str(), told.content.as_deref()), ("revision r", Some("d 3")));
        assert_eq!((droplet_of(&told), told.copy_of.as_deref()), (Some("d"), None));
        assert_eq!(read(&json!({ "guid": "r", "droplet": null })).unwrap().content, None);
        assert!(read(&json!({ "droplet": { "guid": "d" } })).is_none());
    }

    #[test]
    fn a_copy_has_the_droplet_of_its_original_and_names_it() {
        let original = read(&json!({ "guid": "r-2", "version": 2, "droplet": { "guid": "d" } })).unwrap();
        let of = |droplet: &str, description: &str| {
            let droplet = json!({ "guid": droplet });
            read(&json!({ "guid": "r-5", "version": 5, "droplet": droplet, "description": description })).unwrap()
        };
        assert!(of("d", "Rolled back to revision 2.").serves(&original));
        let again = read(
            &json!({ "guid": "r-7", "version": 7, "droplet": { "guid": "d" }, "description": "Rolled back to revision 5." }),
        );
        assert!(again.unwrap().serves(&of("d", "Rolled back to revision 2.")), "a copy of a copy");
        assert!(of("d", "New droplet deployed. Rolled back to revision 2.").serves(&original));
        for (droplet, description) in [
            ("d", "New environment variables deployed."),
            ("d", "Rolled back to revision 22."),
            ("d", "Rolled back to revision."),
            ("e", "Rolled back to revision 2."),
        ] {
            assert!(!of(droplet, description).serves(&original), "{droplet} {description}");
        }
    }

    #[test]
    fn what_a_deployment_superseded_was_not_live_before_it() {
        let now = || one("now", State::Succeeded, ["r3", "d3"], "d2");
        let unfinished = || one("unfinished", State::Superseded, ["r2", "d2"], "d1");
        let live = || one("live", State::Succeeded, ["r2", "d2"], "d1");
        let canceled = || one("canceled", State::Canceled, ["r2", "d2"], "d1");
        assert_eq!(before(&[now(), live()], "now"), Some("d2"));
        assert_eq!(before(&[now(), unfinished(), live()], "now"), Some("d1"));
        // It was being canceled when it was superseded, and the droplet before it was back already.
        assert_eq!(before(&[one("now", State::Succeeded, ["r3", "d3"], "d1"), unfinished()], "now"), Some("d1"));
        // One that was canceled before it began has given its droplet back: somebody put that one there.
        assert_eq!(before(&[now(), canceled(), unfinished()], "now"), Some("d2"));
        assert_eq!(before(&[live(), now()], "now"), Some("d2"));
        assert_eq!(before(&[live()], "now"), None);
    }

    #[test]
    fn only_a_finished_deployment_proves_that_its_revision_was_live() {
        let of = |state| one("x", state, ["r1", "d1"], "d0");
        for (states, was_live, given_up) in [
            (&[][..], false, false),
            (&[State::Succeeded], true, false),
            (&[State::Superseded, State::Succeeded], true, false),
            (&[State::Canceled], false, true),
            (&[State::Superseded, State::Canceled], false, true),
            (&[State::Unknown], false, false),
            (&[State::Superseded, State::Unknown], false, false),
        ] {
            let history: Vec<_> = states.iter().map(|state| of(*state)).collect();
            let told = proven(Version::of("r1"), &history, REVISION);
            assert_eq!(told.was_live, was_live, "{states:?}");
            assert_eq!(was_given_up(&history, "r1"), given_up, "{states:?}");
            assert!(!proven(Version::of("r2"), &history, REVISION).was_live);
            assert_eq!(proven(droplet("d1"), &history, DROPLET).was_live, was_live);
        }
    }
}
