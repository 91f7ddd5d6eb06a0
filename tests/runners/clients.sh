#!/usr/bin/env bash
# Calls the sandbox through the clients that the platforms publish themselves, over TLS: what one of them rejects is
# not what its platform answers.
#
#   tests/runners/clients.sh [CLIENT...]     only these, such as datadog-v2
#
# They are installed into target/clients and stay there. Needs Rust, python3 with venv, and Node 20 or newer with npm.
set -euo pipefail

PYDO_VERSION=0.44.0
CLOUD_FOUNDRY_VERSION=1.40.4
DATADOG_VERSION=2.62.0
DATADOG_PREVIEW_VERSION=2.52.0
VERCEL_VERSION=1.28.35
QOVERY_VERSION=1.1.952
NETLIFY_VERSION=15.1.2
RENDER_VERSION=1.5.0
OCTOKIT_VERSION=10.0.16

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
cleanup() {
    stop_sandbox
    rm -rf "$work"
}
trap cleanup EXIT
. tests/runners/common.sh

clients=("$@")
[[ $# -gt 0 ]] || clients=(pydo cloudfoundry datadog-v2 datadog-preview vercel qovery netlify render octokit)
mkdir -p "${built%/debug}/clients"
home=$(cd "${built%/debug}/clients" && pwd)

package() {
    case $1 in
        pydo) echo "pydo==$PYDO_VERSION" ;;
        cloudfoundry) echo "cloudfoundry-client==$CLOUD_FOUNDRY_VERSION" ;;
        datadog-v2) echo "datadog-api-client==$DATADOG_VERSION" ;;
        datadog-preview) echo "datadog-api-client==$DATADOG_PREVIEW_VERSION" ;;
        vercel) echo "@vercel/sdk@$VERCEL_VERSION" ;;
        qovery) echo "qovery-typescript-axios@$QOVERY_VERSION" ;;
        render) echo "render==$RENDER_VERSION" ;;
        netlify) echo "@netlify/api@$NETLIFY_VERSION" ;;
        octokit) echo "@octokit/request@$OCTOKIT_VERSION" ;;
        *) echo "no client is called $1" >&2; return 1 ;;
    esac
}

# Each has a place of its own, as two of them are editions of one package.
install_client() {
    local folder=$home/$1 wanted
    wanted=$(package "$1")
    [[ $(cat "$folder/installed" 2>/dev/null || true) != "$wanted" ]] || return 0
    rm -rf "$folder"
    case $wanted in
        *==*)
            python3 -m venv "$folder"
            "$folder/bin/pip" install --quiet --disable-pip-version-check "$wanted"
            ;;
        *)
            mkdir "$folder"
            (cd "$folder" && npm init --yes >/dev/null && npm install --no-audit --no-fund --loglevel=error "$wanted" >/dev/null)
            ;;
    esac
    printf '%s' "$wanted" >"$folder/installed"
}

line() { grep "^$1 " "$work/lines"; }
python() { "$home/$1/bin/python" -W ignore tests/runners/clients.py "$2" "$work" "$(line "${3:-$2}")"; }
node_client() { NODE_EXTRA_CA_CERTS=$work/ca.pem node tests/runners/clients.mjs "$1" "$home/$1" "$(line "${2:-$1}")"; }

run_client() {
    case $1 in
        pydo) python pydo pydo digitalocean ;;
        cloudfoundry) python cloudfoundry cloud_foundry ;;
        render) python render render ;;
        datadog-*) python "$1" datadog ;;
        octokit) node_client octokit github_pages ;;
        *) node_client "$1" ;;
    esac
}

installs=()
for client in "${clients[@]}"; do
    package "$client" >/dev/null
    install_client "$client" &
    installs+=($!)
done
cargo build --quiet --locked --example sandbox
start_every_state

for install in "${installs[@]}"; do wait "$install" || { echo "a client could not be installed" >&2; exit 1; }; done
failed=''
for client in "${clients[@]}"; do
    run_client "$client" || failed+=" $client"
done
[[ -z $failed ]] || { echo "rejected by:$failed"; exit 1; }
echo "no client rejected anything"
