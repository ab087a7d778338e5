# shellcheck shell=bash
# The package for Linux desks.

make_deb() {
    TAURI_APP_PATH=$root/src-tauri ui/node_modules/.bin/tauri bundle "$@" --bundles deb --config src-tauri/linux/bundle.json
}

# ./dev deb [--debug]: builds the package, installs it into a root of its own, starts its app under a display, removes it.
cmd_deb() {
    local profile=release flags=(--release) bundle=()
    case ${1:-} in
    "") ;;
    --debug) profile=debug flags=() bundle=(--debug) ;;
    *) fail "./dev deb [--debug]" ;;
    esac
    install_all
    build_ui
    if [[ $profile == debug ]]; then
        build_programs
    else
        step "Build the app (minutes the first time)" \
            cargo build "${cargo_flags[@]}" "${flags[@]}" -p jiafang-app --features custom-protocol --bin jiafang
    fi
    step "The package" make_deb "${bundle[@]}"
    JIAFANG_DEB=$(find "$CARGO_TARGET_DIR/$profile/bundle/deb" -name 'jiafang_*.deb' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
    export JIAFANG_DEB
    step "The package installed, started, removed" node --test tests/packages/deb.test.mjs
    printf '\n%s\n' "$JIAFANG_DEB"
}
