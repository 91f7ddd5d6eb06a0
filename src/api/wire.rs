//! Types to read platforms' answers with: a value at a pointer, and lenient fields.
//!
//! An id and a state are required. Everything else only adds detail, so a field that is missing, null, empty or of
//! another type is left out and does not make the answer unreadable.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::de::value::{self, BoolDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Number;

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
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
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

/// What may stand in a field. All other shapes are passed over, so that what stands behind them is read all the same.
trait Lenient<'de>: Sized {
    /// From a text.
    fn text(_text: &str) -> Option<Self> {
        None
    }

    /// From a number.
    fn number(_number: Number) -> Option<Self> {
        None
    }

    /// From `true` or `false`.
    fn boolean(_boolean: bool) -> Option<Self> {
        None
    }

    /// From a list.
    fn list<S: SeqAccess<'de>>(list: S) -> Result<Option<Self>, S::Error> {
        IgnoredAny.visit_seq(list).map(|_| None)
    }

    /// From an object.
    fn object<M: MapAccess<'de>>(object: M) -> Result<Option<Self>, M::Error> {
        IgnoredAny.visit_map(object).map(|_| None)
    }
}

/// Reads a value of whatever shape.
struct Any<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Any<T> {
    fn read<D: Deserializer<'de>>(json: D) -> Result<Option<T>, D::Error> {
        json.deserialize_any(Self(PhantomData))
    }
}

impl<'de, T: Lenient<'de>> Visitor<'de> for Any<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::text(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(T::number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).and_then(T::number))
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Self::Value, E> {
        Ok(T::boolean(boolean))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<Self::Value, S::Error> {
        T::list(list)
    }

    fn visit_map<M: MapAccess<'de>>(self, object: M) -> Result<Self::Value, M::Error> {
        T::object(object)
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

impl Lenient<'_> for String {
    fn text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Any::read(json).map(Self)
    }
}

/// A value of one shape that may be missing, such as an object whose fields may; one of another shape is missing, too.
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

/// Anything but a list.
struct One<T>(T);

impl<'de, T: Deserialize<'de>> Lenient<'de> for One<T> {
    fn text(text: &str) -> Option<Self> {
        read(StrDeserializer::<value::Error>::new(text))
    }

    fn number(number: Number) -> Option<Self> {
        read(number)
    }

    fn boolean(boolean: bool) -> Option<Self> {
        read(BoolDeserializer::<value::Error>::new(boolean))
    }

    fn object<M: MapAccess<'de>>(mut object: M) -> Result<Option<Self>, M::Error> {
        let mut begun = false;
        let seen = Seen { object: &mut object, begun: &mut begun };
        match T::deserialize(MapAccessDeserializer::new(seen)) {
            Err(_) if !begun => IgnoredAny.visit_map(object).map(|_| None),
            read => read.map(|it| Some(Self(it))),
        }
    }
}

fn read<'de, T: Deserialize<'de>>(value: impl Deserializer<'de>) -> Option<One<T>> {
    T::deserialize(value).ok().map(One)
}

/// An object, and whether anybody has begun to read it.
struct Seen<'a, M> {
    object: &'a mut M,
    begun: &'a mut bool,
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Seen<'_, M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, M::Error> {
        *self.begun = true;
        self.object.next_key_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, M::Error> {
        self.object.next_value_seed(seed)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let one = Any::<One<T>>::read(json)?;
        Ok(Self(one.map(|One(it)| it)))
    }
}

/// A list that may be missing; one with an item of another shape is missing, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Many<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Lenient<'de> for Vec<T> {
    fn list<S: SeqAccess<'de>>(mut list: S) -> Result<Option<Self>, S::Error> {
        let mut all = Some(Self::new());
        while let Some(Maybe(item)) = list.next_element()? {
            all = all.zip(item).map(|(mut all, item)| {
                all.push(item);
                all
            });
        }
        Ok(all)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(Self(Any::read(json)?.unwrap_or_default()))
    }
}

/// A point in time as RFC 3339, or as seconds or milliseconds since 1970; year 1 and zero are no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time(pub Option<Timestamp>);

impl Lenient<'_> for Timestamp {
    fn text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn number(number: Number) -> Option<Self> {
        from_number(number.as_f64()?)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let time: Option<Timestamp> = Any::read(json)?;
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
    use serde_json::{Value, json};

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

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Wire {
        name: Text,
        sizes: Many<u8>,
        is_new: Maybe<bool>,
        inner: Maybe<Inner>,
        last: Text,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Inner {
        count: Maybe<u64>,
        parts: Many<Inner>,
    }

    /// Read from a text and from a value alike.
    fn read(body: &Value) -> Wire {
        let wire: Wire = serde_json::from_str(&body.to_string()).unwrap();
        assert_eq!(wire, serde_json::from_value(body.clone()).unwrap());
        wire
    }

    #[test]
    fn a_field_of_another_shape_is_left_out() {
        for (body, name, sizes) in [
            (json!({ "name": "x", "sizes": [1] }), Some("x"), vec![1]),
            (json!({ "name": "", "sizes": [] }), None, Vec::new()),
            (json!({ "name": null, "sizes": null }), None, Vec::new()),
            (json!({ "name": 7, "sizes": [1, "a"] }), None, Vec::new()),
            (json!({ "name": { "x": [] }, "sizes": "text" }), None, Vec::new()),
            (json!({}), None, Vec::new()),
        ] {
            let wire = read(&body);
            assert_eq!((wire.name.get(), wire.sizes.0), (name, sizes), "{body}");
        }
    }

    #[test]
    fn what_stands_behind_a_field_of_another_shape_is_read() {
        let inner = |count, parts| Maybe(Some(Inner { count: Maybe(count), parts: Many(parts) }));
        let whole = json!({ "count": 7, "parts": [{ "count": 8, "other": [{}] }], "more": { "x": null } });
        assert_eq!(read(&json!({ "inner": whole })).inner, inner(Some(7), Vec::from_iter(inner(Some(8), vec![]).0)));
        for shape in
            [json!(null), json!(true), json!(-1), json!(0.5), json!("a"), json!([[], {}]), json!({ "a": [{}] })]
        {
            let body = json!({
                "name": shape, "sizes": [1, shape], "is_new": [shape], "last": "read",
                "inner": { "count": [shape], "parts": [{}, [shape]] },
            });
            let wire = read(&body);
            assert_eq!((wire.sizes.0, wire.is_new.0, wire.last.get()), (vec![], None, Some("read")), "{body}");
            assert_eq!(wire.inner, inner(None, vec![]), "{body}");
            let wire = read(&json!({ "inner": [shape], "is_new": { "a": shape }, "last": "read" }));
            assert_eq!((wire.inner.0, wire.is_new.0, wire.last.get()), (None, None, Some("read")), "{shape}");
        }
    }

    #[test]
    fn what_is_no_json_is_an_error_however_deep_it_stands() {
        for body in [
            r#"{"inner":{"count":tru}}"#,
            r#"{"inner":{"parts":[{"count":1]},"last":"x"}"#,
            r#"{"inner":{"parts":[{"count":1}],"x":}}"#,
            r#"{"sizes":[1,{"a":]],"last":"x"}"#,
            r#"{"name":{"a":[1},"last":"x"}"#,
            r#"{"last":"x"#,
        ] {
            assert!(serde_json::from_str::<Wire>(body).is_err(), "{body}");
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
