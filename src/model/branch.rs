//! Branch names, by git's own rules.

/// The short name of a branch, be it written short or as `refs/heads/…`. `None` when git allows no such branch (after
/// the manual of `git check-ref-format`), or when it is another kind of ref.
pub fn short_name(reference: &str) -> Option<&str> {
    let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
    (!name.starts_with("refs/") && is_allowed(name)).then_some(name)
}

fn is_allowed(name: &str) -> bool {
    // `@` stands for `HEAD`, and a branch of either name would be taken for it.
    let is_taken = name == "@" || name == "HEAD";
    let has_forbidden = name.contains("..") || name.contains("@{") || name.contains(is_forbidden);
    let is_cut = name.starts_with('-') || name.ends_with('.');
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    !is_taken && !has_forbidden && !is_cut && name.split('/').all(is_part)
}

fn is_forbidden(c: char) -> bool {
    c.is_control() || " ~^:?*[\\".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_called_by_its_short_name() {
        for name in [
            "main",
            "a/b",
            "ü",
            "a.b",
            "a-b",
            "a@b",
            "@a",
            "locked",
            "a{b}",
            "a]",
            "$x",
            "100%",
            "it's",
            "#1",
            "feature/heads",
        ] {
            assert_eq!(short_name(name), Some(name));
            assert_eq!(short_name(&format!("refs/heads/{name}")), Some(name));
        }
    }

    #[test]
    fn what_git_does_not_allow_is_no_branch() {
        for name in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a..b",
            "a.",
            "a.lock",
            "a.lock/b",
            "a b",
            "a\tb",
            "a\u{7f}",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[b",
            "a\\b",
            "a@{1}",
            "@",
            "HEAD",
            "-a",
            "refs/tags/v1",
            "refs/pull/4/merge",
            "refs/heads/",
            "refs/heads/refs/tags/v1",
        ] {
            assert_eq!(short_name(name), None, "{name:?}");
        }
    }
}
