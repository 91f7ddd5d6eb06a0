//! Reads JSON into fields: one reader for all types.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Error, Number};

use super::{Field, Items};

/// What stands at a JSON pointer (RFC 6901, through objects only) of `body`; `None` when nothing does. Everything else
/// is passed over without being kept.
///
/// # Errors
/// When `body` is no JSON, or what stands there has another shape.
pub fn at<T: Field + Default>(body: &str, pointer: &str) -> serde_json::Result<Option<T>> {
    let mut found = T::default();
    Ok(fill(body, pointer, &mut found)?.then_some(found))
}

/// One item of a list; `None` when it is something else.
pub fn item<T: Field + Default>(json: &str) -> Option<T> {
    at(json, "").ok().flatten()
}

/// The same for tests.
#[cfg(test)]
pub(crate) fn of<T: Field + Default>(body: &serde_json::Value) -> Option<T> {
    item(&body.to_string())
}

fn fill(body: &str, pointer: &str, field: &mut dyn Field) -> serde_json::Result<bool> {
    match look(body, pointer, Into(field))? {
        None | Some(Shape::Nothing) => Ok(false),
        Some(Shape::Fit) => Ok(true),
        Some(Shape::Other) => Err(Error::custom("another shape")),
    }
}

/// The items of the list at a pointer, as they are written.
///
/// # Errors
/// As for [`at`].
pub(crate) fn items<'b>(body: &'b str, pointer: &str) -> serde_json::Result<Option<Vec<&'b RawValue>>> {
    look(body, pointer, PhantomData::<Option<Vec<&RawValue>>>).map(Option::flatten)
}

/// What stands at a pointer, as it is written.
///
/// # Errors
/// As for [`at`].
pub(crate) fn raw<'b>(body: &'b str, pointer: &str) -> serde_json::Result<Option<&'b RawValue>> {
    look(body, pointer, PhantomData::<Option<&RawValue>>).map(Option::flatten)
}

fn look<'b, S: DeserializeSeed<'b>>(body: &'b str, pointer: &str, seed: S) -> serde_json::Result<Option<S::Value>> {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let mut json = serde_json::Deserializer::from_str(body);
    let found = At { steps: &steps, seed }.deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

/// Leads to what is read at a pointer.
struct At<'s, S> {
    steps: &'s [&'s str],
    seed: S,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for At<'_, S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        if self.steps.is_empty() { self.seed.deserialize(json).map(Some) } else { json.deserialize_any(self) }
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for At<'_, S> {
    type Value = Option<S::Value>;

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
        let (mut seed, mut found) = (Some(self.seed), None);
        while let Some(is_step) = map.next_key_seed(Key::of(|key| key == *step))? {
            match seed.take_if(|_| is_step) {
                Some(seed) => found = map.next_value_seed(At { steps, seed })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// How what was read fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Nothing,
    Fit,
    Other,
}

impl From<bool> for Shape {
    fn from(is_fit: bool) -> Self {
        if is_fit { Self::Fit } else { Self::Other }
    }
}

/// Reads a value of whatever shape into a field.
struct Into<'f>(&'f mut dyn Field);

impl<'de> DeserializeSeed<'de> for Into<'_> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Shape, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Into<'_> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape, E> {
        Ok(self.0.text(text).into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Shape, E> {
        Ok(self.0.number(&number.into()).into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Shape, E> {
        Ok(self.0.number(&number.into()).into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Shape, E> {
        Ok(Number::from_f64(number).is_some_and(|number| self.0.number(&number)).into())
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Shape, E> {
        Ok(self.0.boolean(boolean).into())
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Nothing)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Shape, S::Error> {
        let is_fit = self.0.list(&mut Rest(&mut list)).map_err(S::Error::custom)?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(is_fit.into())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Shape, M::Error> {
        let is_fit = self.0.object();
        loop {
            let into = &mut *self.0;
            let Some(field) = object.next_key_seed(Key::of(move |name| into.field(name).filter(|_| is_fit)))? else {
                return Ok(is_fit.into());
            };
            match field {
                Some(field) => drop(object.next_value_seed(Into(field))?),
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
    }
}

/// What is left of a list.
struct Rest<'l, S>(&'l mut S);

impl<'de, S: SeqAccess<'de>> Items for Rest<'_, S> {
    fn next(&mut self, item: &mut dyn Field) -> serde_json::Result<Option<bool>> {
        let shape = self.0.next_element_seed(Into(item)).map_err(Error::custom)?;
        Ok(shape.map(|shape| shape == Shape::Fit))
    }
}

/// What a key of an object is read as.
struct Key<F>(F);

impl<T, F: FnOnce(&str) -> T> Key<F> {
    fn of(read: F) -> Self {
        Self(read)
    }
}

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Key<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<T, D::Error> {
        json.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Key<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<T, E> {
        Ok((self.0)(key))
    }
}
