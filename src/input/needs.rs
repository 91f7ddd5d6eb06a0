//! Which inputs a platform needs, and which of them say the same thing in different ways: said once, judged once.

use super::env::is_unexpanded;
use super::faults::Faults;
use super::kind::Input;
use super::values::Values;

/// Inputs that belong together. The messages follow from it.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// All of these.
    All(&'static [&'static str]),
    /// Exactly one of these ways.
    OneOf(&'static [Way]),
    /// One of these ways, or none.
    AtMostOneOf(&'static [Way]),
    /// One of these ways, or none; with `select`, exactly one.
    ForSelect(&'static [Way]),
}

/// Inputs that together say one thing.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    needs: &'static [&'static str],
    takes: &'static [&'static str],
}

impl Way {
    /// A way of inputs that all have to be written.
    pub const fn of(needs: &'static [&'static str]) -> Self {
        Self { needs, takes: &[] }
    }

    /// These may be written as well.
    #[must_use]
    pub const fn with(mut self, takes: &'static [&'static str]) -> Self {
        self.takes = takes;
        self
    }

    /// Those that have to be written.
    pub fn needs(&self) -> impl Iterator<Item = &'static str> {
        self.needs.iter().copied()
    }

    /// All its inputs.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.needs.iter().chain(self.takes).copied()
    }

    fn is_whole(&self, values: &Values) -> bool {
        self.needs.iter().all(|name| values.given(name).is_some())
    }

    /// "`a` with `b` and `c`".
    fn in_words(&self) -> String {
        let names: Vec<_> = self.needs.iter().map(|name| format!("`{name}`")).collect();
        match names.split_first() {
            Some((first, others)) if !others.is_empty() => format!("{first} with {}", others.join(" and ")),
            _ => names.concat(),
        }
    }

    /// "`a` and `b` (or A and B)", with the usual variables of each. What was just `named` is "it".
    fn describe(&self, inputs: &[Input], named: &str) -> String {
        let names: Vec<_> = match self.needs {
            [only] if *only == named => vec!["it".to_owned()],
            names => names.iter().map(|name| format!("`{name}`")).collect(),
        };
        let usual: Vec<_> = self.needs.iter().filter_map(|name| usual_of(inputs, name)).collect();
        if usual.len() == names.len() {
            let variables = if usual.len() == 1 { "variable" } else { "variables" };
            format!("{} (or the {variables} {})", names.join(" and "), usual.join(" and "))
        } else {
            names.join(" and ")
        }
    }
}

fn usual_of(inputs: &[Input], name: &str) -> Option<&'static str> {
    let input = inputs.iter().find(|input| input.name == name)?;
    input.usual.first().map(|(variable, _)| *variable)
}

impl Need {
    /// The ways of a choice.
    pub const fn ways(&self) -> &'static [Way] {
        match self {
            Self::All(_) => &[],
            Self::OneOf(ways) | Self::AtMostOneOf(ways) | Self::ForSelect(ways) => ways,
        }
    }

    /// Every input it names.
    pub fn names(&self) -> Vec<&'static str> {
        match self {
            Self::All(names) => names.to_vec(),
            _ => self.ways().iter().flat_map(Way::names).collect(),
        }
    }
}

impl Values {
    /// Settles every choice, and notes what is missing or too much on that platform.
    pub fn judge_needs(&mut self, needs: &[Need], inputs: &[Input], platform: &str, faults: &mut Faults) {
        for need in needs {
            match need {
                Need::All(names) => self.require(names, inputs, faults),
                _ => self.settle(need, inputs, platform, faults),
            }
        }
    }

    /// Notes which of these were not written.
    pub fn require(&self, names: &[&str], inputs: &[Input], faults: &mut Faults) {
        let missing = |input: &&Input| names.contains(&input.name) && self.given(input.name).is_none();
        for input in inputs.iter().filter(missing) {
            self.missing(input, faults);
        }
    }

    /// A written way beats the usual variables of the others; two that are both written are a fault.
    fn settle(&mut self, need: &Need, inputs: &[Input], platform: &str, faults: &mut Faults) {
        let ways = need.ways();
        let is_written = |name: &&'static str| self.is_written(name);
        let written: Vec<_> = ways.iter().filter_map(|way| Some((way, way.names().find(is_written)?))).collect();
        if let [(_, first), others @ ..] = written.as_slice()
            && !others.is_empty()
        {
            let others: Vec<_> = others.iter().map(|(_, name)| *name).collect();
            let text = format!("cannot stand beside `{}`: give one of the two", others.join("`, `"));
            faults.add(self.given(first), first, text);
            return;
        }
        // What only `select` needs is nobody's business without it, or with one that cannot be read.
        let is_needed =
            !matches!(need, Need::ForSelect(_)) || self.get("select").is_some_and(|select| !is_unexpanded(select));
        // What may stand beside a way has not chosen it.
        let begun = |way: &&Way| way.needs().any(|name| self.given(name).is_some());
        let whole = ways.iter().find(|way| way.is_whole(self));
        let chosen = written.first().map(|(way, _)| *way).or(whole).or(ways.iter().find(begun));
        match chosen {
            Some(way) => {
                self.keep_only(way, ways);
                if is_needed {
                    self.require(way.needs, inputs, faults);
                }
            }
            None if is_needed => self.miss(need, inputs, platform, faults),
            None => {}
        }
    }

    fn keep_only(&mut self, kept: &Way, ways: &[Way]) {
        let kept: Vec<_> = kept.names().collect();
        for name in ways.iter().flat_map(Way::names).filter(|name| !kept.contains(name)) {
            self.forget(name);
        }
    }

    /// Nothing of a choice was written.
    fn miss(&self, need: &Need, inputs: &[Input], platform: &str, faults: &mut Faults) {
        match need {
            Need::OneOf(ways) => {
                let first = ways.first().and_then(|way| way.names().next()).unwrap_or_default();
                let ways_in_words: Vec<_> = ways.iter().map(|way| way.describe(inputs, first)).collect();
                let is_secret = |name: &str| inputs.iter().any(|input| input.name == name && input.secret);
                let lacks_secret = ways.iter().flat_map(Way::needs).any(is_secret);
                faults.miss(first, format!("is missing: set {}", ways_in_words.join(", or ")), lacks_secret);
            }
            Need::ForSelect(ways) => {
                let names: Vec<_> = ways.iter().map(Way::in_words).collect();
                faults.add(self.given("select"), "select", format!("needs {} on {platform}", names.join(", or ")));
            }
            Need::All(_) | Need::AtMostOneOf(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::env::Env;
    use crate::input::{InputKind, Spelling, Style};

    const fn input(name: &'static str, usual: &'static [(&'static str, &'static str)]) -> Input {
        Input { name, kind: InputKind::Text, usual, secret: false, made_up: false, default: "", help: "" }
    }

    const INPUTS: [Input; 4] =
        [input("select", &[]), input("app_id", &[]), input("app_name", &[]), input("org", &[("CF_ORG", "")])];
    const APP: Need = Need::ForSelect(&[Way::of(&["app_id"]), Way::of(&["app_name", "org"])]);

    #[track_caller]
    fn check(need: Need, given: &[(&str, &str)], expected: &[&str]) {
        let env = Env::new(given.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let (mut values, mut faults) = (Values::look_up_all(&env, &INPUTS), Faults::default());
        values.judge_needs(&[need], &INPUTS, "Acme", &mut faults);
        let spelling = Spelling::new(&env, Style::Name, Vec::new());
        assert_eq!(faults.sentences(&spelling, None), expected, "{given:?}");
    }

    #[test]
    fn what_select_needs_is_asked_for_only_with_select() {
        check(APP, &[], &[]);
        check(APP, &[("CF_ORG", "o")], &[]);
        check(APP, &[("INPUT_APP_NAME", "web")], &[]);
        check(APP, &[("INPUT_SELECT", "$SELECT")], &[]);
        let select = ("INPUT_SELECT", "all");
        check(APP, &[select], &["`select` needs `app_id`, or `app_name` with `org` on Acme."]);
        check(APP, &[select, ("INPUT_APP_ID", "1"), ("CF_ORG", "o")], &[]);
        check(APP, &[select, ("CF_ORG", "o")], &["`app_name` is missing: set it."]);
    }

    #[test]
    fn a_usual_variable_that_only_goes_with_a_way_chooses_none() {
        const WAYS: &[Way] = &[Way::of(&["app_id"]), Way::of(&["app_name", "select"]).with(&["org"])];
        let words = "`app_id` is missing: set it, or `app_name` and `select`.";
        check(Need::OneOf(WAYS), &[("CF_ORG", "o")], &[words]);
    }

    #[test]
    fn two_written_ways_are_a_fault_and_a_written_one_beats_a_usual_variable() {
        const WAYS: &[Way] = &[Way::of(&["app_id"]), Way::of(&["org"])];
        let one = Need::OneOf(WAYS);
        check(one, &[("INPUT_APP_ID", "1"), ("CF_ORG", "o")], &[]);
        let both = [("INPUT_APP_ID", "1"), ("INPUT_ORG", "o")];
        check(one, &both, &["`app_id` cannot stand beside `org`: give one of the two."]);
        check(one, &[], &["`app_id` is missing: set it, or `org` (or the variable CF_ORG)."]);
    }
}
