//! The register of CI systems, in the order of detection.

use super::system::{Ci, System};
use crate::ci::{
    azure, bitbucket, buildkite, circleci, drone, github, gitlab, harness, jenkins, plain, teamcity, woodpecker,
};
use crate::input::env::Env;

/// In the order of detection: some set variables of others as well. The last one always answers.
const SYSTEMS: [System; 14] = [
    github::FORGEJO,
    github::GITEA,
    github::GITHUB,
    azure::SYSTEM,
    gitlab::SYSTEM,
    buildkite::SYSTEM,
    circleci::SYSTEM,
    bitbucket::SYSTEM,
    woodpecker::SYSTEM,
    harness::SYSTEM,
    drone::SYSTEM,
    teamcity::SYSTEM,
    jenkins::SYSTEM,
    plain::SYSTEM,
];

/// The names of all CI systems.
pub fn names() -> impl Iterator<Item = &'static str> {
    SYSTEMS.iter().map(|system| system.id)
}

/// The CI system whose own variable is set; `plain` when there is none.
pub(super) fn detect(env: &Env) -> &'static str {
    let found = SYSTEMS.iter().find(|system| (system.is_here)(env));
    found.map_or(plain::SYSTEM.id, |system| system.id)
}

/// The CI system of this run: as named by `ci`, else as its own variable says.
pub fn here(env: &Env, named: Option<&str>) -> Box<dyn Ci> {
    let known = |name: &str| names().find(|id| id.eq_ignore_ascii_case(name));
    let id = named.and_then(known).unwrap_or_else(|| detect(env));
    let system = SYSTEMS.iter().find(|system| system.id == id);
    let system = system.unwrap_or(&plain::SYSTEM);
    (system.open)(env, (system.is_here)(env))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::secret::Secret;

    fn env(variables: &[(&str, &str)]) -> Env {
        let variables = variables.iter();
        Env::new(variables.map(|(name, value)| (name.into(), value.into())))
    }

    #[track_caller]
    fn check(variables: &[(&str, &str)], id: &str) {
        assert_eq!(here(&env(variables), None).id(), id, "{variables:?}");
    }

    #[test]
    fn each_system_is_known_by_its_own_variable() {
        for (variable, word, id) in [
            ("FORGEJO_ACTIONS", "true", "forgejo"),
            ("GITEA_ACTIONS", "true", "gitea"),
            ("GITHUB_ACTIONS", "true", "github"),
            ("TF_BUILD", "True", "azure"),
            ("GITLAB_CI", "false", "gitlab"),
            ("BUILDKITE", "true", "buildkite"),
            ("CIRCLECI", "true", "circleci"),
            ("BITBUCKET_BUILD_NUMBER", "7", "bitbucket"),
            ("CI", "woodpecker", "woodpecker"),
            ("CI_SYSTEM_NAME", "woodpecker", "woodpecker"),
            ("HARNESS_OUTPUT_FILE", "/o", "harness"),
            ("HARNESS_PIPELINE_ID", "web", "harness"),
            ("HARNESS_BUILD_ID", "7", "harness"),
            ("DRONE", "true", "drone"),
            ("TEAMCITY_VERSION", "2026.1", "teamcity"),
        ] {
            check(&[(variable, word)], id);
            check(&[(variable, " ")], "plain");
        }
        let jenkins = [("JENKINS_URL", "https://ci.example"), ("BUILD_NUMBER", "1")];
        check(&jenkins, "jenkins");
        check(&jenkins[..1], "plain");
        check(&jenkins[1..], "plain");
        // Without a configured location there is no JENKINS_URL.
        for own in [("BUILD_TAG", "jenkins-web-1"), ("JENKINS_HOME", "/var/jenkins_home")] {
            check(&[own, jenkins[1]], "jenkins");
            check(&[own], "plain");
        }
        check(&[("BUILD_TAG", "v1"), jenkins[1]], "plain");
    }

    #[test]
    fn a_word_that_no_system_writes_is_none() {
        for (variable, word) in [
            ("TF_BUILD", "true"),
            ("BUILDKITE", "1"),
            ("CIRCLECI", "TRUE"),
            ("DRONE", "yes"),
            ("CI", "true"),
            ("CI_COMMIT_SHA", "1111111"),
            ("DRONE_OUTPUT", "/o"),
        ] {
            check(&[(variable, word)], "plain");
        }
    }

    #[test]
    fn a_system_that_sets_variables_of_others_is_told_apart() {
        let actions = [("GITHUB_ACTIONS", "true"), ("GITEA_ACTIONS", "true")];
        check(&actions, "gitea");
        check(&[&actions[..], &[("FORGEJO_ACTIONS", "true")]].concat(), "forgejo");
        check(&[("DRONE", "true"), ("HARNESS_OUTPUT_FILE", "/o")], "harness");
        check(&[("DRONE", "true"), ("CI", "woodpecker")], "woodpecker");
        check(&[("BUILD_NUMBER", "1"), ("TEAMCITY_VERSION", "1")], "teamcity");
    }

    #[test]
    fn every_system_can_be_named_in_any_case() {
        for name in names() {
            let found = here(&env(&[("GITHUB_ACTIONS", "true")]), Some(&name.to_uppercase()));
            assert_eq!(found.id(), name);
        }
    }

    /// A secret on a machine that is not the CI it is told to be: a mask would print it, store it, or hand it on.
    #[test]
    fn nothing_is_masked_where_the_systems_own_variable_does_not_say_so() {
        let secret = [Secret::from("a-long-secret".to_owned())];
        let files = [("HARNESS_OUTPUT_SECRET_FILE", "/s"), ("CI", "true")];
        for name in names() {
            assert_eq!(here(&env(&files), Some(name)).mask(&secret), [], "{name}");
        }
    }
}
