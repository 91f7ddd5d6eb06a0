//! How a run is told: outputs, annotations and the summary, as values that are not yet printed anywhere.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::cancel::{Procedure, Verdict};
use crate::model::about::About;
use crate::model::deployment::{Deployment, State};
use crate::model::id::Id;
use crate::model::outcome::{FailOn, Level, Outcome};
use crate::text::markdown::{code, prose};
use crate::text::sanitizer::{Sanitizer, break_commands, break_commands_in_json, break_marks};

/// The names of all outputs, in their order.
pub const OUTPUTS: [(&str, &str); 13] = [
    ("outcome", "What came of the run; the worst one when there are several deployments."),
    ("canceled", "`true` only if every deployment ended canceled."),
    (
        "went_live",
        "`true` if any deployment ended succeeded, `unknown` while any is in flight or was never read, or where nobody can tell whether one that is live was meant, else `false`.",
    ),
    ("state", "Where the deployment stands, in our words."),
    ("platform_state", "The platform's own word for it."),
    ("previous_state", "The platform's word at the first read."),
    ("deployment_id", "The deployment; the worst one when there are several."),
    ("deployment_url", "A page for people, where there is one."),
    ("reason", "One sentence that says why."),
    ("duration_seconds", "How long the run took, with one decimal."),
    ("count", "How many deployments were given."),
    ("canceled_count", "How many ended canceled."),
    ("deployments", "All of them as a JSON array, an object each."),
];

/// The outputs of a CI system together hold more, but nobody's interface is meant for more.
pub const LARGEST_DEPLOYMENTS: usize = 100 * 1024;
/// A larger summary is refused by those who show it.
const LARGEST_SUMMARY: usize = 1024 * 1024;
/// More annotations than this are not shown.
const MOST_ANNOTATIONS: usize = 10;

/// One deployment as it is told.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    platform: &'static str,
    deployment_id: String,
    deployment_url: Option<String>,
    #[serde(serialize_with = "outcome_word")]
    outcome: Outcome,
    canceled: bool,
    went_live: &'static str,
    state: Option<&'static str>,
    platform_state: Option<String>,
    previous_state: Option<String>,
    reason: String,
    branch: Option<String>,
    commit: Option<String>,
    target: Option<String>,
    created_at: Option<Timestamp>,
    #[serde(serialize_with = "one_decimal")]
    duration_seconds: f64,
    http_status: Option<u16>,
    request_id: Option<String>,
    timeline: Vec<StateChange>,
    details: Map<String, Value>,
    #[serde(skip)]
    hint: String,
    /// No request for it was sent.
    #[serde(skip)]
    untouched: bool,
}

/// A platform's word and when it was seen first.
#[derive(Clone, Debug, Serialize)]
struct StateChange {
    #[serde(serialize_with = "one_decimal")]
    seconds: f64,
    platform_state: String,
}

/// An annotation: a level, a title and a text, none of them escaped yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How loud.
    pub level: Level,
    /// A few words.
    pub title: String,
    /// One or two sentences.
    pub text: String,
}

/// The whole story of a run.
#[derive(Debug)]
pub struct Report {
    /// The platform, once known.
    pub platform: Option<&'static About>,
    /// What was asked, in a few words.
    pub asked: String,
    /// One each, in the order given.
    pub deployments: Vec<Told>,
    /// What fails the step.
    pub fail_on: FailOn,
    /// How it ended for the whole run, when there was no deployment to tell of.
    pub whole: Option<Verdict>,
    /// Faults of the inputs, when there was no run.
    pub faults: Vec<String>,
    /// How long the run took.
    pub took: Duration,
}

impl Told {
    /// One deployment's story.
    pub fn new(about: &'static About, id: &Id, procedure: &Procedure, cleaner: &Sanitizer) -> Self {
        let last = procedure.last();
        let ending = procedure.ending();
        let (outcome, reason, hint) = match ending {
            Some(ending) => (ending.outcome, cleaner.ours(&ending.reason), cleaner.ours(&ending.hint)),
            None => (Outcome::Interrupted, PROVISIONAL.to_owned(), String::new()),
        };
        let sent = procedure.sent();
        let said = |text: Option<&String>| text.map(|text| cleaner.value(text));
        Self {
            platform: about.id,
            deployment_id: cleaner.value(last.map_or(id.as_str(), |last| &last.id)),
            deployment_url: last.and_then(|last| last.url.clone()),
            outcome,
            canceled: matches!(outcome, Outcome::Canceled | Outcome::AlreadyFinished)
                && last.is_some_and(|last| last.state == State::Canceled),
            went_live: went_live(outcome, last),
            state: last.map(|last| last.state.word()),
            platform_state: last.map(|last| last.platform_state.clone()),
            previous_state: procedure.first_word().map(str::to_owned),
            reason,
            branch: said(last.and_then(|last| last.branch.as_ref())),
            commit: said(last.and_then(|last| last.commit.as_ref())),
            target: said(last.and_then(|last| last.target.as_ref())),
            created_at: last.and_then(|last| last.created),
            duration_seconds: procedure.took().as_secs_f64(),
            http_status: sent.and_then(|sent| sent.status),
            request_id: sent.and_then(|sent| sent.request_id.clone()),
            timeline: timeline(procedure),
            details: last.map(|last| last.details.clone()).unwrap_or_default(),
            hint,
            untouched: procedure.is_untouched(),
        }
    }

    /// What came of it.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether it is there, this run was about to stop it, and nobody knows whether it goes live.
    fn is_unseen(&self) -> bool {
        self.went_live == "unknown" && !matches!(self.outcome, Outcome::NotFound | Outcome::DryRun)
    }

    /// A page for people, as a link may name it.
    fn page(&self) -> Option<&str> {
        self.deployment_url.as_deref().filter(|url| is_linkable(url))
    }

    fn sentence(&self) -> String {
        if self.hint.is_empty() { self.reason.clone() } else { format!("{} {}", self.reason, self.hint) }
    }
}

/// The reason of the outputs that are written when the first cancel request goes out.
const PROVISIONAL: &str = "The cancel request was sent, then this run ended without a word; the end was not seen.";

fn timeline(procedure: &Procedure) -> Vec<StateChange> {
    let moment =
        |(at, word): &(Duration, String)| StateChange { seconds: at.as_secs_f64(), platform_state: word.clone() };
    procedure.timeline().iter().map(moment).collect()
}

impl Told {
    /// What became of it, in words for a heading.
    fn headline(&self) -> &'static str {
        match self.outcome {
            Outcome::Completed if self.went_live == "false" => "Finished before it could be canceled",
            Outcome::Error if self.untouched => NOTHING_CANCELED,
            outcome => headline(outcome),
        }
    }
}

fn went_live(outcome: Outcome, last: Option<&Deployment>) -> &'static str {
    match last.map(|last| last.state) {
        _ if outcome == Outcome::NothingToCancel => "false",
        Some(State::Succeeded) if last.is_some_and(Deployment::went_live) => "true",
        Some(State::Succeeded | State::Canceled | State::Failed | State::Superseded) => "false",
        _ => "unknown",
    }
}

fn outcome_word<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.word())
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn one_decimal<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((seconds * 10.0).round() / 10.0)
}

impl Report {
    /// The worst outcome.
    pub fn outcome(&self) -> Outcome {
        let worst = self.deployments.iter().map(Told::outcome).min();
        let whole = self.whole.as_ref().map(|whole| whole.outcome);
        worst.or(whole).unwrap_or(Outcome::Error)
    }

    fn worst(&self) -> Option<&Told> {
        self.deployments.iter().min_by_key(|told| told.outcome)
    }

    fn canceled_count(&self) -> usize {
        self.deployments.iter().filter(|told| told.canceled).count()
    }

    fn went_live(&self) -> &'static str {
        let any = |word| self.deployments.iter().any(|told| told.went_live == word);
        if any("true") {
            "true"
        } else if any("unknown") || !self.faults.is_empty() || self.is_unreadable() {
            // With bad input, or without a list, nothing was looked at, so nobody knows.
            "unknown"
        } else {
            "false"
        }
    }

    /// The faults of the inputs, each once; of more than ten the first nine, and one line that counts the rest.
    fn shown_faults(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut faults: Vec<_> = self.faults.iter().filter(|it| seen.insert(*it)).collect();
        if faults.len() <= MOST_ANNOTATIONS {
            return faults.into_iter().cloned().collect();
        }
        let more = faults.split_off(MOST_ANNOTATIONS - 1).len();
        let rest = format!("And {more} more faults like these.");
        faults.into_iter().cloned().chain([rest]).collect()
    }

    /// One sentence for the whole run.
    pub fn reason(&self) -> String {
        match (self.worst(), self.deployments.len()) {
            (None, _) if !self.faults.is_empty() => {
                let faults = self.shown_faults();
                let faults: Vec<_> = faults.iter().map(|fault| fault.trim_end_matches('.')).collect();
                format!("The inputs are not right, and nothing was sent: {}.", faults.join("; "))
            }
            (None, _) => self.whole.as_ref().map(|whole| whole.reason.clone()).unwrap_or_default(),
            (Some(only), 1) => only.reason.clone(),
            (Some(worst), count) => {
                format!(
                    "{}; {} is {}: {}",
                    self.tally(&format!("of {count}")),
                    worst.deployment_id,
                    worst.outcome,
                    worst.reason
                )
            }
        }
    }

    /// Every output, by name, fit for any CI system: no line break, nothing that could act as a command. `largest` is
    /// the size of `deployments`.
    pub fn outputs(&self, largest: usize) -> Vec<(&'static str, String)> {
        let worst = self.worst();
        let of_worst = |field: fn(&Told) -> Option<String>| worst.and_then(field).unwrap_or_default();
        let value = |name: &str| match name {
            "outcome" => self.outcome().to_string(),
            "canceled" => (!self.deployments.is_empty() && self.canceled_count() == self.deployments.len()).to_string(),
            "went_live" => self.went_live().to_owned(),
            "state" => of_worst(|told| told.state.map(str::to_owned)),
            "platform_state" => of_worst(|told| told.platform_state.clone()),
            "previous_state" => of_worst(|told| told.previous_state.clone()),
            "deployment_id" => of_worst(|told| Some(told.deployment_id.clone())),
            "deployment_url" => of_worst(|told| told.deployment_url.clone()),
            "reason" => self.reason(),
            "duration_seconds" => format!("{:.1}", self.took.as_secs_f64()),
            "count" => self.deployments.len().to_string(),
            "canceled_count" => self.canceled_count().to_string(),
            _ => self.small_deployments(largest).0,
        };
        let safe = |name: &str| match name {
            "deployments" => value(name),
            _ => break_commands(&value(name)),
        };
        OUTPUTS.iter().map(|(name, _)| (*name, safe(name))).collect()
    }

    /// All deployments as one compact line of JSON, whole.
    pub fn whole_deployments(&self) -> String {
        json(&self.deployments)
    }

    /// The same under the size limit, and how many had to be left out: first the timelines go, then the details, then
    /// the deployments with the best outcomes.
    pub fn small_deployments(&self, largest: usize) -> (String, usize) {
        let all = self.deployments.len();
        let (whole, kept) = joined(self.deployments.iter().cloned(), largest);
        if kept == all {
            return (whole, 0);
        }
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        let short = |told: &&Told| Told { timeline: Vec::new(), ..(*told).clone() };
        let (text, kept) = joined(sorted.iter().map(short), largest);
        if kept == all {
            return (text, 0);
        }
        let bare = |told: &&Told| Told { details: Map::new(), ..short(told) };
        let (text, kept) = joined(sorted.iter().map(bare), largest);
        (text, all - kept)
    }

    /// One annotation a deployment, the worst first; more than ten are the worst nine and one that counts the rest.
    pub fn annotations(&self) -> Vec<Annotation> {
        if !self.faults.is_empty() {
            let input =
                |text: &String| Annotation { level: Level::Error, title: "Bad input".to_owned(), text: text.clone() };
            return self.shown_faults().iter().map(input).collect();
        }
        if let Some(whole) = self.whole.as_ref().filter(|_| self.deployments.is_empty()) {
            return vec![Annotation {
                level: self.fail_on.level(whole.outcome),
                title: whole_headline(whole.outcome).to_owned(),
                text: whole_sentence(whole),
            }];
        }
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        let shown = if sorted.len() > MOST_ANNOTATIONS { MOST_ANNOTATIONS - 1 } else { sorted.len() };
        let (first, rest) = sorted.split_at(shown);
        let mut annotations: Vec<_> = first.iter().map(|told| self.annotation(told)).collect();
        if !rest.is_empty() {
            annotations.push(Annotation {
                level: rest.iter().map(|told| self.level_of(told)).max().unwrap_or(Level::Notice),
                title: format!("{} more deployments", rest.len()),
                text: format!("{}.", count_outcomes(rest)),
            });
        }
        annotations
    }

    /// How loudly a deployment is told. One that had ended already is worth a look where nobody knows whether it is live.
    fn level_of(&self, told: &Told) -> Level {
        let level = self.fail_on.level(told.outcome);
        if told.outcome == Outcome::AlreadyFinished && told.went_live == "unknown" {
            level.max(Level::Warning)
        } else {
            level
        }
    }

    fn annotation(&self, told: &Told) -> Annotation {
        Annotation {
            level: self.level_of(told),
            title: format!("{}: {}", told.headline(), told.deployment_id),
            text: told.sentence(),
        }
    }

    /// The job summary in Markdown.
    pub fn summary(&self) -> String {
        let mut text = format!("### {} {}\n\n", self.icon(), prose(&self.title()));
        if !self.faults.is_empty() {
            for fault in self.shown_faults() {
                let _ = writeln!(text, "- {}", prose(&fault));
            }
            text.push_str("\nNothing was sent. Correct the inputs and run the job again.\n");
            return cap(text);
        }
        let _ = writeln!(text, "**Asked:** {}\n", prose(&self.asked));
        if self.outcome() != Outcome::NothingToCancel || self.is_unreadable() {
            let _ = writeln!(text, "**Did it go live?** {}\n", self.live_sentence());
        }
        if let Some(whole) = self.whole.as_ref().filter(|_| self.deployments.is_empty()) {
            let _ = writeln!(text, "**Why:** {}", prose(&whole_sentence(whole)));
            return cap(text);
        }
        self.add_table(&mut text);
        if let [only] = self.deployments.as_slice() {
            let _ = writeln!(text, "\n**Why:** {}", prose(&only.sentence()));
            add_timeline(&mut text, only);
        } else {
            self.add_reasons(&mut text);
        }
        self.add_next_steps(&mut text);
        cap(text)
    }

    /// The same for people without Markdown: a few short lines.
    pub fn plain_summary(&self) -> Vec<String> {
        let mut lines = vec![self.title()];
        let faults = self.shown_faults().into_iter();
        lines.extend(faults.map(|fault| format!("  {fault}")));
        if !self.faults.is_empty() {
            return lines;
        }
        lines.extend(self.whole.iter().map(|whole| format!("  {}", whole_sentence(whole))));
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        for told in sorted {
            let word =
                |word: &Option<String>| word.clone().filter(|word| !word.is_empty()).unwrap_or_else(|| "?".to_owned());
            let change = format!("{} → {}", word(&told.previous_state), word(&told.platform_state));
            lines
                .push(format!("  {}: {} ({change}, {:.1} s)", told.deployment_id, told.outcome, told.duration_seconds));
            lines.push(format!("    {}", told.sentence()));
        }
        // Here the reasons stand above.
        let live = self.live_sentence().replace('*', "");
        lines.push(format!("  Did it go live? {}", live.replace(": see below", "")));
        if self.went_live() == "true" {
            lines.push(format!("  {}", self.how_to_go_back()));
        }
        lines
    }

    /// What came of several, as far as this run goes: one that sends nothing or does not wait sees no end.
    fn tally(&self, of_all: &str) -> String {
        let count = |outcome| {
            let all = self.deployments.iter();
            all.filter(|told| told.outcome == outcome).count()
        };
        let canceled = self.canceled_count();
        match (count(Outcome::DryRun), count(Outcome::Requested)) {
            (0, 0) => format!("{canceled} {of_all} ended canceled"),
            (0, requested) => {
                let asked = if requested == 1 { "was" } else { "were" };
                let seen = match canceled {
                    0 => String::new(),
                    _ => format!(", and {canceled} ended canceled"),
                };
                format!("{requested} {of_all} {asked} asked to cancel and not waited for{seen}")
            }
            (would, _) => format!("Dry run: {would} {of_all} would be asked to cancel"),
        }
    }

    /// The summary's heading as a sentence.
    pub fn title(&self) -> String {
        let name = self.platform.map_or("", |about| about.name);
        match (self.deployments.as_slice(), self.faults.is_empty()) {
            (_, false) => format!("{NOTHING_CANCELED}: the inputs are not right"),
            ([], true) => format!("{} on {name}", whole_headline(self.outcome())),
            ([only], true) => format!("{}: {} on {name}", only.headline(), only.deployment_id),
            (many, true) => self.tally(&format!("of {} deployments on {name}", many.len())),
        }
    }

    fn icon(&self) -> &'static str {
        match self.level() {
            Level::Error => "❌",
            Level::Warning => "⚠️",
            Level::Notice if self.all_canceled() => "✅",
            Level::Notice => "ℹ️",
        }
    }

    /// The pages of the deployments by their ids, the worst outcome first.
    pub fn links(&self) -> Vec<(&str, &str)> {
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        let link = |told: &'_ &'_ Told| told.deployment_url.as_deref().is_some_and(is_linkable);
        sorted.retain(link);
        sorted
            .into_iter()
            .filter_map(|told| Some((told.deployment_id.as_str(), told.deployment_url.as_deref()?)))
            .collect()
    }

    /// Whether everything that was asked for has happened.
    pub fn all_canceled(&self) -> bool {
        !self.deployments.is_empty() && self.deployments.iter().all(|told| told.canceled)
    }

    /// Whether it ended before anything was seen, or what was seen leaves open which deployment was meant.
    fn is_unreadable(&self) -> bool {
        let whole = self.whole.as_ref();
        whole.is_some_and(|whole| whole.outcome != Outcome::NothingToCancel || whole.perhaps_live)
    }

    /// The outcomes that decide the exit.
    pub fn outcomes(&self) -> Vec<Outcome> {
        match self.deployments.as_slice() {
            [] => vec![self.outcome()],
            some => some.iter().map(Told::outcome).collect(),
        }
    }

    /// The loudest level of the run.
    pub fn level(&self) -> Level {
        let levels = self.deployments.iter().map(|told| self.level_of(told));
        let whole = self.whole.as_ref().map(|whole| self.fail_on.level(whole.outcome));
        levels.max().or(whole).unwrap_or(Level::Error)
    }

    fn live_sentence(&self) -> String {
        let live = self.live().count();
        match (self.went_live(), self.deployments.len()) {
            ("true", 1) => "**Yes.**".to_owned(),
            ("true", all) => format!("**Yes, {live} of {all}.**"),
            ("false", _) => "No.".to_owned(),
            _ => "Not known: see below.".to_owned(),
        }
    }

    fn live(&self) -> impl Iterator<Item = &Told> {
        let mut live: Vec<_> = self.deployments.iter().collect();
        live.retain(|told| told.went_live == "true");
        live.sort_by_key(|told| told.outcome);
        live.into_iter()
    }

    /// The worst of those that went live in production, which is what the platform's way back is about. Where
    /// deployments have targets, all platforms call that one the same.
    fn goes_back(&self) -> Option<&Told> {
        self.live().find(|told| told.target.as_deref().is_none_or(|target| target == "production"))
    }

    fn how_to_go_back(&self) -> String {
        match self.platform.filter(|_| self.goes_back().is_some()) {
            Some(about) => format!("To go back: {}", about.way_back),
            None => "This is not production: what production serves has not changed.".to_owned(),
        }
    }

    /// Why those of several ended as they did that somebody has to look at; a row of the table does not say it.
    fn add_reasons(&self, text: &mut String) {
        let mut loud: Vec<_> = self.deployments.iter().collect();
        loud.retain(|told| self.level_of(told) > Level::Notice);
        loud.sort_by_key(|told| told.outcome);
        let told = |told: &Told| {
            let (id, sentence) = (code(&told.deployment_id), prose(&told.sentence()));
            format!("{id}: {sentence}")
        };
        match loud.as_slice() {
            [] => return,
            [only] => {
                let _ = writeln!(text, "\n**Why:** {}", told(only));
                return;
            }
            _ => text.push_str("\n**Why:**\n\n"),
        }
        for one in loud.iter().take(MOST_ANNOTATIONS) {
            let _ = writeln!(text, "- {}", told(one));
        }
        if loud.len() > MOST_ANNOTATIONS {
            let more: Vec<_> = loud.split_off(MOST_ANNOTATIONS);
            let _ = writeln!(text, "- {} more: {}.", more.len(), count_outcomes(&more));
        }
    }

    fn add_table(&self, text: &mut String) {
        text.push_str("| deployment | before | after | outcome | time |\n| --- | --- | --- | --- | --- |\n");
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        for (index, told) in sorted.iter().enumerate() {
            if text.len() > LARGEST_SUMMARY / 2 {
                let _ = writeln!(text, "\n{} more deployments are not listed here.", sorted.len() - index);
                break;
            }
            let link = |url: &String| format!("[{}]({url})", code(&told.deployment_id));
            let id = told
                .deployment_url
                .as_ref()
                .filter(|url| is_linkable(url))
                .map_or_else(|| code(&told.deployment_id), link);
            let word = |word: &Option<String>| {
                word.as_deref().filter(|word| !word.is_empty()).map_or_else(|| "–".to_owned(), code)
            };
            let _ = writeln!(
                text,
                "| {id} | {} | {} | {} {} | {:.1} s |",
                word(&told.previous_state),
                word(&told.platform_state),
                self.icon_of(told),
                told.outcome,
                told.duration_seconds
            );
        }
    }

    fn icon_of(&self, told: &Told) -> &'static str {
        match self.level_of(told) {
            Level::Error => "❌",
            Level::Warning => "⚠️",
            Level::Notice if told.canceled => "✅",
            Level::Notice => "ℹ️",
        }
    }

    fn add_next_steps(&self, text: &mut String) {
        let Some(about) = self.platform else { return };
        let canceled = |told: &&Told| told.outcome == Outcome::Canceled;
        // It says what is so after a cancellation that took effect, and that nothing new is live.
        if self.went_live() == "false" && self.deployments.iter().any(|told| canceled(&told)) {
            let _ = writeln!(text, "\n**Not undone by cancelling:** {}", prose(about.caveat));
        }
        let another = |told: &Told| told.details.get("superseded_another") == Some(&Value::Bool(true));
        if self.deployments.iter().filter(canceled).any(another) {
            text.push_str("\n**Mind:** it had itself superseded another deployment, so the app goes back to that one's version, not to the last one that had gone live.\n");
        }
        let live: Vec<_> = self.live().collect();
        if let Some(first) = self.goes_back().or(live.first().copied()) {
            let which = match live.len() {
                _ if self.deployments.len() == 1 => "it is live".to_owned(),
                1 => format!("{} is live", code(&first.deployment_id)),
                many => format!("{many} of them are live"),
            };
            let whose = if live.len() == 1 { "its" } else { "this one's" };
            let page = first.page();
            let page = page.map(|url| format!(" ([open {whose} page]({url}))")).unwrap_or_default();
            let _ = writeln!(text, "\n**Next:** {which}. {}{page}", prose(&self.how_to_go_back()));
            return;
        }
        let unseen = self.deployments.iter().filter(|told| told.is_unseen());
        let mut unseen: Vec<_> = unseen.collect();
        unseen.sort_by_key(|told| told.outcome);
        let Some(first) = unseen.iter().find(|told| told.page().is_some()).or(unseen.first()) else { return };
        let id = code(&first.deployment_id);
        let place = match first.page() {
            Some(url) => format!("[{id}]({url})"),
            None => format!("{id} on {}", prose(about.name)),
        };
        let others = match unseen.len() {
            1 => String::new(),
            many => format!(" and at {} more", many - 1),
        };
        let _ = writeln!(text, "\n**Next:** look at {place}{others} before you decide: nobody has seen how it ends.");
    }
}

fn add_timeline(text: &mut String, told: &Told) {
    if told.timeline.is_empty() {
        return;
    }
    let moment = |moment: &StateChange| format!("{:.1} s {}", moment.seconds, code(&moment.platform_state));
    let line: Vec<_> = told.timeline.iter().map(moment).collect();
    let _ = writeln!(text, "\n**Seen:** {}", line.join(" → "));
}

/// A platform's page: `https`, and nothing in it that could end a Markdown link.
fn is_linkable(url: &str) -> bool {
    url.starts_with("https://") && url.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/?#%=&+,@".contains(c))
}

/// What is known where no request was sent.
const NOTHING_CANCELED: &str = "Nothing was canceled";

/// What became of a run that has no deployment to tell of, in words for a heading: it sent nothing.
fn whole_headline(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Error => NOTHING_CANCELED,
        outcome => headline(outcome),
    }
}

/// An outcome in words for a heading.
fn headline(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Error => "Not known to be canceled",
        Outcome::NotFound => "Not found",
        Outcome::TimedOut => "Not ended in time",
        Outcome::Interrupted => "Interrupted",
        Outcome::Completed => "Went live before it could be canceled",
        Outcome::AlreadyLive => "Was live already",
        Outcome::Failed => "Failed by itself",
        Outcome::Superseded => "Superseded by a newer one",
        Outcome::Requested => "Cancellation requested",
        Outcome::Canceled => "Canceled",
        Outcome::AlreadyFinished => "Had ended already",
        Outcome::Skipped => "Skipped",
        Outcome::DryRun => "Dry run",
        Outcome::NothingToCancel => "Nothing to cancel",
    }
}

fn count_outcomes(deployments: &[&Told]) -> String {
    let of = |outcome| deployments.iter().filter(|told| told.outcome == outcome).count();
    let counts = Outcome::ALL.into_iter().map(|outcome| (of(outcome), outcome)).filter(|(count, _)| *count > 0);
    counts.map(|(count, outcome)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    break_commands_in_json(&serde_json::to_string(value).unwrap_or_else(|_| "[]".to_owned()))
}

/// As many of them as there is room for, as one line, and how many these are. What has no room costs nothing.
fn joined<T: Serialize>(items: impl Iterator<Item = T>, largest: usize) -> (String, usize) {
    let mut text = "[".to_owned();
    let mut kept = 0;
    for item in items {
        let comma = if kept == 0 { "" } else { "," };
        let next = json(&item);
        if text.len() + comma.len() + next.len() + "]".len() >= largest {
            break;
        }
        text.push_str(comma);
        text.push_str(&next);
        kept += 1;
    }
    text.push(']');
    (text, kept)
}

fn cap(mut text: String) -> String {
    const LAST_LINE: &str = "\n\nThe rest was cut: a summary has at most 1 MiB.\n";
    if text.len() > LARGEST_SUMMARY {
        let mut end = LARGEST_SUMMARY - LAST_LINE.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(LAST_LINE);
    }
    text
}

fn whole_sentence(whole: &Verdict) -> String {
    if whole.hint.is_empty() { whole.reason.clone() } else { format!("{} {}", whole.reason, whole.hint) }
}

/// The id of a deployment as log lines show it.
pub fn shown_id(id: &Id, cleaner: &Sanitizer) -> String {
    break_marks(&cleaner.value(id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(faults: Vec<String>) -> Report {
        Report {
            platform: None,
            asked: String::new(),
            deployments: Vec::new(),
            fail_on: FailOn::default(),
            whole: None,
            faults,
            took: Duration::ZERO,
        }
    }

    #[test]
    fn of_many_faults_the_first_nine_are_told_and_the_rest_is_counted() {
        let fault = |n: usize| format!("`deployment_id` is bad in way {n}.");
        for (count, told) in [(1, 1), (10, 10), (11, 10), (40_000, 10)] {
            let report = faulty((0..count).map(fault).collect());
            let annotations = report.annotations();
            assert_eq!(annotations.len(), told);
            let last = annotations.last().map(|last| last.text.clone());
            let rest = format!("And {} more faults like these.", count.saturating_sub(9));
            let expected = if count > 10 { rest } else { fault(count - 1) };
            assert_eq!(last, Some(expected));
            assert!(report.reason().len() < 2000 && report.summary().len() < 2000);
            assert_eq!(report.plain_summary().len(), 1 + told);
        }
    }

    /// As the size shrinks, whole ones go the way of their order, and what is left is JSON below that size.
    #[test]
    fn what_has_no_room_is_left_out_from_the_end() {
        let text = |which: usize| format!("::##[{which}");
        let told = |largest: usize| -> (usize, usize) {
            let texts = (0..100).map(text);
            let (json, kept) = joined(texts, largest);
            let read: Vec<String> = serde_json::from_str(&json).unwrap();
            assert!(json.len() < largest.max(3) && read.iter().cloned().eq((0..kept).map(text)), "{json}");
            (json.len(), kept)
        };
        let (whole, kept) = told(usize::MAX);
        assert_eq!((kept, told(whole + 1).1, told(whole).1), (100, 100, 99));
        assert_eq!((told(0).1, told(3).1), (0, 0));
    }

    #[test]
    fn equal_faults_are_one() {
        let report = faulty(vec!["bad.".to_owned(), "odd.".to_owned(), "bad.".to_owned()]);
        assert_eq!(report.annotations().len(), 2);
    }
}
