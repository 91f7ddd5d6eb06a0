//! Woodpecker, which has a log and an exit code, and knows neither outputs nor annotations nor masks.

use super::system::{Ci, System, says};

pub(super) const SYSTEM: System = System {
    id: "woodpecker",
    is_here: |env| {
        let mut either = ["CI", "CI_SYSTEM_NAME"].iter();
        either.any(|name| says(env, name, "woodpecker"))
    },
    open: |_, _| Box::new(Woodpecker),
};

struct Woodpecker;

impl Ci for Woodpecker {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }
}
