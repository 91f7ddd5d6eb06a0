//! The process: arguments, environment, signals, exit code.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::input::env::Env;
use crate::model::outcome::Exit;
use crate::model::signal::Received;
use crate::platform::register::Platforms;
use crate::process::cannot_begin;
use crate::{help, room, run, signals};

/// The whole process of a program that knows these platforms.
pub fn main(platforms: &Platforms) -> ExitCode {
    let env = Env::new(std::env::vars_os());
    let mut out = std::io::stdout();
    match std::env::args_os().nth(1).and_then(|argument| argument.into_string().ok()).as_deref() {
        None if std::env::args_os().len() < 2 => {}
        Some("--help" | "-h") => {
            drop(out.write_all(help::text(platforms, &env).as_bytes()));
            return ExitCode::SUCCESS;
        }
        Some("--version" | "-V") => {
            drop(writeln!(out, "cancel-deployment {}", env!("CARGO_PKG_VERSION")));
            return ExitCode::SUCCESS;
        }
        argument => {
            // Anything else may be a secret in the wrong place.
            let is_option = |text: &&str| {
                text.starts_with('-') && text.len() <= 20 && text.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
            };
            let told = argument.filter(is_option).map_or_else(
                || "The inputs are read from the environment; see `--help`.".to_owned(),
                |option| format!("`{option}` is not an option; see `--help`."),
            );
            drop(writeln!(std::io::stderr(), "{told}"));
            return ExitCode::from(Exit::BadInput.code());
        }
    }
    let exit = start(platforms, &env).unwrap_or_else(|error| cannot_begin(platforms, &env, &format!("{error:#}")));
    // Not even a flush here: a printer that is stuck in a full pipe holds the stream.
    ExitCode::from(exit.code())
}

fn start(platforms: &Platforms, env: &Env) -> anyhow::Result<Exit> {
    room::check().context("too few files can be open at once")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the runtime cannot be started")?;
    let (sender, signals) = watch::channel(Received::default());
    // Before anything else: as PID 1 in a container a process without handlers ignores both signals.
    signals::hear(sender)?;
    let exit = runtime.block_on(async { run(platforms, env, Instant::now(), signals).await });
    // A name lookup that hangs must not keep the process.
    runtime.shutdown_background();
    Ok(exit)
}
