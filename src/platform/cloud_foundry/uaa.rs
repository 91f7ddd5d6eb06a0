//! The sign-in at the UAA, whose address the API's root document names.
//!
//! Tokens live for minutes: whoever gives a user or a client is signed in again. The address comes from a document, so
//! the credential goes there only where it is as safe as the one that the user wrote.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::errors::WRONG_ADDRESS;
use crate::api::wire::{Maybe, Text, fields};
use crate::api::{ApiRequest, Body, Channel, SignIn};
use crate::model::address::Address;
use crate::model::failure::{Failure, Kind};
use crate::text::secret::{Secret, bearer};

/// The UAA, which makes tokens.
pub(super) struct Uaa {
    form: Vec<(&'static str, Secret)>,
    headers: Vec<(&'static str, Secret)>,
    /// A client and its secret as a header carries them: whoever repeats that repeats the secret.
    joined: Option<Secret>,
    origin: Option<String>,
    /// Goes with a refusal.
    unexpanded: Option<String>,
}

impl Uaa {
    pub(super) fn hinting(self, unexpanded: Option<String>) -> Self {
        Self { unexpanded, ..self }
    }

    /// A user, through the client that the `cf` command uses: it is public, its secret is empty.
    pub(super) fn user(username: String, password: Secret, origin: Option<String>) -> Self {
        Self {
            form: vec![
                ("grant_type", Secret::from("password".to_owned())),
                ("username", Secret::from(username)),
                ("password", password),
            ],
            headers: vec![("authorization", Secret::from("Basic Y2Y6".to_owned()))],
            joined: None,
            origin,
            unexpanded: None,
        }
    }

    /// A client, as OAuth 2.0 has every server take one: in the header, where the form is only allowed.
    pub(super) fn client(id: &str, secret: &Secret) -> Self {
        let joined = joined(id, secret);
        let basic = format!("Basic {}", joined.expose());
        Self {
            form: vec![("grant_type", Secret::from("client_credentials".to_owned()))],
            headers: vec![
                ("authorization", Secret::from(basic)),
                // The UAA decodes the two halves only where it is told that they are encoded.
                ("x-cf-encoded-credentials", Secret::from("true".to_owned())),
            ],
            joined: Some(joined),
            origin: None,
            unexpanded: None,
        }
    }
}

/// Both are encoded as in a form before they are joined, so that either may hold a colon (RFC 6749, 2.3.1).
fn joined(id: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| -> Zeroizing<String> {
        Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect())
    };
    let both = format!("{}:{}", *encoded(id), *encoded(secret.expose()));
    Secret::from(STANDARD.encode(Zeroizing::new(both).as_bytes()))
}

#[async_trait]
impl SignIn for Uaa {
    async fn sign_in(&self, channel: &Channel) -> Result<Secret, Failure> {
        let root = ApiRequest::get("/", "read the API's root document");
        let root: Root = channel.send(root).await?.json()?;
        let host = root.sign_in_address(channel.base())?;
        if let Some(joined) = &self.joined {
            channel.learn(joined);
        }
        let mut call = ApiRequest::post("/oauth/token", "sign in").body(Body::Form(self.form.clone()));
        if let Some(origin) = &self.origin {
            // In the query, as the `cf` command does it: the UAA does not look for it in the form.
            call = call.query("login_hint", json!({ "origin": origin }).to_string());
        }
        let reply = channel.send_to(&host, self.headers.clone(), call).await.map_err(|mut failure| {
            let is_refused = matches!(failure.kind, Kind::Unauthorized | Kind::Forbidden | Kind::Refused);
            if let Some(unexpanded) = self.unexpanded.as_ref().filter(|_| is_refused) {
                failure.hint = format!("{} {unexpanded}", failure.hint);
            }
            failure
        })?;
        let answer: Token = reply.json()?;
        if answer.access_token.expose().is_empty() {
            return Err(reply.unreadable("without a token"));
        }
        Ok(bearer(&answer.access_token))
    }
}

fields! {
    struct Token {
        access_token: Secret,
    }

    /// The API's root document. A link is null where its component is not installed.
    struct Root {
        links: Maybe<Links>,
        cf_on_k8s: Maybe<bool>,
    }

    struct Links {
        login: Maybe<Target>,
        uaa: Maybe<Target>,
    }

    struct Target {
        href: Text,
    }
}

impl Root {
    /// Where sign-ins go. It comes from a document, so it has to be as safe as the address that the user wrote.
    fn sign_in_address(self, api: &Address) -> Result<Address, Failure> {
        if self.cf_on_k8s.get() == Some(&true) {
            let hint = "Give the Kubernetes token of a service account as `token`.";
            return Err(Failure::guarded("this API is Korifi, which has no sign-in with a user or a client", hint));
        }
        let links = self.links.0.unwrap_or_default();
        let Some(href) = links.login.0.or(links.uaa.0).and_then(|target| target.href.0) else {
            return Err(Failure::guarded(
                "the API's root document names no sign-in address (`links.login`)",
                WRONG_ADDRESS,
            ));
        };
        match Address::parse(&href) {
            Ok(host) if host.is_plain() && !api.is_plain() => Err("must start with https://".to_owned()),
            other => other,
        }
        .map_err(|wrong| {
            let words = format!("the sign-in address in the API's root document {wrong}; no credential was sent");
            Failure::guarded(words, WRONG_ADDRESS)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::api::wire;

    #[test]
    fn a_sign_in_goes_only_where_the_address_is_as_safe_as_the_apis() {
        let goes = |api: &str, links: Value| {
            let root: Root = wire::of(&json!({ "links": links })).unwrap();
            let api = Address::parse(api).unwrap();
            let host = root.sign_in_address(&api).map(|host| host.join("", &[]));
            host.map(String::from).ok()
        };
        let (far, near) = ("https://api.example.org", "http://127.0.0.1:1");
        let login = |href: &str| json!({ "login": { "href": href }, "uaa": null });
        let other = json!({ "login": null, "uaa": { "href": "https://uaa.example.org" } });
        let safe = Some("https://login.example.org/".to_owned());
        assert_eq!(goes(far, login("https://login.example.org")), safe);
        assert_eq!(goes(far, other), Some("https://uaa.example.org/".to_owned()));
        assert!(goes(near, login("http://127.0.0.1:2/uaa")).is_some());
        for (api, links) in [
            (far, login("http://127.0.0.1:2")),
            (far, login("http://login.example.org")),
            (near, login("http://login.example.org")),
            (far, login("https://user:word@login.example.org")),
            (far, login("/uaa")),
            (far, json!({})),
            (far, Value::Null),
        ] {
            assert_eq!(goes(api, links.clone()), None, "{api} {links}");
        }
    }
}
