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
use super::http::{Answer, Request, epoch, merge, percent_decode};
use super::page::Page;
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Routed as _};
use super::stand::{About, Choice, One, Pages, Traits};
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
}

impl App {
    /// An app of that name.
    pub fn new(guid: &str, name: &str, space: &str, org: &str) -> App {
        App { guid: guid.to_owned(), name: name.to_owned(), space: space.to_owned(), org: org.to_owned() }
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
            "state": "STARTED",
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

    fn at(&self, word: &str, korifi: bool, base: &str) -> Value {
        let (value, reason) = match word.split_once('/') {
            Some((value, reason)) => (value, Some(reason)),
            None => (word, None),
        };
        let mut body = json!({
            "guid": self.id,
            "created_at": self.created(),
            "updated_at": self.created(),
            "status": {"value": value, "reason": reason},
            "droplet": {"guid": "44ccfa61-dbcf-4a0d-82fe-f668e9d2a962"},
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
                "status": {"details": {"last_successful_healthcheck": TIME, "last_status_change": TIME}},
                "strategy": "rolling",
                "options": {"max_in_flight": 1},
                "previous_droplet": {"guid": "cc6bc315-bd06-49ce-92c2-bc3ad45268c2"},
                "new_processes": [{
                    "guid": "fd5d3e60-f88c-4c37-b1ae-667cfc65a856",
                    "type": format!("web-deployment-{}", self.id),
                }],
                "revision": {"guid": "56126cba-656a-4eba-a81e-7e9951b2df57", "version": 1},
                "metadata": {"labels": {"owner": EMAIL}, "annotations": {"greeting": ENV_VALUE}},
            });
            merge(&mut body, &more);
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

    fn fleet(platform: &mut CloudFoundry) -> &mut Fleet<Trouble> {
        &mut platform.fleet
    }

    /// An app has one active deployment: another one supersedes it, even while it is being canceled.
    fn precede(platform: &mut CloudFoundry, one: &mut Deployment) {
        let old = platform.foundation.old;
        for before in platform.fleet.all.iter_mut().filter(|known| known.scope == one.scope && known.id != one.id) {
            let word = before.script.now();
            if one.script.now().starts_with("ACTIVE")
                && word.starts_with("ACTIVE")
                && !(old && word.ends_with("CANCELING"))
            {
                before.script.end_with("FINALIZED/SUPERSEDED");
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

/// The platform's whole state.
pub struct CloudFoundry {
    foundation: Foundation,
    users: Vec<User>,
    clients: Vec<Client>,
    apps: Vec<App>,
    fleet: Fleet<Trouble>,
    refreshes: Vec<String>,
    minted: u32,
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
            _ => tell(404, 10000, "Unknown request"),
        }
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
            apps.as_ref().is_none_or(|apps| apps.contains(&known.scope))
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
        Answer::new(200, "", "").effect(took_effect)
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

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
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
