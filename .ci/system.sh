#!/usr/bin/env bash
# What a bare machine lacks: a compiler, make, the headers of Python, a cache for compiled files, and `setarch`.
set -euo pipefail
packages=(g++ make ccache util-linux binutils unzip)
# An interpreter that does not come from the distribution brings its own headers and venv.
case "$(command -v python3 || true)" in
    /usr/bin/python3 | "") packages+=(python3 python3-venv python3-dev) ;;
esac
missing=()
for package in "${packages[@]}"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
g++ --version | head -n 1
python3 --version
