//! The process: arguments, environment, signals, exit code.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use cancel_deployment::input::env::Env;
use cancel_deployment::model::outcome::Exit;
use cancel_deployment::model::signal::{Received, Signal};
use cancel_deployment::{cannot_begin, help, run};
use tokio::sync::watch;
use tokio::time::Instant;

fn main() -> ExitCode {
    let env = Env::new(std::env::vars_os());
    let mut out = std::io::stdout();
    match std::env::args_os().nth(1).and_then(|argument| argument.into_string().ok()).as_deref() {
        None if std::env::args_os().len() < 2 => {}
        Some("--help" | "-h") => {
            drop(out.write_all(help::text(&env).as_bytes()));
            return ExitCode::SUCCESS;
        }
        Some("--version" | "-V") => {
            drop(writeln!(out, "cancel-deployment {}", env!("CARGO_PKG_VERSION")));
            return ExitCode::SUCCESS;
        }
        _ => {
            drop(writeln!(std::io::stderr(), "cancel-deployment takes its inputs from the environment; see --help."));
            return ExitCode::from(Exit::BadInput.code());
        }
    }
    let exit = start(&env).unwrap_or_else(|error| cannot_begin(&env, &format!("{error:#}")));
    // Not even a flush here: a printer that is stuck in a full pipe holds the stream.
    ExitCode::from(exit.code())
}

/// As many files as a run may have open at once: connections, the runtime's own, the CI's.
const RESERVE: usize = 24;

/// Makes sure that there is room for them. The runtime ends the process without a word where there is none.
fn has_room() -> std::io::Result<()> {
    let reserve: Result<Vec<_>, _> = (0..RESERVE).map(|_| std::fs::File::open("/dev/null")).collect();
    match reserve {
        // Of this process, of the whole machine.
        Err(error) if matches!(error.raw_os_error(), Some(24 | 23)) => Err(error),
        _ => Ok(()),
    }
}

fn start(env: &Env) -> anyhow::Result<Exit> {
    has_room().context("too few files can be open at once")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the runtime cannot be started")?;
    let (sender, signals) = watch::channel(Received::default());
    // Before anything else: as PID 1 in a container a process without handlers ignores both signals.
    hear(sender)?;
    let exit = runtime.block_on(async { run(env, Instant::now(), signals).await });
    // A name lookup that hangs must not keep the process.
    runtime.shutdown_background();
    Ok(exit)
}

/// Listens for signals on a thread of its own, so that they are heard whatever the run is doing.
fn hear(sender: watch::Sender<Received>) -> anyhow::Result<()> {
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
            sender.send_modify(|known| {
                known.again = known.first.is_some();
                known.first.get_or_insert(received);
                known.at.get_or_insert_with(std::time::Instant::now);
            });
            let known = *sender.borrow();
            leave_after(if known.again { 900 } else { 2900 }, known.first.unwrap_or(received));
        }
    })
}

#[cfg(not(unix))]
fn listen(sender: watch::Sender<Received>) -> std::io::Result<impl Future<Output = ()>> {
    Ok(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            sender.send_modify(|known| {
                known.again = known.first.is_some();
                known.first.get_or_insert(Signal::Interrupt);
                known.at.get_or_insert_with(std::time::Instant::now);
            });
            leave_after(2900, Signal::Interrupt);
        }
    })
}

#[allow(clippy::exit, reason = "the last resort: the contract of a signal is to be gone in time")]
fn leave_after(milliseconds: u64, signal: Signal) {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(milliseconds));
        std::process::exit(i32::from(signal.exit().code()));
    });
}
