//! The interface through which a run tells what is happening.

use std::time::Duration;

use tokio::time::Instant;

use super::task::Task;
use super::waiting::sleep_until_opt;

/// Is told what happens while a run goes on.
pub trait Observer {
    /// The platform's word for a deployment was seen for the first time or has changed.
    fn saw(&mut self, task: &Task);
    /// Something that everybody should know.
    fn warn(&mut self, text: &str);
    /// Something that belongs into the log.
    fn note(&mut self, _text: &str) {}
    /// A cancel request is about to go out.
    fn asking(&mut self, tasks: &[Task], which: usize);
    /// The request to put back what was live before one of them is about to go out; what that is.
    fn going_back(&mut self, _tasks: &[Task], _which: usize, text: &str) {
        self.note(text);
    }
    /// When nothing has been said for so long that a sign of life is due; `None` where nobody reads.
    fn is_due(&self) -> Option<Instant> {
        None
    }
    /// It is, and this is waited for.
    fn waits(&mut self, _what: Waiting<'_>) {}
}

/// What a run waits for, and since when.
#[derive(Clone, Copy)]
pub enum Waiting<'a> {
    /// Before any deployment is known: these words.
    For(&'a str, Duration),
    /// For these to end.
    Ends(&'a [Task]),
}

/// Waits, and tells the observer for what whenever a sign of life is due: CI systems end jobs that print nothing.
pub(super) async fn aloud<T>(observer: &mut dyn Observer, what: Waiting<'_>, wait: impl Future<Output = T>) -> T {
    let mut wait = std::pin::pin!(wait);
    loop {
        tokio::select! {
            biased;
            done = &mut wait => return done,
            () = sleep_until_opt(observer.is_due()) => observer.waits(what),
        }
    }
}
