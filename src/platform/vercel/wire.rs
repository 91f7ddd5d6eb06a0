//! The shapes of Vercel's answers, and what a deployment in them tells.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::INFO;
use crate::model::deployment::{Deployment, Source};
use crate::model::id::{Id, segment};
use crate::platform::lenient;
use crate::platform::paging::goes_back;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wire {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) project_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    inspector_url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) ready_state: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    ready_substate: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    target: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    custom_environment: Option<CustomEnvironment>,
    #[serde(default, deserialize_with = "lenient")]
    error_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    error_message: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    ready_state_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    git_source: Option<GitSource>,
    #[serde(default, deserialize_with = "lenient")]
    meta: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "lenient")]
    team: Option<Team>,
    #[serde(default, deserialize_with = "lenient")]
    seat_block: Option<SeatBlock>,
}

/// Why it is held back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SeatBlock {
    #[serde(default, deserialize_with = "lenient")]
    block_code: Option<String>,
}

/// What `target` does not tell: that is `production`, `staging` or null.
#[derive(Deserialize)]
struct CustomEnvironment {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    /// May be left out.
    #[serde(default, deserialize_with = "lenient")]
    slug: Option<String>,
}

/// A project; the id and the name that it has now.
#[derive(Deserialize)]
pub(super) struct ProjectWire {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
}

impl ProjectWire {
    /// Whether it is the one with this id or name.
    pub(super) fn is(&self, written: &str) -> bool {
        !self.id.is_empty() && (self.id == written || self.name.as_deref() == Some(written))
    }
}

#[derive(Deserialize)]
struct GitSource {
    #[serde(rename = "ref")]
    branch: Option<String>,
    sha: Option<String>,
}

#[derive(Deserialize)]
struct Team {
    slug: Option<String>,
}

/// The deployment was removed; the list of states has no word of ours for it.
const DELETED: &str = "DELETED";
/// It went live nowhere: it was built for production, and is not published.
const STAGED: &str = "STAGED";
const PRODUCTION: &str = "production";
/// Held back until somebody lets it go.
const BLOCKED: &str = "BLOCKED";

/// One page of a list. Nothing but its own shape says that there is such a list, so it must be whole; what is missing
/// is no empty list.
#[derive(Deserialize)]
pub(super) struct Page {
    deployments: Vec<Map<String, Value>>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    next: Option<i64>,
}

impl Page {
    /// Where the next page starts, in milliseconds since 1970; `None` at the end. The error says what cannot be
    /// believed: a list that does not go back in time never ends.
    pub(super) fn next(&self, until: Option<i64>) -> Result<Option<i64>, &'static str> {
        let next = self.pagination.as_ref().and_then(|page| page.next);
        next.map(|next| goes_back(next, until)).transpose()
    }

    /// The deployments, `None` when one of them makes no sense: nobody knows what it would have said.
    pub(super) fn items(self) -> Option<Vec<Wire>> {
        self.deployments.into_iter().map(Wire::from_item).collect()
    }
}

impl Wire {
    /// An item of a list, which has its own names for some fields; `None` when it cannot be told from others or has no
    /// state.
    fn from_item(mut item: Map<String, Value>) -> Option<Self> {
        for (listed, read) in [("uid", "id"), ("created", "createdAt"), ("state", "status")] {
            if let Some(value) = item.remove(listed).filter(|value| !value.is_null()) {
                item.insert(read.to_owned(), value);
            }
        }
        let wire: Self = serde_json::from_value(Value::Object(item)).ok()?;
        // Nobody gave this id, so it is judged like one that is written.
        let is_fit = Id::parse(&wire.id).is_ok_and(|id| id.as_str() == wire.id);
        (is_fit && !wire.word().is_empty()).then_some(wire)
    }

    fn word(&self) -> &str {
        let word = self.ready_state.as_ref().or(self.status.as_ref());
        word.map(String::as_str).unwrap_or_default()
    }

    /// The id and the name of its custom environment, as far as they are told.
    fn environment(&self) -> (Option<&str>, Option<&str>) {
        let custom = self.custom_environment.as_ref();
        let id = custom.and_then(|custom| custom.id.as_deref());
        let name = custom.and_then(|custom| custom.slug.as_deref());
        (id.filter(|it| !it.is_empty()), name.filter(|it| !it.is_empty()))
    }

    /// The id of its custom environment, unless that has another name.
    pub(super) fn environment_named(&self, name: &str) -> Option<&str> {
        let (id, own) = self.environment();
        id.filter(|_| own.is_none_or(|own| own == name))
    }

    fn meta(&self, name: &str) -> Option<String> {
        let text = self.meta.as_ref()?.get(name)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// What the metadata of a git host's integration says. Only GitHub's names the repository that the commit comes
    /// from, and it must be that one: `githubOrg` and `githubRepo` name the project's own, also for a fork's commit.
    fn integration(&self, host: &str) -> Option<Source> {
        let meta = |ending: &str| self.meta(&format!("{host}{ending}"));
        let owner = meta("CommitOrg").filter(|_| host == "github");
        // An owner alone is enough to know that it is not ours, and too little to prove that it is.
        let name = || meta("CommitRepo").or_else(|| meta("Repo")).unwrap_or_else(|| "?".to_owned());
        let repository = owner.map(|owner| format!("{owner}/{}", name()));
        let (branch, commit) = (meta("CommitRef"), meta("CommitSha"));
        let source = Source::told(repository.as_deref(), branch.as_deref(), commit.as_deref());
        tells(&source).then_some(source)
    }

    /// What the git source says: whose repository it names is not documented, so none is taken from it.
    fn git(&self) -> Option<Source> {
        let git = self.git_source.as_ref()?;
        let source = Source::told(None, git.branch.as_deref(), git.sha.as_deref());
        tells(&source).then_some(source)
    }

    fn sources(&self) -> Vec<Source> {
        let hosts = ["github", "gitlab", "bitbucket"];
        let mut sources: Vec<_> = hosts.iter().filter_map(|host| self.integration(host)).collect();
        let git = self.git().filter(|git| {
            // What the integration says comes with its repository; the git source alone must not hide that.
            let same = |one: &Source| one.branch == git.branch && (git.commit.is_none() || one.commit == git.commit);
            !sources.iter().any(same)
        });
        sources.extend(git);
        sources
    }

    /// The page for people: the answer's own, if it really leads to Vercel, else the dashboard's address.
    pub(super) fn page(&self, team: Option<&(&str, String)>) -> Option<String> {
        let own = self.inspector_url.as_deref().and_then(|text| Url::parse(text).ok());
        if let Some(own) = own.filter(|url| url.scheme() == "https" && url.host_str() == Some("vercel.com")) {
            return Some(own.into());
        }
        let slug = self.team.as_ref().and_then(|team| team.slug.clone());
        let slug = slug.or_else(|| team.filter(|(kind, _)| *kind == "slug").map(|(_, slug)| slug.clone()))?;
        let id = self.id.strip_prefix("dpl_").unwrap_or(&self.id);
        let project = self.name.as_deref()?;
        Some(format!("https://vercel.com/{}/{}/{}", segment(&slug), segment(project), segment(id)))
    }

    pub(super) fn tell(self, url: Option<String>) -> Deployment {
        let sources = self.sources();
        let git = self.git();
        let told = || git.iter().chain(&sources);
        let branch = told().find_map(|source| source.branch.clone());
        let commit = told().find_map(|source| source.commit.clone());
        let block = self.seat_block.as_ref().and_then(|it| it.block_code.clone());
        let mut details = Map::new();
        for (name, value) in [
            ("block_code", &block),
            ("project", &self.name),
            ("error_code", &self.error_code),
            ("error_message", &self.error_message),
            ("ready_substate", &self.ready_substate),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                details.insert(name.to_owned(), json!(value));
            }
        }
        let word = self.word().to_owned();
        let (id, name) = self.environment();
        let own = self.target.as_deref().filter(|it| !it.is_empty());
        // No target means a preview (the API writes null), but a custom environment is none.
        let target = name.or(id).or(own).unwrap_or("preview").to_owned();
        let handle = id.filter(|_| name.is_none()).map_or(Value::Null, Value::from);
        // Production traffic never went there, because nobody published it.
        let substate = self.ready_substate.as_deref().unwrap_or_default();
        let unpublished = substate.eq_ignore_ascii_case(STAGED) && target == PRODUCTION;
        Deployment {
            state: INFO.state(&word),
            settled: word.eq_ignore_ascii_case(DELETED),
            url,
            branch,
            commit,
            target: Some(target),
            created: self.created_at.and_then(milliseconds),
            note: self.error_message.or(self.ready_state_reason).filter(|text| !text.is_empty()),
            details,
            sources,
            blocked: word.eq_ignore_ascii_case(BLOCKED),
            behind: false,
            automatic: false,
            handle,
            unpublished,
            takes_down: false,
            platform_state: word,
            id: self.id,
        }
    }
}

fn tells(source: &Source) -> bool {
    source.branch.is_some() || source.commit.is_some()
}

#[allow(clippy::cast_possible_truncation, reason = "whole milliseconds are meant, and out of range is checked by jiff")]
fn milliseconds(since_1970: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond(since_1970 as i64).ok().filter(|time| time.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::deployment::State;

    fn page(body: Value) -> Option<Page> {
        serde_json::from_value(body).ok()
    }

    fn told(items: Value) -> Option<Vec<Deployment>> {
        let items = page(json!({ "deployments": items }))?.items()?;
        Some(items.into_iter().map(|wire| wire.tell(None)).collect())
    }

    #[test]
    fn items_of_a_list_have_names_of_their_own() {
        let listed = told(json!([
            {
                "uid": "dpl_1", "name": "web", "projectId": "prj_1", "url": null, "state": "BUILDING",
                "created": 1_740_495_809_875_i64, "target": null, "aliasAssigned": null,
                "meta": { "githubCommitRef": "main", "githubCommitSha": "abc" },
            },
            {
                "uid": "dpl_2", "id": "other", "readyState": "BLOCKED", "createdAt": 1_740_495_809_875_i64,
                "created": null, "target": "production",
            },
            { "uid": "dpl_3", "state": "READY", "customEnvironment": { "id": "env_1", "slug": "qa" } },
        ]))
        .unwrap();
        let seen: Vec<_> = listed
            .iter()
            .map(|one| {
                (
                    one.id.as_str(),
                    one.state,
                    one.target.as_deref().unwrap_or_default(),
                    one.blocked,
                    one.created.is_some(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("dpl_1", State::Running, "preview", false, true),
                ("dpl_2", State::Queued, "production", true, true),
                ("dpl_3", State::Succeeded, "qa", false, false),
            ]
        );
        assert_eq!(listed[0].branch.as_deref(), Some("main"));
    }

    #[test]
    fn a_list_is_whole_or_unreadable() {
        assert_eq!(told(json!([])).map(|listed| listed.len()), Some(0));
        let good = json!({ "uid": "dpl_1", "state": "QUEUED" });
        for bad in [
            json!({ "state": "QUEUED" }),
            json!({ "uid": "dpl_2" }),
            json!({ "uid": "dpl_2", "state": "" }),
            json!({ "uid": "..", "state": "QUEUED" }),
            json!({ "uid": "", "state": "QUEUED" }),
            json!({ "uid": 2, "state": "QUEUED" }),
            json!("dpl_2"),
        ] {
            assert!(told(json!([good, bad])).is_none(), "{bad}");
        }
        for bad in [
            json!({}),
            json!({ "deployments": null }),
            json!({ "deployments": [], "pagination": { "next": "soon" } }),
            json!([]),
        ] {
            assert!(page(bad.clone()).is_none(), "{bad}");
        }
    }

    #[test]
    fn pages_go_back_in_time_to_the_end() {
        let next = |pagination: Value, until| {
            let body = json!({ "deployments": [], "pagination": pagination });
            page(body).unwrap().next(until)
        };
        assert_eq!(page(json!({ "deployments": [] })).unwrap().next(None), Ok(None));
        assert_eq!(next(json!(null), None), Ok(None));
        assert_eq!(next(json!({ "count": 0, "next": null, "prev": 3 }), Some(5)), Ok(None));
        assert_eq!(next(json!({ "next": 9 }), None), Ok(Some(9)));
        assert_eq!(next(json!({ "next": 8 }), Some(9)), Ok(Some(8)));
        assert!(next(json!({ "next": 9 }), Some(9)).is_err());
        assert!(next(json!({ "next": 10 }), Some(9)).is_err());
    }

    fn sources(body: &Value) -> Vec<(Option<&str>, Option<&str>, Option<&str>)> {
        fn text(body: &Value) -> Option<&str> {
            body.as_str()
        }
        let rows = body.as_array().unwrap();
        rows.iter().map(|row| (text(&row[0]), text(&row[1]), text(&row[2]))).collect()
    }

    #[test]
    fn sources_name_the_repository_of_the_commit_only() {
        for (body, expected) in [
            (
                json!({ "meta": {
                    "githubCommitOrg": "fork", "githubCommitRepo": "web", "githubOrg": "acme", "githubRepo": "web",
                    "githubCommitRef": "main", "githubCommitSha": "abc",
                } }),
                json!([["fork/web", "main", "abc"]]),
            ),
            (
                json!({ "meta": { "githubOrg": "acme", "githubRepo": "web", "githubCommitRef": "main" } }),
                json!([[null, "main", null]]),
            ),
            (
                json!({
                    "meta": { "gitlabCommitRef": "main", "gitlabCommitSha": "abc", "gitlabCommitRepo": "x" },
                    "gitSource": { "type": "gitlab", "ref": "main", "sha": "abc" },
                }),
                json!([[null, "main", "abc"]]),
            ),
            (
                json!({
                    "meta": { "bitbucketCommitRef": "main", "note": "x" },
                    "gitSource": { "type": "bitbucket", "ref": null, "sha": "abc" },
                }),
                json!([[null, "main", null], [null, null, "abc"]]),
            ),
            (json!({ "meta": { "note": "main" }, "gitSource": { "ref": "" } }), json!([])),
            // Actions that upload files write the workflow's reference as it is.
            (
                json!({ "meta": { "githubCommitRef": "refs/heads/main", "githubCommitSha": "abc" } }),
                json!([[null, "main", "abc"]]),
            ),
            (
                json!({ "meta": { "gitlabCommitRef": "refs/tags/0.0.15", "gitlabCommitSha": "abc" } }),
                json!([[null, null, "abc"]]),
            ),
            (
                json!({
                    "meta": { "bitbucketCommitRef": "refs/heads/main" },
                    "gitSource": { "type": "bitbucket", "ref": "refs/heads/main", "sha": "abc" },
                }),
                json!([[null, "main", null], [null, "main", "abc"]]),
            ),
        ] {
            let mut item = json!({ "uid": "dpl_1", "state": "QUEUED" });
            for (name, value) in body.as_object().unwrap() {
                item[name] = value.clone();
            }
            let listed = told(json!([item])).unwrap();
            let found: Vec<_> = listed[0]
                .sources
                .iter()
                .map(|one| (one.repository.as_deref(), one.branch.as_deref(), one.commit.as_deref()))
                .collect();
            assert_eq!(found, sources(&expected), "{body}");
        }
    }
}
