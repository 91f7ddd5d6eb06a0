//! The register of all platforms, one line each.

use super::{
    PlatformInfo, cloud_foundry, cloudflare_workers, datadog, digitalocean, github_pages, netlify, qovery, railway,
    render, vercel,
};
use crate::input::Input;

/// The platforms that a program knows, in the order of the documents.
pub type Platforms = [&'static PlatformInfo];

/// Those of this program.
pub const REGISTER: &Platforms = &[
    &digitalocean::INFO,
    &cloud_foundry::INFO,
    &datadog::INFO,
    &vercel::INFO,
    &qovery::INFO,
    &render::INFO,
    &railway::INFO,
    &netlify::INFO,
    &cloudflare_workers::INFO,
    &github_pages::INFO,
];

/// What a user writes for each.
pub fn names(platforms: &Platforms) -> Vec<&'static str> {
    platforms.iter().map(|entry| entry.about.id).collect()
}

/// The platform a user means: case does not matter, `-` is `_`.
pub fn named(platforms: &Platforms, text: &str) -> Option<&'static PlatformInfo> {
    let id = text.to_ascii_lowercase().replace('-', "_");
    platforms.iter().copied().find(|entry| entry.about.id == id)
}

/// What they can be told besides the common inputs.
pub fn inputs(platforms: &Platforms) -> impl Iterator<Item = &'static Input> {
    platforms.iter().flat_map(|entry| entry.inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::deployment::State;
    use crate::platform::Need;

    #[test]
    fn platforms_are_found_as_people_write_them() {
        assert_eq!(named(REGISTER, "DigitalOcean").map(|entry| entry.about.id), Some("digitalocean"));
        assert_eq!(named(REGISTER, "VERCEL").map(|entry| entry.about.id), Some("vercel"));
        assert!(named(REGISTER, "verce1").is_none());
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
