//! Which deploy is meant, and of which site: an id, a permalink, or the address of its page.

use super::wire::{DASHBOARD, Handle};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::id::{Id, is_hex, is_uuid};
use crate::model::reason::Check;
use crate::platform::dashboard;

/// Where deploys have hosts of their own, the newer first.
const SITES: [&str; 2] = [".netlify.app", ".netlify.com"];

/// What an address says: a deploy, and its site by name or id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) id: Id,
    site: String,
}

/// Whether a text is the id of a deploy, or of a build.
pub(super) fn is_deploy(text: &str) -> bool {
    text.len() == 24 && is_hex(text)
}

impl Page {
    /// What an address says; `None` where the text is an id.
    fn parse(text: &str) -> Option<Result<Self, String>> {
        text.contains(['.', '/']).then(|| {
            let url = dashboard::address(text)?;
            let (host, path) = dashboard::parts(&url);
            let (deploy, site) = match path.as_slice() {
                ["projects" | "sites", site, "deploys", deploy, ..] if host == DASHBOARD => (*deploy, *site),
                _ => SITES.iter().find_map(|ending| host.strip_suffix(ending)?.split_once("--")).unwrap_or_default(),
            };
            if site.is_empty() || !is_deploy(deploy) {
                return Err(
                    "names no single deploy, as an alias or a domain of a site does not: give a deploy's id, its \
                            permalink (https://DEPLOY_ID--SITE.netlify.app) or the address of its page"
                        .to_owned(),
                );
            }
            Ok(Self { id: Id::parse(&deploy.to_ascii_lowercase())?, site: site.to_owned() })
        })
    }

    /// Whether a deploy is of the site in the address; one that does not say it does not pass.
    pub(super) fn admits(&self, told: &Deployment, own: &Handle) -> Result<(), Failure> {
        let found = if is_uuid(&self.site) { &own.site } else { &own.name };
        match found.get() {
            Some(found) if self.site.eq_ignore_ascii_case(found) => Ok(()),
            _ => Err(Check::not_of(&told.id, ("site", "deployment_id"), found.0.clone(), self.site.clone()).into()),
        }
    }
}

/// An id, a permalink, its host, or the address of a deploy's page. What is none of these is an id that nobody has.
pub(super) fn read_id(written: &Id) -> Result<Id, String> {
    match Page::parse(written.as_str()) {
        Some(page) => page.map(|page| page.id),
        None if is_deploy(written.as_str()) => Id::parse(&written.as_str().to_ascii_lowercase()),
        None => Ok(written.clone()),
    }
}

/// The addresses among the ids. What is wrong with one is said with the ids; a written site must not contradict them.
pub(super) fn pages(values: &Values, faults: &mut Faults) -> Vec<Page> {
    let ids = values.list("deployment_id");
    let pages: Vec<_> = ids.iter().filter_map(|id| Page::parse(id)?.ok()).collect();
    for page in &pages {
        let input = if is_uuid(&page.site) { "site_id" } else { "site_name" };
        dashboard::must_agree(input, "site", &page.site, values, faults);
    }
    pages
}
