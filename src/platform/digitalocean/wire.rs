//! The shapes of DigitalOcean's answers, and what a deployment in them tells.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::ENTRY;
use crate::model::deployment::{Deployment, Source};
use crate::model::id::{Id, segment};
use crate::platform::lenient;

#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) deployment: Option<T>,
}

/// One page of an app's deployments. The list is left out when it is empty; an item that makes no sense spoils it all,
/// because nobody knows what it would have said.
#[derive(Deserialize)]
pub(super) struct Deployments {
    deployments: Option<Vec<Wire>>,
    pub(super) links: Option<Links>,
}

#[derive(Deserialize)]
pub(super) struct Wire {
    pub(super) id: String,
    phase: String,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    previous_deployment_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    cause_details: Option<CauseDetails>,
    #[serde(flatten)]
    built: Parts<Built>,
    #[serde(default, deserialize_with = "lenient")]
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct CauseDetails {
    #[serde(default, deserialize_with = "lenient", rename = "type")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    internal: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    git_push: Option<GitPush>,
}

/// The causes that are a person's doing.
const BY_PEOPLE: [&str; 3] = ["MANUAL", "DEPLOY_ON_PUSH", "MANUAL_ROLLBACK"];
/// The causes that are the platform's own doing: copies of a deployment, which carry its commit and its branch.
const BY_THE_PLATFORM: [&str; 4] = ["AUTOSCALED", "MAINTENANCE", "UPDATE_DATABASE_TRUSTED_SOURCES", "AUTO_ROLLBACK"];

#[derive(Deserialize)]
struct GitPush {
    commit_sha: Option<String>,
    #[serde(flatten)]
    origin: Origin,
}

/// The components of an app, by their kinds.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Parts<T> {
    #[serde(default, deserialize_with = "lenient")]
    services: Option<Vec<T>>,
    #[serde(default, deserialize_with = "lenient")]
    static_sites: Option<Vec<T>>,
    #[serde(default, deserialize_with = "lenient")]
    workers: Option<Vec<T>>,
    #[serde(default, deserialize_with = "lenient")]
    jobs: Option<Vec<T>>,
    #[serde(default, deserialize_with = "lenient")]
    functions: Option<Vec<T>>,
}

/// A component as it was built.
#[derive(Deserialize)]
struct Built {
    name: Option<String>,
    source_commit_hash: Option<String>,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(flatten)]
    planned: Parts<Planned>,
}

/// A component as the app's spec wants it.
#[derive(Deserialize)]
struct Planned {
    name: Option<String>,
    #[serde(flatten)]
    origin: Origin,
}

/// Where sources come from: one of these, or none for a ready-made image.
#[derive(Deserialize)]
struct Origin {
    #[serde(default, deserialize_with = "lenient")]
    github: Option<Repository>,
    #[serde(default, deserialize_with = "lenient")]
    gitlab: Option<Repository>,
    #[serde(default, deserialize_with = "lenient")]
    bitbucket: Option<Repository>,
    /// A plain clone URL; it has no `owner/name`.
    #[serde(default, deserialize_with = "lenient")]
    git: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    repo: Option<String>,
    branch: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Apps {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) apps: Option<Vec<AppWire>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) links: Option<Links>,
}

#[derive(Deserialize)]
pub(super) struct AppEnvelope {
    pub(super) app: AppWire,
}

#[derive(Deserialize)]
pub(super) struct AppWire {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    spec: Option<AppSpec>,
}

#[derive(Deserialize)]
struct AppSpec {
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Links {
    #[serde(default, deserialize_with = "lenient")]
    pages: Option<Pages>,
}

#[derive(Deserialize)]
struct Pages {
    next: Option<String>,
}

impl Links {
    /// The link to the next page, which is left out at the end.
    pub(super) fn next(&self) -> Option<&str> {
        let next = self.pages.as_ref()?.next.as_deref();
        next.filter(|next| !next.is_empty())
    }
}

impl AppWire {
    pub(super) fn name(&self) -> Option<&str> {
        self.spec.as_ref()?.name.as_deref()
    }
}

impl Deployments {
    /// What the page tells, `None` when one of its deployments cannot be told from others or has no phase.
    pub(super) fn tell(self, app: &str) -> Option<Vec<Deployment>> {
        let items = self.deployments.unwrap_or_default();
        items.into_iter().map(|item| item.listed(app)).collect()
    }
}

impl<T> Parts<T> {
    fn kinds(&self) -> [&[T]; 5] {
        let Self { services, static_sites, workers, jobs, functions } = self;
        [services, static_sites, workers, jobs, functions].map(|parts| parts.as_deref().unwrap_or_default())
    }
}

impl Built {
    fn commit(&self) -> Option<String> {
        self.source_commit_hash.clone().filter(|it| !it.is_empty())
    }
}

impl Origin {
    fn source(&self) -> Source {
        let hosts = [&self.github, &self.gitlab, &self.bitbucket, &self.git];
        let found = hosts.into_iter().flatten().next();
        found.map_or_else(Source::default, |repository| {
            Source::told(repository.repo.as_deref(), repository.branch.as_deref(), None)
        })
    }
}

impl Wire {
    /// An item of a list; nobody gave its id, so it is judged like one that is written.
    fn listed(self, app: &str) -> Option<Deployment> {
        let is_fit = Id::parse(&self.id).is_ok_and(|id| id.as_str() == self.id);
        (is_fit && !self.phase.is_empty()).then(|| self.tell(app))
    }

    pub(super) fn tell(self, app: &str) -> Deployment {
        let mut details = Map::new();
        if let Some(previous) = self.previous_deployment_id.as_deref().filter(|id| !id.is_empty()) {
            details.insert("previous_deployment_id".to_owned(), json!(previous));
        }
        Deployment {
            state: ENTRY.state(&self.phase),
            settled: false,
            // The deployment's own page has no documented address; the app's page has.
            url: Some(format!("https://cloud.digitalocean.com/apps/{}", segment(app))),
            branch: self.branch(),
            commit: self.commit(),
            target: None,
            created: self.created_at.as_deref().and_then(time),
            note: None,
            details,
            sources: self.sources(),
            blocked: false,
            takes_down: false,
            behind: false,
            automatic: self.is_automatic(),
            unpublished: false,
            handle: Value::Null,
            platform_state: self.phase,
            id: self.id,
        }
    }

    /// Whether the platform made it by itself. A cause that is not known is taken for a person's, unless the platform calls
    /// it internal.
    fn is_automatic(&self) -> bool {
        let Some(cause) = &self.cause_details else {
            return false;
        };
        let is_one_of = |known: &[&str]| {
            let kind = cause.kind.as_deref().unwrap_or_default();
            known.iter().any(|each| each.eq_ignore_ascii_case(kind))
        };
        is_one_of(&BY_THE_PLATFORM) || (cause.internal == Some(true) && !is_one_of(&BY_PEOPLE))
    }

    fn push(&self) -> Option<Source> {
        let push = self.cause_details.as_ref()?.git_push.as_ref()?;
        let commit = push.commit_sha.clone().filter(|it| !it.is_empty());
        Some(Source { commit, ..push.origin.source() })
    }

    fn planned(&self) -> [&[Planned]; 5] {
        let spec = self.spec.as_ref();
        spec.map(|spec| spec.planned.kinds()).unwrap_or_default()
    }

    fn branch(&self) -> Option<String> {
        let pushed = self.push().and_then(|push| push.branch);
        let mut planned = self.planned().into_iter().flatten();
        pushed.or_else(|| planned.find_map(|part| part.origin.source().branch))
    }

    fn commit(&self) -> Option<String> {
        let pushed = self.push().and_then(|push| push.commit);
        let mut built = self.built.kinds().into_iter().flatten();
        pushed.or_else(|| built.find_map(Built::commit))
    }

    /// The push that caused it, and every component: they may come from different repositories, branches and commits.
    fn sources(&self) -> Vec<Source> {
        let mut sources = Vec::from_iter(self.push());
        for (built, planned) in self.built.kinds().into_iter().zip(self.planned()) {
            // By name: an answer is as large as it likes, and each against each would take as long as it likes.
            let mut named: HashMap<_, &Built> = HashMap::new();
            for part in built {
                if let Some(name) = &part.name {
                    named.entry(name).or_insert(part);
                }
            }
            let mut known = HashSet::new();
            for plan in planned {
                let own = plan.name.as_ref().and_then(|name| named.get(name));
                known.extend(&plan.name);
                sources.push(Source { commit: own.and_then(|part| part.commit()), ..plan.origin.source() });
            }
            let is_planned = |part: &&Built| part.name.as_ref().is_some_and(|it| known.contains(it));
            let unplanned = built.iter().filter(|part| !is_planned(part));
            sources.extend(unplanned.map(|part| Source { commit: part.commit(), ..Source::default() }));
        }
        // A ready-made image comes from no source at all.
        sources.retain(|source| source.branch.is_some() || source.commit.is_some());
        sources.dedup();
        sources
    }
}

/// The API writes year 1 for "no time".
fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().filter(|time| time.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::deployment::State;

    fn check(body: &Value, expected: (&str, State, Option<&str>, Option<&str>)) {
        let wire: Wire = serde_json::from_value(body.clone()).unwrap();
        let told = wire.tell("app-1");
        let seen = (told.platform_state.as_str(), told.state, told.branch.as_deref(), told.commit.as_deref());
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_deployment_is_read_from_whatever_fields_there_are() {
        check(&json!({ "id": "d", "phase": "BUILDING" }), ("BUILDING", State::Running, None, None));
        check(
            &json!({
                "id": "d", "phase": "PENDING_BUILD",
                "services": [{ "name": "web", "source_commit_hash": "9a4df0b8" }],
                "spec": { "name": "x", "services": [{ "name": "web", "github": { "repo": "a/b", "branch": "main" } }] },
            }),
            ("PENDING_BUILD", State::Queued, Some("main"), Some("9a4df0b8")),
        );
        check(
            &json!({
                "id": "d", "phase": "ACTIVE", "services": null,
                "cause_details": { "git_push": { "gitlab": { "branch": "dev" }, "commit_sha": "abc" } },
                "workers": [{ "source_commit_hash": "" }],
            }),
            ("ACTIVE", State::Succeeded, Some("dev"), Some("abc")),
        );
    }

    #[test]
    fn every_phase_of_the_documents_is_known() {
        for (phase, state) in [
            ("PENDING_BUILD", State::Queued),
            ("BUILDING", State::Running),
            ("PENDING_DEPLOY", State::Running),
            ("DEPLOYING", State::Running),
            ("ACTIVE", State::Succeeded),
            ("ERROR", State::Failed),
            ("CANCELED", State::Canceled),
            ("SUPERSEDED", State::Superseded),
            ("UNKNOWN", State::Unknown),
        ] {
            assert_eq!(ENTRY.state(phase), state, "{phase}");
        }
    }

    #[test]
    fn what_the_platform_did_by_itself_is_told_from_what_people_did() {
        for (cause, automatic) in [
            (json!(null), false),
            (json!({}), false),
            (json!({ "type": "MANUAL" }), false),
            (json!({ "type": "DEPLOY_ON_PUSH", "internal": true }), false),
            (json!({ "type": "MANUAL_ROLLBACK" }), false),
            (json!({ "type": "UNKNOWN" }), false),
            (json!({ "type": "A_NEW_CAUSE" }), false),
            (json!({ "type": "A_NEW_CAUSE", "internal": true }), true),
            (json!({ "internal": true, "git_push": 7 }), true),
            (json!({ "type": "AUTOSCALED" }), true),
            (json!({ "type": "MAINTENANCE" }), true),
            (json!({ "type": "UPDATE_DATABASE_TRUSTED_SOURCES" }), true),
            (json!({ "type": "AUTO_ROLLBACK" }), true),
        ] {
            let wire = json!({ "id": "d", "phase": "BUILDING", "cause_details": cause });
            let wire: Wire = serde_json::from_value(wire).unwrap();
            assert_eq!(wire.tell("app-1").automatic, automatic, "{cause}");
        }
    }

    #[test]
    fn year_one_is_no_time() {
        assert_eq!(time("0001-01-01T00:00:00Z"), None);
        assert!(time("2020-07-28T18:00:00Z").is_some());
    }
    fn source(repository: &str, branch: &str, commit: &str) -> Source {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Source { repository: text(repository), branch: text(branch), commit: text(commit) }
    }

    #[test]
    fn every_component_and_the_push_are_sources() {
        let wire: Wire = serde_json::from_value(json!({
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
        let told = wire.tell("app-1");
        assert_eq!(
            told.sources,
            [
                source("a/web", "main", "111"),
                source("", "", "222"),
                source("g/sub/work", "dev", "333"),
                source("", "jobs", ""),
                source("", "", "444"),
                source("b/fn", "main", ""),
            ]
        );
        assert_eq!((told.branch.as_deref(), told.commit.as_deref()), (Some("main"), Some("111")));
    }

    /// An answer may be 16 MiB. Each component against each would be ten thousand million comparisons here.
    #[test]
    fn every_component_is_looked_up_and_not_searched_for() {
        let many = 100_000;
        let built = (0..many).map(|n| json!({ "name": format!("c{n}"), "source_commit_hash": format!("{n:040x}") }));
        let planned =
            (0..many).rev().map(|n| json!({ "name": format!("c{n}"), "github": { "branch": format!("b{n}") } }));
        let body = json!({
            "id": "d", "phase": "BUILDING",
            "services": built.collect::<Vec<_>>(),
            "spec": { "services": planned.collect::<Vec<_>>() },
        });
        let wire: Wire = serde_json::from_value(body).unwrap();
        let sources = wire.tell("app-1").sources;
        let expected = (0..many).rev().map(|n| source("", &format!("b{n}"), &format!("{n:040x}")));
        assert!(sources.into_iter().eq(expected));
    }

    #[test]
    fn a_list_is_whole_or_unreadable() {
        let told = |body: Value| {
            let body = serde_json::from_value::<Deployments>(body).ok()?;
            let told = body.tell("app-1")?;
            Some(told.into_iter().map(|one| one.id).collect::<Vec<_>>())
        };
        for none in [
            json!({}),
            json!({ "deployments": null, "links": {}, "meta": { "total": 0 } }),
            json!({ "deployments": [], "links": { "pages": {} } }),
        ] {
            assert_eq!(told(none), Some(Vec::new()));
        }
        let good = json!({ "id": "d1", "phase": "ACTIVE", "progress": { "steps": [] } });
        assert_eq!(
            told(json!({ "deployments": [good, { "id": "d2", "phase": "NEW_WORD" }] })),
            Some(vec!["d1".to_owned(), "d2".to_owned()])
        );
        for bad in [
            json!({ "phase": "BUILDING" }),
            json!({ "id": "d2" }),
            json!({ "id": "d2", "phase": "" }),
            json!({ "id": "", "phase": "BUILDING" }),
            json!({ "id": "..", "phase": "BUILDING" }),
            json!({ "id": "d2 ", "phase": "BUILDING" }),
            json!({ "id": 2, "phase": "BUILDING" }),
            json!("d2"),
        ] {
            assert_eq!(told(json!({ "deployments": [good, bad] })), None, "{bad}");
        }
        for bad in [json!({ "deployments": {} }), json!({ "links": "none" }), json!("text")] {
            assert_eq!(told(bad), None);
        }
    }

    #[test]
    fn a_link_that_is_left_out_is_the_end() {
        let next = |links: Value| {
            let links: Option<Links> = serde_json::from_value(links).unwrap();
            links.as_ref().and_then(Links::next).map(str::to_owned)
        };
        for end in [
            json!(null),
            json!({}),
            json!({ "pages": null }),
            json!({ "pages": { "prev": "?page=1" } }),
            json!({ "pages": { "next": "" } }),
        ] {
            assert_eq!(next(end), None);
        }
        let pages = json!({ "pages": { "next": "?page=2", "last": "?page=9" } });
        assert_eq!(next(pages).as_deref(), Some("?page=2"));
    }
}
