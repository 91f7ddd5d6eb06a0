//! Somebody whom a run tells everything, and who keeps nothing.

use cancel_deployment::run::{Observer, Task};

pub(crate) struct Nobody;

impl Observer for Nobody {
    fn saw(&mut self, _work: &Task) {}
    fn warn(&mut self, _text: &str) {}
    fn asking(&mut self, _works: &[Task], _which: usize) {}
}
