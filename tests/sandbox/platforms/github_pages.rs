//! GitHub Pages.
//!
//! Follows GitHub's API description, the client in actions/deploy-pages, and refusals that public runs have recorded. The
//! id of a deployment is its commit; where tests need both, the commit is another name of it, as the description has it.
//! Nothing lists deployments: what is asked for because a record names it is a look, which does not move a course on.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, epoch};
use super::page::Page;
use super::platform::{Access, Addition, Call, Platform, Platforms, Routed};
use super::stand::{About, Choice, One, Pages, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

pub use super::deployment::COMMIT;

/// The repository, and another one.
pub const REPOSITORY: &str = "acme/web";
/// This.
pub const OTHER_REPOSITORY: &str = "acme/api";

const DOCS: &str = "https://docs.github.com/rest/pages/pages#cancel-a-github-pages-deployment";
const FINISHED: [&str; 6] = [
    "succeed",
    "deployment_cancelled",
    "deployment_failed",
    "deployment_content_failed",
    "deployment_perms_error",
    "deployment_lost",
];

/// The commit with that number.
pub fn id(number: usize) -> String {
    format!("8e52d20341103fba0f42d25d5c4e3a6a{number:08x}")
}

/// A repository, with a site or not.
#[derive(Clone, Debug)]
pub struct Repository {
    name: String,
    has_site: bool,
}

impl Repository {
    /// One with a site.
    pub fn new(name: &str) -> Repository {
        Repository { name: name.to_owned(), has_site: true }
    }

    /// One for which Pages is not enabled.
    pub fn without_site(mut self) -> Self {
        self.has_site = false;
        self
    }
}

/// A deployment of a site, with its record; the repository appears with it if it is not there yet.
pub type Publication = deployment::Deployment<Extras>;

/// What only deployments of Pages have.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    number: u64,
    unrecorded: bool,
    /// What the job's newest status is, where the job has not come to deploying.
    waits: Option<String>,
    environment: Option<String>,
}

impl Publication {
    /// A deployment that is being carried out until it is canceled.
    pub fn new(repository: &str, id: &str) -> Publication {
        Publication::made(repository, id, Extras::default()).commit(id)
    }

    /// No record names it, as with one that is stuck.
    pub fn unrecorded(mut self) -> Self {
        self.own.unrecorded = true;
        self
    }

    /// There is a record of it, whose job has this status, and nothing of Pages' own.
    pub fn waiting(mut self, status: &str) -> Self {
        self.own.waits = Some(status.to_owned());
        self
    }

    /// To that environment.
    pub fn environment(mut self, name: &str) -> Self {
        self.own.environment = Some(name.to_owned());
        self
    }

    fn record(&self) -> Value {
        let url = format!("https://api.github.com/repos/{}/deployments/{}", self.scope, self.own.number);
        self.adjusted(json!({
            "id": self.own.number,
            "url": url,
            "statuses_url": format!("{url}/statuses"),
            "repository_url": format!("https://api.github.com/repos/{}", self.scope),
            "node_id": "DE_kwDOA",
            "sha": self.id,
            "ref": Some(&self.branch).filter(|branch| !branch.is_empty()),
            "task": "deploy",
            "environment": self.own.environment.as_deref().unwrap_or("github-pages"),
            "description": null,
            "payload": {"secret": ENV_VALUE},
            "creator": {"login": "jane", "email": EMAIL},
            "created_at": self.created,
            "updated_at": self.created,
            "production_environment": false,
        }))
    }
}

impl deployment::Own for Extras {
    type Platform = GitHubPages;
    const COURSE: deployment::Words = (&["deployment_in_progress"], &["deployment_cancelled"]);
    const FINISHED: &'static [&'static str] = &FINISHED;
    const CREATED: &'static [&'static str] = &["created_at"];

    fn fleet(platform: &mut GitHubPages) -> &mut Fleet<Extras> {
        &mut platform.fleet
    }

    fn precede(platform: &mut GitHubPages, one: &mut Publication) {
        let known = platform.fleet.all.iter().find(|known| known.id == one.id && known.scope == one.scope);
        platform.records += u64::from(known.is_none());
        one.own.number = known.map_or(3000 + platform.records, |known| known.own.number);
        if !platform.repositories.iter().any(|known| known.name == one.scope) {
            platform.repositories.push(Repository::new(&one.scope));
        }
    }

    fn is(one: &Publication, id: &str) -> bool {
        one.id == id || one.commit.as_deref() == Some(id)
    }

    fn json(_: &Publication, word: &str) -> Value {
        json!({"status": if word == "(null)" { Value::Null } else { json!(word.trim_start_matches("(empty)")) }})
    }

    fn canceled(_: &Publication, _: &str) -> Value {
        Value::Null
    }
}

impl Addition for Repository {
    fn add_to(self, platforms: &mut Platforms) {
        let all = &mut platforms.of::<GitHubPages>().repositories;
        all.retain(|known| known.name != self.name);
        all.push(self);
    }
}

/// Another record of a commit that is there already.
pub struct Again(pub &'static str, pub &'static str, pub &'static str);

impl Addition for Again {
    fn add_to(self, platforms: &mut Platforms) {
        let platform = platforms.of::<GitHubPages>();
        let known = platform.fleet.find(|known| known.id == self.0).expect("a deployment of that commit").clone();
        platform.records += 1;
        let mut again = known.branch(self.1).created_at(self.2);
        again.own.number = 3000 + platform.records;
        platform.again.push(again.record());
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct GitHubPages {
    repositories: Vec<Repository>,
    fleet: Fleet<Extras>,
    records: u64,
    again: Vec<Value>,
    /// Named by a list, and not looked at since.
    named: HashSet<String>,
}

impl Platform for GitHubPages {
    fn name(&self) -> &'static str {
        "github_pages"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::Scope, "GET repos/*/*/pages"),
            (Call::List, "GET repos/*/*/deployments"),
            (Call::Other, "GET repos/*/*/deployments/*/statuses"),
            (Call::Read, "GET repos/*/*/pages/deployments/*"),
            (Call::Cancel, "POST repos/*/*/pages/deployments/*/cancel"),
        ]
    }

    fn call(&self, request: &Request) -> Call {
        match self.route(request) {
            (Call::Read, places) if self.named.contains(&places[2]) => Call::Other,
            (call, _) => call,
        }
    }

    fn respond(&mut self, call: Call, places: &[&str], request: &Request) -> Answer {
        let [owner, name, rest @ ..] = places else {
            return self.problem(404);
        };
        let repository = format!("{owner}/{name}");
        let Some(known) = self.repositories.iter().find(|known| known.name.eq_ignore_ascii_case(&repository)) else {
            return self.problem(404);
        };
        let (scope, has_site) = (known.name.clone(), known.has_site);
        match (call, rest) {
            (Call::Scope, []) if has_site => Answer::json(
                200,
                &json!({"url": format!("https://api.github.com/repos/{scope}/pages"), "status": "built", "cname": null,
                    "custom_404": false, "html_url": "https://acme.github.io/web/", "build_type": "workflow", "public": true}),
            ),
            (Call::List, []) => self.list(&scope, request),
            (Call::Other, [number]) => self.statuses(number),
            (Call::Read, [id]) => self.read(&scope, id),
            (Call::Cancel, [id]) => self.cancel(&scope, id),
            _ => self.problem(404),
        }
    }

    fn problem(&self, status: u16) -> Answer {
        tell(
            status,
            match status {
                400 => "Bad Request",
                401 => "Bad credentials",
                403 => "Resource not accessible by integration",
                404 => "Not Found",
                409 => "Conflict",
                410 => "Gone",
                422 => "Validation Failed",
                429 => "API rate limit exceeded for installation ID 123.",
                503 => "Service Unavailable",
                _ => "Server Error",
            },
        )
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let (remaining, reset) = match answer.status {
            429 => (0, epoch(1)),
            _ => (1000_u32.saturating_sub(number), epoch(1800)),
        };
        answer
            .with("x-ratelimit-limit", "1000")
            .with("x-ratelimit-remaining", remaining.to_string())
            .with("x-ratelimit-reset", reset.to_string())
            .with("x-ratelimit-resource", "core")
            .with("x-github-request-id", format!("C0DE:1A2B:{number:06X}"))
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }

    fn refuse(&self, access: Access, _call: Call) -> Answer {
        match access {
            Access::Denied => self.problem(403).with("x-accepted-github-permissions", "pages=write"),
            _ => self.problem(401),
        }
    }
}

fn tell(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"message": message, "documentation_url": DOCS, "status": status.to_string()}))
}

impl GitHubPages {
    fn list(&mut self, repository: &str, request: &Request) -> Answer {
        let (wanted, sha) = (request.param("environment"), request.param("sha"));
        let is_wanted = |record: &Value| {
            let is = |name: &str, wanted: &Option<String>| wanted.as_ref().is_none_or(|it| record[name] == json!(it));
            is("environment", &wanted) && is("sha", &sha)
        };
        let all = self.fleet.newest_first(|one| one.scope == repository && !one.own.unrecorded);
        let mut records: Vec<_> = all.iter().map(|one| one.record()).chain(self.again.iter().cloned()).collect();
        records.retain(is_wanted);
        records.sort_by(|one, other| other["created_at"].as_str().cmp(&one["created_at"].as_str()));
        let Ok(page) = Page::of(records, request, 30, 100) else {
            return self.problem(422);
        };
        // Who asks for the records of one commit does not choose.
        if sha.is_none() {
            self.named.extend(page.items.iter().filter_map(|record| record["sha"].as_str().map(str::to_owned)));
        }
        let link =
            |number| page.link(&format!("https://api.github.com/repos/{repository}/deployments"), request, number);
        let links =
            page.next().map(|next| format!("<{}>; rel=\"next\", <{}>; rel=\"last\"", link(next), link(page.last)));
        let answer = Answer::json(200, &Value::Array(page.items.clone()));
        links.map_or(answer.clone(), |links| answer.with("link", links))
    }

    fn statuses(&self, number: &str) -> Answer {
        match self.fleet.all.iter().find(|one| one.own.number.to_string() == number) {
            Some(one) => {
                let state = one.own.waits.as_deref().unwrap_or("in_progress");
                let job = "https://github.com/acme/web/actions/runs/36000000001/job/1";
                let record = one.record();
                let status = json!({
                    "id": 9002,
                    "node_id": "DES_kwDOA",
                    "state": state,
                    "creator": record["creator"],
                    "description": "",
                    "environment": record["environment"],
                    "url": format!("{}/statuses/9002", record["url"].as_str().unwrap_or_default()),
                    "deployment_url": record["url"],
                    "repository_url": record["repository_url"],
                    "target_url": job,
                    "log_url": job,
                    "created_at": record["created_at"],
                    "updated_at": record["updated_at"],
                });
                Answer::json(200, &json!([status]))
            }
            None => self.problem(404),
        }
    }

    fn find(&mut self, repository: &str, id: &str) -> Option<&mut Publication> {
        let is_there = |one: &Publication| one.scope == repository && one.own.waits.is_none();
        let exact = self.fleet.all.iter().any(|one| is_there(one) && one.id == id);
        self.fleet.find(|one| is_there(one) && if exact { one.id == id } else { deployment::Own::is(one, id) })
    }

    fn read(&mut self, repository: &str, id: &str) -> Answer {
        let is_look = self.named.remove(id);
        match self.find(repository, id) {
            Some(one) if is_look => Answer::json(200, &Extras::shown(one)),
            Some(one) => {
                let word = one.script.read();
                Answer::json(200, &<Extras as deployment::Own>::json(one, &word))
            }
            None => self.problem(404),
        }
    }

    fn cancel(&mut self, repository: &str, id: &str) -> Answer {
        self.named.clear();
        let Some(one) = self.find(repository, id) else {
            return self.problem(404);
        };
        match one.cancel() {
            Ok(answer) => Answer { status: 204, ..answer },
            Err(400) => tell(400, &format!("Unable to cancel deployment {id} as it's finished.")),
            Err(other) => self.problem(other),
        }
    }
}

impl Extras {
    fn shown(one: &Publication) -> Value {
        <Extras as deployment::Own>::json(one, one.script.now())
    }
}

/// GitHub Pages, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "github_pages",
    letter: 'p',
    id,
    states: &[
        ("queued", "deployment_queued"),
        ("running", "deployment_in_progress"),
        ("canceled", "deployment_cancelled"),
        ("succeeded", "succeed"),
        ("failed", "deployment_failed"),
    ],
    unknown: "unknown_status",
    inputs: &[("token", TOKEN), ("repository", REPOSITORY)],
    unknown_scope: Some(("repository", "acme/nothing")),
    links: "https://github.com/",
    choice: Some(Choice {
        inputs: &[],
        pages: Some(Pages {
            size: "per_page",
            sizes: [100, 10, 1],
            page: |number, _| json!([{"id": number, "sha": id(number), "ref": "main", "created_at": "2026-08-01T10:00:00Z"}]),
        }),
    }),
    right: "permissions: pages: write",
    traits: Traits {
        answer_tells: false,
        answer_can_lie: false,
        accepted: 204,
        commits: false,
        ids_are_commits: true,
        newest_alone: true,
        request_id: "C0DE:",
        ..Traits::USUAL
    },
    ..About::USUAL
};

const ADDRESSED: super::Addressed = super::Addressed {
    address: |api, repository, id| format!("{api}/repos/{repository}/pages/deployments/{id}"),
    holders: [REPOSITORY, OTHER_REPOSITORY],
    input: "repository",
    usual: ("GITHUB_REPOSITORY", OTHER_REPOSITORY),
    is_for_one: true,
    others_are_ids: false,
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn addressed(&self) -> Option<&'static super::Addressed> {
        Some(&ADDRESSED)
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let repository = if one.scope == 1 { REPOSITORY } else { OTHER_REPOSITORY };
        sandbox.add(Publication::new(repository, &id(one.number)).like(&ABOUT, one));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Repository::new(REPOSITORY)).add(Repository::new(OTHER_REPOSITORY));
    }

    /// An answer names nobody, so it cannot be about another one.
    fn body(&self, _id: &str, _word: &str) -> Option<String> {
        None
    }

    fn refusal(&self, text: &str) -> String {
        json!({"message": text, "documentation_url": DOCS, "status": "400"}).to_string()
    }
}
