//! One request as a platform describes it.

use serde_json::Value;

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
    /// Asks.
    Put,
    /// Asks.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// The endpoint of all cancel requests, where rate limits are counted for each endpoint.
pub const CANCEL: &str = "cancel";

/// The endpoint of all requests to roll back, where rate limits are counted for each endpoint.
pub(super) const ROLL_BACK: &str = "roll_back";

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
pub struct ApiRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) action: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) headers: Vec<(&'static str, String)>,
    /// It changes nothing, whatever its method, so it may be repeated.
    pub(super) is_read: bool,
    pub(super) endpoint: &'static str,
}

impl ApiRequest {
    /// A request for a path that is already encoded and starts with a slash. `action` ends the sentence "could not …".
    pub fn new(method: Method, path: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            action: action.into(),
            query: Vec::new(),
            body: Body::None,
            headers: Vec::new(),
            is_read: matches!(method, Method::Get),
            endpoint: "",
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

    /// The cancel request: a `POST` without a body.
    pub fn cancel(path: impl Into<String>) -> Self {
        Self::new(Method::Post, path, "cancel the deployment").endpoint(CANCEL)
    }

    /// The request that rolls back: a `POST`. Which version it is for stands in its path or body.
    pub fn roll_back(path: impl Into<String>) -> Self {
        Self::new(Method::Post, path, "roll back").endpoint(ROLL_BACK)
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

    /// Adds a header of this request's own.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Says that it only reads, whatever its method: it may be repeated.
    #[must_use]
    pub const fn reading(mut self) -> Self {
        self.is_read = true;
        self
    }

    /// Puts a value into its JSON body, at a JSON pointer through objects.
    #[must_use]
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        let Body::Json(body) = &mut self.body else {
            return self;
        };
        let mut place = body;
        for step in pointer.split('/').skip(1) {
            if !place.is_object() {
                *place = Value::Object(serde_json::Map::new());
            }
            place = &mut place[step];
        }
        *place = value;
        self
    }

    /// Names the endpoint, where rate limits are counted for each.
    #[must_use]
    pub const fn endpoint(mut self, endpoint: &'static str) -> Self {
        self.endpoint = endpoint;
        self
    }
}
