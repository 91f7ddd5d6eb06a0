//! Which deploy is meant, and of which site: an id, a permalink, or the address of its page.

use url::Url;

use super::wire::{DASHBOARD, Handle};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same};
use crate::model::reason::Check;

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
    text.len() == 24 && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// Whether a text is the id of a site.
pub(super) fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.concat().chars().all(|c| c.is_ascii_hexdigit())
}

impl Page {
    /// What an address says; `None` where the text is an id.
    fn parse(text: &str) -> Option<Result<Self, String>> {
        text.contains(['.', '/']).then(|| {
            let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
            let url = Url::parse(&with_scheme).map_err(|error| format!("is not a URL ({error})"))?;
            let host = url.host_str().unwrap_or_default();
            let path: Vec<_> = url.path_segments().into_iter().flatten().collect();
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

    fn site_id(&self) -> Option<&str> {
        Some(self.site.as_str()).filter(|site| is_uuid(site))
    }

    /// Whether a deploy is of the site in the address; one that does not say it does not pass.
    pub(super) fn admits(&self, told: &Deployment, own: &Handle) -> Result<(), Failure> {
        let (id, noun, input) = (told.id.clone(), "site", "deployment_id");
        let found = if self.site_id().is_some() { &own.site } else { &own.name };
        let check = match found.get() {
            Some(found) if is_same(&self.site, found) || self.site.eq_ignore_ascii_case(found) => return Ok(()),
            Some(found) => Check::Elsewhere { id, noun, found: found.to_owned(), wanted: self.site.clone(), input },
            None => Check::Untold { id, noun, input },
        };
        Err(check.into())
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
        for (input, other) in [("site_name", page.site_id().is_none()), ("site_id", page.site_id().is_some())] {
            let written = values.get(input).filter(|_| other && !values.is_usual(input));
            if written.is_some_and(|written| !written.eq_ignore_ascii_case(&page.site)) {
                let text = format!("is another site than in the address in `deployment_id`: {}", page.site);
                faults.add(values.given(input), input, text);
            }
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOY: &str = "66a9a1c24fd25f0008b1a0e1";

    #[test]
    fn a_deploy_is_named_by_its_id_its_permalink_or_its_page() {
        let read = |written: &str| read_id(&Id::parse(written).unwrap()).map(|id| id.as_str().to_owned());
        for written in [
            "66A9A1C24FD25F0008B1A0E1",
            "66a9a1c24fd25f0008b1a0e1--web.netlify.app",
            "https://66a9a1c24fd25f0008b1a0e1--web--api.netlify.app/some/page?x=1",
            "http://66a9a1c24fd25f0008b1a0e1--web.netlify.com",
            "https://app.netlify.com/projects/web/deploys/66a9a1c24fd25f0008b1a0e1",
            "app.netlify.com/sites/web/deploys/66a9a1c24fd25f0008b1a0e1/logs#L1",
        ] {
            assert_eq!(read(written).as_deref(), Ok(DEPLOY), "{written}");
        }
        for alias in [
            "https://main--web.netlify.app",
            "deploy-preview-4--web.netlify.app",
            "https://www.example.com",
            "web.netlify.app",
            "66a9a1c24fd25f0008b1a0e1--web.netlify.app.evil.example",
            "https://app.netlify.com.evil.example/projects/web/deploys/66a9a1c24fd25f0008b1a0e1",
            "https://app.netlify.com/projects/web/deploys",
            "https://app.netlify.com/projects/web/deploys/latest",
            "https://",
            "a/b",
        ] {
            assert!(read(alias).is_err(), "{alias}");
        }
        for opaque in ["dep-1", "66a9a1c24fd25f0008b1a0e", "main--web"] {
            assert_eq!(read(opaque).as_deref(), Ok(opaque));
        }
    }

    #[test]
    fn a_site_has_a_uuid() {
        assert!(is_uuid("0d3a9d2f-ef94-4380-93df-27ee400e2048"));
        for name in ["web", "0d3a9d2f-ef94-4380-93df-27ee400e204", "0d3a9d2fef94438093df27ee400e2048", "a-b-c-d-e"] {
            assert!(!is_uuid(name), "{name}");
        }
    }
}
