//! Whatever a text holds, no secret, no line break and no command is left in it; in Markdown and JSON it stays a text, and
//! on every CI system it stays what it was.

use cancel_deployment::ci;
use cancel_deployment::text::markdown;
use cancel_deployment::text::redactor::Redactor;
use cancel_deployment::text::sanitizer::{Sanitizer, break_commands, break_commands_in_json};
use cancel_deployment::text::secret::Secret;

#[path = "told/mod.rs"]
pub mod told;
use told::{Shells, Tale};

const SECRET: &str = "hunter/22+x";

/// What Azure, TeamCity and GitHub obey wherever it stands.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// Takes any text; cut in pieces it is also what others say in a run, on a CI system that its length chooses.
pub fn check(input: &[u8]) {
    let chosen = input.len() % ci::names().count();
    let names = ci::names().skip(chosen).take(1);
    told::check_on(&Tale::from_bytes(input), names, Shells::Spared);

    let text = String::from_utf8_lossy(input);
    let sanitizer = Sanitizer::new(Redactor::new(&[Secret::from(SECRET.to_owned())]));
    for clean in [sanitizer.sentence(&text), sanitizer.short(&text)] {
        assert!(!clean.contains(SECRET), "{clean:?}");
        assert!(!clean.chars().any(char::is_control), "{clean:?}");
        let shown = break_commands(&clean);
        assert!(harmless(&shown), "{shown:?}");
        for markdown in [markdown::code(&clean), markdown::prose(&clean)] {
            assert!(harmless(&markdown), "{markdown:?}");
            assert_eq!(cells(&format!("| {markdown} | x |")), 2, "{markdown:?}");
        }
        let prose = markdown::prose(&clean);
        assert!(!prose.contains(['<', '>']), "{prose:?}");
        let json = serde_json::json!({ "a": [clean], "b": [] }).to_string();
        let broken = break_commands_in_json(json.clone());
        assert!(harmless(&broken), "{broken:?}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&broken), value(&json));
    }
}

fn harmless(text: &str) -> bool {
    let lower = text.to_lowercase();
    !lower.trim_start().starts_with("::") && !COMMANDS.iter().any(|command| lower.contains(command))
}

/// The cells of a table's row by the rules of GitHub Flavored Markdown: only a backslash keeps a `|` from ending one.
fn cells(row: &str) -> usize {
    let bytes = row.as_bytes();
    let ends = (1..bytes.len()).filter(|at| bytes[*at] == b'|' && bytes[at - 1] != b'\\');
    ends.count()
}

/// Texts that mean something to somebody.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "::error::gone",
        "a ##[set-output name=x]y ##vso[task.complete]z ##teamcity[x 'y']",
        "main | `x` <img src=x> [x](https://evil.example) @me $x$",
        "hunter/22+x hunter%2F22%2bx aHVudGVyLzIyK3g= hunter\\/22\\u002bx",
        "#\u{200b}#[x] \u{202e}x\u{2028}::y",
        "a\\| b \\\\| c\\",
    ];
    let one = texts.iter().map(|text| text.as_bytes().to_vec());
    // All of them in one run, in turn everywhere.
    let run = |first: u8| {
        let mut input = vec![first];
        for text in texts.iter().cycle().skip(usize::from(first)).take(20) {
            input.extend(text.as_bytes());
            input.push(0xff);
        }
        input
    };
    one.chain((0..24).map(|n| run(n * 10))).collect()
}
