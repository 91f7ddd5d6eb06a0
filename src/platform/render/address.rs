//! Which deploy is meant, and of which service: an id, or the address of its page.

use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::id::Id;
use crate::platform::dashboard;

/// The host of the pages for people.
pub(super) const DASHBOARD: &str = "dashboard.render.com";
/// How the id of a cron job begins, which is a service like others in every other way.
pub(super) const CRON_JOB: &str = "crn-";
/// What cannot be done to it.
pub(super) const NO_CRON_JOB: &str = "is a cron job, and Render does not cancel the deploys of cron jobs";

pub(super) fn service_id(text: &str) -> Result<Id, String> {
    if text.starts_with(CRON_JOB) { Err(NO_CRON_JOB.to_owned()) } else { Id::parse(text) }
}

/// A deploy's page in the dashboard: `https://dashboard.render.com/web/srv-1/deploys/dep-1`.
pub(super) struct Page {
    pub(super) kind: String,
    pub(super) service: Id,
    deploy: Id,
}

impl Page {
    fn parse(text: &str) -> Result<Self, String> {
        let url = dashboard::address(text)?;
        let (host, path) = dashboard::parts(&url);
        match (host, path.as_slice()) {
            (DASHBOARD, [kind, service, "deploys", deploy, ..]) => {
                Ok(Self { kind: Id::parse(kind)?.segment(), service: service_id(service)?, deploy: Id::parse(deploy)? })
            }
            _ => Err(format!("is no address of a deploy: its page is https://{DASHBOARD}/web/srv-…/deploys/dep-…")),
        }
    }
}

pub(super) fn is_address(text: &str) -> bool {
    text.contains('/')
}

pub(super) fn read_id(written: &Id) -> Result<Id, String> {
    if is_address(written.as_str()) {
        Page::parse(written.as_str()).map(|page| page.deploy)
    } else {
        Ok(written.clone())
    }
}

/// The page that tells the service, where addresses are given: it beats the usual variable. What is wrong with one of
/// them is said with the ids.
pub(super) fn addressed(values: &Values, faults: &mut Faults) -> Option<Page> {
    let ids = values.list("deployment_id");
    let pages: Vec<_> = ids.iter().filter(|id| is_address(id)).filter_map(|id| Page::parse(id).ok()).collect();
    let services = pages.iter().map(|page| page.service.as_str().to_owned()).collect();
    dashboard::only_one(services, ["deploys", "services", "service"], values, faults)?;
    pages.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deploy_is_named_by_its_id_or_by_its_page() {
        for (written, id) in [
            ("dep-1", "dep-1"),
            ("https://dashboard.render.com/web/srv-1/deploys/dep-1", "dep-1"),
            ("dashboard.render.com/static/srv-1/deploys/dep-1?r=1h#x", "dep-1"),
            ("https://dashboard.render.com/pserv/srv-1/deploys/dep-1/", "dep-1"),
        ] {
            let read = read_id(&Id::parse(written).unwrap());
            assert_eq!(read.map(|id| id.as_str().to_owned()), Ok(id.to_owned()), "{written}");
        }
        for (bad, why) in [
            ("https://dashboard.render.com/web/srv-1", "no address of a deploy"),
            ("https://dashboard.render.com.evil.example/web/srv-1/deploys/dep-1", "no address of a deploy"),
            ("https://web.onrender.com/", "no address of a deploy"),
            ("https://dashboard.render.com/cron/crn-1/deploys/dep-1", "cron job"),
            ("https://dashboard.render.com/web/srv-1/deploys/", "is empty"),
            ("https://", "is not a URL"),
        ] {
            let wrong = read_id(&Id::parse(bad).unwrap()).unwrap_err();
            assert!(wrong.contains(why), "{bad}: {wrong}");
        }
    }
}
