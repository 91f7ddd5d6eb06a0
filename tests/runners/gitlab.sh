#!/usr/bin/env bash
# Runs a GitLab pipeline with gitlab-ci-local on this machine, without containers, against the sandbox platform: the
# outputs have to arrive in the next job.
#
# Needs Rust, git, rsync, and Node 18 or newer with npm. gitlab-ci-local is kinder than GitLab's server: it also takes
# quotes and blanks in a dotenv report. So the report is looked at as well.
set -euo pipefail

GITLAB_CI_LOCAL_VERSION=4.62.0

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
cleanup() {
    [[ -z ${SANDBOX_PID:-} ]] || kill "$SANDBOX_PID" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

mkdir "$work/tool" "$work/repository"
(cd "$work/tool" && npm init --yes > /dev/null && npm install --no-audit --no-fund --loglevel=error "gitlab-ci-local@$GITLAB_CI_LOCAL_VERSION")
cargo build --quiet --locked --bin cancel-deployment --example sandbox
install -D "${CARGO_TARGET_DIR:-target}/debug/cancel-deployment" "$work/bin/cancel-deployment"

# The sandbox serves until its standard input closes, at the latest when this script ends.
coproc SANDBOX { exec cargo run --quiet --locked --example sandbox; }
ready=
while read -r -t 60 platform ready <&"${SANDBOX[0]}"; do [[ $platform != digitalocean ]] || break; done
[[ -n $ready ]] || { echo "the sandbox did not start" >&2; exit 1; }
value() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<<"$ready"; }

cat > "$work/repository/.gitlab-ci.yml" << YAML
stages: [cancel, after]
cancel:
  stage: cancel
  variables:
    CANCEL_DEPLOYMENT_PLATFORM: digitalocean
    CANCEL_DEPLOYMENT_API_URL: $(value api_url)
    CANCEL_DEPLOYMENT_APP_ID: $(value app_id)
    CANCEL_DEPLOYMENT_DEPLOYMENT_ID: $(value deployment_id)
  script:
    - exec "$work/bin/cancel-deployment"
  artifacts:
    when: always
    paths: [cancel-deployment.env, cancel-deployment.annotations.json]
    reports:
      dotenv: cancel-deployment.env
use:
  stage: after
  needs: [cancel]
  script:
    - 'echo "arrived: \$CANCELLATION_OUTCOME \$CANCELLATION_WENT_LIVE"'
    - cat cancel-deployment.annotations.json
    - '! grep -Ev "^CANCELLATION_[A-Z_]+=[A-Za-z0-9._:/@-]+\$" cancel-deployment.env'
YAML
cd "$work/repository"
git init --quiet --initial-branch main
git config user.name test && git config user.email test@example.com
git remote add origin git@gitlab.example.com:group/project.git
git add -A && git commit --quiet -m "A pipeline"
git update-ref refs/remotes/origin/main HEAD
git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main

env -i PATH="$PATH" HOME="$work" node "$work/tool/node_modules/gitlab-ci-local/src/index.js" \
    --shell-isolation \
    --variable "DIGITALOCEAN_TOKEN=$(value token)" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

expect() { grep -qF -- "$1" "$work/log" || { cat "$work/log" >&2; echo "not said: $1" >&2; exit 1; }; }
expect "arrived: canceled false"
expect '"external_link"'
expect "notice: Canceled"
! grep -qF -- "$(value token)" "$work/log" || { echo "the token is in the log" >&2; exit 1; }
echo "the outputs of a GitLab job arrived in the next one"
