//! Cloud Foundry, after the v3 API reference (cloud_controller_ng 3.228) and the UAA's token endpoint (read 2026-08).
//!
//! Three traps shape this file. A cancel is answered with an empty 200 long before it is done, and it can still end as
//! deployed or superseded, so only a read decides. A 404 to the cancel call means a missing role, an API without a
//! cancel, or a router that knows no such host: the code tells them apart. And tokens live for minutes: whoever gives
//! a user or a client is signed in again, at an address that the API names itself.

mod list;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded;
use zeroize::Zeroizing;

use self::list::{App, HISTORY_SEEN, SUPERSEDED_ANOTHER, had_superseded};
use super::usual::{self, Read, accepted};
use super::{Platform, PlatformInfo, input, lenient, require, secret};
use crate::api::{Api, ApiError, Body, Call, Channel, Errors, Reset, Response, Service, SignIn};
use crate::input::faults::Faults;
use crate::input::{Input, Values};
use crate::model::about::About;
use crate::model::address::Address;
use crate::model::answers::{Accepted, Conclusion, Filter, Found, Listed};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_same, segment};
use crate::select::Select;
use crate::text::secret::{Secret, bearer};

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "cloud_foundry",
        name: "Cloud Foundry",
        docs: "https://v3-apidocs.cloudfoundry.org/#cancel-a-deployment",
        credentials: "`token` (or CF_ACCESS_TOKEN), `username` and `password` (or CF_USERNAME, CF_PASSWORD), or \
                      `client_id` and `client_secret` (or CF_CLIENT_ID, CF_CLIENT_SECRET)",
        grant: "cancelling takes the role Space Developer or Space Supporter in the app's space, or an admin, and a token \
                with the scopes `cloud_controller.read` and `cloud_controller.write`",
        caveat: "The app goes back to the droplet it had when this deployment began; if the deployment had superseded \
                 another one, that is the other one's droplet. Environment variables and service bindings that were \
                 changed before stay changed. Instances may still be restarting: `cf app APP` shows them.",
        way_back: "run `cf revisions APP` to see what there was, then `CF_STARTUP_TIMEOUT=60 cf rollback APP --version N`: after \
                   five minutes without that variable the command cancels its own deployment, and the same roll back is \
                   refused from then on.",
    },
    // Every foundation has an address of its own.
    base: "",
    inputs: &[
        input(
            "api_url",
            &[("CF_API_URL", ""), ("CF_API", "")],
            "The foundation's API address, as `cf api` shows it; required.",
        ),
        secret(
            "token",
            &[("CF_ACCESS_TOKEN", "")],
            "A ready access token, as `cf oauth-token` prints it; it cannot be renewed.",
        ),
        input("username", &[("CF_USERNAME", "")], "Instead of `token`: a user, with `password`."),
        Input { made_up: true, ..secret("password", &[("CF_PASSWORD", "")], "The password of `username`.") },
        input("origin", &[("CF_ORIGIN", "")], "The identity provider of `username`, if it is not the usual one."),
        input("client_id", &[("CF_CLIENT_ID", "")], "Instead of `token`: a UAA client, with `client_secret`."),
        Input { made_up: true, ..secret("client_secret", &[("CF_CLIENT_SECRET", "")], "The secret of `client_id`.") },
        input("app_id", &[], "The app's guid; needed with `select`."),
        input("app_name", &[], "The app's name, instead of `app_id`, with `org` and `space`."),
        input("org", &[("CF_ORG", "")], "The organization that `space` is in."),
        input("space", &[("CF_SPACE", "")], "The space that `app_name` is in."),
    ],
    alternatives: &[
        &[&["token"], &["username", "password", "origin"], &["client_id", "client_secret"]],
        &[&["app_id"], &["app_name", "org", "space"]],
    ],
    states: &[
        ("ACTIVE/DEPLOYING", State::Running),
        ("ACTIVE/PAUSED", State::Running),
        ("ACTIVE/CANCELING", State::Canceling),
        ("FINALIZED/CANCELED", State::Canceled),
        ("FINALIZED/DEPLOYED", State::Succeeded),
        ("FINALIZED/SUPERSEDED", State::Superseded),
        // API 3.74 to 3.79 gave no reason.
        ("DEPLOYING", State::Running),
        ("CANCELING", State::Canceling),
    ],
    selects: &[Select::Latest, Select::Superseded, Select::All],
    select_needs: &[&["app_id", "app_name"]],
    no_select: "a deployment here carries neither a branch nor a commit; use `select: latest`, `superseded` or `all`, or `deployment_id`",
    one_group: true,
    lists_tell: true,
    open,
    ..PlatformInfo::USUAL
};

/// The code of "no such resource, or not for you".
const NO_RESOURCE: &str = "10010";
/// The code of "no such request".
const NO_ROUTE: &str = "10000";
/// The codes of "nobody but an admin may change anything there for now".
const ORG_SUSPENDED: &str = "10017";
const SPACE_SUSPENDED: &str = "10019";

const TOKEN_REFUSED: &str = "A ready `token` (or CF_ACCESS_TOKEN) lives for minutes and cannot be renewed here: take a \
                             fresh one from `cf oauth-token`, or give `username` and `password`, or `client_id` and \
                             `client_secret`, which sign in again by themselves.";
const USER_REFUSED: &str = "Check `username`, `password` and `origin` (or CF_USERNAME, CF_PASSWORD, CF_ORIGIN); a user \
                            of single sign-on only has no password here.";
const CLIENT_REFUSED: &str = "Check `client_id` and `client_secret` (or CF_CLIENT_ID, CF_CLIENT_SECRET), and that the \
                              client may use the grant type `client_credentials`.";
const LOCKED: &str = "The account is locked for a while; nothing is tried again here. Correct the password, wait until \
                      the lock is over, then run this once.";
const SUSPENDED: &str =
    "Only an admin can cancel there, until an operator ends the suspension of the organization or space.";
const WRONG_ADDRESS: &str = "Check `api_url` (or CF_API_URL, CF_API): it must be the address of a Cloud Foundry v3 API, \
                             as `cf api` shows it.";
const WRONG_ROLE: &str = "To cancel, the user or client needs the role Space Developer or Space Supporter in the app's \
                          space, or has to be an admin; without, the API says that there is no such deployment.";
const NO_CANCEL: &str = "Korifi has none: let the deployment finish, or push what should run instead.";

#[derive(Default, Deserialize)]
struct Given {
    token: Option<Secret>,
    username: Option<String>,
    password: Option<Secret>,
    origin: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
}

struct CloudFoundry {
    /// For `select` only.
    app: Option<App>,
}

fn open(values: &Values, faults: &mut Faults) -> Option<(Box<dyn Platform>, Service)> {
    require(&INFO, values, faults, &["api_url"]);
    let app = App::read(values, faults);
    let mut service = Service {
        about: &INFO.about,
        base: None,
        credentials: Vec::new(),
        sign_in: None,
        reset: Reset("x-ratelimit-reset"),
        limits_each_endpoint: false,
        request_id: "x-vcap-request-id",
        errors: Errors::by(|response| words(response, TOKEN_REFUSED)),
        signer: None,
        scope: String::new(),
    };
    match values.fill() {
        Given { token: Some(token), .. } => service.credentials.push(("authorization", bearer(&token))),
        Given { username: Some(username), password: Some(password), origin, .. } => {
            service.errors = Errors::by(|response| words(response, USER_REFUSED));
            let uaa = Uaa::user(username, password, origin).doubting(values.doubt("password"));
            service.sign_in = Some(Box::new(uaa));
        }
        Given { client_id: Some(id), client_secret: Some(secret), .. } => {
            service.errors = Errors::by(|response| words(response, CLIENT_REFUSED));
            let uaa = Uaa::client(&id, &secret).doubting(values.doubt("client_secret"));
            service.sign_in = Some(Box::new(uaa));
        }
        given => {
            note_incomplete(&given, values, faults);
            return None;
        }
    }
    Some((Box::new(CloudFoundry { app }), service))
}

/// No way of signing in is whole: names what is missing of the one that was begun, or all three.
fn note_incomplete(given: &Given, values: &Values, faults: &mut Faults) {
    if given.username.is_some() || given.password.is_some() {
        require(&INFO, values, faults, &["username", "password"]);
    } else if given.client_id.is_some() || given.client_secret.is_some() {
        require(&INFO, values, faults, &["client_id", "client_secret"]);
    } else {
        let text = "is missing: set `token` (or the variable CF_ACCESS_TOKEN), or `username` and `password` \
                    (CF_USERNAME, CF_PASSWORD), or `client_id` and `client_secret` (CF_CLIENT_ID, CF_CLIENT_SECRET)";
        faults.add(None, "token", text);
    }
}

/// The API's errors are a list of `{detail, title, code}`, the UAA's are `{error, error_description}`, the router's text.
fn words(response: &Response, refused: &str) -> ApiError {
    let body = response.json();
    if let Some(errors) = body.get("errors").and_then(Value::as_array) {
        return api_words(response.status, errors, refused);
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(error) = text("error") {
        let message = text("error_description").unwrap_or_else(|| error.clone());
        let hint = match response.status {
            400..=403 if message.contains("locked") => Some(LOCKED),
            400..=403 => Some(refused),
            _ => None,
        };
        return ApiError {
            message: Some(message),
            code: Some(error),
            hint: hint.map(str::to_owned),
            ..ApiError::default()
        };
    }
    let router = response.header("x-cf-routererror");
    let is_router = response.status == 404 && router.is_some();
    let hint = match response.status {
        401 => Some(refused),
        404 => Some(WRONG_ADDRESS),
        _ => None,
    };
    ApiError {
        message: is_router.then(|| "a router that knows no such host or path".to_owned()),
        hint: hint.map(str::to_owned),
        ..ApiError::default()
    }
}

fn api_words(status: u16, errors: &[Value], refused: &str) -> ApiError {
    let details: Vec<_> = errors.iter().filter_map(|error| error.get("detail")?.as_str()).collect();
    let code = errors.first().and_then(|error| error.get("code")?.as_i64()).map(|code| code.to_string());
    let hint = match (status, code.as_deref()) {
        (401, _) => Some(refused),
        (403, Some(ORG_SUSPENDED | SPACE_SUSPENDED)) => Some(SUSPENDED),
        (404, Some(NO_ROUTE)) => Some(WRONG_ADDRESS),
        _ => None,
    };
    ApiError {
        message: (!details.is_empty()).then(|| details.join("; ")),
        code,
        hint: hint.map(str::to_owned),
        ..ApiError::default()
    }
}

/// The UAA, which makes tokens.
struct Uaa {
    form: Vec<(&'static str, Secret)>,
    headers: Vec<(&'static str, Secret)>,
    /// A client and its secret as a header carries them: whoever repeats that repeats the secret.
    joined: Option<Secret>,
    origin: Option<String>,
    /// Goes with a refusal.
    doubt: Option<String>,
}

impl Uaa {
    fn doubting(self, doubt: Option<String>) -> Self {
        Self { doubt, ..self }
    }

    /// A user, through the client that the `cf` command uses: it is public, its secret is empty.
    fn user(username: String, password: Secret, origin: Option<String>) -> Self {
        Self {
            form: vec![
                ("grant_type", Secret::from("password".to_owned())),
                ("username", Secret::from(username)),
                ("password", password),
            ],
            headers: vec![("authorization", Secret::from("Basic Y2Y6".to_owned()))],
            joined: None,
            origin,
            doubt: None,
        }
    }

    /// A client, as OAuth 2.0 has every server take one: in the header, where the form is only allowed.
    fn client(id: &str, secret: &Secret) -> Self {
        let joined = joined(id, secret);
        let basic = format!("Basic {}", joined.expose());
        Self {
            form: vec![("grant_type", Secret::from("client_credentials".to_owned()))],
            headers: vec![
                ("authorization", Secret::from(basic)),
                // The UAA decodes the two halves only where it is told that they are encoded.
                ("x-cf-encoded-credentials", Secret::from("true".to_owned())),
            ],
            joined: Some(joined),
            origin: None,
            doubt: None,
        }
    }
}

/// Both are encoded as in a form before they are joined, so that either may hold a colon (RFC 6749, 2.3.1).
fn joined(id: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| -> Zeroizing<String> {
        Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect())
    };
    let both = format!("{}:{}", *encoded(id), *encoded(secret.expose()));
    Secret::from(STANDARD.encode(Zeroizing::new(both).as_bytes()))
}

#[async_trait]
impl SignIn for Uaa {
    async fn sign_in(&self, channel: &Channel) -> Result<Secret, Failure> {
        let root = Call::get("/", "read the API's root document");
        let root: Root = channel.send(root).await?.json()?;
        let host = root.sign_in_address(channel.base())?;
        if let Some(joined) = &self.joined {
            channel.learn(joined);
        }
        let mut call = Call::post("/oauth/token", "sign in").body(Body::Form(self.form.clone()));
        if let Some(origin) = &self.origin {
            // In the query, as the `cf` command does it: the UAA does not look for it in the form.
            call = call.query("login_hint", json!({ "origin": origin }).to_string());
        }
        let reply = channel.send_to(&host, self.headers.clone(), call).await.map_err(|mut failure| {
            let is_refused = matches!(failure.kind, Kind::Unauthorized | Kind::Forbidden | Kind::Refused);
            if let Some(doubt) = self.doubt.as_ref().filter(|_| is_refused) {
                failure.hint = format!("{} {doubt}", failure.hint);
            }
            failure
        })?;
        let answer: Token = reply.json()?;
        if answer.access_token.expose().is_empty() {
            return Err(reply.unreadable("without a token"));
        }
        Ok(bearer(&answer.access_token))
    }
}

#[derive(Deserialize)]
struct Token {
    access_token: Secret,
}

/// The API's root document. A link is null where its component is not installed.
#[derive(Deserialize)]
struct Root {
    #[serde(default, deserialize_with = "lenient")]
    links: Option<Links>,
    #[serde(default, deserialize_with = "lenient")]
    cf_on_k8s: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Links {
    #[serde(default, deserialize_with = "lenient")]
    login: Option<Target>,
    #[serde(default, deserialize_with = "lenient")]
    uaa: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    href: String,
}

impl Root {
    /// Where sign-ins go. It comes from a document, so it has to be as safe as the address that the user wrote.
    fn sign_in_address(self, api: &Address) -> Result<Address, Failure> {
        if self.cf_on_k8s == Some(true) {
            let hint = "Give the Kubernetes token of a service account as `token`.";
            return Err(Failure::guarded("this API is Korifi, which has no sign-in with a user or a client", hint));
        }
        let links = self.links.unwrap_or_default();
        let Some(target) = links.login.or(links.uaa) else {
            return Err(Failure::guarded(
                "the API's root document names no sign-in address (`links.login`)",
                WRONG_ADDRESS,
            ));
        };
        match Address::parse(&target.href) {
            Ok(host) if host.is_plain() && !api.is_plain() => Err("must start with https://".to_owned()),
            other => other,
        }
        .map_err(|wrong| {
            let words = format!("the sign-in address in the API's root document {wrong}; no credential was sent");
            Failure::guarded(words, WRONG_ADDRESS)
        })
    }
}

impl CloudFoundry {
    async fn read(&self, api: &Api, id: &str, read: Read) -> Result<Option<Deployment>, Failure> {
        let call = Call::get(path(id), "read the deployment");
        let reply = match api.send(call).await {
            Ok(reply) => reply,
            Err(failure) if is_missing(&failure, read) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let wire: Wire = reply.json()?;
        if !is_same(id, &wire.guid) {
            return Err(reply.unreadable("about another deployment"));
        }
        Ok(Some(wire.tell()))
    }
}

fn path(id: &str) -> String {
    format!("/v3/deployments/{}", segment(&stored(id)))
}

/// A guid as it is stored: whether one in capitals is found depends on the foundation's database.
fn stored(guid: &str) -> String {
    let small = guid.to_ascii_lowercase();
    if is_same(guid, &small) { small } else { guid.to_owned() }
}

/// Whether the API itself says that there is no such deployment; a 404 of a router, or a 400 of anybody else, says
/// nothing about it.
fn is_missing(failure: &Failure, read: Read) -> bool {
    let is_the_apis = match failure.status {
        Some(404) => failure.code.as_deref() == Some(NO_RESOURCE),
        Some(400) => failure.code.is_some(),
        _ => true,
    };
    is_the_apis && usual::is_missing(failure, read)
}

/// What a refusal of the cancel call means. Only a missing role is about rights; after the others the state decides.
fn not_canceled(mut failure: Failure) -> Failure {
    match (failure.kind, failure.code.as_deref()) {
        (Kind::Forbidden, Some(ORG_SUSPENDED | SPACE_SUSPENDED)) => failure.kind = Kind::Refused,
        (Kind::NotFound, Some(NO_RESOURCE)) => failure.hint = WRONG_ROLE.to_owned(),
        (Kind::NotFound, Some(NO_ROUTE)) => {
            failure.kind = Kind::Refused;
            failure.words = format!("this API has no cancel (it answered 404 \"{}\")", failure.words);
            failure.action.clear();
            failure.hint = NO_CANCEL.to_owned();
        }
        (Kind::NotFound, _) => failure.kind = Kind::Refused,
        _ => {}
    }
    failure
}

#[async_trait]
impl Platform for CloudFoundry {
    async fn enter(&self, api: &Api) -> Result<Option<String>, Failure> {
        match &self.app {
            Some(app) => app.enter(api).await,
            None => Ok(None),
        }
    }

    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        let id = id.as_str();
        Ok(match self.read(api, id, Read::First).await? {
            Some(deployment) => Found::Here(Box::new(deployment)),
            None => Found::Missing(format!(
                "There is no deployment {id} that this credential may see; check `deployment_id` and `api_url`, and \
                 that it has a role in the app's space."
            )),
        })
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        Ok(match self.read(api, &known.id, Read::Later).await? {
            Some(mut deployment) => {
                // Only the list shows it, and what comes after a cancel hangs on it.
                deployment.handle = known.handle.clone();
                if let Some(fact) = known.details.get(SUPERSEDED_ANOTHER) {
                    let name = SUPERSEDED_ANOTHER.to_owned();
                    deployment.details.insert(name, fact.clone());
                }
                Found::Here(Box::new(deployment))
            }
            None => Found::Missing(format!("Deployment {} cannot be found any more.", known.id)),
        })
    }

    fn unseen(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::unseen(id.as_str()))
    }

    async fn list(&self, api: &Api, wanted: &Filter) -> Result<Listed, Failure> {
        match &self.app {
            Some(app) => app.list(api, wanted).await,
            None => {
                let words = "without an app nobody knows which deployments are meant";
                Err(Failure::guarded(words, "Give `app_id`."))
            }
        }
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let call = Call::post(format!("{}/actions/cancel", path(&known.id)), "cancel the deployment");
        let reply = api.send(call).await.map_err(not_canceled)?;
        // The answer is empty, whatever some descriptions of the API say.
        accepted(&reply, || None)
    }

    /// Only its app's history tells whose droplet the app goes back to.
    async fn conclude(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let mut details = Map::new();
        let is_open = ended.handle.as_str() != Some(HISTORY_SEEN);
        if is_open && ended.state == State::Canceled && had_superseded(api, ended).await? {
            details.insert(SUPERSEDED_ANOTHER.to_owned(), json!(true));
        }
        Ok(Conclusion { details, sentence: None })
    }
}

#[derive(Deserialize)]
struct Wire {
    guid: String,
    status: Status,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    strategy: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    droplet: Option<Named>,
    #[serde(default, deserialize_with = "lenient")]
    previous_droplet: Option<Named>,
    #[serde(default, deserialize_with = "lenient")]
    relationships: Option<Relationships>,
}

#[derive(Deserialize)]
struct Status {
    value: String,
    #[serde(default, deserialize_with = "lenient")]
    reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    details: Option<StatusDetails>,
}

#[derive(Deserialize)]
struct StatusDetails {
    #[serde(default, deserialize_with = "lenient")]
    error: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    guid: Option<String>,
}

#[derive(Deserialize)]
struct Relationships {
    app: Option<Relationship>,
}

#[derive(Deserialize)]
struct Relationship {
    data: Option<Named>,
}

impl Wire {
    fn tell(self) -> Deployment {
        let Status { value, reason, details } = self.status;
        // Through all versions of the API this alone says that it is over.
        let settled = value == "FINALIZED";
        let platform_state = match reason.filter(|reason| !reason.is_empty()) {
            Some(reason) => format!("{value}/{reason}"),
            None => value,
        };
        let app = self.relationships.and_then(|to| to.app?.data?.guid);
        let facts = [
            ("app_guid", app),
            ("strategy", self.strategy),
            ("droplet_guid", self.droplet.and_then(|it| it.guid)),
            ("previous_droplet_guid", self.previous_droplet.and_then(|it| it.guid)),
        ];
        let facts: Map<_, _> =
            facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?)))).collect();
        Deployment {
            state: INFO.state(&platform_state),
            settled,
            created: self.created_at.as_deref().and_then(time),
            note: details.and_then(|details| details.error),
            details: facts,
            platform_state,
            ..Deployment::unseen(&self.guid)
        }
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: &Value) -> Deployment {
        let body = json!({ "guid": "d", "status": status });
        serde_json::from_value::<Wire>(body).unwrap().tell()
    }

    fn check(status: &Value, word: &str, state: State, is_over: bool) {
        let told = told(status);
        let seen = (told.platform_state.as_str(), told.state, told.is_terminal());
        assert_eq!(seen, (word, state, is_over), "{status}");
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter();
        Response {
            status,
            headers: headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn every_state_of_every_version_is_known() {
        for (value, reason, state, is_over) in [
            ("ACTIVE", "DEPLOYING", State::Running, false),
            ("ACTIVE", "PAUSED", State::Running, false),
            ("ACTIVE", "CANCELING", State::Canceling, false),
            ("FINALIZED", "CANCELED", State::Canceled, true),
            ("FINALIZED", "DEPLOYED", State::Succeeded, true),
            ("FINALIZED", "SUPERSEDED", State::Superseded, true),
            // Old foundations wrote it over deployments that had gone live as well.
            ("FINALIZED", "DEGENERATE", State::Unknown, true),
        ] {
            let status = json!({ "value": value, "reason": reason });
            check(&status, &format!("{value}/{reason}"), state, is_over);
        }
        for (value, state) in [("DEPLOYING", State::Running), ("CANCELING", State::Canceling)] {
            let status = json!({ "value": value, "reason": null });
            check(&status, value, state, false);
        }
    }

    #[test]
    fn only_finalized_is_an_end_whatever_the_reason() {
        let odd = |value: &str| json!({ "value": value, "reason": "ODD" });
        check(&odd("FINALIZED"), "FINALIZED/ODD", State::Unknown, true);
        check(&odd("ACTIVE"), "ACTIVE/ODD", State::Unknown, false);
        check(&json!({ "value": "FINALIZED" }), "FINALIZED", State::Unknown, true);
        check(&odd("PAUSED"), "PAUSED/ODD", State::Unknown, false);
    }

    #[test]
    fn what_is_absent_or_null_is_left_out() {
        let body = json!({
            "guid": "d", "status": { "value": "ACTIVE", "reason": "DEPLOYING", "details": { "error": "no room" } },
            "strategy": "canary", "droplet": { "guid": "new" }, "previous_droplet": { "guid": null }, "revision": null,
            "relationships": { "app": { "data": { "guid": "a" } } }, "created_at": "2018-04-25T22:42:10Z",
        });
        let told = serde_json::from_value::<Wire>(body).unwrap().tell();
        assert_eq!(told.note.as_deref(), Some("no room"));
        assert!(told.created.is_some());
        let facts = json!({ "app_guid": "a", "strategy": "canary", "droplet_guid": "new" });
        assert_eq!(Value::Object(told.details), facts);
    }

    #[test]
    fn each_kind_of_error_is_read_in_its_own_shape() {
        let api = |code: u32| {
            let body = json!({ "errors": [{ "detail": "It says so", "title": "CF-X", "code": code }] });
            words(&answer(404, &[], &body.to_string()), TOKEN_REFUSED)
        };
        assert_eq!(
            (api(10010).message.as_deref(), api(10010).code.as_deref()),
            (Some("It says so"), Some(NO_RESOURCE))
        );
        assert_eq!(api(10000).hint.as_deref(), Some(WRONG_ADDRESS));
        let uaa = |status: u16, said: &str| {
            let body = json!({ "error": "invalid_client", "error_description": said });
            words(&answer(status, &[], &body.to_string()), USER_REFUSED)
        };
        assert_eq!(uaa(401, "Bad credentials").hint.as_deref(), Some(USER_REFUSED));
        assert_eq!(uaa(401, "Your account has been locked because").hint.as_deref(), Some(LOCKED));
        assert_eq!(uaa(503, "Busy").hint, None);
        let router = answer(404, &[("x-cf-routererror", "unknown_route")], "404 Not Found: Requested route");
        assert_eq!(words(&router, TOKEN_REFUSED).hint.as_deref(), Some(WRONG_ADDRESS));
    }

    #[test]
    fn only_the_apis_own_word_says_that_a_deployment_is_missing() {
        let failure = |kind, status, code: Option<&str>| Failure {
            status: Some(status),
            code: code.map(str::to_owned),
            ..Failure::own(kind, "", "")
        };
        for (kind, status, code, first, later) in [
            (Kind::NotFound, 404, Some(NO_RESOURCE), true, true),
            (Kind::NotFound, 404, Some(NO_ROUTE), false, false),
            (Kind::NotFound, 404, None, false, false),
            (Kind::NotFound, 410, None, true, true),
            (Kind::Refused, 400, Some("10005"), true, false),
            (Kind::Refused, 400, None, false, false),
            (Kind::Unauthorized, 401, Some("invalid_grant"), false, false),
        ] {
            let failure = failure(kind, status, code);
            assert_eq!(is_missing(&failure, Read::First), first, "{status} {code:?}");
            assert_eq!(is_missing(&failure, Read::Later), later, "{status} {code:?}");
        }
    }

    #[test]
    fn a_sign_in_goes_only_where_the_address_is_as_safe_as_the_apis() {
        let goes = |api: &str, links: Value| {
            let root: Root = serde_json::from_value(json!({ "links": links })).unwrap();
            let api = Address::parse(api).unwrap();
            let host = root.sign_in_address(&api).map(|host| host.join("", &[]));
            host.map(String::from).ok()
        };
        let (far, near) = ("https://api.example.org", "http://127.0.0.1:1");
        let login = |href: &str| json!({ "login": { "href": href }, "uaa": null });
        let other = json!({ "login": null, "uaa": { "href": "https://uaa.example.org" } });
        let safe = Some("https://login.example.org/".to_owned());
        assert_eq!(goes(far, login("https://login.example.org")), safe);
        assert_eq!(goes(far, other), Some("https://uaa.example.org/".to_owned()));
        assert!(goes(near, login("http://127.0.0.1:2/uaa")).is_some());
        for (api, links) in [
            (far, login("http://127.0.0.1:2")),
            (far, login("http://login.example.org")),
            (near, login("http://login.example.org")),
            (far, login("https://user:word@login.example.org")),
            (far, login("/uaa")),
            (far, json!({})),
            (far, Value::Null),
        ] {
            assert_eq!(goes(api, links.clone()), None, "{api} {links}");
        }
    }
}
