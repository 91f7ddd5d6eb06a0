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
use super::http::{Answer, Request, epoch, merge, moment};
use super::live::Ends;
use super::page::Page;
use super::platform::{Access, Addition, Call, Platform, Platforms, Routed as _};
use super::stand::{About, Back, Choice, One, Pages, Traits};
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
    is_locked: bool,
    patch: Value,
}

impl Site {
    /// A site of that name, which follows a repository.
    pub fn new(id: &str, name: &str) -> Site {
        Site { id: id.to_owned(), name: name.to_owned(), published: None, is_locked: false, patch: json!({}) }
    }

    /// Publishes nothing by itself, so that what is published stays.
    pub fn locked(mut self) -> Self {
        self.is_locked = true;
        self
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

    fn json(&self, live: Option<Value>) -> Value {
        let other = self.published.as_ref().map(|(id, locked)| json!({"id": id, "locked": locked, "state": "ready"}));
        let published = other.or(live);
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
    const LIVE: &'static [&'static str] = &["ready"];

    fn slot(one: &Deploy) -> Option<&str> {
        (one.target.as_deref() == Some("production") && !one.own.unpublished).then_some(&one.scope)
    }

    fn park(one: &mut Deploy) {
        one.own.unpublished = true;
    }

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
        let is_live = state == "ready" && Self::slot(one).is_some();
        let published = one.live.map(moment).or(is_live.then_some(changed.clone()));
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
            "published_at": published,
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
        let Netlify { sites, fleet, .. } = platforms.of::<Netlify>();
        fleet.slots.park(&self.id, self.is_locked);
        sites.retain(|known| known.id != self.id);
        sites.push(self);
    }
}

/// What is documented nowhere of a deploy that is published again, and of the one that was published until then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restores {
    /// It keeps the time at which it was published first.
    pub keep_time: bool,
    /// The one before is `old` from then on.
    pub age: bool,
}

impl Addition for Restores {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<Netlify>().restores = self;
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Netlify {
    sites: Vec<Site>,
    fleet: Fleet<Extras>,
    restores: Restores,
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
            (Call::RollBack, "POST sites/*/deploys/*/restore"),
            (Call::Other, "PUT sites/*/rollback"),
            (Call::Other, "POST deploys/*/lock|unlock"),
            (Call::Other, "GET builds/*"),
        ]
    }

    fn respond(&mut self, call: Call, places: &[&str], request: &Request) -> Answer {
        match (call, places) {
            (Call::Scope, []) => self.sites(request),
            (Call::Scope, [id]) => match self.sites.iter().find(|known| known.id == *id) {
                Some(site) => Answer::json(200, &self.site_json(site)),
                None => self.problem(404),
            },
            (Call::RollBack, [site, id]) => self.restore(site, id),
            (Call::Other, [site]) if request.method == "PUT" => self.step_back(site),
            (Call::Other, [id, how]) => self.lock(id, *how == "lock"),
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

    fn aim(&self, request: &Request) -> Option<[String; 2]> {
        self.route(request).1.try_into().ok()
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
            (Access::Denied, Call::Cancel | Call::RollBack) => 404,
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
        page(found.map(|site| self.site_json(site)).collect(), "sites", request)
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

    fn site_json(&self, site: &Site) -> Value {
        let live = self.fleet.slots.live(&site.id);
        let live = live.and_then(|live| self.fleet.all.iter().find(|known| known.id == live.id));
        let locked = json!({"locked": self.fleet.slots.is_parked(&site.id)});
        site.json(live.map(|live| {
            let mut body = live.shown();
            merge(&mut body, &locked);
            body
        }))
    }

    /// Publishes whatever it is given, also a preview.
    fn restore(&mut self, site: &str, id: &str) -> Answer {
        let Some(at) = self.fleet.all.iter().position(|known| known.scope == site && known.id == id) else {
            return self.problem(404);
        };
        if !["ready", "old"].contains(&parts(self.fleet.all[at].script.now()).0) {
            return self.problem(422);
        }
        let is_new = self.fleet.slots.live(site).is_none_or(|live| live.id != id);
        if self.fleet.slots.ends == Ends::Well && is_new {
            self.publish(site, at);
        }
        Answer::json(201, &self.fleet.all[at].shown()).effect(is_new)
    }

    fn publish(&mut self, site: &str, at: usize) {
        let before = self.fleet.slots.live(site).map(|live| live.id.clone());
        let since = self.fleet.point(site, at);
        let one = &mut self.fleet.all[at];
        one.script.end_with("ready");
        if !self.restores.keep_time || one.live.is_none() {
            one.live = Some(since);
        }
        if let Some(before) = self.fleet.find(|known| self.restores.age && Some(&known.id) == before.as_ref()) {
            before.script.end_with("old");
        }
    }

    /// Names no target: each such request is another step.
    fn step_back(&mut self, site: &str) -> Answer {
        let history = self.fleet.slots.history(site);
        let before = history.iter().rev().nth(1).map(|served| served.id.clone());
        match self.fleet.all.iter().position(|known| Some(&known.id) == before.as_ref()) {
            Some(at) => {
                self.publish(site, at);
                Answer::new(204, "", "")
            }
            None => self.problem(404),
        }
    }

    fn lock(&mut self, id: &str, is_locked: bool) -> Answer {
        let Some(deploy) = self.fleet.find(|known| known.id == id) else {
            return self.problem(404);
        };
        let (site, body) = (deploy.scope.clone(), deploy.shown());
        self.fleet.slots.park(&site, is_locked);
        Answer::json(200, &body)
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

const BACK: Back = Back {
    slot: SITE,
    beside: Some(OTHER_SITE),
    target: Some("production"),
    live: Call::Scope,
    named: str::to_owned,
    request: |id| ("POST", format!("/sites/{SITE}/deploys/{id}/restore"), Value::Null),
    accepted: 201,
    makes_one: false,
    can_fail: false,
    tells_replaced: true,
    held: &["pending_review", "accepted", "uploading"],
    never_live: |sandbox, one| {
        sandbox.add(made(one).unpublished().states(["ready"]));
    },
    busy: &[],
    refuses: &[],
    traps: &[],
    unknown: &[
        ("it keeps its time", |sandbox| {
            sandbox.add(Restores { keep_time: true, ..Restores::default() });
        }),
        ("what was published is old", |sandbox| {
            sandbox.add(Restores { age: true, ..Restores::default() });
        }),
    ],
};

fn made(one: &One) -> Deploy {
    let (site, name) = if one.scope == 1 { (SITE, "web") } else { (OTHER_SITE, "api") };
    let deploy = Deploy::new(site, &id(one.number)).of(name).finished_cancel(422).like(&ABOUT, one);
    deploy.target(one.target.or(Some(ABOUT.usual_target)))
}

const ADDRESSED: super::Addressed = super::Addressed {
    address: |_, site, id| format!("https://app.netlify.com/projects/{site}/deploys/{id}"),
    holders: ["web", "api"],
    input: "site_name",
    usual: ("NETLIFY_SITE_ID", "api"),
    is_for_one: false,
    others_are_ids: false,
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn way_back(&self) -> Option<&'static Back> {
        Some(&BACK)
    }

    fn addressed(&self) -> Option<&'static super::Addressed> {
        Some(&ADDRESSED)
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        sandbox.add(made(one));
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
