//! Listens for signals on a thread of its own, and ends the process if a run does not end by itself.

use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;

use crate::model::signal::{Received, Signal};

/// Listens for signals on a thread of its own, so that they are heard whatever the run is doing.
pub(crate) fn hear(sender: watch::Sender<Received>) -> anyhow::Result<()> {
    let (ready, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let listening = runtime.and_then(|runtime| {
            let listening = runtime.block_on(async { listen(sender) })?;
            Ok((runtime, listening))
        });
        match listening {
            Ok((runtime, listening)) => {
                drop(ready.send(Ok(())));
                runtime.block_on(listening);
            }
            Err(error) => drop(ready.send(Err(error))),
        }
    });
    started.recv()?.context("signals cannot be handled")
}

/// Passes signals on, and sees to it that the process leaves even if the run is stuck.
#[cfg(unix)]
fn listen(sender: watch::Sender<Received>) -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        loop {
            let received = tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
            };
            let known = pass_on(&sender, received);
            leave_after(if known.again { 900 } else { 2900 }, known.first.unwrap_or(received));
        }
    })
}

#[cfg(not(unix))]
fn listen(sender: watch::Sender<Received>) -> std::io::Result<impl Future<Output = ()>> {
    Ok(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            pass_on(&sender, Signal::Interrupt);
            leave_after(2900, Signal::Interrupt);
        }
    })
}

/// The first signal says how the run ends, and any other that it shall do so at once.
fn pass_on(sender: &watch::Sender<Received>, signal: Signal) -> Received {
    sender.send_modify(|known| {
        known.again = known.first.is_some();
        known.first.get_or_insert(signal);
        known.at.get_or_insert_with(std::time::Instant::now);
    });
    *sender.borrow()
}

#[allow(clippy::exit, reason = "the last resort: the contract of a signal is to be gone in time")]
fn leave_after(milliseconds: u64, signal: Signal) {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(milliseconds));
        std::process::exit(i32::from(signal.exit().code()));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_stays_the_first_and_the_second_is_noticed() {
        let (sender, _signals) = watch::channel(Received::default());
        let first = pass_on(&sender, Signal::Terminate);
        assert_eq!((first.first, first.again), (Some(Signal::Terminate), false));
        let second = pass_on(&sender, Signal::Interrupt);
        assert_eq!((second.first, second.again, second.at), (Some(Signal::Terminate), true, first.at));
    }
}
