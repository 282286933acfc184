#!/usr/bin/env bash
# Compile all device code for real where there is a compiler for it; no card is needed for that.
set -euo pipefail
if ! command -v nvcc >/dev/null; then
    echo "no nvcc on this machine: not run"
    exit 0
fi
make cuda
find build/cuda/site/gibbsite -name '_cuda*.so' | grep -q .
