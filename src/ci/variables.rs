//! Files of `CANCELLATION_<NAME>=value` lines. They get sourced by shells and are refused as a whole for one odd
//! character, so only plain values are in them.

use super::system::Outputs;

/// GitLab refuses a larger file, and one with more lines.
const LARGEST: usize = 5000;
const MOST_LINES: usize = 15;

/// The name of an output as a variable.
pub(super) fn name(output: &str) -> String {
    format!("CANCELLATION_{}", output.to_ascii_uppercase())
}

/// The same in small letters. No input begins like this, so an output that comes back as a variable is never taken for one.
pub(super) fn small_name(output: &str) -> String {
    format!("cancellation_{output}")
}

/// Whether a value is the same to every reader of such a file.
fn is_plain(value: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/@-".contains(c);
    !value.is_empty() && value.chars().all(allowed)
}

/// A line for each output with a plain value; the others are left out, and so is what would not fit any more.
pub(super) fn lines(outputs: &Outputs) -> String {
    let mut text = String::new();
    let plain = outputs.iter().filter(|(name, value)| *name != "deployments" && is_plain(value));
    for (output, value) in plain.take(MOST_LINES) {
        let line = format!("{}={value}\n", name(output));
        if text.len() + line.len() < LARGEST {
            text.push_str(&line);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_plain_values_are_in_it() {
        let value = |name, value: &str| (name, value.to_owned());
        let outputs = [
            value("outcome", "canceled"),
            value("state", ""),
            value("platform_state", "a b"),
            value("previous_state", "$HOME"),
            value("deployment_url", "https://x.example/a_b@c-1:2"),
            value("reason", "it's"),
            value("deployments", "plain"),
        ];
        assert_eq!(
            lines(&outputs),
            "CANCELLATION_OUTCOME=canceled\nCANCELLATION_DEPLOYMENT_URL=https://x.example/a_b@c-1:2\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_the_rest_is_not() {
        let long = "x".repeat(600);
        let mut outputs: Vec<_> = (0..20).map(|_| ("deployment_id", long.clone())).collect();
        outputs.insert(10, ("outcome", "canceled".to_owned()));
        let text = lines(&outputs);
        assert!(text.len() < 5000 && text.contains("CANCELLATION_OUTCOME=canceled\n"));
        let short: Vec<_> = (0..20).map(|_| ("count", "1".to_owned())).collect();
        assert_eq!(lines(&short).lines().count(), 15);
    }

    proptest! {
        #[test]
        fn no_value_brings_in_a_line_or_a_character(value in "(?s).{0,40}") {
            let text = lines(&[("reason", value)]);
            prop_assert!(text.lines().count() <= 1);
            prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "._:/@-=\n".contains(c)));
        }
    }
}
