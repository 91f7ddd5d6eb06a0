//! The shapes of Vercel's answers, and what a deployment in them tells.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::api::wire::{Maybe, Text, Time, fields};
use crate::model::deployment::{Deployment, Live, Source, State, details};
use crate::model::id::segment;
use crate::model::memory::Memory;
use crate::platform::addresses::page_at;
use crate::platform::states::{self, States};

/// Every documented word.
pub(super) const STATES: States = &[
    ("QUEUED", State::Queued),
    ("INITIALIZING", State::Queued),
    ("BLOCKED", State::Queued),
    ("BUILDING", State::Running),
    ("ANALYZING", State::Running),
    ("DEPLOYING", State::Running),
    ("CANCELED", State::Canceled),
    ("READY", State::Succeeded),
    ("ERROR", State::Failed),
];

/// The query parameter that names a team, and the team.
pub(super) type Team = (&'static str, String);

fields! {
    /// A deployment, read or listed; an item of a list has its own names for some fields: `uid`, `created`, `state`.
    pub(super) struct Wire {
        uid: Text,
        id: Text,
        url: Text,
        name: Text,
        project_id as "projectId": Text,
        inspector_url as "inspectorUrl": Text,
        ready_state as "readyState": Text,
        state: Text,
        status: Text,
        ready_substate as "readySubstate": Text,
        created: Time,
        created_at as "createdAt": Time,
        target: Text,
        custom_environment as "customEnvironment": Maybe<Named>,
        alias_assigned as "aliasAssigned": Time,
        error_code as "errorCode": Text,
        error_message as "errorMessage": Text,
        ready_state_reason as "readyStateReason": Text,
        git_source as "gitSource": Maybe<GitSource>,
        meta: Maybe<Map<String, Value>>,
        team: Maybe<Named>,
        seat_block as "seatBlock": Maybe<SeatBlock>,
    }

    /// Why it is held back.
    struct SeatBlock {
        block_code as "blockCode": Text,
    }

    /// A team, or the custom environment that `target` does not tell: that is `production`, `staging` or null.
    struct Named {
        id: Text,
        slug: Text,
    }

    /// A project, of which nothing else is read: it has secrets in it.
    pub(super) struct Project {
        pub(super) id: Text,
        pub(super) targets: Maybe<Targets>,
        pub(super) job as "lastAliasRequest": Maybe<Job>,
    }

    /// What its live pointers name.
    pub(super) struct Targets {
        pub(super) production: Maybe<Wire>,
    }

    /// The last job that moved the aliases of production.
    pub(super) struct Job {
        pub(super) from as "fromDeploymentId": Text,
        pub(super) to as "toDeploymentId": Text,
        pub(super) status as "jobStatus": Text,
        pub(super) requested as "requestedAt": Time,
        pub(super) kind as "type": Text,
    }

    struct GitSource {
        branch as "ref": Text,
        sha: Text,
    }
}

/// What is remembered of a deployment: its own host, its project, and the id of an environment whose name was not told.
#[derive(Clone, Default)]
pub(super) struct Handle {
    pub(super) host: Text,
    pub(super) project: Text,
    pub(super) name: Text,
    pub(super) environment: Text,
    /// It goes where the project's domains lead.
    pub(super) is_production: bool,
    /// It had production traffic at some time.
    pub(super) is_promoted: bool,
    /// It is taking that over step by step.
    pub(super) is_rolling: bool,
    /// When it took its aliases.
    pub(super) assigned: Option<Timestamp>,
}

impl Handle {
    pub(super) fn of(told: &Deployment) -> Self {
        told.handle.get_or_default()
    }
}

/// The deployment was removed; the list of states has no word of ours for it.
const DELETED: &str = "DELETED";
/// It went live nowhere: it was built for production, and is not published.
const STAGED: &str = "STAGED";
const PRODUCTION: &str = "production";
/// Held back until somebody lets it go.
const BLOCKED: &str = "BLOCKED";

impl Wire {
    /// The id and the name of its custom environment, as far as they are told.
    fn environment(&self) -> (Option<&str>, Option<&str>) {
        self.custom_environment.get().map_or((None, None), |custom| (custom.id.get(), custom.slug.get()))
    }

    /// The id of its custom environment, unless that has another name.
    pub(super) fn environment_named(&self, name: &str) -> Option<&str> {
        let (id, own) = self.environment();
        id.filter(|_| own.is_none_or(|own| own == name))
    }

    fn meta(&self, name: &str) -> Option<String> {
        let text = self.meta.get()?.get(name)?.as_str()?;
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
        let source = Source::of(repository.as_deref(), branch.as_deref(), commit.as_deref());
        tells(&source).then_some(source)
    }

    /// What the git source says: whose repository it names is not documented, so none is taken from it.
    fn git(&self) -> Option<Source> {
        let git = self.git_source.get()?;
        let source = Source::of(None, git.branch.get(), git.sha.get());
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
    pub(super) fn page(&self, team: Option<&Team>) -> Option<String> {
        if let Some(own) = page_at("vercel.com", &self.inspector_url) {
            return Some(own.into());
        }
        let slug = self.team.get().and_then(|team| team.slug.get());
        let slug = slug.or_else(|| team.filter(|(kind, _)| *kind == "slug").map(|(_, slug)| slug.as_str()))?;
        let id = self.id()?;
        let id = id.strip_prefix("dpl_").unwrap_or(id);
        Some(format!("https://vercel.com/{}/{}/{}", segment(slug), segment(self.name.get()?), segment(id)))
    }

    fn details(&self) -> Map<String, Value> {
        let block = self.seat_block.get().and_then(|block| block.block_code.get());
        details([
            ("block_code", block),
            ("project", self.name.get()),
            ("error_code", self.error_code.get()),
            ("error_message", self.error_message.get()),
            ("ready_substate", self.ready_substate.get()),
        ])
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.uid.get().or(self.id.get())
    }

    /// What it tells; `None` without an id or a state.
    pub(super) fn deployment(self, url: Option<String>) -> Option<Deployment> {
        let (sources, git, details) = (self.sources(), self.git(), self.details());
        let told = || git.iter().chain(&sources);
        let branch = told().find_map(|source| source.branch.clone());
        let commit = told().find_map(|source| source.commit.clone());
        let (id, name) = self.environment();
        // No target means a preview (the API writes null), but a custom environment is none.
        let target = name.or(id).or(self.target.get()).unwrap_or("preview").to_owned();
        let environment = Text(id.filter(|_| name.is_none()).map(str::to_owned));
        // Production traffic never went there, because nobody published it.
        let is_staged = self.ready_substate.or_empty().eq_ignore_ascii_case(STAGED) && target == PRODUCTION;
        let is_in = |known: &str| self.ready_substate.or_empty().eq_ignore_ascii_case(known);
        let handle = Handle {
            host: self.url.clone(),
            project: self.project_id.clone(),
            name: self.name.clone(),
            environment,
            is_production: target == PRODUCTION && id.is_none(),
            is_promoted: is_in("PROMOTED"),
            is_rolling: is_in("ROLLING"),
            assigned: self.alias_assigned.0,
        };
        let word = [self.ready_state, self.state, self.status].into_iter().find(|word| word.get().is_some())?;
        let is = |known: &str| word.or_empty().eq_ignore_ascii_case(known);
        let one = Deployment {
            settled: is(DELETED),
            blocked: is(BLOCKED),
            url,
            branch,
            commit,
            target: Some(target),
            created: self.created.0.or(self.created_at.0),
            note: self.error_message.0.or(self.ready_state_reason.0),
            details,
            handle: Memory::of(handle),
            live: if is_staged { Live::Unpublished } else { Live::ByState },
            ..states::deployment(STATES, Text(self.uid.0.or(self.id.0)), word.clone())?
        };
        Some(one.made_from(sources))
    }
}

fn tells(source: &Source) -> bool {
    source.branch.is_some() || source.commit.is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire::{self, Many};

    fn told(items: Value) -> Option<Vec<Deployment>> {
        let items: Many<Wire> = wire::of(&items)?;
        items.0.into_iter().map(|wire| wire.deployment(None)).collect()
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
    fn an_item_without_an_id_or_a_state_is_no_deployment() {
        for bad in [
            json!({ "state": "QUEUED" }),
            json!({ "uid": "dpl_2" }),
            json!({ "uid": "dpl_2", "state": "" }),
            json!({ "uid": "", "state": "QUEUED" }),
            json!({ "uid": 2, "state": "QUEUED" }),
            json!("dpl_2"),
        ] {
            assert!(told(json!([{ "uid": "dpl_1", "state": "QUEUED" }, bad])).is_none(), "{bad}");
        }
    }

    fn sources(body: &Value) -> Vec<(Option<&str>, Option<&str>, Option<&str>)> {
        fn text(body: &Value) -> Option<&str> {
            body.as_str()
        }
        let rows = body.as_array().unwrap();
        rows.iter().map(|row| (text(&row[0]), text(&row[1]), text(&row[2]))).collect()
    }

    #[track_caller]
    fn check(body: &Value, expected: &Value) {
        let mut item = json!({ "uid": "dpl_1", "state": "QUEUED" });
        for (name, value) in body.as_object().unwrap() {
            item[name] = value.clone();
        }
        let listed = told(json!([item])).unwrap();
        let found = listed[0].sources.iter();
        let found: Vec<_> =
            found.map(|one| (one.repository.as_deref(), one.branch.as_deref(), one.commit.as_deref())).collect();
        assert_eq!(found, sources(expected), "{body}");
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
        ] {
            check(&body, &expected);
        }
    }

    #[test]
    fn sources_name_branches_without_the_references_they_are_written_as() {
        for (body, expected) in [
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
            check(&body, &expected);
        }
    }
}
