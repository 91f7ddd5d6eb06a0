//! Lists in pages.

use url::form_urlencoded::{Serializer, parse};

use super::http::Request;

/// A page with a number, and what it is one of.
pub struct Page<T> {
    /// What stands on it.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: usize,
    /// The first is 1.
    pub number: usize,
    /// The number of the last one, which is 1 of an empty list.
    pub last: usize,
    size: usize,
}

impl<T> Page<T> {
    /// The one that `page` and `per_page` ask for; the name of the parameter that is out of range.
    pub fn of(items: Vec<T>, request: &Request, usual: usize, most: usize) -> Result<Page<T>, &'static str> {
        let number = request.number("page", 1, 1..=usize::MAX)?;
        let size = request.number("per_page", usual, 1..=most)?;
        let total = items.len();
        let items = items.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
        Ok(Page { items, total, number, last: total.div_ceil(size).max(1), size })
    }

    /// The number of the next one.
    pub fn next(&self) -> Option<usize> {
        (self.number < self.last).then(|| self.number + 1)
    }

    /// The number of the one before.
    pub fn previous(&self) -> Option<usize> {
        (self.number > 1).then(|| self.number - 1)
    }

    /// The same request for another page, at that address.
    pub fn link(&self, address: &str, request: &Request, number: usize) -> String {
        let others = parse(request.query.as_bytes()).filter(|(key, _)| key != "page" && key != "per_page");
        let query = Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair("page", &number.to_string())
            .append_pair("per_page", &self.size.to_string())
            .finish();
        format!("{address}?{query}")
    }
}

/// What follows the item with that cursor, or the beginning without one; `None` when no item has it.
pub fn after<T>(items: Vec<T>, cursor: Option<&str>, most: usize, cursor_of: impl Fn(&T) -> String) -> Option<Vec<T>> {
    let from = match cursor {
        Some(given) => items.iter().position(|item| cursor_of(item) == given)? + 1,
        None => 0,
    };
    Some(items.into_iter().skip(from).take(most).collect())
}
