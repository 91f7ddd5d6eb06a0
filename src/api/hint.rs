//! What to change after a failure, by the names the user knows: one hint for every kind.

use crate::model::about::About;
use crate::model::failure::Kind;

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Reading, or signing in.
    Reading,
    /// Changing something that has been read before, in most cases, with the same ids and the same credential.
    Asking,
}

/// Where a request went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The host's name.
    pub(super) host: &'a str,
    /// The input that the host follows from.
    pub(super) input: &'a str,
    /// Where we looked, for the failures that hang on it: empty, or "; …" without a full stop.
    pub(super) scope: &'a str,
}

/// A hint for a failure of `kind` at a place.
pub(super) fn hint(about: &About, kind: Kind, status: Option<u16>, place: Place<'_>, asked: For) -> String {
    let Place { host, input, scope } = place;
    let About { name, grant, credentials, .. } = about;
    match kind {
        Kind::Unauthorized if asked == For::Asking => {
            format!("The credential may have expired or been revoked since the last request, or may not cancel: check {credentials}; {grant}{scope}.")
        }
        Kind::Unauthorized => {
            format!("Check {credentials}: it may be wrong, expired, revoked, or made for another account{scope}.")
        }
        Kind::Forbidden => format!("The credential needs more rights: {grant}{scope}."),
        Kind::NotFound if status == Some(410) => format!("{name} says that it is gone; look there what became of it."),
        Kind::NotFound if asked == For::Asking => {
            format!("The credential may lack the right to cancel, which can look like an unknown id: {grant}{scope}.")
        }
        Kind::NotFound => format!("Check the ids, and that the credential may see them{scope}."),
        Kind::Refused if status == Some(411) => format!("{name} takes requests of this kind without a length, and this one named its length: a proxy or a load balancer on the way to {host} lost it."),
        Kind::Refused if asked == For::Asking => format!("{name} refused the request itself, its own words say why."),
        Kind::Refused => format!("{name} refused the request itself, its own words say why; check the ids."),
        Kind::Limited => {
            "Too many requests with this credential; run fewer jobs at once, or allow a longer `timeout`.".to_owned()
        }
        Kind::Server => format!("{name} has trouble of its own; look at its status page, then run this again."),
        Kind::Timeout => format!("{host} answers slowly or not at all; look at the platform's status page, or allow a longer `timeout`."),
        Kind::Unreachable => format!("Check `{input}`, and that this machine may connect to {host} (firewall, HTTPS_PROXY, NO_PROXY)."),
        Kind::UnknownHost => format!("Check the host name in `{input}`, and this machine's name server: {host} is not known to it."),
        Kind::Untrusted => {
            "There is no connection that can be trusted: a CA of your own has to be given as `ca_cert` or in SSL_CERT_FILE; otherwise check `api_url`, and who stands between.".to_owned()
        }
        Kind::Proxy => format!("Check HTTPS_PROXY with its user name and password, or put {host} into NO_PROXY."),
        Kind::Broken => "The connection broke before the answer was whole; run this again.".to_owned(),
        Kind::Unreadable => format!("This is no answer of {name}'s API; check `{input}`, and whether a proxy or a sign-in page stands between."),
        Kind::TooLarge => "No answer of more than 16 MiB is read; where it was a list, give `deployment_id`, so that none is needed.".to_owned(),
        Kind::Redirected => "Redirects are never followed, because a token could leak that way; set `api_url` to the final address.".to_owned(),
        Kind::Guarded | Kind::BadInput | Kind::MovedOn | Kind::Misdirected => String::new(),
    }
}

/// Every hint about a platform, for documents and tests.
pub fn hints(about: &About) -> Vec<String> {
    let place = Place { host: "api.example.com", input: "api_url", scope: "" };
    let statuses = [None, Some(410), Some(411)];
    let each = Kind::ALL.into_iter().flat_map(|kind| statuses.map(|status| (kind, status)));
    let both = each.flat_map(|(kind, status)| [For::Reading, For::Asking].map(|asked| (kind, status, asked)));
    both.map(|(kind, status, asked)| hint(about, kind, status, place, asked)).collect()
}
