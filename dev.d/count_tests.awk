# Sums up the closing lines of cargo test, vitest and node --test: prints `N passed, N failed`.

{
    gsub(/\033\[[0-9;]*m/, "")
    sub(/\r$/, "")
}

# cargo: test result: ok. 3 passed; 0 failed; 0 ignored; …
/^test result: / {
    passed += number_before("passed")
    failed += number_before("failed")
}

# vitest:  Tests  1 failed | 11 passed (12)
/^ *Tests  / {
    passed += number_before("passed")
    failed += number_before("failed")
}

# node --test: `# pass 3`, `# fail 0`, and `ℹ pass 3` in front of people
/^[^ ]+ (pass|fail) [0-9]+$/ {
    if ($2 == "pass") passed += $3
    else failed += $3
}

END {
    printf "%d passed, %d failed\n", passed, failed
}

function number_before(word,    at) {
    for (at = 2; at <= NF; at++) {
        if ($at ~ "^" word) return $(at - 1) + 0
    }
    return 0
}
