#!/usr/bin/env bash
# Draws the pictures of the README and of the way back, docs/pictures/*.png: log and summary of real runs against the sandbox,
# in the look of GitHub, light and dark.
#
#   docs/picture.sh                  draws them
#   docs/picture.sh --pages FOLDER   draws the README and the summaries of the demo, light, dark and as wide as a phone
#
# Needs Rust, Python, npm, chromium and a font with emoji (fonts-noto-color-emoji).
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo run --quiet --locked --example demo -- json > "$work/scenes.json"
npm install --silent --no-fund --no-audit --prefix "$work" github-markdown-css@5.9.0
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cmarkgfm==2025.10.22 pillow==12.0.0
"$work/venv/bin/python" docs/picture.py "$work" "${@:2}"
