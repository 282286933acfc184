#!/usr/bin/env bash
# registers.sh LOG: registers and spilled bytes of every kernel, from what ptxas said while it compiled.
set -euo pipefail
awk '
    /Compiling entry function/ { split($0, part, "\047"); kernel = part[2]; target = part[4] }
    /bytes spill stores/ { spilled = $5 + $9 }
    /Used [0-9]+ registers/ { match($0, /Used [0-9]+/); print substr($0, RSTART + 5, RLENGTH - 5), spilled, target, kernel }
' "$1" | c++filt | sed -E 's/gibbsite::(cuda::)?|\(anonymous namespace\)::|void //g' | sort -k4,4 -k3,3 | cut -c 1-120 |
    { echo "registers, bytes spilled, target, kernel"; cat; }
