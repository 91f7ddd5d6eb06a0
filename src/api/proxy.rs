//! The proxy that requests go through: the one the environment names, for encrypted connections alone.
//!
//! `NO_PROXY` is read here, and not by hyper-util's matcher: that one takes no ports and no brackets, wants commas between
//! entries, and lets `*` stand for names but not for addresses.

use std::net::IpAddr;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::input::env::{Env, is_unexpanded};

/// Where a proxy may be named; the first that is not empty counts.
const USED: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Not for us, since nothing goes through a proxy unencrypted; a password may stand there all the same.
const UNUSED: [&str; 2] = ["HTTP_PROXY", "http_proxy"];

/// A proxy, and the hosts that are reached without it.
#[derive(Clone)]
pub struct Proxy {
    url: Url,
    variable: &'static str,
    spared: Vec<Spared>,
}

/// One entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spared {
    whom: Whom,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Whom {
    Everybody,
    /// A host and everything below it.
    Name(String),
    /// An address, or all that begin like it.
    Network(IpNet),
}

impl Proxy {
    /// The proxy that the environment names. An error names the variable, without its value.
    pub fn read(env: &Env) -> anyhow::Result<Option<Self>> {
        let named = USED.iter().find_map(|name| Some((*name, env.written(name)?)));
        let Some((variable, written)) = named else {
            return Ok(None);
        };
        let text = written.value.unwrap_or_default();
        let url = parse(text.expose()).map_err(|wrong| {
            anyhow::anyhow!("{variable} {wrong}: write it as http://host:port, with a user name and password before the host where it wants them (`user:password@`, special characters as %40), or leave it empty")
        })?;
        let spared = ["NO_PROXY", "no_proxy"].iter().find_map(|name| env.var(name));
        Ok(Some(Self { url, variable, spared: spared_hosts(spared.unwrap_or_default()) }))
    }

    /// Whether a request to `target` goes through it. Unencrypted ones never do: they stay on this machine.
    pub(super) fn covers(&self, target: &Url) -> bool {
        target.scheme() == "https" && !self.spared.iter().any(|spared| spared.holds(target))
    }

    /// The variable that names it.
    pub(super) const fn variable(&self) -> &'static str {
        self.variable
    }

    /// The same as the HTTP client wants it.
    pub(super) fn for_client(self) -> reqwest::Proxy {
        reqwest::Proxy::custom(move |target| self.covers(target).then(|| self.url.clone()))
    }
}

fn parse(text: &str) -> Result<Url, &'static str> {
    if text.is_empty() {
        return Err("is not UTF-8");
    }
    if is_unexpanded(text) {
        return Err("is a variable that was not expanded");
    }
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&whole).map_err(|_| "is not the address of a proxy")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("names a proxy of a kind that is not supported");
    }
    Ok(url)
}

/// What has to be hidden of every proxy the environment names, used or not: the password, and what it stands in. A user
/// name alone is taken for a token.
pub fn proxy_secrets(env: &Env) -> Vec<String> {
    let mut secrets = Vec::new();
    for text in USED.iter().chain(&UNUSED).filter_map(|name| env.var(name)) {
        // By eye, not by the rules: a password that breaks the address is a password still.
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let Some((both, _)) = rest.rsplit_once('@') else {
            continue;
        };
        let password = both.split_once(':').map_or(both, |(_, password)| password);
        for written in [password, both] {
            secrets.push(written.to_owned());
            secrets.push(percent_decode_str(written).decode_utf8_lossy().into_owned());
        }
    }
    secrets
}

fn spared_hosts(text: &str) -> Vec<Spared> {
    let entries = text.split(|c: char| c == ',' || c.is_whitespace());
    entries.filter(|entry| !entry.is_empty()).map(Spared::parse).collect()
}

impl Spared {
    fn parse(entry: &str) -> Self {
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => (entry, None),
            },
            _ => (entry, None),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = || {
            let name = bare.trim_start_matches('*').trim_start_matches('.');
            Whom::Name(name.to_ascii_lowercase())
        };
        let network = bare.parse().or_else(|_| bare.parse::<IpAddr>().map(IpNet::from));
        let whom = if bare == "*" { Whom::Everybody } else { network.map_or_else(|_| name(), Whom::Network) };
        Self { whom, port }
    }

    fn holds(&self, target: &Url) -> bool {
        if self.port.is_some() && self.port != target.port_or_known_default() {
            return false;
        }
        match (&self.whom, target.host()) {
            (Whom::Everybody, _) => true,
            (Whom::Name(name), Some(Host::Domain(host))) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                host.strip_suffix(name.as_str()).is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
            (Whom::Network(network), Some(Host::Ipv4(ip))) => network.contains(&IpAddr::from(ip)),
            (Whom::Network(network), Some(Host::Ipv6(ip))) => network.contains(&IpAddr::from(ip)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spares(no_proxy: &str, target: &str) -> bool {
        let target = Url::parse(target).unwrap();
        let mut spared = spared_hosts(no_proxy).into_iter();
        spared.any(|spared| spared.holds(&target))
    }

    #[test]
    fn no_proxy_spares_whom_it_names() {
        for (no_proxy, target) in [
            ("*", "https://api.example.com"),
            ("*", "https://10.1.2.3"),
            ("api.example.com", "https://api.example.com"),
            ("API.Example.COM", "https://api.example.com./x"),
            ("example.com", "https://api.example.com"),
            (".example.com", "https://api.example.com"),
            (".example.com", "https://example.com"),
            ("*.example.com", "https://api.example.com"),
            ("a.example, example.com", "https://api.example.com"),
            ("a.example example.com", "https://api.example.com"),
            ("example.com:443", "https://api.example.com"),
            ("example.com:8443", "https://api.example.com:8443"),
            ("10.1.2.3", "https://10.1.2.3"),
            ("10.1.2.3:444", "https://10.1.2.3:444"),
            ("10.0.0.0/8", "https://10.1.2.3"),
            ("0.0.0.0/0", "https://10.1.2.3"),
            ("::1", "https://[::1]"),
            ("[::1]", "https://[::1]"),
            ("[::1]:8443", "https://[::1]:8443"),
            ("fd00::/8", "https://[fd12::1]"),
        ] {
            assert!(spares(no_proxy, target), "{no_proxy} {target}");
        }
        for (no_proxy, target) in [
            ("", "https://api.example.com"),
            (", ,", "https://api.example.com"),
            ("example.com", "https://badexample.com"),
            ("api.example.com", "https://example.com"),
            ("example.com:8443", "https://api.example.com"),
            ("10.1.2.3", "https://10.1.2.30"),
            ("10.0.0.0/8", "https://11.0.0.1"),
            ("10.0.0.0/33", "https://10.0.0.1"),
            ("::1", "https://[::2]"),
            ("[::1]:8443", "https://[::1]"),
            ("0.0.0.0/0", "https://[::1]"),
            ("fd00::/8", "https://[fe00::1]"),
        ] {
            assert!(!spares(no_proxy, target), "{no_proxy} {target}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_proxy_that_is_not_utf_8_is_not_passed_over() {
        use std::os::unix::ffi::OsStringExt as _;
        let bad = std::ffi::OsString::from_vec(vec![b'h', 0xff]);
        let env = Env::new([("https_proxy".into(), bad)]);
        let error = Proxy::read(&env).err().unwrap().to_string();
        assert!(error.starts_with("https_proxy is not UTF-8"), "{error}");
    }
}
