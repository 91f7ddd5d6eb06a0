//! Where requests may go: `https` anywhere, `http` only to this machine, and nothing hidden in the address.

use url::{Host, Url};

/// The base address of a platform's API, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Takes a base address as written; the error says what is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("is not a URL ({error})"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must start with https://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user name or password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must not contain a query or a fragment".to_owned());
        }
        let address = Self(url);
        if address.is_plain() && !address.is_loopback() {
            return Err("must start with https:// (http:// only for this machine itself)".to_owned());
        }
        Ok(address)
    }

    /// Whether requests travel unencrypted, which is allowed on this machine only.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => false,
        }
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The same with that path where it has none.
    #[must_use]
    pub fn with_path(mut self, path: &str) -> Self {
        if self.0.path() == "/" && !path.is_empty() {
            self.0.set_path(path);
        }
        self
    }

    /// This address with an already encoded `path` (starting with a slash) behind it.
    pub fn join(&self, path: &str, query: &[(&str, String)]) -> Url {
        let mut url = self.0.clone();
        let base = self.0.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_addresses_are_taken() {
        for good in [
            "https://api.example.com",
            "https://api.example.com/base/",
            "http://127.0.0.1:8080/x",
            "http://127.8.9.1",
            "http://[::1]:80",
            "http://localhost:3000",
        ] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "api.example.com",
            "http://api.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://192.0.2.1/api",
            "ftp://127.0.0.1",
            "//127.0.0.1",
            "file:///etc/hosts",
            "https://user@api.example.com",
            "https://:pass@api.example.com",
            "https://api.example.com?x=1",
            "https://api.example.com#x",
            "https://",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_an_address_without_a_path_is_given_one() {
        for (written, address) in [
            ("https://a.example", "https://a.example/api/v1"),
            ("https://a.example/", "https://a.example/api/v1"),
            ("https://a.example/base", "https://a.example/base"),
        ] {
            assert_eq!(Address::parse(written).unwrap().with_path("/api/v1"), Address::parse(address).unwrap());
        }
        let bare = Address::parse("https://a.example").unwrap();
        assert_eq!(bare.clone().with_path(""), bare);
    }

    #[test]
    fn paths_are_added_to_the_base_as_they_are() {
        let base = Address::parse("https://a.example/base/").unwrap();
        let query = [("q", "a b&c".to_owned())];
        assert_eq!(base.join("/v1/a%2Fb", &query).as_str(), "https://a.example/base/v1/a%2Fb?q=a+b%26c");
        assert_eq!(base.join("/v1", &[]).as_str(), "https://a.example/base/v1");
    }
}
