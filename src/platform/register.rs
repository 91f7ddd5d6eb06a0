//! The register of all platforms, one line each.

use super::{PlatformInfo, cloud_foundry, datadog, digitalocean, qovery, railway, render, vercel};

/// All platforms, in the order of the documents.
pub const REGISTER: &[&PlatformInfo] = &[
    &digitalocean::INFO,
    &cloud_foundry::INFO,
    &datadog::INFO,
    &vercel::INFO,
    &qovery::INFO,
    &render::INFO,
    &railway::INFO,
];

/// The platform a user means: case does not matter, `-` is `_`.
pub fn named(text: &str) -> Option<&'static PlatformInfo> {
    let id = text.to_ascii_lowercase().replace('-', "_");
    REGISTER.iter().copied().find(|entry| entry.about.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::deployment::State;
    use crate::platform::Need;

    #[test]
    fn platforms_are_found_as_people_write_them() {
        assert_eq!(named("DigitalOcean").map(|entry| entry.about.id), Some("digitalocean"));
        assert_eq!(named("VERCEL").map(|entry| entry.about.id), Some("vercel"));
        assert!(named("verce1").is_none());
    }

    #[test]
    fn an_unlisted_word_is_never_an_end() {
        for entry in REGISTER {
            assert_eq!(entry.state("SOMETHING_NEW"), State::Unknown);
            assert!(!entry.state("").is_terminal());
            for (word, state) in entry.states {
                let other = word.to_lowercase().replace("cancel", "cancell");
                assert_eq!(entry.state(&other), *state, "{other}");
            }
        }
    }

    #[test]
    fn what_belongs_together_can_be_given() {
        for entry in REGISTER {
            for name in entry.needs.iter().flat_map(Need::names) {
                assert!(entry.inputs.iter().any(|input| input.name == name), "{name}");
            }
        }
    }
}
