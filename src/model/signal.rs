//! Signals that ask the process to end, and who is told of them.

use tokio::sync::watch;

use super::outcome::Exit;

/// A signal that asks the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT
    Interrupt,
    /// SIGTERM
    Terminate,
}

impl Signal {
    /// The exit that belongs to it.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
        }
    }
}

/// The signals received so far: the first one, and whether another followed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received {
    /// The first signal.
    pub first: Option<Signal>,
    /// When it came.
    pub at: Option<std::time::Instant>,
    /// A second one came: leave at once.
    pub again: bool,
}

/// Where the process tells a run about signals.
pub type Signals = watch::Receiver<Received>;
