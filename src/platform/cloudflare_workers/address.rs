//! Which build is meant, and of which account and Worker: an id, or the address of its page.

use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::id::{Id, is_hex};
use crate::platform::dashboard;

/// The host of the pages for people.
pub(super) const DASHBOARD: &str = "dash.cloudflare.com";
const PAGES: &str = "is the address of a deployment on Cloudflare Pages, which has no call that cancels one";

/// A build's page, as the dashboard and GitHub's check runs have it.
pub(super) struct Page {
    account: Id,
    pub(super) worker: String,
    pub(super) id: Id,
}

impl Page {
    /// What an address says; `None` where the text is an id.
    fn parse(text: &str) -> Option<Result<Self, String>> {
        text.contains(['.', '/']).then(|| {
            let url = dashboard::address(text)?;
            let (host, path) = dashboard::parts(&url);
            match path.as_slice() {
                [account, "workers", "services", "view", worker, _, "builds", build, ..] if host == DASHBOARD => {
                    Ok(Self { account: Id::parse(account)?, worker: (*worker).to_owned(), id: Id::parse(build)? })
                }
                [_, "pages", ..] if host == DASHBOARD => Err(PAGES.to_owned()),
                _ if host.ends_with(".pages.dev") => Err(PAGES.to_owned()),
                _ => Err(format!(
                    "is no build's page: that is https://{DASHBOARD}/ACCOUNT/workers/services/view/WORKER/production/builds/UUID"
                )),
            }
        })
    }
}

/// Whether a text looks like the tag of a Worker.
pub(super) fn is_tag(text: &str) -> bool {
    text.len() == 32 && is_hex(text)
}

/// An id, or the address of a build's page.
pub(super) fn read_id(written: &Id) -> Result<Id, String> {
    Page::parse(written.as_str()).map_or_else(|| Ok(written.clone()), |page| page.map(|page| page.id))
}

/// The addresses among the ids. What is wrong with one is said with the ids.
pub(super) fn pages(values: &Values) -> Vec<Page> {
    values.list("deployment_id").iter().filter_map(|id| Page::parse(id)?.ok()).collect()
}

/// The account: an address beats the usual variables, and must not contradict what is written.
pub(super) fn account(values: &Values, pages: &[Page], faults: &mut Faults) -> Option<Id> {
    let accounts: Vec<_> = pages.iter().map(|page| page.account.as_str().to_owned()).collect();
    if !accounts.is_empty() {
        dashboard::only_one(accounts, ["builds", "accounts", "account"], values, faults)?;
    }
    for page in pages {
        dashboard::must_agree("account_id", "account", page.account.as_str(), values, faults);
        if !values.get("worker").is_some_and(is_tag) {
            dashboard::must_agree("worker", "Worker", &page.worker, values, faults);
        }
    }
    // What is wrong with an address is said with the ids.
    let is_said = || values.list("deployment_id").iter().any(|id| Page::parse(id).is_some_and(|page| page.is_err()));
    match pages.first() {
        Some(page) => return Some(page.account.clone()),
        None if values.given("account_id").is_none() && !is_said() => {
            let text = "is missing: set it (or the variable CLOUDFLARE_ACCOUNT_ID), or give the build's page as `deployment_id`";
            faults.add(None, "account_id", text);
        }
        None => {}
    }
    values.parsed("account_id", faults, Id::parse)
}
