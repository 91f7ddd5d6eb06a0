#!/usr/bin/env bash
# Runs the action in nektos/act on this machine, without containers, against the sandbox platform.
#
#   tests/runners/act.sh           the action carries its binary, as a release does
#   tests/runners/act.sh --build   the action carries none and builds itself with cargo
#
# Needs Rust, git and python3 with venv.
set -euo pipefail

mode=${1:---carry}
case $mode in --carry) source=carried ;; --build) source=cargo ;; *) echo "usage: $0 [--build]" >&2; exit 2 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
cleanup() {
    stop_sandbox
    rm -rf "$work"
}
trap cleanup EXIT
. tests/runners/common.sh

install_act
build_program
# The blank in its name is on purpose.
repository="$work/a repository"
start_sandbox
snapshot "$repository"
write_workflow "$repository" ./
if [[ $mode == --carry ]]; then
    install -D "$built/cancel-deployment" "$repository/bin/linux-$(uname -m)/cancel-deployment"
fi
commit_all "$repository" "A deployment that fails"
run_workflow "$repository" "$source" --platform ubuntu-latest=-self-hosted
