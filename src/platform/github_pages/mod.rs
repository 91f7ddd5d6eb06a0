//! GitHub Pages, after GitHub's OpenAPI description (@octokit/openapi 23.0.2) and actions/deploy-pages (cd2ce8f, 2026-03).
//!
//! Four traps shape this file. The id of a deployment is its commit, and what a read tells is one word: a second run of
//! that commit goes on under the same id, so the first end that is read is the end. Nothing lists these deployments: the
//! records of GitHub's own Deployments name the commits, and each of them is asked for. A 403 may be a rate limit. And
//! what has finished refuses to be canceled with a 400, which is the ordinary race.

mod given;
mod site;
mod wire;

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use self::given::blocker;
use self::site::{Pages, date, get, versioned, whole_commit};
use self::wire::{STATES, Wire, is_commit, is_short};
use super::addresses::Addresses;
use super::rest::{Rest, fetch, opened};
use super::scope::Scope;
use super::usual::{Read, present};
use super::{Need, Opened, PlatformInfo, input, secret};
use crate::api::{Api, ApiError, ApiRequest, Errors, Response, Service};
use crate::input::faults::Faults;
use crate::input::{Input, Values};
use crate::model::about::{About, CanRollBack};
use crate::model::answers::{Conclusion, Filter};
use crate::model::deployment::{Deployment, Live, Source};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, segment};
use crate::model::reason::Missing;
use crate::select::Select;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "github_pages",
        name: "GitHub Pages",
        docs: "https://docs.github.com/rest/pages/pages#cancel-a-github-pages-deployment",
        named_by: "its commit, or the address of its status",
        credentials: "`token` (or GITHUB_TOKEN, GH_TOKEN)",
        grant: "a job's token needs `permissions: pages: write`, with `select` also `deployments: read`; a fine-grained one \
                the same, a classic one the scope `repo`",
        caveat: "Canceling stops publishing. The site keeps what it served before, unless publishing had already begun. The \
                 workflow run goes on and fails its deploy step, and GitHub may refuse a new deployment for some seconds.",
        way_back: "revert the commit and push. To run all jobs of the last good run again (`gh run rerun RUN_ID`) helps \
                   only while its artifact is kept, and Pages may not serve a commit anew that it had before.",
        roll_back: CanRollBack::No(
            "it has no call for it, and may not serve a commit anew that it had before: revert the commit and push",
        ),
    },
    base: "https://api.github.com",
    inputs: &[
        secret(
            "token",
            &[("GITHUB_TOKEN", ""), ("GH_TOKEN", "")],
            "Token with `pages: write`; in a GitHub Action the job's own where none is written.",
        ),
        input(
            "api_url",
            &[("GITHUB_API_URL", "")],
            "Base URL of GitHub's API; on Enterprise Server it ends with /api/v3.",
        ),
        input("server_url", &[("GITHUB_SERVER_URL", "")], "Where the repository's pages for people are."),
        input("repository", &[("GITHUB_REPOSITORY", "")], "The repository, as `owner/name`."),
        Input {
            default: ENVIRONMENT,
            ..input("environment", &[], "The environment that the site is deployed to, for `select` and `branch`.")
        },
    ],
    needs: &[Need::All(&["token"])],
    states: STATES,
    selects: &Select::ALL,
    select_notes: &[(Select::Superseded, "yes, within the environment")],
    one_group: true,
    runs_deploy: true,
    addresses: Addresses {
        forms: &[("/repos/{repository}/{repository}/pages/deployments/{id}", "")],
        wrong: "names no deployment of Pages, as the number of a GitHub deployment does not: give its commit, or an address \
                that goes on with /pages/deployments/COMMIT",
        marks: &['/'],
        at_home: false,
        meant: |text| blocker(text).unwrap_or(text),
        // A commit, whole or short, is in small letters; anything else is opaque.
        id: |id, _| Id::parse(&if is_commit(id) || is_short(id) { id.to_ascii_lowercase() } else { id.to_owned() }),
    },
    open,
    ..PlatformInfo::USUAL
};

/// What an environment is called that nobody has called otherwise.
const ENVIRONMENT: &str = "github-pages";
/// How long to wait where no header says it.
const MINUTE: Duration = Duration::from_secs(60);

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let api = values.get("api_url").unwrap_or(INFO.base);
    let named = INFO.addresses.among(values, faults);
    let name = named.holder("repository", given::repository, values, faults);
    if name.is_none() {
        named.miss("repository", "(or the variable GITHUB_REPOSITORY)", values, faults);
    }
    given::judge_servers(&named, api, values, faults);
    let ids = given::judge_commits(&INFO.addresses, values, faults);
    let server = given::server(values, api, faults);
    let name = name?;
    let environment = values.get("environment").unwrap_or(ENVIRONMENT).to_owned();
    let path = name.as_str().split('/').map(segment).collect::<Vec<_>>().join("/");
    let page = format!("{server}/{path}/deployments/{}", segment(&environment));
    let path = format!("/repos/{path}");
    let service = Service::new(&INFO.about)
        .bearer(&values.secret("token")?)
        .request_id("x-github-request-id")
        .errors(ERRORS)
        .scope(format_args!("repository {}: check `repository`", name.as_str()));
    let site = get(format!("{path}/pages"), "read the Pages site");
    let shorts: Vec<_> = ids.into_iter().filter(|id| is_short(id.as_str())).collect();
    let pages = Pages {
        site: Scope::by_address("Pages site of repository", "repository", name, site)
            .unless(": Pages is not enabled there, or the repository is not visible")
            .beside("the settings of Pages")
            .of_lists_alone(),
        path,
        environment,
        page,
        shorts,
        records: OnceLock::new(),
        checks_branch: values.get("branch").is_some(),
        merge: OnceLock::new(),
    };
    opened(pages, service)
}

const ERRORS: Errors = Errors::at(&["/message"]).refined(refine).hints(&[
    (
        Kind::Limited,
        "Too many requests: a job's token has 1000 an hour for the whole repository; run fewer jobs at once, or allow a \
         longer `timeout`.",
    ),
    (
        Kind::Redirected,
        "The repository was renamed or moved: give its new name as `repository` (or GITHUB_REPOSITORY). If it was not, check \
         `api_url`.",
    ),
    (
        Kind::Unauthorized,
        "Check `token` (or GITHUB_TOKEN, GH_TOKEN): it is wrong or expired, and a job's token ends with its job.",
    ),
]);

/// A 403 is a rate limit as well; and a time is told in the reset header only where nothing is left.
fn refine(response: &Response, _body: &Value, error: &mut ApiError) {
    let header = |name: &str| response.header(name);
    let words = error.message.as_deref().unwrap_or_default().to_lowercase();
    let is_spent = header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0");
    let is_told = header("retry-after").is_some();
    match response.status {
        403 if is_spent || is_told || words.contains("rate limit") => error.status = Some(429),
        403 if header("x-github-sso").is_some() || words.contains("saml") || words.contains("allow list") => {
            let hint = "Authorize the token for the organization: it wants a sign-in with SAML, or knows the addresses it \
                        lets in.";
            error.hint = Some(hint.to_owned());
        }
        _ => {}
    }
    let tells = is_told || is_spent && header("x-ratelimit-reset").is_some();
    error.pause = (!tells).then_some(MINUTE);
}

#[async_trait]
impl Rest for Pages {
    type Wire = Wire;

    fn scope(&self) -> Option<&Scope> {
        Some(&self.site)
    }

    /// What a short commit stands for only the records tell.
    async fn resolve_scope(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        if !self.shorts.is_empty() && self.records.get().is_none() {
            let Some(records) = present(self.records(api, None).await, Read::Later)? else {
                return Ok(Some(self.site.missing()));
            };
            for short in &self.shorts {
                whole_commit(short.as_str(), &records)?;
            }
            self.records.get_or_init(|| records);
        }
        Ok(None)
    }

    fn read(&self, id: &str) -> ApiRequest {
        get(self.deployments(id), "read the deployment")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        versioned(ApiRequest::cancel(format!("{}/cancel", self.deployments(id))))
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        Some(Deployment { url: Some(self.page.clone()), ..wire.deployment()? })
    }

    /// No answer names what it is about.
    fn name(&self, told: &mut Deployment, asked: &str) {
        let source = |commit: &str| Source::of(None, None, Some(commit));
        asked.clone_into(&mut told.id);
        if is_commit(asked) {
            told.commit = Some(asked.to_owned());
            told.sources.push(source(asked));
        }
        if let Some([head, _]) = self.merge.get().filter(|[_, merge]| merge == asked) {
            told.sources.push(source(head));
        }
    }

    /// What a record told no status does; and once publishing has begun, a cancellation does not tell what is served.
    fn carry(&self, known: &Deployment, told: &mut Deployment) {
        told.created = told.created.or(known.created);
        told.branch = told.branch.take().or_else(|| known.branch.clone());
        told.sources.clone_from(&known.sources);
        wire::carry(known, told);
    }

    fn refused(&self, failure: Failure) -> Failure {
        let is_over = failure.words.contains("finished");
        let hint = "GitHub says that it has finished, which its status does not show yet: look at the site.";
        if is_over { Failure { is_over, hint: hint.to_owned(), ..failure } } else { failure }
    }

    /// A 404 has several meanings, and whether there is a site tells them apart.
    async fn explain_missing(&self, api: &Api, id: &str) -> Missing {
        let why = match self.site.is_there(api).await {
            Ok(true) => ": its site is there, but nothing of this commit, or not yet",
            Ok(false) => return self.site.missing(),
            Err(_) => " for this credential",
        };
        let place = format!("in repository {}{why}", self.site.as_str());
        Missing::Deployment { id: id.to_owned(), place, check: "`deployment_id`".to_owned() }
    }

    fn unlisted(&self) -> &'static str {
        "One that no record names, as a stuck one may be, is reached by `deployment_id` alone."
    }

    fn without_reading(&self, id: &Id) -> Option<Deployment> {
        (!is_short(id.as_str())).then(|| Deployment::without_reading(id.as_str()))
    }

    async fn listed(&self, api: &Api, wanted: &Filter) -> Result<Vec<Deployment>, Failure> {
        match wanted.commits.as_slice() {
            [] => self.newest(api, wanted).await,
            commits => self.of_commits(api, commits).await,
        }
    }

    /// A short commit is nobody's id, and of which branch a commit is a record tells.
    async fn fetch(&self, api: &Api, id: &str, read: Read) -> Result<Option<Deployment>, Failure> {
        let known = self.records.get().map_or(&[][..], Vec::as_slice);
        let Some(id) = (if is_short(id) { whole_commit(id, known)? } else { Some(id.to_owned()) }) else {
            return Ok(None);
        };
        let mut told = fetch(self, api, &id, read).await?;
        if let Some(told) = told.as_mut().filter(|_| self.checks_branch && read == Read::First) {
            date(told, &self.records(api, Some(&id)).await?);
        }
        Ok(told)
    }

    async fn unread(&self, api: &Api, known: &Deployment) -> Result<Option<Deployment>, Failure> {
        self.waits(api, known).await
    }

    /// What its last word leaves open. That of a commit that was deployed before may be an older one's.
    async fn final_details(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let sentence = if ended.live == Live::Unknown {
            wire::open_end(ended)
        } else if ended.went_live() == Some(true) && self.records(api, Some(&ended.id)).await?.len() > 1 {
            "This commit was deployed before, so something newer may be served: look at the site."
        } else {
            return Ok(Conclusion::default());
        };
        Ok(Conclusion { sentence: Some(sentence.to_owned()), ..Conclusion::default() })
    }
}
