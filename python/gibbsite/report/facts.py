"""What is installed here and what it found: for ``gibbsite info`` and for the head of the report."""

from __future__ import annotations

import platform
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gibbsite
from gibbsite._backends.selection import import_compiled

_REASON = {
    "_cpp": "no C++ compiler worked when gibbsite was installed; NumPy arrays go to Numba",
    "_cuda": "when gibbsite was installed no CUDA compiler was found, or GIBBSITE_CUDA was OFF",
}


def facts() -> dict[str, str]:
    """Everything, in the order to print it."""
    return {
        "gibbsite": gibbsite.__version__,
        "_cpp": _cpp(),
        "_cuda": _cuda(),
        "numba": version("numba"),
        "threads": str(gibbsite.get_threads()),
        "devices": _devices(),
        "processor": processor(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "scikit-learn": version("scikit-learn"),
    }


def headline() -> list[tuple[str, str]]:
    """Name the few that a reader of measured times needs."""
    module, _ = load("_cpp")
    kernels = f"C++, instruction set {module.core.isa()}" if module else f"Numba {version('numba')}"
    return [
        ("gibbsite", gibbsite.__version__),
        ("Kernels", kernels),
        ("Processor", f"{processor()}, {gibbsite.get_threads()} threads"),
        ("Python", f"{platform.python_version()}, NumPy {version('numpy')}"),
        ("scikit-learn", version("scikit-learn")),
    ]


def load(name: str) -> tuple[Any, str]:
    """Import a compiled module; when there is none, say why."""
    spec = find_spec(f"gibbsite.{name}")
    # A folder of type stubs without the compiled module beside it looks like a package without an origin.
    if spec is None or spec.origin is None:
        return None, f"not compiled: {_REASON[name]}"
    try:
        return import_compiled(name), "compiled"
    except ImportError as error:
        return None, f"does not load: {error}"


def processor() -> str:
    """Name the processor as its maker does, where the system says."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _cpp() -> str:
    module, state = load("_cpp")
    if module is None:
        return state
    available = ", ".join(module.core.available_isas())
    return f"{state}; instruction set {module.core.isa()} (available: {available})"


def _cuda() -> str:
    module, state = load("_cuda")
    if module is not None and module.emulated():
        return f"{state} as C++ for the host: device code under test, no card is used"
    return state


def _devices() -> str:
    """Name the cards, or say why there are none."""
    module, state = load("_cuda")
    if module is None:
        return f"none: _cuda is {state.partition(':')[0]}"
    if module.emulated():
        return "none: _cuda runs on the host"
    count = module.device_count()
    if count == 0:
        return "none: no CUDA driver, or no card"
    try:
        from cupy.cuda.runtime import getDeviceProperties
    except ImportError:
        return f"{count}, but CuPy is missing: pip install gibbsite[cuda12] or gibbsite[cuda13]"
    return ", ".join(getDeviceProperties(i)["name"].decode() for i in range(count))
