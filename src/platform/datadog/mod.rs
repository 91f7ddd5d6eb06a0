//! Datadog Fleet Automation, after the OpenAPI descriptions of both its surfaces (2026-04-14 and 2026-08-21).
//!
//! The same three calls exist twice: under `v2`, which counts its hosts, and under `unstable`, the preview, which pages
//! through them. Neither declares which words a status can have, and none is documented for a deployment that has ended
//! because of a cancel: an unlisted word is an end only when no host has anything left to do. A cancel is no roll-back.

mod list;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::usual::{Read, accepted, is_missing};
use super::{Platform, PlatformInfo, input, lenient, require, secret};
use crate::api::{Api, ApiError, Call, Errors, Reply, Reset, Response, Service};
use crate::input::faults::Faults;
use crate::input::{Input, Values};
use crate::model::about::About;
use crate::model::address::Address;
use crate::model::answers::{Accepted, Conclusion, Filter, Found, Listed};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_same, segment};
use crate::select::Select;
use crate::text::secret::Secret;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "datadog",
        name: "Datadog Fleet Automation",
        docs: "https://docs.datadoghq.com/api/latest/fleet-automation/#cancel-a-deployment",
        credentials: "`api_key` (or DD_API_KEY) and `app_key` (or DD_APP_KEY)",
        grant: "the application key needs `agent_upgrade_write` and `fleet_policies_write` to cancel, and `hosts_read` to look",
        caveat: "Cancelling is no roll-back. Hosts that had been changed stay changed, and a host that was being changed \
                 may finish or stop half-way.",
        way_back: "deploy the earlier version or configuration to the same hosts.",
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
            default: "auto",
            ..input(
                "api_version",
                &[],
                "`v2`, `unstable` (the preview), or `auto`: the preview only where v2 has no such deployment.",
            )
        },
        input("query", &[], "Needed with `select`: only deployments whose host query is exactly this text."),
    ],
    states: &[
        ("PENDING", State::Queued),
        ("RUNNING", State::Running),
        ("STOPPING", State::Canceling),
        ("CANCELING", State::Canceling),
        ("CANCELED", State::Canceled),
        ("STOPPED", State::Canceled),
        ("COMPLETED", State::Succeeded),
        ("SUCCEEDED", State::Succeeded),
        ("FAILED", State::Failed),
        ("DONE_WITH_ERRORS", State::Failed),
    ],
    selects: &[Select::Latest, Select::All],
    select_needs: &[&["query"]],
    no_select: "a deployment here carries neither a branch nor a commit, and none supersedes another; use `select: latest` or `all` with `query`, or `deployment_id`",
    open,
    ..PlatformInfo::USUAL
};

/// Every site there is; the API's host is `api.` and the site.
const SITES: [&str; 9] = [
    "datadoghq.com",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "datadoghq.eu",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "ddog-gov.com",
    "us2.ddog-gov.com",
];

/// The most hosts the preview surface puts on a page.
const HOSTS_PER_PAGE: usize = 100;

/// More hosts than on these pages are not counted.
const MOST_PAGES: u64 = 100;

/// One of the two editions of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    V2,
    Preview,
}

use Surface::{Preview, V2};

impl Surface {
    /// Its part of the path, and what a deployment's handle remembers.
    const fn word(self) -> &'static str {
        match self {
            V2 => "v2",
            Preview => "unstable",
        }
    }
}

#[derive(Default, Deserialize)]
struct Given {
    api_key: Option<Secret>,
    app_key: Option<Secret>,
}

struct Datadog {
    /// Where to look, in this order.
    surfaces: &'static [Surface],
    /// Whose deployments are listed: an account's belong to many.
    query: Option<String>,
}

fn open(values: &Values, faults: &mut Faults) -> Option<(Box<dyn Platform>, Service)> {
    let Given { api_key, app_key } = values.fill();
    require(&INFO, values, faults, &["api_key", "app_key"]);
    let site = values.parsed("site", faults, site);
    let surfaces = values.parsed("api_version", faults, surfaces);
    let base = format!("https://api.{}", site.unwrap_or("datadoghq.com"));
    let service = Service {
        about: &INFO.about,
        base: Address::parse(&base).ok().map(|base| (base, "site")),
        credentials: vec![("dd-api-key", api_key?), ("dd-application-key", app_key?)],
        sign_in: None,
        reset: Reset("x-ratelimit-reset"),
        limits_each_endpoint: false,
        // None is documented.
        request_id: "",
        errors: Errors::by(words),
        signer: None,
        scope: String::new(),
    };
    let surfaces = surfaces.unwrap_or(&[V2, Preview]);
    let query = values.get("query").map(str::to_owned);
    Some((Box::new(Datadog { surfaces, query }), service))
}

/// What the vendor's pages call the sites.
const CODES: [(&str, &str); 9] = [
    ("us1", "datadoghq.com"),
    ("us3", "us3.datadoghq.com"),
    ("us5", "us5.datadoghq.com"),
    ("eu1", "datadoghq.eu"),
    ("ap1", "ap1.datadoghq.com"),
    ("ap2", "ap2.datadoghq.com"),
    ("uk1", "uk1.datadoghq.com"),
    ("us1-fed", "ddog-gov.com"),
    ("us2-fed", "us2.ddog-gov.com"),
];

/// The site a user means: its plain name, its short code, or the address of its pages or of its API.
fn site(written: &str) -> Result<&'static str, String> {
    let unknown = || format!("takes one of {}", SITES.join(", "));
    let is_code = |(code, _): &&(&str, &str)| code.eq_ignore_ascii_case(written);
    if let Some((_, site)) = CODES.iter().find(is_code) {
        return Ok(site);
    }
    let with_scheme = if written.contains("://") { written.to_owned() } else { format!("https://{written}") };
    let url = Url::parse(&with_scheme).map_err(|_| unknown())?;
    if url.port().is_some() || !url.username().is_empty() {
        return Err(unknown());
    }
    let host = url.host_str().unwrap_or_default();
    let exact = SITES.into_iter().find(|known| *known == host);
    // `us3.datadoghq.com` also ends like `datadoghq.com`, so what is exactly a site comes first.
    exact
        .or_else(|| {
            let (label, site) = host.split_once('.')?;
            let found = SITES.into_iter().find(|known| *known == site);
            found.filter(|_| is_page(label))
        })
        .ok_or_else(unknown)
}

/// What may stand before a site: `app` for its pages, `api`, or an organization's own name. Two letters and a number
/// would be another site.
fn is_page(label: &str) -> bool {
    let letters = label.trim_end_matches(|c: char| c.is_ascii_digit());
    letters.len() > 2 && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn surfaces(written: &str) -> Result<&'static [Surface], String> {
    match written.to_ascii_lowercase().as_str() {
        "auto" => Ok(&[V2, Preview]),
        "v2" => Ok(&[V2]),
        "unstable" => Ok(&[Preview]),
        _ => Err("takes `auto`, `v2` or `unstable`".to_owned()),
    }
}

/// Errors are documented as `{"errors": ["…"]}`; most recorded ones hold objects, and some are `{"error": {…}}`.
fn words(response: &Response) -> ApiError {
    let body = response.json();
    let all = body.get("errors").and_then(Value::as_array);
    let mut said: Vec<_> = all.into_iter().flatten().filter_map(sentence).collect();
    said.extend(body.get("error").and_then(sentence).filter(|_| said.is_empty()));
    ApiError { message: (!said.is_empty()).then(|| said.join("; ")), ..ApiError::default() }
}

fn sentence(error: &Value) -> Option<String> {
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    let names = ["detail", "message", "title", "code"];
    let text = error.as_str().or_else(|| names.into_iter().find_map(field))?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The surface has no such thing, or at least says so: a 400 is its answer to an id of another form.
fn says_no(failure: &Failure) -> bool {
    is_missing(failure, Read::First)
}

async fn send(api: &Api, call: Call) -> Result<Reply, Failure> {
    api.send(call).await.map_err(|mut failure| {
        // Datadog does not tell these apart: a wrong key, the wrong site and a missing permission look the same.
        if matches!(failure.kind, Kind::Unauthorized | Kind::Forbidden) {
            failure.hint = format!(
                "Check {}, the `site` they belong to (this run asked {}), and the permissions: {}.",
                INFO.about.credentials,
                api.base().host(),
                INFO.about.grant
            );
        }
        failure
    })
}

fn path(surface: Surface, id: &str) -> String {
    format!("/api/{}/fleet/deployments/{}", surface.word(), segment(id))
}

/// One answer about a deployment; on the preview surface with one page of its hosts.
async fn page(api: &Api, surface: Surface, id: &str, page: u64) -> Result<(Told, Reply), Failure> {
    let mut call = Call::get(path(surface, id), "read the deployment");
    if surface == Preview {
        call = call.query("limit", HOSTS_PER_PAGE.to_string()).query("page", page.to_string());
    }
    let reply = send(api, call).await?;
    let body: Envelope = reply.json()?;
    let wire = body.data.ok_or_else(|| reply.unreadable("without a deployment"))?;
    if !is_same(id, &wire.id) {
        return Err(reply.unreadable("about another deployment"));
    }
    let hosts = body.meta.and_then(|meta| meta.hosts);
    Ok((Told { wire, pages: hosts.unwrap_or_default() }, reply))
}

/// All hosts of a deployment on the preview surface; `None` when it cannot be known that they are all.
async fn all_hosts(api: &Api, first: Told) -> Result<Option<Vec<Host>>, Failure> {
    let Told { wire, pages } = first;
    let attributes = wire.attributes.unwrap_or_default();
    let total = pages.total_hosts.or(attributes.total_hosts);
    let last = pages.total_pages;
    let mut hosts = attributes.hosts.unwrap_or_default();
    for number in 1..last.unwrap_or(1).min(MOST_PAGES) {
        let (next, _) = page(api, Preview, &wire.id, number).await?;
        // A page that is not the one asked for would count hosts twice.
        if next.pages.current_page != Some(number) {
            return Ok(None);
        }
        let attributes = next.wire.attributes.unwrap_or_default();
        hosts.extend(attributes.hosts.unwrap_or_default());
    }
    let whole = total == u64::try_from(hosts.len()).ok() && !hosts.is_empty();
    Ok(whole.then_some(hosts))
}

async fn read_on(api: &Api, surface: Surface, id: &str) -> Result<Deployment, Failure> {
    let (told, reply) = page(api, surface, id, 0).await?;
    let mut deployment = told.wire.tell(surface).ok_or_else(|| reply.unreadable("without a status"))?;
    if surface == Preview && deployment.state == State::Unknown {
        // What cannot be read proves nothing: it stays an open end.
        let hosts = all_hosts(api, told).await.unwrap_or_default();
        deployment.settled = hosts.is_some_and(|hosts| hosts.iter().all(Host::is_done));
    }
    Ok(deployment)
}

impl Datadog {
    /// Where a deployment is to be looked for: where it was found, if it was.
    fn surfaces(&self, known: &Deployment) -> &'static [Surface] {
        match known.handle.as_str() {
            Some("v2") => &[V2],
            Some("unstable") => &[Preview],
            _ => self.surfaces,
        }
    }

    async fn read(&self, api: &Api, id: &str, surfaces: &[Surface], read: Read) -> Result<Option<Deployment>, Failure> {
        for surface in surfaces {
            match read_on(api, *surface, id).await {
                Err(failure) if is_missing(&failure, read) => {}
                answer => return answer.map(Some),
            }
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
        Ok(Found::Missing(format!(
            "There is no deployment {id} on {} ({}) that these keys may see; check `deployment_id`, `site` and both keys.",
            api.base().host(),
            versions.join(" and ")
        )))
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        // One that could not be read before was never found on any surface.
        let read = match known.handle.as_str() {
            Some(_) => Read::Later,
            None => Read::First,
        };
        match self.read(api, &known.id, self.surfaces(known), read).await? {
            Some(deployment) => Ok(Found::Here(Box::new(deployment))),
            None => Ok(Found::Missing(format!("Deployment {} cannot be found any more.", known.id))),
        }
    }

    fn unseen(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::unseen(id.as_str()))
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
            let path = format!("{}/cancel", path(*surface, &known.id));
            match send(api, Call::post(path, "cancel the deployment")).await {
                Ok(reply) => {
                    // v2 tells the status, the preview says nothing, and `{}` is known from other cancel calls.
                    return accepted(&reply, || {
                        let body: Envelope = reply.json().ok()?;
                        let own = body.data.filter(|wire| is_same(&known.id, &wire.id));
                        own.and_then(|wire| wire.tell(*surface))
                    });
                }
                Err(failure) if says_no(&failure) => {
                    // A 400 may mean "not any more" and says more than the other surface's 404.
                    let refusal = refused.take().filter(|first| first.kind == Kind::Refused);
                    refused = refusal.or(Some(failure));
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(refused.unwrap_or_else(|| Failure::guarded("there is nowhere to ask", "")))
    }

    fn unconcluded(&self) -> Conclusion {
        Conclusion { details: Map::new(), sentence: Some(sentence_of(&Map::new())) }
    }

    async fn conclude(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let (details, sentence) = match count(api, ended).await {
            Ok(counts) => {
                let sentence = sentence_of(&counts);
                (counts, sentence)
            }
            Err(failure) => (Map::new(), format!("{NOT_COUNTED}: this run {failure}.")),
        };
        Ok(Conclusion { details, sentence: Some(sentence) })
    }
}

/// Reads at the end how many hosts were changed.
async fn count(api: &Api, ended: &Deployment) -> Result<Map<String, Value>, Failure> {
    let surface = if ended.handle.as_str() == Some(Preview.word()) { Preview } else { V2 };
    if surface == V2 && ended.details.contains_key(TOTAL) {
        // Every read counts already; only the answer to a cancel does not.
        return Ok(ended.details.clone());
    }
    let (told, _) = page(api, surface, &ended.id, 0).await?;
    Ok(match surface {
        V2 => told.wire.attributes.unwrap_or_default().counts(),
        Preview => all_hosts(api, told).await?.map_or_else(Map::new, |hosts| counts_of(&hosts)),
    })
}

const NOT_COUNTED: &str = "How many hosts it had changed is not known";

const TOTAL: &str = "total_hosts";
const UPDATED: &str = "updated_hosts";
const UNTOUCHED: &str = "untouched_hosts";
const FAILED: &str = "failed_hosts";
const RUNNING: &str = "running_hosts";
const CANCELED: &str = "canceled_hosts";
const SKIPPED: &str = "skipped_hosts";

/// The counts as one sentence.
fn sentence_of(counts: &Map<String, Value>) -> String {
    let number = |name: &str| counts.get(name).and_then(Value::as_u64);
    let Some((total, updated)) = number(TOTAL).zip(number(UPDATED)) else {
        return format!("{NOT_COUNTED}; what was applied stays applied.");
    };
    let mut parts = vec![format!("{updated} updated")];
    let mut open = total.saturating_sub(updated);
    for (name, word) in
        [(UNTOUCHED, "untouched"), (FAILED, "failed"), (CANCELED, "canceled"), (RUNNING, "still running")]
    {
        if let Some(many) = number(name).filter(|many| *many > 0) {
            open = open.saturating_sub(many);
            parts.push(format!("{many} {word}"));
        }
    }
    if open > 0 {
        parts.push(format!("{open} of unknown state"));
    }
    let hosts = if total == 1 { "host" } else { "hosts" };
    format!("What was applied stays applied: of {total} {hosts} {}.", parts.join(", "))
}

/// Counts the hosts by what the platform says of each, nothing more. Those that it skipped are untouched as well.
fn counts_of(hosts: &[Host]) -> Map<String, Value> {
    let many = |fate: Fate| hosts.iter().filter(|host| host.fate() == fate).count();
    let skipped = many(Fate::Skipped);
    let counts = [
        (TOTAL, hosts.len()),
        (UPDATED, many(Fate::Updated)),
        (UNTOUCHED, many(Fate::Pending) + skipped),
        (FAILED, many(Fate::Failed)),
        (RUNNING, many(Fate::Running)),
        (CANCELED, many(Fate::Canceled)),
        (SKIPPED, skipped),
    ];
    let counts = counts.into_iter();
    counts.map(|(name, many)| (name.to_owned(), json!(many))).collect()
}

/// An answer about a deployment, and which page of its hosts it is.
struct Told {
    wire: Wire,
    pages: Pages,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "lenient")]
    data: Option<Wire>,
    #[serde(default, deserialize_with = "lenient")]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default, deserialize_with = "lenient")]
    hosts: Option<Pages>,
}

#[derive(Default, Deserialize)]
struct Pages {
    #[serde(default, deserialize_with = "lenient")]
    current_page: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    total_hosts: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    total_pages: Option<u64>,
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    attributes: Option<Attributes>,
}

#[derive(Default, Deserialize)]
struct Attributes {
    #[serde(default, deserialize_with = "lenient")]
    high_level_status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    query: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    filter_query: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    error_summary: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    started_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    total_hosts: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    succeeded_hosts: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    failed_hosts: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    canceled_hosts: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    running_hosts: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    skipped_hosts: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    hosts: Option<Vec<Host>>,
}

#[derive(Deserialize)]
struct Host {
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
}

/// What the platform says of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Updated,
    Failed,
    Canceled,
    Skipped,
    Pending,
    Running,
    /// A word that nobody knows.
    Open,
}

impl Wire {
    /// What the answer says about the deployment; nothing without a status.
    fn tell(&self, surface: Surface) -> Option<Deployment> {
        let attributes = self.attributes.as_ref()?;
        let word = attributes.word()?;
        let mut details = attributes.counts();
        details.insert("api_version".to_owned(), json!(surface.word()));
        let query = attributes.query.as_ref().or(attributes.filter_query.as_ref());
        if let Some(query) = query.filter(|query| !query.is_empty()) {
            details.insert("query".to_owned(), json!(query));
        }
        Some(Deployment {
            state: state(word),
            settled: state(word) == State::Unknown && attributes.is_done(),
            platform_state: word.to_owned(),
            note: attributes.error_summary.clone().filter(|text| !text.is_empty()),
            details,
            handle: json!(surface.word()),
            // No page for people is documented, and neither surface says when a deployment was made.
            ..Deployment::unseen(&self.id)
        })
    }
}

/// The table's state; an unlisted word for something going on (`…ing`) is in flight.
fn state(word: &str) -> State {
    match INFO.state(word) {
        State::Unknown if is_going_on(word) => State::Running,
        state => state,
    }
}

fn is_going_on(word: &str) -> bool {
    word.to_ascii_lowercase().ends_with("ing")
}

impl Attributes {
    /// A single deployment has `high_level_status`; `status` stands in the answer to a cancel.
    fn word(&self) -> Option<&str> {
        [&self.high_level_status, &self.status].into_iter().flatten().map(String::as_str).find(|word| !word.is_empty())
    }

    /// Hosts that wait: the rest, as they have no counter of their own. `None` when the counters do not add up.
    fn pending(&self) -> Option<u64> {
        let others =
            [self.succeeded_hosts?, self.failed_hosts?, self.canceled_hosts?, self.running_hosts?, self.skipped_hosts?];
        let others = others.into_iter().try_fold(0, u64::checked_add)?;
        self.total_hosts?.checked_sub(others)
    }

    /// The counters say that no host has anything left to do. Without a single host they say nothing.
    fn is_done(&self) -> bool {
        self.total_hosts > Some(0) && self.running_hosts == Some(0) && self.pending() == Some(0)
    }

    /// What the counters say. Untouched are the hosts that still wait and those that were skipped.
    fn counts(&self) -> Map<String, Value> {
        let untouched = self.pending().zip(self.skipped_hosts);
        let untouched = untouched.map(|(pending, skipped)| pending + skipped);
        let counts = [
            (TOTAL, self.total_hosts),
            (UPDATED, self.succeeded_hosts),
            (UNTOUCHED, untouched),
            (FAILED, self.failed_hosts),
            (RUNNING, self.running_hosts),
            (CANCELED, self.canceled_hosts),
            (SKIPPED, self.skipped_hosts),
        ];
        let known = counts.into_iter().filter_map(|(name, many)| Some((name, many?)));
        known.map(|(name, many)| (name.to_owned(), json!(many))).collect()
    }
}

impl Host {
    /// Its status as the table writes words.
    fn word(&self) -> String {
        let word = self.status.as_deref().unwrap_or_default();
        word.to_ascii_uppercase().replace("CANCELL", "CANCEL")
    }

    /// It has nothing left to do; a word that is not known says nothing about that.
    fn is_done(&self) -> bool {
        !matches!(self.fate(), Fate::Pending | Fate::Running | Fate::Open)
    }

    fn fate(&self) -> Fate {
        match state(&self.word()) {
            State::Succeeded => Fate::Updated,
            State::Failed => Fate::Failed,
            State::Canceled => Fate::Canceled,
            State::Queued => Fate::Pending,
            State::Running | State::Canceling => Fate::Running,
            _ if self.word() == "SKIPPED" => Fate::Skipped,
            _ => Fate::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_has_its_own_api_and_is_understood_as_people_paste_it() {
        // The addresses of the pages for people, as the documents list them, and the sites behind them.
        for (pages, site_of_it) in [
            ("app.datadoghq.com", "datadoghq.com"),
            ("us3.datadoghq.com", "us3.datadoghq.com"),
            ("us5.datadoghq.com", "us5.datadoghq.com"),
            ("app.datadoghq.eu", "datadoghq.eu"),
            ("ap1.datadoghq.com", "ap1.datadoghq.com"),
            ("ap2.datadoghq.com", "ap2.datadoghq.com"),
            ("uk1.datadoghq.com", "uk1.datadoghq.com"),
            ("app.ddog-gov.com", "ddog-gov.com"),
            ("us2.ddog-gov.com", "us2.ddog-gov.com"),
        ] {
            let written = [
                site_of_it.to_owned(),
                site_of_it.to_uppercase(),
                pages.to_owned(),
                format!("https://{pages}/fleet?x=1#y"),
                format!("https://{pages}"),
                format!("api.{site_of_it}"),
                format!("https://api.{site_of_it}/api/v2"),
                format!("acme.{site_of_it}"),
                format!("https://acme-2.{site_of_it}/fleet?x=1"),
            ];
            for text in written {
                assert_eq!(site(&text), Ok(site_of_it), "{text}");
            }
        }
    }

    #[test]
    fn a_site_is_known_by_its_short_code() {
        for (code, site_of_it) in [
            ("US1", "datadoghq.com"),
            ("us3", "us3.datadoghq.com"),
            ("US5", "us5.datadoghq.com"),
            ("eu1", "datadoghq.eu"),
            ("AP1", "ap1.datadoghq.com"),
            ("AP2", "ap2.datadoghq.com"),
            ("UK1", "uk1.datadoghq.com"),
            ("US1-FED", "ddog-gov.com"),
            ("US2-FED", "us2.ddog-gov.com"),
        ] {
            assert_eq!(site(code), Ok(site_of_it), "{code}");
        }
    }

    #[test]
    fn an_unknown_site_is_answered_with_all_known_ones() {
        for bad in [
            "us1.datadoghq.com",
            "eu.datadoghq.com",
            "eu",
            "datadoghq.com.evil.example",
            "evildatadoghq.com",
            "api.app.datadoghq.eu",
            "us9.datadoghq.com",
            "ap3.datadoghq.com",
            "a.b.datadoghq.com",
            ".datadoghq.com",
            "us9",
            "datadoghq.com:8080",
            "acme@datadoghq.com",
            "https://",
            "a b",
        ] {
            let wrong = site(bad).unwrap_err();
            for known in SITES {
                assert!(wrong.contains(known), "{bad}: {wrong}");
            }
        }
    }

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
            let response = Response { body: body.into(), ..Response::default() };
            assert_eq!(words(&response).message.as_deref(), said, "{body}");
        }
    }

    fn told(attributes: Value) -> Option<Deployment> {
        let wire: Wire = serde_json::from_value(json!({ "id": "d", "attributes": attributes })).unwrap();
        wire.tell(V2)
    }

    #[test]
    fn every_word_seen_anywhere_is_known_in_any_case() {
        for (word, expected) in [
            ("pending", State::Queued),
            ("Running", State::Running),
            ("stopping", State::Canceling),
            ("canceled", State::Canceled),
            ("CANCELLED", State::Canceled),
            ("stopped", State::Canceled),
            ("completed", State::Succeeded),
            ("succeeded", State::Succeeded),
            ("failed", State::Failed),
            ("done_with_errors", State::Failed),
            ("draining", State::Running),
            ("halted", State::Unknown),
        ] {
            let deployment = told(json!({ "high_level_status": word })).unwrap();
            assert_eq!((deployment.state, deployment.platform_state.as_str()), (expected, word));
        }
    }

    #[test]
    fn the_status_is_taken_from_where_it_stands() {
        let word = |attributes| told(attributes).map(|deployment| deployment.platform_state);
        assert_eq!(word(json!({ "high_level_status": "a", "status": "b" })).as_deref(), Some("a"));
        assert_eq!(word(json!({ "high_level_status": "", "status": "b" })).as_deref(), Some("b"));
        assert_eq!(word(json!({ "high_level_status": 7, "status": "b" })).as_deref(), Some("b"));
        assert_eq!(word(json!({})), None);
    }

    fn counters(word: &str, [total, succeeded, failed, canceled, running, skipped]: [i64; 6]) -> Value {
        json!({
            "high_level_status": word, "total_hosts": total, "succeeded_hosts": succeeded, "failed_hosts": failed,
            "canceled_hosts": canceled, "running_hosts": running, "skipped_hosts": skipped,
        })
    }

    #[test]
    fn an_unlisted_word_is_an_end_only_when_every_host_is_accounted_for() {
        let settled = |attributes| told(attributes).unwrap().is_terminal();
        assert!(settled(counters("halted", [5, 1, 1, 2, 0, 1])));
        assert!(!settled(counters("halted", [5, 1, 1, 1, 1, 1])), "one is running");
        assert!(!settled(counters("halted", [6, 1, 1, 2, 0, 1])), "one is pending");
        assert!(!settled(counters("halted", [4, 1, 1, 2, 0, 1])), "the counters do not add up");
        assert!(!settled(counters("halted", [0, 0, 0, 0, 0, 0])), "no host proves nothing");
        assert!(!settled(counters("halting", [5, 1, 1, 2, 0, 1])), "it says that it goes on");
        let mut lacking = counters("halted", [5, 1, 1, 2, 0, 1]);
        lacking["skipped_hosts"] = Value::Null;
        assert!(!settled(lacking), "a counter is missing");
        assert!(!settled(json!({ "high_level_status": "halted", "hosts": [] })));
    }

    fn host(status: &str) -> Host {
        // Versions tell nothing: a change of configuration leaves them, and a canceled host may have any.
        let body = json!({ "status": status, "error": "x", "versions": [{
            "initial_version": "1", "target_version": "2", "current_version": "2",
        }] });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn what_became_of_a_host_is_what_the_platform_says_of_it() {
        for (word, fate) in [
            ("succeeded", Fate::Updated),
            ("failed", Fate::Failed),
            ("Cancelled", Fate::Canceled),
            ("stopped", Fate::Canceled),
            ("skipped", Fate::Skipped),
            ("pending", Fate::Pending),
            ("running", Fate::Running),
            ("draining", Fate::Running),
            ("halted", Fate::Open),
            ("", Fate::Open),
        ] {
            assert_eq!(host(word).fate(), fate, "{word}");
        }
    }

    #[test]
    fn a_host_with_an_unknown_word_may_have_something_left_to_do() {
        for (word, done) in [
            ("succeeded", true),
            ("failed", true),
            ("Cancelled", true),
            ("skipped", true),
            ("pending", false),
            ("running", false),
            ("queued", false),
            ("", false),
        ] {
            assert_eq!(host(word).is_done(), done, "{word}");
        }
    }

    #[test]
    fn counters_become_counts_and_the_rest_is_not_invented() {
        // The example of the documents: five hosts, one of each kind, two of them listed.
        let mut example = counters("running", [5, 1, 1, 1, 1, 1]);
        let counts = told(example.clone()).unwrap().details;
        assert_eq!(counts.get(UPDATED), Some(&json!(1)));
        assert_eq!(counts.get(UNTOUCHED), Some(&json!(1)), "the skipped one");
        assert_eq!(
            sentence_of(&counts),
            "What was applied stays applied: of 5 hosts 1 updated, 1 untouched, 1 failed, 1 canceled, 1 still running."
        );
        example["failed_hosts"] = Value::Null;
        let counts = told(example).unwrap().details;
        assert_eq!((counts.get(FAILED), counts.get(UNTOUCHED)), (None, None));
        assert!(sentence_of(&Map::new()).contains("not known"));
    }
}
