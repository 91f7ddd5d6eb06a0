//! Reliability measured, not believed: every request of a run × every fault × every platform, generated.
//!
//! All cells run inside this process against the scripted seam below the policy, under a clock that only moves when
//! everybody waits: minutes of Retry-After and request limits take no time, and nothing hangs on how busy the machine
//! is. That the seam tells the truth about real connections is measured too: every row on every platform, and every
//! column, runs through the real binary and real sockets as well.
//!
//! What has to come of a cell is in `oracle.rs`. `cargo test --test matrix` prints the whole table at its end.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test may stop at the first surprise"
)]

// The worked example says `crate::…`, as it would inside the program.
use cancel_deployment::{api, input, model};

#[path = "../stage/inside.rs"]
mod inside;
#[path = "../models/mod.rs"]
mod models;
#[path = "../../examples/platform/mod.rs"]
mod platform;
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[path = "../stage/step.rs"]
mod step;

mod back;
mod cells;
mod oracle;
mod scene;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};

use cells::{Cell, Course, Variant};
use table::Table;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Those through the binary wait more than they work.
    arguments.test_threads.get_or_insert(8);
    // What a test has to say is told with its result; see `caught`.
    std::panic::set_hook(Box::new(|_| {}));
    let table = Arc::new(Mutex::new(Table::default()));
    let cells: Vec<Cell> = Cell::all().filter(|cell| cell.why_not().is_none()).collect();
    let mut trials: Vec<Trial> = cells.iter().map(|cell| inside_trial(*cell, &table)).collect();
    trials.extend(scene::outside().into_iter().map(outside_trial));
    trials.push(Trial::test("every_row_and_every_column_runs_through_the_binary", || {
        scene::check_outside();
        Ok(())
    }));
    trials.extend(cells::platforms().map(|(platform, _)| {
        Trial::test(format!("signs_of_life::{platform}"), move || caught(|| scene::check_signs_of_life(platform)))
    }));
    trials.push(Trial::test("signs_of_life::while_nothing_appears", || {
        caught(scene::check_signs_of_life_while_nothing_appears)
    }));
    trials.extend(back::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        println!("{}", table.lock().unwrap());
    }
    conclusion.exit_code()
}

fn inside_trial(cell: Cell, table: &Arc<Mutex<Table>>) -> Trial {
    let table = Arc::clone(table);
    Trial::test(format!("inside::{}", cell.name()), move || {
        let mut marks = Vec::new();
        let result = cell.variants().try_for_each(|variant| {
            let outcome = caught(|| scene::run_inside(variant))?;
            if variant.course == Course::Obeys {
                marks.push(outcome);
            }
            Ok(())
        });
        table.lock().unwrap().note(cell, result.is_ok(), &marks);
        result
    })
}

fn outside_trial(variant: Variant) -> Trial {
    let name = format!("binary::{}", variant.cell.name());
    Trial::test(name, move || caught(|| scene::run_outside(variant)))
}

/// What a test has to say when it stops.
fn caught<T>(test: impl FnOnce() -> T) -> Result<T, Failed> {
    catch_unwind(AssertUnwindSafe(test)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Failed::from(text.unwrap_or_default())
    })
}
