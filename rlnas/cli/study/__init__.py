"""Driving a search from a shell: ``rlnas ask`` and ``rlnas tell``."""
