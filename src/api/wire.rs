//! What platforms' answers are read with: a value at a pointer, and fields that forgive.
//!
//! An id and a state have to be there; everything else only adds to the story, so a field that is missing, null, empty
//! or of another type is left out and never spoils the answer.

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A point in time below this is a platform's way of writing "none": year 1, or 1970.
const NO_TIME: i64 = 0;
/// Numbers above this count milliseconds: as seconds they would lie in the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// What stands at a JSON pointer (RFC 6901, through objects only) of `body`; `None` when nothing does. Everything else
/// is passed over without being kept.
///
/// # Errors
/// When `body` is no JSON, or what stands there has another shape.
pub fn at<T: DeserializeOwned>(body: &[u8], pointer: &str) -> serde_json::Result<Option<T>> {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let mut json = serde_json::Deserializer::from_slice(body);
    let found = At { steps: &steps, kind: PhantomData }.deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

struct At<'s, T> {
    steps: &'s [&'s str],
    kind: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for At<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        if self.steps.is_empty() { Option::deserialize(json) } else { json.deserialize_any(self) }
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for At<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let Some((step, steps)) = self.steps.split_first() else {
            return Ok(None);
        };
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == *step {
                let kind = PhantomData;
                found = map.next_value_seed(At { steps, kind })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// A text that may be missing; one that is empty is missing, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(pub Option<String>);

impl Text {
    /// The text, if there is one.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, or nothing.
    pub fn or_empty(&self) -> &str {
        self.get().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let Maybe(text) = Maybe::<String>::deserialize(json)?;
        Ok(Self(text.filter(|text| !text.is_empty())))
    }
}

/// A value of any shape that may be missing; one of another shape is missing, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maybe<T>(pub Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Maybe<T> {
    /// The value, if there is one.
    pub const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(Value::deserialize(json)?).ok()))
    }
}

/// A point in time as RFC 3339, or as seconds or milliseconds since 1970; year 1 and zero are no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time(pub Option<Timestamp>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let time = match Value::deserialize(json)? {
            Value::String(text) => text.parse::<Timestamp>().ok(),
            Value::Number(number) => number.as_f64().and_then(from_number),
            _ => None,
        };
        Ok(Self(time.filter(|time| time.as_second() > NO_TIME)))
    }
}

fn from_number(number: f64) -> Option<Timestamp> {
    let seconds = if number >= MILLISECONDS_FROM { number / 1000.0 } else { number };
    let since = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    // A fraction of a second is seldom exact, and 0.123 must not become 122 milliseconds.
    let rounded = since.checked_add(std::time::Duration::from_micros(500))?;
    Timestamp::from_millisecond(i64::try_from(rounded.as_millis()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_leads_through_objects_and_past_everything_else() {
        let body = json!({ "a": [1, { "b": 2 }], "data": { "b": null, "c": { "d~": 3 } }, "b": 4 });
        let at = |pointer: &str| at::<u8>(body.to_string().as_bytes(), pointer);
        assert_eq!(at("/b").unwrap(), Some(4));
        assert_eq!(at("/data/c/d~").unwrap(), Some(3));
        for nothing in ["/data/b", "/data/b/c", "/x", "/data/c/x/y"] {
            assert_eq!(at(nothing).unwrap(), None, "{nothing}");
        }
        for wrong in ["", "/a", "/data", "/b/c"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_follows_the_value_is_no_json_either() {
        assert!(at::<u8>(b"{\"a\":1} x", "/a").is_err());
        assert!(at::<u8>(b"{\"a\":1", "/a").is_err());
    }

    #[test]
    fn a_field_of_another_shape_is_left_out() {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Wire {
            name: Text,
            sizes: Maybe<Vec<u8>>,
        }
        for (body, name, sizes) in [
            (json!({ "name": "x", "sizes": [1] }), Some("x"), Some(vec![1])),
            (json!({ "name": "", "sizes": [] }), None, Some(Vec::new())),
            (json!({ "name": null, "sizes": null }), None, None),
            (json!({ "name": 7, "sizes": ["a"] }), None, None),
            (json!({ "name": { "x": [] }, "sizes": "text" }), None, None),
            (json!({}), None, None),
        ] {
            let wire: Wire = serde_json::from_value(body.clone()).unwrap();
            assert_eq!((wire.name.get(), wire.sizes.0), (name, sizes), "{body}");
        }
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let read = |value: Value| serde_json::from_value::<Time>(value).unwrap().0;
        let written = |value: Value| read(value).map(|time| time.to_string());
        let day = Some("2020-07-28T18:00:00Z".to_owned());
        assert_eq!(written(json!("2020-07-28T18:00:00Z")), day);
        assert_eq!(written(json!(1_595_959_200)), day);
        assert_eq!(written(json!(1_595_959_200_000_i64)), day);
        for none in [
            json!("0001-01-01T00:00:00Z"),
            json!("1970-01-01T00:00:00Z"),
            json!(0),
            json!(-5),
            json!(1e300),
            json!("yesterday"),
            json!(null),
            json!({}),
        ] {
            assert_eq!(read(none.clone()), None, "{none}");
        }
    }
}
