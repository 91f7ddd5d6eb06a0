//! Types to read platforms' answers with: a value at a pointer, and lenient fields.
//!
//! An id and a state are required. Everything else only adds detail, so a field that is missing, null, empty or of
//! another type is left out and does not make the answer unreadable.
//!
//! One reader fills every type, through [`Field`]: code made for each type by itself, as serde's derive makes it, took a
//! tenth of the program.

mod reader;

use jiff::Timestamp;
use serde_json::{Map, Number, Result, Value};

#[cfg(test)]
pub(crate) use self::reader::of;
pub use self::reader::{at, item};
pub(crate) use self::reader::{items, raw};
use crate::text::secret::Secret;

/// A point in time below this is a platform's way of writing "none": year 1, or 1970.
const NO_TIME: i64 = 0;
/// Numbers above this count milliseconds: as seconds they would lie in the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// What a value of an answer is read into. What it does not say to take may not stand there.
pub trait Field {
    /// Takes a text.
    fn text(&mut self, _text: &str) -> bool {
        false
    }

    /// Takes a number.
    fn number(&mut self, _number: &Number) -> bool {
        false
    }

    /// Takes `true` or `false`.
    fn boolean(&mut self, _boolean: bool) -> bool {
        false
    }

    /// Begins to take an object.
    fn object(&mut self) -> bool {
        false
    }

    /// Where a field of that object is read into; it is passed over where there is no such place.
    fn field(&mut self, _name: &str) -> Option<&mut dyn Field> {
        None
    }

    /// Takes a list, item by item.
    ///
    /// # Errors
    /// When it is no JSON.
    fn list(&mut self, _items: &mut dyn Items) -> Result<bool> {
        Ok(false)
    }
}

/// The items of a list.
pub trait Items {
    /// Reads the next one and tells whether it may stand there; `None` behind the last one.
    ///
    /// # Errors
    /// When it is no JSON.
    fn next(&mut self, item: &mut dyn Field) -> Result<Option<bool>>;
}

/// Structs that are read from objects: each field by its own name, or by the one behind `as`; the last may be a struct
/// that is read from the same object.
#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    ($($(#[$about:meta])* $seen:vis struct $name:ident {
        $($(#[$doc:meta])* $own:vis $field:ident $(as $key:literal)?: $type:ty,)*
        $(..$rest:ident: $more:ty,)?
    })*) => {$(
        $(#[$about])*
        #[derive(Default)]
        $seen struct $name { $($(#[$doc])* $own $field: $type,)* $($rest: $more,)? }

        impl $crate::api::wire::Field for $name {
            fn object(&mut self) -> bool {
                true
            }

            fn field(&mut self, name: &str) -> Option<&mut dyn $crate::api::wire::Field> {
                $(if name == $crate::api::wire::fields!(@ $field $($key)?) {
                    return Some(&mut self.$field);
                })*
                None$(.or(self.$rest.field(name)))?
            }
        }
    )*};
    (@ $field:ident) => { stringify!($field) };
    (@ $field:ident $key:literal) => { $key };
}
pub use __fields as fields;

impl Field for bool {
    fn boolean(&mut self, boolean: bool) -> bool {
        *self = boolean;
        true
    }
}

impl Field for u64 {
    fn number(&mut self, number: &Number) -> bool {
        number.as_u64().map(|number| *self = number).is_some()
    }
}

impl Field for usize {
    fn number(&mut self, number: &Number) -> bool {
        number.as_u64().and_then(|number| Self::try_from(number).ok()).map(|number| *self = number).is_some()
    }
}

impl Field for String {
    fn text(&mut self, text: &str) -> bool {
        text.clone_into(self);
        true
    }
}

impl Field for Secret {
    fn text(&mut self, text: &str) -> bool {
        *self = Self::from(text.to_owned());
        true
    }
}

impl Field for Map<String, Value> {
    fn object(&mut self) -> bool {
        self.clear();
        true
    }

    fn field(&mut self, name: &str) -> Option<&mut dyn Field> {
        Some(self.entry(name).or_insert(Value::Null))
    }
}

impl Field for Value {
    fn text(&mut self, text: &str) -> bool {
        *self = text.into();
        true
    }

    fn number(&mut self, number: &Number) -> bool {
        *self = number.clone().into();
        true
    }

    fn boolean(&mut self, boolean: bool) -> bool {
        *self = boolean.into();
        true
    }

    fn object(&mut self) -> bool {
        *self = Map::new().into();
        true
    }

    fn field(&mut self, name: &str) -> Option<&mut dyn Field> {
        self.as_object_mut()?.field(name)
    }

    fn list(&mut self, items: &mut dyn Items) -> Result<bool> {
        let (mut all, mut item) = (Vec::new(), Self::Null);
        while items.next(&mut item)?.is_some() {
            all.push(std::mem::take(&mut item));
        }
        *self = all.into();
        Ok(true)
    }
}

/// A text that may be missing; one that is empty is missing, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

impl Field for Text {
    fn text(&mut self, text: &str) -> bool {
        self.0 = (!text.is_empty()).then(|| text.to_owned());
        true
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

    fn set(&mut self, read: impl FnOnce(&mut T) -> bool) -> bool
    where
        T: Default,
    {
        let mut it = T::default();
        self.0 = read(&mut it).then_some(it);
        self.0.is_some()
    }
}

impl<T: Field + Default> Field for Maybe<T> {
    fn text(&mut self, text: &str) -> bool {
        self.set(|it| it.text(text))
    }

    fn number(&mut self, number: &Number) -> bool {
        self.set(|it| it.number(number))
    }

    fn boolean(&mut self, boolean: bool) -> bool {
        self.set(|it| it.boolean(boolean))
    }

    fn object(&mut self) -> bool {
        self.set(T::object)
    }

    fn field(&mut self, name: &str) -> Option<&mut dyn Field> {
        self.0.as_mut()?.field(name)
    }
}

/// A list that may be missing; one with an item of another shape is missing, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Many<T>(pub Vec<T>);

impl<T: Field + Default> Field for Many<T> {
    fn list(&mut self, items: &mut dyn Items) -> Result<bool> {
        let (mut all, mut item) = (Vec::new(), T::default());
        while let Some(is_fit) = items.next(&mut item)? {
            if !is_fit {
                return Ok(false);
            }
            all.push(std::mem::take(&mut item));
        }
        self.0 = all;
        Ok(true)
    }
}

/// A point in time as RFC 3339, or as seconds or milliseconds since 1970; year 1 and zero are no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time(pub Option<Timestamp>);

impl Time {
    fn set(&mut self, time: Option<Timestamp>) -> bool {
        self.0 = time.filter(|time| time.as_second() > NO_TIME);
        time.is_some()
    }
}

impl Field for Time {
    fn text(&mut self, text: &str) -> bool {
        self.set(text.parse().ok())
    }

    fn number(&mut self, number: &Number) -> bool {
        self.set(number.as_f64().and_then(from_number))
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
        let at = |pointer: &str| at::<u64>(&body.to_string(), pointer);
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
        assert!(at::<u64>("{\"a\":1} x", "/a").is_err());
        assert!(at::<u64>("{\"a\":1", "/a").is_err());
    }

    fields! {
        #[derive(Debug, PartialEq)]
        struct Wire {
            name: Text,
            sizes: Many<u64>,
            is_new as "isNew": Maybe<bool>,
            inner: Maybe<Inner>,
            last: Text,
            ..same: Same,
        }

        #[derive(Debug, PartialEq)]
        struct Inner {
            count: Maybe<u64>,
            parts: Many<Inner>,
        }

        #[derive(Debug, PartialEq)]
        struct Same {
            more: Value,
        }
    }

    fn read(body: &Value) -> Wire {
        of(body).unwrap()
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
                "name": shape, "sizes": [1, shape], "isNew": [shape], "last": "read",
                "inner": { "count": [shape], "parts": [{}, [shape]] },
            });
            let wire = read(&body);
            assert_eq!((wire.sizes.0, wire.is_new.0, wire.last.get()), (vec![], None, Some("read")), "{body}");
            assert_eq!(wire.inner, inner(None, vec![]), "{body}");
            let wire = read(&json!({ "inner": [shape], "isNew": { "a": shape }, "last": "read" }));
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
            assert!(at::<Wire>(body, "").is_err(), "{body}");
        }
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let read = |value: Value| of::<Time>(&value).and_then(|time| time.0);
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
