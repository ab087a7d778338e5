# shellcheck shell=bash
# All tests. The runners' own closing lines are shown, then one line that sums them up.

# The end-to-end test of the real window; a test target of the tests crate.
window_test=desktop_window

# run_tests TITLE COMMAND…: a step whose closing lines are counted.
run_tests() {
    local title=$1
    shift
    step "$title" logged "$@"
}

logged() {
    "$@" 2>&1 | tee -a "$scratch/tests.log"
}

# `N passed, N failed` over all runners that have run.
tests_summary() {
    awk -f dev.d/count_tests.awk "$scratch/tests.log"
}

# The names of the integration tests but the window's: they need no display.
rust_test_targets() {
    cargo metadata --no-deps --offline --format-version 1 | node -e '
        const { packages } = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const targets = packages.flatMap((one) => one.targets).filter((target) => target.kind.includes("test"));
        for (const { name } of targets) if (name !== process.argv[1]) console.log(name);' "$window_test"
}

test_rust() {
    local targets target flags=()
    targets=$(rust_test_targets)
    for target in $targets; do
        flags+=(--test "$target")
    done
    run_tests "Rust tests" \
        cargo test "${cargo_flags[@]}" "${workspace_flags[@]}" --no-fail-fast --lib --bins "${flags[@]}"
    run_tests "Rust examples in the documentation" cargo test "${cargo_flags[@]}" "${workspace_flags[@]}" --doc
}

test_ui() {
    run_tests "Tests of the user interface" ui/node_modules/.bin/vitest run --root ui
}

test_window() {
    need_file "tests/tests/$window_test/main.rs" "the end-to-end test of the window"
    run_tests "The real window, driven" \
        cargo test "${cargo_flags[@]}" "${workspace_flags[@]}" --test "$window_test"
}

test_tablet() {
    local files=(tests/tablet/*.test.mjs)
    need_file "${files[0]}" "the end-to-end tests of the tablet"
    run_tests "The tablet, in a browser" node --test "${files[@]}"
}

cmd_test() {
    local what=all
    while [[ $# -gt 0 ]]; do
        case $1 in
        --fuzz-seconds)
            [[ ${2:-} =~ ^[0-9]+$ ]] || fail "./dev test --fuzz-seconds N: N is a number of seconds for each target"
            export JIAFANG_FUZZ_SECONDS=$2
            shift 2
            ;;
        all | rust | ui | e2e)
            what=$1
            shift
            ;;
        *) fail "./dev test [rust|ui|e2e] [--fuzz-seconds N]" ;;
        esac
    done
    : >"$scratch/tests.log"
    trap 'close_tests' EXIT
    install_all
    case $what in
    all)
        check_everything_else
        android_checks
        build_programs
        test_rust
        test_ui
        test_window
        test_tablet
        ;;
    rust)
        build_ui
        build_programs
        test_rust
        ;;
    ui) test_ui ;;
    e2e)
        build_ui
        build_programs
        test_window
        test_tablet
        ;;
    esac
}

# The last lines, however the tests ended.
close_tests() {
    local code=$?
    end_child TERM
    printf '\n%s\n' "$(tests_summary)"
    if [[ $code != 0 ]]; then
        printf './dev test: FAILED%s\n' "${failed_step:+ at: $failed_step}" >&2
    fi
    rm -rf "$scratch"
    exit "$code"
}
