#!/usr/bin/env bash
# Draws docs/summary.png: the job summary of a real run against the sandbox, in the look of GitHub.
# Needs Rust, Python and chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo run --quiet --locked --example demo -- summary > "$work/summary.md"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check markdown-it-py==4.0.0 pillow==12.0.0
"$work/venv/bin/python" - "$work/summary.md" > "$work/summary.html" << 'END'
import sys
from markdown_it import MarkdownIt

text = open(sys.argv[1], encoding="utf-8").read()
body = MarkdownIt("commonmark").enable("table").render(text)
print(f"""<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 20px 24px 12px; width: 812px; background: #fff; color: #1f2328;
  font: 16px/1.5 "Liberation Sans", Arial, "Noto Color Emoji", sans-serif; }}
h3 {{ margin: 0 0 16px; font-size: 20px; line-height: 1.25; font-weight: 600; }}
p {{ margin: 0 0 14px; }}
a {{ color: #0969da; text-decoration: none; }}
table {{ border-collapse: collapse; margin: 0 0 16px; }}
th, td {{ border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; }}
tr:nth-child(2n) td {{ background: #f6f8fa; }}
code {{ font: 13.6px "Liberation Mono", monospace; background: #eff1f3; border-radius: 6px; padding: 3px 5px; }}
strong {{ font-weight: 600; }}
</style>{body}""")
END
# A sandboxed browser needs rights that a container lacks; it shows one local file.
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
  --force-device-scale-factor=2 --window-size=860,1200 \
  --screenshot="$work/summary.png" "file://$work/summary.html" 2> "$work/chromium.log" || { cat "$work/chromium.log"; exit 1; }
"$work/venv/bin/python" - "$work/summary.png" docs/summary.png << 'END'
import sys
from PIL import Image, ImageChops

picture = Image.open(sys.argv[1]).convert("RGB")
white = Image.new("RGB", picture.size, "white")
_, _, right, bottom = ImageChops.difference(picture, white).getbbox()
picture = picture.crop((0, 0, max(right, 860 * 2 - 40), bottom + 32))
picture.quantize(160, dither=Image.Dither.NONE).save(sys.argv[2], optimize=True)
END
ls -l docs/summary.png
