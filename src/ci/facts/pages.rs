//! Pages for people, as the server's own variables tell them: "Variables reference" of GitHub, "Predefined CI/CD variables
//! reference" of GitLab, "Variables and secrets" of Bitbucket.

use super::known::Facts;
use crate::input::env::Env;

/// The page of the commit of this run. A fork's commit stands in a repository that these variables do not name.
pub(super) fn commit_page(env: &Env, ci: &str, facts: &Facts) -> Option<String> {
    let commit = facts.commit.as_ref().filter(|_| facts.fork.is_none())?;
    match ci {
        "github" | "gitea" | "forgejo" => {
            let (server, repository) = (env.var("GITHUB_SERVER_URL")?, env.var("GITHUB_REPOSITORY")?);
            Some(format!("{}/{repository}/commit/{commit}", server.trim_end_matches('/')))
        }
        "gitlab" => Some(format!("{}/-/commit/{commit}", env.var("CI_PROJECT_URL")?.trim_end_matches('/'))),
        "bitbucket" => Some(format!("https://bitbucket.org/{}/commits/{commit}", env.var("BITBUCKET_REPO_FULL_NAME")?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HEAD, env};
    use super::*;
    use crate::ci::facts::Fork;

    const VARIABLES: [(&str, &str); 4] = [
        ("GITHUB_SERVER_URL", "https://github.example.com/"),
        ("GITHUB_REPOSITORY", "jane/shop"),
        ("CI_PROJECT_URL", "https://gitlab.example.com/shops/jane/shop"),
        ("BITBUCKET_REPO_FULL_NAME", "jane/shop"),
    ];

    #[test]
    fn a_commit_has_its_page_on_the_server_that_the_ci_system_names() {
        let facts = Facts { commit: Some(HEAD.to_owned()), ..Facts::default() };
        for (ci, page) in [
            ("github", Some("https://github.example.com/jane/shop/commit/")),
            ("gitea", Some("https://github.example.com/jane/shop/commit/")),
            ("forgejo", Some("https://github.example.com/jane/shop/commit/")),
            ("gitlab", Some("https://gitlab.example.com/shops/jane/shop/-/commit/")),
            ("bitbucket", Some("https://bitbucket.org/jane/shop/commits/")),
            ("jenkins", None),
        ] {
            let page = page.map(|page| format!("{page}{HEAD}"));
            assert_eq!(commit_page(&env(&VARIABLES), ci, &facts), page, "{ci}");
            assert_eq!(commit_page(&env(&[]), ci, &facts), None, "{ci}");
            assert_eq!(commit_page(&env(&VARIABLES), ci, &Facts::default()), None, "{ci}");
            let of_fork = Facts { fork: Some(Fork::default()), ..facts.clone() };
            assert_eq!(commit_page(&env(&VARIABLES), ci, &of_fork), None, "{ci}");
        }
    }
}
