"""Traces in ArviZ, whose releases before and after 1.0 hold draws differently."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import gibbsite._version as version

if TYPE_CHECKING:
    from gibbsite.mcmc._trace import Trace


def to_arviz(trace: Trace) -> Any:
    """See `Trace.to_arviz`."""
    from_dict = _arviz().from_dict
    groups: dict[str, dict[str, Any]] = {"posterior": dict(trace), "sample_stats": dict(trace.stats)}
    if trace.warmup.draws is not None and trace.warmup.stats is not None:
        warm = type(trace)(trace.warmup.draws, trace.variables, {}, trace.warmup, {}, trace.sampler, trace.acceptance)
        groups |= {"warmup_posterior": dict(warm), "warmup_sample_stats": dict(trace.warmup.stats)}
    if "posterior" in inspect.signature(from_dict).parameters:  # 0.x: a keyword for each group
        data = from_dict(**groups, save_warmup=True)
    else:
        data = from_dict(groups)
    data["posterior"].attrs.update(
        inference_library="gibbsite",
        inference_library_version=version.__version__,
        sampling_time=trace.seconds,
        tuning_steps=trace.warmup.n_draws,
    )
    return data


def _arviz() -> Any:
    for name in ("arviz", "arviz_base"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise ImportError("to_arviz needs ArviZ: pip install gibbsite[arviz]")
