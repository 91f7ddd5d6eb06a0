//! Datadog Fleet Automation, after the OpenAPI descriptions of both its surfaces (2026-04-14 and 2026-08-21).
//!
//! The same three calls exist twice: under `v2`, which counts its hosts, and under `unstable`, the preview, which pages
//! through them; each is a platform of the usual kind, and this one asks both in turn. Neither declares which words a
//! status can have, and none is documented for a deployment that has ended because of a cancel: an unlisted word is an
//! end only when no host has anything left to do. A cancel is no roll-back.

mod hosts;
mod list;
mod site;
mod surface;
mod wire;

use async_trait::async_trait;
use serde_json::{Map, Value};

use self::hosts::{Host, NOT_COUNTED, TOTAL, counts_of, sentence_of};
use self::surface::STATES;
use self::surface::Surface::{self, Preview, V2};
use self::wire::Wire;
use super::rest::{self, Rest};
use super::usual::{Read, is_missing};
use super::{Need, Opened, Platform, PlatformInfo, Way, input, secret};
use crate::api::wire::{Maybe, fields};
use crate::api::{Api, ApiError, ApiRequest, Errors, Response, Service};
use crate::input::faults::Faults;
use crate::input::{Input, InputKind, Values};
use crate::model::about::{About, CanRollBack};
use crate::model::address::Address;
use crate::model::answers::{Accepted, Conclusion, Filter, Found, Listed};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_same, segment};
use crate::model::reason::Missing;
use crate::select::Select;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "datadog",
        name: "Datadog Fleet Automation",
        docs: "https://docs.datadoghq.com/api/latest/fleet-automation/#cancel-a-deployment",
        named_by: "the id of a Fleet Automation deployment",
        credentials: "`api_key` (or DD_API_KEY) and `app_key` (or DD_APP_KEY)",
        grant: "the application key needs `agent_upgrade_write` and `fleet_policies_write` to cancel, and `hosts_read` to look",
        caveat: "Canceling does not roll back. Hosts that had been changed stay changed, and a host that was being changed \
                 may finish or stop half-way.",
        way_back: "deploy the earlier version or configuration to the same hosts.",
        roll_back: CanRollBack::No(
            "it has no call for it: deploy the earlier package version or configuration to the same hosts",
        ),
    },
    base: "https://api.datadoghq.com",
    inputs: &[
        secret("api_key", &[("DD_API_KEY", "")], "API key of the organization."),
        secret(
            "app_key",
            &[("DD_APP_KEY", "")],
            "Application key with `agent_upgrade_write` and `fleet_policies_write`, and `hosts_read` to look.",
        ),
        Input {
            default: "datadoghq.com",
            ..input(
                "site",
                &[("DD_SITE", ""), ("DATADOG_SITE", "")],
                "The Datadog site both keys belong to, such as `datadoghq.eu`.",
            )
        },
        Input {
            kind: InputKind::Choice(|| ["auto"].into_iter().chain([V2, Preview].map(Surface::word)).collect()),
            default: "auto",
            ..input(
                "api_version",
                &[],
                "`v2`, `unstable` (the preview), or `auto`: the preview only where v2 has no such deployment.",
            )
        },
        input("query", &[], "Needed with `select`: only deployments whose host query is exactly this text."),
    ],
    needs: &[Need::All(&["api_key", "app_key"]), Need::ForSelect(&[Way::of(&["query"])])],
    states: STATES,
    selects: &[Select::Latest, Select::All],
    select_notes: &[(Select::Latest, "yes; on the preview API only if there is just one")],
    no_select: "a deployment here carries neither a branch nor a commit, and none supersedes another; use `select: latest` or `all` with `query`, or `deployment_id`",
    open,
    ..PlatformInfo::USUAL
};

const BOTH: &[Surface] = &[V2, Preview];

/// The most hosts the preview surface puts on a page.
const HOSTS_PER_PAGE: usize = 100;

/// More hosts than on these pages are not counted.
const MOST_PAGES: u64 = 100;

struct Datadog {
    /// Where to look, in this order.
    surfaces: &'static [Surface],
    /// Whose deployments are listed: an account's belong to many.
    query: Option<String>,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let site = values.parsed("site", faults, site::site);
    let surfaces = values.choice("api_version", faults).map_or(BOTH, surfaces);
    let base = format!("https://api.{}", site.unwrap_or("datadoghq.com"));
    let service = Service::new(&INFO.about)
        .base("site", Address::parse(&base).ok())
        .credential("dd-api-key", values.secret("api_key")?)
        .credential("dd-application-key", values.secret("app_key")?)
        // None is documented.
        .request_id("")
        .errors(ERRORS);
    let query = values.get("query").map(str::to_owned);
    Some((Box::new(Datadog { surfaces, query }), service))
}

fn surfaces(word: &str) -> &'static [Surface] {
    match word {
        "v2" => &[V2],
        "unstable" => &[Preview],
        _ => BOTH,
    }
}

/// Datadog does not tell these apart: a wrong key, the wrong site and a missing permission look the same.
const REFUSED: &str =
    "Check {credentials}, the `site` they belong to (this run asked {host}), and the permissions: {grant}.";
const ERRORS: Errors =
    Errors::at(&[]).refined(refine).hints(&[(Kind::Unauthorized, REFUSED), (Kind::Forbidden, REFUSED)]);

/// Errors are documented as `{"errors": ["…"]}`; most recorded ones hold objects, and some are `{"error": {…}}`.
fn refine(_response: &Response, body: &Value, error: &mut ApiError) {
    let all = body.get("errors").and_then(Value::as_array);
    let mut said: Vec<_> = all.into_iter().flatten().filter_map(sentence).collect();
    said.extend(body.get("error").and_then(sentence).filter(|_| said.is_empty()));
    error.message = (!said.is_empty()).then(|| said.join("; "));
}

fn sentence(error: &Value) -> Option<String> {
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    let names = ["detail", "message", "title", "code"];
    let text = error.as_str().or_else(|| names.into_iter().find_map(field))?;
    (!text.is_empty()).then(|| text.to_owned())
}

impl Surface {
    fn path(self, id: &str) -> String {
        format!("/api/{}/fleet/deployments/{}", self.word(), segment(id))
    }

    /// A page of a deployment's hosts, on the preview surface.
    fn host_page(self, id: &str, number: u64) -> ApiRequest {
        let call = ApiRequest::get(self.path(id), "read the deployment");
        match self {
            V2 => call,
            Preview => call.query("limit", HOSTS_PER_PAGE.to_string()).query("page", number.to_string()),
        }
    }
}

impl Rest for Surface {
    type Wire = Wire;

    fn at(&self) -> &'static str {
        "/data"
    }

    fn read(&self, id: &str) -> ApiRequest {
        self.host_page(id, 0)
    }

    /// v2 answers with the status, the preview with nothing, and `{}` is known from other cancel calls.
    fn cancel(&self, id: &str) -> ApiRequest {
        ApiRequest::cancel(format!("{}/cancel", self.path(id)))
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        wire.deployment(*self)
    }
}

fields! {
    /// Which page of its hosts an answer about a deployment is.
    struct Pages {
        current_page: Maybe<u64>,
        total_hosts: Maybe<u64>,
        total_pages: Maybe<u64>,
    }
}

/// All hosts of a deployment on the preview surface; `None` when it cannot be known that they are all.
async fn all_hosts(api: &Api, id: &str) -> Result<Option<Vec<Host>>, Failure> {
    let (mut all, mut total, mut last, mut number) = (Vec::new(), None, 1, 0);
    while number < last {
        let reply = api.send(Preview.host_page(id, number)).await?;
        let pages: Pages = reply.at("/meta/hosts").ok().flatten().unwrap_or_default();
        let wire: Wire = reply.at(Preview.at())?.unwrap_or_default();
        if !is_same(id, wire.id()) {
            return Ok(None);
        }
        let (hosts, told) = wire.hosts();
        if number == 0 {
            total = pages.total_hosts.0.or(told);
            last = pages.total_pages.0.unwrap_or(1).min(MOST_PAGES);
        } else if pages.current_page.0 != Some(number) {
            // A page that is not the one asked for would count hosts twice.
            return Ok(None);
        }
        all.extend(hosts);
        number += 1;
    }
    let is_whole = total == u64::try_from(all.len()).ok() && !all.is_empty();
    Ok(is_whole.then_some(all))
}

impl Datadog {
    /// Where a deployment is to be looked for: where it was found, if it was.
    fn surfaces<'s>(&self, known: &'s Deployment) -> &'s [Surface] {
        known.handle.get::<Surface>().map_or(self.surfaces, std::slice::from_ref)
    }

    async fn read(&self, api: &Api, id: &str, surfaces: &[Surface], read: Read) -> Result<Option<Deployment>, Failure> {
        for surface in surfaces {
            let Some(mut told) = surface.fetch(api, id, read).await? else {
                continue;
            };
            if *surface == Preview && told.state == State::Unknown {
                // What cannot be read proves nothing: it stays an open end.
                let hosts = all_hosts(api, id).await.unwrap_or_default();
                told.settled = hosts.is_some_and(|hosts| hosts.iter().all(Host::is_done));
            }
            return Ok(Some(told));
        }
        Ok(None)
    }
}

#[async_trait]
impl Platform for Datadog {
    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        let id = id.as_str();
        if let Some(deployment) = self.read(api, id, self.surfaces, Read::First).await? {
            return Ok(Found::Here(Box::new(deployment)));
        }
        let versions: Vec<_> = self.surfaces.iter().map(|each| each.word()).collect();
        let (host, versions) = (api.base().host(), versions.join(" and "));
        Ok(Found::Missing(Missing::Deployment {
            id: id.to_owned(),
            place: format!("on {host} ({versions}) that these keys may see"),
            check: "`deployment_id`, `site` and both keys".to_owned(),
        }))
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        // One that could not be read before was never found on any surface.
        let read = match known.handle.get::<Surface>() {
            Some(_) => Read::Later,
            None => Read::First,
        };
        match self.read(api, &known.id, self.surfaces(known), read).await? {
            Some(deployment) => Ok(Found::Here(Box::new(deployment))),
            None => Ok(Found::Missing(Missing::Gone(known.id.clone()))),
        }
    }

    fn without_reading(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::without_reading(id.as_str()))
    }

    /// The platform's own filters are for words that no document lists, so states are told apart here.
    async fn list(&self, api: &Api, _wanted: &Filter) -> Result<Listed, Failure> {
        match &self.query {
            Some(query) => list::list(api, self.surfaces, query).await,
            None => {
                let words = "an account's deployments belong to many, so nobody knows which are meant";
                Err(Failure::guarded(words, "Give `query`."))
            }
        }
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let mut refused: Option<Failure> = None;
        // More than one surface only for a deployment that could not be read.
        for surface in self.surfaces(known) {
            match rest::cancel(surface, api, &known.id).await {
                Err(failure) if is_missing(&failure, Read::First) => {
                    // A 400 may mean "not any more" and says more than the other surface's 404.
                    let refusal = refused.take().filter(|first| first.kind == Kind::Refused);
                    refused = refusal.or(Some(failure));
                }
                answer => return answer,
            }
        }
        Err(refused.unwrap_or_else(|| Failure::guarded("there is nowhere to ask", "")))
    }

    fn without_final_details(&self) -> Conclusion {
        Conclusion { sentence: Some(sentence_of(&Map::new())), ..Conclusion::default() }
    }

    async fn final_details(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let (details, sentence) = match count(api, ended).await {
            Ok(counts) => {
                let sentence = sentence_of(&counts);
                (counts, sentence)
            }
            Err(failure) => (Map::new(), format!("{NOT_COUNTED}: this run {failure}.")),
        };
        Ok(Conclusion { details, sentence: Some(sentence), ..Conclusion::default() })
    }
}

/// Reads at the end how many hosts were changed.
async fn count(api: &Api, ended: &Deployment) -> Result<Map<String, Value>, Failure> {
    if ended.handle.get() == Some(&Preview) {
        return Ok(all_hosts(api, &ended.id).await?.map_or_else(Map::new, |hosts| counts_of(&hosts)));
    }
    if ended.details.contains_key(TOTAL) {
        // Every read counts already; only the answer to a cancel does not.
        return Ok(ended.details.clone());
    }
    let told = V2.fetch(api, &ended.id, Read::Later).await?;
    Ok(told.map_or_else(Map::new, |told| told.details))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_every_recorded_shape_of_error_are_found() {
        for (body, said) in [
            (r#"{"errors":["Bad Request"]}"#, Some("Bad Request")),
            (r#"{"errors":["one","two"]}"#, Some("one; two")),
            (r#"{"errors":[{"status":"404","title":"Generic Error","detail":"not there"}]}"#, Some("not there")),
            (r#"{"errors":[{"code":null,"title":"Bad"}]}"#, Some("Bad")),
            (r#"{"errors":[{"code":"X"},{"meta":{}}]}"#, Some("X")),
            (r#"{"error":{"code":"NotFound","message":"gone"}}"#, Some("gone")),
            (r#"{"status":"error","code":403,"errors":["Forbidden"],"email":"a@b.example"}"#, Some("Forbidden")),
            (r#"{"errors":[]}"#, None),
            ("<html><body><h1>403 Forbidden</h1>", None),
            ("", None),
            ("[1]", None),
        ] {
            let mut error = ApiError::default();
            refine(&Response::default(), &serde_json::from_str(body).unwrap_or_default(), &mut error);
            assert_eq!(error.message.as_deref(), said, "{body}");
        }
    }
}
