//! Netlify.
//!
//! Follows the official API description, the command line client, and answers that public projects have recorded. There is
//! no word for canceled, so the words of a course here are a state, perhaps a message, and perhaps for how many seconds
//! it has stood still: `prepared: Canceled build | 20`. What a cancel of a finished deploy answers is documented nowhere,
//! so [`Deploy::finished_cancel`] chooses it.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, epoch, merge};
use super::page::Page;
use super::platform::{Access, Addition, Call, Platform, Platforms};
use super::stand::{About, Choice, One, Pages, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox};

pub use super::deployment::COMMIT;

/// A site's id.
pub const SITE: &str = "0d3a9d2f-ef94-4380-93df-27ee400e2048";
/// Another one's.
pub const OTHER_SITE: &str = "9727f051-52fd-4ae7-9128-a0812610ca69";
/// What a cancellation leaves.
pub const CANCELED: &str = "error: Canceled build";
/// What Netlify's own check leaves.
pub const UNCHANGED: &str =
    "error: Failed during stage 'checking build content for changes': Canceled build due to no content change";
/// What a build that failed leaves.
pub const FAILED: &str = "error: Failed during stage 'building site': Build script returned non-zero exit code: 2";

const HOUR: i64 = 3600;
/// When the first deploy was created: long ago, and yet today, as the platform's clock is this machine's.
static BEGINNING: LazyLock<i64> = LazyLock::new(|| epoch(-12 * HOUR));

/// The id of the deploy with that number.
pub fn id(number: usize) -> String {
    format!("66a9a1c24fd25f0008{number:06x}")
}

/// Seconds since 1970 as the platform writes them.
pub fn time(second: i64) -> String {
    Timestamp::from_millisecond(second * 1000 + 155).expect("a time of these days").to_string()
}

/// A site.
#[derive(Clone, Debug)]
pub struct Site {
    id: String,
    name: String,
    published: Option<(String, bool)>,
    patch: Value,
}

impl Site {
    /// A site of that name, which follows a repository.
    pub fn new(id: &str, name: &str) -> Site {
        Site { id: id.to_owned(), name: name.to_owned(), published: None, patch: json!({}) }
    }

    /// Another deploy than any of those here is published, and may be locked there.
    pub fn publishes(mut self, id: &str, locked: bool) -> Self {
        self.published = Some((id.to_owned(), locked));
        self
    }

    /// Lays a JSON merge patch over the site; null removes a field.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }

    fn json(&self) -> Value {
        let published =
            self.published.as_ref().map(|(id, locked)| json!({"id": id, "locked": locked, "state": "ready"}));
        let mut body = json!({
            "id": self.id,
            "name": self.name,
            "state": "current",
            "admin_url": format!("https://app.netlify.com/projects/{}", self.name),
            "account_id": "5d8a1e5c4fd25f0008aaaaaa",
            "password": ENV_VALUE,
            "notification_email": EMAIL,
            "published_deploy": published,
            "build_settings": {
                "repo_url": "https://github.com/example/sample-app",
                "repo_path": "example/sample-app",
                "repo_branch": "main",
                "env": {"GREETING": ENV_VALUE},
            },
        });
        merge(&mut body, &self.patch);
        body
    }
}

/// A deploy of a site; the site appears with it if it is not there yet.
pub type Deploy = deployment::Deployment<Extras>;

/// What only deploys of Netlify have.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    site: String,
    review: Option<u64>,
    unpublished: bool,
}

impl Deploy {
    /// A production deploy of the site `web` that builds until it is canceled.
    pub fn new(site: &str, id: &str) -> Deploy {
        Deploy::made(site, id, Extras { site: "web".to_owned(), ..Extras::default() }).target(Some("production"))
    }

    /// The name of its site.
    pub fn of(mut self, site: &str) -> Self {
        self.own.site = site.to_owned();
        self
    }

    /// The preview of that pull request.
    pub fn preview(mut self, number: u64) -> Self {
        self.own.review = Some(number);
        self.target(Some("deploy-preview"))
    }

    /// Ends `ready`, and is never published.
    pub fn unpublished(mut self) -> Self {
        self.own.unpublished = true;
        self
    }

    /// The id of its build, which looks like its own.
    pub fn build(&self) -> String {
        format!("b{}", &self.id[1..])
    }
}

/// A word of a course: its state, its message, and for how long it has stood still.
fn parts(word: &str) -> (&str, Option<&str>, i64) {
    let (word, still) = word.split_once(" | ").unwrap_or((word, "1"));
    let (state, message) = word.split_once(": ").map_or((word, None), |(state, message)| (state, Some(message)));
    (state, message, still.parse().expect("a number of seconds"))
}

impl deployment::Own for Extras {
    type Platform = Netlify;
    const COURSE: deployment::Words = (&["building"], &[CANCELED]);
    const FINISHED: &'static [&'static str] = &["ready", "old", "error", "rejected"];
    const CREATED: &'static [&'static str] = &["created_at"];

    fn fleet(platform: &mut Netlify) -> &mut Fleet<Extras> {
        &mut platform.fleet
    }

    fn precede(platform: &mut Netlify, one: &mut Deploy) {
        if !platform.sites.iter().any(|known| known.id == one.scope) {
            platform.sites.push(Site::new(&one.scope, &one.own.site));
        }
    }

    fn created(second: usize) -> Value {
        json!(time(*BEGINNING + i64::try_from(second).expect("a small number")))
    }

    fn is_finished(word: &str) -> bool {
        Self::FINISHED.contains(&parts(word).0)
    }

    fn word(one: &Deploy) -> &str {
        parts(one.script.now()).0
    }

    fn json(one: &Deploy, word: &str) -> Value {
        let (state, message, still) = parts(word);
        let (site, id) = (&one.own.site, &one.id);
        let is_built = one.commit.is_some();
        let changed = time(epoch(-still));
        let is_live = state == "ready" && one.target.as_deref() == Some("production") && !one.own.unpublished;
        json!({
            "id": id,
            "site_id": one.scope,
            "user_id": "5d8a1e5c4fd25f0008bbbbbb",
            "build_id": if is_built { one.build() } else { String::new() },
            "name": site,
            "state": state,
            "error_message": message,
            "branch": Some(&one.branch).filter(|branch| !branch.is_empty()),
            "commit_ref": one.commit,
            "commit_url": one.commit.as_ref().map(|commit| format!("https://github.com/example/sample-app/commit/{commit}")),
            "review_id": one.own.review,
            "review_url": one.own.review.map(|number| format!("https://github.com/example/sample-app/pull/{number}")),
            "title": is_built.then_some("Make it faster"),
            "committer": is_built.then_some("jane"),
            "context": one.target,
            "created_at": one.created,
            "updated_at": changed,
            "published_at": is_live.then_some(&changed),
            "deploy_time": (state == "ready").then_some(58),
            "skipped": null,
            "skipped_log": null,
            "locked": null,
            "draft": null,
            "plugin_state": "none",
            "manual_deploy": !is_built,
            "required": [],
            "url": format!("http://{site}.netlify.app"),
            "admin_url": format!("https://app.netlify.com/projects/{site}"),
            "deploy_ssl_url": format!("https://main--{site}.netlify.app"),
            "links": {"permalink": format!("https://{id}--{site}.netlify.app"), "alias": null, "branch": null},
            "skew_protection_token": ENV_VALUE,
            "log_access_attributes": {"type": "firebase", "token": ENV_VALUE},
            "function_schedules": [],
        })
    }
}

impl Addition for Site {
    fn add_to(self, platforms: &mut Platforms) {
        let sites = &mut platforms.of::<Netlify>().sites;
        sites.retain(|known| known.id != self.id);
        sites.push(self);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Netlify {
    sites: Vec<Site>,
    fleet: Fleet<Extras>,
}

impl Platform for Netlify {
    fn name(&self) -> &'static str {
        "netlify"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::Scope, "GET sites"),
            (Call::Scope, "GET sites/*"),
            (Call::List, "GET sites/*/deploys"),
            (Call::Read, "GET deploys/*"),
            (Call::Read, "GET sites/*/deploys/*"),
            (Call::Cancel, "POST deploys/*/cancel"),
            (Call::Other, "GET builds/*"),
        ]
    }

    fn respond(&mut self, call: Call, places: &[&str], request: &Request) -> Answer {
        match (call, places) {
            (Call::Scope, []) => self.sites(request),
            (Call::Scope, [id]) => match self.sites.iter().find(|known| known.id == *id) {
                Some(site) => Answer::json(200, &site.json()),
                None => self.problem(404),
            },
            (Call::List, [site]) => self.list(site, request),
            (Call::Read, [.., id]) => match self.fleet.find(|known| known.id == *id) {
                Some(deploy) => Answer::json(200, &deploy.read()),
                None => self.problem(404),
            },
            (Call::Cancel, [id]) => self.cancel(id),
            (Call::Other, [id]) => self.build(id),
            // Nothing leads there.
            _ => Answer::new(404, "text/plain; charset=utf-8", "Not Found"),
        }
    }

    fn problem(&self, status: u16) -> Answer {
        let message = match status {
            400 => "Bad Request",
            401 => "Access Denied",
            403 => "Forbidden",
            404 => "Not Found",
            409 => "Conflict",
            410 => "Gone",
            422 => "Build is already done",
            429 => "API Request rate limit surpassed for application",
            503 => "Service Unavailable",
            _ => "Internal Server Error",
        };
        Answer::json(status, &json!({"code": status, "message": message}))
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let (remaining, reset) = match answer.status {
            429 => (0, epoch(1)),
            _ => (500_u32.saturating_sub(number), epoch(50)),
        };
        answer
            .with("x-ratelimit-limit", "500")
            .with("x-ratelimit-remaining", remaining.to_string())
            .with("x-ratelimit-reset", reset.to_string())
            .with("x-request-id", format!("b6c6a2ba-5a5b-4b0f-8a4e-{number:012}"))
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }

    /// Who may look and not write is told that nothing is there.
    fn refuse(&self, access: Access, call: Call) -> Answer {
        self.problem(match (access, call) {
            (Access::Denied, Call::Cancel) => 404,
            (Access::Denied, _) => 403,
            _ => 401,
        })
    }
}

/// One page of items, with a header that tells where the next one is.
fn page(items: Vec<Value>, path: &str, request: &Request) -> Answer {
    let Ok(page) = Page::of(items, request, 100, 100) else {
        return Answer::json(422, &json!({"code": 422, "message": "page is out of range"}));
    };
    let link = |number: usize| page.link(&format!("https://api.netlify.com/api/v1/{path}"), request, number);
    let answer = Answer::json(200, &Value::Array(page.items.clone()));
    match page.next() {
        Some(next) => {
            let links = format!("<{}>; rel=\"next\", <{}>; rel=\"last\"", link(next), link(page.last));
            answer.with("link", links)
        }
        None => answer,
    }
}

impl Netlify {
    fn sites(&self, request: &Request) -> Answer {
        // The filter finds parts of names.
        let wanted = request.param("name").unwrap_or_default();
        let found = self.sites.iter().filter(|site| site.name.contains(&wanted));
        page(found.map(Site::json).collect(), "sites", request)
    }

    fn list(&self, site: &str, request: &Request) -> Answer {
        if !self.sites.iter().any(|known| known.id == site) {
            return self.problem(404);
        }
        let (state, branch) = (request.param("state"), request.param("branch"));
        let is_wanted = |deploy: &Deploy| {
            deploy.scope == site
                && state.as_ref().is_none_or(|state| parts(deploy.script.now()).0 == state)
                && branch.as_ref().is_none_or(|branch| deploy.branch == *branch)
        };
        let mut found = self.fleet.newest_first(is_wanted);
        // No order is promised: the newest is not always the first.
        if found.len() > 2 {
            found.swap(0, 1);
        }
        page(found.iter().map(|deploy| deploy.shown()).collect(), &format!("sites/{site}/deploys"), request)
    }

    fn build(&mut self, id: &str) -> Answer {
        match self.fleet.find(|known| known.commit.is_some() && known.build() == id) {
            Some(deploy) => Answer::json(
                200,
                &json!({"id": id, "deploy_id": deploy.id, "sha": "pull/1/head", "log": [], "done": false, "error": null}),
            ),
            None => self.problem(404),
        }
    }

    fn cancel(&mut self, id: &str) -> Answer {
        let Some(deploy) = self.fleet.find(|known| known.id == id) else {
            return self.problem(404);
        };
        let (site, was_building) = (deploy.scope.clone(), deploy.script.now() == "building");
        match deploy.cancel() {
            Ok(mut answer) => {
                answer.status = 201;
                if answer.took_effect && was_building {
                    self.let_the_next_go(&site);
                }
                answer
            }
            Err(status) => self.problem(status),
        }
    }

    /// The next queued build starts when a running one is canceled.
    fn let_the_next_go(&mut self, site: &str) {
        let waits = |deploy: &Deploy| deploy.scope == site && deploy.script.now() == "enqueued";
        let waiting = self.fleet.all.iter_mut().filter(|deploy| waits(deploy) && deploy.script.cancels() == 0);
        if let Some(next) = waiting.min_by(|one, other| one.created().cmp(other.created())) {
            next.script.set_states(["building"]);
        }
    }
}

/// Netlify, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "netlify",
    letter: 'n',
    id,
    states: &[
        ("queued", "enqueued"),
        ("running", "building"),
        ("canceling", "prepared: Canceled build"),
        ("canceled", CANCELED),
        ("succeeded", "ready"),
        ("failed", FAILED),
        ("superseded", "error: Skipped"),
    ],
    unknown_scope: Some(("site_id", "0d3a9d2f-ef94-4380-93df-27ee400e2049")),
    links: "https://app.netlify.com/",
    choice: Some(Choice {
        inputs: &[("site_id", SITE)],
        pages: Some(Pages {
            size: "per_page",
            sizes: [100, 10, 1],
            page: |number, _| json!([{"id": id(number), "state": "building", "site_id": SITE}]),
        }),
    }),
    right: "must be allowed to write to the site",
    usual_target: "branch-deploy",
    traits: Traits { accepted: 201, no_right: 404, too_late: 422, request_id: "b6c6a2ba-", ..Traits::USUAL },
    ..About::USUAL
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let (site, name) = if one.scope == 1 { (SITE, "web") } else { (OTHER_SITE, "api") };
        let deploy = Deploy::new(site, &id(one.number)).of(name).finished_cancel(422).like(&ABOUT, one);
        sandbox.add(deploy.target(one.target.or(Some(ABOUT.usual_target))));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Site::new(SITE, "web")).add(Site::new(OTHER_SITE, "api"));
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"id": id, "site_id": SITE, "state": word}).to_string())
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> = ids.iter().map(|id| json!({"id": id, "site_id": SITE, "state": word})).collect();
        Some(Value::Array(items).to_string())
    }
}
