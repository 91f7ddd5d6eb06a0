//! The interface below the policy: one request out, one response in.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::request::{Body, Method};
use crate::model::failure::Kind;
use crate::text::secret::Secret;

/// Sends requests. Never retries, never follows a redirect.
#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request whose time is limited by the caller.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;

    /// The variable that names the proxy on the way to `target`, if there is one.
    fn way(&self, _target: &url::Url) -> Option<&'static str> {
        None
    }
}

/// A request on the wire.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: url::Url,
    /// Headers that carry a credential.
    pub credentials: Vec<(&'static str, Secret)>,
    /// Other headers of its own.
    pub headers: Vec<(&'static str, String)>,
    /// What it carries.
    pub body: Body,
    /// It changes something, so where it may have arrived nobody repeats it unseen.
    pub once: bool,
}

/// A response whose body is whole and within the cap.
#[derive(Debug, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// As they came.
    pub headers: Headers,
    /// At most 16 MiB.
    pub body: Vec<u8>,
}

/// The headers of a response.
#[derive(Clone, Debug, Default)]
pub struct Headers(pub(super) HeaderMap);

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    /// Those of these that HTTP can carry.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let fit = |(name, value): (N, V)| {
            Some((HeaderName::try_from(name.as_ref()).ok()?, HeaderValue::try_from(value.as_ref()).ok()?))
        };
        Self(headers.into_iter().filter_map(fit).collect())
    }
}

impl Response {
    /// A header by its name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.0.get(name)?.to_str().ok()
    }

    /// The body as JSON, whatever its content type says; `Null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The platform's words when an error has no JSON body: the text itself, but never a web page.
    pub(super) fn describe(&self) -> &str {
        let start = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        match start {
            None | Some(b'{' | b'[') => "",
            Some(b'<') => "an HTML page",
            Some(_) => std::str::from_utf8(&self.body).unwrap_or("a text that is not JSON"),
        }
    }
}

/// How a connection failed.
#[derive(Debug)]
pub struct TransportError {
    /// One of the kinds that have no status.
    pub kind: Kind,
    /// The cause, as the library words it.
    pub words: String,
}
