//! The process environment, read once: every spelling of an input, and empty means absent.

use std::collections::BTreeMap;
use std::ffi::OsString;

use zeroize::Zeroizing;

use crate::text::secret::Secret;

/// The prefix that a CI runner puts before an input, and what it does to the name.
const PREFIXES: [&str; 4] = ["INPUT_", "PLUGIN_", "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_"];

/// The prefix that only runners of actions and tasks put there.
const HANDED_OVER: &str = "INPUT_";

/// Runners that keep a hyphen of the input's name.
const HYPHENATED: [&str; 2] = ["INPUT_", "PLUGIN_"];

/// Runners that spread a list over numbered variables: Buildkite's plugins, and Bitbucket's pipes, which count them too.
const NUMBERED: [&str; 2] = ["BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_"];

/// Prefixes under which an unknown name is worth a warning: nobody but the user writes them.
const OWN: [&str; 3] = ["PLUGIN_", "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_"];

/// All variables of the process, any of which may hold a secret. One that is not UTF-8 is remembered by its name alone.
#[derive(Clone, Default)]
pub struct Env {
    variables: BTreeMap<String, Option<Secret>>,
    /// Where each input stands, the first wins.
    inputs: BTreeMap<String, Vec<Place>>,
}

/// Where an input stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Which of the spellings it is.
    rank: usize,
    /// A list, spread over this variable with numbers behind it.
    numbered: bool,
    variable: String,
}

/// A value somebody wrote, and the variable it came from.
#[derive(Clone)]
pub struct Written {
    /// The value, trimmed and not empty; `None` when the variable is not UTF-8.
    pub value: Option<Secret>,
    /// The variable's name.
    pub variable: String,
}

impl Env {
    /// Takes all variables, as `std::env::vars_os` gives them.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables = variables.into_iter().filter_map(|(name, value)| {
            let value = value.into_string().ok().map(Secret::from);
            Some((name.into_string().ok()?, value))
        });
        let mut env = Self::default();
        env.variables.extend(variables);
        for variable in env.variables.keys() {
            let list = variable.strip_suffix("_0").map(|list| (list, true));
            for (variable, numbered) in [Some((variable.as_str(), false)), list].into_iter().flatten() {
                if let Some((rank, name)) = spelled(variable) {
                    let place = Place { rank, numbered, variable: variable.to_owned() };
                    env.inputs.entry(name).or_default().push(place);
                }
            }
        }
        env.inputs.values_mut().for_each(|places| places.sort_unstable());
        env
    }

    /// A variable's value, trimmed; `None` when unset, empty or not UTF-8.
    pub fn var(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.as_ref()?.expose().trim();
        (!value.is_empty()).then_some(value)
    }

    /// The input `name` (snake case) as the first non-empty of the prefixed variables.
    pub fn input(&self, name: &str) -> Option<Written> {
        let is_list = |variable: &str| NUMBERED.iter().any(|prefix| variable.starts_with(prefix));
        let mut places = self.places(name).filter(|it| !it.numbered || is_list(&it.variable));
        places.find_map(|place| self.written_at(place))
    }

    fn places(&self, name: &str) -> impl Iterator<Item = &Place> {
        self.inputs.get(name).into_iter().flatten()
    }

    fn written_at(&self, place: &Place) -> Option<Written> {
        if place.numbered { self.numbered(&place.variable) } else { self.written(&place.variable) }
    }

    /// A plain variable as a value somebody wrote.
    pub fn written(&self, variable: &str) -> Option<Written> {
        match self.variables.get(variable)? {
            None => Some(Written { value: None, variable: variable.to_owned() }),
            Some(text) if text.expose().trim().is_empty() => None,
            Some(text) => Some(Written {
                value: Some(Secret::from(text.expose().trim().to_owned())),
                variable: variable.to_owned(),
            }),
        }
    }

    fn numbered(&self, variable: &str) -> Option<Written> {
        let name = |n: usize| format!("{variable}_{n}");
        let items: Vec<_> = (0..).map_while(|n| self.variables.get(&name(n))).collect();
        if let Some(unreadable) = items.iter().position(|item| item.is_none()) {
            return self.written(&name(unreadable));
        }
        let items: Vec<_> = items.into_iter().flatten().map(Secret::expose).collect();
        let value = Zeroizing::new(items.join("\n"));
        (!value.trim().is_empty())
            .then(|| Written { value: Some(Secret::from(value.trim().to_owned())), variable: name(0) })
    }

    /// Every value that any spelling of an input has, used or not: what masking has to cover.
    pub fn every_spelling(&self, name: &str) -> Vec<Secret> {
        self.places(name).filter_map(|place| self.written_at(place)?.value).collect()
    }

    /// Every value of an input that a runner itself handed to an action or a task: its output then goes to that runner.
    pub fn handed_over(&self, name: &str) -> Vec<Secret> {
        let handed_over = self.places(name).filter(|it| !it.numbered && it.variable.starts_with(HANDED_OVER));
        handed_over.filter_map(|place| self.written_at(place)?.value).collect()
    }

    /// Names (snake case) written under a prefix of ours that no input has, or not in this spelling, with what was written.
    pub fn unknown(&self, known: impl Fn(&str) -> bool) -> Vec<(String, Written)> {
        let mut unknown = Vec::new();
        for (variable, value) in &self.variables {
            let Some(rest) = OWN.iter().find_map(|prefix| variable.strip_prefix(prefix)) else {
                continue;
            };
            let name = rest.to_ascii_lowercase().replace('-', "_");
            let is_numbered = NUMBERED.iter().any(|prefix| variable.starts_with(prefix));
            let is_item = is_numbered && list_of(&name).is_some_and(&known);
            let is_read = is_item || spelled(variable).is_some_and(|(_, name)| known(&name));
            if !is_read && value.as_ref().is_none_or(|text| !text.expose().trim().is_empty()) {
                unknown.push((name, Written { value: value.clone(), variable: variable.clone() }));
            }
        }
        unknown
    }
}

/// The list that a numbered name is an item of, or its count.
fn list_of(name: &str) -> Option<&str> {
    let (list, item) = name.rsplit_once('_')?;
    (item == "count" || item.parse::<u32>().is_ok()).then_some(list)
}

/// The input that is written in a variable, and which of its spellings that is: the lowest wins.
fn spelled(variable: &str) -> Option<(usize, String)> {
    let mut prefixes = PREFIXES.iter().enumerate();
    let (at, rest) = prefixes.find_map(|(at, prefix)| Some((at, variable.strip_prefix(prefix)?)))?;
    if rest.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let keeps_hyphens = HYPHENATED.iter().any(|prefix| variable.starts_with(prefix));
    let has_hyphens = keeps_hyphens && rest.contains('-') && !rest.contains('_');
    let name = if has_hyphens { rest.replace('-', "_") } else { rest.to_owned() };
    Some((2 * at + usize::from(has_hyphens), name.to_ascii_lowercase()))
}

/// How an expression begins and ends that a CI system would have replaced: a shell's and Azure's `$(…)`, everybody's
/// `${…}` and GitHub's `${{…}}`, Azure's and GitLab's `$[…]`, CircleCI's `<<…>>`, Harness's `<+…>`.
const EXPRESSIONS: [(&str, &str); 5] = [("$(", ")"), ("${", "}"), ("$[", "]"), ("<<", ">>"), ("<+", ">")];

/// Whether a value as a whole is an expression or a variable that no CI system replaced.
pub fn is_unexpanded(value: &str) -> bool {
    let between = |(begin, end): (&str, &str)| value.strip_prefix(begin)?.strip_suffix(end);
    let is_expression = EXPRESSIONS.into_iter().filter_map(between).any(|inner| !inner.is_empty());
    // A shell's `$X`, and the `%X%` of Windows and TeamCity.
    let name = value.strip_prefix('$').or_else(|| value.strip_prefix('%')?.strip_suffix('%'));
    is_expression || name.is_some_and(is_name)
}

/// Whether such an expression, with its brackets, stands anywhere in a value: in what names one thing nobody means it.
pub fn holds_expression(value: &str) -> bool {
    EXPRESSIONS.into_iter().any(|(begin, end)| value.split_once(begin).is_some_and(|(_, rest)| rest.contains(end)))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Env {
        Env::new(variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    fn check(variables: &[(&str, &str)], name: &str, value: Option<&str>) {
        let found = env(variables).input(name).and_then(|written| written.value);
        assert_eq!(found.as_ref().map(Secret::expose), value, "{variables:?}");
    }

    #[test]
    fn the_first_non_empty_spelling_wins() {
        check(&[("INPUT_APP_ID", " a "), ("PLUGIN_APP_ID", "b")], "app_id", Some("a"));
        check(&[("INPUT_APP_ID", " "), ("PLUGIN_APP-ID", "b")], "app_id", Some("b"));
        check(&[("INPUT_APP-ID", "a"), ("CANCEL_DEPLOYMENT_APP_ID", "b")], "app_id", Some("a"));
        check(&[("CANCEL_DEPLOYMENT_APP_ID", "b")], "app_id", Some("b"));
        let unread = ["CANCEL_DEPLOYMENT_APP-ID", "APP_ID", "input_app_id"];
        check(&unread.map(|variable| (variable, "b")), "app_id", None);
    }

    #[test]
    fn the_spellings_win_in_the_documented_order() {
        let mut left = vec![
            ("INPUT_APP_ID", "a"),
            ("INPUT_APP-ID", "b"),
            ("PLUGIN_APP_ID", "c"),
            ("PLUGIN_APP-ID", "d"),
            ("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_APP_ID", "e"),
            ("CANCEL_DEPLOYMENT_APP_ID", "f"),
        ];
        while let Some((_, first)) = left.first().copied() {
            check(&left, "app_id", Some(first));
            let blank: Vec<_> =
                left.iter().map(|(name, value)| (*name, if *value < "f" { "\n\t " } else { *value })).collect();
            check(&blank, "app_id", Some("f"));
            left.remove(0);
        }
    }

    #[test]
    fn a_list_of_buildkite_or_bitbucket_arrives_numbered() {
        let name = "CANCEL_DEPLOYMENT_DEPLOYMENT_ID";
        let (zero, one, count) = (format!("{name}_0"), format!("{name}_1"), format!("{name}_COUNT"));
        check(&[(&count, "2"), (&zero, "a"), (&one, "b")], "deployment_id", Some("a\nb"));
        check(&[("PLUGIN_DEPLOYMENT_ID_0", "a")], "deployment_id", None);
        let name = "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_DEPLOYMENT_ID";
        let (zero, one) = (format!("{name}_0"), format!("{name}_1"));
        check(&[(zero.as_str(), "a"), (one.as_str(), "b")], "deployment_id", Some("a\nb"));
        check(&[(name, "a")], "deployment_id", Some("a"));
        check(&[(zero.as_str(), ""), (one.as_str(), "b")], "deployment_id", Some("b"));
        check(&[(zero.as_str(), "a"), ("PLUGIN_DEPLOYMENT_ID", "b")], "deployment_id", Some("b"));
        check(&[(zero.as_str(), "a"), ("CANCEL_DEPLOYMENT_DEPLOYMENT_ID", "b")], "deployment_id", Some("a"));
    }

    #[test]
    fn a_name_that_no_input_has_is_noticed_under_every_prefix_of_ours() {
        for (variable, name) in [
            ("PLUGIN_TOKN", Some("tokn")),
            ("CANCEL_DEPLOYMENT_TOKN", Some("tokn")),
            ("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_TOKN", Some("tokn")),
            ("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_TOKEN", None),
            ("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_TOKEN_12", None),
            ("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_TOKN_0", Some("tokn_0")),
            ("CANCEL_DEPLOYMENT_TOKEN_COUNT", None),
            ("PLUGIN_TOKEN_0", Some("token_0")),
            ("BUILDKITE_PLUGIN_DOCKER_TOKN", None),
            ("INPUT_TOKN", None),
        ] {
            let found = env(&[(variable, "x")]).unknown(|name| name == "token");
            assert_eq!(found.first().map(|(name, _)| name.as_str()), name, "{variable}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_utf_8_is_noticed() {
        use std::os::unix::ffi::OsStringExt as _;
        let bad = OsString::from_vec(vec![0xff]);
        let env = Env::new([(OsString::from("INPUT_TOKEN"), bad)]);
        assert!(env.input("token").is_some_and(|written| written.value.is_none()));
        let list = |n: usize| format!("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_DEPLOYMENT_ID_{n}");
        let bad = OsString::from_vec(vec![0xff]);
        let items = [(list(0).into(), "a".into()), (list(1).into(), bad)];
        let found = Env::new(items).input("deployment_id");
        assert!(found.is_some_and(|it| it.value.is_none() && it.variable == list(1)));
    }

    #[test]
    fn unexpanded_variables_are_recognized() {
        for text in [
            "$X",
            "${X}",
            "$(X)",
            "$(My.Var)",
            "$_a1",
            "$[variables['b']]",
            "$[[ inputs.x ]]",
            "${{ x }}",
            "${{ inputs.x || '' }}",
            "${X:-main}",
            "$(git rev-parse HEAD)",
            "<< x >>",
            "<<pipeline.git.branch>>",
            "<+x>",
            "<+codebase.branch>",
            "%x%",
            "%teamcity.build.branch%",
        ] {
            assert!(is_unexpanded(text), "{text}");
        }
        for text in [
            "X", "$", "$1", "a$X", "$X y", "${X", "$(X", "$$", "$a$b", "${}", "$()", "$[]", "<>", "<<>>", "<+>", "<x>",
            "%", "%%", "%a", "a%", "%a b%", "100%", "%25%32%", "$(X)/x",
        ] {
            assert!(!is_unexpanded(text), "{text}");
        }
    }
}
