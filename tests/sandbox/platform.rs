//! What a platform file has to offer, and the list of all platforms.

use std::any::Any;
use std::time::{Duration, SystemTime};

use super::deployment::Desk;
use super::http::{Answer, Request};
use super::{PLAIN_TOKEN, TOKEN, platforms};

/// The kinds of requests a client makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Finding out whose token it is, or getting one.
    SignIn,
    /// Looking up what holds deployments: apps, projects, teams.
    Scope,
    /// Reading what is live, where that is a request of its own.
    Live,
    /// Listing deployments.
    List,
    /// Reading one deployment.
    Read,
    /// Cancelling one deployment.
    Cancel,
    /// Asking whether a roll back would be possible, which changes nothing.
    Check,
    /// Rolling back to a deployment that is named.
    RollBack,
    /// Anything else, such as an unknown path or a wrong method.
    Other,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Everything.
    All,
    /// Everything but cancel and roll back.
    ReadOnly,
    /// Everything but roll back.
    NoRollBack,
    /// Cancel and nothing else.
    CancelOnly,
    /// Nothing: the platform does not know the token any more.
    Revoked,
}

/// One impersonated platform. Most of them say where requests lead and what they are answered; the rest is done here.
pub trait Platform: Any + Send {
    /// The path prefix that leads to it.
    fn name(&self) -> &'static str;
    /// Its tokens and deployments.
    fn desk(&mut self) -> &mut dyn Desk;
    /// Where requests lead; see [`Request::places`].
    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[]
    }
    /// Answers a request whose token may do this, with what stands in the places of its route.
    fn respond(&mut self, _call: Call, _places: &[&str], _request: &Request) -> Answer {
        self.problem(404)
    }
    /// The platform's own answer with an error status.
    fn problem(&self, status: u16) -> Answer;
    /// Lays the headers over an answer that every answer has; this is the one with that number.
    fn headers(&self, answer: Answer, _number: u32) -> Answer {
        answer
    }
    /// The header that says when a rate limit ends.
    fn reset_header(&self, in_seconds: i64) -> (&'static str, String);
    /// The token of a request.
    fn token<'a>(&self, request: &'a Request) -> Option<&'a str> {
        request.bearer()
    }
    /// Answers a request whose token may not do this.
    fn refuse(&self, access: Access, _call: Call) -> Answer {
        self.problem(if access == Access::Denied { 403 } else { 401 })
    }
    /// Says what kind of request this is.
    fn call(&self, request: &Request) -> Call {
        self.route(request).0
    }
    /// Whether a request asks for more than to be shown something.
    fn changes(&self, request: &Request) -> bool {
        !matches!(request.method.as_str(), "GET" | "HEAD")
    }
    /// The slot and the deployment that a roll back names.
    fn aim(&self, _request: &Request) -> Option<[String; 2]> {
        None
    }
    /// What a roll back does besides that no client should want.
    fn oversteps(&self, _request: &Request) -> Option<&'static str> {
        None
    }
    /// Everything under way comes to its end, without anybody looking.
    fn run_out(&mut self) {
        self.desk().run_out();
    }
    /// Answers a request from the beginning: for a platform that looks at more than one token.
    fn handle(&mut self, request: &Request) -> Answer {
        let (call, places) = self.route(request);
        let token = self.token(request);
        match self.desk().tokens().judge(token, call) {
            Access::Granted => {
                let places: Vec<&str> = places.iter().map(String::as_str).collect();
                self.respond(call, &places, request)
            }
            refused => self.refuse(refused, call),
        }
    }
}

impl dyn Platform {
    /// Processes a request.
    pub fn answer(&mut self, request: &Request) -> Answer {
        let answer = self.handle(request);
        self.desk().settle();
        self.sent(answer)
    }

    /// Why a client must never send this, whatever it is answered.
    pub fn forbids(&mut self, request: &Request) -> Option<&'static str> {
        match self.call(request) {
            Call::Other if self.changes(request) => Some("it is neither a cancel nor a roll back to a deployment"),
            Call::Cancel if self.desk().is_of_a_copy(&request.path) => Some("it cancels a roll back"),
            Call::RollBack => match self.aim(request) {
                None => Some("it names no target"),
                Some([slot, _]) if slot.is_empty() => Some("it names no slot"),
                Some(aim) if !self.desk().slots().is_first_aim(&aim) => Some("it is another step"),
                Some(_) => self.oversteps(request),
            },
            _ => None,
        }
    }

    /// The platform's own answer with an error status.
    pub fn error(&mut self, status: u16) -> Answer {
        let answer = self.problem(status);
        self.sent(answer)
    }

    fn sent(&mut self, answer: Answer) -> Answer {
        if answer.foreign {
            return answer;
        }
        let number = self.desk().count_answer();
        let answer = self.headers(answer, number);
        let there = SystemTime::now() + Duration::from_secs(self.desk().slots().ahead.unsigned_abs());
        answer.with("date", httpdate::fmt_http_date(there))
    }
}

/// Where the first of its routes leads that fits, and what stands in its places.
pub trait Routed {
    /// That.
    fn route(&self, request: &Request) -> (Call, Vec<String>);
}

impl<P: Platform + ?Sized> Routed for P {
    fn route(&self, request: &Request) -> (Call, Vec<String>) {
        let mut fitting = self.routes().iter().filter_map(|(call, route)| Some((*call, request.places(route)?)));
        fitting.next().unwrap_or((Call::Other, Vec::new()))
    }
}

/// Something that can be put on a platform.
pub trait Addition {
    /// Puts it on its platform.
    fn add_to(self, platforms: &mut Platforms);
}

/// All platforms of one sandbox.
pub struct Platforms(Vec<Box<dyn Platform>>);

impl Default for Platforms {
    fn default() -> Self {
        Platforms(platforms::all())
    }
}

impl Platforms {
    /// All of them.
    pub fn all(&mut self) -> impl Iterator<Item = &mut dyn Platform> {
        self.0.iter_mut().map(|platform| &mut **platform)
    }

    /// The one below that path prefix.
    pub fn get(&mut self, name: &str) -> Option<&mut dyn Platform> {
        self.all().find(|platform| platform.name() == name)
    }

    /// The one of that type, which a test may bring along.
    pub fn of<P: Platform + Default>(&mut self) -> &mut P {
        let at = self.0.iter().position(|platform| (&**platform as &dyn Any).is::<P>()).unwrap_or_else(|| {
            self.0.push(Box::<P>::default());
            self.0.len() - 1
        });
        let found: &mut dyn Any = &mut *self.0[at];
        found.downcast_mut().expect("a platform found by its type")
    }
}

/// Whether a request may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The token may do this.
    Granted,
    /// There is no token.
    Missing,
    /// Nobody knows the token.
    Unknown,
    /// The token is known but may not do this.
    Denied,
}

/// The tokens one platform knows, each with how many requests more it is good for.
pub struct Tokens(Vec<(String, Grant, Option<usize>)>);

impl Default for Tokens {
    fn default() -> Self {
        Tokens([TOKEN, PLAIN_TOKEN].map(|token| (token.to_owned(), Grant::All, None)).to_vec())
    }
}

impl Tokens {
    /// Sets what a token may do.
    pub fn set(&mut self, token: &str, grant: Grant) {
        self.set_for(token, grant, None);
    }

    /// The same for as many requests.
    pub fn set_for(&mut self, token: &str, grant: Grant, uses: Option<usize>) {
        self.0.retain(|(known, ..)| known != token);
        self.0.push((token.to_owned(), grant, uses));
    }

    /// Judges a request of that kind by its token, and uses it up once.
    pub fn judge(&mut self, token: Option<&str>, call: Call) -> Access {
        let Some(token) = token else {
            return Access::Missing;
        };
        let Some((_, grant, uses)) = self.0.iter_mut().find(|(known, _, uses)| known == token && *uses != Some(0))
        else {
            return Access::Unknown;
        };
        *uses = uses.map(|uses| uses - 1);
        match (grant, call) {
            (Grant::Revoked, _) => Access::Unknown,
            (Grant::ReadOnly, Call::Cancel | Call::Check | Call::RollBack) => Access::Denied,
            (Grant::NoRollBack, Call::RollBack) => Access::Denied,
            (Grant::CancelOnly, other) if other != Call::Cancel => Access::Denied,
            _ => Access::Granted,
        }
    }
}
