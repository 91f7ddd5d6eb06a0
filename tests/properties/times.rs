//! A duration is what its digits say and within its bounds; a rate limit closes the door for as long as was said.

use std::sync::Arc;
use std::time::Duration;

use cancel_deployment::api::{Api, ApiRequest, Clock, Request, Reset, Response, Service, Transport, TransportError};
use cancel_deployment::input::parse::duration;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::failure::Kind;
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::text::sanitizer::Sanitizer;
use tokio::time::Instant;

/// A text taken for a duration and for every header that says when a rate limit ends.
pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(found) = duration(&text, 1, 24 * 3600) {
        assert!(found >= Duration::from_secs(1) && found <= Duration::from_secs(24 * 3600), "{text:?}");
        let digits: u64 = text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().expect("digits");
        let unit = match text.chars().last() {
            Some('m') => 60,
            Some('h') => 3600,
            _ => 1,
        };
        assert_eq!(found.as_secs(), digits * unit, "{text:?}");
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    for header in ["retry-after", "x-reset", "date"] {
        for reset in [Reset("x-reset"), Reset("x-reset")] {
            runtime.block_on(closed(header, &text, reset));
        }
    }
}

/// After a 429 the door stays shut until the time it names, which is never now and never in the past.
async fn closed(header: &'static str, text: &str, reset: Reset) {
    let service = Service::new(&REGISTER[0].about).rate_limit(reset).request_id("x-request-id");
    let start = Instant::now();
    let base = Address::parse("https://api.example").expect("an address");
    let link = Box::new(Limited(header, text.to_owned()));
    let sanitizer = Arc::new(Sanitizer::default());
    let api = Api::new(service, base, link, sanitizer, Clock { start, limit: Duration::from_secs(3600) });
    let first = api.send(ApiRequest::get("/x", "look")).await.expect_err("a 429");
    assert_eq!((first.kind, first.status), (Kind::Limited, Some(429)));
    let until = first.not_before.expect("a time");
    assert!(until >= start.elapsed() + Duration::from_millis(250), "{header} {text:?}: {until:?}");
    let again = api.send(ApiRequest::get("/x", "look")).await.expect_err("a closed door");
    assert_eq!((again.status, again.not_before), (None, Some(until)), "{header} {text:?}");
}

struct Limited(&'static str, String);

#[async_trait::async_trait]
impl Transport for Limited {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        Ok(Response { status: 429, headers: [(self.0, &self.1)].into_iter().collect(), body: Vec::new() })
    }
}

/// Texts of both kinds.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "90",
        "90s",
        "5m",
        "1 h",
        "24h",
        "0",
        "-1",
        "1.5",
        "1e9",
        "99999999999999999999",
        "Sun, 22 Nov 2026 18:00:00 GMT",
        "1795370400",
        "inf",
        "NaN",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
