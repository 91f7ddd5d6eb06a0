//! What the platform makes of the request to roll back, and what a run has to come to then.

use std::time::Duration;

use super::races::Race;
use crate::sandbox::{Back, Call, Ends, Fault, NoWay, Sandbox};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As the platform says yes, and it is done.
    Yes,
    /// A clear no with this status, for ever.
    No(u16),
    /// A 429 first.
    Limited,
    /// A 429 for ever.
    Barred,
    /// The connection is refused first.
    Unconnected,
    /// A 500 first, and nothing was done.
    Unclear,
    /// A 500 for ever, and nothing is done.
    UnclearForEver,
    /// A 500, and it is done.
    UnclearDone,
    /// A page of some proxy in the place of an answer, and it is done, or not.
    Page(u16, bool),
    /// The connection breaks off after it was done, or before.
    Reset(bool),
    /// No answer comes, and it is done, or not.
    Silence(bool),
    /// A good status with nothing in it that makes sense, and it is done, or not.
    Garbage(bool),
    /// Half of the answer.
    Truncated,
    /// Accepted, and it comes to nothing.
    Badly,
    /// Accepted, and it never ends.
    Never,
}

impl Answer {
    pub const ALL: [Self; 27] = [
        Self::Yes,
        Self::No(400),
        Self::No(401),
        Self::No(402),
        Self::No(403),
        Self::No(404),
        Self::No(409),
        Self::No(410),
        Self::No(422),
        Self::Limited,
        Self::Barred,
        Self::Unconnected,
        Self::Unclear,
        Self::UnclearForEver,
        Self::UnclearDone,
        Self::Page(502, false),
        Self::Page(502, true),
        Self::Page(200, true),
        Self::Reset(false),
        Self::Reset(true),
        Self::Silence(false),
        Self::Silence(true),
        Self::Garbage(false),
        Self::Garbage(true),
        Self::Truncated,
        Self::Badly,
        Self::Never,
    ];
    /// Those with which it is tried what somebody else does at every moment.
    pub const MEANWHILE: [Self; 4] = [Self::Yes, Self::Unclear, Self::UnclearDone, Self::Badly];

    /// Lays it in the way of the request.
    pub fn lay(self, sandbox: &Sandbox, platform: &str) {
        let done = |fault: Fault, is_done: bool| if is_done { Fault::after(fault) } else { fault };
        let retry = |value: &str| Fault::RetryAfter { status: 429, value: value.to_owned() };
        let first = |fault: Fault| {
            sandbox.fault(Call::RollBack, [fault]);
        };
        let always = |fault: Fault| {
            sandbox.always(Call::RollBack, fault);
        };
        match self {
            Self::Yes => {}
            Self::No(status) => always(Fault::Status(status)),
            Self::Limited => first(retry("3")),
            Self::Barred => always(retry("10")),
            Self::Unconnected => first(Fault::NoWay(NoWay::Refused)),
            Self::Unclear => first(Fault::Status(500)),
            Self::UnclearForEver => always(Fault::Status(500)),
            Self::UnclearDone => first(Fault::after(Fault::Status(500))),
            Self::Page(status, is_done) => first(done(Fault::Html(status), is_done)),
            Self::Reset(is_done) => first(done(Fault::Reset, is_done)),
            Self::Silence(true) => first(Fault::Delay(Duration::from_secs(3600))),
            Self::Silence(false) => first(Fault::HoldBefore),
            Self::Garbage(is_done) => first(done(Fault::Garbage(200), is_done)),
            Self::Truncated => first(Fault::Truncated),
            Self::Badly | Self::Never => {
                let ends = if self == Self::Badly { Ends::Badly } else { Ends::Never };
                sandbox.roll_backs_end(platform, ends);
            }
        }
    }

    /// Whether it does not say that nothing was done, although it is no clear yes either.
    pub const fn leaves_doubt(self) -> bool {
        !matches!(
            self,
            Self::Yes | Self::No(_) | Self::Limited | Self::Barred | Self::Unconnected | Self::Badly | Self::Never
        )
    }

    /// What a run has to come to that nothing speaks against.
    pub fn results(self, back: &Back, race: Race) -> Vec<&'static str> {
        let is_flip = !back.makes_one;
        let well = race.done();
        match self {
            // Somebody else's is seen before the request goes out again.
            Self::Limited | Self::Unconnected | Self::Barred if !race.is_calm() => vec!["moved_on"],
            Self::Yes | Self::Limited | Self::Unconnected => vec![well],
            Self::UnclearDone | Self::Truncated => vec![well],
            Self::Page(_, true) | Self::Reset(true) | Self::Silence(true) | Self::Garbage(true) => vec![well],
            Self::No(_) | Self::Barred => vec!["refused"],
            // It never got there, and with it nobody else came before it.
            Self::Silence(false) if is_flip => vec!["done"],
            // A flip is sent once more, where the last look still passes.
            _ if self.leaves_doubt() && is_flip && self != Self::UnclearForEver && race.is_calm() => vec![well],
            _ if self.leaves_doubt() => vec!["unknown"],
            Self::Badly if back.can_fail => vec!["failed"],
            // The flip is at once, and there is nothing that could come to nothing.
            _ => vec!["timed_out", "failed"],
        }
    }
}
