# shellcheck shell=bash
# Coverage-guided fuzzing on stable Rust: LLVM's own instrumentation and libFuzzer (docs/fuzzing.md).

# What `cargo fuzz --sanitizer none` passes.
fuzz_flags=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Ccodegen-units=1
    --cfg fuzzing
)

# A target triple is named so that build scripts and macros are built without the flags.
build_fuzz() {
    local triple
    triple=$(rustc -vV | sed -n 's/^host: //p')
    RUSTFLAGS="${fuzz_flags[*]}" cargo build "${cargo_flags[@]}" --profile fuzz --target "$triple" \
        -p jiafang-tests --features fuzz --bin fuzz
    cp "$CARGO_TARGET_DIR/$triple/fuzz/fuzz" "$CARGO_TARGET_DIR/jiafang-fuzz"
}

fuzz_targets() {
    sed -n 's/^ *Target { name: "\([a-z_]*\)".*/\1/p' tests/src/fuzz/mod.rs
}

# fuzz_one TARGET MINUTES: what is found lies in tests/fuzz/crashers/TARGET, what covers new ways in the build folder.
fuzz_one() {
    local target=$1 minutes=$2 corpus=$CARGO_TARGET_DIR/fuzz-corpus/$1 crashers=tests/fuzz/crashers/$1
    mkdir -p "$corpus" "$crashers"
    FUZZ_TARGET=$target FUZZ_SEEDS=$corpus "$CARGO_TARGET_DIR/jiafang-fuzz"
    FUZZ_TARGET=$target "$CARGO_TARGET_DIR/jiafang-fuzz" "$corpus" "$crashers" -artifact_prefix="$crashers/" \
        -max_total_time=$((minutes * 60)) -max_len=65536 -timeout=30 -rss_limit_mb=2048 -print_final_stats=1
    rmdir --ignore-fail-on-non-empty "$crashers"
}

# fuzz_keep TARGET: tests/fuzz/corpus/TARGET.cbor, of the smallest set of inputs that covers what all cover.
fuzz_keep() {
    local target=$1 kept=$scratch/kept
    rm -rf "$kept"
    mkdir -p "$kept"
    FUZZ_TARGET=$target "$CARGO_TARGET_DIR/jiafang-fuzz" -merge=1 -max_len=8192 "$kept" \
        "$CARGO_TARGET_DIR/fuzz-corpus/$target"
    FUZZ_TARGET=$target FUZZ_KEEP=$kept "$CARGO_TARGET_DIR/jiafang-fuzz"
}

cmd_fuzz() {
    local minutes=1 keep= chosen=() target
    while [[ $# -gt 0 ]]; do
        case $1 in
        --minutes)
            [[ ${2:-} =~ ^[0-9]+$ ]] || fail "./dev fuzz --minutes N: N is a number of minutes for each target"
            minutes=$2
            shift 2
            ;;
        --keep)
            keep=yes
            shift
            ;;
        *)
            fuzz_targets | grep -qx -e "$1" || fail "./dev fuzz: no target $1; there are: $(fuzz_targets | tr '\n' ' ')"
            chosen+=("$1")
            shift
            ;;
        esac
    done
    [[ ${#chosen[@]} -gt 0 ]] || mapfile -t chosen < <(fuzz_targets)
    step "What must be there" check_tools
    step "Build the fuzz targets with coverage (a quarter of an hour the first time)" build_fuzz
    for target in "${chosen[@]}"; do
        step "Fuzz $target for $minutes min" fuzz_one "$target" "$minutes"
        if [[ -n $keep ]]; then
            step "Keep a small corpus of $target" fuzz_keep "$target"
        fi
    done
}
