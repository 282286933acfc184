# Sourced by .ci/run: names and times the stages, and remembers which of them failed.
failed=0
report=()

stage() {
    local name=$1 start=$SECONDS status=0
    shift
    printf '\n=== %s\n' "$name"
    "$@" </dev/null || status=$?
    local took=$((SECONDS - start)) word=passed
    if [ "$status" -ne 0 ]; then
        word="FAILED ($status)"
        failed=1
    fi
    report+=("$(printf '%-36s %5d s  %s' "$name" "$took" "$word")")
    printf '=== %s: %s after %d s\n' "$name" "$word" "$took"
    return "$status"
}

# Without this stage the others mean nothing.
required() {
    stage "$@" || summary
}

summary() {
    printf '\n=== summary\n'
    printf '%s\n' "${report[@]}"
    printf 'total %d s\n' "$SECONDS"
    exit "$failed"
}

# The same source is compiled for several stages; ccache hands out what has been compiled with the same flags before.
export_ccache() {
    if command -v ccache >/dev/null; then
        export CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_CUDA_COMPILER_LAUNCHER=ccache
    fi
}
