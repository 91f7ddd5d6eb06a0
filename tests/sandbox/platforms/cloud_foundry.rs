//! Cloud Foundry: the v3 API, its root document, and the UAA that makes tokens.
//!
//! Follows the API reference and the request specs of cloud_controller_ng, and
//! the UAA's token endpoint. The UAA answers below the API's own prefix, under
//! [`UAA`]; the two know nothing of each other but the tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded::parse;

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, epoch, merge, moment, percent_decode};
use super::live::Ends;
use super::page::Page;
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Routed as _};
use super::stand::{About, Back, Choice, One, Pages, Traits};
use super::{EMAIL, ENV_VALUE, MINTED, Sandbox};

/// The path below which the UAA answers.
pub const UAA: &str = "/uaa";

/// The password of the user `ci` of every stand.
const PASSWORD: &str = "open  sesame+&=9";

/// The app of every deployment that needs no special one: `web` in space `prod` of organization `acme`.
pub const APP: &str = "305cea31-5a44-45ca-b51b-e89c7a8ef8b2";
const TIME: &str = "2018-04-25T22:42:10Z";
/// After this many refused passwords the account is locked.
const MOST_REFUSED: u32 = 5;

/// An app, which brings its space and its organization along.
#[derive(Clone, Debug)]
pub struct App {
    guid: String,
    name: String,
    space: String,
    org: String,
    is_stopped: bool,
    has_no_revisions: bool,
}

impl App {
    /// An app of that name.
    pub fn new(guid: &str, name: &str, space: &str, org: &str) -> App {
        let [guid, name, space, org] = [guid, name, space, org].map(str::to_owned);
        App { guid, name, space, org, is_stopped: false, has_no_revisions: false }
    }

    /// Nothing of it runs.
    pub fn stopped(mut self) -> Self {
        self.is_stopped = true;
        self
    }

    /// Keeps no revisions.
    pub fn without_revisions(mut self) -> Self {
        self.has_no_revisions = true;
        self
    }

    fn org_guid(&self) -> String {
        format!("org-{}", self.org)
    }

    fn space_guid(&self) -> String {
        format!("space-{}-{}", self.org, self.space)
    }

    fn json(&self, base: &str) -> Value {
        json!({
            "guid": self.guid,
            "name": self.name,
            "state": if self.is_stopped { "STOPPED" } else { "STARTED" },
            "created_at": TIME,
            "updated_at": TIME,
            "lifecycle": {"type": "buildpack", "data": {"buildpacks": [], "stack": "cflinuxfs4"}},
            "relationships": {"space": {"data": {"guid": self.space_guid()}}},
            "metadata": {"labels": {}, "annotations": {}},
            "links": {
                "self": {"href": format!("{base}/v3/apps/{}", self.guid)},
                "space": {"href": format!("{base}/v3/spaces/{}", self.space_guid())},
                "deployed_revisions": {"href": format!("{base}/v3/apps/{}/revisions/deployed", self.guid)},
            },
        })
    }
}

/// A deployment; of two equal times of creation the one added later is the newer.
pub type Deployment = deployment::Deployment<Trouble>;

/// What goes wrong with a deployment.
#[derive(Clone, Debug, Default)]
pub struct Trouble {
    error: Option<String>,
    refusal: Option<(u16, u32, String)>,
    /// The app's droplet when this was made.
    previous: Option<String>,
    /// The deployment that was superseded by it.
    superseded: Option<String>,
    revision: Option<usize>,
    /// The revision that it was made of.
    rolled_back_to: Option<usize>,
    /// No deployment at all, but what a plain push left.
    is_push: bool,
}

/// The droplet of an app that nothing here was deployed to.
const FIRST_DROPLET: &str = "cc6bc315-bd06-49ce-92c2-bc3ad45268c2";

/// The droplet that a deployment was made for.
fn droplet(one: &Deployment) -> String {
    droplet_of(one.build.as_ref().unwrap_or(&one.id))
}

fn droplet_of(id: &str) -> String {
    uuid(id, "d2091e70").unwrap_or_else(|| format!("droplet-{id}"))
}

/// Another UUID, which begins like this, for what came with something that has a UUID.
fn uuid(of: &str, begins: &str) -> Option<String> {
    (of.len() == 36).then(|| format!("{begins}{}", &of[begins.len()..]))
}

impl Deployment {
    /// A rolling deployment that goes on until it is canceled; its words are `value/reason`, without a slash the reason is
    /// null.
    pub fn new(guid: &str) -> Deployment {
        Deployment::made(APP, guid, Trouble::default()).created_at(TIME)
    }

    /// The app it belongs to.
    pub fn app(mut self, guid: &str) -> Self {
        self.scope = guid.to_owned();
        self
    }

    /// What its updater fails with, again and again.
    pub fn error(mut self, text: &str) -> Self {
        self.own.error = Some(text.to_owned());
        self
    }

    /// Refuses every cancel with this status, code and detail, and goes on.
    pub fn refusal(mut self, status: u16, code: u32, detail: &str) -> Self {
        self.own.refusal = Some((status, code, detail.to_owned()));
        self
    }

    /// No deployment but a plain push, which leaves a droplet and a revision.
    pub fn pushed(mut self) -> Self {
        self.own.is_push = true;
        self.states(["FINALIZED/DEPLOYED"])
    }

    /// When it went live, in whole seconds.
    fn changed(&self) -> String {
        self.live.map_or_else(|| self.created().to_owned(), |live| moment(live / 1000 * 1000))
    }

    fn is_active(&self) -> bool {
        self.script.now().starts_with("ACTIVE")
    }

    fn revision_guid(&self) -> String {
        uuid(&self.id, "2e715102").unwrap_or_else(|| format!("revision-{}", self.id))
    }

    fn revision(&self, is_deployable: bool, base: &str) -> Value {
        let version = self.own.revision.unwrap_or_default();
        json!({
            "guid": self.revision_guid(),
            "version": version,
            "droplet": {"guid": droplet(self)},
            "processes": {"web": {"command": format!("GREETING={ENV_VALUE} bundle exec rackup")}},
            "sidecars": [],
            "description": match self.own.rolled_back_to {
                Some(version) => format!("New droplet deployed. Rolled back to revision {version}."),
                None => "New droplet deployed.".to_owned(),
            },
            "deployable": is_deployable,
            "relationships": {"app": {"data": {"guid": self.scope}}},
            "created_at": self.created(),
            "updated_at": self.created(),
            "metadata": {"labels": {}, "annotations": {}},
            "links": {
                "self": {"href": format!("{base}/v3/revisions/{}", self.revision_guid())},
                "app": {"href": format!("{base}/v3/apps/{}", self.scope)},
            },
        })
    }

    fn at(&self, word: &str, korifi: bool, base: &str) -> Value {
        let (value, reason) = match word.split_once('/') {
            Some((value, reason)) => (value, Some(reason)),
            None => (word, None),
        };
        let mut body = json!({
            "guid": self.id,
            "created_at": self.created(),
            "updated_at": self.changed(),
            "status": {"value": value, "reason": reason},
            "droplet": {"guid": droplet(self)},
            "relationships": {"app": {"data": {"guid": self.scope}}},
            "links": {
                "self": {"href": format!("{base}/v3/deployments/{}", self.id)},
                "app": {"href": format!("{base}/v3/apps/{}", self.scope)},
            },
        });
        let is_over = value == "FINALIZED" || reason == Some("CANCELING");
        if !korifi && !is_over {
            let cancel = format!("{base}/v3/deployments/{}/actions/cancel", self.id);
            body["links"]["cancel"] = json!({"href": cancel, "method": "POST"});
        }
        if !korifi {
            let more = json!({
                "status": {"details": {"last_successful_healthcheck": TIME, "last_status_change": self.changed()}},
                "strategy": "rolling",
                "options": {"max_in_flight": 1},
                "previous_droplet": {"guid": self.own.previous},
                "new_processes": [{
                    "guid": "fd5d3e60-f88c-4c37-b1ae-667cfc65a856",
                    "type": format!("web-deployment-{}", self.id),
                }],
                "metadata": {"labels": {"owner": EMAIL}, "annotations": {"greeting": ENV_VALUE}},
            });
            merge(&mut body, &more);
            // Which is there, and may be null.
            body["revision"] = match self.own.revision {
                Some(version) => json!({"guid": self.revision_guid(), "version": version}),
                None => Value::Null,
            };
        }
        if let Some(error) = &self.own.error {
            body["status"]["details"]["error"] = json!(error);
        }
        self.adjusted(body)
    }
}

impl deployment::Own for Trouble {
    type Platform = CloudFoundry;
    const COURSE: deployment::Words = (&["ACTIVE/DEPLOYING"], &["ACTIVE/CANCELING", "FINALIZED/CANCELED"]);
    const CREATED: &'static [&'static str] = &["created_at"];
    const LIVE: &'static [&'static str] = &["FINALIZED/DEPLOYED"];

    fn slot(one: &Deployment) -> Option<&str> {
        Some(&one.scope)
    }

    fn fleet(platform: &mut CloudFoundry) -> &mut Fleet<Trouble> {
        &mut platform.fleet
    }

    /// An app has one active deployment: another one supersedes it, even while it is being canceled.
    fn precede(platform: &mut CloudFoundry, one: &mut Deployment) {
        let old = platform.foundation.old;
        one.own.previous = Some(platform.current_droplet(&one.scope));
        let has_revisions = platform.apps.iter().all(|app| app.guid != one.scope || !app.has_no_revisions);
        let revisions = platform.fleet.all.iter().filter(|known| known.scope == one.scope && known.id != one.id);
        one.own.revision = has_revisions.then(|| 1 + revisions.count());
        for before in platform.fleet.all.iter_mut().filter(|known| known.scope == one.scope && known.id != one.id) {
            let word = before.script.now();
            if one.script.now().starts_with("ACTIVE")
                && word.starts_with("ACTIVE")
                && !(old && word.ends_with("CANCELING"))
            {
                before.script.end_with("FINALIZED/SUPERSEDED");
                one.own.superseded = Some(before.id.clone());
            }
        }
    }

    fn json(one: &Deployment, word: &str) -> Value {
        one.at(word, false, "https://api.example.org")
    }
}

/// A user of the UAA.
#[derive(Clone, Debug)]
pub struct User {
    name: String,
    password: String,
    origin: Option<String>,
    refused: u32,
}

impl User {
    /// A user of the usual identity provider.
    pub fn new(name: &str, password: &str) -> User {
        User { name: name.to_owned(), password: password.to_owned(), origin: None, refused: 0 }
    }

    /// Makes it a user of another identity provider.
    pub fn origin(mut self, origin: &str) -> Self {
        self.origin = Some(origin.to_owned());
        self
    }

    /// Locks the account, as too many refused passwords do.
    pub fn locked(mut self) -> Self {
        self.refused = MOST_REFUSED;
        self
    }
}

/// A client of the UAA that may use the grant `client_credentials`.
#[derive(Clone, Debug)]
pub struct Client {
    id: String,
    secret: String,
}

impl Client {
    /// A client.
    pub fn new(id: &str, secret: &str) -> Client {
        Client { id: id.to_owned(), secret: secret.to_owned() }
    }
}

/// What kind of foundation it is.
#[derive(Clone, Debug, Default)]
pub struct Foundation {
    korifi: bool,
    old: bool,
    unknown_route: bool,
    exact: bool,
    uses: Option<usize>,
    links: Option<Value>,
}

impl Foundation {
    /// An ordinary one.
    pub fn new() -> Foundation {
        Foundation::default()
    }

    /// Korifi: no cancel, no UAA, fewer fields.
    pub fn korifi(mut self) -> Self {
        self.korifi = true;
        self
    }

    /// Before API 3.131, when a new deployment left alone the one that was being canceled.
    pub fn old(mut self) -> Self {
        self.old = true;
        self
    }

    /// Its router does not know the host.
    pub fn unknown_route(mut self) -> Self {
        self.unknown_route = true;
        self
    }

    /// Its database tells capitals from small letters.
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// The first token that a sign-in brings runs out after that many requests.
    pub fn short_token(mut self, uses: usize) -> Self {
        self.uses = Some(uses);
        self
    }

    /// The root document's `links`; the text `UAA` in them stands for the UAA's real address.
    pub fn links(mut self, links: Value) -> Self {
        self.links = Some(links);
        self
    }
}

impl Addition for App {
    fn add_to(self, platforms: &mut Platforms) {
        let apps = &mut platforms.of::<CloudFoundry>().apps;
        apps.retain(|known| known.guid != self.guid);
        apps.push(self);
    }
}

impl Addition for User {
    fn add_to(self, platforms: &mut Platforms) {
        let users = &mut platforms.of::<CloudFoundry>().users;
        users.retain(|known| (&known.name, &known.origin) != (&self.name, &self.origin));
        users.push(self);
    }
}

impl Addition for Client {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<CloudFoundry>().clients.push(self);
    }
}

impl Addition for Foundation {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<CloudFoundry>().foundation = self;
    }
}

/// The droplet of the deployment with that number is not kept any more.
#[derive(Clone, Copy, Debug)]
pub struct Expired(pub usize);

impl Addition for Expired {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<CloudFoundry>().expired.push(droplet_of(&(ABOUT.id)(self.0)));
    }
}

/// The platform's whole state.
pub struct CloudFoundry {
    foundation: Foundation,
    users: Vec<User>,
    clients: Vec<Client>,
    apps: Vec<App>,
    fleet: Fleet<Trouble>,
    refreshes: Vec<String>,
    minted: u32,
    expired: Vec<String>,
    roll_backs: usize,
}

impl Default for CloudFoundry {
    fn default() -> Self {
        CloudFoundry {
            foundation: Foundation::new(),
            users: vec![User::new("ci", PASSWORD)],
            clients: Vec::new(),
            apps: vec![App::new(APP, "web", "prod", "acme")],
            fleet: Fleet::default(),
            refreshes: Vec::new(),
            minted: 0,
            expired: Vec::new(),
            roll_backs: 0,
        }
    }
}

impl Platform for CloudFoundry {
    fn name(&self) -> &'static str {
        "cloud_foundry"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::Scope, "GET "),
            (Call::Scope, "GET v3/organizations|spaces|apps"),
            (Call::Scope, "GET v3/apps/*"),
            (Call::Live, "GET v3/apps/*/revisions/deployed"),
            (Call::Live, "GET v3/apps/*/droplets/current"),
            (Call::Other, "GET v3/apps/*/revisions"),
            (Call::Other, "GET v3/apps/*/features/revisions"),
            (Call::Other, "GET v3/droplets|revisions/*"),
            (Call::RollBack, "POST v3/deployments"),
            (Call::List, "GET v3/deployments"),
            (Call::Read, "GET v3/deployments/*"),
            (Call::Cancel, "POST v3/deployments/*/actions/cancel"),
        ]
    }

    fn call(&self, request: &Request) -> Call {
        if request.path.starts_with(UAA) { Call::SignIn } else { self.route(request).0 }
    }

    fn handle(&mut self, request: &Request) -> Answer {
        if self.foundation.unknown_route {
            let text = "404 Not Found: Requested route ('api.example.org') does not exist.\n";
            let answer = Answer::new(404, "text/plain; charset=utf-8", text).with("x-cf-routererror", "unknown_route");
            return answer.foreign();
        }
        let call = self.call(request);
        match call {
            Call::SignIn => return self.sign_in(request).foreign(),
            Call::Scope if request.path == "/" => return self.root(request),
            _ => {}
        }
        match self.fleet.tokens.judge(request.bearer(), call) {
            Access::Granted => {}
            Access::Missing => return tell(401, 10002, "Authentication error"),
            Access::Unknown => return self.problem(401),
            // Whoever lacks the role is told that there is nothing.
            Access::Denied if call == Call::RollBack => return tell(422, 10008, NO_APP),
            Access::Denied => return self.problem(if call == Call::Cancel { 404 } else { 403 }),
        }
        let (base, (_, places)) = (base(request), self.route(request));
        let guid = places.first().cloned().unwrap_or_default();
        match call {
            Call::Scope if request.segments().len() > 2 => match self.apps.iter().find(|app| app.guid == guid) {
                Some(app) => Answer::json(200, &app.json(&base)),
                None => tell(404, 10010, "App not found"),
            },
            Call::Scope => self.look_up(&guid, request),
            Call::List => self.list(request),
            Call::Read => self.read(&guid, &base),
            Call::Cancel => self.cancel(&guid),
            Call::RollBack => self.create(request, &base),
            Call::Live | Call::Other if request.method == "GET" && !places.is_empty() => self.show(request, &base),
            _ => tell(404, 10000, "Unknown request"),
        }
    }

    fn aim(&self, request: &Request) -> Option<[String; 2]> {
        let body = Value::Object(request.object()?);
        let target = [&body["revision"]["guid"], &body["droplet"]["guid"]].into_iter().find_map(Value::as_str)?;
        Some([body["relationships"]["app"]["data"]["guid"].as_str()?.to_owned(), target.to_owned()])
    }

    fn oversteps(&self, request: &Request) -> Option<&'static str> {
        let body = request.object()?;
        (body.get("strategy").is_some_and(|strategy| strategy != "rolling")).then_some("it is no rolling deployment")
    }

    fn problem(&self, status: u16) -> Answer {
        let (code, detail) = match status {
            400 => (10005, "The query parameter is invalid: Unknown query parameter(s): 'x'."),
            401 => (1000, "Invalid Auth Token"),
            403 => (10003, "You are not authorized to perform the requested action"),
            404 => (10010, "Deployment not found"),
            422 => (10008, "Unable to assign current droplet. Ensure the droplet exists and belongs to this app."),
            429 => (10013, "Rate Limit Exceeded"),
            502 => (20004, "The UAA service is currently unavailable"),
            503 => (10015, "Database connection failure"),
            _ => (10001, "An unknown error occurred."),
        };
        tell(status, code, detail)
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let id = format!("4851a473-1621-42ea-b2f9-{number:012x}::0b2d1f4a-6a0e-4f0e-9d3c-5a3e1c7f2b10");
        answer.with("x-vcap-request-id", id)
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }
}

/// What is said where somebody may not deploy to an app as well.
const NO_APP: &str = "Unable to use app. Ensure that the app exists and you have access to it.";

fn tell(status: u16, code: u32, detail: &str) -> Answer {
    let title = match code {
        1000 => "CF-InvalidAuthToken",
        1001 => "CF-MessageParseError",
        10000 => "CF-NotFound",
        10001 => "UnknownError",
        10002 => "CF-NotAuthenticated",
        10003 => "CF-NotAuthorized",
        10005 => "CF-BadQueryParameter",
        10008 => "CF-UnprocessableEntity",
        10010 => "CF-ResourceNotFound",
        10013 => "CF-RateLimitExceeded",
        10014 => "CF-IPBasedRateLimitExceeded",
        10015 => "CF-ServiceUnavailable",
        10017 => "CF-OrgSuspended",
        10019 => "CF-SpaceSuspended",
        10020 => "CF-ResourceBeingDeleted",
        20004 => "CF-UaaUnavailable",
        20008 => "CF-UaaRateLimited",
        other => panic!("no title is known for the code {other}"),
    };
    let answer = Answer::json(status, &json!({"errors": [{"detail": detail, "title": title, "code": code}]}));
    if status != 429 {
        return answer;
    }
    // The rate limiter sits before everything that sets a content type.
    answer
        .with("content-type", "text/plain; charset=utf-8")
        .with("retry-after", "1")
        .with("x-ratelimit-limit", "2000")
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", epoch(1).to_string())
}

/// Where it was asked, which is where its links lead.
fn base(request: &Request) -> String {
    let host = request.header("host").unwrap_or_default();
    format!("{}://{host}/cloud_foundry", request.scheme)
}

impl CloudFoundry {
    fn root(&self, request: &Request) -> Answer {
        let base = base(request);
        let links = self.foundation.links.clone().unwrap_or_else(|| {
            json!({
                "self": {"href": base},
                "cloud_controller_v3": {"href": format!("{base}/v3"), "meta": {"version": "3.228.0"}},
                "login": {"href": "UAA"},
                "uaa": {"href": "https://uaa.example.org"},
                "credhub": null,
                "app_ssh": {"href": "ssh.example.org:2222", "meta": {"oauth_client": "ssh-proxy"}},
            })
        });
        let links = links.to_string().replace("\"UAA\"", &format!("\"{base}{UAA}\""));
        let links: Value = serde_json::from_str(&links).expect("the same JSON");
        let mut body = json!({"links": links});
        if self.foundation.korifi {
            body["cf_on_k8s"] = json!(true);
        }
        Answer::json(200, &body)
    }

    /// Organizations, spaces or apps by their names, in any case.
    fn look_up(&self, kind: &str, request: &Request) -> Answer {
        let within = match kind {
            "organizations" => "",
            "spaces" => "organization_guids",
            _ => "space_guids",
        };
        let base = base(request);
        let mut items: Vec<Value> = Vec::new();
        for app in &self.apps {
            let (name, holder, item) = match kind {
                "organizations" => {
                    let item = json!({"guid": app.org_guid(), "name": app.org, "suspended": false});
                    (&app.org, String::new(), item)
                }
                "spaces" => {
                    let item = json!({"guid": app.space_guid(), "name": app.space});
                    (&app.space, app.org_guid(), item)
                }
                _ => (&app.name, app.space_guid(), app.json(&base)),
            };
            let names = values(request, "names");
            let is_named =
                names.is_none_or(|names| names.iter().any(|wanted| wanted.to_lowercase() == name.to_lowercase()));
            let is_within = values(request, within).is_none_or(|guids| guids.contains(&holder));
            if is_named && is_within && !items.contains(&item) {
                items.push(item);
            }
        }
        page(&["names", within], items, request)
    }

    /// An app that does not exist has an empty list.
    fn list(&self, request: &Request) -> Answer {
        let (korifi, base) = (self.foundation.korifi, base(request));
        let (apps, statuses) = (values(request, "app_guids"), values(request, "status_values"));
        let mut found = self.fleet.newest_first(|known| {
            let value = known.script.now().split('/').next().unwrap_or_default();
            !known.own.is_push
                && apps.as_ref().is_none_or(|apps| apps.contains(&known.scope))
                && statuses.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one == value))
        });
        // Oldest first, unless something else is asked for.
        if request.param("order_by").as_deref() != Some("-created_at") {
            found.reverse();
        }
        let items = found.into_iter().map(|known| known.at(known.script.now(), korifi, &base)).collect();
        page(&["app_guids", "status_values", "order_by"], items, request)
    }

    fn find(&mut self, guid: &str) -> Option<&mut Deployment> {
        let exact = self.foundation.exact;
        self.fleet.find(|known| if exact { known.id == guid } else { known.id.eq_ignore_ascii_case(guid) })
    }

    fn read(&mut self, guid: &str, base: &str) -> Answer {
        let korifi = self.foundation.korifi;
        let Some(deployment) = self.find(guid) else {
            return self.problem(404);
        };
        let word = deployment.script.read();
        Answer::json(200, &deployment.at(&word, korifi, base))
    }

    fn cancel(&mut self, guid: &str) -> Answer {
        if self.foundation.korifi {
            return tell(404, 10000, "Unknown request");
        }
        let Some(deployment) = self.find(guid) else {
            return self.problem(404);
        };
        if let Some((status, code, detail)) = &deployment.own.refusal {
            return tell(*status, *code, detail);
        }
        let word = deployment.script.now();
        if let Some(reason) = word.strip_prefix("FINALIZED/") {
            let detail = format!("Cannot cancel a deployment with status: FINALIZED and reason: {reason}");
            return tell(422, 10008, &detail);
        }
        let took_effect = !word.ends_with("CANCELING") && deployment.script.cancel();
        let (app, superseded) = (deployment.scope.clone(), deployment.own.superseded.clone());
        // The app goes back to what was on its way before, although that was never live.
        let back = self.fleet.all.iter().position(|known| Some(&known.id) == superseded.as_ref());
        if let Some(at) = back.filter(|_| took_effect) {
            self.fleet.point(&app, at);
        }
        Answer::new(200, "", "").effect(took_effect)
    }

    /// What is live in an app, as far as it was deployed here.
    fn live(&self, app: &str) -> Option<&Deployment> {
        let live = self.fleet.slots.live(app)?;
        self.fleet.all.iter().find(|known| known.scope == app && known.id == live.id)
    }

    /// An app has the droplet of the newest deployment from the moment on at which that is made.
    fn current_droplet(&self, app: &str) -> String {
        let active = self.fleet.all.iter().find(|known| known.scope == app && known.is_active());
        match active {
            Some(one) if one.script.now().ends_with("CANCELING") => one.own.previous.clone(),
            Some(one) => Some(droplet(one)),
            None => self.live(app).map(droplet),
        }
        .unwrap_or_else(|| FIRST_DROPLET.to_owned())
    }

    /// What was superseded runs until the newer one is done.
    fn runs(&self, one: &Deployment) -> bool {
        let newer = self.fleet.all.iter().find(|known| known.scope == one.scope && known.is_active());
        let superseded = newer.and_then(|newer| newer.own.superseded.as_ref());
        let live = self.live(&one.scope).map(|live| &live.id);
        live == Some(&one.id) || superseded == Some(&one.id) || one.is_active()
    }

    /// Revisions and droplets.
    fn show(&self, request: &Request, base: &str) -> Answer {
        let path = request.segments();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let is_kept = |one: &Deployment| !self.expired.contains(&droplet(one));
        let revision = |one: &Deployment| one.revision(is_kept(one), base);
        let deployed = |droplet: &str| {
            // Its record outlives what it consists of.
            let state = if self.expired.iter().any(|gone| gone == droplet) { "EXPIRED" } else { "STAGED" };
            let body = json!({"guid": droplet, "state": state, "created_at": TIME, "updated_at": TIME});
            Answer::json(200, &body)
        };
        match path[1..] {
            ["droplets", guid] => {
                let is_there = self.fleet.all.iter().any(|known| droplet(known) == guid);
                if is_there || guid == FIRST_DROPLET { deployed(guid) } else { tell(404, 10010, "Droplet not found") }
            }
            ["revisions", guid] => match self.fleet.all.iter().find(|known| known.revision_guid() == guid) {
                Some(one) if one.own.revision.is_some() => Answer::json(200, &revision(one)),
                _ => tell(404, 10010, "Revision not found"),
            },
            ["apps", guid, ref rest @ ..] => {
                let Some(app) = self.apps.iter().find(|app| app.guid == guid) else {
                    return tell(404, 10010, "App not found");
                };
                let of_app = self.fleet.all.iter().filter(|known| known.scope == guid && known.own.revision.is_some());
                match rest {
                    ["droplets", _] => deployed(&self.current_droplet(guid)),
                    ["features", name] => {
                        let description = "Enable versioning of an application";
                        let body = json!({"name": name, "description": description, "enabled": !app.has_no_revisions});
                        Answer::json(200, &body)
                    }
                    ["revisions", _] => {
                        let running = of_app.filter(|one| !app.is_stopped && self.runs(one));
                        page(&[], running.map(revision).collect(), request)
                    }
                    _ => {
                        let wanted = request.param("deployable").map(|wanted| wanted == "true");
                        let fits = |one: &&Deployment| wanted.is_none_or(|wanted| is_kept(one) == wanted);
                        let mut items: Vec<Value> = of_app.filter(fits).map(revision).collect();
                        items.sort_by_key(|item| item["version"].as_u64());
                        if request.param("order_by").is_some_and(|order| order.starts_with('-')) {
                            items.reverse();
                        }
                        page(&["order_by", "deployable", "versions"], items, request)
                    }
                }
            }
            _ => tell(404, 10000, "Unknown request"),
        }
    }

    /// Where the deployment is whose droplet another one is to be made of; or why there is none.
    fn source(&self, app: &App, body: &Value) -> Result<usize, &'static str> {
        const GONE: &str = "Unable to deploy this revision, the droplet for this revision no longer exists.";
        const SAME: &str = "Unable to rollback. The code and configuration you are rolling back to is the same as the \
                            deployed revision.";
        const NO_DROPLET: &str = "Unable to assign current droplet. Ensure the droplet exists and belongs to this app.";
        let (revision, wanted) = (body["revision"]["guid"].as_str(), body["droplet"]["guid"].as_str());
        let of_app = || self.fleet.all.iter().enumerate().filter(|(_, known)| known.scope == app.guid);
        let latest = of_app().max_by_key(|(_, known)| known.own.revision).map(|(_, known)| droplet(known));
        let Some(guid) = revision else {
            let wanted = wanted.map_or_else(|| self.current_droplet(&app.guid), str::to_owned);
            let is_there = |known: &Deployment| droplet(known) == wanted && !self.expired.contains(&wanted);
            return of_app().find(|(_, known)| is_there(known)).map(|(at, _)| at).ok_or(NO_DROPLET);
        };
        match of_app().find(|(_, known)| known.revision_guid() == guid) {
            _ if wanted.is_some() => Err("Cannot set both fields 'droplet' and 'revision'"),
            _ if app.has_no_revisions => {
                Err("Cannot create deployment from a revision for an app without revisions enabled")
            }
            None => Err("The revision does not exist"),
            Some((_, one)) if self.expired.contains(&droplet(one)) => Err(GONE),
            Some((_, one)) if Some(droplet(one)) == latest => Err(SAME),
            Some((at, _)) => Ok(at),
        }
    }

    /// Makes a deployment: of a revision, of a droplet, or of what the app has at present.
    fn create(&mut self, request: &Request, base: &str) -> Answer {
        let unprocessable = |detail: &str| tell(422, 10008, detail);
        let Some(body) = request.object() else {
            return tell(400, 1001, "Request invalid due to parse error: invalid request body");
        };
        let known = ["relationships", "droplet", "revision", "strategy", "options", "metadata"];
        if let Some(name) = body.keys().find(|name| !known.contains(&name.as_str())) {
            return unprocessable(&format!("Unknown field(s): '{name}'"));
        }
        let body = Value::Object(body);
        if let Some(strategy) = body["strategy"].as_str().filter(|strategy| !["rolling", "canary"].contains(strategy)) {
            return unprocessable(&format!("Strategy '{strategy}' is not a supported deployment strategy"));
        }
        let app = body["relationships"]["app"]["data"]["guid"].as_str().unwrap_or_default();
        let Some(place) = self.apps.iter().position(|known| known.guid == app) else {
            return unprocessable(NO_APP);
        };
        let at = match self.source(&self.apps[place], &body) {
            Ok(at) => at,
            Err(detail) => return unprocessable(detail),
        };
        let states: &[&str] = match self.fleet.slots.ends {
            // Whoever stopped it is started by it, and that is all there is to wait for.
            _ if self.apps[place].is_stopped => &["FINALIZED/DEPLOYED"],
            Ends::Well => &["ACTIVE/DEPLOYING", "FINALIZED/DEPLOYED"],
            // It does not fail by itself: somebody cancels it.
            Ends::Badly => &["ACTIVE/DEPLOYING", "ACTIVE/CANCELING", "FINALIZED/CANCELED"],
            Ends::Never => &["ACTIVE/DEPLOYING"],
        };
        self.apps[place].is_stopped = false;
        self.roll_backs += 1;
        let guid = uuid(&self.fleet.all[at].id, &format!("c{:07}", self.roll_backs));
        let guid = guid.unwrap_or_else(|| (ABOUT.id)(90 + self.roll_backs));
        let later = <Trouble as deployment::Own>::created(10_000 + self.roll_backs);
        let mut copy = self.fleet.all[at].copy(&guid, states.iter().copied()).created_at(later);
        let rolled_back_to = self.fleet.all[at].own.revision.filter(|_| body["revision"].is_object());
        copy.own = Trouble { rolled_back_to, ..Trouble::default() };
        <Trouble as deployment::Own>::precede(self, &mut copy);
        self.fleet.add(copy);
        self.fleet.settle();
        let made = self.fleet.all.last().expect("what was added");
        Answer::json(201, &made.at(made.script.now(), false, base)).effect(true)
    }

    /// The UAA's token endpoint.
    fn sign_in(&mut self, request: &Request) -> Answer {
        if request.method != "POST" || request.path != format!("{UAA}/oauth/token") {
            return uaa_error(404, "not_found", "There is nothing here");
        }
        let form = |name: &str| {
            parse(&request.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        match form("grant_type").as_str() {
            "password" => {
                if request.header("authorization") != Some("Basic Y2Y6") {
                    return uaa_error(401, "invalid_client", "Bad credentials");
                }
                let hint = request.param("login_hint").unwrap_or_else(|| "{}".to_owned());
                let hint: Value = serde_json::from_str(&hint).expect("a login hint in JSON");
                self.sign_in_user(&form("username"), &form("password"), hint["origin"].as_str())
            }
            "client_credentials" => {
                let Some((id, secret)) = basic(request) else {
                    // Some servers look nowhere else, and say so in plain words.
                    let text = "Unauthorized, no authorization header available";
                    return Answer::new(401, "text/plain; charset=utf-8", text);
                };
                let mut clients = self.clients.iter();
                match clients.any(|client| client.id == id && client.secret == secret) {
                    true => self.mint(false),
                    false => uaa_error(401, "invalid_client", "Bad credentials"),
                }
            }
            "refresh_token" => {
                if request.header("authorization") != Some("Basic Y2Y6") {
                    return uaa_error(401, "invalid_client", "Bad credentials");
                }
                match self.refreshes.contains(&form("refresh_token")) {
                    true => self.mint(true),
                    false => {
                        uaa_error(401, "invalid_token", "Invalid refresh token expired at Thu Jan 01 00:00:00 UTC 2026")
                    }
                }
            }
            _ => uaa_error(400, "unsupported_grant_type", "Unsupported grant type"),
        }
    }

    fn sign_in_user(&mut self, name: &str, password: &str, origin: Option<&str>) -> Answer {
        let mut users = self.users.iter_mut();
        let found = users.find(|user| user.name == name && user.origin.as_deref() == origin);
        let Some(user) = found else {
            return uaa_error(401, "invalid_client", "Bad credentials");
        };
        if user.refused >= MOST_REFUSED {
            let text = "Your account has been locked because of too many failed attempts to login.";
            return uaa_error(401, "unauthorized", text);
        }
        if user.password != password {
            user.refused += 1;
            return uaa_error(401, "invalid_client", "Bad credentials");
        }
        self.mint(true)
    }

    fn mint(&mut self, refreshable: bool) -> Answer {
        self.minted += 1;
        let token = format!("{MINTED}{}", self.minted);
        self.fleet.tokens.set_for(&token, Grant::All, self.foundation.uses.take());
        let mut body = json!({
            "access_token": token,
            "token_type": "bearer",
            "expires_in": 1199,
            "scope": "cloud_controller.read cloud_controller.write",
            "jti": "cd37a35114084fafb83d21c6f2af0e84",
        });
        if refreshable {
            let refresh = format!("{token}-r");
            body["refresh_token"] = json!(refresh);
            self.refreshes.push(refresh);
        }
        Answer::json(200, &body)
    }
}

/// A client in the header; its halves are encoded where another header says so.
fn basic(request: &Request) -> Option<(String, String)> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let both = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = both.split_once(':')?;
    let is_encoded = request.header("x-cf-encoded-credentials") == Some("true");
    let plain = |text: &str| match is_encoded {
        true => percent_decode(&text.replace('+', " ")),
        false => text.to_owned(),
    };
    Some((plain(id), plain(secret)))
}

/// The values of a parameter, each of which is decoded once more.
fn values(request: &Request, name: &str) -> Option<Vec<String>> {
    let text = request.param(name)?;
    Some(text.split(',').map(percent_decode).collect())
}

/// One page of a list; a parameter that nobody knows is refused.
fn page(known: &[&str], items: Vec<Value>, request: &Request) -> Answer {
    let mut names = parse(request.query.as_bytes()).map(|(name, _)| name);
    let unknown = names.find(|name| !known.contains(&name.as_ref()) && name != "page" && name != "per_page");
    if let Some(name) = unknown {
        return tell(400, 10005, &format!("The query parameter is invalid: Unknown query parameter(s): '{name}'."));
    }
    let Ok(page) = Page::of(items, request, 50, 5000) else {
        return tell(400, 10005, "The query parameter is invalid: Page must be greater than 0");
    };
    let address = format!("{}{}", base(request), request.path);
    let link = |number: usize| json!({"href": page.link(&address, request, number)});
    let pagination = json!({
        "total_results": page.total,
        "total_pages": page.last,
        "first": link(1),
        "last": link(page.last),
        "next": page.next().map(link),
        "previous": page.previous().map(link),
    });
    Answer::json(200, &json!({"pagination": pagination, "resources": page.items}))
}

fn uaa_error(status: u16, error: &str, description: &str) -> Answer {
    let body = json!({"error": error, "error_description": description});
    Answer::json(status, &body)
}

/// Cloud Foundry, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "cloud_foundry",
    letter: 'c',
    states: &[
        ("running", "ACTIVE/DEPLOYING"),
        ("canceling", "ACTIVE/CANCELING"),
        ("canceled", "FINALIZED/CANCELED"),
        ("succeeded", "FINALIZED/DEPLOYED"),
        ("superseded", "FINALIZED/SUPERSEDED"),
    ],
    unknown: "ACTIVE/FROZEN",
    choice: Some(Choice {
        inputs: &[("app_id", APP)],
        pages: Some(Pages {
            size: "per_page",
            sizes: [200, 20, 1],
            page: |number, next| {
                let next = format!("https://api.example.org/v3/deployments?page={next}");
                json!({
                    "resources": [{
                        "guid": (ABOUT.id)(number),
                        "status": {"value": "ACTIVE", "reason": "DEPLOYING"},
                        "relationships": {"app": {"data": {"guid": APP}}},
                    }],
                    "pagination": {"next": {"href": next}},
                })
            },
        }),
    }),
    sign_in_inputs: Some(&[("username", "ci"), ("password", PASSWORD)]),
    secrets: &[PASSWORD],
    unknown_scope: Some(("app_id", "app-9")),
    right: "Space Developer",
    traits: Traits {
        answer_tells: false,
        answer_can_lie: false,
        commits: false,
        lists: 2,
        supersedes: true,
        // It does not tell who may not cancel that there is such a deployment.
        no_right: 404,
        too_late: 422,
        ..Traits::USUAL
    },
    ..About::USUAL
};

/// By the droplet, which works without revisions as well.
fn request(id: &str) -> (&'static str, String, Value) {
    let body = json!({
        "droplet": {"guid": format!("droplet-{id}")},
        "strategy": "rolling",
        "relationships": {"app": {"data": {"guid": APP}}},
    });
    ("POST", "/v3/deployments".to_owned(), body)
}

const BACK: Back = Back {
    slot: APP,
    beside: Some("app-2"),
    target: None,
    live: Call::Live,
    named: str::to_owned,
    request,
    accepted: 201,
    makes_one: true,
    can_fail: true,
    tells_replaced: true,
    held: &["ACTIVE/PAUSED"],
    never_live: |sandbox, one| {
        sandbox.add(Deployment::new(&(ABOUT.id)(one.number)).like(&ABOUT, one).states(["FINALIZED/CANCELED"]));
    },
    busy: &[],
    refuses: &[("its droplet is gone", |sandbox| {
        sandbox.add(Expired(2));
    })],
    traps: &[("a stopped app", |sandbox| {
        sandbox.add(App::new(APP, "web", "prod", "acme").stopped());
    })],
    unknown: &[("without revisions", |sandbox| {
        sandbox.add(App::new(APP, "web", "prod", "acme").without_revisions());
    })],
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn way_back(&self) -> Option<&'static Back> {
        Some(&BACK)
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let app = match one.scope {
            1 => APP.to_owned(),
            scope => format!("app-{scope}"),
        };
        sandbox.add(Deployment::new(&(ABOUT.id)(one.number)).app(&app).like(&ABOUT, one));
    }

    /// Each in an app of its own, as an app has but one in flight.
    fn put_alone(&self, sandbox: &Sandbox, one: One) {
        self.put_one(sandbox, &One { scope: one.number, ..one });
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(App::new("app-2", "web", "staging", "acme"));
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        let (value, reason) = word.split_once('/').unwrap_or((word, ""));
        Some(json!({"guid": id, "status": {"value": value, "reason": reason}}).to_string())
    }

    fn refusal(&self, text: &str) -> String {
        json!({"errors": [{"code": 10008, "title": "CF-UnprocessableEntity", "detail": text}]}).to_string()
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> = ids.iter().map(|id| Deployment::new(id).json(word)).collect();
        Some(json!({"pagination": {"next": null}, "resources": items}).to_string())
    }
}
