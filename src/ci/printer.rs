//! Standard output and standard error, written by a thread of their own: a reader that has stopped reading must not
//! keep a run from its limit, from a signal, or from its outputs.

use std::io::Write as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Where a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How long the end of a run waits for lines that nobody reads.
const PATIENCE: Duration = Duration::from_millis(800);

/// Prints one line. What fails here changes nothing.
pub type Print = Box<dyn FnMut(Stream, String) + Send>;

/// Prints to this process's own streams. A closed one is no reason to lose the other one.
pub(crate) fn print(stream: Stream, mut line: String) {
    // One write: some readers look only at where a chunk begins.
    line.push('\n');
    match stream {
        Stream::Out => {
            let mut out = std::io::stdout().lock();
            drop(out.write_all(line.as_bytes()).and_then(|()| out.flush()));
        }
        Stream::Err => drop(std::io::stderr().write_all(line.as_bytes())),
    }
}

/// Lines, each with where it goes.
type Lines = Vec<(Stream, String)>;

/// Prints lines in their order, once they are let go: waking the thread for each of thousands would take longer than
/// printing them.
pub(super) struct Printer {
    ready: Lines,
    to_thread: Option<Sender<Lines>>,
    done: Receiver<()>,
}

impl Printer {
    pub(super) fn start(mut print: Print) -> Self {
        let (to_thread, to_print) = channel::<Lines>();
        let (finished, done) = channel();
        std::thread::spawn(move || {
            for (stream, line) in to_print.into_iter().flatten() {
                print(stream, line);
            }
            let _ = finished.send(());
        });
        Self { ready: Lines::new(), to_thread: Some(to_thread), done }
    }

    pub(super) fn print(&mut self, stream: Stream, line: String) {
        self.ready.push((stream, line));
    }

    /// Lets what was printed so far go out.
    pub(super) fn flush(&mut self) {
        if let Some(to_thread) = self.to_thread.as_ref().filter(|_| !self.ready.is_empty()) {
            // The thread ends only with this sender.
            drop(to_thread.send(std::mem::take(&mut self.ready)));
        }
    }
}

impl Drop for Printer {
    /// Waits until everything is printed, or for a little while.
    fn drop(&mut self) {
        self.flush();
        drop(self.to_thread.take());
        let _ = self.done.recv_timeout(PATIENCE);
    }
}
