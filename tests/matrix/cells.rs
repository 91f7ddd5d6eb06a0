//! The cells: which fault meets which request on which platform, for how long, and what the deployment does meanwhile.

use std::time::{Duration, SystemTime};

use crate::sandbox::{Call, Fault, NoWay, STANDS, Stand};

/// All platforms, and the letter of each above the table.
pub fn platforms() -> impl Iterator<Item = (&'static str, char)> + Clone {
    STANDS.iter().map(|stand| (stand.name(), stand.letter()))
}

/// A platform by its name.
pub fn stand(platform: &str) -> &'static dyn Stand {
    *STANDS.iter().find(|stand| stand.name() == platform).expect("a platform with a stand")
}

/// Which requests of a run meet the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request for a token.
    SignIn,
    /// The list that a selection is made from.
    List,
    /// The reads before anything is asked.
    Read,
    /// The cancel requests.
    Cancel,
    /// The cancel requests of a run that does not wait for the end.
    Ask,
    /// The reads after an accepted cancel request.
    Watch,
}

impl Phase {
    pub const ALL: [Self; 6] = [Self::SignIn, Self::List, Self::Read, Self::Cancel, Self::Ask, Self::Watch];

    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::List => "list",
            Self::Read => "read",
            Self::Cancel => "cancel",
            Self::Ask => "cancel, no wait",
            Self::Watch => "watch",
        }
    }

    /// The sandbox's word for the request.
    pub const fn call(self) -> Call {
        match self {
            Self::SignIn => Call::SignIn,
            Self::List => Call::List,
            Self::Read | Self::Watch => Call::Read,
            Self::Cancel | Self::Ask => Call::Cancel,
        }
    }

    /// How many requests of that kind are left alone first.
    pub fn spared(self, platform: &str) -> usize {
        if self == Self::Watch { stand(platform).traits().reads_before } else { 0 }
    }

    /// Whether it is the cancel request itself that meets the fault.
    pub const fn is_asking(self) -> bool {
        matches!(self, Self::Cancel | Self::Ask)
    }
}

/// What happens to those requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    Refused,
    ResetBefore,
    ResetAfter,
    Timeout,
    Drip,
    Truncated,
    Huge,
    Html,
    Empty,
    Garbage,
    ContentType,
    OtherJson,
    Status400,
    Status401,
    Status403,
    Status404,
    Status408,
    Status409,
    Status410,
    Status411,
    Status422,
    RetrySeconds,
    RetryDate,
    OwnReset,
    RetryTooLate,
    Status500,
    Status502,
    Burst503,
    Endless503,
    RedirectHere,
    RedirectElsewhere,
    Untrusted,
    Expired,
    UnknownName,
}

impl Row {
    pub const ALL: [Self; 34] = [
        Self::Refused,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Timeout,
        Self::Drip,
        Self::Truncated,
        Self::Huge,
        Self::Html,
        Self::Empty,
        Self::Garbage,
        Self::ContentType,
        Self::OtherJson,
        Self::Status400,
        Self::Status401,
        Self::Status403,
        Self::Status404,
        Self::Status408,
        Self::Status409,
        Self::Status410,
        Self::Status411,
        Self::Status422,
        Self::RetrySeconds,
        Self::RetryDate,
        Self::OwnReset,
        Self::RetryTooLate,
        Self::Status500,
        Self::Status502,
        Self::Burst503,
        Self::Endless503,
        Self::RedirectHere,
        Self::RedirectElsewhere,
        Self::Untrusted,
        Self::Expired,
        Self::UnknownName,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::ResetBefore => "reset before processing",
            Self::ResetAfter => "reset after processing",
            Self::Timeout => "no answer",
            Self::Drip => "slow drip",
            Self::Truncated => "truncated body",
            Self::Huge => "20 MB body",
            Self::Html => "200 with an HTML page",
            Self::Empty => "200 with an empty body",
            Self::Garbage => "200 with invalid JSON",
            Self::ContentType => "wrong content type",
            Self::OtherJson => "200 with JSON of another shape",
            Self::Status400 => "400",
            Self::Status401 => "401",
            Self::Status403 => "403",
            Self::Status404 => "404",
            Self::Status408 => "408",
            Self::Status410 => "410",
            Self::Status409 => "409",
            Self::Status411 => "411",
            Self::Status422 => "422",
            Self::RetrySeconds => "429, Retry-After in seconds",
            Self::RetryDate => "429, Retry-After as a date",
            Self::OwnReset => "429, the platform's own header",
            Self::RetryTooLate => "429, Retry-After past the limit",
            Self::Status500 => "500",
            Self::Status502 => "502 with an HTML page",
            Self::Burst503 => "503 burst, then well",
            Self::Endless503 => "503 for ever",
            Self::RedirectHere => "redirect to the same host",
            Self::RedirectElsewhere => "redirect to another host",
            Self::Untrusted => "TLS: nobody vouches for it",
            Self::Expired => "TLS: certificate expired",
            Self::UnknownName => "host name not found",
        }
    }

    /// How long it lasts: one row has each length for itself, the others have two.
    pub const fn lengths(self) -> &'static [Length] {
        match self {
            Self::Burst503 => &[Length::Burst],
            Self::Endless503 => &[Length::Endless],
            _ => &[Length::Once, Length::Endless],
        }
    }

    /// Whether the platform gets to see the cancel request before the fault hides its answer: both are tried where
    /// both can be.
    pub const fn processed(self, phase: Phase) -> &'static [bool] {
        match self {
            Self::ResetAfter | Self::Drip | Self::Truncated | Self::ContentType => &[true],
            _ if !phase.is_asking() => &[false],
            Self::Timeout
            | Self::Huge
            | Self::Html
            | Self::Empty
            | Self::Garbage
            | Self::OtherJson
            | Self::Status408
            | Self::Status500
            | Self::Status502
            | Self::Burst503
            | Self::Endless503 => &[false, true],
            _ => &[false],
        }
    }

    /// It is about the way to the platform, not about an answer: on a wire it holds from the first connection on.
    pub const fn is_about_the_way(self) -> bool {
        matches!(self, Self::Refused | Self::Untrusted | Self::Expired | Self::UnknownName)
    }

    /// It takes as long as a client has patience.
    pub const fn is_slow(self) -> bool {
        matches!(self, Self::Timeout | Self::Drip)
    }

    /// The fault as the sandbox has it. `pause` is what a 429 asks for, `elsewhere` another host's address.
    pub fn fault(self, processed: bool, pause: Duration, elsewhere: &str) -> Fault {
        let limited = |value: String| Fault::RetryAfter { status: 429, value };
        let fault = match self {
            Self::Refused => Fault::NoWay(NoWay::Refused),
            Self::Untrusted => Fault::NoWay(NoWay::Untrusted),
            Self::Expired => Fault::NoWay(NoWay::Expired),
            Self::UnknownName => Fault::NoWay(NoWay::UnknownName),
            Self::ResetBefore | Self::ResetAfter => Fault::Reset,
            Self::Timeout if processed => return Fault::Delay(Duration::from_secs(3600)),
            Self::Timeout => Fault::HoldBefore,
            Self::Drip => return Fault::Drip,
            Self::Truncated => return Fault::Truncated,
            Self::ContentType => return Fault::ContentType("text/html"),
            Self::Huge => Fault::Huge,
            Self::Html => Fault::Html(200),
            Self::Empty => Fault::Empty(200),
            Self::Garbage => Fault::Garbage(200),
            Self::OtherJson => Fault::json(200, "[true]"),
            Self::Status400 => Fault::Status(400),
            Self::Status401 => Fault::Status(401),
            Self::Status403 => Fault::Status(403),
            Self::Status404 => Fault::Status(404),
            Self::Status408 => Fault::Status(408),
            Self::Status410 => Fault::Status(410),
            Self::Status409 => Fault::Status(409),
            Self::Status411 => Fault::Status(411),
            Self::Status422 => Fault::Status(422),
            Self::Status500 => Fault::Status(500),
            Self::Status502 => Fault::Html(502),
            Self::Burst503 | Self::Endless503 => Fault::Status(503),
            Self::RetrySeconds => limited(pause.as_secs().to_string()),
            Self::RetryDate => limited(httpdate::fmt_http_date(SystemTime::now() + pause)),
            Self::OwnReset => Fault::ResetHeader { in_seconds: i64::try_from(pause.as_secs()).unwrap() },
            Self::RetryTooLate => limited("600".to_owned()),
            Self::RedirectHere => Fault::Redirect("/elsewhere".to_owned()),
            Self::RedirectElsewhere => Fault::Redirect(format!("{elsewhere}/elsewhere")),
        };
        if processed { Fault::after(fault) } else { fault }
    }
}

/// How many of those requests meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The first one.
    Once,
    /// The first ones: as many cancel requests as leave one of the three that are allowed, four of the others.
    Burst,
    /// All of them.
    Endless,
}

impl Length {
    pub const fn many(self, phase: Phase) -> usize {
        match self {
            Self::Once => 1,
            Self::Burst if phase.is_asking() => 2,
            Self::Burst => 4,
            Self::Endless => usize::MAX,
        }
    }
}

/// What the deployment does meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It runs until a cancel takes effect, and ends canceled.
    Obeys,
    /// It runs until a cancel takes effect, and goes live all the same.
    GoesLive,
    /// It goes live by itself while nobody knows yet whether the first cancel request took effect.
    Races,
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub row: Row,
    pub phase: Phase,
    pub platform: &'static str,
}

impl Cell {
    /// Every cell, row by row.
    pub fn all() -> impl Iterator<Item = Self> {
        Row::ALL.into_iter().flat_map(|row| {
            Phase::ALL
                .into_iter()
                .flat_map(move |phase| platforms().map(move |(platform, _)| Self { row, phase, platform }))
        })
    }

    /// Why there is no such cell, if there is none.
    pub fn why_not(self) -> Option<&'static str> {
        let names_one = !matches!(self.phase, Phase::SignIn | Phase::List);
        match self.row {
            _ if self.phase == Phase::SignIn && stand(self.platform).sign_in_inputs().is_none() => {
                Some("its credential is sent as it is: only Cloud Foundry has a request for a token")
            }
            _ if self.phase == Phase::List && stand(self.platform).select_inputs().is_none() => {
                Some("there is no list to choose from")
            }
            Row::Status400 | Row::Status401 | Row::Status403 | Row::Status404 | Row::Status410 if !names_one => {
                Some("it is about one deployment, and this request is about none")
            }
            Row::Status404 | Row::Status410 if self.phase == Phase::Watch && self.platform == "qovery" => {
                Some("it tells of a deployment in more than one place")
            }
            Row::Status403 if self.phase == Phase::Read => {
                Some("whether it is asked unseen is the platform's own business")
            }
            _ => None,
        }
    }

    /// Everything that is tried in this cell.
    pub fn variants(self) -> impl Iterator<Item = Variant> {
        let processed = self.row.processed(self.phase);
        processed.iter().flat_map(move |processed| {
            self.row.lengths().iter().flat_map(move |length| {
                [Course::Obeys, Course::GoesLive, Course::Races]
                    .into_iter()
                    .map(move |course| Variant { cell: self, length: *length, processed: *processed, course })
                    .filter(|variant| variant.makes_sense())
            })
        })
    }

    pub fn name(self) -> String {
        let Self { row, phase, platform } = self;
        format!("{}::{platform}::{}", phase.name(), row.name()).replace([' ', ','], "_")
    }
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    pub cell: Cell,
    pub length: Length,
    /// The platform gets to see the request that meets the fault.
    pub processed: bool,
    pub course: Course,
}

impl Variant {
    /// A race is one only while a first cancel request is in doubt.
    fn makes_sense(self) -> bool {
        self.course != Course::Races
            || (!self.processed && crate::oracle::Sense::of(self.cell).leaves_doubt(self.cell.phase))
    }
}
