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

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
cleanup() {
    stop_sandbox
    rm -rf "$work"
}
trap cleanup EXIT
. tests/runners/common.sh

clients=("$@")
[[ $# -gt 0 ]] || clients=(pydo cloudfoundry datadog-v2 datadog-preview)
mkdir -p "${built%/debug}/clients"
home=$(cd "${built%/debug}/clients" && pwd)

# The two editions of the same package need a place each.
install_python() { # FOLDER PACKAGE...
    local folder=$home/$1 wanted="${*:2}"
    [[ $(cat "$folder/installed" 2>/dev/null || true) != "$wanted" ]] || return 0
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "${@:2}"
    printf '%s' "$wanted" >"$folder/installed"
}

install_node() { # FOLDER PACKAGE
    local folder=$home/$1
    [[ $(cat "$folder/installed" 2>/dev/null || true) != "$2" ]] || return 0
    rm -rf "$folder"
    mkdir "$folder"
    (cd "$folder" && npm init --yes >/dev/null && npm install --no-audit --no-fund --loglevel=error "$2" >/dev/null)
    printf '%s' "$2" >"$folder/installed"
}

line() { grep "^$1 " "$work/lines"; }

run_client() {
    case $1 in
        pydo)
            install_python pydo "pydo==$PYDO_VERSION"
            "$home/pydo/bin/python" -W ignore tests/runners/clients.py pydo "$work" "$(line digitalocean)"
            ;;
        cloudfoundry)
            install_python cloudfoundry "cloudfoundry-client==$CLOUD_FOUNDRY_VERSION"
            "$home/cloudfoundry/bin/python" -W ignore tests/runners/clients.py cloud_foundry "$work" "$(line cloud_foundry)"
            ;;
        datadog-v2)
            install_python datadog-v2 "datadog-api-client==$DATADOG_VERSION"
            "$home/datadog-v2/bin/python" -W ignore tests/runners/clients.py datadog "$work" "$(line datadog)"
            ;;
        datadog-preview)
            install_python datadog-preview "datadog-api-client==$DATADOG_PREVIEW_VERSION"
            "$home/datadog-preview/bin/python" -W ignore tests/runners/clients.py datadog "$work" "$(line datadog)"
            ;;
        vercel)
            install_node vercel "@vercel/sdk@$VERCEL_VERSION"
            NODE_EXTRA_CA_CERTS=$work/ca.pem node tests/runners/clients.mjs vercel "$home/vercel" "$(line vercel)"
            ;;
        qovery)
            install_node qovery "qovery-typescript-axios@$QOVERY_VERSION"
            NODE_EXTRA_CA_CERTS=$work/ca.pem node tests/runners/clients.mjs qovery "$home/qovery" "$(line qovery)"
            ;;
        *) echo "no client is called $1" >&2; return 1 ;;
    esac
}

cargo build --quiet --locked --example sandbox
coproc SANDBOX { exec "$built/examples/sandbox" --every-state "$work"; }
while read -r -t 60 line <&"${SANDBOX[0]}" && [[ $line != ready ]]; do printf '%s\n' "$line"; done >"$work/lines"
[[ $line == ready ]] || { echo "the sandbox did not start" >&2; exit 1; }

failed=''
for client in "${clients[@]}"; do
    run_client "$client" || failed+=" $client"
done
[[ -z $failed ]] || { echo "rejected by:$failed"; exit 1; }
echo "no client rejected anything"
