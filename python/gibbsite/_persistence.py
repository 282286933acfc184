"""Files that hold arrays and plain values: safetensors with a JSON document in its header. Loading runs no code.

A file is written beside its place, flushed to the disk and renamed, so that a reader finds the old one or the new
one and never half of either.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as safetensors_bytes

FORMAT = 1
_HEADER = "gibbsite"


def save_tree(path: str | os.PathLike[str], tree: Mapping[str, Any]) -> None:
    """Write nested dicts, lists, tuples, scalars, strings, arrays and NumPy random states to one file.

    Parameters
    ----------
    path : path-like
        Replaced atomically when it exists.
    tree : mapping
        Device arrays are copied to the host.

    Raises
    ------
    TypeError
        For a value of any other type, named by its place.
    """
    arrays: dict[str, np.ndarray] = {}
    document = {"format": FORMAT, "tree": _encode(dict(tree), arrays, "")}
    write_atomic(path, safetensors_bytes(arrays, metadata={_HEADER: json.dumps(document, allow_nan=False)}))


def load_tree(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save_tree` wrote.

    Raises
    ------
    ValueError
        When the file is damaged, was not written by this library, or is of a newer format.
    """
    try:
        with safe_open(os.fspath(path), framework="np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except SafetensorError as error:
        raise ValueError(f"{os.fspath(path)!r} is not a readable safetensors file: {error}") from error
    if _HEADER not in metadata:
        raise ValueError(f"{os.fspath(path)!r} was not written by gibbsite: its header has no {_HEADER!r} entry")
    document = json.loads(metadata[_HEADER])
    if document["format"] > FORMAT:
        raise ValueError(
            f"{os.fspath(path)!r} has format {document['format']}, this version reads up to {FORMAT}: upgrade gibbsite"
        )
    tree: dict[str, Any] = _decode(document["tree"], arrays)
    return tree


def write_atomic(path: str | os.PathLike[str], data: bytes) -> None:
    """Temporary file in the same folder, fsync, rename, fsync of the folder."""
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable where the system lets a folder be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def to_host(array: Any) -> np.ndarray:
    """NumPy copy of a device array (CuPy's ``get``); NumPy arrays pass through."""
    return array.get() if hasattr(array, "get") and not isinstance(array, np.ndarray) else np.asarray(array)


def _encode(value: Any, arrays: dict[str, np.ndarray], place: str) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):  # NumPy's float64 is one; repr in JSON keeps every bit
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, np.generic):
        return {"$scalar": [value.dtype.name, _encode(value.item(), arrays, place)]}
    if isinstance(value, Mapping):
        return {key: _encode(item, arrays, f"{place}/{key}") for key, item in value.items()}
    if isinstance(value, tuple):
        return {"$tuple": [_encode(item, arrays, f"{place}/{i}") for i, item in enumerate(value)]}
    if isinstance(value, list):
        return [_encode(item, arrays, f"{place}/{i}") for i, item in enumerate(value)]
    if isinstance(value, np.random.RandomState):
        return {"$random_state": _encode(value.get_state(legacy=False), arrays, place)}
    if hasattr(value, "__array__") or hasattr(value, "__cuda_array_interface__"):
        return _encode_array(to_host(value), arrays, place)
    raise TypeError(f"cannot save {place.lstrip('/')}: a {type(value).__name__} is neither a plain value nor an array")


def _encode_array(array: np.ndarray, arrays: dict[str, np.ndarray], place: str) -> Any:
    if array.dtype.kind in "OU":
        if not all(isinstance(item, str) for item in array.ravel()):
            raise TypeError(f"cannot save {place.lstrip('/')}: an object array may hold strings only")
        return {"$strings": array.tolist(), "dtype": "object" if array.dtype.kind == "O" else "str"}
    name = place.lstrip("/")
    arrays[name] = array.copy(order="C")
    return {"$array": name}


def _decode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return arrays[value["$array"]]
    if "$float" in value:
        return float(value["$float"])
    if "$scalar" in value:
        return np.dtype(value["$scalar"][0]).type(_decode(value["$scalar"][1], arrays))
    if "$tuple" in value:
        return tuple(_decode(item, arrays) for item in value["$tuple"])
    if "$strings" in value:
        return np.array(value["$strings"], dtype=value["dtype"])
    if "$random_state" in value:
        state = np.random.RandomState()
        state.set_state(_decode(value["$random_state"], arrays))
        return state
    return {key: _decode(item, arrays) for key, item in value.items()}
