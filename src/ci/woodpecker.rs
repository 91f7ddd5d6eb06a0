//! Woodpecker, which has a log and an exit code, and knows neither outputs nor annotations nor masks.

use super::system::{Ci, System, says};
use crate::input::Style;
use crate::input::env::Env;

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

    fn style(&self) -> Style {
        Style::Setting
    }

    fn withholds_secrets(&self, _env: &Env) -> Option<&'static str> {
        Some("A secret is given only to the events that its settings name.")
    }
}
