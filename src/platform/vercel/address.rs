//! Which deployment is meant, and of which team: an id, a host name, a URL, or an address in the dashboard.

use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::id::Id;
use crate::platform::dashboard;

/// The team's slug that the addresses name, where all deployments are given by their addresses in the dashboard: that
/// team is meant, and the project of each, whatever the usual variables say. A team that is written must be the same.
pub(super) fn addressed_team(values: &Values, faults: &mut Faults) -> Option<String> {
    let ids = values.list("deployment_id");
    let slugs: Option<Vec<_>> = ids.iter().map(|id| team_of(id)).collect();
    let slug = dashboard::only_one(slugs?, ["deployments", "teams", "team"], values, faults)?;
    dashboard::must_agree("team_slug", "team", &slug, values, faults);
    Some(slug)
}

/// The team that a deployment's address in the dashboard names: `https://vercel.com/team/project/deployment`.
fn team_of(written: &str) -> Option<String> {
    let (_, address) = written.split_once("://").unwrap_or(("", written));
    let address = address.strip_prefix("www.").unwrap_or(address);
    let path = address.strip_prefix("vercel.com/")?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let team = segments.next()?;
    segments.nth(1)?;
    Some(team.to_ascii_lowercase())
}

/// An id, a host name, a deployment's URL or a dashboard address.
pub(super) fn read_id(written: &Id) -> Result<Id, String> {
    let text = written.as_str();
    if !text.contains('/') {
        return if is_host(text) { Id::parse(&text.to_ascii_lowercase()) } else { Ok(written.clone()) };
    }
    let url = dashboard::address(text)?;
    let (host, path) = dashboard::parts(&url);
    if !is_host(host) {
        return Err("is a URL without a host name".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password".to_owned());
    }
    if !matches!(host, "vercel.com" | "www.vercel.com") {
        return Id::parse(host);
    }
    let mut path = path.into_iter().filter(|part| !part.is_empty());
    let id = path.nth(2).ok_or("is a dashboard address without a deployment; it ends with /team/project/deployment")?;
    Id::parse(&if id.starts_with("dpl_") { id.to_owned() } else { format!("dpl_{id}") })
}

/// Whether an id is a host name: an id of Vercel's has no dot.
pub(super) fn is_host(id: &str) -> bool {
    id.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_are_named_in_four_ways() {
        for (written, read) in [
            ("dpl_5WJWYSyB7BpgTj3EuwF37WMRBXBtPQ2iTMJHJBJyRfd", "dpl_5WJWYSyB7BpgTj3EuwF37WMRBXBtPQ2iTMJHJBJyRfd"),
            ("My-App-abc123.vercel.app", "my-app-abc123.vercel.app"),
            ("https://my-app-abc123.vercel.app/some/page?x=1", "my-app-abc123.vercel.app"),
            ("my-app-abc123.vercel.app/", "my-app-abc123.vercel.app"),
            ("https://vercel.com/acme/my-app/5WJWYSyB7B", "dpl_5WJWYSyB7B"),
            ("vercel.com/acme/my-app/dpl_5WJWYSyB7B/logs", "dpl_5WJWYSyB7B"),
            ("opaque", "opaque"),
        ] {
            let id = read_id(&Id::parse(written).unwrap());
            assert_eq!(id.map(|id| id.as_str().to_owned()), Ok(read.to_owned()), "{written}");
        }
        for bad in ["https://vercel.com/acme/my-app", "https://", "https://user:pw@x.vercel.app", "a/b"] {
            assert!(read_id(&Id::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
