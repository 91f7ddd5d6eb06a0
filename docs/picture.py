"""Draws pages in the look of GitHub: its own Markdown, its own style sheet, a browser. `picture.sh` calls it."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options
from PIL import Image, ImageChops

WORK = Path(sys.argv[1])
CSS = (WORK / "node_modules/github-markdown-css/github-markdown.css").read_text()
COLORS = {
    "light": dict(page="#ffffff", text="#1f2328", muted="#59636e", line="#d1d9e0", head="#f6f8fa", bad="#d1242f", soft="#ffebe9"),
    "dark": dict(page="#0d1117", text="#f0f6fc", muted="#9198a1", line="#3d444d", head="#151b23", bad="#f85149", soft="#301b1e"),
}


def markdown(text):
    """Markdown as GitHub renders it, its boxes for warnings included."""
    body = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    box = r"<blockquote>\s*<p>\[!(\w+)\]\s*(.*?)</blockquote>"
    title = r'<div class="markdown-alert markdown-alert-\1"><p class="markdown-alert-title">\1</p><p>\2</div>'
    return re.sub(box, lambda found: found.expand(title).replace(found[1], found[1].lower()), body, flags=re.S)


def page(body, theme, width):
    color = COLORS[theme]
    return f"""<!doctype html><meta charset="utf-8"><base href="{Path.cwd().as_uri()}/"><style>{CSS}
body {{ margin: 0; background: {color["page"]}; }}
.markdown-body {{ box-sizing: border-box; width: {width}px; padding: {32 if width > 600 else 16}px; }}
.markdown-body, .head {{ font-family: "Liberation Sans", "Noto Color Emoji", sans-serif; color: {color["text"]}; }}
.markdown-alert-title {{ text-transform: capitalize; }}
.frame {{ width: 860px; box-sizing: border-box; border: 1px solid {color["line"]}; border-radius: 8px; overflow: hidden; }}
.frame .markdown-body {{ width: auto; padding: 20px 24px 12px; }}
.head {{ display: flex; gap: 10px; padding: 12px 16px; background: {color["head"]}; border-bottom: 1px solid {color["line"]};
  font-size: 15px; font-weight: 600; }}
.head span {{ margin-left: auto; color: {color["muted"]}; font-weight: 400; }}
.log {{ padding: 8px 0 12px; font: 12.5px/20px "Liberation Mono", monospace; color: {color["text"]}; }}
.log div {{ display: flex; padding: 0 16px 0 0; }}
.log i {{ flex: none; width: 40px; padding-right: 14px; text-align: right; font-style: normal; color: {color["muted"]}; }}
.log pre {{ margin: 0; font: inherit; white-space: pre-wrap; }}
.log .error {{ background: {color["soft"]}; }}
.log b {{ color: {color["bad"]}; }}
</style>{body}"""


def log(scene):
    """A log as GitHub shows it: commands are not shown, or turned into what they mean."""
    lines = ["▸ Run OWNER/cancel-deployment@v1"]
    for line in scene["log"].splitlines():
        command = re.match(r"::(group|error|warning|notice)[^:]*::(.*)", line)
        if command:
            name, said = command.groups()
            lines.append(f"▾ {said}" if name == "group" else f"{name.capitalize()}: {said.replace('%25', '%')}")
        elif not line.startswith("::"):
            lines.append(line)
    if scene["code"]:
        lines.append(f"Error: Process completed with exit code {scene['code']}.")
    rows = ""
    for number, line in enumerate(lines, 1):
        kind, text = "", html.escape(line)
        if line.startswith("Error: "):
            kind, text = ' class="error"', text.replace("Error:", "<b>Error:</b>", 1)
        rows += f"<div{kind}><i>{number}</i><pre>{text}</pre></div>"
    mark = "❌" if scene["code"] else "✅"
    return f'<div class="frame"><div class="head">{mark} Stop the deployment<span>1s</span></div><div class="log">{rows}</div></div>'


def summary(scene):
    head = '<div class="head">stop-deployment summary</div>'
    return f'<div class="frame">{head}<div class="markdown-body">{markdown(scene["summary"])}</div></div>'


def draw(body, theme, target, width=860, height=1400, scale=2):
    (WORK / "page.html").write_text(page(body, theme, width))
    target.parent.mkdir(parents=True, exist_ok=True)
    # A sandboxed browser needs rights that a container lacks; it shows one local file.
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--allow-file-access-from-files",
         f"--user-data-dir={WORK / 'profile'}", f"--blink-settings=preferredColorScheme={int(theme == 'light')}",
         f"--force-device-scale-factor={scale}", f"--window-size={max(width, 600)},{height}",
         f"--screenshot={WORK / 'page.png'}", (WORK / "page.html").as_uri()],
        check=True, capture_output=True,
    )
    picture = Image.open(WORK / "page.png").convert("RGB")
    empty = Image.new("RGB", picture.size, COLORS[theme]["page"])
    bottom = ImageChops.difference(picture, empty).getbbox()[3]
    picture = picture.crop((0, 0, width * scale, bottom))
    if scale > 1:
        picture = picture.quantize(128, dither=Image.Dither.NONE)
    picture.save(target, optimize=True)
    print(target, picture.size)


scenes = json.loads((WORK / "scenes.json").read_text())
if len(sys.argv) == 2:
    put_back = next(scene for scene in scenes if scene["title"].startswith("Too late, and put back"))
    for theme in COLORS:
        draw(summary(put_back), theme, Path(f"docs/pictures/put-back-{theme}.png"))
        draw(log(scenes[0]), theme, Path(f"docs/pictures/log-{theme}.png"))
        draw(summary(scenes[0]), theme, Path(f"docs/pictures/summary-{theme}.png"))
else:
    folder = Path(sys.argv[2])
    pages = {"readme": Path("README.md").read_text()}
    pages |= {f"summary-{number:02}": scene["summary"] for number, scene in enumerate(scenes, 1)}
    for name, text in pages.items():
        body = f'<div class="markdown-body">{markdown(text)}</div>'
        height = 16000 if name == "readme" else 2400
        for theme, width in [("light", 900), ("dark", 900), ("light", 390)]:
            draw(body, theme, folder / f"{name}-{theme}-{width}.png", width, height, 1)
