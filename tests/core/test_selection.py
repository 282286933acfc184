"""Which back end runs."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import gibbsite
from gibbsite._backends import selection
from gibbsite.kernels.random import uniform
from tests import backends

HERE = np.zeros(3)


def run(code, **environment):
    """Run code in a fresh interpreter; the last line it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return result.returncode, (result.stdout.strip().splitlines() or [""])[-1], result.stderr


def test_numpy_goes_to_a_host_back_end():
    assert selection.select(HERE).name in ("cpp", "numba")
    assert selection.select().name == selection.select(HERE).name


def test_the_context_manager_overrides_and_restores():
    before = selection.select(HERE).name
    with gibbsite.backend("numba") as chosen:
        assert selection.select(HERE) is chosen
        assert chosen.name == "numba"
    assert selection.select(HERE).name == before
    with pytest.raises(RuntimeError, match="inside"), gibbsite.backend("numba"):
        raise RuntimeError("inside")
    assert selection.select(HERE).name == before


def test_the_override_holds_in_its_own_thread_only():
    names = []
    with gibbsite.backend("numba"):
        thread = threading.Thread(target=lambda: names.append(selection.select(HERE).name))
        thread.start()
        thread.join()
    assert names == [selection.select(HERE).name]


def test_unknown_back_ends():
    with pytest.raises(ValueError, match="must be one of"), gibbsite.backend("fortran"):
        pass
    with pytest.raises(ValueError, match="isa is a choice"), gibbsite.backend("numba", isa="v3"):
        pass


def test_the_environment_overrides():
    code = "from gibbsite._backends.selection import select; print(select().name)"
    assert run(code, GIBBSITE_BACKEND="numba")[:2] == (0, "numba")
    status, _, error = run(code, GIBBSITE_BACKEND="fortran")
    assert status != 0
    assert "must be one of" in error


@pytest.mark.parametrize("isa", ["v2", "v3", "v4"])
def test_the_instruction_set(isa):
    with backends.required_or_skip(f"cpp-{isa}"):
        pass
    with gibbsite.backend("cpp", isa=isa) as chosen:
        assert chosen.core.isa() == isa
    code = "from gibbsite._cpp import core; print(core.isa())"
    assert run(code, GIBBSITE_ISA=isa)[:2] == (0, isa)


def test_threads(host):
    before = gibbsite.get_threads()
    try:
        gibbsite.set_threads(3)
        assert gibbsite.get_threads() == 3
        uniform(10, seed=0)
    finally:
        gibbsite.set_threads(before)
    with pytest.raises(ValueError, match="positive"):
        gibbsite.set_threads(0)
    with pytest.raises(ValueError, match="threads must be a positive number"):
        uniform(10, seed=0, threads=0)


@pytest.mark.parametrize("backend", ["cpp", "numba"])
def test_threads_from_the_environment(backend):
    try:
        selection.host_backend(backend)
    except ImportError:
        if any(name.startswith(backend) for name in backends.REQUIRED):
            raise
        pytest.skip(f"back end {backend} is not installed")
    code = f"import gibbsite\nwith gibbsite.backend({backend!r}):\n    print(gibbsite.get_threads())"
    status, printed, error = run(code, GIBBSITE_NUM_THREADS="7")
    assert (status, printed) == (0, "7"), error


def test_importing_gibbsite_is_light():
    code = "import sys, gibbsite; print([m for m in ('sklearn', 'numba', 'scipy', 'matplotlib') if m in sys.modules])"
    assert run(code)[1] == "[]"
