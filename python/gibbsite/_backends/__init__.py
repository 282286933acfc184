"""Which implementation of the kernels runs, and the pure Python one."""
