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

/// Prints lines in their order.
pub(super) struct Printer {
    lines: Option<Sender<(Stream, String)>>,
    done: Receiver<()>,
}

impl Printer {
    pub(super) fn start(mut print: Print) -> Self {
        let (lines, to_print) = channel::<(Stream, String)>();
        let (finished, done) = channel();
        std::thread::spawn(move || {
            for (stream, line) in to_print {
                print(stream, line);
            }
            let _ = finished.send(());
        });
        Self { lines: Some(lines), done }
    }

    pub(super) fn print(&self, stream: Stream, line: String) {
        if let Some(lines) = &self.lines {
            // The thread ends only with this sender.
            drop(lines.send((stream, line)));
        }
    }
}

impl Drop for Printer {
    /// Waits until everything is printed, or for a little while.
    fn drop(&mut self) {
        drop(self.lines.take());
        let _ = self.done.recv_timeout(PATIENCE);
    }
}
