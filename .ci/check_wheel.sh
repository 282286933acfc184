#!/usr/bin/env bash
# check_wheel.sh FOLDER: the wheel there has a manylinux tag, holds compiled kernels and bundles no library at all.
set -euo pipefail
wheels=("$1"/*.whl)
[ ${#wheels[@]} -eq 1 ] || { echo "expected one wheel in $1, found ${#wheels[@]}"; exit 1; }
wheel=${wheels[0]}
names=$(python3 -m zipfile --list "$wheel")
case "$wheel" in *manylinux*) ;; *) echo "no manylinux tag: $wheel"; exit 1 ;; esac
grep -qE 'gibbsite/_cpp\.[^ ]*\.so' <<<"$names" || { echo "no compiled kernels in $wheel"; exit 1; }
if grep -E '\.libs/|libgomp|openblas|libstdc\+\+' <<<"$names"; then
    echo "libraries are bundled in $wheel"
    exit 1
fi
echo "$(basename "$wheel"): $(du -h "$wheel" | cut -f1), nothing bundled"
