//! Cloud Foundry, after the v3 API reference (cloud_controller_ng 3.228) and the UAA's token endpoint (read 2026-08).
//!
//! Three traps shape this file. A cancel is answered with an empty 200 long before it is done, and it can still end as
//! deployed or superseded, so only a read decides. A 404 to the cancel call means a missing role, an API without a
//! cancel, or a router that knows no such host: the code tells them apart. And tokens live for minutes: whoever gives
//! a user or a client is signed in again, at an address that the API names itself.

mod list;
mod uaa;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::list::{App, HISTORY_SEEN, SUPERSEDED_ANOTHER, had_superseded};
use self::uaa::Uaa;
use super::rest::Rest;
use super::usual::{self, Read};
use super::{Need, Opened, PlatformInfo, Way, input, opened, secret};
use crate::api::wire::{Maybe, Text, Time};
use crate::api::{Api, ApiError, Call, Errors, Response, Service};
use crate::input::faults::Faults;
use crate::input::{Input, Values};
use crate::model::about::About;
use crate::model::answers::{Conclusion, Filter};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{is_same, segment};
use crate::select::Select;

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
    needs: &[
        Need::All(&["api_url"]),
        Need::OneOf(&[
            Way::of(&["token"]),
            Way::of(&["username", "password"]).with(&["origin"]),
            Way::of(&["client_id", "client_secret"]),
        ]),
        Need::ForSelect(&[Way::of(&["app_id"]), Way::of(&["app_name", "org", "space"])]),
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

struct CloudFoundry {
    /// For `select` only.
    app: Option<App>,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let app = App::read(values, faults);
    let service = Service::new(&INFO.about).request_id("x-vcap-request-id");
    opened(CloudFoundry { app }, signed_in(service, values)?)
}

/// The one way of signing in that was given; each has a hint of its own for a refusal.
fn signed_in(service: Service, values: &Values) -> Option<Service> {
    if let Some(token) = values.secret("token") {
        return Some(service.bearer(&token).errors(Errors::by(|response| words(response, TOKEN_REFUSED))));
    }
    if let Some(name) = values.get("username") {
        let origin = values.get("origin").map(str::to_owned);
        let user = Uaa::user(name.to_owned(), values.secret("password")?, origin).doubting(values.doubt("password"));
        return Some(service.sign_in(user).errors(Errors::by(|response| words(response, USER_REFUSED))));
    }
    let client = Uaa::client(values.get("client_id")?, &values.secret("client_secret")?);
    let client = client.doubting(values.doubt("client_secret"));
    Some(service.sign_in(client).errors(Errors::by(|response| words(response, CLIENT_REFUSED))))
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
impl Rest for CloudFoundry {
    type Wire = Wire;
    const INFO: &'static PlatformInfo = &INFO;

    fn read(&self, id: &str) -> Call {
        Call::get(path(id), "read the deployment")
    }

    fn cancel(&self, id: &str) -> Call {
        Call::post(format!("{}/actions/cancel", path(id)), "cancel the deployment")
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        wire.deployment()
    }

    fn is_missing(&self, failure: &Failure, read: Read) -> bool {
        is_missing(failure, read)
    }

    fn refused(&self, failure: Failure) -> Failure {
        not_canceled(failure)
    }

    fn missing(&self, id: &str) -> String {
        format!(
            "There is no deployment {id} that this credential may see; check `deployment_id` and `api_url`, and that it \
             has a role in the app's space."
        )
    }

    /// An app's name is its own only within a space, and a space's within an organization.
    async fn enter(&self, api: &Api) -> Result<Option<String>, Failure> {
        match &self.app {
            Some(app) => app.enter(api).await,
            None => Ok(None),
        }
    }

    async fn nowhere(&self, api: &Api) -> Result<Option<String>, Failure> {
        match &self.app {
            Some(app) => app.nowhere(api).await,
            None => Ok(None),
        }
    }

    /// Only the list shows it, and what comes after a cancel hangs on it.
    fn carry(&self, known: &Deployment, told: &mut Deployment) {
        told.handle = known.handle.clone();
        if let Some(fact) = known.details.get(SUPERSEDED_ANOTHER) {
            told.details.insert(SUPERSEDED_ANOTHER.to_owned(), fact.clone());
        }
    }

    /// What took whose place is told by a history in order and without a gap, before anything is put together.
    async fn listed(&self, api: &Api, wanted: &Filter) -> Result<Vec<Deployment>, Failure> {
        match &self.app {
            Some(app) => app.listed(api, wanted).await,
            None => {
                let words = "without an app nobody knows which deployments are meant";
                Err(Failure::guarded(words, "Give `app_id`."))
            }
        }
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    guid: Text,
    status: Maybe<Status>,
    created_at: Time,
    strategy: Text,
    droplet: Maybe<Named>,
    previous_droplet: Maybe<Named>,
    relationships: Maybe<Relationships>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    value: Text,
    reason: Text,
    details: Maybe<StatusDetails>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusDetails {
    error: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    guid: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationships {
    app: Maybe<Relationship>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationship {
    data: Maybe<Named>,
}

impl Wire {
    fn deployment(self) -> Option<Deployment> {
        let Status { value, reason, details } = self.status.0?;
        // Through all versions of the API this alone says that it is over.
        let settled = value.get() == Some("FINALIZED");
        let word = match reason.get() {
            Some(reason) => Text(value.0.map(|value| format!("{value}/{reason}"))),
            None => value,
        };
        let guid = |named: Maybe<Named>| named.0.and_then(|it| it.guid.0);
        let facts = [
            ("app_guid", self.relationships.0.and_then(|to| guid(to.app.0?.data))),
            ("strategy", self.strategy.0),
            ("droplet_guid", guid(self.droplet)),
            ("previous_droplet_guid", guid(self.previous_droplet)),
        ];
        let facts = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))));
        Some(Deployment {
            settled,
            created: self.created_at.0,
            note: details.0.and_then(|details| details.error.0),
            details: facts.collect(),
            ..INFO.deployment(self.guid, word)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: &Value) -> Deployment {
        let body = json!({ "guid": "d", "status": status });
        serde_json::from_value::<Wire>(body).unwrap().deployment().unwrap()
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
        let told = serde_json::from_value::<Wire>(body).unwrap().deployment().unwrap();
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
}
