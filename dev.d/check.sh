# shellcheck shell=bash
# Everything that is wrong before a test runs.

check_shell() {
    if ! command -v shellcheck >/dev/null; then
        echo "shellcheck is not there: ./dev install brings it"
        return 1
    fi
    shellcheck --external-sources --check-sourced dev .ci/run
}

# The rules on the tree are tests, each with what to do instead.
check_architecture() {
    cargo test --quiet "${cargo_flags[@]}" "${workspace_flags[@]}" --test architecture
}

# Writes the TypeScript that Rust declares into a folder: the types, and the table of commands. What follows the
# folder says which crates to build.
write_bindings() {
    local folder=$1
    shift
    mkdir -p "$folder"
    TS_RS_EXPORT_DIR=$folder cargo test --quiet "${cargo_flags[@]}" "$@" --lib export_bindings
}

# Generated anew beside the clone and compared, so that a binding whose type is gone is found, too.
check_bindings() {
    write_bindings "$scratch/bindings" "${workspace_flags[@]}"
    if ! diff -r ui/src/bindings "$scratch/bindings"; then
        echo "ui/src/bindings is not what core declares: run ./dev gen and commit the result"
        return 1
    fi
}

check_docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --quiet "${cargo_flags[@]}" "${workspace_flags[@]}" --no-deps
}

has_script() {
    node -e 'process.exit(require("./ui/package.json").scripts?.[process.argv[1]] ? 0 : 1)' "$1"
}

check_types() {
    if has_script typecheck; then
        npm --prefix ui run --silent typecheck
    else
        ui/node_modules/.bin/vue-tsc --noEmit --project ui
    fi
}

# All but the architecture test, which `./dev test` runs among the other tests of Rust.
check_everything_else() {
    step "Shell scripts: shellcheck" check_shell
    step "Rust: format" cargo fmt --all --check
    build_ui
    step "Rust: lints" cargo clippy --quiet "${cargo_flags[@]}" "${workspace_flags[@]}" --all-targets -- -D warnings
    step "Rust: documentation" check_docs
    step "TypeScript bindings are up to date" check_bindings
    step "TypeScript: types" check_types
    if has_script lint; then
        step "TypeScript: lints" npm --prefix ui run --silent lint
    fi
}

cmd_check() {
    [[ $# == 0 ]] || fail "./dev check takes no arguments"
    install_all
    check_everything_else
    step "Architecture, files, links" check_architecture
    printf '\nAll checks passed.\n'
}

cmd_gen() {
    [[ $# == 0 ]] || fail "./dev gen takes no arguments"
    need_program fiction
    # Core alone: the user interface may not build before it has its bindings, nor the shell without it.
    step "TypeScript bindings" write_bindings "$scratch/bindings" -p jiafang-core
    mkdir -p ui/src/bindings
    rm -f ui/src/bindings/*.ts
    cp "$scratch"/bindings/*.ts ui/src/bindings/
    install_all
    build_ui
    step "The program that invents" cargo build --quiet "${cargo_flags[@]}" "${workspace_flags[@]}" \
        --bin fiction --test architecture
    step "Fixture: the county of the tests" "$JIAFANG_BIN_DIR/fiction" \
        county --seed 1 --size township --out tests/fixtures/county-qingshi.json
}
