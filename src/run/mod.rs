//! Several deployments at a time: at most eight requests under way, one limit, one signal for all.

mod choosing;
mod context;
mod driving;
mod fleet;
mod going_back;
mod observer;
mod requests;
mod scheduling;
mod shown;
mod slots;
mod task;
mod waiting;
mod ways_back;

pub use self::context::{IfLive, Run};
pub use self::observer::{Observer, Waiting};
pub use self::task::Task;
