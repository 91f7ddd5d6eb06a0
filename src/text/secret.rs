//! Values that may never be printed.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

/// A credential. It cannot be displayed, its debug form says nothing of it, and its memory is zeroed on drop.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "String")]
pub struct Secret(SecretString);

impl Secret {
    /// The value itself: for a request header or a mask command, nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        // Copied at its exact length: a text that is cut to it may move, and leave itself behind.
        Self(SecretString::from(Zeroizing::new(value).as_str()))
    }
}

/// Shorter values are neither masked nor redacted: hiding them would wreck the log and tell more than it hides.
pub const SHORTEST_HIDDEN: usize = 4;

/// A token without the scheme that people copy along with it (`bearer eyJ…`), in any case.
pub fn without_scheme(written: &str) -> &str {
    match written.split_once(char::is_whitespace) {
        Some((scheme, token)) if ["bearer", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            token.trim_start()
        }
        _ => written,
    }
}

/// The `Authorization` that carries a token, whether or not its scheme was copied along with it.
pub fn bearer(token: &Secret) -> Secret {
    Secret::from(format!("Bearer {}", without_scheme(token.expose())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "s3cr/et+to\"ken=&<9>";

    #[test]
    fn a_secret_has_no_printable_form() {
        assert_eq!(format!("{:?}", Secret::from(TOKEN.to_owned())), "Secret(SecretBox<str>([REDACTED]))");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_secret_that_is_done_with_is_zeroed() {
        use std::os::unix::fs::FileExt as _;
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        let text = TOKEN.repeat(8);
        let secret = Secret::from(text.clone());
        let address = u64::try_from(secret.expose().as_ptr().addr()).unwrap();
        let mut found = vec![0; text.len()];
        memory.read_exact_at(&mut found, address).unwrap();
        assert_eq!(found, text.as_bytes());
        drop(secret);
        memory.read_exact_at(&mut found, address).unwrap();
        // Its first bytes may already serve whoever hands memory out.
        let rest = String::from_utf8_lossy(&found[TOKEN.len()..]);
        assert!(!rest.contains(&TOKEN[8..]), "{rest:?}");
    }

    #[test]
    fn a_scheme_is_no_part_of_a_token() {
        for written in ["bearer a.b", "Bearer  a.b", "BEARER\ta.b", "Token a.b", "a.b"] {
            assert_eq!(without_scheme(written), "a.b", "{written}");
        }
        assert_eq!(without_scheme("bear a.b"), "bear a.b");
        let sent = bearer(&Secret::from("bearer a.b".to_owned()));
        assert_eq!(sent.expose(), "Bearer a.b");
    }
}
