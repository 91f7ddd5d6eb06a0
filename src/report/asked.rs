//! What was asked, in a few words.

use std::fmt;

use crate::model::deployment::short_commit;
use crate::text::markdown::{code, link, prose};
use crate::text::sanitizer::Sanitizer;
use crate::text::shown::Shown;
use crate::text::web_link::WebLink;

/// What was asked. Where that is about a commit, its hash stands between the two texts.
#[derive(Debug, Default)]
pub struct Asked {
    before: Shown,
    commit: Option<Commit>,
    after: Shown,
}

#[derive(Debug)]
struct Commit {
    short: Shown,
    page: Option<WebLink>,
}

impl Asked {
    /// The words before and after a hash, and that with the address of its page; cleaned here.
    pub fn new(sanitizer: &Sanitizer, before: &str, commit: Option<(&str, Option<&str>)>, after: &str) -> Self {
        let commit = commit.map(|(hash, page)| Commit {
            short: sanitizer.short(short_commit(hash)),
            page: page.and_then(|page| WebLink::to(&sanitizer.short(page))),
        });
        Self { before: sanitizer.short(before), commit, after: sanitizer.short(after) }
    }

    /// The same in Markdown, the commit with a link to its page.
    pub(super) fn in_markdown(&self) -> String {
        let commit = self.commit.as_ref().map(|commit| {
            let short = code(&commit.short);
            format!(" {}", commit.page.as_ref().map_or_else(|| short.clone(), |page| link(&short, page)))
        });
        format!("{}{} {}", prose(&self.before), commit.unwrap_or_default(), prose(&self.after))
    }

    /// The page of the commit.
    pub(super) fn commit_page(&self) -> Option<&WebLink> {
        self.commit.as_ref()?.page.as_ref()
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = self.commit.as_ref().map(|commit| format!(" {}", commit.short));
        write!(f, "{}{} {}", self.before, commit.unwrap_or_default(), self.after)
    }
}
