# shellcheck shell=bash
# What must be there, and what is installed by the machine's own package clients.

rust_min=1.95.0
node_min=20.19.0
python_min=3.11

# To build: a C compiler for SQLite, make and perl for the OpenSSL that SQLCipher brings, WebKitGTK for the shell.
packages_to_build=(build-essential git make perl pkg-config libwebkit2gtk-4.1-dev)
# To test: the window's driver, a display, notifications and other days for it, a browser for the tablet, a font that has Chinese; Python for the
# client that shares no line with ours; `ip`, for the links that the drills emulate.
packages_to_test=(webkit2gtk-driver xvfb xdotool faketime dunst dbus chromium fonts-wqy-microhei shellcheck python3-venv iproute2)

at_least() {
    [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

# check_tool NAME PROGRAM MINIMUM ADVICE
check_tool() {
    local name=$1 program=$2 minimum=$3 advice=$4 have
    command -v "$program" >/dev/null ||
        fail "$name $minimum or newer must be there, and $program is not found. $advice"
    have=$("$program" --version | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)
    at_least "$minimum" "$have" ||
        fail "$name $minimum or newer must be there; $program is version $have. $advice"
    printf '   %s %s\n' "$name" "$have"
}

check_tools() {
    check_tool Rust rustc "$rust_min" "With rustup: rustup toolchain install stable"
    check_tool Cargo cargo "$rust_min" "With rustup: rustup toolchain install stable"
    check_tool Node.js node "$node_min" "Debian 12's own package is too old: take a release from the Node.js project."
    command -v npm >/dev/null || fail "npm must be there; it comes with Node.js."
    cargo fmt --version >/dev/null 2>&1 || fail "rustfmt must be there. With rustup: rustup component add rustfmt"
    cargo clippy --version >/dev/null 2>&1 || fail "clippy must be there. With rustup: rustup component add clippy"
}

missing_packages() {
    local package
    for package in "${packages_to_build[@]}" "${packages_to_test[@]}"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
    done
}

# In the foreground and not by `step`: sudo may ask for a password.
install_debian_packages() {
    local missing started=$EPOCHREALTIME
    printf '\n── Debian packages\n'
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        printf '   This is no Debian. What these Debian packages hold must be there by other means:\n   %s\n' \
            "${packages_to_build[*]} ${packages_to_test[*]}"
        pkg-config --exists webkit2gtk-4.1 || fail "pkg-config does not find webkit2gtk-4.1: install WebKitGTK first."
        return 0
    fi
    mapfile -t missing < <(missing_packages)
    if [[ ${#missing[@]} == 0 ]]; then
        printf '   all there\n'
        return 0
    fi
    printf '   missing: %s\n' "${missing[*]}"
    local install="apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${missing[*]}"
    if [[ $(id -u) == 0 ]]; then
        sh -c "$install" || fail "apt-get could not install: ${missing[*]}"
    elif command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
        sudo sh -c "$install" || fail "apt-get could not install: ${missing[*]}"
    else
        fail "these packages must be there. As root, run: $install"
    fi
    printf '   done in %s s: Debian packages\n' "$(seconds_since "$started")"
}

# What node_modules was made from: the lock file and Node's major version.
npm_stamp() {
    { cat "$1/package-lock.json" && node -p 'process.versions.modules'; } | sha256sum | cut -d ' ' -f 1
}

# Each call of `npm ci` throws node_modules away, so it is made only when the lock file has changed.
install_npm_packages() {
    local folder=$1 stamp
    stamp=$folder/node_modules/.installed-from
    if [[ -f $stamp && $(<"$stamp") == "$(npm_stamp "$folder")" ]]; then
        printf '\n── npm packages of %s\n   all there\n' "$folder"
        return 0
    fi
    step "npm packages of $folder" npm --prefix "$folder" ci --no-audit --no-fund
    npm_stamp "$folder" >"$stamp"
}

# What the environment was made from: the list of packages and the interpreter.
python_stamp() {
    { cat tests/interop/requirements.txt && python3 -VV && command -v python3; } | sha256sum | cut -d ' ' -f 1
}

make_python_environment() {
    rm -rf tests/interop/.venv
    python3 -m venv tests/interop/.venv
    tests/interop/.venv/bin/pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
        --require-hashes --requirement tests/interop/requirements.txt
}

# Beside the client, ignored by git; made again only when the list or the interpreter has changed.
install_python_packages() {
    local stamp=tests/interop/.venv/.installed-from
    if [[ -f $stamp && $(<"$stamp") == "$(python_stamp)" ]]; then
        printf '\n── Python packages of tests/interop\n   all there\n'
        return 0
    fi
    check_tool Python python3 "$python_min" "Debian 12 has it: apt-get install python3 python3-venv"
    step "Python packages of tests/interop" make_python_environment
    python_stamp >"$stamp"
}

install_all() {
    step "What must be there" check_tools
    install_debian_packages
    need_file ui/package-lock.json "the user interface has not landed in this clone"
    install_npm_packages ui
    if [[ -f tests/tablet/package-lock.json ]]; then
        install_npm_packages tests/tablet
    fi
    install_python_packages
}

cmd_install() {
    [[ $# == 0 ]] || fail "./dev install takes no arguments"
    install_all
}
