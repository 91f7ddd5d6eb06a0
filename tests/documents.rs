//! The documents say what the registers say: `cargo run --example documents` writes that into them.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs, reason = "a test may stop at the first surprise")]

#[path = "../examples/documents/main.rs"]
mod documents;

use std::fs;
use std::path::Path;

#[test]
fn the_documents_are_up_to_date() {
    for (path, bring_up_to_date) in documents::DOCUMENTS.iter().copied() {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        let after = bring_up_to_date(&text);
        let changed = text.lines().zip(after.lines()).find(|(before, after)| before != after);
        assert!(text == after, "{path} is not up to date: run `cargo run --example documents`\n{changed:#?}");
    }
}
