//! Requests and answers as the platforms see them, and helpers for their JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::{Map, Value};
use url::form_urlencoded;

/// A request that has arrived in full.
#[derive(Clone, Debug)]
pub struct Request {
    /// `http` or `https`, as it arrived.
    pub scheme: &'static str,
    /// The method, in capitals.
    pub method: String,
    /// The path as sent, without the platform's prefix.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// All headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The parts of the path, decoded.
    pub fn segments(&self) -> Vec<String> {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        path.split('/').map(percent_decode).collect()
    }

    /// All decoded values of a query parameter.
    pub fn params(&self, name: &str) -> Vec<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// The first decoded value of a query parameter; an empty one counts as absent.
    pub fn param(&self, name: &str) -> Option<String> {
        let first = self.params(name).into_iter().next();
        first.filter(|value| !value.is_empty())
    }

    /// The value of a header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A whole number from the query, or the usual one; the name of the parameter when it is none of those allowed.
    pub fn number<'a>(
        &self,
        name: &'a str,
        usual: usize,
        allowed: std::ops::RangeInclusive<usize>,
    ) -> Result<usize, &'a str> {
        match self.param(name) {
            Some(text) => text.parse().ok().filter(|number| allowed.contains(number)).ok_or(name),
            None => Ok(usual),
        }
    }

    /// The body, where it is a JSON object.
    pub fn object(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What stands in the places of a route, such as `GET apps/*/deployments/*`, when it leads here; of `v6|v7` it is the
    /// one that was asked for.
    pub fn places(&self, route: &str) -> Option<Vec<String>> {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let (wanted, given): (Vec<&str>, _) = (path.split('/').collect(), self.segments());
        if method != self.method || wanted.len() != given.len() {
            return None;
        }
        let mut places = Vec::new();
        for (wanted, given) in wanted.into_iter().zip(given) {
            let is_place = wanted == "*" || wanted.contains('|');
            if wanted != "*" && !wanted.split('|').any(|known| known == given) {
                return None;
            }
            places.extend(is_place.then_some(given));
        }
        Some(places)
    }

    /// The bearer token.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
}

/// An answer to be sent.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers but those of the transport.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the request changed the course of a deployment.
    pub took_effect: bool,
    /// Not from the API itself, so that it lacks the headers of the API's answers.
    pub foreign: bool,
}

impl Answer {
    /// An answer with any body; an empty content type leaves the header out.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let answer = Answer { status, headers: Vec::new(), body: body.into(), took_effect: false, foreign: false };
        match content_type {
            "" => answer,
            _ => answer.with("content-type", content_type),
        }
    }

    /// An answer with a JSON body; null is no body.
    pub fn json(status: u16, body: &Value) -> Answer {
        match body {
            Value::Null => Answer::new(status, "", ""),
            body => Answer::new(status, "application/json; charset=utf-8", body.to_string()),
        }
    }

    /// The same from something before or beside the API.
    pub fn foreign(mut self) -> Answer {
        self.foreign = true;
        self
    }

    /// The same with a header, which replaces one of the same name.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Answer {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same, noting whether it changed the course of a deployment.
    pub fn effect(mut self, took_effect: bool) -> Answer {
        self.took_effect = took_effect;
        self
    }
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("a clock after 1970").as_millis();
    i64::try_from(now).expect("a clock of this age")
}

/// Seconds since 1970, that many seconds from now.
pub fn epoch(in_seconds: i64) -> i64 {
    now() / 1000 + in_seconds
}

/// A time in milliseconds since 1970 as most platforms write it.
pub fn moment(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).expect("a time of these days").to_string()
}

/// Lays a JSON merge patch (RFC 7396) over a value: null removes a key.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = target else {
        return;
    };
    for (key, change) in changes {
        if change.is_null() {
            fields.remove(key);
        } else {
            merge(fields.entry(key.as_str()).or_insert(Value::Null), change);
        }
    }
}

/// Undoes percent encoding; a `+` stays one, and so does a broken escape.
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let digits = escape.and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
