#!/usr/bin/env bash
# Runs the program against the sandbox through Prism, which holds every request and every answer to what the official
# descriptions say of them: descriptions/ has the part of them that matters here.
#
#   tests/runners/descriptions.sh [PLATFORM...]
#
# Prism is installed into target/clients and stays there. Needs Rust, and Node 20 or newer with npm.
set -euo pipefail

PRISM_VERSION=5.14.2

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
prisms=()
cleanup() {
    [[ ${#prisms[@]} -eq 0 ]] || kill "${prisms[@]}" 2>/dev/null || true
    stop_sandbox
    rm -rf "$work"
}
trap cleanup EXIT
. tests/runners/common.sh

platforms=("$@")
[[ $# -gt 0 ]] || platforms=(digitalocean cloud_foundry datadog vercel qovery render netlify github_pages cloudflare_workers)
mkdir -p "${built%/debug}/clients"
home=$(cd "${built%/debug}/clients" && pwd)/prism
if [[ $(cat "$home/installed" 2>/dev/null || true) != "$PRISM_VERSION" ]]; then
    rm -rf "$home"
    mkdir "$home"
    (cd "$home" && npm init --yes >/dev/null &&
        npm install --no-audit --no-fund --loglevel=error "@stoplight/prism-cli@$PRISM_VERSION" >/dev/null)
    printf '%s' "$PRISM_VERSION" >"$home/installed"
fi

build_program
start_every_state

fact() { grep "^$1 " "$work/lines" | sed -n "s/.* $2=\([^ ]*\).*/\1/p"; }
free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }

# Starts Prism before a platform and leaves its port in the file of that name.
start_prism() {
    local port
    port=$(free_port)
    NODE_EXTRA_CA_CERTS=$work/ca.pem node "$home/node_modules/@stoplight/prism-cli/dist/index.js" proxy --errors \
        --host 127.0.0.1 --port "$port" "tests/runners/descriptions/$1.yaml" "$(fact "$1" url)" >"$work/prism.$1" 2>&1 &
    prisms+=($!)
    printf '%s' "$port" >"$work/port.$1"
    for _ in {1..300}; do
        sleep 0.1
        ! grep -q "Prism is listening" "$work/prism.$1" || return 0
    done
    cat "$work/prism.$1" >&2
    return 1
}

# Runs the program on one deployment and compares its exit status.
cancel() { # PLATFORM STATE ID
    local platform=$1 state=$2 id=$3 wanted=0 saying='' token inputs
    token=$(fact "$platform" token)
    case $state in succeeded) wanted=3 ;; canceling) wanted=124 ;; esac
    case $platform in
        qovery) inputs=(ENVIRONMENT_ID="$id" TOKEN="$token") ;;
        datadog) inputs=(DEPLOYMENT_ID="$id" APP_KEY="$token" API_KEY="sandbox-api-key-5Tz8/+Y=") ;;
        digitalocean) inputs=(DEPLOYMENT_ID="$id" APP_ID="7c9e6679-7425-40de-944b-000000000001" TOKEN="$token") ;;
        vercel) inputs=(DEPLOYMENT_ID="$id" TEAM_ID=team_1 TOKEN="$token") ;;
        github_pages) inputs=(DEPLOYMENT_ID="$id" REPOSITORY=acme/web BRANCH=main TOKEN="$token") ;;
        render) inputs=(DEPLOYMENT_ID="$id" SERVICE_ID=srv-cu2k7g0gph6c73ffc4h0 TOKEN="$token") ;;
        netlify) inputs=(DEPLOYMENT_ID="$id" SITE_NAME=web TOKEN="$token") ;;
        cloudflare_workers)
            inputs=(DEPLOYMENT_ID="$id" ACCOUNT_ID=0a1b2c3d4e5f60718293a4b5c6d7e8f9 TOKEN="$token") ;;
        *) inputs=(DEPLOYMENT_ID="$id" TOKEN="$token") ;;
    esac
    # What is live there is put back as well.
    if [[ $platform/$state == cloud_foundry/succeeded ]]; then
        inputs+=(IF_LIVE=roll_back ROLL_BACK_TIMEOUT=15s)
        saying='is live again'
    fi
    run "$wanted" "$platform" "$state" "$saying" TIMEOUT=3s "${inputs[@]}"
}

# Puts back what was live, where one deployment has taken the place of another.
go_back() { # PLATFORM BEFORE LIVE INPUT...
    local platform=$1 before=$2 live=$3 replaced=3 again='was put back already' token
    token=$(fact "$platform" token)
    case $platform in
        # Their word tells that it had been replaced before anybody looked, which is no failure.
        digitalocean | render) replaced=0 ;;
        # It does not tell any more that what is live again had been live before.
        netlify) again='is live by now' ;;
    esac
    back() { run "$2" "$platform" "$1" "$3" IF_LIVE=roll_back ROLL_BACK_TIMEOUT=15s "${@:4}"; }
    back "moved on" "$replaced" 'is live by now' DEPLOYMENT_ID="$before" TOKEN="$token" "${@:4}"
    back "no right" 3 'Nothing was rolled back' DEPLOYMENT_ID="$live" TOKEN=sandbox_no_way_back_2Wn5 "${@:4}"
    back "rolled back" 3 'is live again' DEPLOYMENT_ID="$live" TOKEN="$token" "${@:4}"
    back "once more" 3 "$again" DEPLOYMENT_ID="$live" TOKEN="$token" "${@:4}"
}

go_back_on() { # PLATFORM
    local uuid=7c9e6679-7425-40de-944b-0000000000
    case $1 in
        digitalocean) go_back "$1" "${uuid}30" "${uuid}31" APP_ID="${uuid}02" ;;
        cloud_foundry) go_back "$1" "${uuid}40" "${uuid}41" ;;
        vercel) go_back "$1" dpl_8 dpl_9 PROJECT_ID=prj_2 ;;
        render) go_back "$1" dep-d9n1qi2jnfac73a70008 dep-d9n1qi2jnfac73a70009 SERVICE_ID=srv-cu2k7g0gph6c73ffc4h2 ;;
        cloudflare_workers)
            go_back "$1" 8d578524-4930-4f29-b46f-000000000008 8d578524-4930-4f29-b46f-000000000009 \
                ACCOUNT_ID=0a1b2c3d4e5f60718293a4b5c6d7e8f9
            ;;
        netlify) go_back "$1" 66a9a1c24fd25f0008000008 66a9a1c24fd25f0008000009 ;;
    esac
}

run() { # WANTED PLATFORM WHAT SAYING INPUT...
    local wanted=$1 platform=$2 state=$3 saying=$4 status=0 inputs
    inputs=("${@:5}" PLATFORM="$2" API_URL="http://127.0.0.1:$(cat "$work/port.$2")")
    env -i PATH="$PATH" HOME="$work" "${inputs[@]/#/CANCEL_DEPLOYMENT_}" "$built/cancel-deployment" >"$work/said" 2>&1 ||
        status=$?
    if [[ $status == "$wanted" ]] && grep -q "$saying" "$work/said"; then
        printf '%-16s %-12s ok\n' "$platform" "$state"
    else
        printf '%-16s %-12s WRONG: ended with %s\n' "$platform" "$state" "$status"
        cat "$work/said"
        failed=yes
    fi
}

failed=''
for platform in "${platforms[@]}"; do start_prism "$platform"; done
for platform in "${platforms[@]}"; do
    read -ra words < <(grep "^$platform " "$work/lines" | cut -d ' ' -f 4-)
    for word in "${words[@]}"; do
        state=${word%%=*} id=${word#*=}
        cancel "$platform" "$state" "${id%%/*}"
    done
    go_back_on "$platform"
    if grep -i "violation" "$work/prism.$platform" >&2; then failed=yes; fi
done
[[ -z $failed ]] || { echo "a description says otherwise"; exit 1; }
echo "nothing contradicts a description"
