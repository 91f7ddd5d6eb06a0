//! Cloud Foundry, after the v3 API reference (cloud_controller_ng 3.228) and the UAA's token endpoint (read 2026-08).
//!
//! Three traps shape this file. A cancel is answered with an empty 200 long before it is done, and it can still end as
//! deployed or superseded, so only a read decides. A 404 to the cancel call means a missing role, an API without a
//! cancel, or a router that knows no such host: the code tells them apart. And tokens live for minutes: whoever gives
//! a user or a client is signed in again, at an address that the API names itself.

mod back;
mod errors;
mod list;
mod live;
mod uaa;
mod wire;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, json};

use self::back::{BACK, Back};
use self::errors::{CLIENT_REFUSED, ERRORS, TOKEN_REFUSED, USER_REFUSED, is_missing, not_canceled, refine};
use self::list::{App, HistorySeen, SUPERSEDED_ANOTHER, had_superseded};
use self::uaa::Uaa;
use self::wire::{STATES, Wire, path};
use super::rest::{Rest, opened};
use super::usual::Read;
use super::{Need, Opened, PlatformInfo, RollBack, Way, input, secret};
use crate::api::{Api, ApiRequest, Service};
use crate::input::faults::Faults;
use crate::input::{Input, Values};
use crate::model::about::{About, CanRollBack};
use crate::model::answers::{Conclusion, Filter};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::reason::Missing;
use crate::select::Select;
use crate::text::secret::Secret;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "cloud_foundry",
        name: "Cloud Foundry",
        docs: "https://v3-apidocs.cloudfoundry.org/#cancel-a-deployment",
        named_by: "the deployment's guid, on the API at `api_url`",
        credentials: "`token` (or CF_ACCESS_TOKEN), `username` and `password` (or CF_USERNAME, CF_PASSWORD), or \
                      `client_id` and `client_secret` (or CF_CLIENT_ID, CF_CLIENT_SECRET)",
        grant: "canceling takes the role Space Developer or Space Supporter in the app's space, or an admin, and a token \
                with the scopes `cloud_controller.read` and `cloud_controller.write`",
        caveat: "The app goes back to the droplet it had when this deployment began; if the deployment had superseded \
                 another one, that is the other one's droplet. Environment variables and service bindings that were \
                 changed before stay changed. Instances may still be restarting: `cf app APP` shows them.",
        way_back: "run `cf revisions APP` to see what there was, then `CF_STARTUP_TIMEOUT=60 cf rollback APP --version N`: after \
                   five minutes without that variable the command cancels its own deployment, and the same roll back is \
                   refused from then on.",
        roll_back: CanRollBack::Yes(BACK),
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
    states: STATES,
    selects: &[Select::Latest, Select::Superseded, Select::All],
    select_notes: &[(Select::Superseded, "yes, within the app")],
    no_select: "a deployment here carries neither a branch nor a commit; use `select: latest`, `superseded` or `all`, or `deployment_id`",
    one_group: true,
    lists_tell: true,
    open,
    ..PlatformInfo::USUAL
};

struct CloudFoundry {
    /// For `select` only.
    app: Option<App>,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let app = App::read(values, faults);
    let service = Service::new(&INFO.about).request_id("x-vcap-request-id");
    opened(CloudFoundry { app }, signed_in(service, values)?)
}

#[derive(Default, Deserialize)]
struct Given {
    token: Option<Secret>,
    username: Option<String>,
    password: Option<Secret>,
    origin: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
}

/// The one way of signing in that was given; each has a hint of its own for a refusal.
fn signed_in(service: Service, values: &Values) -> Option<Service> {
    let Given { token, username, password, origin, client_id, client_secret } = values.fill();
    if let Some(token) = token {
        let errors = ERRORS.refined(|response, body, error| refine(response, body, error, TOKEN_REFUSED));
        return Some(service.bearer(&token).errors(errors));
    }
    if let Some(name) = username {
        let user = Uaa::user(name, password?, origin).hinting(values.unexpanded("password"));
        let errors = ERRORS.refined(|response, body, error| refine(response, body, error, USER_REFUSED));
        return Some(service.sign_in(user).errors(errors));
    }
    let client = Uaa::client(&client_id?, &client_secret?).hinting(values.unexpanded("client_secret"));
    let errors = ERRORS.refined(|response, body, error| refine(response, body, error, CLIENT_REFUSED));
    Some(service.sign_in(client).errors(errors))
}

#[async_trait]
impl Rest for CloudFoundry {
    type Wire = Wire;

    fn read(&self, id: &str) -> ApiRequest {
        ApiRequest::get(path(id), "read the deployment")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        ApiRequest::post(format!("{}/actions/cancel", path(id)), "cancel the deployment")
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

    fn missing(&self, id: &str) -> Missing {
        Missing::Deployment {
            id: id.to_owned(),
            place: "that this credential may see".to_owned(),
            check: "`deployment_id` and `api_url`, and that the credential has a role in the app's space".to_owned(),
        }
    }

    /// An app's name is its own only within a space, and a space's within an organization.
    async fn resolve_scope(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        match &self.app {
            Some(app) => app.resolve_scope(api).await,
            None => Ok(None),
        }
    }

    async fn nowhere(&self, api: &Api) -> Result<Option<Missing>, Failure> {
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

    fn roll_back(&self) -> Option<&dyn RollBack> {
        Some(&Back)
    }

    /// Only its app's history tells whose droplet the app goes back to.
    async fn final_details(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let mut details = Map::new();
        let is_open = ended.handle.get::<HistorySeen>().is_none();
        if is_open && ended.state == State::Canceled && had_superseded(api, ended).await? {
            details.insert(SUPERSEDED_ANOTHER.to_owned(), json!(true));
        }
        Ok(Conclusion { details, ..Conclusion::default() })
    }
}
