//! What went wrong with one request: the platform's words, the request id, and a hint.

use std::fmt;
use std::time::Duration;

/// What kind of failure it was; everything that decides what happens next hangs on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The credential was refused (401, or what the platform says instead).
    Unauthorized,
    /// The credential is good but lacks the right (403).
    Forbidden,
    /// 404 and 410: it is not there, or not any more.
    NotFound,
    /// The platform will not do it: 400, 409, 422 and other 4xx.
    Refused,
    /// The API has no such call.
    Unsupported,
    /// Too many requests (429): nothing was processed.
    Limited,
    /// 408 and 5xx: it may or may not have been processed.
    Server,
    /// No answer within the time for one request.
    Timeout,
    /// No connection could be made: nothing was sent.
    Unreachable,
    /// The host name is not known.
    UnknownHost,
    /// The server's certificate is not trusted, or TLS failed otherwise.
    Untrusted,
    /// The proxy let nothing through: nothing was sent.
    Proxy,
    /// The connection broke before the answer was whole.
    Broken,
    /// The answer is not what this API speaks: HTML, truncated or invalid JSON.
    Unreadable,
    /// The answer is larger than anything that is read.
    TooLarge,
    /// A redirect, which is never followed.
    Redirected,
    /// Our own refusal: a guard did not pass, or the answer was about something else.
    Guarded,
    /// What was written fits several, as a look-up has shown.
    BadInput,
    /// Nothing came of it, because the deployment is no longer where a request would reach it, or because that could not
    /// be made sure of, or because there was no credential to send: read it again.
    MovedOn,
    /// The request was sent, and the answer says that it reached another deployment.
    Misdirected,
}

/// What a first read does about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Can improve: again until the limit.
    UntilTheLimit,
    /// Might improve: again a few times.
    AFewTimes,
    /// Cannot improve.
    None,
}

impl Kind {
    /// Every kind, for documents and tests.
    pub const ALL: [Self; 20] = [
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Refused,
        Self::Unsupported,
        Self::Limited,
        Self::Server,
        Self::Timeout,
        Self::Unreachable,
        Self::UnknownHost,
        Self::Untrusted,
        Self::Proxy,
        Self::Broken,
        Self::Unreadable,
        Self::TooLarge,
        Self::Redirected,
        Self::Guarded,
        Self::BadInput,
        Self::MovedOn,
        Self::Misdirected,
    ];

    /// Whether asking again can help.
    pub const fn retry(self) -> Retry {
        match self {
            Self::Limited | Self::Server | Self::Timeout | Self::Unreachable | Self::Broken => Retry::UntilTheLimit,
            Self::Unreadable | Self::TooLarge | Self::Proxy => Retry::AFewTimes,
            _ => Retry::None,
        }
    }

    /// Whether the answer to a cancel request leaves open if it was processed.
    pub const fn is_ambiguous(self) -> bool {
        matches!(self, Self::Server | Self::Timeout | Self::Broken | Self::Unreadable | Self::TooLarge)
    }

    /// Whether a request that ended like this may have been processed, or refused for what it asked. One that met a
    /// rate limit was neither, though it may well have been sent: see [`Failure::was_turned_away`].
    pub const fn may_have_been_sent(self) -> bool {
        !matches!(
            self,
            Self::Limited
                | Self::MovedOn
                | Self::Guarded
                | Self::Unreachable
                | Self::UnknownHost
                | Self::Untrusted
                | Self::Proxy
        )
    }

    /// Whether a deployment that was visible before can be seen no more.
    pub const fn is_unreadable(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Forbidden | Self::NotFound | Self::Guarded)
    }
}

/// A request that did not bring what was wanted.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    /// What was tried, as the end of "while trying to …".
    pub action: String,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What was answered, or how the connection failed: clean and short.
    pub words: String,
    /// The platform's id of the request.
    pub request_id: Option<String>,
    /// What to change, by names the user knows.
    pub hint: String,
    /// The platform's own code for the error, where its file has to tell errors of one status apart.
    pub code: Option<String>,
    /// It is refused because it is over, as the platform says, whatever a read shows yet.
    pub is_over: bool,
    /// Nothing may be sent before this time since the start of the run.
    pub not_before: Option<Duration>,
}

impl Failure {
    /// The request was sent, and turned away unprocessed (429).
    pub fn was_turned_away(&self) -> bool {
        self.kind == Kind::Limited && self.status.is_some()
    }

    /// An answer that makes no sense; `words` end the sentence "the answer was …, but".
    pub fn unreadable(words: &str) -> Self {
        Self::own(Kind::Unreadable, words, "")
    }

    /// A refusal of our own: `words` is the whole story.
    pub fn guarded(words: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::own(Kind::Guarded, words, hint)
    }

    /// A failure that no answer stands behind, or that means something else than its status says.
    pub fn own(kind: Kind, words: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind,
            action: String::new(),
            status: None,
            words: words.into(),
            request_id: None,
            hint: hint.into(),
            code: None,
            is_over: false,
            not_before: None,
        }
    }
}

impl Failure {
    /// What happened, as a part of a sentence: what was tried, or our own words where they are the whole story.
    pub fn cause(&self) -> String {
        if self.action.is_empty() { self.words.clone() } else { format!("this run could not {}", self.action) }
    }

    /// What [`cause`](Self::cause) leaves out: what came back, with status and request id.
    pub fn answer(&self) -> Option<String> {
        (!self.action.is_empty()).then(|| self.said())
    }

    /// What came back with status and request id, or our own words where they are the whole story.
    pub fn said(&self) -> String {
        let words = &self.words;
        if self.action.is_empty() {
            return words.clone();
        }
        let came = match self.status.filter(|_| self.kind != Kind::Unreadable) {
            Some(status) if words.is_empty() => format!("the answer was {status}"),
            Some(status) => format!("the answer was {status} \"{words}\""),
            None => words.clone(),
        };
        match &self.request_id {
            Some(id) => format!("{came} (request {id})"),
            None => came,
        }
    }
}

impl fmt::Display for Failure {
    /// One sentence without its period: what was tried, what came back, status and request id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.answer() {
            Some(answer) => write!(f, "could not {}: {answer}", self.action),
            None => f.write_str(&self.words),
        }
    }
}

impl std::error::Error for Failure {}
