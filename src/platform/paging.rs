//! How a list is read page by page, on every platform alike: how large a page is, where the next one is, and how far a
//! list is believed.
//!
//! Every deployment of a list may carry a whole specification, so a page that is fine for one account is too large or too
//! slow for another: then less is asked for, from the same place on.

use std::collections::HashSet;

use url::form_urlencoded;

use crate::model::failure::{Failure, Kind};

/// The sizes of a page: the usual one, and smaller ones for an answer that is too large or too slow. Each divides the one
/// before, so that a smaller page can begin where the larger one did.
pub(super) type Sizes = &'static [u32];

/// More pages than this are not read.
const MOST_PAGES: u32 = 200;
/// More items than this are not read.
const MOST_ITEMS: usize = 10_000;
/// What cannot be believed: the list would never come to an end.
const LEADS_NOWHERE: &str = "its next page is not the next one";

/// One page as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// How many items it holds at most.
    pub(super) size: u32,
    /// Its number, where pages are counted: the first is 1.
    pub(super) number: u32,
}

/// Where the reading of a list stands.
pub(super) struct Paging {
    sizes: Sizes,
    instead: &'static str,
    asked: u32,
    pages: u32,
    known: HashSet<String>,
}

impl Paging {
    /// At the beginning. `instead` is the input that makes the list unnecessary.
    pub(super) fn new(sizes: Sizes, instead: &'static str) -> Self {
        Self { sizes, instead, asked: 0, pages: 0, known: HashSet::new() }
    }

    /// The page to ask for.
    pub(super) fn page(&self) -> Page {
        let size = self.sizes.first().copied().unwrap_or(1);
        Page { size, number: self.asked / size + 1 }
    }

    /// The answer for that page, or `None` when a smaller one has to be asked for instead.
    pub(super) fn answer<T>(&mut self, answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match (answer, self.sizes) {
            (Err(failure), [_, smaller @ ..]) if is_too_much(&failure) && !smaller.is_empty() => {
                self.sizes = smaller;
                Ok(None)
            }
            (answer, _) => answer.map(Some),
        }
    }

    /// Takes in the ids of a page. One that holds nothing but what was there before is not the next one.
    pub(super) fn see<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        let (before, mut many) = (self.known.len(), 0);
        for id in ids {
            many += 1;
            self.known.insert(id.to_owned());
        }
        if many > 0 && self.known.len() == before {
            let words = format!("the list makes no sense, {LEADS_NOWHERE}");
            return Err(Failure::own(Kind::Unreadable, words, self.hint()));
        }
        Ok(())
    }

    /// Goes on to the next page of a list that says that there is one.
    pub(super) fn turn(&mut self) -> Result<(), Failure> {
        self.asked += self.page().size;
        self.pages += 1;
        if self.pages < MOST_PAGES && self.known.len() < MOST_ITEMS {
            return Ok(());
        }
        let words = format!(
            "the list goes on after {} pages with {} items, and no more are read",
            self.pages,
            self.known.len()
        );
        Err(Failure::guarded(words, self.hint()))
    }

    fn hint(&self) -> String {
        format!("Give `{}`.", self.instead)
    }
}

/// Whether less may be answered where this was not: it was too large, or took too long for somebody on the way.
fn is_too_much(failure: &Failure) -> bool {
    matches!(failure.kind, Kind::TooLarge | Kind::Timeout) || failure.status == Some(504)
}

/// Judges a link to the page after `page`; the error says what cannot be believed.
///
/// The link itself is never followed: it names a host, and the credential goes to no other than ours. Its number only has
/// to lead on; pages are counted here, so that none is left out.
pub(super) fn leads_on(link: &str, page: Page) -> Result<(), &'static str> {
    if page_number(link).is_some_and(|number| number > page.number) { Ok(()) } else { Err(LEADS_NOWHERE) }
}

/// Judges a point in time at which the next page starts, where a list goes back in time; the error says what cannot be
/// believed.
pub(super) fn goes_back(next: i64, from: Option<i64>) -> Result<i64, &'static str> {
    if from.is_some_and(|from| next >= from) { Err(LEADS_NOWHERE) } else { Ok(next) }
}

fn page_number(link: &str) -> Option<u32> {
    let (_, query) = link.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, number) = pairs.find(|(name, _)| name == "page")?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: Kind) -> Result<(), Failure> {
        Err(Failure::own(kind, "", ""))
    }

    fn too_late() -> Result<(), Failure> {
        Err(Failure { status: Some(504), ..Failure::own(Kind::Server, "", "") })
    }

    #[test]
    fn less_is_asked_for_where_an_answer_is_too_much() {
        for too_much in [failed(Kind::TooLarge), failed(Kind::Timeout), too_late()] {
            let mut paging = Paging::new(&[50, 10, 1], "deployment_id");
            paging.turn().unwrap();
            paging.turn().unwrap();
            assert_eq!((paging.page().size, paging.page().number), (50, 3));
            // From the hundred and first item on, whatever the size.
            for (size, number) in [(10, 11), (1, 101)] {
                assert!(paging.answer(too_much.clone()).unwrap().is_none());
                assert_eq!(paging.page(), Page { size, number });
            }
            assert!(paging.answer(too_much).is_err(), "one alone is too much");
        }
    }

    #[test]
    fn what_smaller_pages_do_not_help_is_a_failure() {
        for kind in Kind::ALL {
            if !matches!(kind, Kind::TooLarge | Kind::Timeout) {
                let mut paging = Paging::new(&[50, 10], "deployment_id");
                assert!(paging.answer(failed(kind)).is_err(), "{kind:?}");
            }
        }
        let mut paging = Paging::new(&[50, 10], "deployment_id");
        assert_eq!(paging.answer(Ok(7)).unwrap(), Some(7));
    }

    #[test]
    fn a_list_comes_to_an_end() {
        let mut paging = Paging::new(&[50], "deployment_id");
        let mut pages = 0;
        let failure = loop {
            pages += 1;
            if let Err(failure) = paging.turn() {
                break failure;
            }
        };
        assert_eq!(pages, 200);
        assert!(failure.words.contains("200 pages"), "{failure}");
        assert!(failure.hint.contains("`deployment_id`"));

        let mut paging = Paging::new(&[5000], "app_id");
        let mut turn = |from: u32| {
            let ids: Vec<_> = (from..from + 5000).map(|n| n.to_string()).collect();
            paging.see(ids.iter().map(String::as_str)).unwrap();
            paging.turn()
        };
        assert!(turn(0).is_ok());
        assert!(turn(5000).unwrap_err().words.contains("10000 items"));
    }

    #[test]
    fn a_page_that_was_there_before_is_not_the_next_one() {
        let mut paging = Paging::new(&[2], "deployment_id");
        paging.see(["a", "b"]).unwrap();
        // One that came meanwhile has pushed another onto the next page.
        paging.see(["b", "c"]).unwrap();
        let failure = paging.see(["b", "c"]).unwrap_err();
        assert_eq!(failure.kind, Kind::Unreadable);
        assert!(paging.see([]).is_ok(), "nothing at all shows nothing");
    }

    #[test]
    fn a_link_leads_to_a_later_page() {
        let third = Page { size: 50, number: 3 };
        for good in ["https://elsewhere.example/v2/apps?page=4&per_page=50", "?per_page=50&page=9", "/x?page=4#end"] {
            assert_eq!(leads_on(good, third), Ok(()), "{good}");
        }
        for bad in [
            "",
            "https://api.example.com/",
            "?page=3",
            "?page=1",
            "?page=",
            "?page=x",
            "?cursor=4",
            "?page=-4",
            "?page=99999999999",
        ] {
            assert!(leads_on(bad, third).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_list_that_goes_back_in_time_does_so_with_every_page() {
        assert_eq!(goes_back(9, None), Ok(9));
        assert_eq!(goes_back(8, Some(9)), Ok(8));
        assert!(goes_back(9, Some(9)).is_err() && goes_back(10, Some(9)).is_err());
    }
}
