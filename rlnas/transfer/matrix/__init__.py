"""The transfer matrix: what it measures, and how it is run."""
