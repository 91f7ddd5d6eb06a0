//! How one platform's API speaks, as far as its answers are read and explained.

use super::errors::Errors;
use crate::model::about::About;

/// How one platform's API speaks.
pub(super) struct Dialect {
    /// What can be said of the platform in words.
    pub(super) about: &'static About,
    /// The input that the base address follows from.
    pub(super) base_input: &'static str,
    /// Rate limits are counted for each endpoint, not for the credential.
    pub(super) limits_each_endpoint: bool,
    /// The response header that tells how many requests are left, and how few of them are few.
    pub(super) spare: Option<(&'static str, u64)>,
    /// The response header with the request's id.
    pub(super) request_id: &'static str,
    /// What an error answer says.
    pub(super) errors: Errors,
    /// Where this run looks, for hints: empty, or a sentence with a space before it.
    pub(super) scope: String,
    /// The credential that is sent, for hints: the input and its variable.
    pub(super) credentials: &'static str,
}
