//! As much of GraphQL as a client of ours speaks: one operation with variables, held against a schema.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// The types of a schema, each with its fields, or with the names of its values.
pub struct Schema(HashMap<String, Vec<Field>>);

struct Field {
    name: String,
    arguments: Vec<(String, String)>,
    kind: String,
}

/// What is wrong with an operation, in the words and with the code of the usual server.
#[derive(Debug)]
pub struct Wrong {
    pub message: String,
    pub code: &'static str,
}

/// An operation on one field of the root.
#[derive(Debug)]
pub struct Operation {
    pub field: String,
    pub arguments: Map<String, Value>,
    selection: Vec<Selected>,
}

#[derive(Debug)]
struct Selected {
    name: String,
    arguments: Vec<(String, String)>,
    selection: Vec<Selected>,
}

fn invalid(message: String) -> Wrong {
    Wrong { message, code: "GRAPHQL_VALIDATION_FAILED" }
}

fn bad_input(message: String) -> Wrong {
    Wrong { message, code: "BAD_USER_INPUT" }
}

/// The type itself, without what says that it must be there or that there are several.
fn bare(kind: &str) -> &str {
    kind.trim_matches(['[', ']', '!'])
}

impl Schema {
    /// Reads a schema that is written with one field a line.
    pub fn read(text: &str) -> Schema {
        let mut types = HashMap::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let words: Vec<_> = line.split_whitespace().collect();
            let ["type" | "input" | "enum", name, ..] = words.as_slice() else { continue };
            let fields = lines.by_ref().take_while(|line| *line != "}").map(|line| field(line.trim()));
            types.insert((*name).to_owned(), fields.collect());
        }
        Schema(types)
    }

    /// Takes a request's body for an operation of this schema.
    pub fn operation(&self, body: &Value) -> Result<Operation, Wrong> {
        let query = body["query"].as_str().ok_or_else(|| bad_input("Must provide query string.".to_owned()))?;
        let mut tokens = Tokens::new(query);
        let root = match tokens.next().as_str() {
            "query" => "Query",
            "mutation" => "Mutation",
            other => return Err(invalid(format!("Syntax Error: Unexpected {other}."))),
        };
        if !["(", "{"].contains(&tokens.peek()) {
            tokens.next();
        }
        let declared = if tokens.peek() == "(" { tokens.variables() } else { Vec::new() };
        let mut selection = tokens.selection();
        assert_eq!(tokens.peek(), "", "one operation a request");
        self.check(root, &selection, &declared)?;
        let variables = body["variables"].as_object().cloned().unwrap_or_default();
        for (name, kind) in &declared {
            self.check_value(name, kind, variables.get(name).unwrap_or(&Value::Null))?;
        }
        let first = selection.remove(0);
        let given = |variable: &str| variables.get(variable).cloned().unwrap_or_default();
        let arguments = first.arguments.into_iter().map(|(name, variable)| (name, given(&variable))).collect();
        Ok(Operation { field: first.name, arguments, selection: first.selection })
    }

    fn check(&self, owner: &str, selection: &[Selected], declared: &[(String, String)]) -> Result<(), Wrong> {
        for one in selection {
            let found = self.0[owner].iter().find(|field| field.name == one.name);
            let Some(field) = found else {
                return Err(invalid(format!("Cannot query field \"{}\" on type \"{owner}\".", one.name)));
            };
            for (name, variable) in &one.arguments {
                let wanted = field.arguments.iter().find(|(known, _)| known == name);
                let Some((_, wanted)) = wanted else {
                    return Err(invalid(format!("Unknown argument \"{name}\" on field \"{owner}.{}\".", one.name)));
                };
                let Some((_, kind)) = declared.iter().find(|(known, _)| known == variable) else {
                    return Err(invalid(format!("Variable \"${variable}\" is not defined.")));
                };
                if kind != wanted && kind.trim_end_matches('!') != wanted {
                    let message = format!(
                        "Variable \"${variable}\" of type \"{kind}\" used in position expecting type \"{wanted}\"."
                    );
                    return Err(invalid(message));
                }
            }
            for (name, _) in field.arguments.iter().filter(|(_, kind)| kind.ends_with('!')) {
                if !one.arguments.iter().any(|(given, _)| given == name) {
                    return Err(invalid(format!("Field \"{}\" argument \"{name}\" is required.", one.name)));
                }
            }
            let inner = bare(&field.kind);
            let has_fields = self.0.get(inner).is_some_and(|fields| fields.iter().any(|field| !field.kind.is_empty()));
            match (has_fields, one.selection.is_empty()) {
                (true, true) => {
                    return Err(invalid(format!(
                        "Field \"{}\" of type \"{inner}\" must have a selection of subfields.",
                        one.name
                    )));
                }
                (false, false) => {
                    return Err(invalid(format!(
                        "Field \"{}\" must not have a selection since type \"{inner}\" has no subfields.",
                        one.name
                    )));
                }
                (true, false) => self.check(inner, &one.selection, declared)?,
                (false, true) => {}
            }
        }
        Ok(())
    }

    fn check_value(&self, name: &str, kind: &str, value: &Value) -> Result<(), Wrong> {
        if value.is_null() {
            let missing = format!("Variable \"${name}\" of required type \"{kind}\" was not provided.");
            return if kind.ends_with('!') { Err(bad_input(missing)) } else { Ok(()) };
        }
        let wrong = |why: String| Err(bad_input(format!("Variable \"${name}\" got invalid value; {why}")));
        match (bare(kind), value) {
            (_, Value::Array(items)) if kind.starts_with('[') => items.iter().try_for_each(|item| {
                self.check_value(name, &kind.trim_end_matches('!')[1..kind.rfind(']').unwrap()], item)
            }),
            ("String" | "ID", Value::String(_)) | ("Boolean", Value::Bool(_)) => Ok(()),
            ("Int", Value::Number(number)) if number.is_i64() => Ok(()),
            (inner, value) => match (self.0.get(inner), value) {
                (Some(values), Value::String(text)) if values.iter().any(|known| known.name == *text) => Ok(()),
                (Some(fields), Value::Object(given)) => {
                    given.iter().try_for_each(|(key, value)| match fields.iter().find(|field| field.name == *key) {
                        Some(field) => self.check_value(name, &field.kind, value),
                        None => wrong(format!("Field \"{key}\" is not defined by type \"{inner}\".")),
                    })
                }
                _ => wrong(format!("Expected type \"{inner}\".")),
            },
        }
    }
}

/// `name(argument: Type, …): Type`, or a value of an enum.
fn field(line: &str) -> Field {
    let pair = |text: &str| {
        let (name, kind) = text.split_once(':').unwrap();
        (name.trim().to_owned(), kind.trim().to_owned())
    };
    let (head, arguments, kind) = match line.split_once('(') {
        Some((name, rest)) => {
            let (arguments, kind) = rest.split_once("):").unwrap();
            (name, arguments.split(',').map(pair).collect(), kind)
        }
        None => {
            let (name, kind) = line.split_once(':').unwrap_or((line, ""));
            (name, Vec::new(), kind)
        }
    };
    Field { name: head.trim().to_owned(), arguments, kind: kind.trim().to_owned() }
}

impl Operation {
    /// The answer: of a whole value only what was selected.
    pub fn answer(&self, whole: &Value) -> Value {
        json!({ "data": { &self.field: select(whole, &self.selection) } })
    }

    /// An argument that is a text.
    pub fn text(&self, name: &str) -> &str {
        self.arguments.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

fn select(whole: &Value, selection: &[Selected]) -> Value {
    match whole {
        Value::Array(items) => items.iter().map(|item| select(item, selection)).collect(),
        Value::Object(fields) if !selection.is_empty() => {
            let chosen = selection.iter().map(|one| {
                let value = fields.get(&one.name).unwrap_or(&Value::Null);
                (one.name.clone(), select(value, &one.selection))
            });
            Value::Object(chosen.collect())
        }
        other => other.clone(),
    }
}

struct Tokens(Vec<String>, usize);

impl Tokens {
    fn new(text: &str) -> Tokens {
        let mut tokens: Vec<String> = Vec::new();
        let mut is_open = false;
        for c in text.chars() {
            let is_word = c.is_ascii_alphanumeric() || "_$[]!".contains(c);
            match tokens.last_mut() {
                Some(last) if is_word && is_open => last.push(c),
                _ if c.is_whitespace() || c == ',' => {}
                _ => tokens.push(c.to_string()),
            }
            is_open = is_word;
        }
        Tokens(tokens, 0)
    }

    fn peek(&self) -> &str {
        self.0.get(self.1).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        self.1 += 1;
        self.0.get(self.1 - 1).cloned().unwrap_or_default()
    }

    fn expect(&mut self, token: &str) {
        assert_eq!(self.next(), token, "in {:?}", self.0);
    }

    /// `($name: Type …)`
    fn variables(&mut self) -> Vec<(String, String)> {
        self.pairs(|tokens| tokens.next().trim_start_matches('$').to_owned(), Tokens::next)
    }

    fn pairs(
        &mut self,
        name: impl Fn(&mut Tokens) -> String,
        value: impl Fn(&mut Tokens) -> String,
    ) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        self.expect("(");
        while self.peek() != ")" {
            let name = name(self);
            self.expect(":");
            pairs.push((name, value(self)));
        }
        self.expect(")");
        pairs
    }

    fn selection(&mut self) -> Vec<Selected> {
        let mut all = Vec::new();
        self.expect("{");
        while self.peek() != "}" {
            let name = self.next();
            let arguments = if self.peek() == "(" {
                self.pairs(Tokens::next, |tokens| tokens.next().trim_start_matches('$').to_owned())
            } else {
                Vec::new()
            };
            let selection = if self.peek() == "{" { self.selection() } else { Vec::new() };
            all.push(Selected { name, arguments, selection });
        }
        self.expect("}");
        all
    }
}
