# shellcheck shell=bash
# What is shown: the demonstration, the figures, the simulations, the drills, the pictures.

# The program `demo` of the tests crate is called as `demo --data FOLDER [ARGUMENTS]` and finds
# JIAFANG_UI_DIST (the built pages) and JIAFANG_BIN_DIR (the programs) in its environment. JIAFANG_APP_BIN, the
# shell, is there only with a display: the demonstration then opens windows, and else prints addresses for a
# browser.
cmd_demo() {
    need_program demo
    install_all
    build_ui
    build_programs
    if [[ -z ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; then
        unset JIAFANG_APP_BIN
    fi
    printf '\n── The demonstration; its data lies in demo-data/ (Ctrl-C ends it)\n'
    run "$JIAFANG_BIN_DIR/demo" --data "$root/demo-data" "$@"
    [[ $status == 0 ]] || fail "the demonstration ended with exit code $status"
}

# The only release build: speed is the question here.
cmd_bench() {
    need_program bench
    install_all
    build_ui
    step "Build the benchmarks (a release build: minutes the first time)" \
        cargo build "${cargo_flags[@]}" --release -p jiafang-tests --features plain-store --bin bench --bin drill-tablet \
        -p jiafang-sync-server --bin jiafang-sync-server
    export JIAFANG_BIN_DIR=$CARGO_TARGET_DIR/release
    run "$CARGO_TARGET_DIR/release/bench" "$@"
    [[ $status == 0 ]] || fail "the benchmarks ended with exit code $status"
}

# Debug builds check every sum and every index: that is what is wanted here.
cmd_sim() {
    need_program sim
    install_all
    build_ui
    build_programs
    run "$JIAFANG_BIN_DIR/sim" "$@"
    [[ $status == 0 ]] || fail "the simulator ended with exit code $status"
}

# Debug builds, as in the tests: the links are what is slow. Bad links need root.
cmd_drills() {
    need_program drills
    install_all
    build_ui
    build_programs
    run "$JIAFANG_BIN_DIR/drills" "$@"
    [[ $status == 0 ]] || fail "the drills ended with exit code $status"
}

cmd_shots() {
    need_file tests/tablet/shots.mjs "./dev shots runs it to take the pictures"
    install_all
    build_ui
    build_programs
    step "Pictures of all screens, into shots/" node tests/tablet/shots.mjs "$@"
}
