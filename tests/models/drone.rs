//! Drone: cards in a log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The cards that the runner takes out of a log.
pub fn cards(log: &str) -> Vec<Value> {
    let starts = log.match_indices("\u{1b}]1338;");
    let card = |(at, mark): (usize, &str)| {
        let (text, _) = log[at + mark.len()..].split_once("\u{1b}]0m")?;
        serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
    };
    starts.filter_map(card).collect()
}

#[test]
fn the_model_of_drone_decodes_cards() {
    assert_eq!(
        cards("a\n\u{1b}]1338;e30=\u{1b}]0m\nb"),
        [serde_json::json!({})]
    );
}
