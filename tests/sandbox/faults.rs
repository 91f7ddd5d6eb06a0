//! What can go wrong between a client and a platform.

use std::time::{Duration, SystemTime};

use super::http::{Answer, Request};
use super::platform::Platform;

/// Something that happens to one request or to its answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing: the normal answer, to place a fault later in the row.
    Pass,
    /// The platform's own error answer; the request is not processed.
    ///
    /// With 429 the limit ends a second from now.
    Status(u16),
    /// Any answer word for word; the request is not processed.
    Reply {
        /// The status.
        status: u16,
        /// The content type; an empty one leaves the header out.
        content_type: String,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// The request is processed first, and then the fault is what the client sees.
    After(Box<Fault>),
    /// The connection is closed without an answer; the request is not processed.
    Reset,
    /// Processed; the body announces its length and breaks off half way.
    Truncated,
    /// Processed; one byte of the body every 300 ms.
    Drip,
    /// Processed; the answer comes this much later.
    Delay(Duration),
    /// Processed; the answer waits for [`super::Sandbox::release`].
    Hold,
    /// Waits for [`super::Sandbox::release`], and is processed then.
    HoldBefore,
    /// A page of some proxy; the request is not processed.
    Html(u16),
    /// No body at all; the request is not processed.
    Empty(u16),
    /// Broken JSON that claims to be JSON; the request is not processed.
    Garbage(u16),
    /// 20 MiB of JSON with status 200 and no announced length; the request is not processed.
    Huge,
    /// The platform's error answer with a Retry-After header of this value.
    ///
    /// The platform's own reset header points much further ahead.
    RetryAfter {
        /// The status, 429 or 503.
        status: u16,
        /// The value of the header.
        value: String,
    },
    /// The same as a 429 with the date on which the limit ends.
    RetryDate {
        /// When it ends.
        in_seconds: u64,
    },
    /// The platform's 429 without Retry-After; only its own header says when the limit ends.
    ResetHeader {
        /// When it ends; may lie in the past.
        in_seconds: i64,
    },
    /// Status 302 to that address; the request is not processed.
    Redirect(String),
    /// Processed; the answer is the real one, and claims to be something else.
    ContentType(&'static str),
    /// The request does not get there; only without a server, whose listening and certificate hold for all requests.
    NoWay(NoWay),
}

/// Why a request does not get to the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// Nobody listens.
    Refused,
    /// Nobody vouches for the certificate.
    Untrusted,
    /// The certificate has run out.
    Expired,
    /// Nobody knows the name.
    UnknownName,
}

/// How an answer reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// At once and in one piece.
    Whole,
    /// 20 MiB of JSON instead of the body, with no length announced.
    Huge,
    /// Not at all: the connection closes.
    Reset,
    /// Half of what is announced.
    Truncated,
    /// Byte by byte.
    Drip,
    /// Later.
    Delay(Duration),
    /// After a release.
    Hold,
    /// Not at all: the request never gets there.
    NoWay(NoWay),
}

/// An answer and how it reaches the client.
pub struct Delivery {
    /// The answer.
    pub answer: Answer,
    /// How it reaches the client.
    pub manner: Manner,
}

const FAR: i64 = 1800;

impl Fault {
    /// Shorthand for [`Fault::After`].
    pub fn after(fault: Fault) -> Fault {
        Fault::After(Box::new(fault))
    }

    /// A JSON answer word for word.
    pub fn json(status: u16, body: &str) -> Fault {
        Fault::Reply {
            status,
            content_type: "application/json".to_owned(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// Lets the platform process the request, or not, and says what the client gets.
    pub(super) fn meet(&self, platform: &mut dyn Platform, request: &Request) -> Delivery {
        if !self.processes() {
            return self.show(platform, Answer::new(500, "", ""));
        }
        let real = platform.answer(request);
        let took_effect = real.took_effect;
        let mut delivery = self.show(platform, real);
        delivery.answer.took_effect = took_effect;
        delivery
    }

    /// Whether the platform gets to see the request.
    fn processes(&self) -> bool {
        matches!(
            self,
            Fault::Pass
                | Fault::After(_)
                | Fault::Truncated
                | Fault::Drip
                | Fault::Delay(_)
                | Fault::Hold
                | Fault::HoldBefore
                | Fault::ContentType(_)
        )
    }

    /// Puts the fault in the way of the real answer.
    fn show(&self, platform: &mut dyn Platform, real: Answer) -> Delivery {
        let (answer, manner) = match self {
            Fault::Pass | Fault::HoldBefore => (real, Manner::Whole),
            Fault::After(fault) if matches!(**fault, Fault::HoldBefore) => (real, Manner::Hold),
            Fault::After(fault) => return fault.show(platform, real),
            Fault::Reset => (real, Manner::Reset),
            // A 204 has no body that could break off (RFC 9110, section 15.3.5).
            Fault::Truncated if real.status == 204 => (real, Manner::Whole),
            Fault::Truncated => (real, Manner::Truncated),
            Fault::Drip => (real, Manner::Drip),
            Fault::Delay(time) => (real, Manner::Delay(*time)),
            Fault::Hold => (real, Manner::Hold),
            Fault::ContentType(claim) => (real.with("content-type", *claim), Manner::Whole),
            Fault::NoWay(why) => (real, Manner::NoWay(*why)),
            Fault::Huge => (Answer::new(200, "application/json", ""), Manner::Huge),
            other => (other.replacement(platform), Manner::Whole),
        };
        Delivery { answer, manner }
    }

    /// The answer of a fault that has one of its own.
    fn replacement(&self, platform: &mut dyn Platform) -> Answer {
        match self {
            Fault::Status(status) => platform.error(*status),
            Fault::Reply { status, content_type, headers, body } => {
                let mut answer = Answer::new(*status, content_type, body.clone());
                answer.headers.extend(headers.iter().cloned());
                answer
            }
            Fault::Html(status) => html(*status),
            Fault::Empty(status) => Answer::new(*status, "", ""),
            Fault::Garbage(status) => Answer::new(*status, "application/json", r#"{"deployment": {"id": "#),
            Fault::RetryAfter { status, value } => {
                let (name, reset) = platform.reset_header(FAR);
                let answer = platform.error(*status).with(name, reset);
                answer.with("retry-after", value.as_str())
            }
            Fault::RetryDate { in_seconds } => {
                let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(*in_seconds));
                Fault::RetryAfter { status: 429, value: date }.replacement(platform)
            }
            Fault::ResetHeader { in_seconds } => {
                let (name, reset) = platform.reset_header(*in_seconds);
                let mut answer = platform.error(429).with(name, reset);
                answer.headers.retain(|(header, _)| header != "retry-after");
                answer
            }
            Fault::Redirect(target) => Answer::new(302, "text/plain", "Found").with("location", target.as_str()),
            other => panic!("{other:?} has no answer of its own"),
        }
    }
}

fn html(status: u16) -> Answer {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\n\
         <body><h1>Error {status}</h1><p>The proxy could not get an answer.</p></body></html>\n"
    );
    Answer::new(status, "text/html; charset=utf-8", page).with("server", "proxy")
}
