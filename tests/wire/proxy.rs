//! Proxies: which one is used for what, that it learns nothing, and what a user reads when it stands in the way.

use serde_json::json;

use crate::sandbox::cloud_foundry::{Deployment as Foundry, Foundation, UAA, User};
use crate::sandbox::{Authority, Call, Fault, Gate, Nobody, PRIVATE, Papers, Proxy, Sandbox, TOKEN, digitalocean};
use crate::stage::Stage;
use crate::step::{Ran, Step};

/// As a variable writes it, and as it is.
const WRITTEN: &str = "proxy-user:p%40ss%2Fword%20of%3Aproxy";
const PASSWORD: &str = "p@ss/word of:proxy";
const ENCODED: &str = "cHJveHktdXNlcjpwQHNzL3dvcmQgb2Y6cHJveHk=";

/// A sandbox over https with one running deployment, and who vouches for it.
struct Far {
    sandbox: Sandbox,
    authority: Authority,
}

impl Far {
    fn new() -> Self {
        let authority = Authority::new();
        let sandbox = Sandbox::start_tls(authority.acceptor(Papers::Good));
        sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
        Self { sandbox, authority }
    }

    fn step_at(&self, url: &str) -> Step {
        Stage::DigitalOcean.step_at(url).input("ca_cert", self.authority.pem()).var("RUNNER_DEBUG", "1")
    }

    /// A step that gets there through a proxy only: the name means nothing outside of it.
    fn step(&self) -> Step {
        self.step_at(&self.sandbox.url_far("digitalocean"))
    }

    /// A step that gets there with a proxy or without.
    fn near(&self) -> Step {
        self.step_at(&self.sandbox.url("digitalocean"))
    }

    #[track_caller]
    fn canceled(&self, ran: &Ran) {
        ran.ended("canceled", 0);
        assert_eq!(self.sandbox.effective_cancels("dep-1"), 1);
    }

    /// Nothing came through.
    #[track_caller]
    fn untouched(&self) {
        assert!(self.sandbox.requests().is_empty(), "something was sent");
    }
}

/// What a proxy may never see.
#[track_caller]
fn learnt_nothing(proxy: &Proxy) {
    for text in PRIVATE {
        assert!(!proxy.saw(text), "the proxy saw {text:?}");
    }
    for head in proxy.heads() {
        assert!(!head.to_lowercase().contains("\r\nauthorization:"), "{head}");
    }
}

fn tries(ran: &Ran) -> usize {
    let is_try = |line: &&str| line.contains("GET /") || line.contains("POST /");
    ran.stdout.lines().filter(is_try).count()
}

// Which variable counts

#[test]
fn a_proxy_leads_to_a_host_that_no_name_server_knows() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
        far.canceled(&far.step().var(variable, &proxy.url()).run());
        assert!(proxy.asked()[0].starts_with("CONNECT sandbox.invalid:"));
        learnt_nothing(&proxy);
    }
}

#[test]
fn a_proxy_may_be_written_without_its_scheme_or_with_a_slash() {
    let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
    let bare = proxy.address().to_string();
    far.canceled(&far.step().var("HTTPS_PROXY", &bare).run());
    let (far, slash) = (Far::new(), format!(" {}/ ", proxy.url()));
    far.canceled(&far.step().var("HTTPS_PROXY", &slash).run());
}

#[test]
fn an_empty_variable_hides_no_other() {
    let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
    far.canceled(&far.step().var("HTTPS_PROXY", "").var("https_proxy", &proxy.url()).run());
}

#[test]
fn the_capital_and_the_special_name_come_first() {
    let (far, right, wrong) = (Far::new(), Proxy::start(Gate::Open), Proxy::start(Gate::Open));
    let step = far.step().var("HTTPS_PROXY", &right.url());
    let step = step.var("https_proxy", &wrong.url());
    far.canceled(&step.var("ALL_PROXY", &wrong.url()).var("HTTP_PROXY", &wrong.url()).run());
    assert!(wrong.asked().is_empty());
}

#[test]
fn a_proxy_for_plain_http_is_never_used() {
    for variable in ["HTTP_PROXY", "http_proxy"] {
        let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
        far.canceled(&far.near().var(variable, &proxy.url()).run());
        assert!(proxy.asked().is_empty());
    }
}

#[test]
fn a_variable_of_a_web_server_does_not_turn_proxies_off() {
    let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
    far.canceled(&far.step().var("REQUEST_METHOD", "GET").var("HTTPS_PROXY", &proxy.url()).run());
}

#[test]
fn a_plain_address_of_this_machine_never_goes_through_a_proxy() {
    let sandbox = Sandbox::start();
    let all = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    for url in [Sandbox::url, Sandbox::url_by_name] {
        sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
        let proxy = Proxy::start(Gate::Open);
        let mut step = Stage::DigitalOcean.step_at(&url(&sandbox, "digitalocean"));
        for variable in all {
            step = step.var(variable, &proxy.url());
        }
        step.run().ended("canceled", 0);
        assert!(proxy.heads().is_empty(), "{:?}", proxy.heads());
    }
}

#[test]
fn a_proxy_is_reached_over_tls_where_it_wants_that() {
    let far = Far::new();
    let proxy = Proxy::start_tls(Gate::Open, far.authority.acceptor(Papers::Good));
    far.canceled(&far.step().var("HTTPS_PROXY", &proxy.url()).run());
    learnt_nothing(&proxy);
}

#[test]
fn an_address_of_ipv6_behind_a_proxy_is_bad_input() {
    let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
    let step = far.step_at(&far.sandbox.url_by_ipv6("digitalocean"));
    step.var("HTTPS_PROXY", &proxy.url()).run().ended("error", 2).says("HTTPS_PROXY").says("NO_PROXY");
    assert!(proxy.heads().is_empty());
    far.untouched();
}

// Who is spared

#[test]
fn no_proxy_spares_a_host_in_all_its_forms() {
    for variable in ["NO_PROXY", "no_proxy"] {
        let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
        let port = far.sandbox.address().port();
        let (four, six) = (format!("127.0.0.1:{port}"), format!("[::1]:{port}"));
        for (url, spared) in [
            (Sandbox::url as fn(&Sandbox, &str) -> String, "*"),
            (Sandbox::url, "example.com, 127.0.0.1"),
            (Sandbox::url, "127.0.0.0/8"),
            (Sandbox::url, four.as_str()),
            (Sandbox::url_by_name, "localhost"),
            (Sandbox::url_by_name, ".localhost"),
            (Sandbox::url_by_ipv6, "::1"),
            (Sandbox::url_by_ipv6, "[::1]"),
            (Sandbox::url_by_ipv6, "::/64"),
            (Sandbox::url_by_ipv6, six.as_str()),
        ] {
            far.sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
            let step = far.step_at(&url(&far.sandbox, "digitalocean"));
            step.var("HTTPS_PROXY", &proxy.url()).var(variable, spared).run().ended("canceled", 0);
            assert!(proxy.heads().is_empty(), "{spared}");
        }
    }
}

#[test]
fn no_proxy_spares_nobody_else() {
    let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
    let spared = "example.com,far.sandbox.invalid,box.invalid,10.0.0.0/8,sandbox.invalid:1";
    far.canceled(&far.step().var("HTTPS_PROXY", &proxy.url()).var("NO_PROXY", spared).run());
    learnt_nothing(&proxy);
}

// Credentials

#[test]
fn credentials_reach_the_proxy_and_nobody_else() {
    let far = Far::new();
    let proxy = Proxy::start(Gate::Guarded(format!("Basic {ENCODED}")));
    let ran = far
        .step()
        .var("HTTPS_PROXY", &proxy.url_for(WRITTEN))
        .secret(PASSWORD)
        .secret("p%40ss%2Fword%20of%3Aproxy")
        .secret(ENCODED)
        .run();
    far.canceled(&ran);
    for seen in far.sandbox.requests() {
        assert_eq!(seen.header("proxy-authorization"), None);
    }
    learnt_nothing(&proxy);
    // No input of the action: the runner has hidden it already, and a mask might end in a file.
    assert!(!ran.stdout.contains(PASSWORD), "{}", ran.stdout);
}

#[test]
fn credentials_are_shown_nowhere_in_whatever_variable_they_stand() {
    let far = Far::new();
    for variable in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let ran = far
            .near()
            .input("platform", "nowhere")
            .var(variable, &format!("http://{WRITTEN}@127.0.0.1:1"))
            .secret(PASSWORD)
            .run();
        ran.ended("error", 2);
        assert!(!ran.stdout.contains(PASSWORD), "{}", ran.stdout);
    }
}

#[test]
fn a_user_name_alone_is_hidden_as_a_token() {
    let far = Far::new();
    let proxy = Proxy::start(Gate::Guarded("Basic cHJveHktdG9rZW4tMTIzOg==".to_owned()));
    let ran = far.step().var("HTTPS_PROXY", &proxy.url_for("proxy-token-123")).secret("proxy-token-123").run();
    far.canceled(&ran);
    assert!(!ran.stdout.contains("proxy-token-123"), "{}", ran.stdout);
}

#[test]
fn credentials_that_come_back_in_an_answer_are_hidden() {
    let far = Far::new();
    let proxy = Proxy::start(Gate::Open);
    let fault = Fault::json(401, &json!({"id": "x", "message": format!("{PASSWORD} {ENCODED}")}).to_string());
    far.sandbox.always(Call::Read, fault);
    let ran = far.step().var("HTTPS_PROXY", &proxy.url_for(WRITTEN)).secret(PASSWORD).secret(ENCODED).run();
    ran.ended("error", 1).says("withheld: it holds a secret");
}

#[test]
fn credentials_the_proxy_does_not_take_are_named_by_their_variable() {
    for (variable, userinfo) in [("HTTPS_PROXY", "proxy-user:wrong-password@"), ("https_proxy", "")] {
        let far = Far::new();
        let proxy = Proxy::start(Gate::Guarded("Basic nobody".to_owned()));
        let url = proxy.url().replace("//", &format!("//{userinfo}"));
        let ran = far.step().var(variable, &url).secret("wrong-password").run();
        ran.ended("error", 1).says("407").says(variable).says("user name and password");
        assert!(tries(&ran) <= 3, "{}", ran.stdout);
        far.untouched();
        learnt_nothing(&proxy);
    }
}

// A proxy that stands in the way

#[test]
fn a_proxy_that_refuses_is_named_by_its_variable() {
    let answers = [
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: https://login.example/\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\n\r\n<html>You shall not pass</html>",
        "<html>What is this?</html>\r\n\r\n",
    ];
    // All at once, since each is tried a few times.
    let running = answers.map(|answer| {
        let (far, proxy) = (Far::new(), Proxy::start(Gate::Says(answer)));
        let running = far.step().var("HTTPS_PROXY", &proxy.url()).start();
        (far, proxy, running)
    });
    for (far, proxy, running) in running {
        let ran = running.wait();
        ran.ended("error", 1).says("the proxy that HTTPS_PROXY names").says("refuses").says("NO_PROXY");
        assert!(tries(&ran) <= 3, "{}", ran.stdout);
        far.untouched();
        learnt_nothing(&proxy);
    }
}

#[test]
fn a_page_instead_of_a_tunnel_is_no_success() {
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>Please sign in</html>";
    let (far, proxy) = (Far::new(), Proxy::start(Gate::Says(page)));
    let step = far.step().var("HTTPS_PROXY", &proxy.url());
    step.input("timeout", "5").run().ended("error", 1).says("the proxy that HTTPS_PROXY names");
    far.untouched();
    learnt_nothing(&proxy);
}

#[test]
fn a_proxy_that_hangs_is_named_by_its_variable() {
    let (far, proxy) = (Far::new(), Proxy::start(Gate::Silent));
    let ran = far.step().var("HTTPS_PROXY", &proxy.url()).input("timeout", "12").run();
    ran.ended("error", 1).says("no connection within 5 s").says("the proxy that HTTPS_PROXY names");
    far.untouched();
}

#[test]
fn a_proxy_that_is_not_there_is_told_from_a_platform_that_is_not() {
    let nobody = Nobody::new();
    let address = nobody.address().to_string();
    let far = Far::new();
    for (url, words) in [
        (address.as_str(), "Connection refused"),
        ("http://no-proxy-here.invalid:3128", "the proxy that HTTPS_PROXY names cannot be reached"),
    ] {
        let ran = far.step().var("HTTPS_PROXY", url).run();
        ran.ended("error", 1).says(words);
        ran.says("the proxy that HTTPS_PROXY names cannot be reached");
        ran.says("Check HTTPS_PROXY");
        let reason = ran.output("reason");
        assert!(!reason.contains("sandbox.invalid is not known"), "{reason}");
        far.untouched();
    }
}

#[test]
fn a_proxy_nobody_vouches_for_is_told_from_a_platform_nobody_vouches_for() {
    let far = Far::new();
    let proxy = Proxy::start_tls(Gate::Open, Authority::new().acceptor(Papers::Good));
    let ran = far.step().var("HTTPS_PROXY", &proxy.url_for("proxy-user:open-sesame")).secret("open-sesame").run();
    ran.ended("error", 1).says("the proxy that HTTPS_PROXY names").says("UnknownIssuer");
    assert_eq!(tries(&ran), 1, "{}", ran.stdout);
    assert!(proxy.heads().is_empty(), "credentials were sent");
    far.untouched();
}

#[test]
fn a_proxy_that_opens_the_tunnel_to_somebody_else_gets_no_token() {
    let authority = Authority::new();
    let stranger = Far::new();
    let proxy = Proxy::start(Gate::Open);
    let ran = stranger.step().input("ca_cert", authority.pem()).var("HTTPS_PROXY", &proxy.url()).run();
    ran.ended("error", 1).says("UnknownIssuer");
    assert_eq!(tries(&ran), 1, "{}", ran.stdout);
    stranger.untouched();
    learnt_nothing(&proxy);
}

// Bad input

#[test]
fn a_proxy_that_cannot_be_understood_is_bad_input() {
    let far = Far::new();
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for url in [
            "http://",
            "://proxy.example",
            "http://proxy.example:port",
            "http://proxy.example:99999",
            "http://proxy-user:pass/word-of-proxy@proxy.example:3128",
            "socks5://127.0.0.1:1080",
            "ftp://127.0.0.1",
            "two words",
            "$PROXY",
            "${PROXY}",
        ] {
            let ran = far.near().var(variable, url).secret("word-of-proxy").run();
            ran.ended("error", 2);
            let reason = ran.output("reason");
            assert!(reason.contains(variable), "{url}: {reason}");
            assert!(reason.contains("http://host:port"), "{url}: {reason}");
            assert_eq!(tries(&ran), 0);
        }
    }
    far.untouched();
}

#[test]
fn a_broken_proxy_does_not_matter_where_none_is_used() {
    let sandbox = Sandbox::start();
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
    let step = Stage::DigitalOcean.step_at(&sandbox.url("digitalocean"));
    step.var("HTTPS_PROXY", "socks5://nowhere").run().ended("canceled", 0);
}

// A sign-in at another address

const WORD: &str = "open  sesame+&=9";

fn foundry(sandbox: &Sandbox, login: &str) {
    let links = json!({"login": {"href": login}});
    sandbox.add(Foundation::new().links(links));
    sandbox.add(Foundry::new("dep-1"));
    sandbox.add(User::new("ci", WORD));
}

fn user(url: &str) -> Step {
    Step::github()
        .input("platform", "cloud_foundry")
        .input("deployment_id", "dep-1")
        .input("timeout", "20")
        .input("api_url", url)
        .input("username", "ci")
        .input("password", WORD)
        .secret(WORD)
        .var("RUNNER_DEBUG", "1")
}

#[test]
fn a_sign_in_elsewhere_takes_the_same_roots_and_the_same_proxy() {
    let (authority, proxy) = (Authority::new(), Proxy::start(Gate::Open));
    let api = Sandbox::start_tls(authority.acceptor(Papers::Good));
    // One server under two names: the second one is known to the proxy alone.
    foundry(&api, &(api.url_far("cloud_foundry") + UAA));
    let ran = user(&api.url_by_name("cloud_foundry"))
        .input("ca_cert", authority.pem())
        .var("HTTPS_PROXY", &proxy.url())
        .var("NO_PROXY", "localhost")
        .run();
    ran.ended("canceled", 0);
    let far = |line: &String| line.starts_with("CONNECT sandbox.invalid:");
    assert!(!proxy.asked().is_empty());
    assert!(proxy.asked().iter().all(far), "{:?}", proxy.asked());
    learnt_nothing(&proxy);
    assert!(!proxy.saw(WORD));
}

#[test]
fn a_sign_in_elsewhere_takes_the_proxy_although_the_api_is_on_this_machine() {
    let (authority, proxy) = (Authority::new(), Proxy::start(Gate::Open));
    let (api, uaa) = (Sandbox::start(), Sandbox::start_tls(authority.acceptor(Papers::Good)));
    foundry(&api, &(uaa.url_far("cloud_foundry") + UAA));
    foundry(&uaa, "https://unused.example");
    user(&api.url("cloud_foundry"))
        .input("ca_cert", authority.pem())
        .var("HTTPS_PROXY", &proxy.url())
        .var("HTTP_PROXY", &proxy.url())
        .run();
    assert!(!uaa.requests().is_empty(), "the sign-in was not reached");
    let far = |line: &String| line.starts_with("CONNECT sandbox.invalid:");
    assert!(proxy.asked().iter().all(far), "{:?}", proxy.asked());
    learnt_nothing(&proxy);
}

#[test]
fn a_sign_in_that_nobody_vouches_for_gets_no_password() {
    let authority = Authority::new();
    let api = Sandbox::start_tls(authority.acceptor(Papers::Good));
    let uaa = Sandbox::start_tls(Authority::new().acceptor(Papers::Good));
    foundry(&api, &(uaa.url("cloud_foundry") + UAA));
    let ran = user(&api.url("cloud_foundry")).input("ca_cert", authority.pem()).run();
    ran.ended("error", 1).says("UnknownIssuer").says("sign in");
    assert!(uaa.requests().is_empty());
    assert_eq!(tries(&ran), 2, "{}", ran.stdout);
}

#[test]
fn the_token_is_in_no_byte_a_proxy_sees() {
    // Shows that the proxy would have seen it.
    let (far, proxy) = (Far::new(), Proxy::start(Gate::Open));
    far.canceled(&far.step().var("HTTPS_PROXY", &proxy.url()).run());
    assert!(proxy.saw("CONNECT sandbox.invalid"));
    let seen = far.sandbox.requests();
    assert!(seen[0].header("authorization").unwrap().contains(TOKEN));
    learnt_nothing(&proxy);
}
