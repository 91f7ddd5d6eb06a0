//! The sites of Datadog, as people write them.

use url::Url;

/// Every site there is, with what the vendor's pages call it; the API's host is `api.` and the site.
const SITES: [(&str, &str); 9] = [
    ("us1", "datadoghq.com"),
    ("us3", "us3.datadoghq.com"),
    ("us5", "us5.datadoghq.com"),
    ("eu1", "datadoghq.eu"),
    ("ap1", "ap1.datadoghq.com"),
    ("ap2", "ap2.datadoghq.com"),
    ("uk1", "uk1.datadoghq.com"),
    ("us1-fed", "ddog-gov.com"),
    ("us2-fed", "us2.ddog-gov.com"),
];

/// The site a user means: its plain name, its short code, or the address of its pages or of its API.
pub(super) fn site(written: &str) -> Result<&'static str, String> {
    let unknown = || format!("takes one of {}", SITES.map(|(_, site)| site).join(", "));
    let is_code = |(code, _): &&(&str, &str)| code.eq_ignore_ascii_case(written);
    if let Some((_, site)) = SITES.iter().find(is_code) {
        return Ok(site);
    }
    let with_scheme = if written.contains("://") { written.to_owned() } else { format!("https://{written}") };
    let url = Url::parse(&with_scheme).map_err(|_| unknown())?;
    if url.port().is_some() || !url.username().is_empty() {
        return Err(unknown());
    }
    let host = url.host_str().unwrap_or_default();
    let exact = known(host);
    // `us3.datadoghq.com` also ends like `datadoghq.com`, so what is exactly a site comes first.
    exact
        .or_else(|| {
            let (label, site) = host.split_once('.')?;
            let found = known(site);
            found.filter(|_| is_page(label))
        })
        .ok_or_else(unknown)
}

fn known(host: &str) -> Option<&'static str> {
    SITES.into_iter().map(|(_, site)| site).find(|site| *site == host)
}

/// What may stand before a site: `app` for its pages, `api`, or an organization's own name. Two letters and a number
/// would be another site.
fn is_page(label: &str) -> bool {
    let letters = label.trim_end_matches(|c: char| c.is_ascii_digit());
    letters.len() > 2 && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_has_its_own_api_and_is_understood_as_people_paste_it() {
        // The addresses of the pages for people, as the documents list them, and the sites behind them.
        for (pages, site_of_it) in [
            ("app.datadoghq.com", "datadoghq.com"),
            ("us3.datadoghq.com", "us3.datadoghq.com"),
            ("us5.datadoghq.com", "us5.datadoghq.com"),
            ("app.datadoghq.eu", "datadoghq.eu"),
            ("ap1.datadoghq.com", "ap1.datadoghq.com"),
            ("ap2.datadoghq.com", "ap2.datadoghq.com"),
            ("uk1.datadoghq.com", "uk1.datadoghq.com"),
            ("app.ddog-gov.com", "ddog-gov.com"),
            ("us2.ddog-gov.com", "us2.ddog-gov.com"),
        ] {
            let written = [
                site_of_it.to_owned(),
                site_of_it.to_uppercase(),
                pages.to_owned(),
                format!("https://{pages}/fleet?x=1#y"),
                format!("https://{pages}"),
                format!("api.{site_of_it}"),
                format!("https://api.{site_of_it}/api/v2"),
                format!("acme.{site_of_it}"),
                format!("https://acme-2.{site_of_it}/fleet?x=1"),
            ];
            for text in written {
                assert_eq!(site(&text), Ok(site_of_it), "{text}");
            }
        }
    }

    #[test]
    fn a_site_is_known_by_its_short_code() {
        for (code, site_of_it) in [
            ("US1", "datadoghq.com"),
            ("us3", "us3.datadoghq.com"),
            ("US5", "us5.datadoghq.com"),
            ("eu1", "datadoghq.eu"),
            ("AP1", "ap1.datadoghq.com"),
            ("AP2", "ap2.datadoghq.com"),
            ("UK1", "uk1.datadoghq.com"),
            ("US1-FED", "ddog-gov.com"),
            ("US2-FED", "us2.ddog-gov.com"),
        ] {
            assert_eq!(site(code), Ok(site_of_it), "{code}");
        }
    }

    #[test]
    fn an_unknown_site_is_answered_with_all_known_ones() {
        for bad in [
            "us1.datadoghq.com",
            "eu.datadoghq.com",
            "eu",
            "datadoghq.com.evil.example",
            "evildatadoghq.com",
            "api.app.datadoghq.eu",
            "us9.datadoghq.com",
            "ap3.datadoghq.com",
            "a.b.datadoghq.com",
            ".datadoghq.com",
            "us9",
            "datadoghq.com:8080",
            "acme@datadoghq.com",
            "https://",
            "a b",
        ] {
            let wrong = site(bad).unwrap_err();
            for (_, known) in SITES {
                assert!(wrong.contains(known), "{bad}: {wrong}");
            }
        }
    }
}
