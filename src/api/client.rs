//! The real link: reqwest over rustls, HTTP/1.1, no redirects, no retries, bodies up to 16 MiB.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use rustls::{ClientConfig, RootCertStore};

use super::{Body, Link, LinkError, Method, Request, Response, Roots};
use crate::address::Address;
use crate::failure::Kind;
use crate::secret::Secret;

/// Longest time to connect, TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The largest body that is read.
const BODY_CAP: usize = 16 * 1024 * 1024;

/// An HTTP client for one base address.
pub struct Client(reqwest::Client);

impl Client {
    /// A client that trusts `roots` and uses the proxies of the environment; none of both for plain loopback addresses,
    /// which must not leave this machine. `elsewhere` says that a sign-in may lead to another host.
    pub fn new(base: &Address, roots: Roots<'_>, elsewhere: bool) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let store = if base.is_plain() && !elsewhere {
            RootCertStore::empty()
        } else {
            roots.read()?
        };
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_root_certificates(store)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_LIMIT)
            .user_agent(concat!("cancel-deployment/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(
                ACCEPT,
                HeaderValue::from_static("application/json"),
            )]));
        if base.is_plain() {
            client = client.no_proxy();
        }
        Ok(Self(
            client.build().context("the HTTP client cannot be set up")?,
        ))
    }
}

#[async_trait::async_trait]
impl Link for Client {
    async fn send(&self, request: Request) -> Result<Response, LinkError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut sending = self.0.request(method, request.url);
        for (name, secret) in &request.credentials {
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| LinkError {
                kind: Kind::Unauthorized,
                words: "the credential has characters that no HTTP header can carry".to_owned(),
            })?;
            value.set_sensitive(true);
            sending = sending.header(HeaderName::from_static(name), value);
        }
        sending = match request.body {
            Body::None => sending,
            Body::Json(value) => sending
                .header(CONTENT_TYPE, "application/json")
                .body(value.to_string()),
            Body::Form(fields) => sending
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form(&fields)),
        };
        let mut response = sending.send().await.map_err(explain)?;
        let mut whole = Response {
            status: response.status().as_u16(),
            ..Response::default()
        };
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                whole
                    .headers
                    .push((name.as_str().to_owned(), value.to_owned()));
            }
        }
        while let Some(chunk) = response.chunk().await.map_err(explain)? {
            if whole.body.len() + chunk.len() > BODY_CAP {
                return Err(LinkError {
                    kind: Kind::Unreadable,
                    words: format!("the answer was {} and larger than 16 MiB", whole.status),
                });
            }
            whole.body.extend_from_slice(&chunk);
        }
        Ok(whole)
    }
}

fn form(fields: &[(&'static str, Secret)]) -> String {
    let pairs = fields.iter().map(|(name, value)| (*name, value.expose()));
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// What a failed request means. reqwest tells connecting from sending; the cause is found down its chain.
fn explain(error: reqwest::Error) -> LinkError {
    let error = error.without_url();
    let mut causes = Vec::new();
    let mut tls = None;
    let mut source = error.source();
    while let Some(cause) = source {
        tls = tls.or_else(|| rustls_error(cause));
        causes.push(cause.to_string());
        source = cause.source();
    }
    let chain = causes.join(": ");
    let said = |text: &str| chain.to_ascii_lowercase().contains(text);
    let last = causes.last().cloned().unwrap_or_else(|| error.to_string());
    let (kind, words) = if let Some(tls) = tls.filter(|_| error.is_connect()) {
        (Kind::Untrusted, format!("TLS failed, {tls}"))
    } else if said("dns error") {
        (
            Kind::UnknownHost,
            format!("the host name is not known, {last}"),
        )
    } else if said("tunnel") || said("proxy") {
        (
            Kind::Proxy,
            format!("the proxy cannot be reached or refuses, {last}"),
        )
    } else if error.is_timeout() {
        // Only connecting has a limit of its own here, so nothing was sent.
        (Kind::Unreachable, "no connection within 5 s".to_owned())
    } else if error.is_connect() {
        (Kind::Unreachable, format!("no connection, {last}"))
    } else {
        (Kind::Broken, format!("the connection broke, {last}"))
    };
    LinkError { kind, words }
}

/// The TLS error inside an I/O error, which may be wrapped in others that hide it from the chain of causes.
fn rustls_error(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(error.to_string());
    }
    rustls_error(cause.downcast_ref::<std::io::Error>()?.get_ref()?)
}
