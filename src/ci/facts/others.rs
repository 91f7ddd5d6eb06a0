//! The other CI systems, each by its own variables.

use super::known::{Facts, Fork, fork};
use crate::input::env::Env;

/// Who tells what.
type Read = fn(&Env) -> Facts;

#[rustfmt::skip]
const SYSTEMS: [(&str, Read); 10] = [
    ("azure", azure),
    ("gitlab", gitlab),
    ("buildkite", buildkite),
    ("circleci", circleci),
    ("bitbucket", bitbucket),
    ("woodpecker", woodpecker),
    ("harness", drone),
    ("drone", drone),
    ("teamcity", |env| Facts::new(env.var("BUILD_VCS_NUMBER"), None)),
    ("jenkins", jenkins),
];

/// What the CI system `ci` tells.
pub(super) fn read(env: &Env, ci: &str) -> Facts {
    let system = SYSTEMS.iter().find(|(id, _)| *id == ci);
    system.map(|(_, read)| read(env)).unwrap_or_default()
}

fn says(env: &Env, variable: &str, word: &str) -> bool {
    env.var(variable).is_some_and(|value| value.eq_ignore_ascii_case(word))
}

/// For a CI system that tells of pull requests, but not where their heads live.
fn perhaps_a_fork(facts: Facts) -> Facts {
    facts.of_fork(Some(Fork::default())).noting(
        "The CI system does not say whether the pull request comes from a fork, so it is taken for one.".to_owned(),
    )
}

fn azure(env: &Env) -> Facts {
    let branch = env.var("BUILD_SOURCEBRANCH");
    let is_pull = says(env, "BUILD_REASON", "PullRequest")
        || env.var("SYSTEM_PULLREQUEST_PULLREQUESTID").is_some()
        || branch.is_some_and(|name| name.starts_with("refs/pull/"));
    if !is_pull {
        return Facts::new(env.var("BUILD_SOURCEVERSION"), branch);
    }
    let facts = Facts::new(env.var("SYSTEM_PULLREQUEST_SOURCECOMMITID"), env.var("SYSTEM_PULLREQUEST_SOURCEBRANCH"));
    match env.var("SYSTEM_PULLREQUEST_ISFORK") {
        Some(word) if word.eq_ignore_ascii_case("false") => facts,
        Some(_) => facts.of_fork(Some(Fork::default())),
        None => perhaps_a_fork(facts),
    }
}

fn gitlab(env: &Env) -> Facts {
    let commit = env.var("CI_COMMIT_SHA");
    if env.var("CI_MERGE_REQUEST_IID").is_none() {
        return Facts::new(commit, env.var("CI_COMMIT_BRANCH"));
    }
    let (head, base) = (env.var("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"), env.var("CI_PROJECT_ID"));
    let path = env.var("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH");
    let elsewhere = fork(head, base).map(|_| Fork { repository: path.map(str::to_owned) });
    // Set only where a merged result is built: there CI_COMMIT_SHA is the merge commit.
    let commit = env.var("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").or(commit);
    Facts::new(commit, env.var("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")).of_fork(elsewhere)
}

fn buildkite(env: &Env) -> Facts {
    let branch = env.var("BUILDKITE_BRANCH").filter(|_| env.var("BUILDKITE_TAG").is_none());
    // A fork's branch can be told as `owner:branch`; no branch has a colon of its own.
    let (owner, branch) = match branch.and_then(|name| name.split_once(':')) {
        Some((owner, name)) => (Some(owner), Some(name)),
        None => (None, branch),
    };
    let facts = Facts::new(env.var("BUILDKITE_COMMIT"), branch);
    let is_pull = env.var("BUILDKITE_PULL_REQUEST").is_some_and(|number| number != "false");
    if !is_pull && owner.is_none() {
        return facts;
    }
    let head = env.var("BUILDKITE_PULL_REQUEST_REPO").and_then(slug);
    let base = env.var("BUILDKITE_REPO").and_then(slug);
    let elsewhere = fork(head.as_deref(), base.as_deref());
    facts.of_fork(elsewhere.or_else(|| owner.map(|_| Fork::default())))
}

/// `owner/name` of a clone address, be it a URL or `git@host:owner/name.git`.
fn slug(address: &str) -> Option<String> {
    let address = address.trim_end_matches('/');
    let address = address.strip_suffix(".git").unwrap_or(address);
    let mut parts = address.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !owner.is_empty()).then(|| format!("{owner}/{name}"))
}

/// A fork's build stands on `pull/N`. Who opened it is told, but not whose the fork is.
fn circleci(env: &Env) -> Facts {
    let branch = env.var("CIRCLE_BRANCH");
    let of_pull = branch.is_some_and(|name| name.starts_with("pull/"));
    let is_fork = of_pull || ["CIRCLE_PR_NUMBER", "CIRCLE_PR_REPONAME"].iter().any(|name| env.var(name).is_some());
    Facts::new(env.var("CIRCLE_SHA1"), branch.filter(|_| !of_pull)).of_fork(is_fork.then(Fork::default))
}

/// No pipeline runs here for a fork's pull request.
fn bitbucket(env: &Env) -> Facts {
    Facts::new(env.var("BITBUCKET_COMMIT"), env.var("BITBUCKET_BRANCH"))
}

/// On a pull request CI_COMMIT_BRANCH is the target.
fn woodpecker(env: &Env) -> Facts {
    let commit = env.var("CI_COMMIT_SHA");
    let event = env.var("CI_PIPELINE_EVENT").unwrap_or_default();
    if event.starts_with("pull_request") || env.var("CI_COMMIT_PULL_REQUEST").is_some() {
        return perhaps_a_fork(Facts::new(commit, env.var("CI_COMMIT_SOURCE_BRANCH")));
    }
    let branch = env.var("CI_COMMIT_BRANCH");
    Facts::new(commit, branch.filter(|_| env.var("CI_COMMIT_TAG").is_none()))
}

/// Harness as well. On a pull request DRONE_BRANCH and DRONE_COMMIT_BRANCH are the target.
fn drone(env: &Env) -> Facts {
    let commit = env.var("DRONE_COMMIT_SHA");
    let (source, reference) = (env.var("DRONE_SOURCE_BRANCH"), env.var("DRONE_COMMIT_REF"));
    // A promoted pull request is told by its ref alone.
    let of_pull = reference.is_some_and(|name| {
        name.starts_with("refs/") && !["refs/heads/", "refs/tags/"].iter().any(|own| name.starts_with(own))
    });
    if of_pull || env.var("DRONE_PULL_REQUEST").is_some() || says(env, "DRONE_BUILD_EVENT", "pull_request") {
        return perhaps_a_fork(Facts::new(commit, source));
    }
    let branch = source.or_else(|| env.var("DRONE_COMMIT_BRANCH")).or_else(|| env.var("DRONE_BRANCH"));
    let is_tag = env.var("DRONE_TAG").is_some() || says(env, "DRONE_BUILD_EVENT", "tag");
    Facts::new(commit, branch.filter(|_| !is_tag))
}

/// For a pull request BRANCH_NAME is `PR-42`, and `PR-42-merge` builds a merge commit. CHANGE_FORK holds an owner, or
/// the whole name when the fork is named differently.
fn jenkins(env: &Env) -> Facts {
    let (commit, name) = (env.var("GIT_COMMIT"), env.var("BRANCH_NAME"));
    if env.var("CHANGE_ID").is_some() {
        // Only this name proves that it is the head: `PR-42` can stand for a merge commit as well.
        let of_head = name.is_some_and(|name| name.ends_with("-head"));
        let elsewhere = env
            .var("CHANGE_FORK")
            .map(|fork| Fork { repository: Some(fork.to_owned()).filter(|fork| fork.contains('/')) });
        return Facts::new(commit.filter(|_| of_head), env.var("CHANGE_BRANCH")).of_fork(elsewhere);
    }
    let branch = name.or_else(|| checked_out(env)).filter(|name| env.var("TAG_NAME").is_none() && *name != "detached");
    Facts::new(commit, branch)
}

/// GIT_BRANCH is `<remote>/<branch>`, whatever the remote is called. GIT_LOCAL_BRANCH may be a name that only this job
/// gives it, but where GIT_BRANCH ends with it, it tells where the branch begins.
fn checked_out(env: &Env) -> Option<&str> {
    let local = env.var("GIT_LOCAL_BRANCH");
    let Some(remote) = env.var("GIT_BRANCH") else {
        return local;
    };
    let is_local = |local: &&str| {
        let before = remote.strip_suffix(local);
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let after = remote.split_once('/').map_or(remote, |(_, name)| name);
    Some(local.filter(is_local).unwrap_or(after))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HEAD, MERGE, env};
    use super::*;

    /// `fork` is `None`, or the repository's name, empty when it is not known. By its id and by its own variable.
    #[track_caller]
    fn check(ci: &str, variables: &[(&str, &str)], commit: &str, branch: &str, fork: Option<&str>) {
        let own: &[(&str, &str)] = match ci {
            "azure" => &[("TF_BUILD", "True")],
            "gitlab" => &[("GITLAB_CI", "true")],
            "buildkite" => &[("BUILDKITE", "true")],
            "circleci" => &[("CIRCLECI", "true")],
            "bitbucket" => &[("BITBUCKET_BUILD_NUMBER", "1")],
            "woodpecker" => &[("CI", "woodpecker")],
            "harness" => &[("HARNESS_OUTPUT_FILE", "/o"), ("DRONE", "true")],
            "drone" => &[("DRONE", "true")],
            "teamcity" => &[("TEAMCITY_VERSION", "2026.1")],
            _ => &[("JENKINS_URL", "https://ci.example"), ("BUILD_NUMBER", "1")],
        };
        let env = env(&[own, variables].concat());
        for name in [ci, "plain"] {
            let facts = Facts::read(&env, name);
            assert_eq!(facts.commit.unwrap_or_default(), commit, "{variables:?}");
            assert_eq!(facts.branch.unwrap_or_default(), branch, "{variables:?}");
            let found = facts.fork.map(|fork| fork.repository.unwrap_or_default());
            assert_eq!(found.as_deref(), fork, "{variables:?}");
        }
    }

    #[test]
    fn azure() {
        let of = |more: &[(&'static str, &'static str)]| [&[("BUILD_SOURCEVERSION", MERGE)][..], more].concat();
        let branch = of(&[("BUILD_SOURCEBRANCH", "refs/heads/a/b")]);
        check("azure", &branch, MERGE, "a/b", None);
        let tag = of(&[("BUILD_SOURCEBRANCH", "refs/tags/v1")]);
        check("azure", &tag, MERGE, "", None);
        let pull = of(&[
            ("BUILD_SOURCEBRANCH", "refs/pull/4/merge"),
            ("SYSTEM_PULLREQUEST_SOURCEBRANCH", "refs/heads/topic"),
            ("SYSTEM_PULLREQUEST_SOURCECOMMITID", HEAD),
        ]);
        check("azure", &pull, HEAD, "topic", Some(""));
        let own = [&pull[..], &[("SYSTEM_PULLREQUEST_ISFORK", "False")]].concat();
        check("azure", &own, HEAD, "topic", None);
        let forked = [&pull[..], &[("SYSTEM_PULLREQUEST_ISFORK", "True")]].concat();
        check("azure", &forked, HEAD, "topic", Some(""));
        check("azure", &of(&[("BUILD_REASON", "PullRequest")]), "", "", Some(""));
    }

    #[test]
    fn gitlab() {
        let branch = [("CI_COMMIT_SHA", HEAD), ("CI_COMMIT_BRANCH", "topic")];
        check("gitlab", &branch, HEAD, "topic", None);
        let tag = [("CI_COMMIT_SHA", HEAD), ("CI_COMMIT_REF_NAME", "v1")];
        check("gitlab", &tag, HEAD, "", None);
        let mut merge = vec![
            ("CI_MERGE_REQUEST_IID", "4"),
            ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "topic"),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "7"),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "mallory/web"),
            ("CI_PROJECT_ID", "7"),
            ("CI_COMMIT_SHA", HEAD),
        ];
        check("gitlab", &merge, HEAD, "topic", None);
        merge.extend([("CI_COMMIT_SHA", MERGE), ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", HEAD), ("CI_PROJECT_ID", "8")]);
        check("gitlab", &merge, HEAD, "topic", Some("mallory/web"));
        check("gitlab", &merge[..2], "", "topic", Some(""));
    }

    #[test]
    fn buildkite() {
        let mut pushed = vec![
            ("BUILDKITE_COMMIT", HEAD),
            ("BUILDKITE_BRANCH", "topic"),
            ("BUILDKITE_REPO", "git@github.com:acme/web.git"),
            ("BUILDKITE_PULL_REQUEST", "false"),
        ];
        check("buildkite", &pushed, HEAD, "topic", None);
        let tag = [&pushed[..], &[("BUILDKITE_TAG", "topic")]].concat();
        check("buildkite", &tag, HEAD, "", None);
        check("buildkite", &[("BUILDKITE_COMMIT", "HEAD")], "", "", None);
        pushed.push(("BUILDKITE_PULL_REQUEST", "4"));
        check("buildkite", &pushed, HEAD, "topic", Some(""));
        for (repo, fork) in [
            ("git://github.com/acme/web.git", None),
            ("https://github.com/Acme/web/", None),
            ("https://github.com/mallory/web.git", Some("mallory/web")),
        ] {
            let pull = [&pushed[..], &[("BUILDKITE_PULL_REQUEST_REPO", repo)]].concat();
            check("buildkite", &pull, HEAD, "topic", fork);
        }
        let prefixed = [("BUILDKITE_BRANCH", "mallory:topic")];
        check("buildkite", &prefixed, "", "topic", Some(""));
    }

    #[test]
    fn circleci() {
        let branch = [("CIRCLE_SHA1", HEAD), ("CIRCLE_BRANCH", "topic")];
        check("circleci", &branch, HEAD, "topic", None);
        check("circleci", &[("CIRCLE_TAG", "v1")], "", "", None);
        let pull = [("CIRCLE_SHA1", HEAD), ("CIRCLE_BRANCH", "pull/4")];
        check("circleci", &pull, HEAD, "", Some(""));
        let named = [("CIRCLE_BRANCH", "topic"), ("CIRCLE_PR_REPONAME", "web")];
        check("circleci", &named, "", "topic", Some(""));
    }

    #[test]
    fn bitbucket() {
        let branch = [
            ("BITBUCKET_COMMIT", "111111111111"),
            ("BITBUCKET_BRANCH", "topic"),
            ("BITBUCKET_PR_ID", "4"),
            ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
        ];
        check("bitbucket", &branch, "111111111111", "topic", None);
        let tag = [("BITBUCKET_COMMIT", HEAD), ("BITBUCKET_TAG", "v1")];
        check("bitbucket", &tag, HEAD, "", None);
    }

    #[test]
    fn woodpecker() {
        let mut pushed = vec![("CI_COMMIT_SHA", HEAD), ("CI_COMMIT_BRANCH", "main")];
        check("woodpecker", &pushed, HEAD, "main", None);
        let tag = [&pushed[..], &[("CI_COMMIT_TAG", "v1")]].concat();
        check("woodpecker", &tag, HEAD, "", None);
        pushed.push(("CI_PIPELINE_EVENT", "pull_request_metadata"));
        check("woodpecker", &pushed, HEAD, "", Some(""));
        pushed.push(("CI_COMMIT_SOURCE_BRANCH", "topic"));
        check("woodpecker", &pushed, HEAD, "topic", Some(""));
    }

    #[test]
    fn drone_and_harness() {
        let pushed =
            [("DRONE_COMMIT_SHA", HEAD), ("DRONE_COMMIT_BRANCH", "main"), ("DRONE_COMMIT_REF", "refs/heads/main")];
        let with = |more: (&'static str, &'static str)| [&pushed[..], &[more]].concat();
        for ci in ["drone", "harness"] {
            check(ci, &pushed, HEAD, "main", None);
            check(ci, &with(("DRONE_TAG", "v1")), HEAD, "", None);
            for pull in [
                ("DRONE_PULL_REQUEST", "4"),
                ("DRONE_BUILD_EVENT", "pull_request"),
                ("DRONE_COMMIT_REF", "refs/pull/4/head"),
            ] {
                check(ci, &with(pull), HEAD, "", Some(""));
                let told = [&with(pull)[..], &[("DRONE_SOURCE_BRANCH", "topic")]].concat();
                check(ci, &told, HEAD, "topic", Some(""));
            }
        }
    }

    #[test]
    fn teamcity() {
        check("teamcity", &[("BUILD_VCS_NUMBER", HEAD)], HEAD, "", None);
        check("teamcity", &[("BUILD_VCS_NUMBER", "4711")], "", "", None);
    }

    #[test]
    fn jenkins() {
        let pushed = [("GIT_COMMIT", HEAD), ("GIT_BRANCH", "origin/a/b")];
        check("jenkins", &pushed, HEAD, "a/b", None);
        check("jenkins", &[("GIT_BRANCH", "detached")], "", "", None);
        for (remote, local, branch) in [
            ("upstream/topic", "", "topic"),
            ("upstream/a/b", "", "a/b"),
            ("team/fork/a/b", "a/b", "a/b"),
            ("a/b", "a/b", "a/b"),
            ("origin/topic", "build", "topic"),
            ("topic", "", "topic"),
            ("", "a/b", "a/b"),
            ("detached", "build", ""),
        ] {
            let local = [("GIT_BRANCH", remote), ("GIT_LOCAL_BRANCH", local)];
            check("jenkins", &local, "", branch, None);
        }
        check("jenkins", &[("BRANCH_NAME", "topic")], "", "topic", None);
        let tag = [("BRANCH_NAME", "v1"), ("TAG_NAME", "v1")];
        check("jenkins", &tag, "", "", None);
        let pull =
            [("GIT_COMMIT", HEAD), ("GIT_BRANCH", "PR-4-head"), ("BRANCH_NAME", "PR-4-head"), ("CHANGE_ID", "4")];
        let with = |more: (&'static str, &'static str)| [&pull[..], &[("CHANGE_BRANCH", "topic"), more]].concat();
        check("jenkins", &pull, HEAD, "", None);
        check("jenkins", &with(("CHANGE_TARGET", "main")), HEAD, "topic", None);
        check("jenkins", &with(("CHANGE_FORK", "mallory")), HEAD, "topic", Some(""));
        let renamed = with(("CHANGE_FORK", "mallory/site"));
        check("jenkins", &renamed, HEAD, "topic", Some("mallory/site"));
        check("jenkins", &with(("BRANCH_NAME", "PR-4-merge")), "", "topic", None);
    }

    #[test]
    fn a_relative_that_sets_the_same_variables_is_told_apart() {
        let variables = [("CI_COMMIT_SHA", HEAD), ("CI_COMMIT_BRANCH", "main"), ("DRONE_COMMIT_SHA", MERGE)];
        check("woodpecker", &variables, HEAD, "main", None);
        check("gitlab", &variables, HEAD, "main", None);
    }
}
