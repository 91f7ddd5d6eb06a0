#!/usr/bin/env bash
# Runs the units of integrations/ against the sandbox platform, each by what starts it where it is used, or by the next best
# thing that this machine can have. Says at its end what it had to leave out.
#
#   tests/runners/units.sh [PART...]     only these: schemas, gitlab, buildkite, azure, circleci, jenkins, fetch
#
# Needs Rust, git, Node 18 or newer with npm, curl and python3 with venv. Also rsync for GitLab, groovy for Jenkins
# and busybox for the script that fetches; on Debian, root installs them.
set -euo pipefail

GITLAB_CI_LOCAL_VERSION=4.62.0
CHECK_JSONSCHEMA_VERSION=0.39.0

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
cleanup() {
    stop_sandbox
    [[ -z ${server_pid:-} ]] || kill "$server_pid" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
. tests/runners/common.sh

top=$PWD
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
arch=$(uname -m)
left_out=()

wrong() { # WHAT [FILE]
    [[ $# == 1 ]] || cat "$2" >&2
    echo "units: $1" >&2
    exit 1
}

says() { # FILE TEXT
    grep -qF -- "$2" "$1" || wrong "nobody says: $2" "$1"
}

# Whether a program is there, after Debian was asked for it where that may be done.
has() { # PROGRAM PACKAGE
    command -v "$1" >/dev/null && return
    [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2"; } >/dev/null 2>&1 || true
    command -v "$1" >/dev/null
}

fresh_sandbox() {
    stop_sandbox
    start_sandbox
}

# The variables that a step on the sandbox's DigitalOcean has besides those of its unit.
token() { echo "DIGITALOCEAN_TOKEN=$(value token)"; }

# GitLab, by gitlab-ci-local, which knows `include` with inputs

# The unit as it is but for the image, since jobs run on this machine.
without_image() { sed '/^  image:/,/^    entrypoint:/d' integrations/gitlab.yml; }

run_gitlab() { # INCLUDE INPUT...
    local repository=$work/gitlab include=$1
    shift
    rm -rf "$repository"
    mkdir -p "$repository"
    without_image >"$repository/unit.yml"
    {
        printf 'stages: [deploy, cancel, after]\ninclude:\n  - %s\n    inputs:\n' "$include"
        printf '      %s\n' 'stage: cancel' 'when: on_success' 'platform: digitalocean' "api_url: $(value api_url)" "$@"
        cat <<YAML
deploy:
  stage: deploy
  script: echo "DEPLOYMENT=$(value deployment_id)" > deployed.env
  artifacts:
    reports:
      dotenv: deployed.env
use:
  stage: after
  script:
    - 'echo "arrived: \$CANCELLATION_OUTCOME \$CANCELLATION_WENT_LIVE"'
    - '! grep -Ev "^CANCELLATION_[A-Z_]+=[A-Za-z0-9._:/@-]+\$" cancel-deployment.env'
    - 'grep -q external_link cancel-deployment.annotations.json'
cancel-deployment:
  artifacts:
    paths: [cancel-deployment.env, cancel-deployment.annotations.json]
YAML
    } >"$repository/.gitlab-ci.yml"
    commit_all "$repository" "A pipeline"
    git -C "$repository" remote add origin git@gitlab.example.com:group/project.git
    git -C "$repository" update-ref refs/remotes/origin/main HEAD
    git -C "$repository" symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main
    (cd "$repository" && env -i PATH="$work/bin:$PATH" HOME="$work" \
        node "$work/npm/node_modules/gitlab-ci-local/src/index.js" --shell-isolation --variable "$(token)") >"$work/log" 2>&1
}

gitlab() {
    has rsync rsync || { left_out+=("GitLab: there is no rsync"); return; }
    mkdir -p "$work/npm" "$work/bin"
    (cd "$work/npm" && npm init --yes && npm install --no-audit --no-fund --loglevel=error "gitlab-ci-local@$GITLAB_CI_LOCAL_VERSION") >/dev/null
    ln -sf "$built/cancel-deployment" "$work/bin/cancel-deployment"
    local include
    without_image >"$work/served/gitlab.yml"
    for include in 'local: unit.yml' "remote: $server/gitlab.yml"; do
        fresh_sandbox
        run_gitlab "$include" "app_id: $(value app_id)" "deployment_id: \$DEPLOYMENT" 'wait: "true"' 'branch: "main"' 'timeout: 60s' ||
            wrong "a pipeline with $include failed" "$work/log"
        says "$work/log" "arrived: canceled false"
        ! grep -qF -- "$(value token)" "$work/log" || wrong "the token is in the log"
    done
    ! run_gitlab 'local: unit.yml' 'select: newest' || wrong "an option that there is not was taken" "$work/log"
    says "$work/log" "select"
    ! grep -qF "notice" "$work/log" || wrong "the program ran" "$work/log"
}

# Buildkite, by the lines with which its agent wraps a hook

run_hook() { # REPOSITORY VARIABLE...
    local hook=$1/integrations/buildkite/cancel-deployment/hooks/command
    shift
    mkdir -p "$work/agent"
    cat >"$work/agent/buildkite-agent" <<'SH'
#!/bin/sh
{ printf '%s ' "$@"; case " $* " in *" meta-data set "* | *" annotate "*) [ -t 0 ] || cat ;; esac; echo; } >>"$CALLS"
SH
    cat >"$work/agent/wrapper" <<'SH'
#!/usr/bin/env bash
buildkite-agent env dump > "$CALLS.before"
. "$HOOK"
export BUILDKITE_HOOK_EXIT_STATUS=$?
export BUILDKITE_HOOK_WORKING_DIR="${PWD}"
buildkite-agent env dump > "$CALLS.after"
exit $BUILDKITE_HOOK_EXIT_STATUS
SH
    chmod +x "$work/agent/buildkite-agent" "$work/agent/wrapper"
    : >"$work/calls"
    local prefix=BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_ option options=()
    for option in "$@"; do options+=("$prefix$option"); done
    cd "$work"
    # The last command, so that a signal reaches what it becomes.
    exec env -i PATH="$work/agent:$PATH" HOME="$work" BUILDKITE=true CALLS="$work/calls" HOOK="$hook" "$(token)" \
        "${prefix}PLATFORM=digitalocean" "${prefix}API_URL=$(value api_url)" "${options[@]}" bash "$work/agent/wrapper"
}

buildkite() {
    snapshot "$work/a source"
    mkdir -p "$work/binaries/linux-$arch"
    cp "$built/cancel-deployment" "$work/binaries/linux-$arch/"
    git clone --quiet "$work/a source" "$work/a release"
    (cd "$work/a release" && .github/release/stage "$version" "$work/binaries") >/dev/null

    fresh_sandbox
    local status=0 app
    app=APP_ID=$(value app_id)
    (run_hook "$work/a release" "$app" DEPLOYMENT_ID_0="$(value deployment_id)" TIMEOUTS=1 MESSAGE=x) >"$work/log" 2>&1 || status=$?
    [[ $status == 0 ]] || wrong "the hook ended with $status" "$work/log"
    says "$work/calls" "meta-data set cancellation_outcome"
    says "$work/log" "TIMEOUTS is not an input; did you mean \`timeout\`?"
    says "$work/log" "MESSAGE is not an input."

    status=0
    (run_hook "$work/a release" "$app" DEPLOYMENT_ID=none) >"$work/log" 2>&1 || status=$?
    [[ $status == 4 ]] || wrong "the hook ended with $status, and not with 4" "$work/log"

    status=0
    (run_hook "$work/a source" "$app" DEPLOYMENT_ID=none) >"$work/log" 2>&1 || status=$?
    [[ $status == 1 ]] || wrong "on a branch the hook ended with $status" "$work/log"
    says "$work/log" "Name a release tag"

    ends_by_signal 143 run_hook "$work/a release" APP_ID=app-2 DEPLOYMENT_ID=dep-endless
}

# A step whose program hears a signal while it waits, and so ends with that code and its own words.
ends_by_signal() { # CODE COMMAND...
    local code=$1 status=0 pid
    shift
    : >"$work/log"
    ("$@") >"$work/log" 2>&1 &
    pid=$!
    until grep -q "endless" "$work/log"; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -TERM "$pid"
    wait "$pid" || status=$?
    [[ $status == "$code" ]] || wrong "after a signal the step ended with $status, and not with $code" "$work/log"
    grep -qi "interrupted" "$work/log" || wrong "the program did not hear the signal" "$work/log"
}

# What fetches the program, from a release on this machine

release() { # FOLDER
    mkdir -p "$work/served/$1"
    cp "$built/cancel-deployment" "$work/served/$1/cancel-deployment-linux-$arch"
    (cd "$work/served/$1" && sha256sum cancel-deployment-* >SHA256SUMS)
}

releases() {
    release good
    release changed
    printf x >>"$work/served/changed/cancel-deployment-linux-$arch"
    release nameless
    : >"$work/served/nameless/SHA256SUMS"
}

# What a script that fetches does with a release: its own shell starts it, with that path, and what it leaves in the
# folder for temporary files is looked at.
run_fetching() { # PATH COMMAND...
    local path=$1
    shift
    rm -rf "$work/tmp"
    mkdir -p "$work/tmp"
    local status=0
    env -i PATH="$path" HOME="$work" TMPDIR="$work/tmp" "$@" >"$work/log" 2>&1 || status=$?
    [[ -z $(ls -A "$work/tmp") ]] || wrong "it left behind: $(ls "$work/tmp"/*)" "$work/log"
    return "$status"
}

# Tools without those that fetch.
bare_path() {
    mkdir -p "$work/bare"
    local tool
    for tool in bash sh env uname mktemp rm grep sha256sum chmod cat; do ln -sf "$(command -v "$tool")" "$work/bare/$tool"; done
    echo "$work/bare"
}

refuses_what_is_not_released() { # FROM COMMAND... with FETCH_FROM put before the command's own variables
    local from=$1 case status
    shift
    for case in "changed=is not what its checksum says" "nameless=has no line for" "missing=could not be fetched"; do
        status=0
        run_fetching "$PATH" "${@/#FETCH_FROM=/FETCH_FROM=$from/${case%%=*}}" || status=$?
        [[ $status == 1 ]] || wrong "with a release that is ${case%%=*} it ended with $status" "$work/log"
        says "$work/log" "${case#*=}"
        says "$work/log" "Nothing was canceled"
    done
    status=0
    run_fetching "$(bare_path)" "${@/#FETCH_FROM=/FETCH_FROM=$from/good}" || status=$?
    [[ $status == 1 ]] || wrong "without curl and wget it ended with $status" "$work/log"
    says "$work/log" "neither curl nor wget"
}

# A signal while it is still fetching: it ends at once, leaves nothing and starts nothing.
hears_a_signal_meanwhile() { # FROM COMMAND...
    local from=$1 status=0 pid line
    shift
    for signal in INT=130 TERM=143; do
        rm -rf "$work/tmp"
        mkdir -p "$work/tmp"
        # As a shell would start it in front: what runs behind ignores SIGINT otherwise.
        "$work/venv/bin/python" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' env -i PATH="$PATH" HOME="$work" TMPDIR="$work/tmp" \
            "${@/#FETCH_FROM=/FETCH_FROM=$from/slow}" >"$work/log" 2>&1 &
        pid=$!
        read -r -t 60 line <&9 && [[ $line == asked ]] || wrong "nothing was asked for" "$work/log"
        kill "-${signal%=*}" "$pid"
        status=0
        wait "$pid" || status=$?
        [[ $status == "${signal#*=}" ]] || wrong "after SIG${signal%=*} it ended with $status" "$work/log"
        says "$work/log" "was canceled while the program was being fetched"
        [[ -z $(ls -A "$work/tmp") ]] || wrong "it left something behind" "$work/log"
    done
}

fetch() {
    local shell
    has busybox busybox || left_out+=("fetch.sh in busybox: it is not there")
    for shell in "sh" "bash" "dash" "busybox sh"; do
        command -v "${shell%% *}" >/dev/null || continue
        # shellcheck disable=SC2086 # two words
        run_fetching "$PATH" FETCH_FROM="$server/good" $shell integrations/fetch.sh --version || wrong "$shell cannot run fetch.sh" "$work/log"
        says "$work/log" "cancel-deployment $version"
    done
    if command -v busybox >/dev/null; then
        mkdir -p "$work/busybox"
        busybox --install -s "$work/busybox"
        rm -f "$work/busybox/curl"
        run_fetching "$work/busybox" FETCH_FROM="$server/good" "$work/busybox/sh" integrations/fetch.sh --version ||
            wrong "busybox alone cannot run fetch.sh" "$work/log"
        says "$work/log" "cancel-deployment $version"
    fi
    # What a secret of ours is called says to whom it belongs.
    mkdir -p "$work/spying"
    printf '#!/bin/sh\nenv >"%s/seen"\nexec "%s" "$@"\n' "$work" "$(command -v curl)" >"$work/spying/curl"
    chmod +x "$work/spying/curl"
    run_fetching "$work/spying:$PATH" FETCH_FROM="$server/good" VERCEL_TOKEN=secret-1 CANCEL_DEPLOYMENT_TOKEN=secret-2 OTHER=seen \
        sh integrations/fetch.sh --version || wrong "fetch.sh failed" "$work/log"
    says "$work/seen" "OTHER=seen"
    ! grep -q "secret-" "$work/seen" || wrong "a secret reached what fetches" "$work/seen"
    refuses_what_is_not_released "$server" FETCH_FROM= sh integrations/fetch.sh --version
    hears_a_signal_meanwhile "$server" FETCH_FROM= sh integrations/fetch.sh --version
}

# Azure and CircleCI, by their scripts with the parameters in place

expand() { # SYSTEM JSON
    mkdir -p "$work/$1"
    "$work/venv/bin/python" tests/runners/units.py script "$1" "$2" "$work/$1" || return
    mapfile -d '' -t variables <"$work/$1/variables"
}

azure() {
    fresh_sandbox
    expand azure "{\"platform\": \"digitalocean\", \"deployment_id\": \"$(value deployment_id)\", \"app_id\": \"$(value app_id)\",
        \"api_url\": \"$(value api_url)\", \"token\": \"$(value token)\", \"wait\": \"True\", \"release\": \"\"}"
    "$work/venv/bin/check-jsonschema" --builtin-schema vendor.azure-pipelines --regex-variant nonunicode "$work/azure/azure-pipelines.yml"
    local shell=(bash --noprofile --norc "$work/azure/script") set=("${variables[@]}" TF_BUILD=True)
    run_fetching "$PATH" "${set[@]/#FETCH_FROM=/FETCH_FROM=$server/good}" "${shell[@]}" || wrong "the template of Azure failed" "$work/log"
    says "$work/log" "##vso[task.setvariable variable=cancellation_outcome;isOutput=true]canceled"
    refuses_what_is_not_released "$server" "${set[@]}" "${shell[@]}"
    hears_a_signal_meanwhile "$server" "${set[@]}" "${shell[@]}"
    ! expand azure '{"platform": "heroku"}' 2>/dev/null || wrong "a platform that there is not was taken"
}

circleci() {
    fresh_sandbox
    mkdir -p "$work/circle"
    cat >"$work/circle/circleci" <<'SH'
#!/usr/bin/env bash
[[ "$1 $2" == "env subst" ]] || exit 2
python3 -c 'import os, sys; print(os.path.expandvars(sys.argv[1]), end="")' "$3"
SH
    chmod +x "$work/circle/circleci"
    # What an earlier step has left for later ones.
    echo "export STARTED=$(value deployment_id)" >"$work/bash-env"
    expand circleci "{\"platform\": \"digitalocean\", \"deployment_id\": \"\$STARTED\", \"app_id\": \"$(value app_id)\",
        \"api_url\": \"$(value api_url)\", \"release\": \"\"}"
    "$work/venv/bin/check-jsonschema" --builtin-schema vendor.circle-ci "$work/circleci/orb.yml"
    local shell=(bash -eo pipefail "$work/circleci/script") set=("${variables[@]}" CIRCLECI=true BASH_ENV="$work/bash-env" "$(token)")
    run_fetching "$work/circle:$PATH" "${set[@]/#FETCH_FROM=/FETCH_FROM=$server/good}" "${shell[@]}" || wrong "the orb failed" "$work/log"
    # shellcheck disable=SC2016 # the next step expands it
    [[ $(BASH_ENV=$work/bash-env bash -c 'echo "$CANCELLATION_OUTCOME"') == canceled ]] || wrong "the next step has no outputs" "$work/bash-env"
    refuses_what_is_not_released "$server" "${set[@]}" "${shell[@]}"
    hears_a_signal_meanwhile "$server" "${set[@]}" "${shell[@]}"
    # In our own image nothing is fetched.
    run_fetching "$(dirname "$built/cancel-deployment"):$PATH" "${set[@]/#FETCH_FROM=/FETCH_FROM=$server/missing}" CANCEL_DEPLOYMENT_DRY_RUN=true \
        CANCEL_DEPLOYMENT_DEPLOYMENT_ID="$(value deployment_id)" "${shell[@]}" || wrong "the orb fetches where the program is" "$work/log"
}

# Jenkins, by Groovy with steps of its own: what a pipeline makes of the script besides, nothing here can run.

jenkins() {
    { has groovy groovy && has java default-jre-headless; } || { left_out+=("Jenkins: there is no groovy"); return; }
    # Debian's groovy looks for Debian's default only.
    JAVA_HOME=$(readlink -f "$(command -v java)")
    export JAVA_HOME=${JAVA_HOME%/bin/java}
    groovyc -d "$work/classes" integrations/jenkins/vars/cancelDeployment.groovy
    fresh_sandbox
    mkdir -p "$work/agent"
    env "$(token)" JENKINS_URL=https://ci.example BUILD_NUMBER=1 groovy tests/runners/units.groovy \
        "$server/good" "$(value api_url)" "$(value app_id)" "$(value deployment_id)" "$work/agent"
}

schemas() {
    "$work/venv/bin/python" tests/runners/units.py schemas
}

parts=("$@")
[[ $# -gt 0 ]] || parts=(schemas gitlab buildkite azure circleci jenkins fetch)
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "check-jsonschema==$CHECK_JSONSCHEMA_VERSION" "pyyaml==$PYYAML_VERSION"
build_program
mkdir "$work/served"
# Bash can have only one coprocess, and that is the sandbox.
mkfifo "$work/input" "$work/output"
"$work/venv/bin/python" tests/runners/units.py serve "$work/served" <"$work/input" >"$work/output" &
server_pid=$!
exec 8>"$work/input" 9<"$work/output"
read -r -t 60 server <&9
releases
for part in "${parts[@]}"; do
    cd "$top"
    "$part"
    echo "units: $part is as it should be"
done
for line in "${left_out[@]}"; do echo "units: left out: $line"; done
