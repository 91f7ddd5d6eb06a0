//! Cloud Foundry: the v3 API, its root document, and the UAA that makes tokens.
//!
//! Follows the API reference and the request specs of cloud_controller_ng, and
//! the UAA's token endpoint. The UAA answers below the API's own prefix, under
//! [`UAA`]; the two know nothing of each other but the tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::http::{Answer, Request, epoch, merge, percent_decode};
use super::platform::{Addition, Call, Grant, Platform, Platforms};
use super::script::Script;
use super::stand::{Course, One, Traits};
use super::{EMAIL, ENV_VALUE, MINTED, PLAIN_TOKEN, Sandbox, TOKEN};

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

/// A deployment.
#[derive(Clone, Debug)]
pub struct Deployment {
    guid: String,
    app: String,
    created: String,
    script: Script,
    error: Option<String>,
    refusal: Option<(u16, u32, String)>,
    patch: Value,
}

impl Deployment {
    /// A rolling deployment that goes on until it is cancelled.
    pub fn new(guid: &str) -> Deployment {
        Deployment {
            guid: guid.to_owned(),
            app: APP.to_owned(),
            created: TIME.to_owned(),
            script: Script::new(&["ACTIVE/DEPLOYING"], &["ACTIVE/CANCELING", "FINALIZED/CANCELED"]),
            error: None,
            refusal: None,
            patch: json!({}),
        }
    }

    /// The words `value/reason` it goes through undisturbed; see [`Script`]. Without a slash the reason is null.
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_states(states);
        self
    }

    /// The words from the moment a cancel takes effect; see [`Script`].
    pub fn after_cancel<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_after_cancel(states);
        self
    }

    /// The app it belongs to.
    pub fn app(mut self, guid: &str) -> Self {
        self.app = guid.to_owned();
        self
    }

    /// When it was created, in whole seconds of UTC; of two equal times the one added later is the newer.
    pub fn created(mut self, time: &str) -> Self {
        self.created = time.to_owned();
        self
    }

    /// What its updater fails with, again and again.
    pub fn error(mut self, text: &str) -> Self {
        self.error = Some(text.to_owned());
        self
    }

    /// Refuses every cancel with this status, code and detail, and goes on.
    pub fn refusal(mut self, status: u16, code: u32, detail: &str) -> Self {
        self.refusal = Some((status, code, detail.to_owned()));
        self
    }

    /// Lays a JSON merge patch over the deployment; null removes a field.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }

    fn json(&self, word: &str, korifi: bool, base: &str) -> Value {
        let (value, reason) = match word.split_once('/') {
            Some((value, reason)) => (value, Some(reason)),
            None => (word, None),
        };
        let mut body = json!({
            "guid": self.guid,
            "created_at": self.created,
            "updated_at": self.created,
            "status": {"value": value, "reason": reason},
            "droplet": {"guid": "44ccfa61-dbcf-4a0d-82fe-f668e9d2a962"},
            "relationships": {"app": {"data": {"guid": self.app}}},
            "links": {
                "self": {"href": format!("{base}/v3/deployments/{}", self.guid)},
                "app": {"href": format!("{base}/v3/apps/{}", self.app)},
            },
        });
        let is_over = value == "FINALIZED" || reason == Some("CANCELING");
        if !korifi && !is_over {
            let cancel = format!("{base}/v3/deployments/{}/actions/cancel", self.guid);
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
                    "type": format!("web-deployment-{}", self.guid),
                }],
                "revision": {"guid": "56126cba-656a-4eba-a81e-7e9951b2df57", "version": 1},
                "metadata": {"labels": {"owner": EMAIL}, "annotations": {"greeting": ENV_VALUE}},
            });
            merge(&mut body, &more);
        }
        if let Some(error) = &self.error {
            body["status"]["details"]["error"] = json!(error);
        }
        merge(&mut body, &self.patch);
        body
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

impl Addition for Deployment {
    fn add_to(self, platforms: &mut Platforms) {
        let deployments = &mut platforms.cloud_foundry.deployments;
        deployments.retain(|known| known.guid != self.guid);
        deployments.push(self);
    }
}

impl Addition for App {
    fn add_to(self, platforms: &mut Platforms) {
        let apps = &mut platforms.cloud_foundry.apps;
        apps.retain(|known| known.guid != self.guid);
        apps.push(self);
    }
}

impl Addition for User {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.cloud_foundry.users.push(self);
    }
}

impl Addition for Client {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.cloud_foundry.clients.push(self);
    }
}

impl Addition for Foundation {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.cloud_foundry.foundation = self;
    }
}

/// A token, what it may do and for how many requests more.
struct Known {
    token: String,
    grant: Grant,
    uses: Option<usize>,
}

/// The platform's whole state.
pub struct CloudFoundry {
    foundation: Foundation,
    tokens: Vec<Known>,
    users: Vec<User>,
    clients: Vec<Client>,
    apps: Vec<App>,
    deployments: Vec<Deployment>,
    refreshes: Vec<String>,
    minted: u32,
    answers: u32,
}

impl Default for CloudFoundry {
    fn default() -> Self {
        CloudFoundry {
            foundation: Foundation::new(),
            tokens: [TOKEN, PLAIN_TOKEN]
                .map(|token| Known { token: token.to_owned(), grant: Grant::All, uses: None })
                .into(),
            users: Vec::new(),
            clients: Vec::new(),
            apps: vec![App::new(APP, "web", "prod", "acme")],
            deployments: Vec::new(),
            refreshes: Vec::new(),
            minted: 0,
            answers: 0,
        }
    }
}

impl Platform for CloudFoundry {
    fn name(&self) -> &'static str {
        "cloud_foundry"
    }

    fn call(&self, request: &Request) -> Call {
        if request.path.starts_with(UAA) {
            return Call::SignIn;
        }
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", [""]) => Call::Scope,
            ("GET", ["v3", "organizations" | "spaces" | "apps"] | ["v3", "apps", _]) => Call::Scope,
            ("GET", ["v3", "deployments"]) => Call::List,
            ("GET", ["v3", "deployments", _]) => Call::Read,
            ("POST", ["v3", "deployments", _, "actions", "cancel"]) => Call::Cancel,
            _ => Call::Other,
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        if self.foundation.unknown_route {
            let text = "404 Not Found: Requested route ('api.example.org') does not exist.\n";
            return Answer::new(404, "text/plain; charset=utf-8", text).with("x-cf-routererror", "unknown_route");
        }
        let call = self.call(request);
        match call {
            Call::SignIn => return self.sign_in(request),
            Call::Scope if request.path == "/" => return self.root(request),
            _ => {}
        }
        if let Some(refused) = self.check(request, call) {
            return refused;
        }
        let guid = request.segments().get(2).cloned().unwrap_or_default();
        let base = self.base(request);
        match call {
            Call::Scope if !guid.is_empty() => self.app(&guid, &base),
            Call::Scope => self.look_up(request),
            Call::List => self.list(request),
            Call::Read => self.read(&guid, &base),
            Call::Cancel => self.cancel(&guid),
            _ => self.problem(404, 10000, "Unknown request"),
        }
    }

    fn error(&mut self, status: u16) -> Answer {
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
        self.problem(status, code, detail)
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }

    fn grant(&mut self, token: &str, grant: Grant) {
        self.tokens.retain(|known| known.token != token);
        self.tokens.push(Known { token: token.to_owned(), grant, uses: None });
    }

    fn effective_cancels(&self, id: &str) -> usize {
        let found = self.deployments.iter().find(|known| known.guid == id);
        found.map_or(0, |deployment| deployment.script.cancels())
    }

    fn truth(&self, id: &str) -> Option<String> {
        let found = self.deployments.iter().find(|known| known.guid == id);
        found.map(|deployment| deployment.script.now().to_owned())
    }
}

impl CloudFoundry {
    /// An answer with the headers every answer of the API has.
    fn reply(&mut self, answer: Answer) -> Answer {
        self.answers += 1;
        let id = format!("4851a473-1621-42ea-b2f9-{:012x}::0b2d1f4a-6a0e-4f0e-9d3c-5a3e1c7f2b10", self.answers);
        answer.with("x-vcap-request-id", id)
    }

    fn problem(&mut self, status: u16, code: u32, detail: &str) -> Answer {
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
        let body = json!({"errors": [{"detail": detail, "title": title, "code": code}]});
        let answer = Answer::json(status, &body);
        let answer = match status {
            // The rate limiter sits before everything that sets a content type.
            429 => answer
                .with("content-type", "text/plain; charset=utf-8")
                .with("retry-after", "1")
                .with("x-ratelimit-limit", "2000")
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", epoch(1).to_string()),
            _ => answer,
        };
        self.reply(answer)
    }

    /// What stands in the way of a request; uses up one use of its token.
    fn check(&mut self, request: &Request, call: Call) -> Option<Answer> {
        let Some(token) = request.bearer() else {
            return Some(self.problem(401, 10002, "Authentication error"));
        };
        let found = self.tokens.iter_mut().find(|known| known.token == token);
        let Some(known) = found.filter(|known| known.uses != Some(0)) else {
            return Some(self.error(401));
        };
        known.uses = known.uses.map(|uses| uses - 1);
        match (known.grant, call) {
            (Grant::Revoked, _) => Some(self.error(401)),
            // Whoever lacks the role is told that there is nothing.
            (Grant::ReadOnly, Call::Cancel) => Some(self.error(404)),
            (Grant::CancelOnly, Call::Read | Call::List | Call::Scope) => Some(self.error(403)),
            _ => None,
        }
    }

    /// Where it was asked, which is where its links lead.
    fn base(&self, request: &Request) -> String {
        let host = request.header("host").unwrap_or_default();
        format!("{}://{host}/{}", request.scheme, self.name())
    }

    fn root(&mut self, request: &Request) -> Answer {
        let base = self.base(request);
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
        self.reply(Answer::json(200, &body))
    }

    fn app(&mut self, guid: &str, base: &str) -> Answer {
        match self.apps.iter().find(|app| app.guid == guid) {
            Some(app) => {
                let body = app.json(base);
                self.reply(Answer::json(200, &body))
            }
            None => self.problem(404, 10010, "App not found"),
        }
    }

    /// Organizations, spaces or apps by their names, in any case.
    fn look_up(&mut self, request: &Request) -> Answer {
        let kind = request.segments().get(1).cloned().unwrap_or_default();
        let within = match kind.as_str() {
            "organizations" => "",
            "spaces" => "organization_guids",
            _ => "space_guids",
        };
        let base = self.base(request);
        let mut items: Vec<Value> = Vec::new();
        for app in &self.apps {
            let (name, holder, item) = match kind.as_str() {
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
        self.page(&["names", within], items, request)
    }

    /// An app that does not exist has an empty list.
    fn list(&mut self, request: &Request) -> Answer {
        let (korifi, base) = (self.foundation.korifi, self.base(request));
        let mut found: Vec<&Deployment> = self.deployments.iter().collect();
        if let Some(apps) = values(request, "app_guids") {
            found.retain(|deployment| apps.contains(&deployment.app));
        }
        if let Some(wanted) = values(request, "status_values") {
            let value = |word: &str| word.split('/').next().map(str::to_owned);
            found.retain(|deployment| value(deployment.script.now()).is_some_and(|value| wanted.contains(&value)));
        }
        // Oldest first, unless something else is asked for.
        found.sort_by(|a, b| a.created.cmp(&b.created));
        if request.param("order_by").as_deref() == Some("-created_at") {
            found.reverse();
        }
        let items =
            found.into_iter().map(|deployment| deployment.json(deployment.script.now(), korifi, &base)).collect();
        self.page(&["app_guids", "status_values", "order_by"], items, request)
    }

    /// Cuts one page out of a list; a parameter that nobody knows is refused.
    fn page(&mut self, known: &[&str], items: Vec<Value>, request: &Request) -> Answer {
        let mut names = form_urlencoded::parse(request.query.as_bytes()).map(|(name, _)| name);
        let unknown = names.find(|name| !known.contains(&name.as_ref()) && name != "page" && name != "per_page");
        if let Some(name) = unknown {
            let detail = format!("The query parameter is invalid: Unknown query parameter(s): '{name}'.");
            return self.problem(400, 10005, &detail);
        }
        let number = whole(request, "page", 1, usize::MAX);
        let size = whole(request, "per_page", 50, 5000);
        let Some((number, size)) = number.zip(size) else {
            return self.problem(400, 10005, "The query parameter is invalid: Page must be greater than 0");
        };
        let last = items.len().div_ceil(size).max(1);
        let base = self.base(request);
        let link = |target: usize| json!({"href": link_to(&base, request, target, size)});
        let body = json!({
            "pagination": {
                "total_results": items.len(),
                "total_pages": last,
                "first": link(1),
                "last": link(last),
                "next": (number < last).then(|| link(number + 1)),
                "previous": (number > 1).then(|| link(number - 1)),
            },
            "resources": items
                .into_iter()
                .skip((number - 1).saturating_mul(size))
                .take(size)
                .collect::<Vec<_>>(),
        });
        self.reply(Answer::json(200, &body))
    }

    fn read(&mut self, guid: &str, base: &str) -> Answer {
        let exact = self.foundation.exact;
        let korifi = self.foundation.korifi;
        let found = self
            .deployments
            .iter_mut()
            .find(|known| exact && known.guid == guid || !exact && known.guid.eq_ignore_ascii_case(guid));
        let Some(deployment) = found else {
            return self.error(404);
        };
        let word = deployment.script.read();
        let body = deployment.json(&word, korifi, base);
        self.reply(Answer::json(200, &body))
    }

    fn cancel(&mut self, guid: &str) -> Answer {
        let exact = self.foundation.exact;
        if self.foundation.korifi {
            return self.problem(404, 10000, "Unknown request");
        }
        let found = self
            .deployments
            .iter_mut()
            .find(|known| exact && known.guid == guid || !exact && known.guid.eq_ignore_ascii_case(guid));
        let Some(deployment) = found else {
            return self.error(404);
        };
        if let Some((status, code, detail)) = deployment.refusal.clone() {
            return self.problem(status, code, &detail);
        }
        let word = deployment.script.now().to_owned();
        if let Some(reason) = word.strip_prefix("FINALIZED/") {
            let detail = format!("Cannot cancel a deployment with status: FINALIZED and reason: {reason}");
            return self.problem(422, 10008, &detail);
        }
        let took_effect = !word.ends_with("CANCELING") && deployment.script.cancel();
        self.reply(Answer::new(200, "", "")).effect(took_effect)
    }

    /// The UAA's token endpoint.
    fn sign_in(&mut self, request: &Request) -> Answer {
        if request.method != "POST" || request.path != format!("{UAA}/oauth/token") {
            return uaa_error(404, "not_found", "There is nothing here");
        }
        let form = |name: &str| {
            form_urlencoded::parse(&request.body)
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
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
        self.tokens.push(Known { token: token.clone(), grant: Grant::All, uses: self.foundation.uses.take() });
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

fn whole(request: &Request, name: &str, usual: usize, most: usize) -> Option<usize> {
    match request.param(name) {
        Some(text) => text.parse().ok().filter(|number| (1..=most).contains(number)),
        None => Some(usual),
    }
}

fn link_to(base: &str, request: &Request, page: usize, size: usize) -> String {
    let others = form_urlencoded::parse(request.query.as_bytes()).filter(|(key, _)| key != "page" && key != "per_page");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others)
        .append_pair("page", &page.to_string())
        .append_pair("per_page", &size.to_string())
        .finish();
    format!("{base}{}?{query}", request.path)
}

fn uaa_error(status: u16, error: &str, description: &str) -> Answer {
    let body = json!({"error": error, "error_description": description});
    Answer::json(status, &body)
}

/// Cloud Foundry, as tests know it.
pub struct Stand;

impl super::Stand for Stand {
    fn name(&self) -> &'static str {
        "cloud_foundry"
    }

    fn letter(&self) -> char {
        'c'
    }

    fn id(&self, number: usize) -> String {
        format!("dep-{number}")
    }

    fn word(&self, state: &str) -> Option<&'static str> {
        Some(match state {
            "running" => "ACTIVE/DEPLOYING",
            "canceling" => "ACTIVE/CANCELING",
            "canceled" => "FINALIZED/CANCELED",
            "succeeded" => "FINALIZED/DEPLOYED",
            "superseded" => "FINALIZED/SUPERSEDED",
            _ => return None,
        })
    }

    fn unknown(&self) -> &'static str {
        "ACTIVE/FROZEN"
    }

    fn put(&self, sandbox: &Sandbox, number: usize, course: &Course) {
        let (states, after, _) = (self as &dyn super::Stand).words(course);
        sandbox
            .add(User::new("ci", PASSWORD))
            .add(Deployment::new(&self.id(number)).states(states).after_cancel(after));
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let (states, after, _) = (self as &dyn super::Stand).words(&one.course);
        let app = if one.scope == 1 { APP } else { "app-2" };
        let deployment = Deployment::new(&self.id(one.number)).app(app).states(states).after_cancel(after);
        let deployment = deployment.created(&one.created());
        sandbox.add(if one.undated { deployment.patch(json!({"created_at": null})) } else { deployment });
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(App::new("app-2", "web", "staging", "acme"));
    }

    fn unknown_scope(&self) -> Option<(&'static str, &'static str)> {
        Some(("app_id", "app-9"))
    }

    fn inputs(&self) -> Vec<(&'static str, &'static str)> {
        vec![("token", TOKEN)]
    }

    fn select_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        Some(vec![("app_id", APP)])
    }

    fn sign_in_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        Some(vec![("username", "ci"), ("password", PASSWORD)])
    }

    fn secrets(&self) -> &'static [&'static str] {
        &[PASSWORD]
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        let (value, reason) = word.split_once('/').unwrap_or((word, ""));
        Some(json!({"guid": id, "status": {"value": value, "reason": reason}}).to_string())
    }

    fn refusal(&self, text: &str) -> String {
        json!({"errors": [{"code": 10008, "title": "CF-UnprocessableEntity", "detail": text}]}).to_string()
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> =
            ids.iter().map(|id| Deployment::new(id).json(word, false, "https://api.example.org")).collect();
        Some(json!({"pagination": {"next": null}, "resources": items}).to_string())
    }

    fn right(&self) -> &'static str {
        "Space Developer"
    }

    fn traits(&self) -> Traits {
        Traits {
            answer_tells: false,
            answer_can_lie: false,
            commits: false,
            lists: 2,
            too_late: 422,
            ..Traits::default()
        }
    }
}
