#!/usr/bin/env bash
# Installs what the documentation needs, then builds it in a network namespace of its own, where there is no network.
set -euo pipefail
make .venv/bin/python
.venv/bin/python -m pip install --quiet ".[docs]"
offline=()
if unshare --net true 2>/dev/null; then
    offline=(unshare --net)
else
    echo "no network namespaces here: built with the network within reach"
fi
rm -rf docs/_build docs/auto_examples
"${offline[@]}" .venv/bin/python -m sphinx -W --keep-going --quiet -b html docs docs/_build/html
test -s docs/_build/html/index.html
test -s docs/_build/html/auto_examples/index.html
