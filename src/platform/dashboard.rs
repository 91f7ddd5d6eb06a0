//! Addresses of pages for people: as `deployment_id`, where one stands for an id and for what holds it, and in answers.

use url::Url;

use crate::api::wire::Text;
use crate::input::Values;
use crate::input::faults::Faults;

/// An address as people copy it, with its scheme or without.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    Url::parse(&with_scheme).map_err(|error| format!("is not a URL ({error})"))
}

/// Its host, and the parts of its path.
pub(super) fn parts(address: &Url) -> (&str, Vec<&str>) {
    (address.host_str().unwrap_or_default(), address.path_segments().into_iter().flatten().collect())
}

/// The address of a page as an answer tells it, if it really leads to that host.
pub(super) fn page_at(host: &str, told: &Text) -> Option<Url> {
    let page = Url::parse(told.get()?).ok()?;
    (page.scheme() == "https" && page.host_str() == Some(host)).then_some(page)
}

/// Notes where what is written contradicts an address among the ids. A usual variable is only beaten by it.
pub(super) fn must_agree(input: &str, noun: &str, addressed: &str, values: &Values, faults: &mut Faults) {
    let written = values.get(input).filter(|_| !values.is_usual(input));
    if written.is_some_and(|written| !written.eq_ignore_ascii_case(addressed)) {
        let text = format!("is another {noun} than in the address in `deployment_id`: {addressed}");
        faults.add(values.given(input), input, text);
    }
}

/// The one that all addresses among the ids name, such as `deploys` of one of the `services`; several are noted.
pub(super) fn only_one(
    named: Vec<String>,
    [things, nouns, noun]: [&str; 3],
    values: &Values,
    faults: &mut Faults,
) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for one in named {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    if all.len() > 1 {
        let text = format!("names {things} of several {nouns} ({}): a run is for one {noun}", all.join(", "));
        faults.add(values.given("deployment_id"), "deployment_id", text);
        return None;
    }
    all.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_given_only_if_it_leads_to_its_host() {
        let page = |told: &str| page_at("app.example.com", &Text(Some(told.to_owned()))).map(String::from);
        let own = "https://app.example.com/acme/web?x=1";
        assert_eq!(page(own).as_deref(), Some(own));
        for bad in
            ["javascript:alert(1)", "https://app.example.com.evil.example/x", "http://app.example.com/x", "", "x"]
        {
            assert_eq!(page(bad), None, "{bad}");
        }
    }
}
