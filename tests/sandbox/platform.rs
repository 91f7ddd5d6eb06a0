//! What a platform file has to offer, and the list of all platforms.

use super::http::{Answer, Request};
use super::{
    PLAIN_TOKEN, TOKEN, cloud_foundry::CloudFoundry, datadog::Datadog, digitalocean::DigitalOcean, qovery::Qovery,
    railway::Railway, render::Render, vercel::Vercel,
};

/// The kinds of requests a client makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Finding out whose token it is, or getting one.
    SignIn,
    /// Looking up what holds deployments: apps, projects, teams.
    Scope,
    /// Listing deployments.
    List,
    /// Reading one deployment.
    Read,
    /// Cancelling one deployment.
    Cancel,
    /// Anything else, such as an unknown path or a wrong method.
    Other,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Everything.
    All,
    /// Everything but cancel.
    ReadOnly,
    /// Cancel and nothing else.
    CancelOnly,
    /// Nothing: the platform does not know the token any more.
    Revoked,
}

/// One impersonated platform.
pub trait Platform: Send {
    /// The path prefix that leads to it.
    fn name(&self) -> &'static str;
    /// Says what kind of request this is.
    fn call(&self, request: &Request) -> Call;
    /// Processes a request.
    fn answer(&mut self, request: &Request) -> Answer;
    /// The platform's own answer with an error status.
    fn error(&mut self, status: u16) -> Answer;
    /// The header that says when a rate limit ends.
    fn reset_header(&self, in_seconds: i64) -> (&'static str, String);
    /// Sets what a token may do.
    fn grant(&mut self, token: &str, grant: Grant);
    /// How many cancel requests changed the course of that deployment.
    fn effective_cancels(&self, id: &str) -> usize;
    /// The word that is true of that deployment now, whatever anybody was shown.
    fn truth(&self, id: &str) -> Option<String>;
}

/// Something that can be put on a platform.
pub trait Addition {
    /// Puts it on its platform.
    fn add_to(self, platforms: &mut Platforms);
}

/// All platforms of one sandbox.
#[derive(Default)]
pub struct Platforms {
    /// DigitalOcean App Platform.
    pub digitalocean: DigitalOcean,
    /// Cloud Foundry.
    pub cloud_foundry: CloudFoundry,
    /// Datadog Fleet Automation.
    pub datadog: Datadog,
    /// Vercel.
    pub vercel: Vercel,
    /// Qovery.
    pub qovery: Qovery,
    /// Render.
    pub render: Render,
    /// Railway.
    pub railway: Railway,
    /// What a test brings along.
    pub guests: Vec<Box<dyn Platform>>,
}

impl Platforms {
    /// All of them.
    pub fn all(&mut self) -> Vec<&mut dyn Platform> {
        let own: [&mut dyn Platform; 7] = [
            &mut self.digitalocean,
            &mut self.cloud_foundry,
            &mut self.datadog,
            &mut self.vercel,
            &mut self.qovery,
            &mut self.render,
            &mut self.railway,
        ];
        let guests = self.guests.iter_mut().map(|guest| &mut **guest as _);
        own.into_iter().chain(guests).collect()
    }

    /// The one below that path prefix.
    pub fn get(&mut self, name: &str) -> Option<&mut dyn Platform> {
        self.all().into_iter().find(|p| p.name() == name)
    }
}

/// Whether a request may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The token may do this.
    Granted,
    /// There is no bearer token.
    Missing,
    /// Nobody knows the token.
    Unknown,
    /// The token is known but may not do this.
    Denied,
}

/// The tokens one platform knows.
pub struct Tokens(Vec<(String, Grant)>);

impl Default for Tokens {
    fn default() -> Self {
        Tokens([TOKEN, PLAIN_TOKEN].map(|token| (token.to_owned(), Grant::All)).to_vec())
    }
}

impl Tokens {
    /// Sets what a token may do.
    pub fn set(&mut self, token: &str, grant: Grant) {
        self.0.retain(|(known, _)| known != token);
        self.0.push((token.to_owned(), grant));
    }

    /// Judges a request of that kind by its bearer token.
    pub fn check(&self, request: &Request, call: Call) -> Access {
        self.judge(request.bearer(), call)
    }

    /// The same for a token from anywhere.
    pub fn judge(&self, token: Option<&str>, call: Call) -> Access {
        let Some(token) = token else {
            return Access::Missing;
        };
        let grant = self.0.iter().find(|(known, _)| known == token);
        match (grant.map(|(_, grant)| grant), call) {
            (None | Some(Grant::Revoked), _) => Access::Unknown,
            (Some(Grant::ReadOnly), Call::Cancel) => Access::Denied,
            (Some(Grant::CancelOnly), other) if other != Call::Cancel => Access::Denied,
            _ => Access::Granted,
        }
    }
}
