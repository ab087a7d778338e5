# shellcheck shell=bash
# The programs and the installer for Windows, made on Debian, and tried under Wine as far as that goes: docs/windows.md.

windows_target=x86_64-pc-windows-gnu
packages_for_windows=(gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix binutils-mingw-w64-x86-64 nsis wine wine64)

bring_windows_target() {
    rustup target list --installed 2>/dev/null | grep -qx "$windows_target" ||
        timeout 300 rustup target add "$windows_target" ||
        {
            echo "Rust's library for $windows_target is not there, and rustup could not fetch it"
            return 1
        }
}

# What is not Windows' own must ship, and one part does.
check_windows_imports() {
    local program missing
    [[ -f $1/WebView2Loader.dll ]] || {
        echo "WebView2Loader.dll does not lie beside the app"
        return 1
    }
    for program in "$1"/jiafang.exe "$1"/jiafang-sync-server.exe; do
        missing=$(x86_64-w64-mingw32-objdump -p "$program" | sed -n 's/^\tDLL Name: \(lib.*\)$/\1/p')
        [[ -z $missing ]] || {
            echo "$program needs what no Windows has: $missing"
            return 1
        }
        # Among its resources, as Windows looks for it, and not merely somewhere in the file.
        if ! { x86_64-w64-mingw32-windres -J coff -O res "$program" "$scratch/resources.res" &&
            grep -aq '<longPathAware .*>true<' "$scratch/resources.res" &&
            grep -aq '<activeCodePage .*>UTF-8<' "$scratch/resources.res"; }; then
            echo "$program has no manifest that asks for long paths and for UTF-8"
            return 1
        fi
        printf '   %s: %s MB\n' "${program##*/}" "$(($(stat -c %s "$program") / 1000000))"
    done
}

make_windows_installer() {
    local programs=$1 setup=$2 version=$3
    shift 3
    makensis -V2 -WX -INPUTCHARSET UTF8 "$@" "-DVERSION=$version" "-DPROGRAMS=$programs" \
        "-DICON=$root/src-tauri/icons/icon.ico" "-DOUT=$setup" src-tauri/windows/jiafang.nsi
    printf '   %s: %s MB\n' "$setup" "$(($(stat -c %s "$setup") / 1000000))"
}

# Rust's library takes random bytes from a part of Windows that Wine 8 lacks. It is not shipped: every Windows has it.
make_part_that_wine_lacks() {
    x86_64-w64-mingw32-gcc -shared -O1 -o "$1" tests/packages/bcryptprimitives.c -ladvapi32
}

try_windows_installer() {
    JIAFANG_SETUP=$1 JIAFANG_WINE_PART=$2 node --test tests/packages/windows.test.mjs
}

# The tests of core and of the server as programs for Windows, each run by Wine. What writes the generated files is no test
# of Windows, and is left out.
test_windows_rust() {
    local part=$1 prefix=$scratch/wine-rust passed=0
    export WINEPREFIX=$prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml=;winebus.sys=;wineusb.sys=' LANG=C.UTF-8 DISPLAY=
    wine wineboot --init >/dev/null 2>&1
    cp "$part" "$prefix/drive_c/windows/system32/bcryptprimitives.dll"
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine cargo test "${cargo_flags[@]}" --target "$windows_target" \
        -p jiafang-core -p jiafang-sync-server --lib --bins --no-fail-fast -- --skip export_bindings || passed=$?
    # It writes into its folder when the last program has gone, and the folder goes when this command ends.
    timeout 60 wineserver --wait || true
    return "$passed"
}

# ./dev windows [--debug] [--tests]: programs, installer, and the installer tried; --tests runs core's and the
# server's tests under Wine, too.
cmd_windows() {
    local profile=release flags=(--release) packing=() tests= part=$scratch/bcryptprimitives.dll programs setup version
    while [[ $# -gt 0 ]]; do
        case $1 in
        --debug) profile=debug flags=() packing=(-DQUICK) ;;
        --tests) tests=yes ;;
        *) fail "./dev windows [--debug] [--tests]" ;;
        esac
        shift
    done
    packages_to_test+=("${packages_for_windows[@]}")
    install_all
    step "Rust's library for Windows" bring_windows_target
    build_ui
    step "Build for Windows (many minutes the first time)" \
        cargo build "${cargo_flags[@]}" "${flags[@]}" --target "$windows_target" -p jiafang-app -p jiafang-sync-server \
        --features jiafang-app/custom-protocol --bins
    programs=$CARGO_TARGET_DIR/$windows_target/$profile
    step "What the programs need" check_windows_imports "$programs"
    version=$(node -p 'require("./src-tauri/tauri.conf.json").version')
    setup=$programs/Jiafang_${version}_x64-setup.exe
    step "The installer" make_windows_installer "$programs" "$setup" "$version" "${packing[@]}"
    if command -v wine >/dev/null; then
        build_programs
        step "The part of Windows that Wine lacks" make_part_that_wine_lacks "$part"
        step "The installer, the server and the app under Wine" try_windows_installer "$setup" "$part"
        [[ -z $tests ]] || step "Core's and the server's tests under Wine" test_windows_rust "$part"
    else
        printf '\nNOT TRIED: the installer and the server; there is no Wine here.\n'
    fi
    cat <<'WORDS'

Not seen here, as no Windows is here: a window with pages (Wine has no WebView2), the system's file dialogs, the words of
the installer in its windows, long paths under Windows' own rules. docs/windows.md has half an hour with a real one.
WORDS
}
