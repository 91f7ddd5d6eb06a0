//! What [`Api`](super::Api) has to know about the platform it talks to.

use std::time::Duration;

use super::errors::Errors;
use super::limiter::Reset;
use super::session::{Sign, SignIn};
use crate::model::about::About;
use crate::model::address::Address;
use crate::text::secret::{Secret, bearer};

/// One platform as it is talked to in one run.
pub struct Service {
    /// What can be said of the platform in words.
    pub(crate) about: &'static About,
    /// The base address that follows from an input, where it is not always the same, and the name of that input.
    pub(crate) base: Option<(Address, &'static str)>,
    /// Headers of every request that carry a credential.
    pub(super) credentials: Vec<(&'static str, Secret)>,
    /// How a fresh credential is had.
    pub(super) sign_in: Option<Box<dyn SignIn>>,
    /// Who signs each request.
    pub(super) signer: Option<Box<dyn Sign>>,
    /// The platform's own rate limit header.
    pub(super) reset: Reset,
    /// How long it blocks whoever asked too often, where its answers do not say.
    pub(super) block: Option<Duration>,
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
    /// The credential that is sent, where the platform takes one of several.
    pub(super) sent: Option<&'static str>,
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
            block: None,
            limits_each_endpoint: false,
            spare: None,
            request_id: "x-request-id",
            errors: Errors::at(&["/message"]),
            scope: String::new(),
            sent: None,
        }
    }

    /// Whether a fresh credential is had by signing in.
    pub fn signs_in(&self) -> bool {
        self.sign_in.is_some()
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

    /// Blocks whoever asked too often for that long, unless `Retry-After` says otherwise; no other header is read.
    #[must_use]
    pub const fn blocks_for(mut self, block: Duration) -> Self {
        (self.reset, self.block) = (Reset(""), Some(block));
        self
    }

    /// Rate limits are counted for each endpoint, not for the credential.
    #[must_use]
    pub const fn limits_each_endpoint(mut self) -> Self {
        self.limits_each_endpoint = true;
        self
    }

    /// Has fewer requests sent while this response header says that fewer than so many are left.
    #[must_use]
    pub const fn spare_below(mut self, header: &'static str, few: u64) -> Self {
        self.spare = Some((header, few));
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

    /// Where this run looks, for hints: words such as "team x: check `team_id`".
    #[must_use]
    pub fn scope(mut self, place: impl std::fmt::Display) -> Self {
        self.scope = format!(" This run looked in {place}.");
        self
    }

    /// The credential that is sent, where the platform takes one of several that look alike, and what that means: a
    /// sentence.
    #[must_use]
    pub fn sent_as(mut self, credential: &'static str, meaning: &str) -> Self {
        self.sent = Some(credential);
        self.scope = format!(" {meaning}");
        self
    }
}
