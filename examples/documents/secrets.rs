//! The variables that may hold a secret of ours.

use std::fmt::Write as _;

use cancel_deployment::platform::register::REGISTER;

/// The lines that take every secret away from a build, at most 120 characters long.
pub(crate) fn unset(indent: &str, prefixes: &[&str]) -> String {
    let secrets: Vec<_> = REGISTER.iter().flat_map(|info| info.inputs).filter(|input| input.secret).collect();
    let mut names: Vec<String> = Vec::new();
    for prefix in prefixes {
        names.extend(secrets.iter().map(|input| format!("{prefix}{}", input.name.to_uppercase())));
    }
    names.extend(secrets.iter().flat_map(|input| input.usual).map(|(variable, _)| (*variable).to_owned()));
    let (mut text, mut line) = (String::new(), format!("{indent}unset"));
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            continue;
        }
        if line.len() + 1 + name.len() > 120 {
            text.push_str(&std::mem::replace(&mut line, format!("{indent}unset")));
            text.push('\n');
        }
        let _ = write!(line, " {name}");
        seen.push(name);
    }
    text + &line + "\n"
}
