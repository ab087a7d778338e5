# shellcheck shell=bash
# How commands run: each step says what it does and how long it took, and ends with what it started.

# A fixed place outside of the clone: a fresh clone then builds only our own crates.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/jiafang/target}

# Where nobody is there to commit them, the lock files are the truth; and what is built once needs no notes for
# the next time.
cargo_flags=()
if [[ -n ${CI:-} ]]; then
    cargo_flags+=(--locked)
    export CARGO_INCREMENTAL=0
fi

# Which step failed, for the last line of `./dev test`.
failed_step=
scratch=$(mktemp -d "${TMPDIR:-/tmp}/jiafang-dev.XXXXXX")
child=

# Ends the process group that is running, if one is, and waits for it: ten seconds, then harder.
end_child() {
    local signal=$1
    [[ -n $child ]] || return 0
    kill "-$signal" -- "-$child" 2>/dev/null || true
    for _ in {1..100}; do
        kill -0 -- "-$child" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL -- "-$child" 2>/dev/null || true
    child=
}

interrupted() {
    trap - INT TERM HUP
    end_child "$1"
    printf '\n./dev: interrupted; nothing is left running, and it can be started again.\n' >&2
    exit "$2"
}

trap 'interrupted INT 130' INT
trap 'interrupted TERM 143' TERM
trap 'interrupted HUP 129' HUP
trap 'end_child TERM; rm -rf "$scratch"' EXIT

fail() {
    printf '\n./dev: %s\n' "$1" >&2
    exit 1
}

# Fails in one line where something that another part of the project provides is not there.
need_file() {
    [[ -e $1 ]] || fail "$1 is not there: $2"
}

# Runs a command or function in a process group of its own, so that all that it starts can be ended.
# Sets `status`; `set -e` holds inside.
run() {
    set -m
    (
        set +m
        set -e
        "$@"
    ) </dev/null &
    child=$!
    set +m
    status=0
    wait "$child" || status=$?
    child=
}

# Some locales write the fraction behind a comma.
seconds_since() {
    awk -v from="${1/,/.}" -v to="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.1f", to - from }'
}

# step TITLE COMMAND…: says what begins, runs it, says how long it took; ends everything when it fails.
step() {
    local title=$1 started=$EPOCHREALTIME
    shift
    printf '\n── %s\n' "$title"
    run "$@"
    if [[ $status != 0 ]]; then
        failed_step=$title
        fail "failed: $title ($(seconds_since "$started") s, exit code $status)"
    fi
    printf '   done in %s s: %s\n' "$(seconds_since "$started")" "$title"
}
