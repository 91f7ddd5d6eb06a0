//! Nothing a platform says can act on its own.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::opens_command;
use crate::models::github::obeyed;
use crate::sandbox::digitalocean::{App, Deployment};
use crate::sandbox::{Call, Fault, Sandbox, TOKEN, vercel};
use crate::step::{self, OUTPUTS, Ran, Step};

fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web")).add(deployment);
    sandbox
}

fn running() -> Sandbox {
    sandbox(Deployment::new("app-1", "dep-1"))
}

fn ending(states: &[&str], after_cancel: &[&str]) -> Sandbox {
    let deployment = Deployment::new("app-1", "dep-1").states(states.to_vec());
    sandbox(deployment.after_cancel(after_cancel.to_vec()))
}

fn step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "digitalocean").input("app_id", "app-1").input("deployment_id", "dep-1")
}

/// The same outside any CI system; with the variable it is GitHub without files.
fn bare(sandbox: &Sandbox) -> Step {
    Step::plain()
        .input("platform", "digitalocean")
        .input("api_url", &sandbox.url("digitalocean"))
        .input("token", TOKEN)
        .input("app_id", "app-1")
        .input("deployment_id", "dep-1")
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

fn vercel_step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "vercel").input("deployment_id", "dpl_1").var("RUNNER_DEBUG", "1")
}

/// Everything that some CI system, a terminal, a heredoc, Markdown or HTML would take for more than text.
pub const HOSTILE: [&str; 24] = [
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

/// The forms in which a platform could echo the secret; the check of every run knows them as well.
fn forms_of_the_secret() -> Vec<String> {
    let mut forms = step::forms(TOKEN);
    let escaped: Vec<_> = TOKEN
        .chars()
        .map(|c| match c {
            '/' => "%252f".to_owned(),
            '+' => "&#43;".to_owned(),
            '=' => "\\\\u003D".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let encoded = STANDARD.encode(format!("user:{TOKEN}"));
    let (head, tail) = encoded.split_at(20);
    forms.extend([
        TOKEN.to_owned(),
        TOKEN.to_uppercase(),
        escaped.concat(),
        URL_SAFE_NO_PAD.encode(TOKEN),
        format!("{head}\r\n {tail}"),
        encoded,
        TOKEN.replace('-', "\u{2064}-"),
        TOKEN.replace('/', "\\/"),
    ]);
    forms
}

fn everything_shown(ran: &Ran) -> String {
    let lines: Vec<_> = ran.stdout.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    let output = read(ran.folder.path(), "output");
    format!("{}\n{}\n{}\n{output}", lines.join("\n"), ran.stderr, ran.summary)
}

/// Nothing in this run acted: one annotation, our own commands only, our own outputs only, a table that holds.
#[track_caller]
fn nothing_acted(ran: &Ran, hostile: &str) {
    let names: Vec<_> =
        obeyed(&format!("{}\n{}", ran.stdout, ran.stderr)).into_iter().map(|command| command.name).collect();
    let (mut own, debug): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name != "debug");
    own.pop_if(|last| ["notice", "warning", "error"].contains(&last.as_str()));
    assert_eq!(own, ["add-mask", "group", "endgroup"], "{hostile:?} {debug:?}\n{}", ran.stdout);
    let shown = everything_shown(ran);
    let lower = shown.to_lowercase();
    for start in ["##[", "##vso[", "##teamcity[", "\r", "\u{1b}", "\u{85}", "\u{2028}", "\u{200b}"] {
        assert!(!lower.contains(start), "{start:?} of {hostile:?} in\n{shown}");
    }
    let markup = markup(&ran.summary);
    for start in ["<img", "<script", "</td", "](https://evil", "owned]("] {
        assert!(!markup.contains(start), "{start:?} of {hostile:?} in\n{}", ran.summary);
    }
    for form in forms_of_the_secret() {
        assert!(!lower.contains(&form.to_lowercase()), "{form} in\n{shown}");
    }
    let written: BTreeSet<&str> = ran.outputs.keys().map(String::as_str).collect();
    assert_eq!(written, BTreeSet::from(OUTPUTS), "{hostile:?}");
    assert!(ran.outputs.values().all(|value| !opens_command(value) && !value.contains('\n')), "{hostile:?}");
    assert_eq!(ran.deployments().len(), 1);
    table_holds(&ran.summary);
}

/// What Markdown reads as more than text: everything but code spans, which end within their cell or line.
fn markup(summary: &str) -> String {
    let bars = |line: &str| line.replace("\\|", "").replace('|', "\n");
    let cells: Vec<String> =
        summary.lines().map(|line| if line.starts_with('|') { bars(line) } else { line.to_owned() }).collect();
    cells.join("\n").lines().map(without_code).collect::<Vec<_>>().join("\n")
}

/// A code span ends at the next run of as many backticks as it began with.
fn without_code(line: &str) -> String {
    let mut rest = line;
    let mut text = String::new();
    while let Some(at) = rest.find('`') {
        let (before, code) = rest.split_at(at);
        text.push_str(before);
        let inner = code.trim_start_matches('`');
        let fence = code.len() - inner.len();
        let end = inner.match_indices(&code[..fence]).map(|(at, _)| at).find(|at| {
            let after = &inner[at + fence..];
            !after.starts_with('`') && !inner[..*at].ends_with('`')
        });
        rest = end.map_or(inner, |end| &inner[end + fence..]);
    }
    text + rest
}

#[test]
fn the_model_of_markdown_knows_code_spans() {
    assert_eq!(markup("a `b` c ``d`e`` f `g"), "a  c  f g");
    assert_eq!(markup("| `x\\|y` | z |"), "\n  \n z ");
}

/// Every row of the table has its five cells; a bar behind a backslash is text.
#[track_caller]
fn table_holds(summary: &str) {
    let rows: Vec<_> = summary.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 3, "{summary}");
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
    }
}

/// Runs with every hostile text in one place of a Vercel deployment.
#[track_caller]
fn vercel_says(place: impl Fn(vercel::Deployment, &str) -> vercel::Deployment, outcome: &str) {
    for hostile in HOSTILE.map(str::to_owned).into_iter().chain(forms_of_the_secret()) {
        let sandbox = Sandbox::start();
        sandbox.add(place(vercel::Deployment::new("prj_1", "web", "dpl_1"), &hostile));
        let ran = vercel_step(&sandbox).run();
        assert_eq!(ran.output("outcome"), outcome, "{hostile:?}");
        nothing_acted(&ran, &hostile);
    }
}

/// Runs with every hostile text in an answer to one kind of request.
#[track_caller]
fn answers(call: Call, fault: impl Fn(&str) -> Fault) {
    for hostile in HOSTILE.map(str::to_owned).into_iter().chain(forms_of_the_secret()) {
        let sandbox = Sandbox::start();
        sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1"));
        sandbox.fault(call, [fault(&hostile)]);
        nothing_acted(&vercel_step(&sandbox).run(), &hostile);
    }
}

#[test]
fn a_hostile_state_stays_text() {
    vercel_says(|deployment, text| deployment.states([text]), "canceled");
}

#[test]
fn a_hostile_branch_stays_text() {
    vercel_says(|deployment, text| deployment.branch(text), "canceled");
}

#[test]
fn a_hostile_commit_stays_text() {
    vercel_says(|deployment, text| deployment.commit(text), "canceled");
}

#[test]
fn a_hostile_target_stays_text() {
    vercel_says(|deployment, text| deployment.target(Some(text)), "canceled");
}

#[test]
fn a_hostile_project_name_stays_text() {
    vercel_says(|deployment, text| deployment.field("name", json!(text)), "canceled");
}

#[test]
fn a_hostile_project_name_in_a_page_address_stays_text() {
    let place = |deployment: vercel::Deployment, text: &str| {
        let slug = json!({"team": {"slug": text}, "inspectorUrl": null});
        deployment.field("name", json!(text)).patch(slug)
    };
    vercel_says(place, "canceled");
}

#[test]
fn a_hostile_page_address_stays_text() {
    let place = |deployment: vercel::Deployment, text: &str| {
        deployment.field("inspectorUrl", json!(format!("https://vercel.com/a/b?{text}#{text}")))
    };
    vercel_says(place, "canceled");
}

#[test]
fn a_hostile_host_name_stays_text() {
    vercel_says(|deployment, text| deployment.field("url", json!(text)), "canceled");
}

#[test]
fn a_hostile_error_message_stays_text() {
    let place = |deployment: vercel::Deployment, text: &str| {
        deployment.states(["ERROR"]).error_message(text).field("errorCode", json!(text))
    };
    vercel_says(place, "already_finished");
}

#[test]
fn a_hostile_message_of_a_refused_cancel_stays_text() {
    vercel_says(|deployment, text| deployment.refuses_cancel(text), "error");
}

#[test]
fn a_hostile_message_of_a_refused_read_stays_text() {
    answers(Call::Read, |text| Fault::json(401, &json!({"error": {"code": text, "message": text}}).to_string()));
}

#[test]
fn hostile_headers_stay_text() {
    answers(Call::Cancel, |text| {
        let visible: String = text.chars().filter(|c| c.is_ascii() && !c.is_control()).collect();
        let header = |name: &str| (name.to_owned(), visible.clone());
        Fault::Reply {
            status: 403,
            content_type: visible.clone(),
            headers: vec![header("x-vercel-id"), header("location"), header("retry-after"), header("server")],
            body: text.as_bytes().to_vec(),
        }
    });
}

#[test]
fn a_hostile_redirect_stays_text() {
    answers(Call::Cancel, |text| {
        let visible: String = text.chars().filter(|c| c.is_ascii() && !c.is_control()).collect();
        Fault::Redirect(format!("https://evil.example/{visible}"))
    });
}

#[test]
fn a_hostile_body_that_is_no_json_stays_text() {
    answers(Call::Cancel, |text| Fault::Reply {
        status: 400,
        content_type: "text/plain".to_owned(),
        headers: Vec::new(),
        body: text.as_bytes().to_vec(),
    });
}

#[test]
fn a_hostile_id_behind_a_host_name_stays_text() {
    for hostile in HOSTILE {
        let sandbox = Sandbox::start();
        let deployment = vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app").states(["ERROR"]);
        sandbox.add(deployment.field("id", json!(hostile)));
        let ran = vercel_step(&sandbox).input("deployment_id", "own.vercel.app").run();
        nothing_acted(&ran, hostile);
    }
}

#[test]
fn a_hostile_id_of_another_deployment_stays_text() {
    for hostile in HOSTILE {
        let sandbox = Sandbox::start();
        let deployment =
            vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app").alias("alias.vercel.app");
        sandbox.add(deployment.field("id", json!(hostile)).field("url", json!(hostile)));
        let ran = vercel_step(&sandbox).input("deployment_id", "alias.vercel.app").run();
        ran.ended("error", 1);
        nothing_acted(&ran, hostile);
    }
}

#[test]
fn a_hostile_id_from_the_workflow_stays_text() {
    for hostile in HOSTILE.into_iter().filter(|text| !text.contains(char::is_control)) {
        let sandbox = running();
        let ran = step(&sandbox).input("deployment_id", &hostile.replace(',', "")).run();
        if ran.code == 2 {
            // Brackets or quotes around an id are a mistake, and told as one.
            ran.ended("error", 2).says("brackets or quotes around it");
            let names: Vec<_> = obeyed(&ran.stdout).into_iter().map(|it| it.name).collect();
            assert_eq!(names, ["add-mask", "error"], "{hostile:?}");
            continue;
        }
        ran.ended("not_found", 4);
        nothing_acted(&ran, hostile);
    }
}

#[test]
fn a_hostile_request_id_in_a_body_stays_text() {
    for hostile in HOSTILE {
        let sandbox = running();
        let body = json!({"id": "bad_request", "message": hostile, "request_id": hostile}).to_string();
        sandbox.fault(Call::Cancel, [Fault::json(422, &body)]);
        let ran = step(&sandbox).run();
        ran.ended("error", 1);
        nothing_acted(&ran, hostile);
    }
}

#[test]
fn hostile_text_in_a_plain_run_stays_text() {
    for hostile in HOSTILE {
        let sandbox = ending(&[hostile], &["CANCELED"]);
        let ran = bare(&sandbox).run();
        let all = format!("{}{}", ran.stdout, ran.stderr).to_lowercase();
        assert!(obeyed(&all).is_empty(), "{all}");
        assert!(!opens_command(&all));
        for start in ["##[", "##vso[", "##teamcity[", "\r", "\u{1b}"] {
            assert!(!all.contains(start), "{start:?} of {hostile:?} in\n{all}");
        }
    }
}

#[test]
fn hostile_text_stays_itself_inside_deployments() {
    for branch in ["::error::x", "##[x]y", "##vso[x]", "a\"b\\c", "ü|`<&>", "a:::b"] {
        let sandbox = Sandbox::start();
        sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").branch(branch));
        let ran = vercel_step(&sandbox).run();
        assert_eq!(ran.deployments()[0]["branch"], branch);
    }
}

#[test]
fn hostile_text_stays_itself_inside_an_output_file() {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").branch("##[x]::y"));
    let ran = vercel_step(&sandbox).input("output_file", "out.json").run();
    let text = read(ran.folder.path(), "out.json");
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["deployments"][0]["branch"], "##[x]::y");
    assert!(!text.contains("##[") && !opens_command(&text), "{text}");
}
