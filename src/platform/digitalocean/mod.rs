//! DigitalOcean App Platform, after the OpenAPI description of its API (digitalocean/openapi, read 2026-08-07).
//!
//! Two traps shape this file. A 200 to the cancel call proves nothing: the documented example answers with another
//! deployment's id in a state of its own, so only a read decides. And `phase` is the only field that tells the state:
//! the step counters stop moving when a deployment is canceled.

mod back;

use std::collections::{BTreeMap, BTreeSet};

use super::list::{List, More, Place};
use super::paging::Sizes;
use super::rest::{Rest, opened};
use super::roll_back::RollBack;
use super::scope::Scope;
use super::{Need, Opened, PlatformInfo, Way, input, secret};
use crate::api::wire::{Many, Maybe, Text, Time, fields};
use crate::api::{ApiRequest, Errors, Reset, Service};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::{About, CanRollBack, RollBackInfo};
use crate::model::deployment::{Deployment, Source, State, details};
use crate::model::id::{Id, segment};
use crate::model::memory::Memory;
use crate::select::Select;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "digitalocean",
        name: "DigitalOcean App Platform",
        docs: "https://docs.digitalocean.com/reference/api/digitalocean/#tag/Apps/operation/apps_cancel_deployment",
        named_by: "`app_id` or `app_name`, and the deployment's id",
        credentials: "`token` (or DIGITALOCEAN_ACCESS_TOKEN, DIGITALOCEAN_TOKEN)",
        grant: "the token needs the scopes `app:read` to look and `app:update` to cancel",
        caveat: "The version that was live before stays live. Changes to the app's spec, its databases or anything a \
                 job of this deployment already did are not undone.",
        way_back: "open the app, Activity, and roll back to the deployment before it.",
        roll_back: CanRollBack::Yes(RollBackInfo {
            flips: false,
            in_flight_first: false,
            grant: "",
            not_undone: "What jobs of the deployment did (migrations, data, messages), and what is in databases.",
            stays: "The whole app spec is the old one's, its variables included; static sites are built again. The app is \
                    not pinned: the next push deploys as usual, so revert it first.",
            warning: "",
        }),
    },
    base: "https://api.digitalocean.com",
    inputs: &[
        secret(
            "token",
            &[("DIGITALOCEAN_ACCESS_TOKEN", ""), ("DIGITALOCEAN_TOKEN", "")],
            "API token with the scopes `app:read` and `app:update`.",
        ),
        input("app_id", &[("DIGITALOCEAN_APP_ID", "")], "The app's id."),
        input("app_name", &[], "The app's name, instead of `app_id`."),
    ],
    needs: &[Need::All(&["token"]), Need::OneOf(&[Way::of(&["app_id"]), Way::of(&["app_name"])])],
    states: &[
        ("PENDING_BUILD", State::Queued),
        ("BUILDING", State::Running),
        ("PENDING_DEPLOY", State::Running),
        ("DEPLOYING", State::Running),
        ("CANCELED", State::Canceled),
        ("ACTIVE", State::Succeeded),
        ("ERROR", State::Failed),
        ("SUPERSEDED", State::Superseded),
    ],
    selects: &Select::ALL,
    lists_tell: true,
    open,
    ..PlatformInfo::USUAL
};

/// Two hundred deployments may be more than one answer can hold: a whole app's description stands in each.
const SIZES: Sizes = &[50, 10, 1];

/// What the answers about one deployment show it at.
const DEPLOYMENT: &str = "/deployment";

struct DigitalOcean {
    app: Scope,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let app = if let Some(name) = values.get("app_name") {
        let apps = paged(ApiRequest::get("/v2/apps", "list the apps"), "/apps").instead("app_id");
        Scope::by_name("app", "app_name", name.to_owned(), apps, ["/spec/name", "/id"])
    } else {
        let id = values.parsed("app_id", faults, Id::parse)?;
        let read = read_app(id.as_str());
        Scope::by_id("app", "app_id", id, read, APP_ID)
    };
    let service = Service::new(&INFO.about)
        .bearer(&values.secret("token")?)
        .rate_limit(Reset("ratelimit-reset"))
        .errors(Errors::at(&["/message"]).request_id(&["/request_id"]));
    opened(DigitalOcean { app }, service)
}

/// Where the answer about an app has its id.
const APP_ID: &str = "/app/id";

fn read_app(id: &str) -> ApiRequest {
    ApiRequest::get(format!("/v2/apps/{}", segment(id)), "read the app")
}

/// The API counts its pages from one, and leaves an empty list out.
fn paged(call: ApiRequest, items: &'static str) -> List {
    List::new(call, items)
        .size(Place::Query("per_page"), SIZES)
        .numbered(Place::Query("page"), 1, More::At("/links/pages/next"))
        .left_out_when_empty()
}

impl DigitalOcean {
    fn deployments(&self) -> String {
        format!("/v2/apps/{}/deployments", segment(self.app.as_str()))
    }

    /// There is no filter by phase.
    fn list(&self) -> List {
        paged(ApiRequest::get(self.deployments(), "list the deployments"), "/deployments")
    }
}

impl Rest for DigitalOcean {
    type Wire = Wire;

    fn at(&self) -> &'static str {
        DEPLOYMENT
    }

    fn scope(&self) -> Option<&Scope> {
        Some(&self.app)
    }

    fn read(&self, id: &str) -> ApiRequest {
        let path = format!("{}/{}", self.deployments(), segment(id));
        ApiRequest::get(path, "read the deployment")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        let path = format!("{}/{}/cancel", self.deployments(), segment(id));
        ApiRequest::cancel(path)
    }

    fn lists(&self) -> Vec<List> {
        vec![self.list()]
    }

    fn roll_back(&self) -> Option<&dyn RollBack> {
        Some(self)
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        wire.deployment(self.app.as_str())
    }
}

fields! {
    struct Wire {
        id: Text,
        phase: Text,
        created_at: Time,
        previous_deployment_id: Text,
        cause_details: Maybe<Cause>,
        spec: Maybe<Spec>,
        services: Many<Built>,
        static_sites: Many<Built>,
        workers: Many<Built>,
        jobs: Many<Built>,
        functions: Many<Built>,
    }

    struct Cause {
        kind as "type": Text,
        internal: Maybe<bool>,
        git_push: Maybe<Origin>,
    }

    /// What the app's spec wants.
    struct Spec {
        services: Many<Origin>,
        static_sites: Many<Origin>,
        workers: Many<Origin>,
        jobs: Many<Origin>,
        functions: Many<Origin>,
    }

    /// A component as it was built.
    struct Built {
        name: Text,
        source_commit_hash: Text,
    }

    /// A push, or a component as the spec wants it: from one of these, or from none where its image is ready-made. A plain
    /// clone URL has no `owner/name`.
    struct Origin {
        name: Text,
        commit_sha: Text,
        github: Maybe<Repository>,
        gitlab: Maybe<Repository>,
        bitbucket: Maybe<Repository>,
        git: Maybe<Repository>,
    }

    struct Repository {
        branch: Text,
    }
}

/// The causes that are a person's doing.
const BY_PEOPLE: [&str; 3] = ["MANUAL", "DEPLOY_ON_PUSH", "MANUAL_ROLLBACK"];
/// The causes that are the platform's own doing: copies of a deployment, which carry its commit and its branch.
const BY_THE_PLATFORM: [&str; 4] = ["AUTOSCALED", "MAINTENANCE", "UPDATE_DATABASE_TRUSTED_SOURCES", "AUTO_ROLLBACK"];

impl Cause {
    /// Whether the platform made it by itself. A cause that is not known is taken for a person's, unless the platform
    /// calls it internal.
    fn is_automatic(&self) -> bool {
        let kind = self.kind.or_empty().to_ascii_uppercase();
        let is_internal = self.internal.get() == Some(&true);
        BY_THE_PLATFORM.contains(&kind.as_str()) || (is_internal && !BY_PEOPLE.contains(&kind.as_str()))
    }
}

impl Origin {
    /// What the first of its repositories says that there is. Which one that is does not matter: an app follows its own,
    /// whatever a mirror or their next owner calls them, and none is a fork.
    fn source(&self, commit: Option<&Text>) -> Source {
        let repository = [&self.github, &self.gitlab, &self.bitbucket, &self.git].iter().find_map(|one| one.get());
        Source::of(None, repository.and_then(|it| it.branch.get()), commit.and_then(Text::get))
    }
}

impl Wire {
    fn deployment(self, app: &str) -> Option<Deployment> {
        let sources = self.sources();
        let first = |field: fn(&Source) -> &Option<String>| sources.iter().find_map(|one| field(one).clone());
        let previous = self.previous_deployment_id.0;
        Some(
            Deployment {
                // The deployment's own page has no documented address; the app's page has.
                url: Some(format!("https://cloud.digitalocean.com/apps/{}", segment(app))),
                branch: first(|one| &one.branch),
                commit: first(|one| &one.commit),
                created: self.created_at.0,
                automatic: self.cause_details.get().is_some_and(Cause::is_automatic),
                details: details([("previous_deployment_id", previous.clone())]),
                handle: previous.map(Memory::of::<String>).unwrap_or_default(),
                ..INFO.deployment(self.id, self.phase)?
            }
            .made_from(sources),
        )
    }

    /// The push that caused it, and every component: they may come from different repositories, branches and commits.
    fn sources(&self) -> Vec<Source> {
        let push = self.cause_details.get().and_then(|cause| cause.git_push.get());
        let mut sources = Vec::from_iter(push.map(|push| push.source(Some(&push.commit_sha))));
        sources.extend(self.components());
        // A ready-made image comes from no source at all.
        sources.retain(|source| source.branch.is_some() || source.commit.is_some());
        sources.dedup();
        sources
    }

    fn components(&self) -> Vec<Source> {
        let none = Spec::default();
        let spec = self.spec.get().unwrap_or(&none);
        [
            (&self.services, &spec.services),
            (&self.static_sites, &spec.static_sites),
            (&self.workers, &spec.workers),
            (&self.jobs, &spec.jobs),
            (&self.functions, &spec.functions),
        ]
        .into_iter()
        .flat_map(|(built, planned)| of_kind(&built.0, &planned.0))
        .collect()
    }
}

/// Where the components of one kind come from: as the spec wants them, and those that it does not name any more. They
/// are looked up by name, as an answer is as large as it likes.
fn of_kind(built: &[Built], planned: &[Origin]) -> Vec<Source> {
    let mut named = BTreeMap::new();
    for part in built {
        part.name.get().map(|name| named.entry(name).or_insert(part));
    }
    let wanted: BTreeSet<_> = planned.iter().filter_map(|plan| plan.name.get()).collect();
    let plans = planned.iter().map(|plan| {
        let own = plan.name.get().and_then(|name| named.get(name).copied());
        plan.source(own.map(|built| &built.source_commit_hash))
    });
    let rest = built.iter().filter(|part| part.name.get().is_none_or(|name| !wanted.contains(name)));
    plans.chain(rest.map(|part| Source::of(None, None, part.source_commit_hash.get()))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::wire;

    fn told(body: Value) -> Option<Deployment> {
        let wire: Wire = wire::of(&body).unwrap();
        wire.deployment("app-1")
    }

    fn from(branch: &str, commit: &str) -> Source {
        Source::of(None, Some(branch), Some(commit))
    }

    #[test]
    fn every_component_and_the_push_are_sources() {
        let one = told(json!({
            "id": "d", "phase": "BUILDING",
            "cause_details": { "git_push": { "github": { "repo": "a/web", "branch": "main" }, "commit_sha": "111" } },
            "services": [{ "name": "web", "source_commit_hash": "111" }, { "name": "gone", "source_commit_hash": "222" }],
            "workers": [{ "name": "web", "source_commit_hash": "333" }, { "name": "image" }],
            "jobs": [{ "source_commit_hash": "444" }],
            "spec": {
                "services": [{ "name": "web", "github": { "repo": "a/web", "branch": "main" } }],
                "workers": [
                    { "name": "web", "gitlab": { "repo": "g/sub/work", "branch": "dev" } },
                    { "name": "image", "image": { "registry_type": "DOCR" } },
                ],
                "jobs": [{ "git": { "repo_clone_url": "https://example.com/a/b.git", "branch": "jobs" } }],
                "functions": [{ "name": "fn", "bitbucket": { "repo": "b/fn", "branch": "main" } }],
            },
        }))
        .unwrap();
        let expected = [
            from("main", "111"),
            from("", "222"),
            from("dev", "333"),
            from("jobs", ""),
            from("", "444"),
            from("main", ""),
        ];
        assert_eq!(one.sources, expected);
        let own = (one.branch.as_deref(), one.commit.as_deref());
        assert_eq!(own, (Some("main"), Some("111")));
    }

    #[test]
    fn an_id_and_a_phase_have_to_be_there_and_nothing_else() {
        let bare = told(json!({ "id": "d", "phase": "BUILDING", "spec": null, "services": "none" })).unwrap();
        assert_eq!((bare.state, bare.branch, bare.commit), (State::Running, None, None));
        for bad in [
            json!({ "phase": "BUILDING" }),
            json!({ "id": "d" }),
            json!({ "id": "d", "phase": "" }),
            json!({ "id": 2, "phase": "BUILDING" }),
        ] {
            assert!(told(bad.clone()).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_the_platform_did_by_itself_is_told_from_what_people_did() {
        for (cause, automatic) in [
            (json!(null), false),
            (json!({ "type": "AUTOSCALED" }), true),
            (json!({ "type": "maintenance" }), true),
            (json!({ "type": "AUTO_ROLLBACK", "internal": true }), true),
            (json!({ "type": "MANUAL_ROLLBACK" }), false),
            (json!({ "type": "DEPLOY_ON_PUSH", "internal": true }), false),
            (json!({ "type": "NEW_KIND" }), false),
            (json!({ "type": "NEW_KIND", "internal": true }), true),
        ] {
            let one = told(json!({ "id": "d", "phase": "BUILDING", "cause_details": cause })).unwrap();
            assert_eq!(one.automatic, automatic, "{cause}");
        }
    }
}
