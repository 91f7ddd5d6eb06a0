#!/bin/sh
# Fetches the program of a release, holds it to the release's checksums, and becomes it: on Linux, with curl or wget.
#
#   FETCH_FROM=https://mirror.example/v1.2.3 fetch.sh [ARGUMENT...]
#
# Plain sh, also for dash and busybox. `cargo run --example documents` writes the version and the list of secrets, and
# puts this script into the units that fetch.
set -eu

from=${FETCH_FROM:-https://github.com/OWNER/cancel-deployment/releases/download/v1.0.0}
fail() { echo "Nothing was canceled: $1" >&2; exit "${2:-1}"; }

system=$(uname -s) machine=$(uname -m)
case "$system $machine" in
  "Linux x86_64" | "Linux amd64") name=cancel-deployment-linux-x86_64 ;;
  "Linux aarch64" | "Linux arm64") name=cancel-deployment-linux-aarch64 ;;
  *) fail "there are programs for Linux on x86_64 and aarch64, and this is $system on $machine." ;;
esac
folder=$(mktemp -d) || fail "there is no place for temporary files."
pid=''
# A shell hears a signal while it waits for what runs behind it, and not before the end of what runs in front.
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
trap 'fail "the job was canceled while the program was being fetched." 130' INT
trap 'fail "the job was canceled while the program was being fetched." 143' TERM

download() { # FILE
  (
    # Secrets are for the program, not for what fetches it.
    unset CANCEL_DEPLOYMENT_TOKEN CANCEL_DEPLOYMENT_PASSWORD CANCEL_DEPLOYMENT_CLIENT_SECRET CANCEL_DEPLOYMENT_API_KEY
    unset CANCEL_DEPLOYMENT_APP_KEY CANCEL_DEPLOYMENT_PROJECT_TOKEN CANCEL_DEPLOYMENT_API_TOKEN
    unset DIGITALOCEAN_ACCESS_TOKEN DIGITALOCEAN_TOKEN CF_ACCESS_TOKEN CF_PASSWORD CF_CLIENT_SECRET DD_API_KEY
    unset DD_APP_KEY VERCEL_TOKEN QOVERY_CLI_ACCESS_TOKEN Q_CLI_ACCESS_TOKEN QOVERY_API_TOKEN RENDER_API_KEY
    unset RAILWAY_TOKEN RAILWAY_API_TOKEN NETLIFY_AUTH_TOKEN NETLIFY_API_TOKEN CLOUDFLARE_API_TOKEN CF_API_TOKEN
    unset GITHUB_TOKEN GH_TOKEN
    if command -v curl >/dev/null; then
      exec curl --fail --silent --show-error --location --proto-redir =https --retry 2 --connect-timeout 20 --max-time 120 \
        --output "$folder/$1" "$from/$1"
    fi
    command -v wget >/dev/null || { echo "There is neither curl nor wget." >&2; exit 127; }
    exec wget -q -O "$folder/$1" "$from/$1"
  ) &
  pid=$!
  wait "$pid" || fail "$from/$1 could not be fetched."
  pid=''
}
download SHA256SUMS
download "$name"
cd "$folder"
command -v sha256sum >/dev/null || fail "there is no sha256sum to hold the program to its checksum."
grep " $name\$" SHA256SUMS >expected || fail "$from/SHA256SUMS has no line for $name."
sha256sum -c expected >/dev/null 2>&1 || fail "$from/$name is not what its checksum says."
chmod 755 "$name"
"./$name" --version >/dev/null 2>&1 || fail "$name does not start here."
cd "$OLDPWD"

# It starts from a file that is open and has no name any more, so that nothing is left behind.
trap - EXIT INT TERM
exec 3<"$folder/$name"
[ -x /proc/self/fd/3 ] || exec "$folder/$name" "$@"
rm -rf "$folder"
exec /proc/self/fd/3 "$@"
