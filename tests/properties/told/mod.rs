//! A run with other people's words in every place of it, told on every CI system, and read back by the models of all of
//! them: no command that is not ours, and every value as it was.

use std::ffi::OsString;
use std::sync::{Arc, Mutex};

use cancel_deployment::ci::{self, Console};
use cancel_deployment::input::env::Env;
use cancel_deployment::model::outcome::Level;
use cancel_deployment::model::signal::{Received, Signals};
use cancel_deployment::report::{Annotation, Report};
use cancel_deployment::text::sanitizer::Sanitizer;
use cancel_deployment::text::secret::Secret;
use tokio::sync::watch;

#[path = "../../models/mod.rs"]
#[allow(dead_code, reason = "other users of the models need the rest")]
mod models;
mod player;
mod reading;
mod scribe;

use player::report;
use reading::{Reading, output_files, told_whole};
use scribe::{Heard, Scribe, variables};

/// What happens to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Canceled,
    Live,
    Failed,
    Refused,
    Unclear,
    Missing,
}

const ENDS: [End; 6] = [End::Canceled, End::Live, End::Failed, End::Refused, End::Unclear, End::Missing];

/// One deployment in other people's words.
#[derive(Clone, Debug)]
pub struct Said {
    pub end: End,
    /// As the user wrote it, and as the platform has it.
    pub id: String,
    pub own_id: String,
    pub before: String,
    pub after: String,
    pub url: String,
    pub branch: String,
    pub commit: String,
    pub target: String,
    pub note: String,
    pub refusal: String,
    pub request_id: String,
    pub hint: String,
    pub fact: String,
    pub sentence: String,
}

/// A whole run in other people's words.
#[derive(Clone, Debug)]
pub struct Tale {
    pub deployments: Vec<Said>,
    /// Instead of deployments: faults of the inputs, or an end of the whole run.
    pub faults: Vec<String>,
    pub whole: Option<String>,
    pub asked: String,
    pub line: String,
    pub title: String,
    pub text: String,
    pub token: String,
    pub summary: bool,
}

/// How many texts a deployment and the rest of a run have.
const EACH: usize = 14;
const REST: usize = 5;

impl Tale {
    /// A tale of as many deployments as `ends` has, with these texts one after the other, again and again.
    pub fn of(ends: &[usize], texts: &[String], summary: bool) -> Self {
        let mut texts = texts.iter().cycle().cloned();
        let mut next = || texts.next().unwrap_or_default();
        let said = |end: &usize| Said {
            end: ENDS[end % ENDS.len()],
            id: next(),
            own_id: next(),
            before: next(),
            after: next(),
            url: next(),
            branch: next(),
            commit: next(),
            target: next(),
            note: next(),
            refusal: next(),
            request_id: next(),
            hint: next(),
            fact: next(),
            sentence: next(),
        };
        let deployments: Vec<_> = ends.iter().map(said).collect();
        let alone = deployments.is_empty();
        Self {
            deployments,
            faults: if alone && !summary { vec![next(), next()] } else { Vec::new() },
            whole: (alone && summary).then(&mut next),
            asked: next(),
            line: next(),
            title: next(),
            text: next(),
            // The only ends of lines that a runner knows.
            token: next().replace(['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], ""),
            summary,
        }
    }

    /// How many texts such a tale takes at most.
    pub fn texts(deployments: usize) -> usize {
        deployments * EACH + REST + 2
    }

    /// From any bytes: the first says how many deployments there are and how they end, the rest are texts between bytes
    /// that no text has.
    pub fn from_bytes(input: &[u8]) -> Self {
        let [first, rest @ ..] = input else {
            return Self::of(&[0], &[], true);
        };
        let texts: Vec<_> =
            rest.split(|byte| *byte == 0xff).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        let first = usize::from(*first);
        let ends: Vec<_> = (0..first % 3).map(|n| first / 3 + n).collect();
        Self::of(&ends, &texts, first & 0x80 == 0)
    }
}

/// Whether shells are started as well, to see what they make of files that they read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shells {
    Started,
    Spared,
}

/// Tells a tale everywhere, and reads it back.
pub fn check(tale: &Tale, shells: Shells) {
    check_on(tale, ci::names(), shells);
    let folder = tempfile::tempdir().expect("a folder");
    let report = report(tale, &Arc::new(Sanitizer::default()));
    output_files(&report, folder.path(), shells);
}

/// Tells it on some CI systems, and reads it back.
pub fn check_on(tale: &Tale, names: impl Iterator<Item = &'static str>, shells: Shells) {
    let sanitizer = Arc::new(Sanitizer::default());
    let report = report(tale, &sanitizer);
    told_whole(tale, &report, &sanitizer);
    for ci in names {
        let heard = tell(tale, &report, ci);
        let log = heard.log();
        let reading = Reading { ci, tale, report: &report, heard: &heard, log };
        reading.check(shells);
    }
}

/// The whole run as the program tells it, on that CI system.
fn tell(tale: &Tale, report: &Report, ci: &str) -> Heard {
    let heard = Arc::new(Mutex::new(Heard::default()));
    let set = variables(ci).iter();
    let env = Env::new(set.map(|(name, value)| (OsString::from(name), OsString::from(value))));
    let scribe = Scribe { ci: ci::here(&env, Some(ci)), heard: Arc::clone(&heard) };
    let (_sender, signals): (_, Signals) = watch::channel(Received::default());
    let sanitizer = Arc::default();
    let mut console = Console::new(Box::new(scribe), true, signals, sanitizer, Box::new(|_, _| ()));
    let token = [Secret::from(tale.token.clone())];
    console.mask(&token, &token);
    console.open_group(&report.asked.to_string());
    console.log(&tale.line);
    console.debug(&|| tale.line.clone());
    console.close_group();
    let largest = console.ci().largest_deployments();
    console.outputs(&report.outputs(largest));
    console.warn(&tale.text);
    console.annotate(&extra(tale));
    console.publish(report, tale.summary);
    if ci == "gitlab" {
        console.ci().beside_output_file("dir/x.env", report);
    }
    drop(console);
    let mut heard = heard.lock().expect("nobody panicked");
    std::mem::take(&mut *heard)
}

/// An annotation that is other people's words from the first to the last.
fn extra(tale: &Tale) -> Annotation {
    let shown = |text: &String| Sanitizer::default().redact(text);
    Annotation::new(Level::Error, shown(&tale.title), shown(&tale.text))
}

/// What stays of a text however it was cleaned, broken or escaped: what people can see, but for blanks and backslashes.
fn bare(text: &str) -> String {
    let stays = |c: &char| !c.is_control() && !c.is_whitespace() && *c != '\\';
    models::heard(text).chars().filter(stays).collect()
}

#[track_caller]
fn same(one: &str, other: &str) {
    assert_eq!(bare(one), bare(other), "{one:?} {other:?}");
}
