//! What has to come of each cell. It follows from the promises to users, not from what the code does:
//!
//! 1. Before anything was asked, an answer that can improve is waited for, one that cannot ends the run at once, and
//!    where nothing could ever be read the outcome is `error`. Nothing is sent.
//! 2. A cancel request whose answer leaves doubt is decided by reading. In flight at two reads, it is sent again, three
//!    times at most, then `error`. What nobody can be trusted with, or is sent elsewhere, is `error`. What met no
//!    connection was not sent: there is no doubt, and it is tried until the limit.
//! 3. A 429 is no send. Nothing is sent before its time; if that is past the limit, the run ends now.
//! 4. A failed read does not end a watch unless it cannot improve (401, 403, 404, 410: `error`); at the limit the
//!    outcome is `timed_out`.
//! 5. How it ended is what the platform says at the end, and without waiting `requested` takes a clear yes.

use crate::cells::{Cell, Course, Length, Phase, Row, Variant, stand};

/// What can be made of one exchange that met the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Everything: only the headers were odd.
    Whole,
    /// An empty 2xx. To a cancel request that is a yes: some platforms never say more.
    Yes,
    /// Nothing, and the next one may be better: 408, 5xx, no answer in time, a connection that broke.
    Passing,
    /// Nothing was sent, and the next one may be better: the connection was refused.
    Unconnected,
    /// Nothing: this is not what the API speaks.
    Nonsense,
    /// No, clearly: 400.
    Refused,
    /// No, for a reason that has nothing to do with whether it is there: 409, 411, 422.
    Objected,
    /// This credential may not, or may not any more: 401, 403.
    Denied,
    /// It is not there: 404, 410.
    Gone,
    /// Not now.
    Limited,
    /// Not before the limit.
    Barred,
    /// Nothing, and the next one is no better: a redirect is never followed.
    Elsewhere,
    /// It was not sent: whoever is there cannot be trusted, or nobody is.
    Unsendable,
}

impl Sense {
    pub fn of(cell: Cell) -> Self {
        let asking = cell.phase.is_asking();
        // The documented answer to these platforms' cancel request is empty, so nothing of it can drip.
        let is_silent = asking && ["cloud_foundry", "github_pages"].contains(&cell.platform);
        match cell.row {
            Row::ContentType => Self::Whole,
            Row::Drip if is_silent => Self::Whole,
            Row::Truncated if asking && stand(cell.platform).traits().accepted == 204 => Self::Whole,
            Row::Empty | Row::OtherJson if asking => Self::Yes,
            // There it is about the operation, and no id stands in that.
            Row::Status400 if !stand(cell.platform).traits().malformed_is_unknown => Self::Objected,
            Row::Status400 => Self::Refused,
            Row::Status409 | Row::Status411 | Row::Status422 => Self::Objected,
            Row::Status401 | Row::Status403 => Self::Denied,
            Row::Status404 | Row::Status410 => Self::Gone,
            Row::OtherJson | Row::Empty | Row::Html | Row::Garbage | Row::Huge => Self::Nonsense,
            // It is taken for a limit that lasts longer than the run.
            Row::OwnReset if !stand(cell.platform).traits().tells_reset => Self::Barred,
            Row::RetrySeconds | Row::RetryDate | Row::OwnReset => Self::Limited,
            Row::RetryTooLate => Self::Barred,
            Row::RedirectHere | Row::RedirectElsewhere => Self::Elsewhere,
            Row::Untrusted | Row::Expired | Row::UnknownName => Self::Unsendable,
            Row::Refused => Self::Unconnected,
            Row::ResetBefore
            | Row::ResetAfter
            | Row::Timeout
            | Row::Drip
            | Row::Truncated
            | Row::Status408
            | Row::Status500
            | Row::Status502
            | Row::Burst503
            | Row::Endless503 => Self::Passing,
        }
    }

    /// As an answer to a cancel request it does not say whether that was processed.
    pub fn leaves_doubt(self, phase: Phase) -> bool {
        phase.is_asking() && matches!(self, Self::Passing | Self::Nonsense)
    }
}

/// When a run has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Without another try and without a pause.
    AtOnce,
    /// Before the limit: waiting for it would bring nothing.
    Before,
    /// By the limit.
    By,
    /// Not before: until then it may still get better.
    At,
}

/// What has to come of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub outcome: &'static str,
    pub code: i32,
    /// Cancel requests that changed the deployment's course.
    pub effective: usize,
    /// Cancel requests, whether or not anybody got to see them; those that met a 429 for ever are not counted.
    pub sends: Option<usize>,
    pub ends: Ends,
}

const fn expected(outcome: &'static str, effective: usize, sends: usize, ends: Ends) -> Expected {
    Expected { outcome, code: code(outcome), effective, sends: Some(sends), ends }
}

/// The exit code of an outcome, with the usual `fail_on`.
const fn code(outcome: &str) -> i32 {
    match outcome.as_bytes() {
        b"error" => 1,
        b"completed" => 3,
        b"not_found" => 4,
        b"timed_out" => 124,
        _ => 0,
    }
}

/// The expectation of one run.
pub fn expect(variant: Variant) -> Expected {
    let sense = Sense::of(variant.cell);
    match variant.cell.phase {
        Phase::SignIn | Phase::List | Phase::Read => before_asking(variant, sense),
        Phase::Cancel | Phase::Ask => asking(variant, sense),
        Phase::Watch => watching(variant, sense),
    }
}

/// One request that was understood, and an end that was seen, or not waited for.
fn well(variant: Variant, sends: usize) -> Expected {
    if variant.cell.phase == Phase::Ask {
        return expected("requested", 1, sends, Ends::Before);
    }
    by_its_end(variant, 1, sends)
}

/// The outcome that belongs to the end of this course.
fn by_its_end(variant: Variant, effective: usize, sends: usize) -> Expected {
    let outcome = match variant.course {
        Course::Obeys => "canceled",
        Course::GoesLive | Course::Races => "completed",
    };
    expected(outcome, effective, sends, Ends::Before)
}

fn before_asking(variant: Variant, sense: Sense) -> Expected {
    use Sense::*;
    match (sense, variant.length) {
        (Whole | Yes, _) => well(variant, 1),
        (Elsewhere | Unsendable | Barred | Denied | Objected, _) => expected("error", 0, 0, Ends::AtOnce),
        // A malformed id is an unknown one.
        (Refused | Gone, _) => expected("not_found", 0, 0, Ends::AtOnce),
        (Passing | Unconnected | Nonsense | Limited, Length::Once | Length::Burst) => well(variant, 1),
        (Passing | Unconnected, Length::Endless) => expected("error", 0, 0, Ends::At),
        (Nonsense | Limited, Length::Endless) => expected("error", 0, 0, Ends::By),
    }
}

fn asking(variant: Variant, sense: Sense) -> Expected {
    use Sense::*;
    let Variant { length, processed, .. } = variant;
    let faults = length.many(variant.cell.phase);
    match sense {
        Whole => well(variant, 1),
        Yes if processed => well(variant, 1),
        // Who says yes and does nothing cannot be told from somebody slow.
        Yes if variant.cell.phase == Phase::Ask => expected("requested", 0, 1, Ends::Before),
        Yes => expected("timed_out", 0, 1, Ends::At),
        // It took effect, which reading shows, so it is not sent again; nor is it `requested`, without a yes.
        Passing | Nonsense if processed => by_its_end(variant, 1, 1),
        Passing | Nonsense if variant.course == Course::Races => by_its_end(variant, 0, 1),
        Passing | Nonsense if faults < 3 => well(variant, faults + 1),
        Passing | Nonsense => expected("error", 0, 3, Ends::Before),
        Unconnected if length != Length::Endless => well(variant, faults + 1),
        Unconnected => Expected { sends: None, ..expected("timed_out", 0, 0, Ends::At) },
        Limited if length == Length::Once => well(variant, 2),
        Limited => Expected { sends: None, ..expected("timed_out", 0, 0, Ends::By) },
        Barred => expected("timed_out", 0, 1, Ends::AtOnce),
        // Read once more, it is still in flight.
        Refused | Objected | Denied | Gone | Elsewhere | Unsendable => expected("error", 0, 1, Ends::AtOnce),
    }
}

fn watching(variant: Variant, sense: Sense) -> Expected {
    use Sense::*;
    match (sense, variant.length) {
        // It can be seen no more, and that does not get better. A 400 may.
        (Denied | Gone, _) => expected("error", 1, 1, Ends::AtOnce),
        (Whole | Yes, _) | (_, Length::Once | Length::Burst) if sense != Barred => well(variant, 1),
        (Barred, _) => expected("timed_out", 1, 1, Ends::AtOnce),
        (Limited, _) => expected("timed_out", 1, 1, Ends::By),
        _ => expected("timed_out", 1, 1, Ends::At),
    }
}
