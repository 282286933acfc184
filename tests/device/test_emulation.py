"""The emulated card itself: that its primitives do what a card's do, and that misuse is an error and not a hang."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).parents[2] / "csrc"
COMPILER = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")
BUILDS = {
    "switch": [],
    "ucontext": ["-DGIBBSITE_FIBRE_UCONTEXT"],
    "address": ["-fsanitize=address", "-g"],  # the stacks of fibres must not confuse it either
}
RIGHT = ["places", "warp", "partial_masks", "shared", "atomics", "copies"]
WRONG = {
    "some_skip_the_barrier": "waits at __syncthreads",
    "two_barriers": "divergent __syncthreads",
    "a_lane_returns": "has returned",
    "a_lane_is_not_named": "with a mask that leaves it out",
    "reads_a_lane_that_is_not_named": "reads lane 20",
    "different_masks": "waits at a warp primitive",
    "takes_too_much": "takes more shared memory than the launch asked for",
    "forgets_its_copies": "before it waited for its asynchronous copies",
    "too_many_threads": "cudaErrorInvalidConfiguration",
    "no_blocks": "cudaErrorInvalidConfiguration",
    "too_much_shared": "cudaErrorInvalidValue",
}
OUT_OF_BOUNDS = ["past_static_shared", "past_dynamic_shared", "past_global"]


def _compile(folder, flags):
    sources = [*sorted((CSRC / "emulation").glob("*.cpp")), CSRC / "core" / "device_cuda.cu"]
    sources.append(Path(__file__).with_name("emulation_checks.cu"))
    program = folder / "emulation_checks"
    command = [COMPILER, "-std=c++20", "-O1", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Werror", *flags]
    command += [f"-I{CSRC}", f"-I{CSRC / 'emulation'}", "-xc++", *map(str, sources), "-o", str(program), "-lpthread"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0 and "address" in folder.name and "libasan" in result.stderr:
        pytest.skip("this compiler has no AddressSanitizer")
    assert result.returncode == 0, result.stderr
    return program


@pytest.fixture(scope="module", params=BUILDS)
def program(request, tmp_path_factory):
    if COMPILER is None or subprocess.run([COMPILER, "--version"], capture_output=True).returncode != 0:
        pytest.skip("needs a C++ compiler")
    return _compile(tmp_path_factory.mktemp(request.param), BUILDS[request.param])


def _run(program, name, **environment):
    clean = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    return subprocess.run([program, name], capture_output=True, text=True, timeout=60, env={**clean, **environment})


@pytest.mark.parametrize("order", ["forward", "reverse"])
@pytest.mark.parametrize("name", RIGHT)
def test_results_are_those_of_a_card(program, name, order):
    result = _run(program, name, GIBBSITE_EMULATION_ORDER=order)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("order", ["forward", "reverse"])
@pytest.mark.parametrize("name", WRONG)
def test_misuse_is_reported(program, name, order):
    result = _run(program, name, GIBBSITE_EMULATION_ORDER=order)
    assert result.returncode == 2, result.stdout + result.stderr
    assert WRONG[name] in result.stdout


def test_an_asynchronous_copy_lands_no_sooner_than_it_is_waited_for(program):
    assert _run(program, "unawaited_copies").returncode == 1


@pytest.mark.parametrize("program", ["address"], indirect=True)
@pytest.mark.parametrize("name", OUT_OF_BOUNDS)
def test_address_sanitizer_names_the_kernel(program, name):
    result = _run(program, name)
    assert "AddressSanitizer" in result.stderr
    assert name in result.stderr
    assert "emulation_checks.cu" in result.stderr
