//! Drone: cards in a log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The cards that the runner takes out of a log; null for one that it cannot read.
pub fn cards(log: &str) -> Vec<Value> {
    let starts = log.match_indices("\u{1b}]1338;");
    let card = |(at, mark): (usize, &str)| {
        let (text, _) = log[at + mark.len()..].split_once("\u{1b}]0m")?;
        serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
    };
    starts.map(|start| card(start).unwrap_or_default()).collect()
}

#[test]
fn the_model_of_drone_decodes_cards() {
    assert_eq!(cards("a\n\u{1b}]1338;e30=\u{1b}]0m\nb\u{1b}]1338;?"), [serde_json::json!({}), Value::Null]);
}
