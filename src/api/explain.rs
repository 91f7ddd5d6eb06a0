//! What it means when no answer came: read from the error that reqwest gives, and from what lies beneath.

use std::error::Error as _;
use std::net::SocketAddr;

use hyper_util::client::legacy::connect::HttpInfo;
use rustls::{AlertDescription, CertificateError};

use super::transport::TransportError;
use crate::model::failure::Kind;

/// This end of the connection on which a request broke before an answer came; `None` when it failed otherwise.
pub(super) fn broken_connection(error: &reqwest::Error) -> Option<SocketAddr> {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let (mut connection, mut broke) = (None, false);
    for cause in causes {
        if let Some(error) = cause.downcast_ref::<hyper_util::client::legacy::Error>() {
            let mut extras = Default::default();
            error.connect_info()?.get_extras(&mut extras);
            connection = extras.get::<HttpInfo>().map(HttpInfo::local_addr);
        }
        let error = cause.downcast_ref::<hyper::Error>();
        broke |= error.is_some_and(|error| error.is_incomplete_message() || error.is_canceled());
        broke |= cause.is::<std::io::Error>();
    }
    connection.filter(|_| broke)
}

/// What a failed request means. reqwest tells connecting from sending; the cause is found down its chain. `way` is the
/// variable that names the proxy on the way.
pub(super) fn explain(error: reqwest::Error, way: Option<&'static str>) -> TransportError {
    let is_plain = error.url().is_some_and(|url| url.scheme() == "http");
    let error = error.without_url();
    let mut causes = Vec::new();
    let mut tls = None;
    let mut source = error.source();
    while let Some(cause) = source {
        tls = tls.or_else(|| rustls_error(cause));
        causes.push(cause.to_string());
        source = cause.source();
    }
    let chain = causes.join(": ").to_ascii_lowercase();
    let said = |text: &str| chain.contains(text);
    let last = causes.last().cloned().unwrap_or_else(|| error.to_string());
    let tls = tls.filter(|_| error.is_connect());
    let way = way.filter(|_| error.is_connect());
    let proxy = way.map(|variable| format!("the proxy that {variable} names"));
    // A tunnel that does not come about is the proxy's doing, whatever lies beneath.
    if let Some(proxy) = proxy.as_deref().filter(|_| said("tunnel error")) {
        return by_proxy(proxy, &chain, tls, &last);
    }
    let (kind, words) = if let Some(tls) = tls {
        (Kind::Untrusted, tls_words(tls))
    } else if said("dns error") {
        no_address(&chain, &last)
    } else if error.is_connect() && error.is_timeout() {
        // A connection that the system gives up later on has timed out as well, but may have carried the request.
        (Kind::Unreachable, "no connection within 5 s".to_owned())
    } else if error.is_connect() {
        (Kind::Unreachable, format!("no connection, {last}"))
    } else if said("invalid http") {
        let words = if is_plain {
            "what came back is no HTTP; a server that speaks TLS wants an address with https://"
        } else {
            "what came back is no HTTP"
        };
        (Kind::Unreadable, words.to_owned())
    } else {
        (Kind::Broken, format!("the connection broke, {last}"))
    };
    let words = match proxy {
        Some(proxy) => format!("{words}, through {proxy}"),
        None => words,
    };
    TransportError { kind, words }
}

fn by_proxy(proxy: &str, chain: &str, tls: Option<&rustls::Error>, last: &str) -> TransportError {
    let (kind, words) = if let Some(tls) = tls {
        (Kind::Untrusted, format!("{proxy}: {}", tls_words(tls)))
    } else if chain.contains("authorization required") {
        let words = format!("{proxy} wants a user name and password, or other ones than it got (407)");
        (Kind::Proxy, words)
    } else if chain.contains("failed to create") {
        (Kind::Proxy, format!("{proxy} cannot be reached, {last}"))
    } else if chain.contains("unsuccessful") {
        (Kind::Proxy, format!("{proxy} refuses to connect"))
    } else {
        (Kind::Proxy, format!("{proxy} broke off, {last}"))
    };
    TransportError { kind, words }
}

/// A host name that leads nowhere: nobody knows it, or the name server gave no answer, which can improve.
fn no_address(chain: &str, last: &str) -> (Kind, String) {
    // As glibc and musl word it.
    if ["temporary failure", "try again"].iter().any(|text| chain.contains(text)) {
        (Kind::Unreachable, format!("the name server gives no answer, {last}"))
    } else {
        (Kind::UnknownHost, format!("the host name is not known, {last}"))
    }
}

fn tls_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            format!("TLS failed, the certificate comes from a CA that is not trusted ({error})")
        }
        rustls::Error::InvalidMessage(_) => {
            format!("TLS failed, the server does not speak TLS there ({error})")
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | rustls::Error::PeerIncompatible(_) => {
            format!("TLS failed, the server and this run have nothing in common of TLS 1.2 and 1.3 ({error})")
        }
        _ => format!("TLS failed, {error}"),
    }
}

/// The TLS error inside an I/O error, which may be wrapped in others that hide it from the chain of causes.
fn rustls_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(error);
    }
    rustls_error(cause.downcast_ref::<std::io::Error>()?.get_ref()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_server_without_an_answer_is_told_from_a_name_nobody_knows() {
        let kind = |chain: &str| no_address(chain, "").0;
        let lookup = "dns error: failed to lookup address information";
        for text in ["temporary failure in name resolution", "try again"] {
            assert_eq!(kind(&format!("{lookup}: {text}")), Kind::Unreachable);
        }
        for text in ["name or service not known", "name does not resolve"] {
            assert_eq!(kind(&format!("{lookup}: {text}")), Kind::UnknownHost);
        }
    }
}
