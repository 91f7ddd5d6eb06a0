//! Words that inputs are made of: booleans and durations.

use std::time::Duration;

/// `true` or `false`, in any case.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("takes `true` or `false`".to_owned()),
    }
}

/// A whole number with `s`, `m` or `h` behind it; a bare number means seconds. The language is smaller than jiff's, in
/// which `1.5m`, `01:30:00` and `5m ago` are durations and `90` is none.
pub fn duration(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        Some((at, _)) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit.trim_start() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => 0,
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    match seconds {
        Some(seconds) if factor > 0 && (least..=most).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "takes a duration such as `90`, `90s`, `5m` or `1h`, from {} to {}",
            spoken(least),
            spoken(most)
        )),
    }
}

/// A bound of a duration, as it can be written.
pub(super) fn spoken(seconds: u64) -> String {
    if seconds >= 3600 { format!("{}h", seconds / 3600) } else { format!("{seconds}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_whole_numbers_with_a_unit() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("1h", 3600), ("24h", 86_400), ("01", 1)] {
            assert_eq!(duration(text, 1, 86_400), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "-1", "1.5m", "5M", "1d", "s", "25h", "99999999999999999999", "1h30m", "5 minutes"] {
            assert!(duration(text, 1, 86_400).is_err(), "{text}");
        }
    }

    #[test]
    fn booleans_are_two_words_in_any_case() {
        assert_eq!(boolean("TRUE"), Ok(true));
        assert_eq!(boolean("False"), Ok(false));
        assert!(boolean("yes").is_err() && boolean("1").is_err());
    }

    proptest! {
        #[test]
        fn no_duration_panics(text in "\\PC{0,12}") {
            let _ = duration(&text, 1, 86_400);
        }
    }
}
