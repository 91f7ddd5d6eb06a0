//! Explains why no answer came, from the error that reqwest returns and its chain of causes.

use std::error::Error as _;
use std::net::SocketAddr;

use hyper_util::client::legacy::connect::HttpInfo;
use rustls::{AlertDescription, CertificateError};

use super::transport::TransportError;
use super::words::{ByProxy, NoAnswer, Tls};

/// The local address of the connection that broke before an answer came; `None` when the request failed otherwise.
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
    // A tunnel that does not come about is the proxy's doing, whatever lies beneath.
    if let Some(variable) = way.filter(|_| said("tunnel error")) {
        return NoAnswer::Proxy(variable, by_proxy(&chain, tls, last)).into();
    }
    let why = if let Some(tls) = tls {
        NoAnswer::Untrusted(tls_failure(tls))
    } else if said("dns error") {
        no_address(&chain, last)
    } else if error.is_connect() && error.is_timeout() {
        // A connection that the system gives up later on has timed out as well, but may have carried the request.
        NoAnswer::NoConnectionInTime
    } else if error.is_connect() {
        NoAnswer::NoConnection(last)
    } else if said("invalid http") {
        NoAnswer::NoHttp { plain: is_plain }
    } else {
        NoAnswer::Broken(last)
    };
    why.through(way).into()
}

fn by_proxy(chain: &str, tls: Option<&rustls::Error>, last: String) -> ByProxy {
    if let Some(tls) = tls {
        ByProxy::Untrusted(tls_failure(tls))
    } else if chain.contains("authorization required") {
        ByProxy::WantsPassword
    } else if chain.contains("failed to create") {
        ByProxy::OutOfReach(last)
    } else if chain.contains("unsuccessful") {
        ByProxy::Refuses
    } else {
        ByProxy::BrokeOff(last)
    }
}

/// A host name without an address: it does not exist, or the name server gave no answer, which may improve.
fn no_address(chain: &str, last: String) -> NoAnswer {
    // As glibc and musl word it.
    if ["temporary failure", "try again"].iter().any(|text| chain.contains(text)) {
        NoAnswer::SilentNameServer(last)
    } else {
        NoAnswer::UnknownHost(last)
    }
}

fn tls_failure(error: &rustls::Error) -> Tls {
    let cause = error.to_string();
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Tls::UnknownIssuer(cause),
        rustls::Error::InvalidMessage(_) => Tls::NotSpoken(cause),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | rustls::Error::PeerIncompatible(_) => Tls::NothingInCommon(cause),
        _ => Tls::Other(cause),
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
        let silent = |chain: &str| matches!(no_address(chain, String::new()), NoAnswer::SilentNameServer(_));
        let lookup = "dns error: failed to lookup address information";
        for text in ["temporary failure in name resolution", "try again"] {
            assert!(silent(&format!("{lookup}: {text}")));
        }
        for text in ["name or service not known", "name does not resolve"] {
            assert!(!silent(&format!("{lookup}: {text}")));
        }
    }
}
