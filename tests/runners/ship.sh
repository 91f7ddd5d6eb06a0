#!/usr/bin/env bash
# Rehearses a release on this machine, from the build to a step in a real runner, and publishes nothing.
#
#   tests/runners/ship.sh [--fast] [--musl] [--podman]
#
#   --fast     only what needs no container engine: a staged release and the action without a way to build, in act
#   --musl     also builds the program for musl, with Zig as the linker, and ships those binaries
#   --podman   leaves Docker out and uses podman, as happens by itself where no Docker engine can be started
#
# Needs Rust, git and python3 with venv; for all but --fast also root on Debian, where it installs what is missing.
# Nothing but package registries is asked for: base images that cannot be pulled are replaced by stand-ins, in an
# engine of its own that is gone afterwards. Ends with a table, and with 1 if a line of it says FAILED.
set -euo pipefail

fast='' musl='' podman=''
for argument in "$@"; do
    case $argument in
        --fast) fast=yes ;;
        --musl) musl=yes ;;
        --podman) podman=yes ;;
        *) echo "usage: $0 [--fast] [--musl] [--podman]" >&2; exit 2 ;;
    esac
done
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

RUNS=5
ZIG_VERSION=0.17.1
ZIGBUILD_VERSION=0.24.0
OWN_NETWORK=172.31.99.1/24

work=$(mktemp -d)
engine=$work/engine
mkdir "$engine" "$work/shared"
# The blanks are on purpose.
source="$work/a source" release="$work/a release" branch="$work/a branch" user="$work/a user"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
arch=$(uname -m)
image=cancel-deployment:linux-$arch
. tests/runners/common.sh

# The steps and their table

rows=() failed=''

# Runs one step in a shell of its own. What it leaves for later steps, it leaves in files.
step() { # TITLE FUNCTION ARGUMENT...
    local title=$1 from=$EPOCHREALTIME status result seconds
    shift
    printf '\n=== %s\n' "$title"
    : >"$work/remarks"
    set +e
    (set -e; "$@")
    status=$?
    set -e
    seconds=$(awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
    case $status in 0) result=OK ;; 75) result='COULD NOT' ;; *) result=FAILED failed=yes ;; esac
    rows+=("$(printf '%-9s  %6s s  %-42s %s' "$result" "$seconds" "$title" "$(paste --serial --delimiters ';' "$work/remarks")")")
    printf -- '--- %s (%s s)\n' "$result" "$seconds"
}

remark() { printf '%s\n' "$*" | tee -a "$work/remarks"; }
could_not() { remark "$*"; exit 75; }
wrong() { remark "$*" >&2; exit 1; }

engine_gone() { [[ ! -e $engine/pid ]] || ! kill -0 "$(<"$engine/pid")" 2>/dev/null; }

cleanup() {
    if ! engine_gone; then
        DOCKER_HOST=$(<"$engine/host") docker ps --quiet 2>/dev/null |
            DOCKER_HOST=$(<"$engine/host") xargs --no-run-if-empty docker kill >/dev/null 2>&1 || true
        kill "$(<"$engine/pid")" 2>/dev/null || true
        timeout 30 tail --pid="$(<"$engine/pid")" --follow /dev/null || true
    fi
    # podman's watchers outlive their containers by minutes; they are known by this run's own folder.
    local watcher
    for watcher in $(pgrep --full "^[^ ]*conmon .*$engine/"); do kill -KILL "$watcher" 2>/dev/null || true; done
    if [[ -e $engine/rules ]]; then
        iptables-restore <"$engine/rules" || true
        ip link delete "$(<"$engine/bridge")" 2>/dev/null || true
    fi
    awk -v folder="$engine/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort --reverse |
        while IFS= read -r mounted; do umount "$mounted" || true; done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What has to be there first

install_packages() {
    local package missing=()
    for package in "$@"; do
        [[ $(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null) == *' installed' ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || could_not "not Debian: ${missing[*]} cannot be installed"
    [[ $EUID == 0 ]] || could_not "not root: ${missing[*]} cannot be installed"
    remark "installed ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${missing[@]}" >"$work/apt" 2>&1 || {
        cat "$work/apt" >&2
        could_not "apt-get failed"
    }
}

# Both engines write packet filter rules, and leave them behind.
remember_rules() { # BRIDGE
    echo "$1" >"$engine/bridge"
    iptables-save >"$engine/rules"
    # A table that is not there has to be emptied.
    grep --quiet '^\*filter' "$engine/rules" ||
        printf '%s\n' '*filter' ':INPUT ACCEPT' ':FORWARD ACCEPT' ':OUTPUT ACCEPT' COMMIT >>"$engine/rules"
    grep --quiet '^\*nat' "$engine/rules" ||
        printf '%s\n' '*nat' ':PREROUTING ACCEPT' ':INPUT ACCEPT' ':OUTPUT ACCEPT' ':POSTROUTING ACCEPT' COMMIT >>"$engine/rules"
}

start_docker() {
    install_packages docker.io iptables iproute2
    echo '{}' >"$engine/daemon.json"
    remember_rules docker0
    dockerd --config-file "$engine/daemon.json" --data-root "$engine/data" --exec-root "$engine/exec" \
        --host "unix://$engine/docker.sock" --pidfile "$engine/pid" --bip "$OWN_NETWORK" \
        --default-ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" </dev/null >"$engine/log" 2>&1 &
    answers "$!" docker.sock
}

start_podman() {
    install_packages podman runc netavark aardvark-dns iptables iproute2 uidmap catatonit buildah docker.io
    remember_rules podman0
    # These choices hold where control groups are of both versions, and where limits cannot be raised.
    cat >"$engine/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$(ulimit -Hn):$(ulimit -Hn)"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
    printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$engine/data" "$engine/run" >"$engine/storage.conf"
    CONTAINERS_CONF=$engine/containers.conf CONTAINERS_STORAGE_CONF=$engine/storage.conf \
        podman system service --time=0 "unix://$engine/podman.sock" </dev/null >"$engine/log" 2>&1 &
    echo "$!" >"$engine/pid"
    answers "$!" podman.sock
}

answers() { # PID SOCKET
    for _ in {1..100}; do
        if DOCKER_HOST=unix://$engine/$2 docker version >/dev/null 2>&1; then
            echo "unix://$engine/$2" >"$engine/host"
            return
        fi
        kill -0 "$1" 2>/dev/null || break
        sleep 0.2
    done
    tail -n 5 "$engine/log" >&2
    kill "$1" 2>/dev/null && wait "$1" || true
    return 1
}

start_engine() {
    if [[ ! $podman ]] && docker version >/dev/null 2>&1; then
        remark "the machine's own engine"
        echo "${DOCKER_HOST:-unix:///var/run/docker.sock}" >"$engine/host"
        touch "$engine/shared"
    elif [[ ! $podman ]] && (start_docker); then
        remark "dockerd of its own"
    elif (start_podman); then
        remark "podman of its own"
    else
        could_not "neither dockerd nor podman can be started"
    fi
}

needs_engine() {
    [[ -s $engine/host ]] || could_not "no container engine"
    export DOCKER_HOST
    DOCKER_HOST=$(<"$engine/host")
}

# A Debian of this machine's release, imported under a name; further arguments are mmdebstrap's.
import_debian() { # NAME ARGUMENT...
    local name=$1
    shift
    [[ $(. /etc/os-release && echo "$ID") == debian ]] || could_not "a stand-in can only be made on Debian"
    install_packages mmdebstrap
    mmdebstrap --quiet --variant=minbase "$@" "$(. /etc/os-release && echo "$VERSION_CODENAME")" - |
        docker import - "$name" >/dev/null
}

job_images() {
    needs_engine
    if timeout 300 docker pull --quiet docker.io/library/debian:stable-slim; then
        docker tag docker.io/library/debian:stable-slim localhost/job:debian
    else
        import_debian localhost/job:debian --include=ca-certificates
    fi
    # Busybox and nothing else: no bash, no certificates, no other C library.
    local folder=$work/busybox applet
    local root=$folder/root
    mkdir -p "$root/bin" "$root/etc" "$root/tmp"
    (cd "$folder" && apt-get download -qq --option APT::Sandbox::User=root busybox-static && dpkg-deb --extract busybox-static_*.deb unpacked) ||
        could_not "busybox-static cannot be had"
    install "$folder/unpacked/bin/busybox" "$root/bin/busybox"
    "$root/bin/busybox" --list | while IFS= read -r applet; do
        [[ $applet == busybox ]] || ln --symbolic busybox "$root/bin/$applet"
    done
    echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
    tar --directory "$root" --create . | docker import --change 'ENV PATH=/bin' - localhost/job:busybox >/dev/null
}

base_names() { sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile; }

pull_bases() {
    local name
    while IFS= read -r name; do timeout 300 docker pull --quiet "$name" || return; done < <(base_names)
}

base_images() {
    needs_engine
    base_names
    if pull_bases; then
        remark "the real ones"
    else
        # Never under a well-known name in an engine that others use.
        [[ ! -e $engine/shared ]] || could_not "they cannot be pulled"
        docker image inspect localhost/job:debian >/dev/null 2>&1 || could_not "no Debian to make stand-ins of"
        local sysroot
        sysroot=$(rustc --print sysroot)
        import_debian "$(base_names | head -n 1)" --include=ca-certificates,gcc,libc6-dev \
            --customize-hook="tar --directory '$sysroot' --create bin lib | tar --directory \"\$1/usr/local\" --extract" \
            --customize-hook="upload /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt"
        docker tag localhost/job:debian "$(base_names | tail -n 1)"
        remark "stand-ins: Alpine and its musl were not rehearsed"
    fi
    touch "$work/bases"
}

# From the commit to the release commit

release_check() { (cd "$source" && .github/release/check "$version"); }

release_build() {
    needs_engine
    [[ -e $work/bases ]] || could_not "no base images"
    (cd "$source" && .github/release/build "$work/binaries")
    remark "$(stat --format %s "$work/binaries/linux-$arch/cancel-deployment") bytes"
}

musl_build() {
    install_packages rustc-web cargo-web rust-web-src qemu-user-static
    python3 -m venv "$work/zig"
    "$work/zig/bin/pip" install --quiet --disable-pip-version-check "ziglang==$ZIG_VERSION" "cargo-zigbuild==$ZIGBUILD_VERSION"
    printf '#!/bin/sh\nexec "%s/zig/bin/python" -m ziglang "$@"\n' "$work" >"$work/zig/zig"
    chmod +x "$work/zig/zig"
    local target from binary says run
    for target in x86_64 aarch64; do
        from=$SECONDS
        (cd "$source" && env --unset=CARGO_BUILD_TARGET PATH=/usr/bin:/bin RUSTC=/usr/bin/rustc CARGO=/usr/bin/cargo RUSTC_BOOTSTRAP=1 \
            CARGO_ZIGBUILD_ZIG_PATH="$work/zig/zig" RUSTFLAGS="-C link-self-contained=no" \
            "$work/zig/bin/cargo-zigbuild" zigbuild --quiet -Zbuild-std=std,panic_abort --release --locked \
            --target "$target-unknown-linux-musl" --target-dir "$work/zig/target")
        binary=$work/zig/binaries/linux-$target/cancel-deployment
        install -D -m 755 "$work/zig/target/$target-unknown-linux-musl/release/cancel-deployment" "$binary"
        remark "$target: $((SECONDS - from)) s, $(stat --format %s "$binary") bytes"
        run=(); [[ $target == "$arch" ]] || run=("qemu-$target-static")
        says=$("${run[@]}" "$binary" --version)
        [[ $says == "cancel-deployment $version" ]] || wrong "$target says $says"
        start_sandbox
        env --ignore-environment PATH="$PATH" INPUT_PLATFORM=digitalocean INPUT_API_URL="$(value api_url)" INPUT_TOKEN="$(value token)" \
            INPUT_APP_ID="$(value app_id)" INPUT_DEPLOYMENT_ID="$(value deployment_id)" "${run[@]}" "$binary" >/dev/null
        stop_sandbox
    done
    mv "$work/zig/binaries" "$work/binaries.musl"
}

stage() { # BINARIES
    [[ -d $1 ]] || could_not "no binary was built"
    git clone --quiet "$source" "$release"
    (cd "$release" && .github/release/stage "$version" "$1")
    [[ $(git -C "$release" rev-parse HEAD^) == $(git -C "$source" rev-parse HEAD) ]]
}

# The action in act

# Of the lines in `times`.
median() { # COLUMN
    printf '%s\n' "${times[@]}" | sort --numeric-sort --key "$1,$1" |
        awk -v column="$1" '{ all = all " " $column; at[NR] = $column } END { print "median " at[int((NR + 1) / 2)] " ms of" all }'
}

# Several times, for the median of the step's time.
act_with_release() { # ACT-ARGUMENT...
    [[ -d $release/bin ]] || could_not "no release was staged"
    local times=()
    for ((i = 0; i < RUNS; i++)); do
        start_sandbox
        rm -rf "$user"
        write_workflow "$user" "OWNER/cancel-deployment@v$version"
        commit_all "$user" "A deployment that fails"
        run_workflow "$user" carried --local-repository "https://github.com/OWNER/cancel-deployment@v$version=$release" "$@" |
            tee "$work/told"
        times+=("$(tail -n 1 "$work/told")")
        stop_sandbox
    done
    remark "step: $(median 1), its script: $(median 2)"
}

act_in_image() { # IMAGE
    needs_engine
    docker image inspect "$1" >/dev/null 2>&1 || could_not "no image $1"
    act_with_release --platform "ubuntu-latest=$1" --container-daemon-socket -
}

act_without_release() { # cargo|docker|neither
    rm -rf "$branch"
    start_sandbox
    snapshot "$branch"
    write_workflow "$branch" ./
    commit_all "$branch" "A deployment that fails"
    run_workflow "$branch" "$1" --platform ubuntu-latest=-self-hosted | tee "$work/told"
    remark "step: $(tail -n 1 "$work/told" | cut --delimiter ' ' --fields 1) ms"
    stop_sandbox
}

# Everything that this shell finds, but for the programs named.
path_without() { # PROGRAM...
    rm -rf "$work/path"
    mkdir "$work/path"
    local folder program
    for folder in ${PATH//:/ }; do
        [[ ! -d $folder ]] || find "$folder" -maxdepth 1 ! -type d -exec ln --symbolic --target-directory "$work/path" {} + 2>/dev/null || true
    done
    for program in "$@"; do rm -f "$work/path/$program"; done
    act_path=$work/path
}

fallback_cargo() {
    unset DOCKER_HOST
    act_without_release cargo
}

fallback_docker() {
    needs_engine
    docker image inspect "$image" >/dev/null 2>&1 || could_not "the image could not be built either"
    path_without cargo rustc rustup
    act_without_release docker
}

fallback_neither() {
    unset DOCKER_HOST
    path_without cargo rustc rustup docker
    act_without_release neither
}

fallback_client_only() {
    command -v docker >/dev/null || could_not "no docker client here"
    export DOCKER_HOST=unix://$work/no.sock
    path_without cargo rustc rustup
    act_without_release neither
}

# The image

needs_image() {
    needs_engine
    docker image inspect "$image" >/dev/null 2>&1 || could_not "no image"
    start_sandbox
    # In a file, as the token has no place in a process list.
    cat >"$work/inputs" <<INPUTS
INPUT_PLATFORM=digitalocean
INPUT_API_URL=$(value api_url)
INPUT_TOKEN=$(value token)
INPUT_APP_ID=$(value app_id)
INPUTS
    rm -rf "$work/shared"
    mkdir -m 777 "$work/shared"
}

image_run() { docker run --network host --env-file "$work/inputs" --volume "$work/shared:/shared" "$@"; }

written() { # FILTER
    jq --exit-status "$1" "$work/shared/outputs.json" >/dev/null || {
        jq . "$work/shared/outputs.json" >&2
        wrong "the output file is not as it should be: $1"
    }
}

image_cancels() { # ARGUMENT OF docker run...
    needs_image
    image_run --rm --env INPUT_DEPLOYMENT_ID="$(value deployment_id)" --env INPUT_OUTPUT_FILE=/shared/outputs.json "$@" "$image"
    written '.outcome == "canceled" and .canceled == true and .count == 1'
}

image_takes_hyphens() {
    needs_image
    sed -i 's/^\(INPUT_[A-Z]*\)_/\1-/' "$work/inputs"
    grep --quiet '^INPUT_APP-ID=' "$work/inputs"
    image_run --rm --env INPUT_DEPLOYMENT-ID="$(value deployment_id)" --env INPUT_OUTPUT-FILE=/shared/outputs.json "$image"
    written '.outcome == "canceled"'
}

image_hears() { # SIGNAL CODE
    needs_image
    local container from code took
    container=$(image_run --detach --env INPUT_APP_ID="$(value endless_app_id)" --env INPUT_DEPLOYMENT_ID="$(value endless_id)" \
        --env INPUT_OUTPUT_FILE=/shared/outputs.json "$image")
    timeout 30 grep --quiet --max-count 1 'asking to cancel' < <(docker logs --follow "$container" 2>&1) ||
        wrong "it does not wait"
    from=$EPOCHREALTIME
    docker kill --signal "$1" "$container" >/dev/null
    code=$(timeout 30 docker wait "$container") || code="none after 30 s"
    took=$(awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.2f", to - from }')
    docker logs "$container" 2>&1 | tail -n 3
    docker rm --force "$container" >/dev/null
    remark "exit $code after $took s"
    [[ $code == "$2" ]] || wrong "the exit code is not $2"
    awk -v took="$took" 'BEGIN { exit took >= 3 }' || wrong "that is not within 3 s"
    written '.outcome == "interrupted"'
}

image_has_sh() {
    needs_image
    [[ $(docker run --rm --network none --entrypoint sh "$image" -c 'cancel-deployment --version') == "cancel-deployment $version" ]]
}

# The sandbox speaks no TLS: a handshake that fails shows a client that has started.
image_without_certificates() {
    needs_image
    sed -i 's/=http:/=https:/' "$work/inputs"
    mkdir -p "$work/empty"
    local code=0
    image_run --rm --volume "$work/empty:/etc/ssl:ro" --env INPUT_DEPLOYMENT_ID="$(value deployment_id)" --env INPUT_TIMEOUT=20s \
        --env INPUT_OUTPUT_FILE=/shared/outputs.json "$image" || code=$?
    [[ $code == 1 ]] || wrong "exit $code"
    written '.outcome == "error" and (.reason | contains("TLS failed, the server does not speak TLS there"))'
}

# The rehearsal

tools() {
    install_act
    [[ $fast ]] || install_packages jq git
}

sources() {
    build_program
    snapshot "$source"
}

step "tools" tools
step "program, sandbox and a copy of the sources" sources
step "release: check" release_check
if [[ $fast ]]; then
    install -D "$built/cancel-deployment" "$work/binaries/linux-$arch/cancel-deployment"
else
    step "container engine" start_engine
    step "job images" job_images
    step "base images" base_images
    step "release: build, twice" release_build
    [[ ! $musl ]] || step "release: build for musl" musl_build
fi
binaries=$work/binaries
[[ ! -d $work/binaries.musl ]] || binaries=$work/binaries.musl
step "release: stage" stage "$binaries"
step "act, release: on this machine" act_with_release --platform ubuntu-latest=-self-hosted
if [[ ! $fast ]]; then
    step "act, release: in Debian" act_in_image localhost/job:debian
    step "act, release: in busybox" act_in_image localhost/job:busybox
    step "act, no release: built with cargo" fallback_cargo
    step "act, no release: built with docker" fallback_docker
fi
step "act, no release: neither cargo nor docker" fallback_neither
step "act, no release: a docker client alone" fallback_client_only
if [[ ! $fast ]]; then
    step "image: cancels" image_cancels
    step "image: any user, root read-only" image_cancels --user 1234 --read-only --cap-drop ALL
    step "image: inputs with hyphens" image_takes_hyphens
    step "image: SIGTERM" image_hears TERM 143
    step "image: SIGINT" image_hears INT 130
    step "image: sh is there" image_has_sh
    step "image: no certificates" image_without_certificates
fi

printf '\n=== the rehearsal of %s\n' "$version"
printf '%s\n' "${rows[@]}"
[[ ! $failed ]]
