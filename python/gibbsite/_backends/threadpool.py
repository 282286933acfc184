"""Tell threadpoolctl of our thread pool, so that `threadpool_limits` holds for it as for BLAS and OpenMP."""

from __future__ import annotations

import threadpoolctl


class PoolController(threadpoolctl.LibController):  # type: ignore[misc]
    """The private pool of `gibbsite._cpp`, through the two functions that the module exports."""

    user_api = "gibbsite"
    internal_api = "gibbsite"
    filename_prefixes = ("_cpp.",)
    check_symbols = ("gibbsite_get_num_threads", "gibbsite_set_num_threads")

    def get_num_threads(self) -> int:
        """Return the default number of threads."""
        return int(self.dynlib.gibbsite_get_num_threads())

    def set_num_threads(self, num_threads: int) -> None:
        """Set the default number of threads."""
        self.dynlib.gibbsite_set_num_threads(int(num_threads))

    def get_version(self) -> str:
        """Return the version of gibbsite."""
        from gibbsite._version import __version__

        return __version__


threadpoolctl.register(PoolController)
