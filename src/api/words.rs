//! What is said of requests that failed: why no answer came, and for every kind of failure what to change, by the names
//! the user knows.

use std::fmt;
use std::time::Duration;

use super::transport::TransportError;
use crate::model::about::About;
use crate::model::failure::Kind;

/// Why no answer came, or none that can be used. The text is what the library says of it.
#[derive(Clone, Debug)]
pub(super) enum NoAnswer {
    /// The credential fits into no header.
    OddCredential,
    /// There was no connection.
    NoConnection(String),
    /// There was none in time.
    NoConnectionInTime,
    /// It broke.
    Broken(String),
    /// Nobody knows the host.
    UnknownHost(String),
    /// The name server said nothing.
    SilentNameServer(String),
    /// What came back is not HTTP; the request was sent without TLS, or with it.
    NoHttp {
        /// Without TLS.
        plain: bool,
    },
    /// There was no encrypted connection.
    Untrusted(Tls),
    /// The proxy that this variable names let nothing through.
    Proxy(&'static str, ByProxy),
    /// The time for one request was up, or that for the run.
    Late {
        /// What was allowed for one request; `None` where the run had less left.
        allowed: Option<Duration>,
    },
    /// More than is read; the status and what is read.
    TooLarge(u16, Cap),
    /// One of these, on the way through the proxy that this variable names.
    Through(&'static str, Box<Self>),
}

/// Why there was no encrypted connection, and what the library says of it.
#[derive(Clone, Debug)]
pub(super) enum Tls {
    /// Nobody knows the CA.
    UnknownIssuer(String),
    /// The server speaks something else.
    NotSpoken(String),
    /// No version is known to both.
    NothingInCommon(String),
    /// Anything else.
    Other(String),
}

/// What the proxy did.
#[derive(Clone, Debug)]
pub(super) enum ByProxy {
    /// A TLS connection to it failed.
    Untrusted(Tls),
    /// It wants to know who asks (407).
    WantsPassword,
    /// It is not there.
    OutOfReach(String),
    /// It said no.
    Refuses,
    /// It hung up.
    BrokeOff(String),
}

/// How much of an answer is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cap {
    /// 16 MiB.
    Answer,
    /// 256 KiB.
    SignIn,
}

impl NoAnswer {
    fn kind(&self) -> Kind {
        match self {
            Self::OddCredential => Kind::Unauthorized,
            Self::NoConnection(_) | Self::NoConnectionInTime | Self::SilentNameServer(_) => Kind::Unreachable,
            Self::Broken(_) => Kind::Broken,
            Self::UnknownHost(_) => Kind::UnknownHost,
            Self::NoHttp { .. } | Self::TooLarge(_, Cap::SignIn) => Kind::Unreadable,
            Self::Untrusted(_) | Self::Proxy(_, ByProxy::Untrusted(_)) => Kind::Untrusted,
            Self::Proxy(..) => Kind::Proxy,
            Self::Late { .. } => Kind::Timeout,
            Self::TooLarge(_, Cap::Answer) => Kind::TooLarge,
            Self::Through(_, inner) => inner.kind(),
        }
    }

    /// The same on the way through a proxy, where there is one.
    pub(super) fn through(self, variable: Option<&'static str>) -> Self {
        match variable {
            Some(variable) => Self::Through(variable, Box::new(self)),
            None => self,
        }
    }
}

impl From<NoAnswer> for TransportError {
    fn from(why: NoAnswer) -> Self {
        Self { kind: why.kind(), words: why.to_string() }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OddCredential => f.write_str("the credential has characters that no HTTP header can carry"),
            Self::NoConnection(cause) => write!(f, "no connection: {cause}"),
            Self::NoConnectionInTime => f.write_str("no connection within 5 s"),
            Self::Broken(cause) => write!(f, "the connection broke, {cause}"),
            Self::UnknownHost(cause) => write!(f, "the host name is not known, {cause}"),
            Self::SilentNameServer(cause) => write!(f, "the name server gives no answer, {cause}"),
            Self::NoHttp { plain: true } => {
                f.write_str("what came back is no HTTP; a server that speaks TLS wants an address with https://")
            }
            Self::NoHttp { .. } => f.write_str("what came back is no HTTP"),
            Self::Untrusted(tls) => write!(f, "{tls}"),
            Self::Proxy(variable, did) => write!(f, "the proxy that {variable} names{did}"),
            Self::Late { allowed: None } => f.write_str("no whole answer before the time for this run was up"),
            Self::Late { allowed: Some(allowed) } => write!(f, "no whole answer within {} s", allowed.as_secs()),
            Self::TooLarge(status, Cap::Answer) => write!(f, "the answer was {status} and larger than 16 MiB"),
            Self::TooLarge(status, Cap::SignIn) => write!(f, "the answer was {status} and larger than 256 KiB"),
            Self::Through(variable, inner) => write!(f, "{inner}, through the proxy that {variable} names"),
        }
    }
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer(cause) => {
                write!(f, "TLS failed, the certificate comes from a CA that is not trusted ({cause})")
            }
            Self::NotSpoken(cause) => write!(f, "TLS failed, the server does not speak TLS there ({cause})"),
            Self::NothingInCommon(cause) => {
                write!(f, "TLS failed, the server and this run have nothing in common of TLS 1.2 and 1.3 ({cause})")
            }
            Self::Other(cause) => write!(f, "TLS failed, {cause}"),
        }
    }
}

impl fmt::Display for ByProxy {
    /// The end of the sentence that begins with the proxy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untrusted(tls) => write!(f, ": {tls}"),
            Self::WantsPassword => f.write_str(" wants a user name and password, or other ones than it got (407)"),
            Self::OutOfReach(cause) => write!(f, " cannot be reached, {cause}"),
            Self::Refuses => f.write_str(" refuses to connect"),
            Self::BrokeOff(cause) => write!(f, " broke off, {cause}"),
        }
    }
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Reading, or signing in.
    Reading,
    /// Changing something that has been read before, in most cases, with the same ids and the same credential: to cancel.
    Canceling,
    /// The same, to roll back.
    RollingBack,
}

impl For {
    /// What the credential may lack the right to do.
    const fn verb(self) -> Option<&'static str> {
        match self {
            Self::Reading => None,
            Self::Canceling => Some("cancel"),
            Self::RollingBack => Some("roll back"),
        }
    }
}

/// Where a request went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The host's name.
    pub(super) host: &'a str,
    /// The input that the host follows from.
    pub(super) input: &'a str,
    /// Where this run looked, for the failures that hang on it: empty, or a sentence with a space before it.
    pub(super) scope: &'a str,
    /// The credential that is sent: the input and its variable.
    pub(super) credentials: &'a str,
}

/// A hint for a failure of `kind` at a place.
pub(super) fn hint(about: &About, kind: Kind, status: Option<u16>, place: Place<'_>, asked: For) -> String {
    let Place { host, input, scope, credentials } = place;
    let About { name, grant, .. } = about;
    match kind {
        Kind::Unauthorized => match asked.verb() {
            Some(verb) => format!("The credential may have expired or been revoked since the last request, or may not {verb}: check {credentials}; {grant}.{scope}"),
            None => format!("Check {credentials}: it may be wrong, expired, revoked, or made for another account.{scope}"),
        },
        Kind::Forbidden => format!("The credential needs more rights: {grant}.{scope}"),
        Kind::NotFound if status == Some(410) => format!("{name} says that it is gone; look there for what became of it."),
        Kind::NotFound => match asked.verb() {
            Some(verb) => format!("The credential may lack the right to {verb}, which can look like an unknown id: {grant}.{scope}"),
            None => format!("Check the ids, and that the credential may see them.{scope}"),
        },
        Kind::Refused if status == Some(411) => format!("{name} wants to know the length of a request, and this one named it: a proxy or a load balancer on the way to {host} lost it."),
        Kind::Refused if asked != For::Reading => format!("{name} refused the request itself; its own words say why."),
        Kind::Refused => format!("{name} refused the request itself; its own words say why. Check the ids."),
        Kind::Limited => {
            "Too many requests with this credential; run fewer jobs at once, or allow a longer `timeout`.".to_owned()
        }
        Kind::Server => format!("{name} failed on its own side; look at its status page, then run this again."),
        Kind::Timeout => format!("Look at the platform's status page, or allow a longer `timeout`: {host} answers slowly or not at all."),
        Kind::Unreachable => format!("Check `{input}`, and that this machine may connect to {host} (firewall, HTTPS_PROXY, NO_PROXY)."),
        Kind::UnknownHost => format!("Check the host name in `{input}`, and this machine's name server: {host} is not known to it."),
        Kind::Untrusted => {
            "There is no connection that can be trusted: a CA of your own has to be given as `ca_cert` or in SSL_CERT_FILE; otherwise check `api_url`, and who stands between.".to_owned()
        }
        Kind::Proxy => format!("Check HTTPS_PROXY with its user name and password, or put {host} into NO_PROXY."),
        Kind::Broken => "The connection broke before the answer was whole; run this again.".to_owned(),
        Kind::Unreadable => unreadable(about, input),
        Kind::TooLarge => "No answer of more than 16 MiB is read; where it was a list, give `deployment_id`, so that none is needed.".to_owned(),
        Kind::Redirected => "Redirects are never followed, because a token could leak that way; set `api_url` to the final address.".to_owned(),
        Kind::Unsupported | Kind::Guarded | Kind::BadInput | Kind::MovedOn | Kind::Misdirected => String::new(),
    }
}

/// The same for an answer that cannot be read, which hangs on nothing else.
pub(super) fn unreadable(about: &About, input: &str) -> String {
    let name = about.name;
    format!("This is no answer of {name}'s API; check `{input}`, and whether a proxy or a sign-in page stands between.")
}

/// Every hint about a platform, for documents and tests.
pub fn hints(about: &About) -> Vec<String> {
    let place = Place { host: "api.example.com", input: "api_url", scope: "", credentials: about.credentials };
    let statuses = [None, Some(410), Some(411)];
    let each = Kind::ALL.into_iter().flat_map(|kind| statuses.map(|status| (kind, status)));
    let purposes = [For::Reading, For::Canceling, For::RollingBack];
    let all = each.flat_map(|(kind, status)| purposes.map(|asked| (kind, status, asked)));
    all.map(|(kind, status, asked)| hint(about, kind, status, place, asked)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause() -> String {
        "so it is".to_owned()
    }

    fn read<const N: usize>(table: [(NoAnswer, Kind, &str); N]) {
        for (why, kind, words) in table {
            assert_eq!((why.kind(), why.to_string().as_str()), (kind, words));
        }
    }

    #[test]
    fn why_no_answer_came_reads_as_it_is_written_here() {
        read([
            (
                NoAnswer::OddCredential,
                Kind::Unauthorized,
                "the credential has characters that no HTTP header can carry",
            ),
            (NoAnswer::NoConnection(cause()), Kind::Unreachable, "no connection: so it is"),
            (NoAnswer::NoConnectionInTime, Kind::Unreachable, "no connection within 5 s"),
            (NoAnswer::Broken(cause()), Kind::Broken, "the connection broke, so it is"),
            (NoAnswer::UnknownHost(cause()), Kind::UnknownHost, "the host name is not known, so it is"),
            (NoAnswer::SilentNameServer(cause()), Kind::Unreachable, "the name server gives no answer, so it is"),
            (NoAnswer::NoHttp { plain: false }, Kind::Unreadable, "what came back is no HTTP"),
            (
                NoAnswer::NoHttp { plain: true },
                Kind::Unreadable,
                "what came back is no HTTP; a server that speaks TLS wants an address with https://",
            ),
            (
                NoAnswer::Untrusted(Tls::UnknownIssuer(cause())),
                Kind::Untrusted,
                "TLS failed, the certificate comes from a CA that is not trusted (so it is)",
            ),
            (
                NoAnswer::Untrusted(Tls::NotSpoken(cause())),
                Kind::Untrusted,
                "TLS failed, the server does not speak TLS there (so it is)",
            ),
            (
                NoAnswer::Untrusted(Tls::NothingInCommon(cause())),
                Kind::Untrusted,
                "TLS failed, the server and this run have nothing in common of TLS 1.2 and 1.3 (so it is)",
            ),
        ]);
    }

    #[test]
    fn why_a_proxy_or_a_limit_let_no_answer_through_reads_as_it_is_written_here() {
        let proxy = |did| NoAnswer::Proxy("HTTPS_PROXY", did);
        read([
            (
                proxy(ByProxy::Untrusted(Tls::Other(cause()))),
                Kind::Untrusted,
                "the proxy that HTTPS_PROXY names: TLS failed, so it is",
            ),
            (
                proxy(ByProxy::WantsPassword),
                Kind::Proxy,
                "the proxy that HTTPS_PROXY names wants a user name and password, or other ones than it got (407)",
            ),
            (
                proxy(ByProxy::OutOfReach(cause())),
                Kind::Proxy,
                "the proxy that HTTPS_PROXY names cannot be reached, so it is",
            ),
            (proxy(ByProxy::Refuses), Kind::Proxy, "the proxy that HTTPS_PROXY names refuses to connect"),
            (proxy(ByProxy::BrokeOff(cause())), Kind::Proxy, "the proxy that HTTPS_PROXY names broke off, so it is"),
            (NoAnswer::TooLarge(200, Cap::Answer), Kind::TooLarge, "the answer was 200 and larger than 16 MiB"),
            (NoAnswer::TooLarge(200, Cap::SignIn), Kind::Unreadable, "the answer was 200 and larger than 256 KiB"),
            (NoAnswer::Late { allowed: None }, Kind::Timeout, "no whole answer before the time for this run was up"),
            (
                NoAnswer::Late { allowed: Some(Duration::from_secs(20)) }.through(Some("ALL_PROXY")),
                Kind::Timeout,
                "no whole answer within 20 s, through the proxy that ALL_PROXY names",
            ),
        ]);
    }

    #[test]
    fn every_hint_is_made_of_sentences() {
        let about = About { name: "Acme", grant: "grant it", credentials: "`token`", ..About::NONE };
        for hint in hints(&about).into_iter().filter(|hint| !hint.is_empty()) {
            assert!(hint.ends_with('.') && !hint.ends_with(".."), "{hint}");
            assert!(hint.starts_with(|c: char| c.is_uppercase()), "{hint}");
            assert!(!hint.contains("trouble") && !hint.contains("  "), "{hint}");
        }
    }
}
