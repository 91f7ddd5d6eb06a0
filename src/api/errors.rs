//! What a platform's error answers say, and where.

use std::time::Duration;

use serde_json::Value;

use super::transport::Response;
use crate::model::failure::Kind;

/// Where a platform's error answers say what. Places are JSON pointers into the body; the first that has a text counts.
#[derive(Clone, Copy, Debug)]
pub struct Errors {
    message: &'static [&'static str],
    code: &'static [&'static str],
    request_id: &'static [&'static str],
    in_success: Option<fn(&Value) -> bool>,
    hints: &'static [(Kind, &'static str)],
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
    /// A better hint than those for all errors of a kind.
    pub hint: Option<String>,
    /// The status that the answer stands for, where the one on the wire does not tell: a "not there" inside a 200.
    pub status: Option<u16>,
    /// How long to send nothing, where that is no header's to say.
    pub pause: Option<Duration>,
}

impl Errors {
    /// The sentence for people is at the first of these.
    pub const fn at(message: &'static [&'static str]) -> Self {
        Self { message, code: &[], request_id: &[], in_success: None, hints: &[], refine: None }
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

    /// Better hints than the usual ones, by the kind of an error. In them stand `{credentials}`, `{grant}` and `{host}`.
    #[must_use]
    pub const fn hints(mut self, hints: &'static [(Kind, &'static str)]) -> Self {
        self.hints = hints;
        self
    }

    /// The one for this kind.
    pub(super) fn hint(&self, kind: Kind) -> Option<&'static str> {
        self.hints.iter().find(|(of, _)| *of == kind).map(|(_, hint)| *hint)
    }

    /// What is odd about this platform's errors.
    #[must_use]
    pub const fn refined(mut self, refine: fn(&Response, &Value, &mut ApiError)) -> Self {
        self.refine = Some(refine);
        self
    }

    /// What an answer says, if it is an error.
    pub(crate) fn read(&self, response: &Response) -> Option<ApiError> {
        let is_success = response.status < 300;
        if is_success && self.in_success.is_none() {
            return None;
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
