//! Every secret that a run could meet, so that none is shown, whether or not it is used.

use std::borrow::Cow;

use crate::api;
use crate::input::Input;
use crate::input::env::Env;
use crate::platform::register::{self, Platforms};
use crate::text::line::one_line;
use crate::text::secret::{SHORTEST_HIDDEN, Secret, without_scheme};

/// Every secret that stands in any spelling of any platform's inputs, or in a proxy's address, used or not.
pub fn all_secrets(platforms: &Platforms, env: &Env) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = Vec::new();
    let mut add = |written: &str| note_secret(&mut secrets, written);
    for input in secret_inputs(platforms) {
        for written in env.every_spelling(input.name) {
            add(written.expose());
        }
        let usual = input.usual.iter().filter_map(|(variable, _)| env.written(variable));
        let values = usual.filter(|written| !input.is_none(written)).filter_map(|written| written.value);
        values.for_each(|value| add(value.expose()));
    }
    for written in api::proxy_secrets(env) {
        add(&written);
    }
    secrets
}

/// Those of them that came as inputs of an action or a task. Only there is standard output surely read by the runner: the
/// output of a script may just as well be redirected into a file.
pub fn secrets_handed_over(platforms: &Platforms, env: &Env) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for input in secret_inputs(platforms) {
        for written in env.handed_over(input.name) {
            note_secret(&mut secrets, written.expose());
        }
    }
    secrets
}

fn secret_inputs(platforms: &Platforms) -> impl Iterator<Item = &'static Input> {
    register::inputs(platforms).filter(|input| input.secret)
}

/// Adds a secret as it is written, and as people may show it.
fn note_secret(secrets: &mut Vec<Secret>, written: &str) {
    // A token written with its scheme has to be hidden without it too.
    // Nor may an invisible character in it (a byte order mark, say) keep its rest from being hidden.
    for value in [written, without_scheme(written)] {
        for value in [Cow::Borrowed(value), one_line(value)] {
            let known = secrets.iter().any(|known| known.expose() == value);
            if value.len() >= SHORTEST_HIDDEN && !known {
                secrets.push(Secret::from(value.into_owned()));
            }
        }
    }
}
