//! One request as a platform describes it.

use serde_json::Value;

use crate::model::address::Address;
use crate::text::secret::Secret;

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks.
    Post,
    /// Asks.
    Patch,
}

impl Method {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }
}

/// The endpoint of all cancel requests, where rate limits are counted for each endpoint.
pub const CANCEL: &str = "cancel";

/// What a request carries.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// JSON.
    Json(Value),
    /// A form; its values may be credentials.
    Form(Vec<(&'static str, Secret)>),
}

/// One request, as a platform describes it.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) action: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) endpoint: &'static str,
    pub(super) stranger: Option<Unauthenticated>,
}

/// A request without the run's credential, for signing in: to the platform itself or to its sign-in host.
#[derive(Clone, Debug, Default)]
pub(super) struct Unauthenticated {
    pub(super) host: Option<Address>,
    pub(super) headers: Vec<(&'static str, Secret)>,
}

impl Call {
    /// A request for a path that is already encoded and starts with a slash. `trying` ends the sentence "could not …".
    pub fn new(method: Method, path: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            action: action.into(),
            query: Vec::new(),
            body: Body::None,
            endpoint: "",
            stranger: None,
        }
    }

    /// A `GET`.
    pub fn get(path: impl Into<String>, action: impl Into<String>) -> Self {
        Self::new(Method::Get, path, action)
    }

    /// A `POST`.
    pub fn post(path: impl Into<String>, action: impl Into<String>) -> Self {
        Self::new(Method::Post, path, action)
    }

    /// Adds a parameter that is not yet encoded.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Sets what it carries.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Names the endpoint, where rate limits are counted for each.
    #[must_use]
    pub const fn endpoint(mut self, endpoint: &'static str) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Leaves the run's credential out: a step of the sign-in itself.
    #[must_use]
    pub fn unsigned(mut self) -> Self {
        self.stranger.get_or_insert_default();
        self
    }

    /// Sends it to the platform's sign-in host, which never gets the run's credential, with headers of its own.
    #[must_use]
    pub fn sign_in_at(mut self, host: Address, headers: Vec<(&'static str, Secret)>) -> Self {
        self.stranger = Some(Unauthenticated { host: Some(host), headers });
        self
    }
}
