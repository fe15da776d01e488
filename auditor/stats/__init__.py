"""Kernels: float64 arrays in, numbers out. No pandas, no files, no printing."""
