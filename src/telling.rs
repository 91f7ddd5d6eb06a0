//! What every run says, however it goes: what is odd about its inputs, and everything there is to say at the end.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;

use crate::ci::Console;
use crate::input::Spelling;
use crate::input::faults::Faults;
use crate::platform::PlatformInfo;
use crate::report::{Asked, Report};
use crate::settings::Common;
use crate::text::sanitizer::Sanitizer;

/// The report of a run in which nothing has happened.
pub(crate) fn nothing_yet(entry: Option<&'static PlatformInfo>, common: &Common) -> Report {
    Report {
        platform: entry.map(|entry| &entry.about),
        asked: Asked::default(),
        deployments: Vec::new(),
        whole: None,
        fail_on: common.fail_on.clone(),
        faults: Vec::new(),
        took: Duration::ZERO,
    }
}

/// What is odd about the inputs, said before anything is done.
pub(crate) fn remark(console: &mut Console, sanitizer: &Sanitizer, faults: &Faults, spelling: &Spelling) {
    for warning in &faults.warnings {
        console.warn(&sanitizer.short(&spelling.respell(warning)));
    }
    for note in &faults.notes {
        console.log(&sanitizer.short(&spelling.respell(note)));
    }
}

/// Says everything there is to say, each way that can be had; what cannot be written is a warning.
pub(crate) fn publish(console: &mut Console, report: &Report, common: &Common) {
    let largest = console.ci().largest_deployments();
    console.output_file(common.output_file.as_deref(), report);
    let (deployments, left_out) = report.small_deployments(largest);
    console.outputs(&report.outputs_with(&deployments));
    if left_out > 0 {
        console.warn(&format!("The output `deployments` has room for {} KiB; {left_out} deployments are left out there, and counted in `count`.", largest / 1024));
    }
    console.publish(report, common.summary);
}

/// Goes on with a run, and lets everything that it has said go out whenever it waits.
pub(crate) async fn flushing(console: &Mutex<Console>, run: impl Future<Output = ()>) {
    let mut run = pin!(run);
    let go_on = |context: &mut Context<'_>| {
        let gone_on = run.as_mut().poll(context);
        lock(console).flush();
        gone_on
    };
    poll_fn(go_on).await;
}

pub(crate) fn lock(console: &Mutex<Console>) -> MutexGuard<'_, Console> {
    console.lock().unwrap_or_else(PoisonError::into_inner)
}
