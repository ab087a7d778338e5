# shellcheck shell=bash
# What is built, and where the programs then lie.

# Always the whole workspace with the same features: Cargo would else build shared crates once for each choice.
# With `custom-protocol` the shell serves ui/dist from within; without it the window would stay empty.
workspace_flags=(--workspace --features jiafang-app/custom-protocol)

export JIAFANG_UI_DIST=$root/ui/dist
export JIAFANG_BIN_DIR=$CARGO_TARGET_DIR/debug

build_ui() {
    need_file ui/package.json "the user interface has not landed in this clone"
    step "Build the user interface" npm --prefix ui run --silent build
}

# All programs in a debug build: the shell (jiafang), the server, and those of the tests crate. A test is named with
# them because Cargo then counts the features that tests ask for: else the shared crates would be built once for
# the programs and once more for the tests.
build_programs() {
    step "Build the programs (minutes the first time, seconds later)" \
        cargo build "${cargo_flags[@]}" "${workspace_flags[@]}" --bins --test architecture
    export JIAFANG_APP_BIN=$JIAFANG_BIN_DIR/jiafang
}

# Where the tests crate must have a program of this name.
need_program() {
    need_file "tests/src/bin/$1.rs" "./dev $1 runs the program \`$1\` of the tests crate"
}
