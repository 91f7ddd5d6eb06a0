#!/usr/bin/env bash
# Measures the released binary beside curl, in turn, against the sandbox over TLS, and prints tables:
# benches/process.sh [--quick] [--page] [one] [many] [counted] [lag]. With --page they go into docs/performance.md.
# Needs curl and Python; with strace, valgrind and GNU time there are system calls, instructions and peak memory as well.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --locked --profile bench --example load
# Last: a build with what only tests need would lie at the same place.
cargo build --quiet --locked --release
target=${CARGO_TARGET_DIR:-target}/release
exec python3 benches/process.py "$target/cancel-deployment" "$target/examples/load" "$@"
