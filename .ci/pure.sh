#!/usr/bin/env bash
# No working compiler: the installation must succeed, say so, and pass the tests on Numba.
set -euo pipefail
folder=build/pure
rm -rf "$folder"
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
"$python" -m pip install --quiet --upgrade pip
CXX=/bin/false "$python" -m pip install --quiet -C build-dir="$folder/objects" ".[test]"
"$folder/venv/bin/gibbsite" info | tee "$folder/info.txt"
grep -q '_cpp .*not compiled' "$folder/info.txt"
GIBBSITE_TEST_BACKENDS=numba "$python" -m pytest ${PYTEST_ARGS:-}
