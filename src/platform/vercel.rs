//! Vercel, after its OpenAPI description (vercel/sdk 1.28.35) and the limits page of its documentation (read 2026-08).
//!
//! A 400 or 409 to the cancel call is ordinary: it means that the deployment is no longer cancelable, and only a read
//! tells why. A wrong token is answered with 403, not 401. Ids, host names and dashboard addresses all name deployments.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Accepted, Entry, Found, Platform, input, lenient, require, secret};
use crate::api::{Api, Call, Method, Reply, Reset, Response, Service, Words};
use crate::deployment::{Deployment, State};
use crate::failure::{Failure, Kind};
use crate::id::{Id, segment};
use crate::inputs::{Faults, Values};
use crate::secret::Secret;

/// The register's entry.
pub(super) const ENTRY: Entry = Entry {
    id: "vercel",
    name: "Vercel",
    docs: "https://vercel.com/docs/rest-api/reference/endpoints/deployments/cancel-a-deployment",
    base: "https://api.vercel.com",
    inputs: &[
        secret(
            "token",
            &[("VERCEL_TOKEN", "")],
            "Access token with access to the team.",
        ),
        input(
            "team_id",
            &[("VERCEL_TEAM_ID", ""), ("VERCEL_ORG_ID", "team_")],
            "The team's id; without a team the token's own account is meant.",
        ),
        input("team_slug", &[], "The team's slug, instead of `team_id`."),
        input(
            "project_id",
            &[("VERCEL_PROJECT_ID", "")],
            "A guard, id or name: another project's deployment is refused.",
        ),
    ],
    alternatives: &[&[&["team_id"], &["team_slug"]]],
    states: &[
        ("QUEUED", State::Queued),
        ("INITIALIZING", State::Queued),
        ("BLOCKED", State::Queued),
        ("BUILDING", State::Running),
        ("ANALYZING", State::Running),
        ("DEPLOYING", State::Running),
        ("CANCELED", State::Canceled),
        ("READY", State::Succeeded),
        ("ERROR", State::Failed),
    ],
    credentials: "`token` (or VERCEL_TOKEN)",
    grant: "the token must belong to a member of the team who may change deployments",
    caveat: "What was live before stays live. Anything the build itself already did elsewhere is not undone, and a \
             canceled deployment cannot be resumed: deploy again.",
    way_back: "run `vercel rollback`, or open the project and choose Instant Rollback.",
    needs_id: true,
    read_id,
    slower: None,
    open,
};

#[derive(Default, Deserialize)]
struct Given {
    token: Option<Secret>,
    team_id: Option<String>,
    team_slug: Option<String>,
    project_id: Option<String>,
}

struct Vercel {
    team: Option<(&'static str, String)>,
    project: Option<String>,
}

fn open(values: &Values, faults: &mut Faults) -> Option<(Box<dyn Platform>, Service)> {
    let Given {
        token,
        team_id,
        team_slug,
        project_id,
    } = values.fill();
    require(&ENTRY, values, faults, &["token"]);
    let team = team_id
        .map(|id| ("teamId", id))
        .or(team_slug.map(|slug| ("slug", slug)));
    let scope = match &team {
        Some((_, team)) => format!("; looked in team {team}, see `team_id` and `team_slug`"),
        None => "; looked in the token's own account: for a team's deployment give `team_id` or `team_slug`".to_owned(),
    };
    let service = Service {
        entry: &ENTRY,
        base: None,
        credentials: vec![(
            "authorization",
            Secret::from(format!("Bearer {}", token?.expose())),
        )],
        sign_in: None,
        reset: Reset::Epoch("x-ratelimit-reset"),
        limits_each_endpoint: true,
        request_id: "x-vercel-id",
        words,
        scope,
    };
    Some((
        Box::new(Vercel {
            team,
            project: project_id,
        }),
        service,
    ))
}

/// Errors come as `{"error": {…}}`, `{"err": {…}}` or bare.
fn words(response: &Response) -> Words {
    let body = response.json();
    let error = body
        .get("error")
        .or_else(|| body.get("err"))
        .filter(|inner| inner.is_object())
        .unwrap_or(&body);
    let message = error
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let flag = |name: &str| error.get(name).and_then(Value::as_bool).unwrap_or(false);
    let unauthorized = error.get("code").and_then(Value::as_str) == Some("team_unauthorized");
    Words {
        // The documents show the same words for a bad token and for a token without access to the team.
        credential_refused: flag("invalidToken")
            || flag("missingToken")
            || flag("saml")
            || unauthorized
            || message.starts_with("Not authorized"),
        message: (!message.is_empty()).then(|| message.to_owned()),
        ..Words::default()
    }
}

impl Vercel {
    fn call(&self, method: Method, path: String, trying: &str) -> Call {
        let endpoint = if method == Method::Get {
            "get"
        } else {
            "cancel"
        };
        let call = Call::new(method, path, trying).endpoint(endpoint);
        match &self.team {
            Some((name, team)) => call.query(name, team.as_str()),
            None => call,
        }
    }

    async fn read(
        &self,
        api: &Api,
        id_or_host: &str,
        first: bool,
    ) -> Result<Option<(Wire, Reply)>, Failure> {
        let call = self.call(
            Method::Get,
            format!("/v13/deployments/{}", segment(id_or_host)),
            "read the deployment",
        );
        match api.send(call.query("withGitRepoInfo", "true")).await {
            Ok(reply) => {
                let wire: Wire = reply.json()?;
                if wire.ready_state.is_none() && wire.status.is_none() {
                    return Err(reply.unreadable("without a state"));
                }
                Ok(Some((wire, reply)))
            }
            // 410: deleted. 400: a malformed id, unless it has worked before.
            Err(failure)
                if failure.kind == Kind::NotFound
                    || failure.status == Some(410)
                    || (first && failure.status == Some(400)) =>
            {
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    fn missing(&self, id: &str) -> Found {
        let scope = match &self.team {
            Some((_, team)) => format!("in team {team}; check `deployment_id`, `team_id` and `team_slug`."),
            None => "in the token's own account; check `deployment_id`, and give `team_id` or `team_slug` if it belongs to a team.".to_owned(),
        };
        Found::Missing(format!(
            "There is no deployment {id} for this token {scope}"
        ))
    }

    /// The guard `project_id`: an answer that does not name its project does not pass.
    fn check_project(&self, wire: &Wire) -> Result<(), Failure> {
        let Some(wanted) = &self.project else {
            return Ok(());
        };
        let refuse = |words: String| {
            Err(Failure::guarded(
                words,
                "Check `project_id` and `deployment_id`.",
            ))
        };
        match &wire.project_id {
            None => refuse(format!(
                "the answer does not say which project deployment {} belongs to, so the guard `project_id` cannot be checked",
                wire.id
            )),
            Some(id) if id == wanted || wire.name.as_ref() == Some(wanted) => Ok(()),
            Some(_) => refuse(format!(
                "deployment {} belongs to project {}, not to {wanted}",
                wire.id,
                wire.name
                    .as_deref()
                    .or(wire.project_id.as_deref())
                    .unwrap_or("?")
            )),
        }
    }

    fn tell(&self, wire: Wire) -> Deployment {
        let url = wire.page(self.team.as_ref());
        wire.tell(url)
    }
}

/// An id, a host name, a deployment's URL or a dashboard address.
fn read_id(written: &Id) -> Result<Id, String> {
    let text = written.as_str();
    if !text.contains('/') {
        return if is_host(text) {
            Id::parse(&text.to_ascii_lowercase())
        } else {
            Ok(written.clone())
        };
    }
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&with_scheme)
        .map_err(|_| "is neither an id, a host name nor a URL".to_owned())?;
    let host = url
        .host_str()
        .filter(|host| is_host(host))
        .ok_or("is a URL without a host name")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password".to_owned());
    }
    if !matches!(host, "vercel.com" | "www.vercel.com") {
        return Id::parse(host);
    }
    let mut segments = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty());
    let id = segments.nth(2).ok_or(
        "is a dashboard address without a deployment; it ends with /team/project/deployment",
    )?;
    Id::parse(&if id.starts_with("dpl_") {
        id.to_owned()
    } else {
        format!("dpl_{id}")
    })
}

/// Whether an id is a host name: an id of Vercel's has no dot.
fn is_host(id: &str) -> bool {
    id.contains('.')
}

#[async_trait]
impl Platform for Vercel {
    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        let asked = id.as_str();
        let Some((wire, reply)) = self.read(api, asked, true).await? else {
            return Ok(self.missing(asked));
        };
        if is_host(asked) {
            let own = wire.url.as_deref().unwrap_or_default();
            if !own.eq_ignore_ascii_case(asked) {
                let words = format!(
                    "{asked} is an alias of {} ({own}), and an alias can move to another deployment at any time",
                    wire.id
                );
                return Err(Failure::guarded(
                    words,
                    format!("Give `deployment_id: {}`.", wire.id),
                ));
            }
        } else if wire.id != asked && wire.id.strip_prefix("dpl_") != Some(asked) {
            return Err(reply.unreadable("about another deployment"));
        }
        self.check_project(&wire)?;
        Ok(Found::Here(Box::new(self.tell(wire))))
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        let Some((wire, reply)) = self.read(api, &known.id, false).await? else {
            return Ok(self.missing(&known.id));
        };
        if wire.id != known.id {
            return Err(reply.unreadable("about another deployment"));
        }
        self.check_project(&wire)?;
        Ok(Found::Here(Box::new(self.tell(wire))))
    }

    fn unseen(&self, id: &Id) -> Option<Deployment> {
        (!is_host(id.as_str())).then(|| Deployment::unseen(id.as_str()))
    }

    fn is_guarded(&self) -> bool {
        self.project.is_some()
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let path = format!("/v12/deployments/{}/cancel", segment(&known.id));
        let reply = api
            .send(self.call(Method::Patch, path, "cancel the deployment"))
            .await?;
        let mut accepted = Accepted {
            deployment: None,
            status: reply.status,
            request_id: reply.request_id.clone(),
        };
        if !reply.is_empty() {
            // JSON of another shape is still a yes; it only does not show the deployment.
            let body: Value = reply.json()?;
            let wire = serde_json::from_value::<Wire>(body).ok();
            let own = wire.filter(|wire| wire.id == known.id);
            accepted.deployment = own.map(|wire| Box::new(self.tell(wire)));
        }
        Ok(accepted)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    project_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    inspector_url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    ready_state: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
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
}

#[derive(Deserialize)]
struct CustomEnvironment {
    slug: Option<String>,
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

impl Wire {
    fn meta(&self, ending: &str) -> Option<String> {
        let meta = self.meta.as_ref()?;
        ["github", "gitlab", "bitbucket"]
            .iter()
            .find_map(|host| meta.get(&format!("{host}{ending}"))?.as_str())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// The page for people: the answer's own, if it really leads to Vercel, else the dashboard's address.
    fn page(&self, team: Option<&(&str, String)>) -> Option<String> {
        let own = self
            .inspector_url
            .as_deref()
            .and_then(|text| Url::parse(text).ok());
        if let Some(own) =
            own.filter(|url| url.scheme() == "https" && url.host_str() == Some("vercel.com"))
        {
            return Some(own.into());
        }
        let slug = self.team.as_ref().and_then(|team| team.slug.clone());
        let slug = slug.or_else(|| {
            team.filter(|(kind, _)| *kind == "slug")
                .map(|(_, slug)| slug.clone())
        })?;
        let id = self.id.strip_prefix("dpl_").unwrap_or(&self.id);
        let project = self.name.as_deref()?;
        Some(format!(
            "https://vercel.com/{}/{}/{}",
            segment(&slug),
            segment(project),
            segment(id)
        ))
    }

    fn tell(self, url: Option<String>) -> Deployment {
        let source = self.git_source.as_ref();
        let branch = source
            .and_then(|source| source.branch.clone())
            .or_else(|| self.meta("CommitRef"));
        let commit = source
            .and_then(|source| source.sha.clone())
            .or_else(|| self.meta("CommitSha"));
        let mut details = Map::new();
        for (name, value) in [
            ("project", &self.name),
            ("error_code", &self.error_code),
            ("error_message", &self.error_message),
            ("ready_substate", &self.ready_substate),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                details.insert(name.to_owned(), json!(value));
            }
        }
        let word = self.ready_state.or(self.status).unwrap_or_default();
        let environment = self
            .custom_environment
            .and_then(|environment| environment.slug);
        Deployment {
            state: ENTRY.state(&word),
            settled: word.eq_ignore_ascii_case(DELETED),
            url,
            branch,
            commit,
            // No target means a preview (the API writes null).
            target: environment
                .or(self.target)
                .or_else(|| Some("preview".to_owned())),
            created: self.created_at.and_then(milliseconds),
            note: self
                .error_message
                .or(self.ready_state_reason)
                .filter(|text| !text.is_empty()),
            details,
            handle: Value::Null,
            platform_state: word,
            id: self.id,
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "whole milliseconds are meant, and out of range is checked by jiff"
)]
fn milliseconds(since_1970: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond(since_1970 as i64)
        .ok()
        .filter(|time| time.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vercel() -> Vercel {
        Vercel {
            team: Some(("slug", "acme".to_owned())),
            project: None,
        }
    }

    #[test]
    fn deployments_are_named_in_four_ways() {
        for (written, read) in [
            (
                "dpl_5WJWYSyB7BpgTj3EuwF37WMRBXBtPQ2iTMJHJBJyRfd",
                "dpl_5WJWYSyB7BpgTj3EuwF37WMRBXBtPQ2iTMJHJBJyRfd",
            ),
            ("My-App-abc123.vercel.app", "my-app-abc123.vercel.app"),
            (
                "https://my-app-abc123.vercel.app/some/page?x=1",
                "my-app-abc123.vercel.app",
            ),
            ("my-app-abc123.vercel.app/", "my-app-abc123.vercel.app"),
            (
                "https://vercel.com/acme/my-app/5WJWYSyB7B",
                "dpl_5WJWYSyB7B",
            ),
            (
                "vercel.com/acme/my-app/dpl_5WJWYSyB7B/logs",
                "dpl_5WJWYSyB7B",
            ),
            ("opaque", "opaque"),
        ] {
            let id = read_id(&Id::parse(written).unwrap());
            assert_eq!(
                id.map(|id| id.as_str().to_owned()),
                Ok(read.to_owned()),
                "{written}"
            );
        }
        for bad in [
            "https://vercel.com/acme/my-app",
            "https://",
            "https://user:pw@x.vercel.app",
            "a/b",
        ] {
            assert!(read_id(&Id::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }

    fn answer(body: &Value) -> Response {
        Response {
            body: body.to_string().into_bytes(),
            ..Response::default()
        }
    }

    #[test]
    fn a_refused_credential_is_told_from_a_missing_right() {
        for (body, refused) in [
            (
                json!({ "error": { "code": "forbidden", "message": "Not authorized", "invalidToken": true } }),
                true,
            ),
            (
                json!({ "code": "forbidden", "message": "missing", "missingToken": true }),
                true,
            ),
            (
                json!({ "err": { "code": "team_unauthorized", "message": "You are not authorized" } }),
                true,
            ),
            (
                json!({ "error": { "code": "forbidden", "message": "You don't have permission to cancel." } }),
                false,
            ),
            (json!("text"), false),
        ] {
            assert_eq!(words(&answer(&body)).credential_refused, refused, "{body}");
        }
    }

    fn told(body: Value) -> Deployment {
        vercel().tell(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn a_page_is_given_only_if_it_is_vercels() {
        let page = |inspector: &str| {
            told(json!({ "id": "dpl_1", "name": "web", "inspectorUrl": inspector })).url
        };
        assert_eq!(
            page("https://vercel.com/acme/web/1").as_deref(),
            Some("https://vercel.com/acme/web/1")
        );
        for bad in [
            "javascript:alert(1)",
            "https://vercel.com.evil.example/x",
            "http://vercel.com/x",
            "",
        ] {
            assert_eq!(
                page(bad).as_deref(),
                Some("https://vercel.com/acme/web/1"),
                "{bad}"
            );
        }
    }

    #[test]
    fn states_notes_and_sources_are_read() {
        let one = told(json!({
            "id": "dpl_1", "readyState": "CANCELED", "errorMessage": "skipped", "target": "production",
            "gitSource": { "ref": "main", "sha": "abc", "type": "github" }, "createdAt": 1_740_495_809_875_i64,
        }));
        assert_eq!(
            (one.state, one.note.as_deref()),
            (State::Canceled, Some("skipped"))
        );
        assert_eq!(
            (one.branch.as_deref(), one.target.as_deref()),
            (Some("main"), Some("production"))
        );
        assert_eq!(
            one.created.map(|time| time.to_string()).as_deref(),
            Some("2025-02-25T15:03:29.875Z")
        );
        let two = told(
            json!({ "id": "dpl_1", "status": "DELETED", "target": null, "meta": { "gitlabCommitRef": "dev" } }),
        );
        assert!(two.is_terminal() && two.state == State::Unknown);
        assert_eq!(
            (two.branch.as_deref(), two.target.as_deref()),
            (Some("dev"), Some("preview"))
        );
        for (word, state) in [
            ("QUEUED", State::Queued),
            ("INITIALIZING", State::Queued),
            ("BLOCKED", State::Queued),
            ("BUILDING", State::Running),
            ("ANALYZING", State::Running),
            ("DEPLOYING", State::Running),
            ("READY", State::Succeeded),
            ("ERROR", State::Failed),
            ("FROZEN", State::Unknown),
        ] {
            assert_eq!(ENTRY.state(word), state, "{word}");
        }
    }
}
