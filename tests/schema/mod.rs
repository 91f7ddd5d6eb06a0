//! `docs/deployments.schema.json`, and whether a value is as it says: as much of JSON Schema as that file uses.

use serde_json::{Map, Value};

/// What a description may hold besides what is checked here.
const WORDS: [&str; 5] = ["$schema", "title", "description", "required", "format"];

/// The schema of the output `deployments`.
pub(crate) fn deployments() -> Value {
    serde_json::from_str(include_str!("../../docs/deployments.schema.json")).unwrap()
}

/// What is wrong with a value, each fault with its place.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(schema.as_object().unwrap(), value, "", &mut faults);
    faults
}

fn check(schema: &Map<String, Value>, value: &Value, place: &str, faults: &mut Vec<String>) {
    for (keyword, rule) in schema {
        let holds = match keyword.as_str() {
            "type" => match rule {
                Value::Array(types) => types.iter().any(|one| is(one, value)),
                one => is(one, value),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                value.as_object().is_none_or(|fields| fields.keys().all(|name| known.contains_key(name)))
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule.as_object().unwrap(), item, &format!("{place}/{index}"), faults);
                }
                true
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap().iter().filter(|_| !value.is_null()) {
                    let place = format!("{place}/{name}");
                    match value.get(name) {
                        Some(value) => check(rule.as_object().unwrap(), value, &place, faults),
                        None => faults.push(format!("{place} is missing")),
                    }
                }
                true
            }
            word => {
                assert!(WORDS.contains(&word), "{word} is not checked");
                true
            }
        };
        if !holds {
            faults.push(format!("{place} is {value}, and not as {keyword} says: {rule}"));
        }
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}
