//! What is told while a run goes on: a line when a state changes, a sign of life, and the provisional outputs once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::api::Listener;
use crate::ci::Console;
use crate::input::Spelling;
use crate::platform::PlatformInfo;
use crate::report::{DeploymentReport, Report, our_word, shown_id};
use crate::run::{Observer, Task, Waiting};
use crate::settings::Common;
use crate::telling::{lock, nothing_yet};
use crate::text::sanitizer::Sanitizer;
use crate::text::secret::Secret;
use crate::text::time::spoken;

/// Tells what happens while it happens: a line when a state changes, and the provisional outputs once.
pub(crate) struct ProgressLog<'a> {
    pub(crate) voice: Voice,
    pub(crate) sanitizer: &'a Sanitizer,
    pub(crate) entry: &'static PlatformInfo,
    pub(crate) common: &'a Common,
    pub(crate) spelling: &'a Spelling,
    pub(crate) told: bool,
    /// When the last line was said.
    pub(crate) said: Instant,
}

/// What the console is told while a run goes on, each line with the time since its start.
pub(crate) struct Voice {
    pub(crate) console: Arc<Mutex<Console>>,
    pub(crate) start: Instant,
}

impl Voice {
    /// How long ago that time of the run was.
    fn ago(&self, since: Duration) -> String {
        spoken(self.start.elapsed().saturating_sub(since))
    }

    fn say(&self, text: &str) {
        let tenths = (self.start.elapsed().as_millis() + 50) / 100;
        lock(&self.console).log(&format!("{:>4}.{} s  {text}", tenths / 10, tenths % 10));
    }
}

/// Logs what happens between this program and the platform.
impl Listener for Voice {
    fn request(&self, line: &dyn Fn() -> String) {
        lock(&self.console).debug(line);
    }

    fn failed(&self, text: &str) {
        self.say(text);
    }

    fn credential(&self, secret: &Secret) {
        lock(&self.console).mask_made(secret);
    }
}

/// The longest silence: CI systems end jobs that say nothing, some after ten minutes.
const SILENCE: Duration = Duration::from_secs(60);

impl ProgressLog<'_> {
    fn say(&mut self, text: &str) {
        self.said = Instant::now();
        self.voice.say(text);
    }
}

impl Observer for ProgressLog<'_> {
    fn saw(&mut self, task: &Task) {
        let mut words = task.procedure.timeline().iter().rev().map(|(_, word)| word.as_str());
        let (now, before) = (words.next().unwrap_or_default(), words.next());
        let before = before.map(|before| format!("{before} → ")).unwrap_or_default();
        let ours = task.procedure.last().and_then(our_word).map(|ours| format!(" ({ours})")).unwrap_or_default();
        let line = format!("{}: {before}{now}{ours}", shown_id(&task.id, self.sanitizer));
        self.say(&line);
    }

    fn warn(&mut self, text: &str) {
        self.said = Instant::now();
        lock(&self.voice.console).warn(text);
    }

    fn is_due(&self) -> Option<Instant> {
        Some(self.said + SILENCE)
    }

    fn waits(&mut self, what: Waiting<'_>) {
        let line = match what {
            Waiting::For(what, since) => {
                format!("still waiting for {what}, for {}", self.voice.ago(since))
            }
            Waiting::Ends(tasks) => {
                let open = || tasks.iter().filter(|task| task.procedure.ending().is_none());
                let Some(first) = open().min_by_key(|task| task.procedure.last_change()) else {
                    return self.say("still waiting for what the platform adds to the end");
                };
                let word = first.procedure.last().map(|last| last.platform_state.as_str());
                let since = self.voice.ago(first.procedure.last_change());
                let id = shown_id(&first.id, self.sanitizer);
                let others = match open().count() {
                    1 => String::new(),
                    many => format!(", and {} more have not ended", many - 1),
                };
                let word = word.unwrap_or("not read");
                format!("{id}: still {word}, for {since}{others}")
            }
        };
        self.say(&line);
    }

    fn note(&mut self, text: &str) {
        self.say(&self.spelling.respell(text));
    }

    fn asking(&mut self, tasks: &[Task], which: usize) {
        let Some(task) = tasks.get(which) else { return };
        let unseen =
            if task.procedure.last().is_none() { " (reading it is forbidden, so this is asked unseen)" } else { "" };
        let id = shown_id(&task.id, self.sanitizer);
        self.say(&format!("{id}: asking to cancel{unseen}"));
        self.provide(tasks, None);
    }

    fn going_back(&mut self, tasks: &[Task], which: usize, text: &str) {
        if let Some(task) = tasks.get(which) {
            self.say(&format!("{}: {text}", shown_id(&task.id, self.sanitizer)));
        }
        self.provide(tasks, Some(which));
    }
}

impl ProgressLog<'_> {
    /// Says once, before the first request that changes something, what stands if this process is killed: `back` went live
    /// and is being rolled back.
    fn provide(&mut self, tasks: &[Task], back: Option<usize>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let story = |(which, task): (usize, &Task)| {
            let told =
                DeploymentReport::new(&self.entry.about, &task.id, &task.procedure, self.sanitizer, self.spelling);
            if back == Some(which) { told.killed_while_rolling_back() } else { told }
        };
        let report = || Report {
            deployments: tasks.iter().enumerate().map(story).collect(),
            took: self.voice.start.elapsed(),
            ..nothing_yet(Some(self.entry), self.common)
        };
        lock(&self.voice.console).provisional(&|| report().provisional_outputs());
    }
}
