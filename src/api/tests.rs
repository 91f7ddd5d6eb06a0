//! The policy against a scripted transport, under a paused clock.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::channel::MOST_TOKENS;
use super::*;
use crate::model::about::About;
use crate::text::redactor::Redactor;

const TOKEN: &str = "first-token";

/// Answers in the order of the script, each after its pause; the last one for ever.
struct Script {
    answers: Mutex<VecDeque<(u64, Result<Response, TransportError>)>>,
    sent: Arc<Mutex<Vec<Request>>>,
}

#[async_trait::async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.sent.lock().unwrap().push(request);
        let (seconds, answer) = self.answers.lock().unwrap().pop_front().unwrap();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        answer
    }
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    Response { status, headers: headers.iter().copied().collect(), body: body.as_bytes().to_vec() }
}

const ABOUT: About = About {
    id: "imagined",
    name: "Imagined",
    credentials: "`token` (or IMAGINED_TOKEN)",
    grant: "the token needs the right `deploy`",
    ..About::NONE
};

fn service(sign_in: Option<Box<dyn SignIn>>) -> Service {
    let mut service = Service::new(&ABOUT).rate_limit(Reset("x-reset")).request_id("x-id");
    service.sign_in = sign_in;
    service
}

type Sent = Arc<Mutex<Vec<Request>>>;

fn api(service: Service, answers: Vec<(u64, Result<Response, TransportError>)>) -> (Api, Sent) {
    let sent = Sent::default();
    let script = Script { answers: Mutex::new(answers.into()), sent: Arc::clone(&sent) };
    let redactor = Redactor::new(&[Secret::from(TOKEN.to_owned())]);
    let base = Address::parse("https://api.example.com/base").unwrap();
    let sanitizer = Arc::new(Sanitizer::new(redactor));
    let clock = Clock { start: Instant::now(), limit: Duration::from_secs(60) };
    (Api::new(service, base, Box::new(script), sanitizer, clock), sent)
}

fn call() -> ApiRequest {
    ApiRequest::get("/v1/x", "read the thing").query("q", "a b")
}

async fn kind_of(answer: Result<Response, TransportError>) -> Failure {
    let (api, _) = api(service(None), vec![(0, answer)]);
    api.send(call()).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn every_status_has_its_kind_and_every_kind_its_hint() {
    for (status, kind) in [
        (302, Kind::Redirected),
        (400, Kind::Refused),
        (401, Kind::Unauthorized),
        (403, Kind::Forbidden),
        (404, Kind::NotFound),
        (408, Kind::Server),
        (410, Kind::NotFound),
        (411, Kind::Refused),
        (409, Kind::Refused),
        (422, Kind::Refused),
        (429, Kind::Limited),
        (500, Kind::Server),
        (503, Kind::Server),
    ] {
        let failure = kind_of(Ok(response(status, &[("x-id", "r-1")], r#"{"message":"no: first-token"}"#))).await;
        assert_eq!(failure.kind, kind, "{status}");
        assert_eq!(failure.words, "no: ***");
        assert_eq!(failure.request_id.as_deref(), Some("r-1"));
        assert!(!failure.hint.is_empty(), "{status}");
    }
    for kind in [Kind::Broken, Kind::Untrusted, Kind::UnknownHost, Kind::Unreachable, Kind::Proxy] {
        let failure = kind_of(Err(TransportError { kind, words: "words".to_owned() })).await;
        assert!(failure.kind == kind && !failure.hint.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_that_is_no_text_spoils_nothing_but_the_text_that_it_stands_in() {
    let odd =
        Response { status: 200, body: b"{\"state\":\"live\",\"note\":\"caf\xe9\"}".to_vec(), ..Response::default() };
    let (api, _) = api(service(None), vec![(0, Ok(odd))]);
    let reply = api.send(call()).await.unwrap();
    let at = |pointer: &str| reply.at::<String>(pointer).unwrap();
    assert_eq!((at("/state").as_deref(), at("/note").as_deref()), (Some("live"), Some("caf\u{fffd}")));
}

#[tokio::test(start_paused = true)]
async fn a_hint_names_the_input_that_the_address_follows_from() {
    for kind in [Kind::UnknownHost, Kind::Unreachable] {
        for (base, named) in [("https://api.example.com/base", "site"), ("https://api.example.org", "api_url")] {
            let follows = Address::parse(base).ok().map(|base| (base, "site"));
            let answer = Err(TransportError { kind, words: "words".to_owned() });
            let (api, _) = api(Service { base: follows, ..service(None) }, vec![(0, answer)]);
            let hint = api.send(call()).await.unwrap_err().hint;
            let inputs = ["`site`", "`api_url`"].map(|input| hint.contains(input));
            assert_eq!(inputs, [named == "site", named == "api_url"], "{hint}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_described_and_never_shown_and_a_plain_sentence_is_told() {
    for (body, said) in [("<html>secret page</html>", "an HTML page"), ("oops", "oops"), ("", "")] {
        let failure = kind_of(Ok(response(500, &[], body))).await;
        assert!(failure.words.contains(said) && !failure.words.contains("secret page"));
    }
    for (body, said) in [
        ("", "empty"),
        ("<html>", "HTML page"),
        ("{\"a\":", "breaks off"),
        ("{\"a\":1}", "another shape"),
        ("{]", "not JSON"),
    ] {
        let (api, _) = api(service(None), vec![(0, Ok(response(200, &[], body)))]);
        let failure = api.send(call()).await.unwrap().json::<bool>().unwrap_err();
        assert_eq!(failure.kind, Kind::Unreadable);
        assert!(failure.words.contains(said), "{body}: {}", failure.words);
    }
}

#[tokio::test(start_paused = true)]
async fn one_request_takes_at_most_twenty_seconds_and_none_goes_past_the_limit() {
    let slow = || (100, Ok(response(200, &[], "")));
    let (api, sent) = api(service(None), vec![slow(), slow(), slow(), slow()]);
    for elapsed in [20, 40, 60] {
        assert_eq!(api.send(call()).await.unwrap_err().kind, Kind::Timeout);
        assert_eq!(api.channel.clock.start.elapsed().as_secs(), elapsed);
    }
    assert_eq!(api.send(call()).await.unwrap_err().kind, Kind::Timeout);
    assert_eq!((sent.lock().unwrap().len(), api.channel.clock.start.elapsed().as_secs()), (3, 60));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_closes_the_door_for_everybody() {
    let limited = response(429, &[("retry-after", "5")], "");
    let (api, sent) = api(service(None), vec![(0, Ok(limited)), (0, Ok(response(200, &[], "")))]);
    let first = api.send(call()).await.unwrap_err();
    assert_eq!(first.not_before, Some(Duration::from_secs(5)));
    let second = api.send(call()).await.unwrap_err();
    assert_eq!((second.kind, second.not_before), (Kind::Limited, first.not_before));
    assert_eq!(sent.lock().unwrap().len(), 1);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(api.send(call()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_503_closes_the_door_only_if_it_says_how_long() {
    for (headers, closed) in [(&[("retry-after", "5")][..], true), (&[][..], false)] {
        let (api, _) = api(service(None), vec![(0, Ok(response(503, headers, ""))), (0, Ok(response(200, &[], "")))]);
        api.send(call()).await.unwrap_err();
        assert_eq!(api.send(call()).await.is_err(), closed);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_of_one_endpoint_leave_the_others_open() {
    let answers = vec![(0, Ok(response(429, &[("retry-after", "5")], ""))), (0, Ok(response(200, &[], "")))];
    let (api, _) = api(Service { limits_each_endpoint: true, ..service(None) }, answers);
    assert!(api.send(call().endpoint("cancel")).await.is_err());
    assert!(api.send(call().endpoint("get")).await.is_ok());
}

struct Heard(Arc<Mutex<Vec<String>>>);

impl Listener for Heard {
    fn request(&self, line: &dyn Fn() -> String) {
        self.0.lock().unwrap().push(line());
    }
}

struct Masked(Arc<Mutex<Vec<String>>>);

impl Listener for Masked {
    fn credential(&self, secret: &Secret) {
        self.0.lock().unwrap().push(secret.expose().to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn the_trace_holds_no_header_and_no_body() {
    let answer = response(200, &[("x-id", "r-1"), ("x-private", "header")], "body");
    let (api, _) = api(service(None), vec![(0, Ok(answer))]);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let api = api.heard_by(Arc::new(Heard(kept)));
    api.send(call()).await.unwrap();
    assert_eq!(*lines.lock().unwrap(), ["GET /base/v1/x?q=a+b: 200, request id r-1, 0 ms"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_cancel_is_not_told_to_check_what_was_just_read() {
    for (status, asked, said) in [
        (401, "POST", "expired or been revoked"),
        (404, "POST", "the right to cancel"),
        (404, "GET", "Check the ids"),
        (409, "POST", "its own words say why."),
        (410, "POST", "is gone"),
        (411, "POST", "lost it"),
    ] {
        let (api, _) = api(service(None), vec![(0, Ok(response(status, &[], "")))]);
        let call = match asked {
            "POST" => ApiRequest::post("/v1/x/cancel", "cancel the thing"),
            _ => call(),
        };
        let hint = api.send(call).await.unwrap_err().hint;
        assert!(hint.contains(said), "{status}: {hint}");
        assert!(asked == "GET" || !hint.contains("heck the ids"), "{hint}");
    }
}

/// Signs in with `token-1`, `token-2` and so on, or not at all.
struct Door {
    times: Arc<AtomicUsize>,
    refuse: Option<Kind>,
}

#[async_trait::async_trait]
impl SignIn for Door {
    async fn sign_in(&self, _channel: &Channel) -> Result<Secret, Failure> {
        let time = self.times.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        match self.refuse {
            Some(kind) => Err(Failure::own(kind, "wrong password", "hint")),
            None => Ok(Secret::from(format!("bearer token-{time}"))),
        }
    }
}

fn door(refuse: Option<Kind>) -> (Option<Box<dyn SignIn>>, Arc<AtomicUsize>) {
    let times = Arc::new(AtomicUsize::new(0));
    let door = Door { times: Arc::clone(&times), refuse };
    (Some(Box::new(door)), times)
}

fn tokens(sent: &Sent) -> Vec<String> {
    let sent = sent.lock().unwrap();
    sent.iter().map(|request| request.credentials[0].1.expose().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn eight_workers_sign_in_once_and_renew_once() {
    let (sign_in, times) = door(None);
    let mut answers: Vec<_> = (0..8).map(|_| (1, Ok(response(401, &[], "")))).collect();
    answers.extend((0..8).map(|_| (0, Ok(response(200, &[], "")))));
    let (api, sent) = api(service(sign_in), answers);
    let hidden = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&hidden);
    let api = api.heard_by(Arc::new(Masked(kept)));
    let results = futures_util::future::join_all((0..8).map(|_| api.send(call()))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(times.load(Ordering::SeqCst), 2);
    assert_eq!(*hidden.lock().unwrap(), ["token-1", "token-2"]);
    let tokens = tokens(&sent);
    assert!(tokens[..8].iter().all(|token| token == "bearer token-1"), "{tokens:?}");
    assert!(tokens[8..].iter().all(|token| token == "bearer token-2"), "{tokens:?}");
    assert_eq!(api.channel.sanitizer.short("is token-1 there?").as_str(), "is *** there?");
}

#[tokio::test(start_paused = true)]
async fn a_fresh_credential_that_is_refused_is_not_renewed_again() {
    let (sign_in, times) = door(None);
    let answers = (0..4).map(|_| (0, Ok(response(401, &[], "")))).collect();
    let (api, _) = api(service(sign_in), answers);
    assert_eq!(api.send(call()).await.unwrap_err().kind, Kind::Unauthorized);
    assert_eq!(times.load(Ordering::SeqCst), 2);
}

/// Whoever rolls back looks at the slot again first: renewing took time.
#[tokio::test(start_paused = true)]
async fn a_roll_back_whose_credential_had_to_be_renewed_is_not_sent_again_at_once() {
    let (sign_in, times) = door(None);
    let refused = || (0, Ok(response(401, &[], r#"{"message":"too old"}"#)));
    let good = || (0, Ok(response(200, &[], "")));
    let (api, sent) = api(service(sign_in), vec![good(), refused(), good(), refused(), refused()]);
    let send = || api.send(ApiRequest::roll_back("/v1/x/rollback"));
    // The look before it has signed in.
    assert!(api.send(call()).await.is_ok());
    let failure = send().await.unwrap_err();
    assert_eq!((failure.kind, failure.status, failure.words.as_str()), (Kind::MovedOn, Some(401), "too old"));
    assert!(send().await.is_ok());
    // The new one is refused as well: that is a no.
    assert_eq!(send().await.unwrap_err().kind, Kind::Unauthorized);
    assert_eq!(send().await.unwrap_err().kind, Kind::Unauthorized);
    let used = tokens(&sent);
    assert_eq!((used[1].as_str(), used[2].as_str(), used.len()), ("bearer token-1", "bearer token-2", 5));
    assert_eq!(times.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_password_is_never_tried_again() {
    for (kind, tries) in [(Kind::Unauthorized, 1), (Kind::Server, 3)] {
        let (sign_in, times) = door(Some(kind));
        let (api, _) = api(service(sign_in), Vec::new());
        for _ in 0..3 {
            assert_eq!(api.send(call()).await.unwrap_err().kind, kind);
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        assert_eq!(times.load(Ordering::SeqCst), tries, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_fails_is_tried_in_one_growing_rhythm_for_all_workers() {
    let (sign_in, times) = door(Some(Kind::Server));
    let (api, _) = api(service(sign_in), Vec::new());
    while api.channel.clock.start.elapsed() < Duration::from_secs(30) {
        let results = futures_util::future::join_all((0..8).map(|_| api.send(call()))).await;
        assert!(results.iter().all(Result::is_err));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let tries = times.load(Ordering::SeqCst);
    assert!((3..=12).contains(&tries), "{tries} tries");
}

#[tokio::test(start_paused = true)]
async fn who_is_told_of_a_failed_sign_in_is_told_when_the_next_can_be_made() {
    let (sign_in, times) = door(Some(Kind::Unreadable));
    let (api, _) = api(service(sign_in), Vec::new());
    let next = api.send(call()).await.unwrap_err().not_before.unwrap();
    assert!(next > api.channel.clock.start.elapsed());
    let told_again = api.send(call()).await.unwrap_err();
    assert_eq!(told_again.not_before, Some(next));
    tokio::time::sleep_until(api.channel.clock.start + next).await;
    api.send(call()).await.unwrap_err();
    assert_eq!(times.load(Ordering::Relaxed), 2);
}

/// Every one of them would be looked for in every text, in each of its forms, while no limit counts.
#[tokio::test(start_paused = true)]
async fn a_sign_in_that_hands_out_countless_tokens_does_not_hold_the_run() {
    let token = |n: usize| format!("token-number-{n:04}");
    let many: serde_json::Map<_, _> = (0..100).map(|n| (format!("{n:04}_token"), token(n).into())).collect();
    let many = serde_json::Value::Object(many).to_string();
    let endless = format!(r#"{{"access_token": "{}"}}"#, "aB3".repeat(100_000));
    let answers = [many, endless].map(|body| (0, Ok(response(200, &[], &body))));
    let (api, _) = api(service(None), answers.into());
    let sign_in = || ApiRequest::get("/oauth/token", "sign in");
    assert!(api.channel.send(sign_in()).await.is_ok());
    let learned = (0..100).filter(|n| api.channel.sanitizer.short(&token(*n)).as_str() == "***");
    assert_eq!(learned.count(), MOST_TOKENS);
    let failure = api.channel.send(sign_in()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Unreadable);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_request_carries_no_credential_of_the_run() {
    let (api, sent) = api(
        Service { credentials: vec![("authorization", Secret::from(TOKEN.to_owned()))], ..service(None) },
        vec![(0, Ok(response(200, &[], ""))), (0, Ok(response(200, &[], "")))],
    );
    api.channel.send(ApiRequest::get("/", "look around")).await.unwrap();
    let host = Address::parse("https://login.example.com").unwrap();
    let basic = Secret::from("Basic Y2Y6".to_owned());
    let headers = vec![("authorization", basic)];
    api.channel.send_to(&host, headers, ApiRequest::post("/oauth/token", "sign in")).await.unwrap();
    let sent = sent.lock().unwrap();
    assert!(sent[0].credentials.is_empty() && sent[0].url.host_str() == Some("api.example.com"));
    assert_eq!(sent[1].url.as_str(), "https://login.example.com/oauth/token");
    assert_eq!(sent[1].credentials[0].1.expose(), "Basic Y2Y6");
}
