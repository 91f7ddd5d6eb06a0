//! Texts that somebody takes for more than text.

use serde_json::json;

use crate::sandbox::Fault;

/// How many there are.
pub(super) const COUNT: usize = HOSTILE.len() + ELSEWHERE.len();

/// Everything that some CI system, a terminal, a heredoc, Markdown or HTML would take for more than text.
const HOSTILE: [&str; 24] = [
    "::error::owned",
    "\n::error::owned",
    "\r::warning::owned",
    "\r\n ::set-output name=outcome::owned",
    "a\u{85}::error::b\u{2028}::error::c\u{b}::error::d",
    "x ##[set-output name=outcome]owned",
    "##[ERROR]owned",
    "##vso[task.complete result=Succeeded;]owned",
    "##VSO[task.setvariable variable=outcome]owned",
    "##teamcity[buildStatus text='owned']",
    "#\u{200b}#[error]owned",
    ":\u{200b}:error::owned",
    "\u{1b}[31mowned\u{1b}]0;t\u{7}",
    "owned\nEOF\noutcome=canceled",
    "outcome<<EOF\nowned\nEOF",
    "ghadelimiter_0123\noutcome<<ghadelimiter_1\nowned",
    "a|b||c",
    "a\\|b",
    "`owned` ``owned``",
    "<img src=x onerror=owned()>",
    "[owned](https://evil.example/x)",
    "![owned](https://evil.example/p.png)",
    "</td></table><script>owned()</script>",
    "::stop-commands::owned",
];

/// What only some of these systems would obey, or what hides.
const ELSEWHERE: [&str; 26] = [
    "--- owned",
    "\n--- owned",
    "+++ owned",
    "\r~~~ owned",
    "^^^ +++",
    "\u{1b}[0Ksection_start:1:owned\r\u{1b}[0Kowned",
    "\u{1b}]1338;eyJkYXRhIjoib3duZWQifQ==\u{1b}]0m",
    "__B64__b3duZWQ=",
    "'; touch owned; '",
    "$(touch owned) `touch owned`",
    "a\nOWNED=1",
    "%0A##vso[task.complete result=Succeeded;]",
    "%AZP0A##vso[task.complete]",
    "|'|]##teamcity[buildProblem description='owned']",
    "']\n##teamcity[buildStop comment='owned']",
    "##vso[task.logissue type=error;]owned",
    "#\u{fe0f}#\u{34f}[set-output name=outcome]owned",
    "##\u{e0100}vso\u{115f}[task.complete]",
    "fra1::iad1::error::owned",
    ":::x:::",
    "@owner/team owner@evil.example",
    "www.evil.example https://evil.example",
    "\u{202e}x\u{2066}y\u{0}z\u{feff}",
    "a\u{301}\u{20e3}\\\"\\ud800",
    "<!-- owned --> &lt;b&gt; &#64;owned",
    "## owned",
];

/// So many deployments at a time that each has an annotation of its own.
pub(super) const AT_ONCE: usize = 10;

/// Hostile texts, one after the other, again and again: where they begin differs, so that each gets everywhere.
pub(super) struct Texts(pub(super) usize);

impl Texts {
    pub(super) fn next(&mut self) -> &'static str {
        let mut all = HOSTILE.into_iter().chain(ELSEWHERE).cycle();
        self.0 += 1;
        all.nth(self.0).unwrap()
    }

    /// One that a header can carry.
    pub(super) fn visible(&mut self) -> String {
        let visible = |c: &char| c.is_ascii() && !c.is_control();
        self.next().chars().filter(visible).collect()
    }

    /// One that an input can carry, as a single value.
    pub(super) fn written(&mut self) -> String {
        let text = self.next().replace([',', '\n'], " ");
        text.chars().filter(|c| !c.is_control()).collect()
    }

    /// An error of any platform, in all of their shapes.
    pub(super) fn error(&mut self, status: u16) -> Fault {
        let body = json!({
            "id": self.next(), "message": self.next(), "request_id": self.next(), "detail": self.next(),
            "error": {"code": self.next(), "message": self.next()},
            "errors": [{"code": 10008, "title": self.next(), "detail": self.next(), "message": self.next()}],
        });
        let names = ["x-request-id", "x-vcap-request-id", "x-vercel-id", "cf-ray", "location", "server", "retry-after"];
        Fault::Reply {
            status,
            content_type: "application/json".to_owned(),
            headers: names.map(|name| (name.to_owned(), self.visible())).to_vec(),
            body: body.to_string().into_bytes(),
        }
    }
}
