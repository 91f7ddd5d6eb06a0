//! Addresses of pages for people: as `deployment_id`, where one stands for an id and for what holds it, and in answers.
//!
//! An address beats the usual variables of what it names, and what is written beside it must not contradict it. What is
//! wrong with one is said once, where ids are read.

use percent_encoding::percent_decode_str;
use url::{Position, Url};

use crate::api::wire::Text;
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::id::{Id, is_same};

/// The addresses that a platform takes as `deployment_id`.
pub struct Addresses {
    /// Their forms, the first that fits decides: `{id}` is the deployment, `{account_id}` what the input of that name is
    /// about, `{}` anything, each one part of a host name, path or query. A part that stands there twice is one text with
    /// a slash in it, of the query only the id has to be there, and more may follow a path. A form that begins with a
    /// slash is behind any server. The second text says what is wrong with such an address; empty: nothing.
    pub forms: &'static [(&'static str, &'static str)],
    /// What is wrong with any other address.
    pub wrong: &'static str,
    /// Each of these tells an address from an id.
    pub marks: &'static [char],
    /// At the hosts of the forms alone: an address that leads anywhere else is an id like any other text.
    pub at_home: bool,
    /// Finds what is meant in a longer text.
    pub meant: fn(&str) -> &str,
    /// Takes an id, and the host where it is from an address: as the platform spells it, or with what is wrong with it.
    pub id: fn(&str, Option<&str>) -> Result<Id, String>,
}

/// What an address says, part by part, and its host.
type Parts = Vec<(&'static str, String)>;
const HOST: &str = "host";
const ID: &str = "id";

/// The inputs that take addresses.
const IDS: &str = "deployment_id";
const TARGET: &str = "roll_back_to";

impl Addresses {
    /// What is usual, and none.
    pub const USUAL: Self = Self {
        forms: &[],
        wrong: "",
        marks: &['/', '.'],
        at_home: false,
        meant: |text| text,
        id: |text, _| Id::parse(text),
    };

    /// The id that is meant by what a user wrote; the error says what is wrong with it.
    pub fn read_id(&self, written: &Id) -> Result<Id, String> {
        let text = (self.meant)(written.as_str());
        match self.page(text) {
            Some(page) => page.map(|page| page.id),
            None => (self.id)(text, None),
        }
    }

    /// The addresses among the ids. What is written must not contradict them.
    pub(super) fn among(&self, values: &Values, faults: &mut Faults) -> Named {
        let mut found = Named::default();
        for written in values.list(IDS) {
            match self.page((self.meant)(&written)) {
                Some(Ok(page)) => found.pages.push(page),
                Some(Err(_)) => found.has_wrong = true,
                None => found.has_ids = true,
            }
        }
        found.target = values.get(TARGET).and_then(|written| self.page(written)?.ok());
        for (page, at) in found.all() {
            page.parts.iter().for_each(|(name, part)| must_agree(name, part, at, values, faults));
        }
        found
    }

    fn is_at_home(&self, text: &str) -> bool {
        let url = Url::parse(&with_scheme(text)).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let host = host.strip_prefix("www.").unwrap_or(host);
        self.forms.iter().any(|(form, _)| form.split(['/', '?']).next() == Some(host))
    }

    /// What an address says; `None` where the text is an id.
    fn page(&self, text: &str) -> Option<Result<Page, String>> {
        let is_address = !self.forms.is_empty() && text.contains(self.marks);
        (is_address && (!self.at_home || self.is_at_home(text))).then(|| {
            let url = url(text)?;
            let mut plain = url[Position::BeforeHost..Position::BeforePath].to_owned();
            let host = plain.clone();
            for segment in url.path().split('/').filter(|segment| !segment.is_empty()) {
                plain.push('/');
                plain.push_str(segment);
            }
            let fits = |(form, wrong): &(&'static str, &'static str)| Some((parts(form, &plain, &url)?, *wrong));
            match self.forms.iter().find_map(fits) {
                Some((mut parts, "")) => {
                    let id = (self.id)(get(&parts, ID).unwrap_or_default(), Some(&host))?;
                    parts.push((HOST, host));
                    Ok(Page { id, parts })
                }
                Some((_, wrong)) => Err(wrong.to_owned()),
                None => Err(self.wrong.to_owned()),
            }
        })
    }
}

/// An address as people copy it, with its scheme or without.
fn with_scheme(text: &str) -> String {
    let has_scheme = cut(text, "://").is_some_and(|(scheme, _)| !scheme.contains(['/', '?', '#']));
    if has_scheme { text.to_owned() } else { format!("https://{text}") }
}

fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(&with_scheme(text)).map_err(|error| format!("is not a URL ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is an address that begins with neither https:// nor http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password".to_owned());
    }
    Ok(url)
}

/// What an address of that form says; `None` where it has another one. `plain` is its host and path.
fn parts(form: &'static str, plain: &str, url: &Url) -> Option<Parts> {
    let (path, query) = form.split_once('?').unwrap_or((form, ""));
    let mut pieces = path.split(['{', '}']);
    let mut rest = match pieces.next()? {
        "" => plain,
        inside if inside.starts_with('/') => cut(plain, inside)?.1,
        beginning => plain.strip_prefix("www.").unwrap_or(plain).strip_prefix(beginning)?,
    };
    let mut parts = Parts::new();
    while let (Some(name), Some(behind)) = (pieces.next(), pieces.next()) {
        let part;
        (part, rest) = match behind {
            "" => rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?,
            behind => cut(rest, behind)?,
        };
        if part.is_empty() || part.contains('/') {
            return None;
        }
        let part = percent_decode_str(part).decode_utf8().ok()?;
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => *before = format!("{before}/{part}"),
            None => parts.push((name, part.into_owned())),
        }
    }
    for (parameter, name) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let name = name.trim_matches(['{', '}']);
        let given = url.query_pairs().find(|(known, value)| known == parameter && !value.is_empty());
        if let Some((_, value)) = given.filter(|_| get(&parts, name).is_none()) {
            parts.push((name, value.into_owned()));
        }
    }
    let is_whole = rest.is_empty() || rest.starts_with('/');
    (is_whole && (get(&parts, ID).is_some() || !form.contains("{id}"))).then_some(parts)
}

/// What stands before and behind a text, the first time that it is there: one piece of code for all that look for one.
#[inline(never)]
fn cut<'a>(text: &'a str, at: &str) -> Option<(&'a str, &'a str)> {
    text.split_once(at)
}

fn get<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.iter().find(|(known, _)| *known == name).map(|(_, part)| part.as_str())
}

/// Notes where what is written contradicts an address at another input. A usual variable is only beaten by it.
pub(super) fn must_agree(input: &str, addressed: &str, at: &str, values: &Values, faults: &mut Faults) {
    let written = values.get(input).filter(|_| !values.is_usual(input));
    if written.is_some_and(|written| !written.eq_ignore_ascii_case(addressed)) {
        let text = format!("is another {} than in the address in `{at}`: {addressed}", noun(input));
        faults.add(values.given(input), input, text);
    }
}

/// What an input names: `account_id` an account.
fn noun(input: &str) -> &str {
    input.split_once('_').map_or(input, |(noun, _)| noun)
}

/// What one address says.
pub(super) struct Page {
    /// The deployment.
    pub(super) id: Id,
    parts: Parts,
}

impl Page {
    /// The part of that name, or the `host`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        get(&self.parts, name)
    }
}

/// What the ids of a run say by addresses.
#[derive(Default)]
pub(super) struct Named {
    /// The addresses, in their order.
    pub(super) pages: Vec<Page>,
    /// That of what is to be put back.
    target: Option<Page>,
    /// There are ids that are no addresses.
    has_ids: bool,
    /// There are addresses of something else, which is said with the ids.
    has_wrong: bool,
}

impl Named {
    /// All addresses, each with the input that it stands at.
    fn all(&self) -> impl Iterator<Item = (&Page, &'static str)> {
        let pages = self.pages.iter().map(|page| (page, IDS));
        pages.chain(self.target.iter().map(|page| (page, TARGET)))
    }

    /// The same, of each the part of that name.
    pub(super) fn all_parts(&self, name: &str) -> impl Iterator<Item = (&str, &'static str)> {
        self.all().filter_map(move |(page, at)| Some((page.get(name)?, at)))
    }

    /// The addresses that a deployment was given by: each of them has to be right.
    pub(super) fn pages_of(&self, id: &str) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(move |page| is_same(page.id.as_str(), id))
    }

    /// The part of that name of its address.
    pub(super) fn part_of(&self, id: &str, name: &str) -> Option<&str> {
        self.pages_of(id).find_map(|page| page.get(name))
    }

    /// Whether every deployment was given by an address with a part of that name.
    pub(super) fn all_have(&self, name: &str) -> bool {
        !self.has_ids && !self.pages.is_empty() && self.pages.iter().all(|page| page.get(name).is_some())
    }

    /// The one that a run is for, by the input that names it: several are noted. What is no address is of the usual one.
    pub(super) fn only_one(&self, input: &str, values: &Values, faults: &mut Faults) -> Option<&str> {
        let first = self.pages.iter().find_map(|page| page.get(input))?;
        let mut all: Vec<String> = Vec::new();
        let mut add = |one: &str, place: &str| {
            if !all.iter().any(|known| known.eq_ignore_ascii_case(one)) {
                all.push(format!("{one}{place}"));
            }
        };
        self.pages.iter().filter_map(|page| page.get(input)).for_each(|one| add(one, ""));
        let usual = values.given(input).filter(|_| values.is_usual(input) && !self.all_have(input));
        if let Some((given, usual)) = usual.zip(values.get(input)) {
            add(usual, &format!(" as in {}", given.variable()));
        }
        if let Some(one) = self.target.as_ref().and_then(|page| page.get(input)) {
            add(one, " as in `roll_back_to`");
        }
        if all.len() > 1 {
            let (noun, all) = (noun(input), all.join(", "));
            let text = format!("names deployments of more than one {noun} ({all}): a run is for one {noun}");
            faults.add(values.given(IDS), IDS, text);
        }
        Some(first)
    }

    /// The same, and where no address names one what is written, or in a usual variable.
    pub(super) fn holder(
        &self,
        input: &str,
        parse: fn(&str) -> Result<Id, String>,
        values: &Values,
        faults: &mut Faults,
    ) -> Option<Id> {
        let Some(one) = self.only_one(input, values, faults) else {
            return values.parsed(input, faults, parse);
        };
        let wrong = |wrong| faults.add(values.given(IDS), IDS, wrong);
        parse(one).map_err(wrong).ok()
    }

    /// Notes that nothing says what a run is for: neither that input, nor one of these `ways` to set it, nor an address.
    pub(super) fn miss(&self, input: &str, ways: &str, values: &Values, faults: &mut Faults) {
        if values.given(input).is_none() && self.pages.is_empty() && !self.has_wrong {
            let text =
                format!("is missing: set it {ways}, or give the address of the deployment's page as `deployment_id`");
            faults.add(None, input, text);
        }
    }
}

/// The address of a page as an answer tells it, if it really leads to that host.
pub(super) fn page_at(host: &str, told: &Text) -> Option<Url> {
    let page = Url::parse(told.get()?).ok()?;
    (page.scheme() == "https" && page.host_str() == Some(host)).then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{PlatformInfo, digitalocean, github_pages, railway, render};

    /// What an address says, in the order of its form.
    #[track_caller]
    fn check(form: &'static str, written: &str, expected: Option<&[&str]>) {
        let url = url(written).unwrap();
        let plain = format!("{}{}", &url[Position::BeforeHost..Position::BeforePath], url.path());
        let found = parts(form, &plain, &url);
        let found = found.map(|parts| parts.into_iter().map(|(_, part)| part).collect::<Vec<_>>());
        assert_eq!(found, expected.map(|parts| parts.iter().map(|part| (*part).to_owned()).collect()), "{written}");
    }

    #[test]
    fn parts_of_an_address_stand_where_its_form_says() {
        let path = "a.example/{kind}/{service_id}/deploys/{id}";
        check(path, "https://a.example/web/s/deploys/d", Some(&["web", "s", "d"]));
        check(path, "www.a.example/web/s%2F1/deploys/d/logs?x=1#y", Some(&["web", "s/1", "d"]));
        for other in
            ["b.example/web/s/deploys/d", "a.example/web/s/deploys", "a.example/web/x/s/deploys/d", "a.example"]
        {
            check(path, other, None);
        }
        let host = "{id}--{site}.a.example";
        check(host, "d--my--site.a.example/page", Some(&["d", "my--site"]));
        check(host, "d--site.a.example.b.example", None);
        let behind = "/repos/{repository}/{repository}/deployments/{id}";
        check(behind, "http://127.0.0.1:80/api/repos/o/n/deployments/7/status", Some(&["o/n", "7"]));
        check(behind, "a.example/repos/o/deployments/7", None);
        let query = "a.example/{project_id}?environment={environment_id}&id={id}&deployment={id}";
        check(query, "a.example/p?id=d&environment=e", Some(&["p", "e", "d"]));
        check(query, "a.example/p?deployment=x&id=d&environment=", Some(&["p", "d"]));
        check(query, "a.example/p?environment=e&deployment=", None);
    }

    #[test]
    fn a_text_that_is_no_address_is_an_id() {
        let read = |of: &PlatformInfo, text: &str| of.addresses.read_id(&Id::parse(text).unwrap());
        for (of, opaque) in [
            (&railway::INFO, "a/b?id=c"),
            (&railway::INFO, "a.b c"),
            (&railway::INFO, "https://railway.com.evil.example/project/p?id=d"),
            (&railway::INFO, "web.up.railway.app"),
            (&render::INFO, "dep.1"),
            (&github_pages::INFO, "dep.1"),
            (&digitalocean::INFO, "a/b.c"),
        ] {
            assert_eq!(read(of, opaque), Id::parse(opaque), "{opaque}");
        }
        for bad in ["railway.com", "https://www.railway.app/project/p/service/s", "railway.com:8443/project/p?id=d"] {
            assert!(read(&railway::INFO, bad).is_err(), "{bad}");
        }
    }

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
