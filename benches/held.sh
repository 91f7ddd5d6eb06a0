#!/usr/bin/env bash
# Holds what is the same in every run to benches/recorded; `benches/held.sh --record` writes down what is so now.
set -euo pipefail
cd "$(dirname "$0")/.."

record=benches/recorded
failed=0
declare -A measured

# What is so now may be more by so many percent, and less by so many where something would be amiss then.
hold() { # NAME VALUE MORE LESS
  measured[$1]=$2
  local recorded most least
  recorded=$(awk -v name="$1" '$1 == name { print $2 }' "$record")
  most=$((recorded + recorded * $3 / 100)) least=$((recorded - recorded * $4 / 100))
  if (($2 > most || $2 < least)); then
    failed=1
    echo "$1: $2, which is not from $least to $most, around the recorded $recorded"
  else
    echo "$1: $2 (recorded: $recorded)"
  fi
}

cargo build --quiet --locked --release
cargo build --quiet --locked --example load
target=${CARGO_TARGET_DIR:-target}

hold bytes "$(wc -c < "$target/release/cancel-deployment")" 1 5

crates=$(cargo tree --locked --edges normal,build --prefix none --target x86_64-unknown-linux-gnu --no-dedupe | awk '{ print $1, $2 }' | sort -u)
hold crates "$(grep -c . <<< "$crates")" 0 5
if grep -E '^(aws-lc-sys|openssl-sys) ' <<< "$crates"; then
  failed=1
  echo "these start slowly, and need another compiler"
fi

if command -v valgrind > /dev/null; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  coproc SANDBOX { exec "$target/debug/examples/load" "$folder"; }
  variables=()
  while read -r line <&"${SANDBOX[0]}" && [[ $line != ready ]]; do variables+=("${line//\'/}"); done
  env --ignore-environment "${variables[@]}" \
    GITHUB_ACTIONS=true GITHUB_OUTPUT="$folder/output" GITHUB_STEP_SUMMARY="$folder/summary" \
    "$(command -v valgrind)" --tool=callgrind --callgrind-out-file=/dev/null "$target/release/cancel-deployment" \
    > "$folder/log" 2>&1
  kill "$SANDBOX_PID"
  # One deployment, canceled, over TLS with one authority.
  hold instructions "$(awk '/Collected/ { print $NF }' "$folder/log")" 5 5
else
  echo "INSTRUCTIONS ARE NOT HELD: there is no valgrind on this machine"
fi

if [[ ${1-} == --record ]]; then
  for name in "${!measured[@]}"; do echo "$name ${measured[$name]}"; done | sort > "$record"
  echo "recorded"
  exit 0
fi
((failed == 0)) || echo "If it has to be so: benches/held.sh --record"
exit "$failed"
