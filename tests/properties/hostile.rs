//! Texts made to be obeyed, in every place of a run, on every CI system: thought out, found, and made by chance.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::escapes::told::{Shells, Tale, check};

/// What somebody reads as more than text: commands and their ends, ends of lines, what hides, quotes, escapes, markup.
pub const NASTY: [&str; 115] = [
    "::",
    ":::",
    "::error::",
    "::error title=x::",
    "::set-output name=outcome::",
    "::add-mask::",
    "::stop-commands::x",
    "::ERROR::",
    "::group::",
    "##[",
    "##[error]",
    "##[set-output name=outcome]",
    "##[SET-OUTPUT name=a]",
    "##[group]",
    "##vso[",
    "##vso[task.complete result=Succeeded;]",
    "##VSO[task.setvariable variable=outcome;isOutput=true]x",
    "##vso[task.setsecret]",
    "##teamcity[",
    "##teamcity[buildStop comment='x']",
    "##TeamCity[buildStatus text='x']",
    "--- ",
    "+++ ",
    "~~~ ",
    "^^^ +++",
    "---",
    "#",
    "##",
    "[",
    "]",
    ":",
    "vso[",
    "teamcity[",
    "section_start:1:owned",
    "section_end:1:owned",
    "\u{1b}[0Ksection_start:1:x\r\u{1b}[0K",
    "\u{1b}",
    "\u{1b}[31m",
    "\u{9b}31m",
    "\u{1b}]1338;e30=\u{1b}]0m",
    "\u{1b}]1339;url=x\u{7}",
    "\u{1b}]0;t\u{7}",
    "\r",
    "\n",
    "\r\n",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\0",
    "\t",
    " ",
    "\u{8}",
    "\u{7f}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "\u{ad}",
    "\u{34f}",
    "\u{fe0f}",
    "\u{e0100}",
    "\u{e0041}",
    "\u{115f}",
    "\u{3164}",
    "\u{180b}",
    "\u{301}",
    "\u{20e3}",
    "\u{1680}",
    "\u{3000}",
    "\u{a0}",
    "<<EOF\n",
    "\nEOF\n",
    "outcome<<X",
    "ghadelimiter_0",
    "%0A",
    "%0D%0A",
    "%25",
    "%250A",
    "%3A%3A",
    "%5D",
    "%3B",
    "%AZP25",
    "%AZP250A",
    "|n",
    "|'",
    "||",
    "|]",
    "|0x000A",
    "|",
    "\\|",
    "\\",
    "'",
    "\"",
    "`",
    "``",
    "```",
    "$(touch owned)",
    "`touch owned`",
    "${HOME}",
    "$HOME",
    "'; touch owned; '",
    "\"; touch owned; \"",
    "\nOWNED=1\n",
    "__B64__b3duZWQ=",
    "\\ud800",
    "\\u003a",
    "\\n",
    "<img src=x onerror=a()>",
    "</td>",
    "<!--",
    "![x](https://evil.example/p)",
    "[x](https://evil.example)",
];

/// More of the same, for Markdown and for places that have to begin in a certain way.
const MORE: [&str; 22] = [
    "https://evil.example",
    "www.evil.example",
    "a@b.example",
    "@owner/team",
    "&lt;b&gt;",
    "&#64;me",
    "&amp;",
    "**x**",
    "_x_",
    "~~x~~",
    "$x$",
    "# x",
    "- x",
    "> x",
    "| a | b |",
    "](https://evil.example)",
    "https://vercel.com/a/b",
    "https://vercel.com/a?b)[x](y",
    "fra1::iad1::",
    "ü😀",
    "=",
    ",",
];

fn piece() -> impl Strategy<Value = String> {
    let nasty = || NASTY.into_iter().chain(MORE).map(str::to_owned).collect::<Vec<_>>();
    prop_oneof![
        6 => proptest::sample::select(nasty()),
        2 => "[a-zA-Z0-9:#\\[\\]|`\\\\ -]{1,5}",
        1 => any::<char>().prop_map(String::from),
        1 => (proptest::sample::select(nasty()), 1..40_usize).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => proptest::collection::vec(piece(), 0..6).prop_map(|pieces| pieces.concat()),
        1 => piece().prop_map(|piece| format!("{}{piece}", "x".repeat(597))),
        1 => piece().prop_map(|piece| piece.repeat(700)),
    ]
}

fn tale() -> impl Strategy<Value = Tale> {
    let ends = proptest::collection::vec(0..6_usize, 0..3);
    (ends, any::<bool>()).prop_flat_map(|(ends, summary)| {
        let texts = Tale::texts(ends.len());
        let texts = proptest::collection::vec(text(), texts..=texts);
        texts.prop_map(move |texts| Tale::of(&ends, &texts, summary))
    })
}

#[test]
fn no_words_of_others_act_on_any_ci_system() {
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[22; 32]);
    let mut runner = TestRunner::new_with_rng(config, random);
    let result = runner.run(&tale(), |tale| {
        check(&tale, Shells::Started);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

/// What once acted, or was lost, on the system named beside it.
#[test]
fn what_once_acted_acts_no_more() {
    for text in [
        // GitHub: in a mask it was a command of its own; its relatives lost the group, the mask and the title.
        "x##[set-output name=outcome]canceled",
        "fra1::iad1",
        ":x",
        // Everywhere: a line of the summary begins with the id.
        "--- x",
        "  +++ x",
        // Readers that ignore some characters: GitHub, Azure.
        "#\u{fe0f}#\u{34f}[error]x",
        "##vso\u{115f}[task.complete]x",
        // Markdown: entities are read before addresses and people are looked for.
        "@owner https://evil.example a@b.example",
        // A text without anything to see was no code span.
        "\u{fe0f}",
        // Lines that nobody had cleaned.
        "a\n--- b\r::error::c",
    ] {
        check(&Tale::of(&[0, 3], &[text.to_owned()], true), Shells::Spared);
        check(&Tale::of(&[], &[text.to_owned()], false), Shells::Spared);
    }
}

/// Each by itself, in every place.
#[test]
fn nothing_nasty_acts_on_its_own() {
    let mut acted = Vec::new();
    for (number, text) in NASTY.into_iter().chain(MORE).enumerate() {
        let tale = Tale::of(&[number], &[text.to_owned()], number % 2 == 0);
        if std::panic::catch_unwind(|| check(&tale, Shells::Spared)).is_err() {
            acted.push(text);
        }
    }
    assert_eq!(acted, [""; 0]);
}
