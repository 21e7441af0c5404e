"""The reference study (arXiv 2412.01420) on this package's tables."""
