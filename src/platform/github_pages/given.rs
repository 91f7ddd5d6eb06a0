//! What is given: a commit, a refusal that names one, a repository, and the server that its pages for people are on.

use url::{Position, Url};

use super::wire::{is_commit, is_short};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::address::Address;
use crate::model::deployment::same_commit;
use crate::model::id::{Id, is_hex};
use crate::platform::addresses::{Addresses, Named};

/// Where GitHub's API is, unless it is somebody's own server.
const OWN_SERVER: &str = "api.github.com";

/// The deployment that has to be canceled first, in GitHub's refusal to begin another one.
pub(super) fn blocker(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("due to in progress deployment. Please cancel ")?;
    rest.split_once(" first").map(|(id, _)| id)
}

/// A repository as it is written.
pub(super) fn repository(text: &str) -> Result<Id, String> {
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    match text.split_once('/') {
        Some((owner, name)) if is_part(owner) && is_part(name) && !matches!(name, "." | "..") => Id::parse(text),
        _ => Err("takes a repository as `owner/name`".to_owned()),
    }
}

/// Whether an address leads to another server than this run. What is on this machine stands for GitHub's own as well.
pub(super) fn judge_servers(named: &Named, api: &str, values: &Values, faults: &mut Faults) {
    let own = Url::parse(api).map(|url| url[Position::BeforeHost..Position::BeforePath].to_owned());
    let is_here = Address::parse(api).is_ok_and(|api| api.is_loopback());
    let is_other = |other: &&str| own.as_ref().is_ok_and(|own| own != other) && !(is_here && *other == OWN_SERVER);
    if let Some(other) = named.pages.iter().filter_map(|page| page.get("host")).find(is_other) {
        let text = format!("is an address at {other}, another server than in `api_url`");
        faults.add(values.given("deployment_id"), "deployment_id", text);
    }
}

/// A commit beside an id that is another one is known to be wrong before anything is asked; and a refusal is told apart.
pub(super) fn judge_commits(addresses: &Addresses, values: &Values, faults: &mut Faults) -> Vec<Id> {
    let written = values.list("deployment_id");
    let ids: Vec<_> = written.iter().filter_map(|id| addresses.read_id(&Id::parse(id).ok()?).ok()).collect();
    let commit = values.get("commit").filter(|commit| is_hex(commit));
    let is_other = |id: &&Id| {
        (is_commit(id.as_str()) || is_short(id.as_str())) && !commit.is_none_or(|it| same_commit(it, id.as_str()))
    };
    if let Some(other) = ids.iter().find(is_other) {
        let text = format!("is another commit than the one in `deployment_id`, {}", other.as_str());
        faults.add(values.given("commit"), "commit", text);
    }
    if let Some(id) = written.iter().find_map(|text| blocker(text)) {
        faults.notes.push(format!(
            "`deployment_id` is GitHub's refusal of a new deployment: the one in its way, {id}, is meant."
        ));
    }
    ids
}

/// Where the pages for people are: as it is written, else on the server of a written `api_url`, else on the run's own.
pub(super) fn server(values: &Values, api: &str, faults: &mut Faults) -> String {
    let written =
        values.parsed("server_url", faults, |text| Address::parse(text).map(|_| text.trim_end_matches('/').to_owned()));
    let is_elsewhere =
        values.given("api_url").is_some() && !values.is_usual("api_url") && values.is_usual("server_url");
    written.filter(|_| !is_elsewhere).or_else(|| beside(api)).unwrap_or_else(|| "https://github.com".to_owned())
}

/// The server of an API: `api.` stands before its name, or `/api/v3` behind.
fn beside(api: &str) -> Option<String> {
    let url = Url::parse(api).ok()?;
    let host = url.host_str()?;
    let is_inside = url.path().trim_end_matches('/').ends_with("/api/v3");
    let host = if is_inside { host } else { host.strip_prefix("api.")? };
    Some(format!("https://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_for_people_are_on_the_server_of_the_api() {
        for (api, server) in [
            ("https://api.github.com", Some("https://github.com")),
            ("https://api.octo.ghe.com/", Some("https://octo.ghe.com")),
            ("https://git.acme.example/api/v3", Some("https://git.acme.example")),
            ("https://api.acme.example/api/v3/", Some("https://api.acme.example")),
            ("http://127.0.0.1:8080/pages", None),
            ("", None),
        ] {
            assert_eq!(beside(api).as_deref(), server, "{api}");
        }
    }

    #[test]
    fn only_a_refusal_names_another_deployment() {
        let text = "Deployment request failed for a1 due to in progress deployment. Please cancel b2 first or wait";
        assert_eq!(blocker(text), Some("b2"));
        for other in ["Please cancel b2 first", "due to in progress deployment. Please cancel b2", "b2", ""] {
            assert_eq!(blocker(other), None, "{other}");
        }
    }
}
