//! An address that people may follow.

use std::fmt;

use super::shown::Shown;

/// An address that a link may lead to: `https`, and nothing in it that could end a link in Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebLink(Shown);

impl WebLink {
    /// This address, if a link may lead there.
    pub fn to(address: &Shown) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#%=&+,@".contains(c);
        (address.starts_with("https://") && address.chars().all(is_plain)).then(|| Self(address.clone()))
    }

    /// The address itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for WebLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::sanitizer::Sanitizer;

    #[test]
    fn a_link_leads_only_to_an_address_that_stays_inside_it() {
        for (address, is_link) in [
            ("https://vercel.com/jane/shop/8wTq4NnB?a=b#c", true),
            ("http://vercel.com/jane", false),
            ("javascript:alert(1)", false),
            ("https://a.example/b)c", false),
            ("https://a.example/b c", false),
            ("https://a.example/***", false),
        ] {
            assert_eq!(WebLink::to(&Sanitizer::default().short(address)).is_some(), is_link, "{address}");
        }
    }
}
