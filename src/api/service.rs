//! What [`Api`](super::Api) has to know about the platform it talks to.

use serde_json::Value;

use super::limiter::Reset;
use super::session::SignIn;
use super::transport::{Request, Response};
use crate::model::about::About;
use crate::model::address::Address;
use crate::text::secret::{Secret, bearer};

/// One platform as it is talked to in one run.
pub struct Service {
    /// What can be said of the platform in words.
    pub about: &'static About,
    /// The base address that follows from an input, where it is not always the same, and the name of that input.
    pub base: Option<(Address, &'static str)>,
    /// Headers of every request that carry a credential.
    pub credentials: Vec<(&'static str, Secret)>,
    /// How a fresh credential is had.
    pub sign_in: Option<Box<dyn SignIn>>,
    /// Who signs each request.
    pub signer: Option<Box<dyn Sign>>,
    /// The platform's own rate limit header.
    pub reset: Reset,
    /// Rate limits are counted for each endpoint, not for the credential.
    pub limits_each_endpoint: bool,
    /// The response header with the request's id.
    pub request_id: &'static str,
    /// What an error answer says.
    pub errors: Errors,
    /// Where we look, for hints: empty, or "; …" without a full stop.
    pub scope: String,
}

/// Signs a request as it goes out, anew at every send: over the method, the whole URL, the body and the time.
pub trait Sign: Send + Sync {
    /// Adds the headers that carry the signature.
    fn sign(&self, request: &mut Request);
}

impl Service {
    /// A service without a credential, whose rate limits tell a point in time in `x-ratelimit-reset`.
    pub fn new(about: &'static About) -> Self {
        Self {
            about,
            base: None,
            credentials: Vec::new(),
            sign_in: None,
            signer: None,
            reset: Reset("x-ratelimit-reset"),
            limits_each_endpoint: false,
            request_id: "x-request-id",
            errors: Errors::at(&["/message"]),
            scope: String::new(),
        }
    }

    /// The same with a token, which is sent as `Bearer` whether or not a scheme was written before it.
    #[must_use]
    pub fn bearer(self, token: &Secret) -> Self {
        self.credential("authorization", bearer(token))
    }

    /// A header of every request that carries a credential.
    #[must_use]
    pub fn credential(mut self, header: &'static str, value: Secret) -> Self {
        self.credentials.push((header, value));
        self
    }

    /// How a fresh credential is had.
    #[must_use]
    pub fn sign_in(mut self, sign_in: impl SignIn + 'static) -> Self {
        self.sign_in = Some(Box::new(sign_in));
        self
    }

    /// Who signs each request.
    #[must_use]
    pub fn signer(mut self, signer: impl Sign + 'static) -> Self {
        self.signer = Some(Box::new(signer));
        self
    }

    /// The base address, where it follows from that input.
    #[must_use]
    pub fn base(mut self, input: &'static str, base: Option<Address>) -> Self {
        self.base = base.map(|base| (base, input));
        self
    }

    /// The platform's own rate limit header.
    #[must_use]
    pub const fn rate_limit(mut self, reset: Reset) -> Self {
        self.reset = reset;
        self
    }

    /// Rate limits are counted for each endpoint, not for the credential.
    #[must_use]
    pub const fn limits_each_endpoint(mut self) -> Self {
        self.limits_each_endpoint = true;
        self
    }

    /// The response header with the request's id; empty where there is none.
    #[must_use]
    pub const fn request_id(mut self, header: &'static str) -> Self {
        self.request_id = header;
        self
    }

    /// Where an error answer says what.
    #[must_use]
    pub const fn errors(mut self, errors: Errors) -> Self {
        self.errors = errors;
        self
    }

    /// Where we look, for hints: a clause such as "looked in team x, see `team_id`".
    #[must_use]
    pub fn scope(mut self, clause: impl std::fmt::Display) -> Self {
        self.scope = format!("; {clause}");
        self
    }
}

/// Where a platform's error answers say what. Places are JSON pointers into the body; the first that has a text counts.
#[derive(Clone, Copy, Debug)]
pub struct Errors {
    message: &'static [&'static str],
    code: &'static [&'static str],
    request_id: &'static [&'static str],
    in_success: Option<fn(&Value) -> bool>,
    by: Option<fn(&Response) -> ApiError>,
    refine: Option<fn(&Response, &Value, &mut ApiError)>,
}

/// What a platform's error answer says.
#[derive(Debug, Default)]
pub struct ApiError {
    /// The sentence for people.
    pub message: Option<String>,
    /// The platform's code, where errors of one status have to be told apart.
    pub code: Option<String>,
    /// The id of the request, where the body has it.
    pub request_id: Option<String>,
    /// The credential itself was refused, whatever the status.
    pub credential_refused: bool,
    /// A better hint than the usual one.
    pub hint: Option<String>,
    /// The status that the answer stands for, where the one on the wire does not tell: a "not there" inside a 200.
    pub status: Option<u16>,
}

impl Errors {
    /// The sentence for people is at the first of these.
    pub const fn at(message: &'static [&'static str]) -> Self {
        Self { message, code: &[], request_id: &[], in_success: None, by: None, refine: None }
    }

    /// What an answer says is read by a function of the platform's own.
    pub const fn by(read: fn(&Response) -> ApiError) -> Self {
        let mut errors = Self::at(&[]);
        errors.by = Some(read);
        errors
    }

    /// The error's code is at the first of these, as a text or a number.
    #[must_use]
    pub const fn code(mut self, code: &'static [&'static str]) -> Self {
        self.code = code;
        self
    }

    /// The request's id is at the first of these.
    #[must_use]
    pub const fn request_id(mut self, request_id: &'static [&'static str]) -> Self {
        self.request_id = request_id;
        self
    }

    /// A 2xx whose body says this is no success.
    #[must_use]
    pub const fn in_success(mut self, is_error: fn(&Value) -> bool) -> Self {
        self.in_success = Some(is_error);
        self
    }

    /// What is odd about this platform's errors.
    #[must_use]
    pub const fn refined(mut self, refine: fn(&Response, &Value, &mut ApiError)) -> Self {
        self.refine = Some(refine);
        self
    }

    /// What an answer says, if it is an error.
    pub(super) fn read(&self, response: &Response) -> Option<ApiError> {
        let is_success = response.status < 300;
        if is_success && self.in_success.is_none() {
            return None;
        }
        if let Some(read) = self.by.filter(|_| !is_success) {
            return Some(read(response));
        }
        let body = response.json();
        if is_success && !self.in_success.is_some_and(|is_error| is_error(&body)) {
            return None;
        }
        let mut error = ApiError {
            message: first(&body, self.message),
            code: first(&body, self.code),
            request_id: first(&body, self.request_id),
            ..ApiError::default()
        };
        if let Some(refine) = self.refine {
            refine(response, &body, &mut error);
        }
        Some(error)
    }
}

/// The first text or number at one of these pointers.
pub fn first(body: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| match body.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
