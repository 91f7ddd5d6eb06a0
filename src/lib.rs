//! Stops a deployment from CI, and tells the truth about how it ended.
//!
//! A run is one straight line, and [`run()`] is that line in code:
//! environment → settings → reads and cancel requests → outcome → report → exit code.
//!
//! At one end are the CI systems, at the other the hosting platforms; each is one file or folder that knows one product.
//! Between them are one procedure, and [`api`], through which everything is sent.
//!
//! | folder | what it is |
//! | --- | --- |
//! | [`model`] | plain facts: ids, addresses, branches, what a platform told us, what went wrong, outcomes and exit codes |
//! | [`text`] | what may never be printed, what may be shown, and how it is made fit for that |
//! | [`input`] | the environment, read once; which inputs there are, what was written, everything that is wrong with it |
//! | [`settings`] | what this program is told, read once and judged once, with every fault |
//! | [`select`] | a choice from a list |
//! | [`cancel`] | the procedure for one deployment, a state machine without input or output |
//! | [`roll_back`] | the procedure that puts back what was live before, one slot, without input or output as well |
//! | [`api`] | the only part that sends, with its whole policy, its roots of trust and its proxy |
//! | [`platform`] | the `Platform` trait, the register, one file or folder for each platform |
//! | [`mod@run`] | several deployments at a time, one limit, one signal for all |
//! | [`report`] | how a run is told: values, not yet printed |
//! | [`ci`] | one file for each CI system's syntax, what it knows of the run, and the one place that prints, writes files and calls programs |
//! | [`help`] | `--help` |
//! | [`program`], `room`, `signals` | the process: arguments, signals, exit code |
//! | `process`, `progress`, `telling`, [`World`] | one run once its settings are judged, what is said meanwhile and at the end, and what it touches of the world |
//!
//! Which CI systems and platforms there are, two registers say, one line each; that of the platforms is handed to
//! [`program::main()`], so that `examples/platform/` is a program with one more. What a run touches of the world besides
//! files is a [`World`]: [`run_in()`] takes another than the real one, with no network and no streams.
//!
//! Who may know what: only `api` knows reqwest; platforms know neither each other nor a CI system nor the clock; the
//! procedure knows no platform by name; CI systems know nothing of HTTP. `tests/repository.rs` holds that, and
//! `tests/floors.rs` that a file imports only from floors below its own: values, facts, shown text, inputs, thinking and
//! sending, platforms and telling, driving and CI systems, settings, the line.

pub mod api;
pub mod cancel;
pub mod ci;
pub mod help;
pub mod input;
pub mod model;
pub mod platform;
pub mod program;
pub mod report;
pub mod roll_back;
pub mod run;
pub mod select;
pub mod settings;
pub mod text;

mod process;
mod progress;
mod room;
mod signals;
mod telling;
mod world;

use tokio::time::Instant;

use crate::ci::facts::Facts;
use crate::input::env::Env;
use crate::input::faults::Faults;
use crate::model::outcome::Exit;
use crate::model::signal::{Signal, Signals};
use crate::platform::register::Platforms;
use crate::process::{Begun, Process, begin};
use crate::settings::open::{Setup, open, require_target_anywhere};
use crate::settings::{Common, chosen_platform};
use crate::telling::{flushing, lock, nothing_yet, publish, remark};
pub use crate::world::World;

/// One run on one of these platforms, from the environment to the exit. `start` is when the process began, `signals` what it is told to do.
pub async fn run(platforms: &Platforms, env: &Env, start: Instant, signals: Signals) -> Exit {
    run_in(World::real(platforms), env, start, signals).await
}

/// The same run in any world.
pub async fn run_in(world: World<'_>, env: &Env, start: Instant, mut signals: Signals) -> Exit {
    let World { platforms, connect, print } = world;
    let Begun { console, sanitizer } = begin(platforms, env, print, signals.clone());
    let mut faults = Faults::default();
    let entry = chosen_platform(platforms, env, &mut faults);
    let values = settings::read(platforms, env, entry, &mut faults);
    let common = Common::judge(&values, &mut faults);
    let facts = Facts::read(env, lock(&console).ci().id());
    let opened = match entry {
        Some(entry) => {
            open(&connect, &Setup { env, entry, values: &values, common: &common, facts: &facts }, &mut faults)
        }
        None => {
            require_target_anywhere(&values, &mut faults);
            None
        }
    };
    let spelling = settings::spelling(platforms, env, lock(&console).ci());
    remark(&mut lock(&console), &sanitizer, &faults, &spelling);
    let mut report = nothing_yet(entry, &common);
    let Some((opened, entry)) = opened.zip(entry).filter(|_| faults.found.is_empty()) else {
        let withheld = lock(&console).ci().withholds_secrets(env);
        let faults = faults.sentences(&spelling, withheld);
        report.faults = faults.iter().map(|fault| sanitizer.short(fault)).collect();
        report.took = start.elapsed();
        publish(&mut lock(&console), &report, &common);
        return Exit::BadInput;
    };
    let (console, sanitizer, common, spelling, facts) = (&console, &sanitizer, &common, &spelling, &facts);
    let process = Process { console, sanitizer, entry, common, spelling, facts, start };
    flushing(console, process.carry_out(opened, &mut signals, &mut report)).await;
    report.took = start.elapsed();
    publish(&mut lock(console), &report, common);
    let signal = signals.borrow().first;
    signal.map_or_else(|| common.fail_on.exit(report.outcomes()), Signal::exit)
}
